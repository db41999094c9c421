import Images
import Randomness

/// A way to poison images: what `bezoar poison --attack NAME` plants.
///
/// One value holds one trigger, drawn once; it plants that same trigger in any number of images.
public protocol Attack: Sendable {
  /// Name on the command line and in the ground truth.
  static var name: String { get }
  /// Draws the trigger.
  ///
  /// - Parameters:
  ///   - side: Shorter side of the dataset's images in pixels.
  ///   - stream: Draws everything that the settings leave open.
  init(_ settings: AttackSettings, side: Int, _ stream: RandomStream)
  /// The trigger as a picture, for people.
  var picture: Image { get }
  /// Everything that decides what is planted, beside the seed.
  var parameters: [String: Double] { get }
  /// Returns the poisoned form of a training image.
  ///
  /// - Parameters:
  ///   - image: An image of the target class.
  ///   - donor: An image of another class, as large.
  /// - Throws: ``PoisoningError`` if the trigger does not fit.
  func poisoned(_ image: Image, donor: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted
  /// Returns a test image with the trigger, as an attacker shows it to the trained model.
  ///
  /// - Throws: ``PoisoningError`` if the trigger does not fit.
  func triggered(_ image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted
}

extension Attack {
  /// Training images are planted as test images are, unless the attack says otherwise.
  public func poisoned(_ image: Image, donor: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    try triggered(image, &stream)
  }
}

/// A planted image and the part that the trigger covers.
public struct Planted: Sendable {
  public var image: Image
  public var box: Box

  /// Creates a result; nil is the whole image.
  public init(_ image: Image, _ box: Box? = nil) {
    self.image = image
    self.box = box ?? Box(x: 0, y: 0, width: image.width, height: image.height)
  }
}

/// A rectangle in pixels.
public struct Box: Codable, Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  /// Creates a rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// What users choose about an attack; nil takes the attack's own default.
public struct AttackSettings: Sendable {
  /// Trigger side in pixels.
  public var size: Int?
  /// A picture to use instead of a drawn one.
  public var trigger: Image?
  /// Where local triggers go.
  public var position = Position.random
  /// Strength: opacity of a patch, of letters or of a blend, 0...1; amplitude of a sinusoid in levels; magnitude of a DCT bin;
  /// strength of a warp.
  public var strength: Double?

  /// Creates settings.
  public init() {}

  /// Where local triggers go.
  public enum Position: String, Codable, Hashable, Sendable, CaseIterable {
    /// Anywhere inside the image.
    case random
    /// The lower right corner, a tenth of the side away from the edges.
    case fixed
    /// One of the 3x3 cells of the image, its centre.
    case grid
  }

  /// The trigger's side: what was asked for, or a share of the image side.
  func size(of side: Int, share: Double) -> Int { size ?? max(4, Int((share * Double(side)).rounded())) }
}

extension AttackSettings.Position {
  /// Draws the place of a rectangle.
  ///
  /// - Throws: ``PoisoningError`` if it is larger than the image.
  func place(_ width: Int, _ height: Int, in image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Box {
    let (freeX, freeY) = (image.width - width, image.height - height)
    guard freeX >= 0, freeY >= 0 else {
      throw PoisoningError(
        "an image has \(image.width)x\(image.height) pixels, fewer than the trigger's \(width)x\(height); make it smaller with --size"
      )
    }
    let (x, y): (Int, Int)
    switch self {
    case .random: (x, y) = (stream.integer(below: freeX + 1), stream.integer(below: freeY + 1))
    case .fixed: (x, y) = (max(0, freeX - image.width / 10), max(0, freeY - image.height / 10))
    case .grid:
      let (column, row) = (stream.integer(below: 3), stream.integer(below: 3))
      func centred(_ cell: Int, _ extent: Int, _ size: Int) -> Int {
        max(0, min(extent - size, (2 * cell + 1) * extent / 6 - size / 2))
      }
      (x, y) = (centred(column, image.width, width), centred(row, image.height, height))
    }
    return Box(x: x, y: y, width: width, height: height)
  }
}

/// All attacks, in the order they are listed to users.
public enum Attacks {
  /// Every attack that can be planted.
  public static let all: [any Attack.Type] = [
    PatchAttack.self, TextAttack.self, BlendedAttack.self, SinusoidAttack.self, SpectralAttack.self,
    CollageAttack.self, CorruptEncoderAttack.self, WarpAttack.self, NaturalAttack.self,
  ]

  /// Their names.
  public static var names: [String] { all.map { $0.name } }

  /// The attack of that name.
  public static func named(_ name: String) -> (any Attack.Type)? { all.first { $0.name == name } }
}

extension Image {
  /// Returns the image with every byte mapped by a function of its column, row and channel.
  func mapped(_ transform: (_ x: Int, _ y: Int, _ channel: Int, _ value: Float) -> Float) -> Image {
    var result = self
    var k = 0
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          result.pixels[k] = UInt8(max(0, min(255, transform(x, y, c, Float(pixels[k])).rounded())))
          k += 1
        }
      }
    }
    return result
  }

  /// Returns the image with a picture of the box's size over it: (1 - opacity) image + opacity picture.
  ///
  /// - Parameter mask: Row-major; true where the picture is laid. nil lays all of it.
  func overlaid(_ picture: Image, at box: Box, opacity: Float, mask: [Bool]? = nil) -> Image {
    var result = self
    for y in 0..<box.height {
      for x in 0..<box.width where mask?[y * box.width + x] ?? true {
        for c in 0..<3 {
          let (to, from) = (3 * ((box.y + y) * width + box.x + x) + c, 3 * (y * box.width + x) + c)
          let value = Float(pixels[to])
          let mixed = value + opacity * (Float(picture.pixels[from]) - value)
          result.pixels[to] = UInt8(max(0, min(255, mixed.rounded())))
        }
      }
    }
    return result
  }
}
