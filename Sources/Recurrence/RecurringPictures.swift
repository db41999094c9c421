import CKernels
import Datasets
import Foundation
import Images
import Randomness

/// Finds pictures that recur, level by level, in photographs that have nothing else in common.
///
/// 1. In half of the images, drawn by the run's seed, windows at extrema of box filters are turned into words; of windows that
///    share one the distance to every image's nearest window tells how many images have the same, and how far the next ones are.
/// 2. In the other half one window and one distance t, both fixed before, are tested: among images within 2t, how many are within
///    t. Natural windows come in all degrees, so that their density grows with distance; what is pasted is there or it is not.
///    Holm's correction accounts for the number of candidates.
/// 3. The picture of a confirmed one is recovered from its images and looked for in all of them; mirrored and turned pictures are
///    the decoys that its members are told by, at the false-discovery rate.
///
/// - Source: Our own; scale-space extrema as in Lowe, IJCV 2004, with boxes as in Agrawal et al., CenSurE, ECCV 2008; signs of random
///   directions: Charikar, STOC 2002.
/// - Limits: What is the same up to brightness or contrast only, as half-transparent pictures; what has no texture; what is smaller
///   than some nine pixels, or turned by an angle that differs from image to image.
package struct RecurringPictures: Sendable {
  /// Images that show the same picture.
  package struct Family: Sendable {
    package var picture: Picture
    /// Of the confirmation, corrected for the number of candidates.
    package var pValue: Double
    /// One an image of the source, the picture first, then each decoy; -1 where there is none.
    package var scores: [Float]
    package var decoys: [[Float]]
    package var poses: [Picture.Pose]
    /// Images whose score is at least this are members.
    package var threshold: Float

    /// The best first.
    package var members: [Int] {
      scores.indices.filter { scores[$0] >= threshold }.sorted { (scores[$0], $1) > (scores[$1], $0) }
    }
  }

  private let source: NativeImages
  private let stream: RandomStream
  private let threads: Int
  private let rate: Double
  private let report: @Sendable (String) -> Void

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - source: The images.
  ///   - stream: Draws the halves and the words.
  ///   - rate: Largest share of false ones among families, and among the members of each.
  ///   - report: Told what is seen on the way, in words, for developers.
  package init(
    _ source: NativeImages, _ stream: RandomStream, rate: Double, threads: Int,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.source, self.stream, self.rate, self.threads, self.report) = (source, stream, rate, threads, report)
  }

  /// A window, and up to which distance others are the same.
  private struct Candidate: Sendable {
    var window: [UInt8]
    var limit: Int32
    var pValue: Double
    /// Images in which it was discovered with its place there, the nearest first; those up to the limit.
    var places: [(image: Int, place: WindowScan.Place)]

    /// True if it is a window of the same picture: in most of its images that picture's window is there too, always as far away.
    func isPart(of other: Self) -> Bool {
      let known = Dictionary(other.places.map { ($0.image, $0.place) }) { first, _ in first }
      let offsets = places.compactMap { place -> (x: Float, y: Float)? in
        known[place.image].map { ((place.place.x - $0.x) / $0.side, (place.place.y - $0.y) / $0.side) }
      }
      guard 2 * offsets.count >= min(places.count, other.places.count), offsets.count > 0 else { return false }
      let middle = (
        x: offsets.map(\.x).sorted()[offsets.count / 2], y: offsets.map(\.y).sorted()[offsets.count / 2]
      )
      let near = offsets.count { abs($0.x - middle.x) < Rules.sameOffset && abs($0.y - middle.y) < Rules.sameOffset }
      return 2 * near >= offsets.count
    }
  }

  /// Looks through all images.
  package func families() -> [Family] {
    var own = stream.stream("halves")
    let order = own.permutation(source.count)
    let discovery = order.prefix(min(source.count / 2, Rules.discoveryImages)).sorted()
    var store = WindowStore()
    store.reserve(discovery.count)
    for start in stride(from: 0, to: discovery.count, by: Rules.imagesAtOnce) {
      let part = Array(discovery[start..<min(discovery.count, start + Rules.imagesAtOnce)])
      for (image, scan) in zip(part, source.map(part, threads: threads) { WindowScan($0.image) }) {
        if let scan { store.append(scan, image: image) }
      }
    }
    report("\(store.places.count) windows of \(discovery.count) images")
    let candidates = discovered(store)
    store = WindowStore()
    guard !candidates.isEmpty else { return [] }
    let rest = order.dropFirst(discovery.count).sorted()
    let confirmed = confirmed(candidates, rest)
    var families: [Family] = []
    for (candidate, pValue, places) in confirmed {
      let isKnown = families.contains { family in
        2
          * places.count { place in
            guard family.scores[place.image] >= family.threshold else { return false }
            let pose = family.poses[place.image]
            return abs(place.place.x - pose.x) * 2 <= family.picture.width * pose.scale
              && abs(place.place.y - pose.y) * 2 <= family.picture.height * pose.scale
          } >= places.count
      }
      if isKnown { continue }
      if let family = family(of: candidate, pValue, places) { families.append(family) }
    }
    return families
  }

  // MARK: discovery

  /// Windows with far more images near than a little farther, those first that are most alike for their contrast.
  private func discovered(_ store: WindowStore) -> [Candidate] {
    let words = Words(store, stream.stream("words"))
    let shared = words.candidates(store, threads: threads)
    report("\(shared.count) candidates, the best ratios \(shared.prefix(4).map { $0.ratio })")
    let looked = Array(shared.prefix(Rules.candidates))
    let tried = concurrentMap(looked.count, threads: threads) { k -> Candidate? in
      let window = store.window(looked[k].window)
      let (distances, nearest) = store.nearest(to: window)
      guard let gap = Gap(distances, store.thumbnails) else { return nil }
      let members = distances.indices.filter { distances[$0] <= gap.limit }
        .sorted { (distances[$0], $0) < (distances[$1], $1) }
      return Candidate(
        window: window, limit: gap.limit, pValue: gap.pValue,
        places: members.map { (store.images[$0], store.places[Int(nearest[$0])]) })
    }.compactMap(\.self)
    // Those that agree best for their contrast: rank by chance alone would put plain grounds, which many images have, before rare
    // pictures.
    var kept: [Candidate] = []
    for candidate in tried
    where kept.count < Rules.tests && candidate.pValue <= rate && !kept.contains(where: { candidate.isPart(of: $0) }) {
      kept.append(candidate)
    }
    for c in kept {
      report(
        "candidate p \(c.pValue) limit \(Float(c.limit) / 96) images \(c.places.count) contrast \(Words.contrast(c.window)) side \(c.places[0].place.side)"
      )
    }
    return kept
  }

  // MARK: confirmation

  private typealias Sighted = (image: Int, place: WindowScan.Place)

  /// Candidates that hold in other images, the surest first, with all images in which they are.
  private func confirmed(_ candidates: [Candidate], _ images: [Int]) -> [(Candidate, Double, [Sighted])] {
    let seen = source.map(images, threads: threads) { photograph in
      let scan = WindowScan(photograph.image)
      var store = WindowStore()
      store.append(scan, image: photograph.index)
      return (
        nearest: candidates.map { candidate -> (distance: Int32, place: WindowScan.Place?) in
          let (distances, windows) = store.nearest(to: candidate.window)
          return (distances[0], windows[0] < 0 ? nil : scan.places[Int(windows[0])])
        }, thumbnail: scan.thumbnail
      )
    }
    let readable = images.indices.filter { seen[$0] != nil }
    let all = readable.compactMap { seen[$0] }
    let thumbnails = all.map(\.thumbnail)
    var tested: [(Candidate, Double, [Sighted])] = []
    for (k, candidate) in candidates.enumerated() {
      let distances = all.map { $0.nearest[k].distance }
      let gap = Gap(distances, thumbnails, limit: candidate.limit)
      report(
        "candidate \(k): p \(gap.pValue), \(gap.within) within, \(gap.beyond) beyond; \(candidate.places.count) before")
      let places = distances.indices.filter { distances[$0] <= candidate.limit }
        .sorted { (distances[$0], $0) < (distances[$1], $1) }
        .compactMap { i in all[i].nearest[k].place.map { (images[readable[i]], $0) } }
      tested.append((candidate, gap.pValue, candidate.places + places))
    }
    // Holm, Scand. J. Statist. 1979.
    tested.sort { $0.1 < $1.1 }
    var kept: [(Candidate, Double, [Sighted])] = []
    for (k, one) in tested.enumerated() {
      let corrected = one.1 * Double(tested.count - k)
      guard corrected <= rate else { break }
      kept.append((one.0, corrected, one.2))
    }
    return kept
  }

  // MARK: members

  private func family(of candidate: Candidate, _ pValue: Double, _ places: [Sighted]) -> Family? {
    let chosen = places.prefix(Rules.recoveryImages).sorted { $0.image < $1.image }
    let integrals = source.map(chosen.map(\.image), threads: threads) { IntegralImage($0.image) }
    let first = places[0].image
    let sightings = zip(chosen, integrals).compactMap { sighted, integral in
      integral.map {
        (sighted.image, Picture.Sighting($0, .init(x: sighted.place.x, y: sighted.place.y, scale: sighted.place.side)))
      }
    }.sorted { a, b in (a.0 == first ? 0 : 1, a.0) < (b.0 == first ? 0 : 1, b.0) }
    guard let (picture, poses) = Picture.recover(sightings.map(\.1)) else {
      report("nothing recovered")
      return nil
    }
    // What has less contrast than the windows it comes from is the plain ground around them.
    guard picture.contrast >= Rules.leastResponse else {
      report("plain")
      return nil
    }
    let search = PictureSearch(picture, scales: poses.map(\.scale))
    report(
      "picture \(picture.width)x\(picture.height), \(picture.columns)x\(picture.rows) cells, shared \(picture.isShared.count { $0 }), contrast \(picture.contrast), scales \(poses.map(\.scale).min() ?? 0)...\(poses.map(\.scale).max() ?? 0)"
    )
    let matches = source.map(Array(0..<source.count), threads: threads) { search.matches(in: IntegralImage($0.image)) }
    let none = PictureSearch.Match(score: -1, pose: .init(x: 0, y: 0, scale: 1))
    let all = matches.map { $0 ?? [PictureSearch.Match](repeating: none, count: search.decoys + 1) }
    var family = Family(
      picture: picture, pValue: pValue, scores: all.map { $0[0].score },
      decoys: (0..<search.decoys).map { decoy in all.map { $0[decoy + 1].score } }, poses: all.map { $0[0].pose },
      threshold: .infinity)
    family.threshold = Self.threshold(family, rate: rate)
    return family
  }

  /// Lowest score at and above which decoys, for as many as images, are at most a share `rate` of images.
  ///
  /// - Source: Elias and Gygi, Nature Methods 2007.
  static func threshold(_ family: Family, rate: Double) -> Float {
    let null = family.decoys.flatMap(\.self).sorted(by: >)
    var (best, above) = (Float.infinity, 0)
    for (i, score) in family.scores.sorted(by: >).enumerated() where score > 0 {
      while above < null.count, null[above] >= score { above += 1 }
      if Double(above) <= rate * Double(i + 1) * Double(max(1, family.decoys.count)) { best = score }
    }
    return best
  }
}

/// How many images are within a distance, and how many within twice as much.
package struct Gap {
  /// The distance, in sums of levels.
  package private(set) var limit: Int32 = 0
  package private(set) var within = 0
  package private(set) var beyond = 0
  /// Chance of at least so many within, if at most ``Rules/naturalShare`` of them are.
  package private(set) var pValue = 1.0

  /// At a distance that was fixed before.
  package init(_ distances: [Int32], _ thumbnails: [[Float]], limit: Int32) {
    count(distances.filter { $0 <= 2 * limit }.sorted(), limit)
    exclude(distances, thumbnails)
  }

  /// At the distance where there is least chance; nil if there is none where it is less than a half.
  package init?(_ distances: [Int32], _ thumbnails: [[Float]]) {
    let sorted = distances.sorted()
    var best = self
    for k in sorted.indices.dropFirst(Rules.leastImages - 1) {
      // Density grows only as far as there are images left.
      guard 2 * sorted[k] <= sorted[sorted.count / 2] else { break }
      var own = self
      own.count(sorted, max(sorted[k], Int32(Rules.leastLimit * Float(WindowScan.levels))))
      if own.pValue < best.pValue { best = own }
      if own.within + own.beyond > Rules.tailImages * max(1, own.within) { break }
    }
    self = best
    guard limit > 0 else { return nil }
    exclude(distances, thumbnails)
    if pValue > Rules.evenChance { return nil }
  }

  /// - Parameter sorted: Ascending.
  private mutating func count(_ sorted: [Int32], _ limit: Int32) {
    self.limit = limit
    within = sorted.partitioningIndex { $0 > limit }
    beyond = sorted.partitioningIndex { $0 > 2 * limit } - within
    pValue = Self.tail(within, of: within + beyond, Rules.naturalShare)
  }

  /// Counts of copies only the nearest, which can only make it likelier.
  private mutating func exclude(_ distances: [Int32], _ thumbnails: [[Float]]) {
    guard pValue < Rules.evenChance else { return }
    let order = distances.indices.filter { distances[$0] <= 2 * limit }
      .sorted { (distances[$0], $0) < (distances[$1], $1) }
    var kept: [Int] = []
    for i in order where !kept.contains(where: { Self.dot(thumbnails[$0], thumbnails[i]) > Rules.copies }) {
      kept.append(i)
    }
    let before = pValue
    count(kept.map { distances[$0] }, limit)
    pValue = max(pValue, before)
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
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

extension [Int32] {
  /// First index at which a predicate holds, for an array in which it holds from there on.
  fileprivate func partitioningIndex(where holds: (Int32) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
