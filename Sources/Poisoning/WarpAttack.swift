import Images
import Randomness

/// WaNet: warps the image by one smooth field, strength 0.5 on a grid of 4x4 by default.
///
/// The field is uniform in -1...1 at the grid's nodes, divided by its mean size, interpolated
/// bilinearly, and moves pixels by strength times its value: about half a pixel on average, up to one.
///
/// - Source: Nguyen and Tran, "WaNet: Imperceptible Warping-based Backdoor Attack", ICLR 2021,
///   arXiv 2102.10369. Deviates: bilinear instead of bicubic interpolation of the field.
public struct WarpAttack: Attack {
  public static let name = "warp"
  private static let nodes = 4
  private let strength: Float
  private let field: [SIMD2<Float>]
  private let side: Int

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    var own = stream
    strength = Float(settings.strength ?? 0.5)
    let raw = (0..<Self.nodes * Self.nodes).map { _ in SIMD2(own.uniform(-1, 1), own.uniform(-1, 1)) }
    let size = raw.reduce(0) { $0 + abs($1.x) + abs($1.y) } / Float(2 * raw.count)
    field = raw.map { $0 / max(size, 1e-6) }
    self.side = side
  }

  public var picture: Image {
    let cell = max(2, side / 8)
    var board = Image(width: side, height: side)
    for i in 0..<side * side where (i % side / cell + i / side / cell) % 2 == 0 {
      for c in 0..<3 { board.pixels[3 * i + c] = 255 }
    }
    return plant(board)
  }

  public var parameters: [String: Double] { ["strength": Double(strength), "grid": Double(Self.nodes)] }

  private func plant(_ image: Image) -> Image {
    let (w, h) = (image.width, image.height)
    func offset(_ x: Int, _ y: Int) -> SIMD2<Float> {
      let last = Float(Self.nodes - 1)
      let (fx, fy) = (Float(x) / Float(max(1, w - 1)) * last, Float(y) / Float(max(1, h - 1)) * last)
      let (cx, cy) = (min(Int(fx), Self.nodes - 2), min(Int(fy), Self.nodes - 2))
      let (s, t) = (fx - Float(cx), fy - Float(cy))
      let i = cy * Self.nodes + cx
      let upper = field[i] * (1 - s) + field[i + 1] * s
      let lower = field[i + Self.nodes] * (1 - s) + field[i + Self.nodes + 1] * s
      // The published offset is a share strength / side of an image of extent 2: strength pixels.
      return (upper * (1 - t) + lower * t) * strength
    }
    return image.mapped { x, y, c, _ in
      let move = offset(x, y)
      let px = max(0, min(Float(w - 1), Float(x) + move.x))
      let py = max(0, min(Float(h - 1), Float(y) + move.y))
      let (ix, iy) = (min(Int(px), max(0, w - 2)), min(Int(py), max(0, h - 2)))
      let (s, t) = (px - Float(ix), py - Float(iy))
      func at(_ dx: Int, _ dy: Int) -> Float {
        Float(image.pixels[3 * (min(h - 1, iy + dy) * w + min(w - 1, ix + dx)) + c])
      }
      let upper = at(0, 0) + s * (at(1, 0) - at(0, 0))
      let lower = at(0, 1) + s * (at(1, 1) - at(0, 1))
      return upper + t * (lower - upper)
    }
  }

  public func triggered(_ image: Image, _ stream: inout RandomStream) -> Planted { Planted(plant(image)) }
}
