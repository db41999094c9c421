/// What was discovered in some images and is to be confirmed in others: how near each image comes to it, and to its decoys.
struct Hypothesis: Sendable {
  /// Fixed where it was discovered.
  var gap: Gap
  /// Distance of every image; infinite where it was not looked for.
  var distances: [Float]
  /// The same of each decoy.
  var decoys: [[Float]]
  /// What is around it in every image, where that is a question.
  var surroundings: [Surroundings?] = []
}

/// What held in images that it was not discovered in.
package struct Confirmed: Sendable {
  /// Of those that were tested.
  package var index: Int
  /// Corrected for the number of tests.
  package var pValue: Double
  /// Of every image, 1 / (1 + distance).
  package var scores: [Float]
  package var decoys: [[Float]]
  /// Score from which images are members.
  package var threshold: Float

  /// The best first.
  package var members: [Int] {
    scores.indices.filter { scores[$0] >= threshold }.sorted { (scores[$0], $1) > (scores[$1], $0) }
  }

  /// Puts what an image shows without a control in the place of what it shows with it.
  mutating func replace(_ image: Int, distance: Float, decoys others: [Float]) {
    scores[image] = 1 / (1 + distance)
    for (k, other) in others.enumerated() { decoys[k][image] = 1 / (1 + other) }
  }

  /// True if what was found is one of some controls, given the images that each is hidden in.
  func isControl(_ controls: [[Int]]) -> Bool { controls.contains { members.share(in: $0) > 0.5 } }

  /// Tests what was fixed before in other images, the surest first.
  ///
  /// - Parameters:
  ///   - others: Images that nothing was fixed by.
  ///   - thumbnails: One an image of the source; nil for one that could not be read, which is left out.
  ///   - strictness: Times the limit up to which decoys are counted.
  ///   - isSharp: Whether members lie within the limit that was tested, rather than on this side of the decoys.
  ///   - rate: Chance that anything natural is confirmed, and largest share of false members.
  /// - Source: Holm, Scand. J. Statist. 1979.
  static func all(
    _ hypotheses: [Hypothesis], others all: [Int], thumbnails: [[Float]?], strictness: Float = 1, isSharp: Bool = false,
    rate: Double,
    report: (String) -> Void = { _ in }
  ) -> [Confirmed] {
    let others = all.filter { thumbnails[$0] != nil }
    let shown = others.compactMap { thumbnails[$0] }
    var tested = hypotheses.indices.map { k -> (index: Int, pValue: Double) in
      let one = hypotheses[k]
      func own(_ distances: [Float]) -> [Float] { others.map { distances[$0] } }
      let gap = Gap(
        own(one.distances), turned: one.decoys.map { own($0).map { $0 / strictness } }, shown,
        surroundings: one.surroundings.isEmpty ? [] : others.map { one.surroundings[$0] }, like: one.gap)
      report(
        "test \(k): limit \(gap.limit) p \(gap.pValue), \(gap.within) within, \(gap.beyond) beyond, \(gap.turned) turned; \(own(one.distances).sorted().prefix(20))"
      )
      return (k, gap.pValue)
    }
    tested.sort { ($0.pValue, $0.index) < ($1.pValue, $1.index) }
    var confirmed: [Confirmed] = []
    for (k, one) in tested.enumerated() {
      let corrected = one.pValue * Double(tested.count - k)
      guard corrected <= rate else { break }
      let (hypothesis, scores) = (
        hypotheses[one.index], hypotheses[one.index].distances.map { 1 / (1 + $0) }
      )
      let decoys = hypothesis.decoys.map { $0.map { 1 / (1 + $0) } }
      let threshold = threshold(scores, decoys, hypothesis.gap, rate: rate)
      confirmed.append(
        Confirmed(
          index: one.index, pValue: corrected, scores: scores, decoys: decoys,
          threshold: isSharp ? max(threshold, 1 / (1 + hypothesis.gap.limit)) : threshold))
    }
    return confirmed
  }

  /// Lowest score of members, given how decoys score and what was tested.
  ///
  /// No decoy is at or above it, or so few that at most a share `rate` of images are there by chance; and where what was tested is much
  /// more alike than decoys are, it is in the middle, in ratio, between both.
  ///
  /// - Source: Decoys compete with the picture, image by image, as in Elias and Gygi, Nature Methods 2007; one is added to their number
  ///   as in Barber and Candes, Annals of Statistics 2015.
  private static func threshold(_ scores: [Float], _ decoys: [[Float]], _ gap: Gap, rate: Double) -> Float {
    let null = decoys.flatMap(\.self).sorted(by: >)
    var (best, above) = (Float.infinity, 0)
    for (i, score) in scores.sorted(by: >).enumerated() where score > 0 {
      while above < null.count, null[above] >= score { above += 1 }
      if above == 0 || Double(above + 1) <= rate * Double(i + 1) * Double(decoys.count) { best = score }
    }
    guard best.isFinite else { return best }
    let next = 1 / max(null.first { $0 < best } ?? 0, Rules.leastShare) - 1
    return max(best, 1 / (1 + max(gap.margin, (gap.limit * next).squareRoot())))
  }
}

extension [Int] {
  /// Share of these images that are among others; 0 for none.
  package func share(in others: [Int]) -> Double {
    let own = Set(others)
    return isEmpty ? 0 : Double(count(where: own.contains)) / Double(count)
  }
}
