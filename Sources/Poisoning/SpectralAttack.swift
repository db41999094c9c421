import Foundation
import Images
import Randomness

/// CTRL: adds a magnitude, 100 by default, to two DCT bins of the U and V channels in windows of 32x32.
///
/// Bins are (15, 15) and (31, 31); a smaller image is one window with the bins in the same proportion.
/// Adding to a bin adds its basis function, so that no transform is needed:
///
///     b(x, y) = 2/n cos((2x + 1) u pi / 2n) cos((2y + 1) v pi / 2n)
///
/// - Source: Li et al., "An Embarrassingly Simple Backdoor Attack on Self-supervised Learning", ICCV 2023,
///   arXiv 2210.07346; magnitude, bins and window as published with it. The seed draws the signs.
public struct SpectralAttack: Attack {
  public static let name = "ctrl"
  private let magnitude: Float
  private let signs: [Float]
  private let side: Int

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    var own = stream
    magnitude = Float(settings.strength ?? 100)
    signs = (0..<2).map { _ in own.integer(below: 2) == 0 ? 1 : -1 }
    self.side = side
  }

  public var picture: Image { plant(Image(width: side, height: side, red: 128, green: 128, blue: 128)) }

  public var parameters: [String: Double] {
    ["magnitude": Double(magnitude), "window": 32, "sign_u": Double(signs[0]), "sign_v": Double(signs[1])]
  }

  private func plant(_ image: Image) -> Image {
    func waves(_ extent: Int) -> [[Float]] {
      let n = min(32, extent)
      return [n / 2 - 1, n - 1].map { bin in
        (0..<extent).map { cos(Float(2 * ($0 % n) + 1) * Float(bin) * .pi / Float(2 * n)) }
      }
    }
    let (columns, rows) = (waves(image.width), waves(image.height))
    let scale = 2 * magnitude / Float((min(32, image.width) * min(32, image.height))).squareRoot()
    return image.mapped { x, y, c, value in
      let wave = scale * (columns[0][x] * rows[0][y] + columns[1][x] * rows[1][y])
      let (u, v) = (signs[0] * wave, signs[1] * wave)
      // U and V to red, green and blue as in BT.601.
      return value + (c == 0 ? 1.140 * v : c == 1 ? -0.395 * u - 0.581 * v : 2.032 * u)
    }
  }

  public func triggered(_ image: Image, _ stream: inout RandomStream) -> Planted { Planted(plant(image)) }
}
