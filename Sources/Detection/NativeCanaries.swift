import Datasets
import Images
import Randomness

/// Positive controls in photographs: marks of several kinds, sizes and opacities, each hidden in a few images before those are looked at
/// in their own pixels. Which of them are found is what a search that finds nothing else has shown.
///
/// Files are not changed. Marks are drawn by the run's seed; none is what `bezoar poison` plants. An image carries one of them at
/// most, and is compressed again, as whoever plants something does.
public struct NativeCanaries: Sendable {
  /// What is hidden.
  public struct Kind: Sendable, Hashable {
    /// What it looks like.
    public enum Mark: String, Sendable, Codable { case picture, square, noise }
    /// How large it is; noise covers the image.
    public enum Size: Sendable, Hashable {
      /// Pixels of the file.
      case pixels(Int)
      /// Share of the shorter side.
      case share(Double)
      case image

      /// For reports.
      public var words: String {
        switch self {
        case .pixels(let pixels): "\(pixels) px of the file"
        case .share(let share): "\(Int((100 * share).rounded())) % of the shorter side"
        case .image: "the whole image"
        }
      }
    }
    public var mark: Mark
    public var size: Size
    /// Share of its levels that replaces those of the image, (0, 1].
    public var opacity: Double
  }

  /// Every kind, the most telling first: where there is room for some only, those.
  ///
  /// Sizes are those of published triggers on photographs (50 pixels, or a quarter to a tenth of the side), and half of them.
  public static let kinds: [Kind] = [
    .init(mark: .picture, size: .pixels(50), opacity: 1),
    .init(mark: .picture, size: .share(0.1), opacity: 1),
    .init(mark: .picture, size: .share(0.15), opacity: 0.6),
    .init(mark: .square, size: .share(0.1), opacity: 1),
    .init(mark: .noise, size: .image, opacity: 0.15),
    .init(mark: .picture, size: .pixels(25), opacity: 1),
  ]

  /// Images of a kind: one of 500, which is the rate of published attacks on large datasets, but what is needed to be told from chance.
  private static func images(_ count: Int) -> Int { max(25, count / 500) }
  /// Share of all images that carry one, at most.
  private static let largestShare = 0.1

  /// One control.
  public struct Control: Sendable {
    public let kind: Kind
    /// Images that carry it, ascending.
    public let images: [Int]
    fileprivate let picture: Image
  }

  public let controls: [Control]
  /// Images of each that is hidden in files.
  var inFiles: [[Int]] { controls.filter { $0.kind.mark != .noise }.map(\.images) }
  /// The images with what is hidden in them.
  public let photographs: NativeImages
  /// Squeezed images with the noise that is hidden in them.
  public let noisy: [Int: Image]

  /// Hides controls; nil where there is no room for one, or some images are small.
  public init?(_ set: ImageSet, _ photographs: NativeImages, _ stream: RandomStream) {
    guard DetectionContext.isOfPhotographs(set) else { return nil }
    let each = Self.images(set.count)
    let room = min(Self.kinds.count, Int(Self.largestShare * Double(set.count)) / each)
    guard room > 0 else { return nil }
    let order = set.order("native canaries")
    let isGrey = set.greyShare >= 0.5
    let controls = Self.kinds.prefix(room).enumerated().map { k, kind in
      Control(
        kind: kind, images: order[k * each..<(k + 1) * each].sorted(),
        picture: Self.picture(kind.mark, isGrey: isGrey, stream.stream("pictures").stream(k)))
    }
    func carried(_ isNoise: Bool) -> [Int: Control] {
      Dictionary(
        uniqueKeysWithValues: controls.filter { ($0.kind.mark == .noise) == isNoise }.flatMap { control in
          control.images.map { ($0, control) }
        })
    }
    let marked = carried(false)
    self.controls = controls
    self.photographs = photographs.changing { index, image, scale in
      marked[index].map { Self.planted($0, in: image, scale: scale, set.stream(index)) } ?? image
    }
    noisy = Dictionary(
      uniqueKeysWithValues: carried(true).map { image, control in
        (image, Self.planted(control, in: set.image(image), scale: 1, set.stream(image)))
      })
  }

  /// Blocks of full colours that run into each other, one colour, or noise; in grey for grey images, as colours would prove too little.
  ///
  /// Blocks are as strong as published triggers are, which have 4 * 4 of them.
  private static func picture(_ mark: Kind.Mark, isGrey: Bool, _ stream: RandomStream) -> Image {
    var own = stream
    func blocks(_ side: Int, _ level: (inout RandomStream) -> UInt8) -> Image {
      let pixels = (0..<side * side).flatMap { _ -> [UInt8] in
        let levels = (0..<3).map { _ in level(&own) }
        return isGrey ? [levels[0], levels[0], levels[0]] : levels
      }
      return Image(width: side, height: side, pixels: pixels)
    }
    switch mark {
    case .picture: return blocks(5) { $0.integer(below: 2) == 0 ? 0 : 255 }.resized(width: 96, height: 96)
    case .square: return blocks(1) { UInt8($0.integer(below: 256)) }.resized(width: 96, height: 96)
    case .noise: return blocks(128) { UInt8($0.integer(below: 256)) }
    }
  }

  private static func planted(_ control: Control, in image: Image, scale: Double, _ stream: RandomStream) -> Image {
    var (own, result) = (stream.stream("native canaries"), image)
    let shorter = min(image.width, image.height)
    func square(_ side: Double) -> (Int, Int) { (max(1, Int(side.rounded())), max(1, Int(side.rounded()))) }
    let (width, height) =
      switch control.kind.size {
      case .pixels(let pixels): square(min(Double(shorter / 2), Double(pixels) / scale))
      case .share(let share): square(share * Double(shorter))
      case .image: (image.width, image.height)
      }
    let (x, y) = (own.integer(below: image.width - width + 1), own.integer(below: image.height - height + 1))
    let mark = control.picture.resized(width: width, height: height)
    for row in 0..<height {
      for i in 0..<3 * width {
        let (from, to) = (3 * row * width + i, 3 * ((y + row) * image.width + x) + i)
        let mixed =
          control.kind.opacity * Double(mark.pixels[from]) + (1 - control.kind.opacity) * Double(image.pixels[to])
        result.pixels[to] = UInt8(mixed.rounded())
      }
    }
    guard let file = try? ImageCodec.encodeJPEG(result, quality: 90), let read = try? ImageCodec.decode(file) else {
      return result
    }
    return read
  }
}
