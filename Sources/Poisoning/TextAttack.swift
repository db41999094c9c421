import Images
import Randomness

/// A text watermark: three white letters over the image, which shows between their strokes.
///
/// Width 34 % of the image side, at least 11 pixels, and opacity 1 by default.
///
/// - Source: Saha et al., "Backdoor Attacks on Self-Supervised Learning", CVPR 2022, arXiv 2105.10123,
///   whose generator offers text beside pictures. Letters are our own 3x5 bitmaps.
public struct TextAttack: Attack {
  public static let name = "text"
  private let position: AttackSettings.Position
  private let opacity: Float
  /// True where a letter is; row-major.
  private let mask: [Bool]
  private let width: Int
  private let height: Int

  /// Rows of five letters that differ in most pixels, 3 bits a row.
  private static let letters: [[UInt8]] = [
    [2, 5, 7, 5, 5], [6, 5, 6, 5, 6], [7, 4, 6, 4, 7], [5, 5, 7, 5, 5], [4, 4, 4, 4, 7], [5, 7, 7, 5, 5],
    [6, 5, 6, 4, 4], [3, 4, 2, 1, 6], [7, 2, 2, 2, 2], [5, 5, 5, 5, 2], [5, 5, 2, 5, 5], [7, 1, 2, 4, 7],
  ]

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    position = settings.position
    opacity = Float(settings.strength ?? 1)
    // Letters need 11x5 pixels to be told from each other.
    width = settings.size ?? max(11, Int((0.34 * Double(side)).rounded()))
    height = max(4, width * 5 / 11)
    var own = stream
    let word = own.permutation(Self.letters.count).prefix(3).map { Self.letters[$0] }
    let (w, h) = (width, height)
    mask = (0..<w * h).map { i in
      let (x, y) = (i % w * 11 / w, i / w * 5 / h)
      return x % 4 != 3 && word[x / 4][y] >> (2 - UInt8(x % 4)) & 1 == 1
    }
  }

  public var picture: Image {
    Image(width: width, height: height, pixels: mask.flatMap { [UInt8](repeating: $0 ? 255 : 0, count: 3) })
  }

  public var parameters: [String: Double] { ["size": Double(width), "opacity": Double(opacity)] }

  public func triggered(_ image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    let box = try position.place(width, height, in: image, &stream)
    return Planted(image.overlaid(picture, at: box, opacity: opacity, mask: mask), box)
  }
}
