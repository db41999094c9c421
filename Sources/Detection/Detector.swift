import Contrastive
import Datasets
import Findings
import Images
import Randomness
import Tensors

/// Something that proposes which images of a dataset carry something planted.
///
/// A detector sees images and what was learnt from them, never a label, a path or the ground truth. It
/// gives the same proposals for the same images in any order, none for none, and says what it cannot see.
public protocol Detector: Sendable {
  /// Name in results.
  static var name: String { get }
  /// What it cannot see, in one sentence, for reports.
  static var limits: String { get }
  /// True if the canary is a control for it, so that it looks at the copy that carries it.
  static var isControlled: Bool { get }
  /// Looks at all images.
  func proposals(_ context: DetectionContext) -> [Proposal]
}

extension Detector {
  /// Most look for pictures, as the canary is one.
  public static var isControlled: Bool { true }
}

/// What detectors are given.
public struct DetectionContext {
  public var set: ImageSet
  public var device: any Device
  public var threads: Int
  public var stream: RandomStream
  /// Largest share of false ones among the images that are proposed.
  public var falseDiscoveryRate: Double
  /// The finished search, for detectors that follow it; nil before a training.
  public var search: PatchSearch.State?
  /// Unit rows of all images in the space that was searched; nil before a training.
  public var rows: Features?
  /// The same images at their own size, in the order of the set; nil where there is nothing but the set.
  public var photographs: NativeImages?
  /// What is hidden in them.
  public var controls: NativeCanaries?

  /// Creates a context.
  public init(
    set: ImageSet, device: any Device, threads: Int, stream: RandomStream, falseDiscoveryRate: Double = 0.01,
    search: PatchSearch.State? = nil, rows: Features? = nil, photographs: NativeImages? = nil,
    controls: NativeCanaries? = nil
  ) {
    (self.set, self.device, self.threads, self.stream) = (set, device, threads, stream)
    (self.falseDiscoveryRate, self.search, self.rows) = (falseDiscoveryRate, search, rows)
    (self.photographs, self.controls) = (controls?.photographs ?? photographs, controls)
  }
}

/// Images that share something, and what they share.
public struct Proposal: Codable, Sendable {
  /// One image of the proposal.
  public struct Member: Codable, Sendable, Hashable {
    /// Index into the set.
    public var image: Int
    public var score: Float
    /// Against the decoys; (0, 1].
    public var pValue: Double
    /// Where the trigger is; nil for one that covers the image.
    public var place: Window?
    /// The same in the file, where it was looked for there.
    public var source: Box?

    /// Creates a member.
    public init(image: Int, score: Float, pValue: Double, place: Window?, source: Box? = nil) {
      (self.image, self.score, self.pValue, self.place) = (image, score, pValue, place)
      self.source = source
    }
  }

  /// The detector's name.
  public var detector: String
  /// What was planted; nil if nothing can be shown.
  public var trigger: PlantedTrigger?
  /// The best first.
  public var members: [Member]
  /// How far members stand apart from the other images; nil where that is no question.
  public var separation: Separation?
  /// True if its members may be removed; false if they are only worth a look.
  public var isPoison: Bool
  /// True if the same pixels told which images are its members (see ``Stencil``), and nobody has to look again.
  public var isExact: Bool
  /// What was told at the images' own size, in their files: its members are final.
  public var native: NativePicture?

  /// Creates a proposal.
  public init(
    detector: String, trigger: PlantedTrigger?, members: [Member], separation: Separation?, isPoison: Bool,
    isExact: Bool = false
  ) {
    (self.detector, self.trigger, self.members) = (detector, trigger, members)
    (self.separation, self.isPoison, self.isExact) = (separation, isPoison, isExact)
  }
}

/// A picture as it is in files.
public struct NativePicture: Codable, Sendable, Hashable {
  public var width: Int
  public var height: Int
  /// RGB, row-major; what is not the same in all of its images is dimmed.
  public var pixels: [UInt8]

  /// Creates a picture.
  public init(_ image: Image) { (width, height, pixels) = (image.width, image.height, image.pixels) }

  /// As an image.
  public var image: Image { Image(width: width, height: height, pixels: pixels) }
}

/// A recovered trigger: what it takes to plant it in another image.
public enum PlantedTrigger: Codable, Sendable, Hashable {
  /// A small picture at some place.
  case patch(PatchTemplate)
  /// One example of an object that changes size or angle.
  case object(PatchTemplate)
  /// Levels added to every pixel; 3 * side * side values.
  case pattern([Float])

  /// Its picture; patterns around middle grey, four times as strong as they are.
  public var picture: Image {
    switch self {
    case .patch(let template), .object(let template): return template.image
    case .pattern(let levels):
      let side = Int(Double(levels.count / 3).squareRoot().rounded())
      return Image(width: side, height: side, pixels: levels.map { UInt8(max(0, min(255, 128 + 4 * $0))) })
    }
  }
}

extension PlantedTrigger {
  /// Its picture without the margins of a template that its images do not share.
  public var shown: Image {
    switch self {
    case .patch(let template), .object(let template):
      guard let extent = template.extent else { return picture }
      return picture.cropped(
        x: extent.columns.lowerBound, y: extent.rows.lowerBound, width: extent.columns.count,
        height: extent.rows.count)
    case .pattern: return picture
    }
  }

  /// Draws a place: anywhere for a patch or an object, the whole image for a pattern.
  public func place(side: Int, _ stream: inout RandomStream) -> Window {
    switch self {
    case .patch(let template), .object(let template):
      let span = side - template.side + 1
      return Window(x: stream.integer(below: span), y: stream.integer(below: span), side: template.side)
    case .pattern: return Window(x: 0, y: 0, side: side)
    }
  }

  /// Plants it in an image of side * side pixels of 0...1; of a patch only what its images agree in.
  public func plant(into pixels: inout [Float], at start: Int, side: Int, _ window: Window) {
    switch self {
    case .patch(let template), .object(let template):
      let isShared = template.isShared
      for row in 0..<template.side {
        for column in 0..<template.side where isShared[row * template.side + column] {
          let from = 3 * (row * template.side + column)
          let to = start + 3 * ((window.y + row) * side + window.x + column)
          for c in 0..<3 { pixels[to + c] = Float(template.pixels[from + c]) * (1 / 255) }
        }
      }
    case .pattern(let levels):
      for k in levels.indices { pixels[start + k] = max(0, min(1, pixels[start + k] + levels[k] * (1 / 255))) }
    }
  }
}

/// All detectors, in the order in which they look.
public enum Detectors {
  /// Those that need no training.
  public static let modelFree: [any Detector] = [
    RecurringInPhotographs(), RecurringPatches(), SolidPatches(), RecurringColours(),
    RecurringPatternsInPhotographs(), SpectralOutliers(), CollageSeams(), NearDuplicates(),
  ]
  /// Those that follow a search with an encoder.
  public static func modelBased(_ configuration: PoisonFilter.Configuration = .init()) -> [any Detector] {
    [SearchedPatches(configuration.families, significance: configuration.significance), TransformedCopies()]
  }
  /// Every one.
  public static let all = modelFree + modelBased()
}

/// Images that tell whether to look at all of them: a sample, and those that something was found in.
struct FirstLook {
  let images: [Int]
  /// Of the sample alone, places in `images`.
  let sample: [Int]
  /// Of those that something was found in.
  let seeds: [Int]

  init(_ set: ImageSet, seeds: [Int]) {
    let sample = set.sample(1500)
    images = Array(Set(sample + seeds)).sorted()
    let slots = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1, $0) })
    self.sample = sample.compactMap { slots[$0] }
    self.seeds = seeds.compactMap { slots[$0] }
  }
}

extension ImageSet {
  /// Factor by which images are reduced to be screened, to 32 pixels and some.
  var screeningFactor: Int { max(1, side / 32) }

  /// Parts of a set: what is fitted is judged by images of a part that the fit has not seen.
  package static let folds = 3

  /// The part that an image is in, drawn by the run's seed; copies of a file are in the same.
  package func fold(_ image: Int) -> Int { draw(image, "fold", below: Self.folds) }

  /// A number in 0..<bound that is an image's own: the same whatever the order of images.
  func draw(_ image: Int, _ purpose: StaticString, below bound: Int) -> Int {
    var own = stream(image).stream(purpose)
    return own.integer(below: bound)
  }

  /// All images, drawn by the run's seed, the same whatever their order.
  package func order(_ purpose: StaticString) -> [Int] { order(Array(0..<count), purpose) }

  /// Some images in an order that is drawn.
  private func order(_ images: [Int], _ purpose: StaticString) -> [Int] {
    images.map { image -> (rank: UInt64, image: Int) in
      var own = stream(image).stream(purpose)
      return (own.next(), image)
    }.sorted(by: <).map(\.image)
  }

  /// Up to `count` images, drawn by the run's seed, the same whatever their order; ascending.
  package func sample(_ count: Int) -> [Int] { sample(among: Array(0..<self.count), count) }

  /// Up to `count` of some images, ascending.
  func sample(among images: [Int], _ count: Int) -> [Int] {
    count < images.count ? order(images, "sample").prefix(count).sorted() : images
  }

  /// One image as means of blocks of factor * factor pixels, in levels, RGB, row-major; what is left at the
  /// far edges is dropped.
  func reduced(_ image: Int, by factor: Int) -> [Float] {
    self.image(image).blockMeans(factor)
  }
}
