import Contrastive
import Datasets
import Foundation
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
    "solid-patch sees an upright rectangle of one colour and of one size, of a tenth to two fifths of the image side, in at least eight unrelated images; not where it lies on its own colour."
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
    let factor = max(1, set.side / 32)
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
        let decoy = decoys[Int(set.records[images[slot]].digest.bytes[2]) % decoys.count]
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
    let first = Array(Set(set.sample(RecurringPatches.firstLook) + members)).sorted()
    let index = Dictionary(uniqueKeysWithValues: first.enumerated().map { ($1, $0) })
    let early = separation(places(colour, first), members.compactMap { index[$0] })
    guard early.distance >= 5, early.above >= Self.minimumMembers, 10 * early.decoysAbove <= early.above else {
      return nil
    }
    var found: (places: [Place], separation: Separation)?
    // Again with all that was found, as long as that finds more: the clearest ones were found first.
    for _ in 0..<Self.rounds {
      let all = places(colour, Array(0..<set.count))
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
    func middle(_ channel: Int) -> Float { colours.map { $0[channel] }.sorted()[colours.count / 2] }
    return SIMD3(middle(0), middle(1), middle(2))
  }
}

/// Sides of a rectangle in pixels of a reduced image.
private struct SolidSize: Sendable {
  var width: Int
  var height: Int
  /// Pixels by which either side may be larger: where images are reduced, edges fall between pixels.
  var slack = 0

  /// True for sides that are this size.
  func contains(_ width: Int, _ height: Int) -> Bool {
    (self.width...self.width + slack).contains(width) && (self.height...self.height + slack).contains(height)
  }

  /// All sizes without slack that it contains.
  var exact: [SolidSize] {
    (0...slack).flatMap { i in (0...slack).map { SolidSize(width: width + i, height: height + $0) } }
  }

  /// Wider and lower, narrower and higher, smaller and larger ones.
  var decoys: [SolidSize] {
    let step = max(1 + slack, min(width, height) / 4)
    return [(step, -step), (-step, step), (-step, -step), (step, step)].map {
      SolidSize(width: max(1, width + $0), height: max(1, height + $1), slack: slack)
    }
  }
}

/// A plain rectangle in a reduced image.
private struct SolidRectangle: Sendable {
  var x = 0
  var y = 0
  var width = 0
  var height = 0
  /// Mean inside, 0...255.
  var colour = SIMD3<Float>.zero
  /// Logarithm of the mean squared distance to its colour of what borders it, on the two sides where that is nearest, over that
  /// of its own pixels: one side may lie on nearly its own colour.
  var clearness: Float = 0

  /// True if no channel differs by more levels.
  func isColoured(like other: SolidRectangle, _ levels: Float) -> Bool {
    let difference = colour - other.colour
    return max(abs(difference.x), abs(difference.y), abs(difference.z)) <= levels
  }

  /// The square around it, in full pixels.
  func window(in side: Int, factor: Int) -> Window {
    let extent = max(width, height) * factor
    return Window(x: min(x * factor, side - extent), y: min(y * factor, side - extent), side: extent)
  }

  /// What an image shows there, the rest of the square left out.
  func template(_ set: ImageSet, _ image: Int, factor: Int) -> PatchTemplate {
    let window = window(in: set.side, factor: factor)
    let (columns, rows) = (x * factor..<(x + width) * factor, y * factor..<(y + height) * factor)
    let weights = (0..<window.side * window.side).map { i -> Float in
      rows.contains(window.y + i / window.side) && columns.contains(window.x + i % window.side) ? 1 : 0
    }
    return PatchTemplate(set.crop(image, window), weights: weights)
  }
}

/// Sums over a reduced image, from which those over any rectangle follow.
private struct SolidScan {
  private let side: Int
  /// Red, green, blue and the sum of their squares over everything above and to the left, [side + 1, side + 1].
  private let sums: [SIMD4<Int32>]

  /// Sides of the smallest rectangle, and of the corners that larger ones start from.
  static let smallest = 3
  /// Largest squared distance between colours, per channel.
  private static let farthest: Float = 255 * 255
  /// Squared levels that count as noise.
  private static let noise: Float = 9
  /// Of a rectangle to start from: squared levels that its pixels are from its colour at most, and what borders it at least;
  /// and how many times further the latter is.
  private static let plain: Float = 40 * 40
  private static let visible: Float = 12 * 12
  private static let clear: Float = 2.7

  init(_ set: ImageSet, _ image: Int, factor: Int) {
    side = set.side / factor
    let plane = set.reduced(image, by: factor)
    var sums = [SIMD4<Int32>](repeating: .zero, count: (side + 1) * (side + 1))
    for y in 0..<side {
      var line = SIMD4<Int32>.zero
      for x in 0..<side {
        let i = 3 * (y * side + x)
        let pixel = SIMD3(Int32(plane[i].rounded()), Int32(plane[i + 1].rounded()), Int32(plane[i + 2].rounded()))
        line &+= SIMD4(pixel, (pixel &* pixel).wrappedSum())
        sums[(y + 1) * (side + 1) + x + 1] = sums[y * (side + 1) + x + 1] &+ line
      }
    }
    self.sums = sums
  }

  private func sum(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> SIMD4<Float> {
    let (top, bottom) = (y * (side + 1) + x, (y + height) * (side + 1) + x)
    return SIMD4<Float>(sums[bottom + width] &- sums[bottom] &- sums[top + width] &+ sums[top])
  }

  private func mean(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> SIMD3<Float> {
    let sum = sum(x, y, width, height) / Float(width * height)
    return SIMD3(sum.x, sum.y, sum.z)
  }

  /// Mean squared distance of pixels to a colour, per channel.
  private func distance(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ colour: SIMD3<Float>) -> Float {
    let (sum, pixels) = (sum(x, y, width, height), Float(width * height))
    let products = (pixels * colour - 2 * SIMD3(sum.x, sum.y, sum.z)) * colour
    return max(0, sum.w + products.sum()) / (3 * pixels)
  }

  /// Distances to a colour of what borders a rectangle on the two sides where that is nearest, the nearest first; of fewer sides
  /// where one is nearer than `least`. The image's edge borders on nothing.
  private func border(
    _ x: Int, _ y: Int, _ width: Int, _ height: Int, _ colour: SIMD3<Float>, least: Float = 0, isCorner: Bool = false
  ) -> SIMD2<Float> {
    var nearest = SIMD2<Float>(repeating: Self.farthest)
    func isFar(_ distance: Float) -> Bool {
      nearest = distance < nearest.x ? SIMD2(distance, nearest.x) : SIMD2(nearest.x, min(nearest.y, distance))
      return nearest.x >= least
    }
    if !isCorner {
      if x + width < side, !isFar(distance(x + width, y, 1, height, colour)) { return nearest }
      if y + height < side, !isFar(distance(x, y + height, width, 1, colour)) { return nearest }
    }
    if x > 0, !isFar(distance(x - 1, y, 1, height, colour)) { return nearest }
    if y > 0 { _ = isFar(distance(x, y - 1, width, 1, colour)) }
    // In an image's corner there are only two: a background that the image is cut from is bordered by both.
    let isInCorner = (x == 0 || x + width == side) && (y == 0 || y + height == side)
    return isInCorner ? SIMD2(nearest.x, nearest.x) : nearest
  }

  /// Ratio of the geometric mean of two sides' distances to that of the pixels inside.
  private func ratio(_ border: SIMD2<Float>, _ inside: Float) -> Float {
    ((border.x + Self.noise) * (border.y + Self.noise)).squareRoot() / (inside + Self.noise)
  }

  /// The rectangle of any colour with sides of up to `largest` pixels that is clearest for its size; nil if none is clear.
  func clearest(upTo largest: Int) -> SolidRectangle? {
    var best: (rank: Float, rectangle: SolidRectangle)?
    let small = Self.smallest
    guard largest >= small else { return nil }
    for y in 0...side - small {
      for x in 0...side - small {
        let corner = mean(x, y, small, small)
        let inside = distance(x, y, small, small, corner)
        guard inside <= Self.plain else { continue }
        let least = max(Self.visible, 2 * inside)
        guard border(x, y, small, small, corner, least: least, isCorner: true).x >= least else { continue }
        for width in small...min(largest, side - x) {
          for height in small...min(largest, side - y) {
            let colour = mean(x, y, width, height)
            let inside = distance(x, y, width, height, colour)
            // Taller ones are no plainer.
            guard inside <= Self.plain else { break }
            let least = max(Self.visible, Self.clear * (inside + Self.noise))
            let border = border(x, y, width, height, colour, least: least)
            guard border.x >= least else { continue }
            let clearness = log(ratio(border, inside))
            // Small plain parts are common.
            let rank = clearness * Float(width * height).squareRoot()
            if rank > best?.rank ?? 0 {
              best = (
                rank,
                SolidRectangle(x: x, y: y, width: width, height: height, colour: colour, clearness: clearness)
              )
            }
          }
        }
      }
    }
    return best?.rectangle
  }

  /// The clearest rectangle of a size and colour.
  func clearest(_ size: SolidSize, _ colour: SIMD3<Float>) -> SolidRectangle {
    var best = SolidRectangle()
    var most: Float = 0
    for size in size.exact {
      for y in 0...side - size.height {
        for x in 0...side - size.width {
          let inside = distance(x, y, size.width, size.height, colour)
          // No border is far enough.
          guard Self.farthest + Self.noise > most * (inside + Self.noise) else { continue }
          let value = ratio(border(x, y, size.width, size.height, colour), inside)
          guard value > most else { continue }
          most = value
          (best.x, best.y, best.width, best.height) = (x, y, size.width, size.height)
        }
      }
    }
    best.colour = mean(best.x, best.y, best.width, best.height)
    best.clearness = log(most)
    return best
  }
}
