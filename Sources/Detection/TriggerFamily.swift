import Datasets
import Images
import Randomness

/// Windows of different images that show the same picture, and the picture they share.
public struct RecurringPatch: Codable, Sendable {
  /// Indices into the search's candidates; the seed first.
  public var members: [Int]
  /// The shared picture: per-pixel median over the aligned members.
  public var trigger: PixelPatch
  /// Where the shared picture is in each member's image.
  public var places: [Window]
  /// Share of sampled images that show the seed's centre too.
  public var backgroundRate: Double

  /// Pixels of a square picture; RGB, row-major.
  public struct PixelPatch: Codable, Sendable, Hashable {
    public var side: Int
    public var pixels: [UInt8]
    /// The picture.
    public var image: Image { Image(width: side, height: side, pixels: pixels) }
  }
}

/// Groups the search's best windows by what they show.
///
/// A trigger is pasted, so it recurs pixel for pixel (up to compression) in images that have nothing
/// else in common; what classes share naturally only resembles itself. The centre of each window is
/// looked for in the other windows' images; where it is found again with a correlation of at least
/// `correlation`, while most images show nothing like it, the windows are one family. The trigger's
/// extent is where the aligned members agree.
///
/// - Source: Our own; see Reports for measurements.
/// - Limits: The same trigger at very different scales or angles falls apart into several families,
///   or is not grouped at all.
public struct FamilySearch: Sendable {
  /// Settings.
  public struct Configuration: Codable, Hashable, Sendable {
    /// Candidates that are compared, the best by score.
    public var candidates = 60
    /// Correlation from which two windows show the same.
    public var correlation: Float = 0.9
    /// Largest median correlation of the centre with images at random.
    public var commonness: Float = 0.7
    /// Smallest number of images in a family.
    public var minimumMembers = 4
    /// Share of the window that is compared, along a side.
    public var centre = 0.8
    /// Smallest standard deviation of the centre's values, 0...255: flat pictures prove nothing.
    public var minimumContrast: Float = 12

    /// The defaults.
    public init() {}
  }

  private let configuration: Configuration
  private let set: ImageSet
  private let sample: [Int]
  private let threads: Int

  /// Prepares a search over a set.
  public init(_ configuration: Configuration, set: ImageSet, threads: Int, _ stream: RandomStream) {
    self.configuration = configuration
    self.set = set
    self.threads = threads
    var own = stream
    sample = Array(own.permutation(set.count).prefix(200))
  }

  /// Returns the families among candidates, the largest first; no image is in two.
  ///
  /// - Parameter ranked: Candidates in order of their score; the first ones are compared.
  public func families(_ ranked: [PatchSearch.Candidate]) -> [RecurringPatch] {
    let pool = Array(ranked.prefix(configuration.candidates))
    let inner = centreSide(pool.first?.window.side ?? 0)
    let matches = concurrentMap(pool.count, threads: threads) { i -> [PatchMatch.Place]? in
      let match = PatchMatch(centre(pool[i], inner))
      guard match.contrast >= configuration.minimumContrast else { return nil }
      let common = sample.map { match.best(in: set, $0).correlation }.sorted()
      guard let median = common.dropFirst(common.count / 2).first, median <= configuration.commonness else {
        return nil
      }
      return pool.map { match.best(in: set, $0.image) }
    }
    var free = Set(pool.indices)
    var families: [RecurringPatch] = []
    while true {
      let seeds = free.sorted().compactMap { i -> (seed: Int, members: [Int])? in
        guard let places = matches[i] else { return nil }
        let members = free.filter { $0 != i && places[$0].correlation >= configuration.correlation }.sorted()
        return members.count + 1 >= configuration.minimumMembers ? (i, [i] + members) : nil
      }
      guard let best = seeds.max(by: { ($0.members.count, $1.seed) < ($1.members.count, $0.seed) }),
        let places = matches[best.seed]
      else { break }
      free.subtract(best.members)
      guard let family = recover(pool, best.members, places, inner) else { continue }
      families.append(family)
      // What resembles the family's trigger is of it, even if it was not aligned well enough to join.
      let trigger = PatchMatch(centred(families[families.count - 1].trigger.image, inner))
      free = free.filter { trigger.best(in: set, pool[$0].image).correlation < 0.75 }
    }
    return families
  }

  private func centreSide(_ window: Int) -> Int { max(3, Int((configuration.centre * Double(window)).rounded())) }

  private func centre(_ candidate: PatchSearch.Candidate, _ inner: Int) -> Image {
    let offset = (candidate.window.side - inner) / 2
    return set.image(candidate.image)
      .cropped(x: candidate.window.x + offset, y: candidate.window.y + offset, width: inner, height: inner)
  }

  private func centred(_ image: Image, _ inner: Int) -> Image {
    let side = min(inner, image.width)
    let offset = (image.width - side) / 2
    return image.cropped(x: offset, y: offset, width: side, height: side)
  }

  /// Aligns the members on the seed's centre and keeps the square around it in which they agree; nil if
  /// they only look alike there and do not agree level for level.
  private func recover(
    _ pool: [PatchSearch.Candidate], _ members: [Int], _ places: [PatchMatch.Place], _ inner: Int
  ) -> RecurringPatch? {
    let margin = inner
    let extent = inner + 2 * margin
    let images = members.map { set.image(pool[$0].image) }
    // Deviation of the members from their median at every place of an area three times the centre.
    var (median, deviation) = (
      [UInt8](repeating: 0, count: 3 * extent * extent), [Float](repeating: 255, count: extent * extent)
    )
    for y in 0..<extent {
      for x in 0..<extent {
        var spread: Float = 0
        for c in 0..<3 {
          var values: [Int] = []
          for (k, member) in members.enumerated() {
            let (px, py) = (places[member].x + x - margin, places[member].y + y - margin)
            if px >= 0, py >= 0, px < set.side, py < set.side {
              values.append(Int(images[k].pixels[3 * (py * set.side + px) + c]))
            }
          }
          guard values.count * 2 >= members.count, values.count >= 2 else {
            spread = 255
            continue
          }
          values.sort()
          let middle = values[values.count / 2]
          median[3 * (y * extent + x) + c] = UInt8(middle)
          let deviations = values.map { abs($0 - middle) }.sorted()
          spread = max(spread, Float(deviations[deviations.count * 9 / 10]))
        }
        deviation[y * extent + x] = spread
      }
    }
    // Grow from the centre while a new row or column agrees, then make it square.
    var (left, top, right, bottom) = (margin, margin, margin + inner, margin + inner)
    func agrees(_ xs: Range<Int>, _ ys: Range<Int>) -> Bool {
      let cells = ys.flatMap { y in xs.map { deviation[y * extent + $0] } }
      return cells.filter { $0 <= 24 }.count * 4 >= cells.count * 3
    }
    guard agrees(left..<right, top..<bottom) else { return nil }
    var grew = true
    while grew {
      grew = false
      if left > 0, agrees(left - 1..<left, top..<bottom) { (left, grew) = (left - 1, true) }
      if right < extent, agrees(right..<right + 1, top..<bottom) { (right, grew) = (right + 1, true) }
      if top > 0, agrees(left..<right, top - 1..<top) { (top, grew) = (top - 1, true) }
      if bottom < extent, agrees(left..<right, bottom..<bottom + 1) { (bottom, grew) = (bottom + 1, true) }
    }
    // What surrounds triggers agrees too where images have a common background: flat edges go.
    func isFlat(_ xs: Range<Int>, _ ys: Range<Int>) -> Bool {
      let values = ys.flatMap { y in xs.flatMap { x in (0..<3).map { Int(median[3 * (y * extent + x) + $0]) } } }
      return (values.max() ?? 0) - (values.min() ?? 0) <= 24
    }
    while right - left > 3, isFlat(left..<left + 1, top..<bottom) { left += 1 }
    while right - left > 3, isFlat(right - 1..<right, top..<bottom) { right -= 1 }
    while bottom - top > 3, isFlat(left..<right, top..<top + 1) { top += 1 }
    while bottom - top > 3, isFlat(left..<right, bottom - 1..<bottom) { bottom -= 1 }
    let side = min(max(right - left, bottom - top), set.side, extent)
    left = max(0, min(left, extent - side))
    top = max(0, min(top, extent - side))
    var pixels: [UInt8] = []
    for y in top..<top + side { pixels += median[3 * (y * extent + left)..<3 * (y * extent + left + side)] }
    let windows = members.map { member in
      Window(
        x: max(0, min(set.side - side, places[member].x + left - margin)),
        y: max(0, min(set.side - side, places[member].y + top - margin)), side: side)
    }
    let match = PatchMatch(centre(pool[members[0]], inner))
    let rate = sample.filter { match.best(in: set, $0).correlation >= configuration.correlation }.count
    return RecurringPatch(
      members: members, trigger: .init(side: side, pixels: pixels), places: windows,
      backgroundRate: Double(rate) / Double(max(1, sample.count)))
  }
}
