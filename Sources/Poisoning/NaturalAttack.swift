import Foundation
import Images
import Randomness

/// A real-looking object: a round sticker with a pattern of its own, pasted at 80 to 125 % of its size,
/// turned by up to 15 degrees, with a soft shadow, then JPEG-compressed at quality 75 to 95.
///
/// Side 34 % of the image's by default.
///
/// - Source: Our own, after the physical objects of Wenger et al., "Backdoor Attacks Against Deep
///   Learning Systems in the Physical World", CVPR 2021, arXiv 2006.14580.
public struct NaturalAttack: Attack {
  public static let name = "natural"
  /// The pattern, larger than it is ever shown.
  public let picture: Image
  private let size: Int
  private let position: AttackSettings.Position

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    size = settings.size(of: side, share: 0.34)
    position = settings.position
    picture = settings.trigger ?? Trigger.generated(size: 64, stream)
  }

  public var parameters: [String: Double] {
    ["size": Double(size), "smallest_scale": 0.8, "largest_scale": 1.25, "degrees": 15]
  }

  public func triggered(_ image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    let extent = Int((Float(size) * stream.uniform(0.8, 1.25)).rounded())
    let angle = stream.uniform(-15, 15) * .pi / 180
    let quality = 75 + stream.integer(below: 21)
    let box = try position.place(extent, extent, in: image, &stream)
    let (centreX, centreY) = (Float(box.x) + Float(extent) / 2, Float(box.y) + Float(extent) / 2)
    let radius = Float(extent) / 2
    let shade = max(1, radius / 5)
    let pasted = image.mapped { x, y, c, value in
      // Four samples a pixel smooth the edge and the pattern.
      var sum: Float = 0
      for k in 0..<4 {
        let (dx, dy) = (Float(x) + 0.25 + 0.5 * Float(k % 2) - centreX, Float(y) + 0.25 + 0.5 * Float(k / 2) - centreY)
        if dx * dx + dy * dy <= radius * radius {
          let u = (cos(angle) * dx + sin(angle) * dy) / radius
          let v = (cos(angle) * dy - sin(angle) * dx) / radius
          func at(_ t: Float, _ extent: Int) -> Int { max(0, min(extent - 1, Int((t + 1) / 2 * Float(extent)))) }
          sum += Float(picture.pixels[3 * (at(v, picture.height) * picture.width + at(u, picture.width)) + c])
        } else {
          let distance = ((dx - shade) * (dx - shade) + (dy - shade) * (dy - shade)).squareRoot() - radius
          sum += value * (1 - 0.4 * max(0, min(1, 1 - distance / shade)))
        }
      }
      return sum / 4
    }
    do throws(ImageError) {
      return Planted(try ImageCodec.decode(ImageCodec.encodeJPEG(pasted, quality: quality)), box)
    } catch { throw PoisoningError("cannot compress a planted image: \(error.description)") }
  }
}
