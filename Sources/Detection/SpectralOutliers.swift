import Datasets
import Foundation
import Images
import Randomness

/// Finds a fixed pattern that was added to whole images: spectral triggers, sinusoids, blended pictures.
///
/// Natural images are as likely to have a DCT coefficient of high frequency positive as negative. A
/// pattern that was added shifts the coefficients of all images that carry it to the same side: some
/// coefficient, or, where the pattern is spread over many, some principal component of all of them has
/// many outliers on one side and few on the other. From each such start the direction that tells its
/// outliers from the rest best is found (Fisher's discriminant, with the coefficients that differ most),
/// outliers along it are taken again, and so on. What remains must be
/// separated (see ``Separation``): the other side of the same direction is the decoy. Each image is judged
/// along a direction that was found without it (three folds). Where images fill some of the valley the pattern has to be as
/// strong in the corners as elsewhere: what a class has in common is where its objects are.
///
/// Two views of an image are looked at: the image as it is, and the image less its local mean, clipped
/// to a few levels, in which strong edges no longer hide a weak pattern.
///
/// - Source: Zeng et al., "Rethinking the Backdoor Attacks' Triggers: A Frequency Perspective", ICCV 2021,
///   arXiv 2104.03413, for where such triggers show; the test on one-sided outliers is our own.
public struct SpectralOutliers: Detector {
  public static let name = "spectral-outliers"
  public static let limits =
    "spectral-outliers sees one fixed pattern added to whole images, in some 30 up to a seventh of them; not one of low frequency alone, not one that changes from image to image, not warps."

  /// The canary is no pattern, and its edges would lie in the tails of the spectrum.
  public static let isControlled = false

  /// Coefficients of the clipped view beyond these levels are cut off.
  private static let clip: Float = 16
  /// Images that directions are fitted to, at most.
  private static let sample = 10_000
  /// Coefficients in a discriminant, at most; no more than it has examples.
  private static let dimensions = 96
  /// Coefficients and principal components that a search starts from.
  private static let (coefficientStarts, componentStarts) = (24, 8)
  /// Images that principal components are taken of, at most, and rounds of subspace iteration.
  private static let (componentSample, componentRounds) = (4000, 6)
  /// Deviation (see ``Separation``) from which an excess on one side is no accident: of the some 5,000
  /// directions tried, and of those the best.
  private static let smallestDeviation = 5.5
  private static let limitsOfOutliers: [Float] = [3, 4, 5, 6, 8]

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard set.count >= 60 else { return [] }
    var found: [Proposal] = []
    for isClipped in [false, true] {
      let view = View(set, isClipped: isClipped)
      for direction in Directions(
        view, set, set.sample(Self.sample), rate: context.falseDiscoveryRate, threads: context.threads
      ).separated() {
        // Copies of one picture share all their coefficients: each counts once.
        let fewest = Int(Self.smallestDeviation * Self.smallestDeviation)
        guard NearDuplicates.distinct(direction.members.map(\.image), in: set, upTo: fewest) >= fewest else { continue }
        let members = Set(direction.members.map(\.image))
        // The same images again, from the other view or another start.
        if let twin = found.firstIndex(where: { other in
          let shared = other.members.count { members.contains($0.image) }
          return 2 * shared > min(members.count, other.members.count)
        }) {
          if (found[twin].separation?.valley ?? 1) > direction.separation?.valley ?? 1 { found[twin] = direction }
        } else {
          found.append(direction)
        }
      }
    }
    return found
  }

  /// Turns an image into coefficients.
  struct View: Sendable {
    let isClipped: Bool
    /// Side of the transform: the image's, 32 at most.
    let side: Int
    /// Coefficients kept, as indices into channel * side * side + row * side + column.
    let kept: [Int]
    /// Wave k at place x: basis[k * side + x].
    private let basis: [Float]
    /// The same with eight waves in a vector, place after place; waves beyond the last are 0.
    private let waves: [SIMD8<Float>]
    private let imageSide: Int

    init(_ set: ImageSet, isClipped: Bool) {
      self.isClipped = isClipped
      imageSide = set.side
      side = min(32, set.side)
      let n = side
      // Low frequencies are what images are about; a class is no pattern.
      kept = (0..<3 * n * n).filter { max($0 % (n * n) / n, $0 % n) >= n / 4 }
      let basis = (0..<n * n).map { i -> Float in
        let (k, x) = (i / n, i % n)
        let scale = (Float(k == 0 ? 1 : 2) / Float(n)).squareRoot()
        return scale * cos(Float(2 * x + 1) * Float(k) * .pi / Float(2 * n))
      }
      self.basis = basis
      let vectors = (n + 7) / 8
      waves = (0..<n * vectors).map { i in
        let (x, first) = (i / vectors, i % vectors * 8)
        return SIMD8((first..<first + 8).map { $0 < n ? basis[$0 * n + x] : 0 })
      }
    }

    /// Y, U and V planes in levels, each side * side; tiles of a larger image are averaged, which keeps
    /// what is repeated in every tile, or, in the clipped view, the image is made smaller.
    private func planes(_ set: ImageSet, _ image: Int) -> [Float] {
      let n = side
      var planes = [Float](repeating: 0, count: 3 * n * n)
      func add(_ r: Float, _ g: Float, _ b: Float, _ at: Int, _ weight: Float) {
        let y = luminance(r, g, b)
        planes[at] += weight * y
        planes[n * n + at] += weight * 0.492 * (b - y)
        planes[2 * n * n + at] += weight * 0.877 * (r - y)
      }
      if isClipped && imageSide > n {
        let small = set.image(image).resized(width: n, height: n).pixels
        for i in 0..<n * n { add(Float(small[3 * i]), Float(small[3 * i + 1]), Float(small[3 * i + 2]), i, 1) }
      } else {
        let tiles = imageSide / n
        let weight = 1 / Float(tiles * tiles)
        let start = image * set.stride
        for y in 0..<tiles * n {
          for x in 0..<tiles * n {
            let from = start + 3 * (y * imageSide + x)
            add(
              Float(set.pixels[from]), Float(set.pixels[from + 1]), Float(set.pixels[from + 2]), y % n * n + x % n,
              weight)
          }
        }
      }
      guard isClipped else { return planes }
      return (0..<3).flatMap { c in
        lessLocalMean(planes[c * n * n..<(c + 1) * n * n], side: n).map {
          max(-SpectralOutliers.clip, min(SpectralOutliers.clip, $0))
        }
      }
    }

    /// Kept coefficients over the image's own strength at these frequencies.
    func coefficients(_ set: ImageSet, _ image: Int) -> [Float] {
      var values = amplitudes(set, image)
      var (squares, count): (Float, Float) = (0, 0)
      for (value, k) in zip(values, kept) where k < side * side {
        squares += value * value
        count += 1
      }
      let strength = (squares / max(1, count)).squareRoot() + 3
      for i in values.indices { values[i] *= 12 / strength }
      return values
    }

    /// Kept coefficients in levels.
    func amplitudes(_ set: ImageSet, _ image: Int) -> [Float] {
      let n = side
      let planes = planes(set, image)
      let vectors = (n + 7) / 8
      var half = [SIMD8<Float>](repeating: .zero, count: n * vectors)
      var line = [SIMD8<Float>](repeating: .zero, count: vectors)
      var whole = [Float](repeating: 0, count: 3 * n * n)
      for c in 0..<3 {
        for i in half.indices { half[i] = .zero }
        for y in 0..<n {
          for x in 0..<n {
            let value = planes[c * n * n + y * n + x]
            for v in 0..<vectors { half[y * vectors + v] += value * waves[x * vectors + v] }
          }
        }
        for row in 0..<n {
          for v in 0..<vectors { line[v] = .zero }
          for y in 0..<n {
            let weight = basis[row * n + y]
            for v in 0..<vectors { line[v] += weight * half[y * vectors + v] }
          }
          for column in 0..<n { whole[(c * n + row) * n + column] = line[column / 8][column % 8] }
        }
      }
      return kept.map { whole[$0] }
    }

    /// Levels of the pattern with these mean coefficients, 3 * side * side, of the image's side.
    func pattern(_ coefficients: [Float]) -> [Float] {
      let n = side
      var planes = [Float](repeating: 0, count: 3 * n * n)
      for (value, k) in zip(coefficients, kept) {
        let (c, row, column) = (k / (n * n), k % (n * n) / n, k % n)
        for y in 0..<n {
          let weight = value * basis[row * n + y]
          for x in 0..<n { planes[c * n * n + y * n + x] += weight * basis[column * n + x] }
        }
      }
      var levels = [Float](repeating: 0, count: 3 * imageSide * imageSide)
      for y in 0..<imageSide {
        for x in 0..<imageSide {
          let at = isClipped ? y * n / imageSide * n + x * n / imageSide : y % n * n + x % n
          let (luma, u, v) = (planes[at], planes[n * n + at], planes[2 * n * n + at])
          let to = 3 * (y * imageSide + x)
          levels[to] = luma + 1.140 * v
          levels[to + 1] = luma - 0.395 * u - 0.581 * v
          levels[to + 2] = luma + 2.032 * u
        }
      }
      return levels
    }
  }

  /// Coefficients of a sample, standardised, and the directions in which they have separated outliers.
  private struct Directions {
    private let view: View
    private let set: ImageSet
    private let sample: [Int]
    private let rate: Double
    private let threads: Int
    /// Coefficient by image of the sample: z[k * n + i].
    private var z: [Float]
    private let n: Int
    private let width: Int
    private var centre: [Float]
    private var scale: [Float]
    /// Of each coefficient and fold the sums of values and of squares.
    private var moments: [[(sum: Float, squares: Float)]] = []
    /// Fold of each image of the sample.
    private let folds: [Int]

    init(_ view: View, _ set: ImageSet, _ sample: [Int], rate: Double, threads: Int) {
      (self.view, self.set, self.sample, self.rate, self.threads) = (view, set, sample, rate, threads)
      n = sample.count
      folds = sample.map(set.fold)
      width = view.kept.count
      let rows = n
      let part = 64
      let parts = concurrentMap((n + part - 1) / part, threads: threads) { p in
        (p * part..<min(rows, (p + 1) * part)).map { view.coefficients(set, sample[$0]) }
      }
      var values = [Float](repeating: 0, count: width * n)
      var i = 0
      for part in parts {
        for row in part {
          for k in 0..<width { values[k * n + i] = row[k] }
          i += 1
        }
      }
      (centre, scale) = ([], [])
      let step = max(1, n / 2000)
      let levels = concurrentMap(width, threads: threads) { [values] k -> (Float, Float) in
        let (middle, scale) = Self.bulk(stride(from: k * rows, to: (k + 1) * rows, by: step).map { values[$0] })
        return (middle, scale + 2)
      }
      for k in 0..<width {
        let (middle, scale) = (levels[k].0, levels[k].1)
        for i in k * n..<(k + 1) * n { values[i] = max(-12, min(12, (values[i] - middle) / scale)) }
      }
      z = values
      centre = levels.map(\.0)
      scale = levels.map(\.1)
      moments = concurrentMap(width, threads: threads) { [z, folds] k in
        var own = [(sum: Float, squares: Float)](repeating: (0, 0), count: ImageSet.folds)
        for i in 0..<rows {
          let value = z[k * rows + i]
          own[folds[i]].sum += value
          own[folds[i]].squares += value * value
        }
        return own
      }
    }

    /// Median and deviation of most: between 15 % and 85 %, since a pattern may be in up to a seventh of all images.
    private static func bulk(_ values: [Float]) -> (middle: Float, scale: Float) {
      let sorted = values.sorted()
      let (low, high) = (sorted[sorted.count * 15 / 100], sorted[sorted.count * 85 / 100])
      return (sorted[sorted.count / 2], (high - low) / 2.07)
    }

    func separated() -> [Proposal] {
      let starts = starts()
      let fits = concurrentMap(starts.count, threads: threads) { judged(starts[$0]) }
      var (result, taken): ([Proposal], Set<Int>) = ([], [])
      for fit in fits.compactMap(\.self).sorted(by: { $0.separation.valley < $1.separation.valley }) {
        let own = fit.separation.above
        guard own > 0, !fit.members.contains(where: taken.contains) else { continue }
        // What images vary in most is first of all what they show: there the pattern has to be even, as it has to be where it
        // does not lie far from the others.
        func isFar(_ separation: Separation) -> Bool {
          !fit.isComponent && Self.isAlone(separation) && separation.distance >= Self.farDistance
        }
        let isEven = !isFar(fit.separation) && evenness(fit.members) >= Self.leastEvenness
        func isPlanted(_ separation: Separation) -> Bool {
          isFar(separation)
            || isEven && (Self.isMany(separation) || !fit.isComponent && Self.isAlone(separation))
        }
        guard isPlanted(fit.separation) else { continue }
        let proposal = proposal(fit)
        guard let separation = proposal.separation, isPlanted(separation) else { continue }
        taken.formUnion(fit.members)
        result.append(proposal)
      }
      return result
    }

    /// Images that lie apart on one side: rows of the sample.
    private struct Start: Sendable {
      let rows: [Int]
      /// How one-sided the outliers are.
      let score: Float
      /// Along a principal component rather than a single coefficient.
      let isComponent: Bool

      /// - Parameter values: One a row of the sample, in deviations from the bulk.
      init(_ values: ArraySlice<Float>, isComponent: Bool) {
        self.isComponent = isComponent
        var best: (score: Float, sign: Float, limit: Float) = (0, 1, 3)
        for limit in SpectralOutliers.limitsOfOutliers {
          var (up, down): (Float, Float) = (0, 0)
          for value in values { if value > limit { up += 1 } else if value < -limit { down += 1 } }
          let score = (up - down) / (up + down + 9).squareRoot()
          if abs(score) > best.score { best = (abs(score), score < 0 ? -1 : 1, limit) }
        }
        score = best.score
        rows = values.indices.filter { best.sign * values[$0] > best.limit }.map { $0 - values.startIndex }
      }
    }

    /// The most one-sided outliers of single coefficients and of principal components.
    private func starts() -> [Start] {
      func best(_ starts: [Start], _ count: Int) -> [Start] {
        starts.indices.sorted { (starts[$0].score, $1) > (starts[$1].score, $0) }.prefix(count).map { starts[$0] }
      }
      let single = concurrentMap(width, threads: threads) { Start(z[$0 * n..<($0 + 1) * n], isComponent: false) }
      return best(single, SpectralOutliers.coefficientStarts)
        + best(principalComponents().map { Start($0[...], isComponent: true) }, SpectralOutliers.componentStarts)
    }

    /// Projections of all rows on the 16 directions in which standardised coefficients vary most, in deviations from the bulk.
    ///
    /// A pattern that is spread over hundreds of coefficients shifts none of them far, but all at once. The matrix itself is
    /// multiplied: the covariance of `ClusterSpace` would have some 3,000 columns squared, and its rows have length 1.
    private func principalComponents() -> [[Float]] {
      typealias Block = SIMD16<Float>
      let used = (0..<width).filter { k in moments[k].contains { $0.squares > 0 } }
      guard used.count >= Block.scalarCount else { return [] }
      let chosen = Set(set.sample(among: sample, SpectralOutliers.componentSample))
      let some = (0..<n).filter { chosen.contains(sample[$0]) }
      var random = RandomStream(seed: 1).stream("principal components")
      var basis = orthonormal(used.map { _ in Block((0..<Block.scalarCount).map { _ in random.normal() }) })
      func projections(_ rows: [Int], _ basis: [Block]) -> [Block] {
        let part = 250
        return concurrentMap((rows.count + part - 1) / part, threads: threads) { p in
          let own = rows[p * part..<min(rows.count, (p + 1) * part)]
          var sums = [Block](repeating: .zero, count: own.count)
          for (k, weights) in zip(used, basis) {
            for (i, row) in own.enumerated() { sums[i] += weights * z[k * n + row] }
          }
          return sums
        }.flatMap(\.self)
      }
      for _ in 0..<SpectralOutliers.componentRounds {
        let projected = projections(some, basis)
        basis = orthonormal(
          concurrentMap(used.count, threads: threads) { at in
            var sum = Block.zero
            for (i, row) in some.enumerated() { sum += projected[i] * z[used[at] * n + row] }
            return sum
          })
      }
      let projected = projections(Array(0..<n), basis)
      return (0..<Block.scalarCount).map { j in
        let (middle, scale) = Self.bulk(some.map { projected[$0][j] })
        return projected.map { ($0[j] - middle) / max(scale, 1e-6) }
      }
    }

    /// A direction; an image's score along it is in deviations from the bulk.
    private struct Direction: Sendable {
      var chosen: [Int]
      var weights: [Float]
      var median: Float
      var deviation: Float

      /// - Parameter z: Standardised value of a coefficient.
      func score(_ z: (_ k: Int) -> Float) -> Float {
        var score: Float = 0
        for (w, k) in zip(weights, chosen) { score += w * z(k) }
        return (score - median) / deviation
      }
    }

    private struct Fit: Sendable {
      /// One a fold, fitted without its images.
      var directions: [Direction]
      /// One an image of the sample, along the direction that was fitted without it.
      var scores: [Float]
      /// Rows of the sample.
      var members: [Int]
      var separation: Separation
      /// Whether the search started from a principal component.
      var isComponent: Bool
    }

    /// Looks whether what a coefficient's outliers have in common holds for images that the direction was not fitted to: with
    /// some hundred images there is always a direction along which a few dozen of those it was fitted to lie apart.
    private func judged(_ start: Start) -> Fit? {
      func mayBePlanted(_ separation: Separation) -> Bool { Self.isAlone(separation) || Self.isMany(separation) }
      guard let (_, own, apart) = fit(start, without: nil),
        mayBePlanted(Separation(own, decoys: own.map { -$0 }, members: apart, rate: rate))
      else { return nil }
      var (directions, scores): ([Direction], [Float]) = ([], [Float](repeating: 0, count: n))
      for fold in 0..<ImageSet.folds {
        guard let (direction, others, _) = fit(start, without: fold) else { return nil }
        directions.append(direction)
        for i in 0..<n where folds[i] == fold { scores[i] = others[i] }
      }
      let members = Self.members(scores, among: apart, of: Array(0..<n))
      let separation = Separation(scores, decoys: scores.map { -$0 }, members: members, rate: rate)
      guard mayBePlanted(separation) else { return nil }
      return Fit(
        directions: directions, scores: scores, members: members, separation: separation,
        isComponent: start.isComponent)
    }

    /// Rows beyond half of the middle score of those that were taken for members.
    private static func members(_ scores: [Float], among members: [Int], of rows: [Int]) -> [Int] {
      let own = members.map { scores[$0] }.sorted()
      let limit = max(4, own[own.count / 2] / 2)
      return rows.filter { scores[$0] > limit }
    }

    /// Finds the direction that tells one coefficient's outliers from the rest.
    ///
    /// - Parameter fold: Its images are not looked at; nil looks at all.
    /// - Returns: The direction, scores of all images of the sample, and the rows that lie apart among those looked at.
    private func fit(_ start: Start, without fold: Int?) -> (Direction, scores: [Float], members: [Int])? {
      let rows = (0..<n).filter { folds[$0] != fold }
      var members = start.rows.filter { folds[$0] != fold }
      var last: (Direction, [Float], [Int])?
      for _ in 0..<5 {
        guard members.count >= 8, members.count * 2 < rows.count else { return nil }
        let m = Float(members.count)
        let (all, rest) = (Float(rows.count), Float(rows.count) - m)
        var (difference, separation) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
        for k in 0..<width {
          var (sum, squares): (Float, Float) = (0, 0)
          for i in members {
            let value = z[k * n + i]
            sum += value
            squares += value * value
          }
          let left: (sum: Float, squares: Float) = fold.map { moments[k][$0] } ?? (0, 0)
          let total: Float = moments[k].reduce(0) { $0 + $1.sum } - left.sum
          let totalSquares: Float = moments[k].reduce(0) { $0 + $1.squares } - left.squares
          let (mean, square) = (total / all, totalSquares / all)
          let own = sum / m
          let other = (total - sum) / rest
          let variance = max(0, squares / m - own * own) / m + max(0, square - mean * mean) / rest + 1e-3
          difference[k] = own - other
          separation[k] = abs(own - other) / variance.squareRoot()
        }
        let chosen = Array(
          (0..<width).sorted { (separation[$0], $1) > (separation[$1], $0) }.prefix(
            min(SpectralOutliers.dimensions, max(16, members.count))))
        let planted = Set(members)
        let weights = solve(
          covariance(chosen, of: rows.filter { !planted.contains($0) }), chosen.map { difference[$0] })
        var scores = [Float](repeating: 0, count: n)
        for (w, k) in zip(weights, chosen) { for i in 0..<n { scores[i] += w * z[k * n + i] } }
        let sorted = rows.map { scores[$0] }.sorted()
        let median = sorted[sorted.count / 2]
        let deviation = max((median - sorted[sorted.count / 10]) / 1.28, 0.02)
        for i in 0..<n { scores[i] = (scores[i] - median) / deviation }
        members = Self.members(scores, among: members, of: rows)
        guard members.count >= 8 else { return nil }
        last = (
          Direction(chosen: chosen, weights: weights, median: median, deviation: deviation), scores, members
        )
      }
      return last
    }

    /// True if next to nothing lies between the outliers and the rest.
    private static func isAlone(_ separation: Separation) -> Bool {
      separation.isPlanted && separation.valleyBound <= Separation.largestValley
        && separation.deviation >= SpectralOutliers.smallestDeviation
    }

    /// True for many outliers; then a valley that is not quite empty will do for a pattern as strong in the corners as elsewhere.
    private static func isMany(_ separation: Separation) -> Bool {
      separation.decoysAbove * 50 <= separation.above && separation.deviation >= 10 && separation.distance >= 6
        && separation.valley <= evenValley
    }

    /// Largest valley of a pattern that is even, and least evenness: patterns planted in CIFAR-10 have 0.74 to 1.06, what classes of
    /// garments have in common 0.15 to 0.4, in two of eleven such groups 0.9, with valleys of 0.38 and 0.48.
    private static let evenValley = 0.25
    private static let leastEvenness: Float = 0.5
    /// Distance from which a pattern that is not even is believed: sinusoids on garments lie 10 and more away, shoes and other
    /// garments in two of some 200 subsets 7.6 and 7.8.
    private static let farDistance: Float = 9

    /// How strong what members share beyond other images is in the corners, relative to the whole image, 0...1 and a little more.
    ///
    /// Products of two halves of the members, so that chance adds nothing.
    private func evenness(_ members: [Int]) -> Float {
      let planted = Set(members)
      let others = (0..<n).filter { !planted.contains($0) }
      func mean(_ rows: [Int], _ half: Int) -> [Float] {
        let own = stride(from: half, to: rows.count, by: max(2, rows.count / 400 * 2)).map { sample[rows[$0]] }
        return set.mean(own, threads: threads) { [set] in set.detail($0) }
      }
      guard members.count >= 2, others.count >= 2 else { return 0 }
      let halves = (0..<2).map { half in zip(mean(members, half), mean(others, half)).map { $0 - $1 } }
      let (side, corner) = (set.side, max(1, set.side / 5))
      func isOuter(_ i: Int) -> Bool { i < corner || i >= side - corner }
      var (outer, all): (Float, Float) = (0, 0)
      for i in halves[0].indices {
        let power = halves[0][i] * halves[1][i]
        all += power
        if isOuter(i % side) && isOuter(i % (side * side) / side) { outer += power }
      }
      let share = Float(4 * corner * corner) / Float(side * side)
      return (max(0, outer / share) / max(all, 1e-6)).squareRoot()
    }

    private func covariance(_ chosen: [Int], of rows: [Int]) -> [Double] {
      let d = chosen.count
      let rows = stride(from: 0, to: rows.count, by: max(1, n / 2500)).map { rows[$0] }
      // Eight images in a vector, the last one filled with zeros.
      let columns = chosen.map { k -> [SIMD8<Float>] in
        let mean = rows.reduce(0) { $0 + z[k * n + $1] } / Float(max(1, rows.count))
        var own = [SIMD8<Float>](repeating: .zero, count: (rows.count + 7) / 8)
        for (i, row) in rows.enumerated() { own[i / 8][i % 8] = z[k * n + row] - mean }
        return own
      }
      var result = [Double](repeating: 0, count: d * d)
      for a in 0..<d {
        for b in 0...a {
          var sums = SIMD8<Float>.zero
          for (left, right) in zip(columns[a], columns[b]) { sums += left * right }
          let sum = sums.sum()
          let value = Double(sum) / Double(max(1, rows.count)) + (a == b ? 0.3 : 0)
          (result[a * d + b], result[b * d + a]) = (value, value)
        }
      }
      return result
    }

    /// Scores all images of the set along a direction.
    private func proposal(_ fit: Fit) -> Proposal {
      var known = [Float?](repeating: nil, count: set.count)
      for (row, image) in sample.enumerated() { known[image] = fit.scores[row] }
      // Images beyond the sample were in no fit: the mean over the folds.
      let all = concurrentMap(set.count, threads: threads) { [known] i -> Float in
        if let score = known[i] { return score }
        let own = view.coefficients(set, i)
        let scores = fit.directions.map { direction in
          direction.score { max(-12, min(12, (own[$0] - centre[$0]) / scale[$0])) }
        }
        return scores.reduce(0, +) / Float(scores.count)
      }
      let decoys = all.map { -$0 }
      let separation = Separation(all, decoys: decoys, members: fit.members.map { sample[$0] }, rate: rate)
      let p = Calibration.pValues(all, null: decoys)
      let members = all.indices.filter { all[$0] >= separation.threshold }
        .sorted { (all[$0], $1) > (all[$1], $0) }
      return Proposal(
        detector: SpectralOutliers.name, trigger: .pattern(pattern(members)),
        members: members.map { .init(image: $0, score: all[$0], pValue: p[$0], place: nil) }, separation: separation,
        isPoison: true)
    }

    /// Mean of the members' high frequencies less that of the others, in levels.
    private func pattern(_ members: [Int]) -> [Float] {
      let plain = View(set, isClipped: false)
      func mean(_ images: [Int]) -> [Float] {
        set.mean(images, threads: threads) { [set] in plain.amplitudes(set, $0) }
      }
      let planted = Set(members)
      let own = mean(Array(members.prefix(500)))
      let others = mean(Array((0..<set.count).lazy.filter { !planted.contains($0) }.prefix(500)))
      return plain.pattern(zip(own, others).map { $0 - $1 })
    }
  }
}

/// Columns of a matrix made orthogonal to those before and of length 1 (Gram-Schmidt); dependent ones become 0.
private func orthonormal(_ rows: [SIMD16<Float>]) -> [SIMD16<Float>] {
  var result = rows
  for j in 0..<SIMD16<Float>.scalarCount {
    // Twice: after the first time what is left of long columns is not quite orthogonal.
    for _ in 0..<2 {
      var along = SIMD16<Float>.zero
      for row in result { along += row * row[j] }
      // Only earlier columns, which have length 1.
      for k in j..<SIMD16<Float>.scalarCount { along[k] = 0 }
      for i in result.indices { result[i][j] -= (result[i] * along).sum() }
    }
    var squares: Float = 0
    for row in result { squares += row[j] * row[j] }
    let length = squares.squareRoot()
    for i in result.indices { result[i][j] = length > 1e-12 ? result[i][j] / length : 0 }
  }
  return result
}

/// Solves A x = b for a symmetric positive matrix (Cholesky).
private func solve(_ matrix: [Double], _ right: [Float]) -> [Float] {
  let d = right.count
  var l = matrix
  for j in 0..<d {
    for k in 0..<j { l[j * d + j] -= l[j * d + k] * l[j * d + k] }
    l[j * d + j] = max(l[j * d + j], 1e-12).squareRoot()
    for i in j + 1..<max(d, j + 1) {
      for k in 0..<j { l[i * d + j] -= l[i * d + k] * l[j * d + k] }
      l[i * d + j] /= l[j * d + j]
    }
  }
  var x = right.map(Double.init)
  for i in 0..<d {
    for k in 0..<i { x[i] -= l[i * d + k] * x[k] }
    x[i] /= l[i * d + i]
  }
  for i in stride(from: d - 1, through: 0, by: -1) {
    for k in i + 1..<max(d, i + 1) { x[i] -= l[k * d + i] * x[k] }
    x[i] /= l[i * d + i]
  }
  return x.map(Float.init)
}
