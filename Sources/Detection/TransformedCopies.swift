import Contrastive
import Datasets
import Images
import Tensors

/// Finds groups of images that are the same picture cut, mirrored, brighter or darker: what a hash of the whole image misses.
///
/// Images that the search encoder holds alike are laid on each other: one as a part of the other, mirrored or not, first
/// coarsely at every place and size, then finely. They are copies if the details agree, which are the luminance less its
/// local mean: trousers have the same outline, not the same folds. What ``NearDuplicates`` sees too is left to it.
///
/// - Source: for candidates by embedding Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", CVPR 2022,
///   arXiv 2202.10261. Deviates: the encoder is the one that was searched, and pixels decide.
public struct TransformedCopies: Detector {
  public static let name = "transformed-copies"
  public static let limits =
    "transformed-copies sees the same picture cut to six tenths of its side and more, mirrored, brighter or darker, where the search encoder holds the copies alike; not turned or stretched ones. It never removes an image by itself."

  /// Correlation of details from which two images are copies, by how alike pairs that the encoder holds alike are in this
  /// dataset: at least that of photographs, at most that of garments, of which 1 in 400 have 0.95 and none 0.97.
  private static let correlation: ClosedRange<Float> = 0.8...0.97
  /// Coarse correlation from which two images are laid on each other finely.
  private static let coarsely: Float = 0.85
  /// Images in the largest group from which it is worth a word.
  private static let smallest = 5
  /// Images compared, at most, and of each the most similar ones.
  private static let (sample, neighbours) = (20_000, 10)

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard let rows = context.rows, rows.count == set.count, set.count >= Self.smallest else { return [] }
    let images = set.sample(Self.sample)
    let pairs = Self.pairs(rows.subset(images), on: context.device)
    let planes = concurrentMap(images.count, threads: context.threads) { Plane(set, images[$0]) }
    let places = Placement.all(planes[0].side)
    let partners = Dictionary(grouping: pairs, by: \.a)
    let compared = concurrentMap(images.count, threads: context.threads) { a -> [Link] in
      guard let own = partners[a] else { return [] }
      let crops = planes[a].thumbnails(places)
      return own.compactMap { pair in
        planes[pair.b].placement(in: planes[a], crops, places, least: Self.coarsely).map {
          Link(
            a: a, b: pair.b, agreement: $0.agreement(of: planes[pair.b], with: planes[a]),
            isTransformed: $0.isTransformed)
        }
      }
    }.flatMap(\.self)
    let least = Self.threshold(compared.map(\.agreement))
    var (groups, transformed): (DisjointSets, [Int]) = (DisjointSets(count: images.count), [])
    for link in compared where link.agreement >= least {
      groups.join(link.a, link.b)
      if link.isTransformed { transformed.append(link.a) }
    }
    let wanted = Set(transformed.map(groups.root))
    return groups.all(from: Self.smallest).filter { wanted.contains(groups.root($0[0])) }.prefix(20).map { group in
      let members = group.map { Proposal.Member(image: images[$0], score: 1, pValue: 1, place: nil) }
      return Proposal(detector: Self.name, trigger: nil, members: members, separation: nil, isPoison: false)
    }
  }

  /// Two images of which one fits into the other.
  private struct Link: Sendable {
    let a: Int
    let b: Int
    let agreement: Float
    let isTransformed: Bool
  }

  /// The agreement that hardly any pair of images of their own reaches: three times as far above their median as a quarter of
  /// them is below it.
  private static func threshold(_ agreements: [Float]) -> Float {
    let sorted = agreements.sorted()
    guard !sorted.isEmpty else { return correlation.upperBound }
    let (quarter, median) = (sorted[sorted.count / 4], sorted[sorted.count / 2])
    return max(correlation.lowerBound, min(correlation.upperBound, median + 3 * (median - quarter)))
  }

  /// Pairs of rows that are among each other's most similar ones, both ways round; three times as many as there are
  /// rows, those with the largest cosine.
  private static func pairs(_ rows: Features, on device: any Device) -> [(a: Int, b: Int)] {
    let (n, d, rowsAtOnce) = (rows.count, rows.width, 256)
    let trace = Trace()
    let cosines = trace.feed("queries", [rowsAtOnce, d]).matrixProduct(
      trace.constant(Tensor([n, d], rows.values)), transposeRight: true)
    let executable = device.compile(trace.program(outputs: [cosines]))
    var found: [(cosine: Float, a: Int, b: Int)] = []
    for start in Swift.stride(from: 0, to: n, by: rowsAtOnce) {
      let own = start..<min(n, start + rowsAtOnce)
      var queries = Array(rows.values[own.lowerBound * d..<own.upperBound * d])
      queries += [Float](repeating: 0, count: rowsAtOnce * d - queries.count)
      let values = executable.run(feeds: [Tensor([rowsAtOnce, d], queries)], state: [])[0].scalars
      for i in own {
        var best: [(cosine: Float, b: Int)] = []
        for j in 0..<n where j != i {
          let cosine = values[(i - start) * n + j]
          if best.count == neighbours && cosine <= best[neighbours - 1].cosine { continue }
          best.insert((cosine, j), at: best.firstIndex { $0.cosine < cosine } ?? best.count)
          if best.count > neighbours { best.removeLast() }
        }
        found += best.map { ($0.cosine, min(i, $0.b), max(i, $0.b)) }
      }
    }
    found.sort { ($1.cosine, $0.a, $0.b) < ($0.cosine, $1.a, $1.b) }
    var (taken, pairs): (Set<SIMD2<Int>>, [(a: Int, b: Int)]) = ([], [])
    for (_, a, b) in found where pairs.count < 6 * n && taken.insert(SIMD2(a, b)).inserted {
      pairs += [(a, b), (b, a)]
    }
    return pairs
  }
}

/// Luminance of an image at screening size, and a thumbnail of it.
private struct Plane: Sendable {
  let side: Int
  let values: [Float]
  private(set) var thumbnail: [Float] = []

  init(_ set: ImageSet, _ image: Int) {
    let factor = set.screeningFactor
    side = set.side / factor
    let colours = set.reduced(image, by: factor)
    values = (0..<side * side).map { luminance(colours[3 * $0], colours[3 * $0 + 1], colours[3 * $0 + 2]) }
    thumbnail = thumbnails([Placement(x: 0, y: 0, side: Float(side))])
  }

  /// Thumbnails of mean 0 and length 1 of parts of the image, one after the other.
  func thumbnails(_ places: [Placement]) -> [Float] {
    let smooth = localMean(values[...], side: side, radius: max(1, side / 24))
    return places.flatMap { Self.unit($0.sampled(smooth, side, to: Placement.thumbnail)) }
  }

  /// Where the whole of this image fits best into another, if it fits.
  func placement(in other: Plane, _ crops: [Float], _ places: [Placement], least: Float) -> Placement? {
    let size = thumbnail.count
    var best: (correlation: Float, place: Int) = (least, -1)
    for k in places.indices {
      var sum: Float = 0
      for i in 0..<size { sum += thumbnail[i] * crops[k * size + i] }
      if sum > best.correlation { best = (sum, k) }
    }
    return best.place < 0 ? nil : places[best.place]
  }

  static func unit(_ values: [Float]) -> [Float] {
    let mean = values.reduce(0, +) / Float(values.count)
    let norm = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    return values.map { ($0 - mean) / max(norm, 1e-3) }
  }
}

/// A square part of an image, mirrored or not, in pixels.
private struct Placement: Sendable {
  var x: Float
  var y: Float
  var side: Float
  var isMirrored = false

  static let thumbnail = 8
  private static let sides: [Float] = [1, 0.92, 0.84, 0.77, 0.7, 0.64, 0.58]

  /// Every part that is tried, some 1.5 pixels apart.
  static func all(_ side: Int) -> [Placement] {
    sides.flatMap { share -> [Placement] in
      let (own, room) = (share * Float(side), (1 - share) * Float(side))
      let steps = share == 1 ? 0 : max(1, Int((room / 1.5).rounded()))
      let offsets = (0...steps).map { steps == 0 ? 0 : room * Float($0) / Float(steps) }
      return [false, true].flatMap { isMirrored in
        offsets.flatMap { y in offsets.map { Placement(x: $0, y: y, side: own, isMirrored: isMirrored) } }
      }
    }
  }

  /// True if this is not the whole image as it is.
  var isTransformed: Bool { isMirrored || x > 0 || y > 0 }

  /// Samples a plane at count * count points, bilinearly.
  func sampled(_ values: [Float], _ width: Int, to count: Int) -> [Float] {
    let step = side / Float(count)
    let last = Float(width - 1)
    func point(_ start: Float, _ i: Int) -> (Int, Float) {
      let at = max(0, min(last, start + (Float(i) + 0.5) * step - 0.5))
      let low = min(width - 2, Int(at))
      return (low, at - Float(low))
    }
    let columns = (0..<count).map { point(x, isMirrored ? count - 1 - $0 : $0) }
    var result: [Float] = []
    result.reserveCapacity(count * count)
    for i in 0..<count {
      let (row, v) = point(y, i)
      for (column, u) in columns {
        let k = row * width + column
        let upper = values[k] + u * (values[k + 1] - values[k])
        let lower = values[k + width] + u * (values[k + width + 1] - values[k + width])
        result.append(upper + v * (lower - upper))
      }
    }
    return result
  }

  /// Moves and resizes until a part of one image fits the whole of another best, and returns how well the details agree;
  /// (-1...1).
  func agreement(of part: Plane, with whole: Plane) -> Float {
    let side = whole.side
    let wanted = Plane.unit(part.values)
    func fit(_ place: Placement) -> Float {
      let end = Float(side) + 1e-3
      guard place.x >= 0, place.y >= 0, place.x + place.side <= end, place.y + place.side <= end,
        place.side >= 0.5 * Float(side)
      else { return -1 }
      return zip(wanted, Plane.unit(place.sampled(whole.values, side, to: side))).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var (place, best, step) = (self, fit(self), Float(1))
    while step > 0.2 {
      let moves: [(Float, Float, Float)] = [
        (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (-0.5, -0.5, 1), (0.5, 0.5, -1), (0, 0, 1), (0, 0, -1),
      ]
      var isBetter = false
      for (dx, dy, ds) in moves {
        var next = place
        (next.x, next.y, next.side) = (place.x + step * dx, place.y + step * dy, place.side + step * ds)
        let value = fit(next)
        if value > best + 1e-5 { (place, best, isBetter) = (next, value, true) }
      }
      if !isBetter { step /= 2 }
    }
    func details(_ values: [Float]) -> [Float] { Plane.unit(lessLocalMean(values[...], side: side)) }
    return zip(details(part.values), details(place.sampled(whole.values, side, to: side))).reduce(0) {
      $0 + $1.0 * $1.1
    }
  }
}

/// Groups that are joined pair by pair.
struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  /// The smallest member of a group.
  func root(_ i: Int) -> Int {
    var i = i
    while parents[i] != i { i = parents[i] }
    return i
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    parents[max(a, b)] = min(a, b)
  }

  /// Groups of so many members and more, the largest first.
  func all(from smallest: Int) -> [[Int]] {
    Dictionary(grouping: parents.indices, by: root).values.filter { $0.count >= smallest }
      .sorted { $0.count != $1.count ? $0.count > $1.count : $0[0] < $1[0] }
  }
}
