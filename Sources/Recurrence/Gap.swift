import Foundation

/// How many images are within a distance, how many within twice as much, and how many show a turned picture within it.
package struct Gap {
  /// The distance.
  package private(set) var limit: Float = 0
  /// Up to where others are counted.
  package private(set) var reach: Float = 0
  /// Up to where images may be members, whatever decoys say: where others were counted before the limit was widened.
  package private(set) var margin: Float = 0
  package private(set) var within = 0
  package private(set) var beyond = 0
  /// Of the turned pictures that which is there most often.
  package private(set) var turned = 0
  private var hasTurned = false
  private var share: Double
  /// Chance of at least so many within, if at most a share of them are by nature, or turned pictures are as likely: the larger one.
  /// 1 if turned ones are more than ``Rules/turnedShare`` of those within.
  package private(set) var pValue = 1.0

  /// At distances that were fixed before.
  ///
  /// - Parameters:
  ///   - distances: One an image.
  ///   - turned: For each turned picture those of images.
  ///   - thumbnails: One an image, by which near-copies are told.
  ///   - surroundings: One an image, by which parts of one photograph are told; empty where that is no question.
  package init(
    _ distances: [Float], turned: [[Float]] = [], _ thumbnails: [[Float]], surroundings: [Surroundings?] = [],
    like other: Gap
  ) {
    share = other.share
    count(distances.sorted(), turned.map { $0.sorted() }, other.limit, reach: other.reach)
    exclude(distances, thumbnails, surroundings)
  }

  /// At the distance where there is least chance; nil if there is none where it is less than a half.
  ///
  /// - Parameters:
  ///   - share: Of those within twice the distance, that are within it by nature.
  ///   - least: Distance up to which things are the same.
  ///   - most: Distance up to which they may be.
  package init?(
    _ distances: [Float], turned: [[Float]] = [], _ thumbnails: [[Float]], surroundings: [Surroundings?] = [],
    share: Double = Rules.windowShare,
    atLeast least: Float, atMost most: Float = .infinity
  ) {
    self.share = share
    let (sorted, turned) = (distances.sorted(), turned.map { $0.sorted() })
    var best = self
    for k in sorted.indices.dropFirst(Rules.leastImages - 1) {
      // Density grows only as far as there are images left.
      guard sorted[k] <= most, 2 * sorted[k] <= sorted[sorted.count / 2] else { break }
      var own = self
      own.count(sorted, turned, max(sorted[k], least), reach: 2 * max(sorted[k], least))
      if own.pValue < best.pValue { best = own }
      if own.within + own.beyond > Rules.tailImages * max(1, own.within) { break }
    }
    self = best
    guard limit > 0 else { return nil }
    exclude(distances, thumbnails, surroundings)
    if pValue > Rules.evenChance { return nil }
  }

  /// Moves the limit to the middle, in ratio, between the last within and the next, up to where half of a picture is explained. Where there is
  /// none up to the reach, that goes with it.
  package mutating func widen(_ distances: [Float]) {
    let most = max(reach, PictureSearch.distance(Rules.leastScore))
    guard let next = distances.filter({ $0 > limit }).min().map({ min($0, most) }) else { return }
    limit = (limit * next).squareRoot()
    reach = max(reach, min(2 * limit, next))
  }

  /// - Parameter sorted: Ascending, as each of the turned ones.
  private mutating func count(_ sorted: [Float], _ others: [[Float]], _ limit: Float, reach: Float) {
    (self.limit, self.reach, margin) = (limit, reach, reach)
    within = sorted.partitioningIndex { $0 > limit }
    beyond = sorted.partitioningIndex { $0 > reach } - within
    turned = others.map { $0.partitioningIndex { $0 > limit } }.max() ?? 0
    hasTurned = !others.isEmpty
    pValue = Self.tail(within, of: within + beyond, share)
    guard hasTurned else { return }
    // Handedness of nature, as of what is lit from above, is no evidence either.
    let isRare = Double(turned) <= Rules.turnedShare * Double(within)
    pValue = max(pValue, isRare ? Self.tail(within, of: within + turned, Rules.evenChance) : 1)
  }

  /// Counts of copies only the nearest, which can only make it likelier.
  private mutating func exclude(_ distances: [Float], _ thumbnails: [[Float]], _ surroundings: [Surroundings?]) {
    guard pValue < Rules.evenChance else { return }
    let order = distances.indices.filter { distances[$0] <= reach }
      .sorted { (distances[$0], $0) < (distances[$1], $1) }
    var kept: [Int] = []
    func areCopies(_ i: Int, _ j: Int) -> Bool {
      if thumbnails[i].isCopy(of: thumbnails[j]) { return true }
      guard !surroundings.isEmpty, let a = surroundings[i], let b = surroundings[j] else { return false }
      return a.isCopy(of: b)
    }
    for i in order where !kept.contains(where: { areCopies($0, i) }) { kept.append(i) }
    let before = pValue
    // Of turned ones no copy is left out, which can only make it likelier too.
    let (own, turned) = (kept.map { distances[$0] }, [Float](repeating: limit, count: turned))
    count(own, hasTurned ? [turned] : [], limit, reach: reach)
    pValue = max(pValue, before)
  }

  /// Chance of at least k, if they are that many on average and independent.
  package static func atLeast(_ k: Int, mean: Double) -> Double {
    let less = (0..<k).reduce(0.0) { $0 + exp(Double($1) * log(mean) - mean - lgamma(Double($1 + 1))) }
    return max(0, 1 - less)
  }

  /// Chance of at least k among n, each with a share.
  package static func tail(_ k: Int, of n: Int, _ share: Double) -> Double {
    guard k > 0 else { return 1 }
    var sum = 0.0
    for i in k..<n + 1 {
      let ways = lgamma(Double(n + 1)) - lgamma(Double(i + 1)) - lgamma(Double(n - i + 1))
      let chance = Double(i) * log(share) + Double(n - i) * log(1 - share)
      sum += exp(ways + chance)
    }
    return min(1, sum)
  }
}

extension [Float] {
  /// Whether a thumbnail is that of a near-copy.
  func isCopy(of other: Self) -> Bool {
    var sum: Float = 0
    for i in indices { sum += self[i] * other[i] }
    return sum > Rules.copies
  }

  /// Less their mean, and of norm 1.
  var standardised: [Float] {
    let mean = reduce(0, +) / Float(count)
    let centred = map { $0 - mean }
    let norm = Swift.max(1e-3, centred.reduce(0) { $0 + $1 * $1 }.squareRoot())
    return centred.map { $0 / norm }
  }
}

extension Array {
  /// First index at which a predicate holds, for an array in which it holds from there on.
  package func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
