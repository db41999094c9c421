import Contrastive
import Datasets
import Images

/// Finds a small part that shows the same mixture of colours in images that have nothing else in common, without any
/// training: an object of changing size and angle, or a plain mark, that is no one picture.
///
/// 1. Windows of three tenths of the image side at the places of highest local contrast, described by how much of each
///    colour they show, in whitened main directions.
/// 2. As in ``RecurringPatches`` those are followed that have near neighbours and hardly any that are merely alike.
/// 3. What such a group shows is looked for in windows of a fifth to two fifths of the side everywhere in every image. The
///    same mixture of other colours, channels exchanged or inverted, is the decoy, and cosines must be separated
///    (see ``Separation``).
///
/// - Source: Our own; colour histograms after Swain and Ballard, "Color indexing", 1991, compared by their square roots
///   (Bhattacharyya).
public struct RecurringColours: Detector {
  public static let name = "recurring-colours"
  public static let limits =
    "recurring-colours sees a small part with a mixture of colours that hardly any other image shows, in at least eight unrelated images (some thirty where others are a little like it); not one in the colours of its surroundings."
  /// Canaries of grey data are black and white.
  public static let isControlled = false

  /// Side of the windows that are compared, and of those that are looked through, relative to the image's.
  private static let share = 0.3
  private static let shares = [0.2, 0.3, 0.4]
  private static let near: Float = 0.7
  private static let alike: Float = 0.5
  private static let attempts = 8
  private static let minimumMembers = 8
  /// Images that are taken for examples of a mixture, and times that it is taken from them again, at most.
  private static let examples = 200
  private static let rounds = 3
  /// Share of an image's windows that show the mixture, at most.
  private static let largestExtent: Float = 0.35

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard set.count >= 20 else { return [] }
    let windows = RecurringWindows(share: Self.share, by: .colours, context)
    guard let space = windows.space else { return [] }
    let scan = ColourScan(set, space, shares: Self.shares, factor: windows.factor, context)
    var taken: Set<Int> = []
    return windows.proposals(
      [(Self.near, Self.alike)], attempts: Self.attempts, taken: &taken, on: context.device
    ) { group, members, _ in examine(windows.description(of: group), members.map(\.image), scan, context) }
  }

  /// Looks for a mixture of colours in all images.
  private func examine(_ colours: [Float], _ seeds: [Int], _ scan: ColourScan, _ context: DetectionContext) -> Proposal?
  {
    let set = context.set
    var (colours, seeds) = (colours, set.sample(among: seeds, Self.examples))
    let first = FirstLook(set, seeds: seeds)
    let early = Self.separation(
      scan.best(scan.directions(of: colours), first.images), members: first.seeds, rate: context.falseDiscoveryRate)
    guard early.distance >= 3.5 else { return nil }
    var found: (direction: [Float], places: [[ColourScan.Place]], separation: Separation, members: [Int])?
    // Again with all that was found, as long as that finds more: windows of one part of an object were found first.
    for _ in 0..<Self.rounds {
      let directions = scan.directions(of: colours)
      let places = scan.best(directions, Array(0..<set.count))
      let separation = Self.separation(places, members: seeds, rate: context.falseDiscoveryRate)
      // A dozen red cars among 500 images: few images have to show what hardly any other does.
      guard separation.isPlanted, separation.valleyBound <= Separation.largestValley,
        separation.deviation >= 5 || separation.isWide,
        separation.above >= max(Self.minimumMembers, (found?.members.count ?? 0) + 1),
        5 * separation.above <= set.count
      else { break }
      let members = places[0].indices.filter { places[0][$0].cosine >= separation.threshold }
      found = (directions[0], places, separation, members)
      seeds = set.sample(among: members, Self.examples)
      colours = scan.mean(seeds.map { ($0, places[0][$0].window) })
    }
    guard let found else { return nil }
    let scores = found.places[0].map(\.cosine)
    let images = found.members.sorted { (scores[$0], $1) > (scores[$1], $0) }
    let regions = scan.regions(
      found.direction, images.map { ($0, found.places[0][$0]) }, from: found.separation.threshold)
    // What most of an image shows is what it is.
    guard regions.map(\.share).median <= Self.largestExtent else { return nil }
    let p = Calibration.pValues(scores, null: found.places[1].map(\.cosine))
    let members = zip(images, regions).map { image, region in
      Proposal.Member(image: image, score: scores[image], pValue: p[image], place: region.window)
    }
    // One of middle size is not cut off by the image's edge.
    let middle = regions.indices.sorted { (regions[$0].window.side, $0) < (regions[$1].window.side, $1) }[
      regions.count / 2]
    let example = PatchTemplate(set.crop(images[middle], regions[middle].window))
    return Proposal(
      detector: Self.name, trigger: .object(example), members: members,
      separation: found.separation, isPoison: true)
  }

  /// Where images that show a mixture part from the others: in the widest gap between the decoys and what they show.
  ///
  /// Decoys alone do not tell where to cut, since some mixtures are more common than theirs. Images that show a mixture of many
  /// colours are like its decoy too: decoys are those of images that come less than a quarter of the way to it.
  private static func separation(_ places: [[ColourScan.Place]], members: [Int], rate: Double) -> Separation {
    let scores = places[0].map(\.cosine)
    let (bulk, mode) = (scores.median, members.map { scores[$0] }.median)
    let decoys = scores.indices.filter { scores[$0] < bulk + (mode - bulk) / 4 }.map { places[1][$0].cosine }
    var separation = Separation(scores, decoys: decoys, members: members, rate: rate)
    guard separation.threshold < .infinity else { return separation }
    let low = decoys.sorted()[decoys.count * 98 / 100]
    let between = [low] + scores.filter { $0 > low && $0 <= mode }.sorted()
    let gaps = between.indices.dropLast()
    if let widest = gaps.max(by: { between[$0 + 1] - between[$0] < between[$1 + 1] - between[$1] }) {
      separation.cut(at: (between[widest] + between[widest + 1]) / 2, scores, decoys: decoys)
    }
    return separation
  }
}
