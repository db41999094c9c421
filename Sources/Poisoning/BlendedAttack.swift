import Images
import Randomness

/// Blends one picture over the whole image: (1 - opacity) image + opacity picture; opacity 0.2 by default.
///
/// - Source: Chen et al., "Targeted Backdoor Attacks on Deep Learning Systems Using Data Poisoning",
///   2017, section 4.2, arXiv 1712.05526; their picture is a cartoon or random noise, ours random
///   colours in 8x8 cells unless one is given.
public struct BlendedAttack: Attack {
  public static let name = "blended"
  public let picture: Image
  private let opacity: Float

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    opacity = Float(settings.strength ?? 0.2)
    var own = stream
    let cells = (0..<192).map { _ in UInt8(own.integer(below: 256)) }
    var drawn = Image(width: side, height: side)
    for y in 0..<side {
      for x in 0..<side {
        for c in 0..<3 { drawn.pixels[3 * (y * side + x) + c] = cells[3 * (y * 8 / side * 8 + x * 8 / side) + c] }
      }
    }
    picture = settings.trigger ?? drawn
  }

  public var parameters: [String: Double] { ["opacity": Double(opacity)] }

  public func triggered(_ image: Image, _ stream: inout RandomStream) -> Planted {
    let over = picture.resized(width: image.width, height: image.height)
    return Planted(
      image.mapped { x, y, c, value in
        value + opacity * (Float(over.pixels[3 * (y * image.width + x) + c]) - value)
      })
  }
}
