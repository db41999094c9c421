import CKernels
import Foundation
import Images
import Randomness

/// What an image shows that is finer than its neighbourhood, as signs: what a pattern over whole images changes, whatever they show.
package struct FineSigns: Sendable {
  /// Pixels along a side.
  package let side: Int
  /// -1, 0 or 1; planes of side * side.
  package let signs: [Int16]
  /// Signs that are not 0.
  let known: Int
  /// Luminance of 8 * 8 cells, less its mean and of norm 1.
  let thumbnail: [Float]

  /// Looks at planes of levels.
  ///
  /// - Parameters:
  ///   - planes: The first is luminance.
  ///   - least: Levels by which a pixel differs from the 5 * 5 around it, to have a sign.
  package init(_ planes: [[Float]], side: Int, least: Float) {
    precondition((16...4096).contains(side) && planes.allSatisfy { $0.count == side * side })
    self.side = side
    var signs: [Int16] = []
    for plane in planes {
      var own = [Int16](repeating: 0, count: side * side)
      bz_kernels(Int32.max).pointee.fine_signs(plane, Int32(side), least, &own)
      signs += own
    }
    self.signs = signs
    known = signs.count { $0 != 0 }
    var cells = [Float](repeating: 0, count: 64)
    for y in 0..<side { for x in 0..<side { cells[y * 8 / side * 8 + x * 8 / side] += planes[0][y * side + x] } }
    thumbnail = cells.standardised
  }

  /// Means over whole tiles of `side` pixels of a photograph: what a pattern repeats in its file adds up, what it shows does not.
  ///
  /// Luminance, and blue and red less it, halved.
  package static func tiles(_ image: Image, side: Int) -> [[Float]]? {
    let tiles = (image.width / side) * (image.height / side)
    guard tiles > 0 else { return nil }
    var sums = [UInt32](repeating: 0, count: 3 * side * side)
    bz_kernels(Int32.max).pointee.tile_sums(
      image.pixels, Int32(image.width), Int32(image.height), Int32(side), &sums)
    var planes = [[Float]](repeating: [], count: 3)
    for i in 0..<side * side {
      let (r, g, b) = (
        Float(sums[3 * i]) / Float(tiles), Float(sums[3 * i + 1]) / Float(tiles), Float(sums[3 * i + 2]) / Float(tiles)
      )
      let y = luminance(r, g, b)
      planes[0].append(y)
      planes[1].append((b - y) / 2)
      planes[2].append((r - y) / 2)
    }
    return planes
  }
}

/// Finds one pattern that was added to the whole of some images: blended pictures, noise, spectral triggers.
///
/// 1. In a sample, drawn by the run's seed, every two images are compared: their signs agree in half of all pixels unless both carry
///    the same pattern. An image, and those that agree with it, show the pattern; those that agree with that are its images, and so on.
/// 2. A limit that was fixed there is tested in the other images, as for pictures (``Gap``): natural agreement comes in all degrees,
///    and with the pattern turned over or inverted as often. Holm's correction accounts for the number of patterns.
/// 3. Members are told by competition with the turned patterns, at the false-discovery rate.
///
/// - Source: Our own. Correlation of noise residuals tells cameras: Lukas, Fridrich and Goljan, IEEE TIFS 2006.
/// - Limits: What is not finer than some five pixels of the frame; fewer than about 14 images, or more than half of all.
package struct RecurringPatterns: Sendable {
  private let order: [Int]
  private let rate: Double
  private let threads: Int
  private let plain: @Sendable ([Int]) -> [FineSigns?]
  private let controls: [Int: FineSigns]
  private let report: @Sendable (String) -> Void

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - order: All images, drawn by the run's seed: something is discovered in the first of them.
  ///   - rate: Largest share of false ones among families, and among the members of each.
  ///   - controls: What images show in which a control is hidden.
  ///   - report: Told what is seen on the way, in words, for developers.
  ///   - look: Signs of images, all of one side and number of planes; nil for one that cannot be read.
  package init(
    order: [Int], rate: Double, threads: Int, controls: [Int: FineSigns] = [:],
    report: @escaping @Sendable (String) -> Void = { _ in }, look: @escaping @Sendable ([Int]) -> [FineSigns?]
  ) {
    (self.order, self.rate, self.threads, self.report) = (order, rate, threads, report)
    (self.plain, self.controls) = (look, controls)
  }

  private func look(_ images: [Int]) -> [FineSigns?] {
    zip(images, plain(images)).map { controls[$0] ?? $1 }
  }

  /// Sums of signs.
  private struct Pattern: Sendable {
    /// The pattern, then what it is compared with.
    var turned: [[Int16]]
    var norms: [Float]
    /// Rows of the sample that it is the sum of.
    var images: [Int]
  }

  /// Looks through all images.
  package func families() -> [Confirmed] {
    let sample = order.prefix(min(order.count / 2, Rules.patternImages)).sorted()
    let rows = zip(sample, look(sample)).compactMap { image, own in own.map { (image, $0) } }
    guard rows.count >= 2 * Rules.leastImages else { return [] }
    let signs = rows.map(\.1)
    let found = candidates(signs)
    let (patterns, gaps) = (found.map(\.pattern), found.map(\.gap))
    guard !patterns.isEmpty else { return [] }
    let rest = order.dropFirst(sample.count).sorted()
    var sights = [Sight?](repeating: nil, count: order.count)
    for (image, own) in rows { sights[image] = sight(own, patterns, nil) }
    for start in stride(from: 0, to: rest.count, by: Rules.signsAtOnce) {
      let part = Array(rest[start..<min(rest.count, start + Rules.signsAtOnce)])
      for (image, own) in zip(part, look(part)) { sights[image] = own.map { sight($0, patterns, nil) } }
    }
    for (k, pattern) in patterns.enumerated() {
      for row in pattern.images {
        sights[rows[row].0]?.scores[k] = sight(signs[row], [pattern], signs[row]).scores[0]
      }
    }
    let hypotheses = patterns.indices.map { k -> Hypothesis in
      func distances(_ turn: Int) -> [Float] { sights.map { Self.distance($0?.scores[k][turn] ?? 0) } }
      return Hypothesis(gap: gaps[k], distances: distances(0), decoys: (1..<patterns[k].turned.count).map(distances))
    }
    let hidden = controls.keys.sorted()
    let confirmed = Confirmed.all(
      hypotheses, others: rest, thumbnails: sights.map { $0?.thumbnail },
      strictness: Rules.decoyReach, rate: rate, report: report
    )
    // What images show under a control.
    let under =
      confirmed.allSatisfy { $0.isControl([hidden]) }
      ? [] : zip(hidden, plain(hidden)).compactMap { image, own in own.map { (image, $0) } }
    return confirmed.map { found in
      guard !found.isControl([hidden]) else { return found }
      var own = found
      let from = Set(patterns[found.index].images.map { rows[$0].0 })
      for (image, signs) in under {
        let sight = sight(signs, [patterns[found.index]], from.contains(image) ? controls[image] : nil)
        let distances = sight.scores[0].map(Self.distance)
        own.replace(image, distance: distances[0], decoys: Array(distances.dropFirst()))
      }
      return own
    }
  }

  /// What is known of an image: for each pattern its score and those of its decoys.
  private struct Sight: Sendable {
    var thumbnail: [Float]
    var scores: [[Float]]
  }

  /// - Parameter part: What the patterns contain of this image, which is taken out of them.
  private func sight(_ own: FineSigns, _ patterns: [Pattern], _ part: FineSigns?) -> Sight {
    let norm = Float(max(1, own.known)).squareRoot()
    return Sight(
      thumbnail: own.thumbnail,
      scores: patterns.map { pattern in
        pattern.turned.indices.map { turn in
          var (sum, length) = (Self.product(own.signs, pattern.turned[turn]), pattern.norms[turn])
          if let part, turn == 0 {
            let along = Self.product(part.signs, pattern.turned[0])
            length = max(0, length * length - 2 * along + Float(part.known)).squareRoot()
            sum -= Self.product(own.signs, part.signs)
          }
          let cosine = sum / max(1, norm * length)
          return cosine > 0 ? cosine * cosine : 0
        }
      })
  }

  private static func product(_ a: [Int16], _ b: [Int16]) -> Float {
    Float(bz_kernels(Int32.max).pointee.product(a, b, a.count))
  }

  // MARK: discovery

  private func candidates(_ signs: [FineSigns]) -> [(pattern: Pattern, gap: Gap)] {
    // Of each image those that agree with it most, near-copies left out.
    let agreeing = concurrentMap(signs.count, threads: threads) { i -> [(row: Int, cosine: Float)] in
      let cosines = signs.map { other in
        Self.product(signs[i].signs, other.signs) / max(1, Float(signs[i].known * other.known).squareRoot())
      }
      var best: [(row: Int, cosine: Float)] = []
      for j in cosines.indices.sorted(by: { (cosines[$0], $1) > (cosines[$1], $0) }) where j != i {
        guard best.count < Rules.leastImages - 1, cosines[j] > 0 else { break }
        let isCopy =
          signs[i].thumbnail.isCopy(of: signs[j].thumbnail)
          || best.contains { signs[$0.row].thumbnail.isCopy(of: signs[j].thumbnail) }
        if !isCopy { best.append((j, cosines[j])) }
      }
      return best
    }
    let order = agreeing.indices.filter { agreeing[$0].count == Rules.leastImages - 1 }
      .sorted { (agreeing[$0][agreeing[$0].count - 1].cosine, $1) > (agreeing[$1][agreeing[$1].count - 1].cosine, $0) }
    report("strengths \(order.prefix(12).map { agreeing[$0][agreeing[$0].count - 1].cosine })")
    var (found, taken): ([(pattern: Pattern, gap: Gap)], Set<Int>) = ([], [])
    var tried = 0
    for i in order where tried < Rules.tests && !taken.contains(i) {
      tried += 1
      let seed = [i] + agreeing[i].map(\.row)
      guard let (pattern, gap) = grown(seed, signs) else { continue }
      // What was found before, from images at its edge.
      if 2 * pattern.images.count(where: taken.contains) <= pattern.images.count { found.append((pattern, gap)) }
      taken.formUnion(pattern.images)
    }
    return found
  }

  /// The pattern that some images share, from all of the sample that agree with it; nil if there is no gap between those and others.
  private func grown(_ seed: [Int], _ signs: [FineSigns]) -> (pattern: Pattern, gap: Gap)? {
    var images = seed
    for round in 0..<Rules.recoveryRounds {
      guard let pattern = pattern(of: images, signs) else { return nil }
      let own = Set(images)
      let sights = concurrentMap(signs.count, threads: threads) { row in
        sight(signs[row], [pattern], own.contains(row) ? signs[row] : nil)
      }
      let distances = sights.map { Self.distance($0.scores[0][0]) }
      let turned = (1..<pattern.turned.count).map { turn in sights.map { Self.distance($0.scores[0][turn]) } }
      guard
        let gap = Gap(
          distances, turned: turned.map { $0.map { $0 / Rules.decoyReach } }, sights.map(\.thumbnail),
          share: Rules.naturalShare, atLeast: Rules.leastDistance), gap.pValue <= rate
      else {
        report("round \(round): no gap; \(distances.sorted().prefix(12))")
        return nil
      }
      var wide = gap
      wide.widen(distances)
      images = distances.indices.filter { distances[$0] <= wide.limit }
      report("round \(round): limit \(wide.limit), \(images.count) images, p \(gap.pValue)")
      if round == Rules.recoveryRounds - 1 || Set(images) == own { return (pattern, wide) }
    }
    return nil
  }

  private func pattern(of images: [Int], _ signs: [FineSigns]) -> Pattern? {
    var sum = [Int16](repeating: 0, count: signs[0].signs.count)
    for row in images { for i in sum.indices { sum[i] += signs[row].signs[i] } }
    let side = signs[0].side
    var turned = [sum]
    let norm = sum.reduce(0) { $0 + Float($1) * Float($1) }.squareRoot()
    guard norm > 0 else { return nil }
    for other in [sum.map { -$0 }] + Self.symmetries.map({ Self.turned(sum, side: side, $0) }) {
      var product: Float = 0
      for i in sum.indices { product += Float(sum[i]) * Float(other[i]) }
      // Nature says nothing of what looks the same turned over.
      if product / (norm * norm) < Rules.mostLikeness { turned.append(other) }
    }
    return Pattern(turned: turned, norms: turned.map { _ in norm }, images: images)
  }

  /// The symmetries of a square but for the identity: whether x and y change places, and which of them run backwards.
  private static let symmetries: [(swaps: Bool, left: Bool, up: Bool)] = [
    (false, true, false), (false, false, true), (false, true, true), (true, false, false), (true, true, false),
    (true, false, true), (true, true, true),
  ]

  private static func turned(_ planes: [Int16], side: Int, _ turn: (swaps: Bool, left: Bool, up: Bool)) -> [Int16] {
    var result = planes
    for plane in stride(from: 0, to: planes.count, by: side * side) {
      for y in 0..<side {
        for x in 0..<side {
          let (u, v) = (turn.left ? side - 1 - x : x, turn.up ? side - 1 - y : y)
          result[plane + y * side + x] = planes[plane + (turn.swaps ? u * side + v : v * side + u)]
        }
      }
    }
    return result
  }

  /// What is unexplained as a multiple of what is explained.
  private static func distance(_ score: Float) -> Float { max(0, 1 / max(score, Rules.leastShare) - 1) }
}
