import Contrastive
import Datasets
import Images

/// Finds rectangles of one size and colour in images that have nothing else in common, without any training: marks that have
/// neither a picture nor a colour of their own, such as the white square of BadNets.
///
/// 1. In every image the rectangle, of a tenth to two fifths of the image side, that is plain inside and differs most clearly
///    from what borders it on all sides.
/// 2. Sizes and colours are followed that far more images have than sizes next to them in the same colour: natural plain parts
///    come in all sizes.
/// 3. That rectangle is looked for everywhere in every image. Rectangles of the same colour that are wider and lower, narrower
///    and higher, smaller or larger are the decoys, and how clear they are must be separated (see ``Separation``).
///
/// - Source: Our own; the mark is that of Gu et al., "BadNets", arXiv 1708.06733, at any place.
public struct SolidPatches: Detector {
  public static let name = "solid-patch"
  public static let limits =
    "solid-patch sees an upright rectangle of one colour and of one size, of a tenth to two fifths of the image side or, in photographs, of 8 pixels of the file to half of the image, in at least eight unrelated images (photographs: some 14); not where it lies on its own colour."
  /// Canaries are not plain.
  public static let isControlled = false

  /// Images that are looked at for rectangles of any colour, at most.
  private static let sample = 20_000
  /// Sides relative to the image's, at most.
  private static let largestShare = 0.4
  /// Levels of each channel between colours that are the same.
  private static let sameColour: Float = 16
  /// Pixels between sides of sizes that are compared.
  private static let nextSides = 2
  /// Standard deviations by which a size and colour is more common than those next to it, to be followed.
  private static let surprise: Float = 3
  private static let attempts = 12
  private static let minimumMembers = 8
  /// Images that the colour is taken from, and times that it is, at most.
  private static let examples = 200
  private static let rounds = 3

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard set.count >= 20 else { return [] }
    let native = context.largePhotographs.map { proposals(in: $0, context) } ?? []
    // Small images among them are looked at as they are.
    if context.photographs != nil, DetectionContext.isOfPhotographs(set) { return native }
    return native + squeezedProposals(context)
  }

  private func squeezedProposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    let factor = set.screeningFactor
    let images = set.sample(Self.sample)
    let largest = Int(Self.largestShare * Double(set.side / factor))
    let found = concurrentMap(images.count, threads: context.threads) { slot in
      SolidScan(set, images[slot], factor: factor).clearest(upTo: largest)
    }
    let rectangles = zip(images, found).compactMap { image, own in own.map { (image: image, rectangle: $0) } }
    var (proposals, taken, examined): ([Proposal], Set<Int>, Int) = ([], [], 0)
    for group in Self.groups(rectangles.map(\.rectangle), upTo: largest, slack: factor > 1 ? 1 : 0, context.threads)
    where examined < Self.attempts {
      let own = group.rectangles.filter { !taken.contains(rectangles[$0].image) }.map { rectangles[$0] }
      let distinct = NearDuplicates.distinct(own.map(\.image), in: set, upTo: RecurringWindows.minimumMembers)
      guard distinct == RecurringWindows.minimumMembers else { continue }
      examined += 1
      guard let proposal = examine(own, group.size, factor, context) else { continue }
      taken.formUnion(proposal.members.map(\.image))
      proposals.append(proposal)
    }
    return proposals
  }

  /// Rectangles of sizes and colours that are more common than sizes next to them in the same colour, the most surprising first.
  ///
  /// - Parameter slack: See ``SolidSize``.
  private static func groups(_ all: [SolidRectangle], upTo largest: Int, slack: Int, _ threads: Int) -> [(
    size: SolidSize, rectangles: [Int]
  )] {
    let bySize = Dictionary(grouping: all.indices) { [all[$0].width, all[$0].height] }
    let surprises = concurrentMap(all.count, threads: threads) { seed -> Float in
      let size = SolidSize(width: all[seed].width, height: all[seed].height, slack: slack)
      var (few, own, many, others): (Float, Float, Float, Float) = (0, 0, 0, 0)
      for width in size.width - nextSides...size.width + slack + nextSides {
        for height in size.height - nextSides...size.height + slack + nextSides
        where min(width, height) >= SolidScan.smallest && max(width, height) <= largest {
          let count = Float(
            bySize[[width, height], default: []].count { all[seed].isColoured(like: all[$0], sameColour) })
          if size.contains(width, height) {
            (few, own) = (few + count, own + 1)
          } else {
            (many, others) = (many + count, others + 1)
          }
        }
      }
      let expected = many / max(1, others) * own
      return few >= Float(RecurringWindows.minimumMembers) ? (few - expected) / (expected + 1).squareRoot() : 0
    }
    var (groups, tried): ([(size: SolidSize, rectangles: [Int])], Set<Int>) = ([], [])
    for seed in surprises.indices.filter({ surprises[$0] >= surprise })
      .sorted(by: { (surprises[$0], $1) > (surprises[$1], $0) }) where !tried.contains(seed)
    {
      let size = SolidSize(width: all[seed].width, height: all[seed].height, slack: slack)
      let group = size.exact.flatMap { bySize[[$0.width, $0.height], default: []] }
        .filter { all[seed].isColoured(like: all[$0], sameColour) }
      tried.formUnion(group)
      groups.append((size, group))
    }
    return groups
  }

  /// Looks for a rectangle in all images.
  private func examine(
    _ group: [(image: Int, rectangle: SolidRectangle)], _ size: SolidSize, _ factor: Int, _ context: DetectionContext
  ) -> Proposal? {
    let set = context.set
    let decoys = size.decoys
    /// Of each image the rectangle and one of its decoys.
    func places(_ colour: SIMD3<Float>, _ images: [Int]) -> [Place] {
      concurrentMap(images.count, threads: context.threads) { slot in
        let scan = SolidScan(set, images[slot], factor: factor)
        let decoy = decoys[set.draw(images[slot], "decoy", below: decoys.count)]
        return Place(rectangle: scan.clearest(size, colour), decoy: scan.clearest(decoy, colour).clearness)
      }
    }
    func separation(_ places: [Place], _ members: [Int]) -> Separation {
      Separation(
        places.map(\.rectangle.clearness), decoys: Self.null(places, without: members), members: members,
        rate: context.falseDiscoveryRate)
    }
    var colour = Self.median(group.map(\.rectangle.colour))
    var members = group.map(\.image)
    let first = FirstLook(set, seeds: members)
    let early = separation(places(colour, first.images), first.seeds)
    guard early.distance >= 5, early.above >= Self.minimumMembers, 10 * early.decoysAbove <= early.above else {
      return nil
    }
    var found: (places: [Place], separation: Separation)?
    var (all, scanned): ([Place], SIMD3<Float>?) = ([], nil)
    // Again with all that was found, as long as that finds more: the clearest ones were found first.
    for _ in 0..<Self.rounds {
      if scanned != colour { (all, scanned) = (places(colour, Array(0..<set.count)), colour) }
      let own = separation(all, members)
      guard own.above >= max(Self.minimumMembers, (found?.separation.above ?? 0) + 1), 5 * own.above <= set.count else {
        break
      }
      // What lies on nearly its own colour fills the valley: then many images, nearly free of decoys. Natural ones that were
      // tried were at most four.
      let isClear = own.isPlanted && own.valleyBound <= Separation.largestValley
      if isClear || own.distance >= 5 && own.deviation >= 5.5 && 50 * own.decoysAbove <= own.above {
        found = (all, own)
      }
      members = all.indices.filter { all[$0].rectangle.clearness >= own.threshold }
      colour = Self.median(set.sample(among: members, Self.examples).map { all[$0].rectangle.colour })
    }
    guard let found else { return nil }
    let scores = found.places.map(\.rectangle.clearness)
    members = scores.indices.filter { scores[$0] >= found.separation.threshold }
      .sorted { (scores[$0], $1) > (scores[$1], $0) }
    let p = Calibration.pValues(scores, null: Self.null(found.places, without: members))
    let best = found.places[members[0]].rectangle
    return Proposal(
      detector: Self.name, trigger: .object(best.template(set, members[0], factor: factor)),
      members: members.map {
        .init(
          image: $0, score: scores[$0], pValue: p[$0],
          place: found.places[$0].rectangle.window(in: set.side, factor: factor))
      }, separation: found.separation, isPoison: true)
  }

  /// A rectangle in an image, and how clear a decoy is there.
  private struct Place: Sendable {
    var rectangle: SolidRectangle
    var decoy: Float
  }

  /// Decoys of images other than those that show the rectangle: parts of it are a little like them.
  private static func null(_ places: [Place], without members: [Int]) -> [Float] {
    let own = Set(members)
    return places.indices.filter { !own.contains($0) }.map { places[$0].decoy }
  }

  private static func median(_ colours: [SIMD3<Float>]) -> SIMD3<Float> {
    SIMD3(colours.map(\.x).median, colours.map(\.y).median, colours.map(\.z).median)
  }
}
