import Foundation
import Recurrence

/// p-values from a null distribution that the data itself gives, and what follows from them.
public enum Calibration {
  /// Share of null values at least as high as each score, counting the score itself: never 0.
  ///
  ///     p = (1 + #{null >= score}) / (1 + n)
  ///
  /// - Source: Phipson and Smyth, "Permutation p-values should never be zero", 2010, arXiv 1603.05766.
  public static func pValues(_ scores: [Float], null: [Float]) -> [Double] {
    let sorted = null.sorted()
    return scores.map { score in
      Double(1 + sorted.count - sorted.partitioningIndex { $0 >= score }) / Double(1 + sorted.count)
    }
  }

  /// p-values from an exponential tail through two quantiles of the null: where a few of the null values are
  /// not null after all, and where p-values below 1 / n are needed.
  ///
  /// - Parameter quantiles: In order, (0, 1).
  /// - Source: Knijnenburg et al., "Fewer permutations, more accurate P-values", Bioinformatics 2009, with
  ///   a generalised Pareto tail of shape 0.
  public static func tailPValues(
    _ scores: [Float], null: [Float], quantiles: (Double, Double) = (0.8, 0.95)
  ) -> [Double] {
    let sorted = null.sorted()
    func value(_ share: Double) -> Double { Double(sorted[Int(share * Double(sorted.count))]) }
    let (low, high) = (value(quantiles.0), value(quantiles.1))
    let rate = log((1 - quantiles.0) / (1 - quantiles.1)) / max(high - low, 1e-6)
    return zip(scores, pValues(scores, null: null)).map { score, p in
      Double(score) <= low ? p : (1 - quantiles.0) * exp(-rate * (Double(score) - low))
    }
  }

  /// Largest p-value that is still rejected at a false-discovery rate, or nil if none is.
  ///
  /// - Source: Benjamini and Hochberg, "Controlling the false discovery rate", 1995.
  public static func benjaminiHochberg(_ pValues: [Double], rate: Double) -> Double? {
    let sorted = pValues.sorted()
    let n = Double(max(1, sorted.count))
    return sorted.indices.last { sorted[$0] <= rate * Double($0 + 1) / n }.map { sorted[$0] }
  }

  /// Lowest score that is rejected at a false-discovery rate, or nil if none is; p-values fall with scores.
  static func threshold(_ scores: [Float], _ pValues: [Double], rate: Double) -> Float? {
    benjaminiHochberg(pValues, rate: rate).flatMap { limit in
      zip(scores, pValues).lazy.filter { $0.1 <= limit }.map(\.0).min()
    }
  }
}

/// Whether the high scores of a few images stand apart from all others, and where to cut.
///
/// A planted trigger is there or it is not: scores have two modes with next to nothing between them,
/// and the decoys, scores of what cannot be there, have only the lower one. What images share naturally
/// comes in all degrees: a tail without a valley. Both must hold: a valley, and more scores than decoys
/// above it.
///
/// - Source: Target and decoy as in Elias and Gygi, Nature Methods 2007; the valley is our own.
public struct Separation: Codable, Sendable, Hashable {
  /// Scores from which images belong to the upper mode.
  public var threshold: Float
  /// Images at or above the threshold.
  public var above: Int
  /// Decoys at or above the threshold, for as many decoys as images.
  public var decoysAbove: Int
  /// Images in the valley as a share of those around the upper mode.
  public var valley: Double
  /// The same if one image more were in the valley: where modes are small, an empty place may be chance.
  public var valleyBound: Double
  /// Share of the way from the bulk to the upper mode on which there is no image.
  public var gap: Double
  /// Lower end of the upper mode relative to the bulk: (mode - median) / spread of the decoys.
  public var distance: Float
  /// Standard deviations of the excess of scores over decoys above the threshold (sign test, normal
  /// approximation).
  public var deviation: Double
  /// The scores themselves, for a chart.
  public var histogram = Histogram()

  /// Counts of scores in equal bins.
  public struct Histogram: Codable, Sendable, Hashable {
    /// From the least to the largest score.
    public var lower: Float = 0
    public var upper: Float = 1
    public var images: [Int] = []
    /// Decoys in the same bins; those beyond are in the first and the last one.
    public var decoys: [Int] = []

    static let bins = 60

    init() {}

    init(_ scores: [Float], decoys: [Float]) {
      (lower, upper) = (scores.min() ?? 0, scores.max() ?? 0)
      upper = max(upper, lower + 1e-6)
      let scale = Float(Self.bins) / (upper - lower)
      func counted(_ values: [Float]) -> [Int] {
        var counts = [Int](repeating: 0, count: Self.bins)
        for value in values { counts[max(0, min(Self.bins - 1, Int((value - lower) * scale)))] += 1 }
        return counts
      }
      (images, self.decoys) = (counted(scores), counted(decoys))
    }
  }

  /// Largest valley of what counts as planted.
  ///
  /// Measured with poisoned and unpoisoned Fashion-MNIST and CIFAR-10: planted patterns have valleys up to
  /// 0.06, natural tails from 0.3; `Benchmarks/DETECTION.md` has what came of it.
  public static let largestValley = 0.15

  /// Distance from which modes are well apart.
  private static let far: Float = 5

  /// True if the gap takes at least half of the way.
  var isWide: Bool { gap >= 0.5 }

  /// True if the upper mode is planted rather than natural.
  ///
  /// Correlations end at 1, so that a picture which much resembles its decoy cannot lie far from it; many
  /// images beyond a wide gap will do then.
  public var isPlanted: Bool {
    let isFar = distance >= 4 || distance >= 3 && isWide && deviation >= 5.5
    return valley <= Self.largestValley && decoysAbove * 10 <= above && isFar
  }

  /// How surely the modes lie apart, less what fills the valley, to choose between pictures of the same images. Farther than
  /// ``far`` is no better.
  package var strength: Double { deviation * (1 - valley) * Double(min(distance, Self.far)) }

  /// True if there is next to nothing between bulk and mode, so that no image of the mode is missed.
  package var isClear: Bool { valley <= 0.01 && isWide }

  /// True for a picture that is planted, also where backgrounds show through or its size varies, so that
  /// images of the upper mode fill the valley.
  ///
  /// It must then be many images, nearly free of decoys: natural windows that were tried lay less than 2
  /// away from their decoys.
  var isPlantedPicture: Bool {
    isPlanted
      || valley <= 0.9 && decoysAbove * 50 <= above
        && (distance >= Self.far && deviation >= 5.5 || distance >= 3.5 && deviation >= 10)
  }

  /// True for many images beyond a wide gap, also where decoys vary so much that none can lie far from them: in
  /// images that are half black, correlations with a smooth picture are low in some and high in others.
  var isApart: Bool {
    isClear && decoysAbove == 0 && distance >= 2 && deviation >= 5.5
  }

  /// True if a picture recovered again, from all that was found with it, may turn out to be planted: many images nearly
  /// free of decoys, whatever fills the valley.
  var isPromising: Bool { decoysAbove * 50 <= above && distance >= 3.5 && deviation >= 4.5 }

  /// True for an object of changing size and angle that a classifier sees or doesn't: those it is not sure
  /// of fill some of the valley.
  package var isPlantedObject: Bool { valley <= 0.5 && distance >= 5 && above >= 8 && deviation >= 2.5 }

  /// Looks for the valley between the bulk and the scores of members.
  ///
  /// - Parameters:
  ///   - scores: One an image.
  ///   - decoys: Scores of what cannot be planted, from the same images or some of them.
  ///   - members: Images taken for planted so far; their median is the upper mode.
  ///   - rate: Largest false-discovery rate among images above the threshold; nil cuts in the valley, whatever is in it.
  public init(_ scores: [Float], decoys: [Float], members: [Int], rate: Double?) {
    (threshold, above, decoysAbove, gap, distance, deviation) = (.infinity, 0, 0, 0, 0, 0)
    (valley, valleyBound) = (1, 1)
    histogram = Histogram(scores, decoys: decoys)
    guard members.count >= 3, decoys.count >= 20 else { return }
    let null = decoys.sorted()
    let (low, median) = (null[min(null.count - 1, null.count * 98 / 100)], null[null.count / 2])
    let spread = max(null[null.count * 84 / 100] - median, 1e-6)
    let own = members.map { scores[$0] }.sorted()
    let mode = own[own.count / 2]
    distance = (mode - median) / spread
    guard mode > low else { return }
    dig(scores, from: low, to: mode)
    // Where the valley is not empty, images of the upper mode reach down into it: take those that the
    // decoys allow. Never more than they allow.
    if let rate {
      let allowed = Self.threshold(scores, decoys: decoys, rate: rate)
      if valley > 0.01 || scores.contains(where: { $0 >= threshold && $0 < allowed }) { threshold = allowed }
    }
    count(scores, decoys)
  }

  /// The threshold, or where the tail of what lies below it, as it goes on, leaves a share `rate` of false ones; nil if it leaves
  /// more everywhere.
  package func beyondTail(_ scores: [Float], rate: Double, quantiles: (Double, Double) = (0.8, 0.95)) -> Float? {
    let p = Calibration.tailPValues(scores, null: scores.filter { $0 < threshold }, quantiles: quantiles)
    return Calibration.threshold(scores, p, rate: rate).map { max(threshold, $0) }
  }

  /// Cuts elsewhere.
  mutating func cut(at other: Float, _ scores: [Float], decoys: [Float]) {
    threshold = other
    count(scores, decoys)
  }

  /// Counts what lies at or above the threshold.
  private mutating func count(_ scores: [Float], _ decoys: [Float]) {
    above = scores.count { $0 >= threshold }
    let scale = Double(scores.count) / Double(decoys.count)
    decoysAbove = Int((Double(decoys.count { $0 >= threshold }) * scale).rounded())
    deviation = Double(above - decoysAbove) / Double(above + decoysAbove + 1).squareRoot()
  }

  /// The same without decoys, for scores whose bulk is far below: what lies below the median, mirrored,
  /// stands in for them, and images below the valley are the null that the false-discovery rate is held
  /// against.
  public init(_ scores: [Float], members: [Int], rate: Double) {
    (threshold, above, decoysAbove, gap, distance, deviation) = (.infinity, 0, 0, 0, 0, 0)
    (valley, valleyBound) = (1, 1)
    histogram = Histogram(scores, decoys: [])
    guard members.count >= 3, scores.count >= 40 else { return }
    let sorted = scores.sorted()
    let median = sorted[sorted.count / 2]
    // Of a symmetric distribution 68 % and 96 % lie within one and two deviations: quantiles 16 % and 2 %.
    let spread = max(median - sorted[sorted.count * 16 / 100], 1e-6)
    let low = median + (median - sorted[sorted.count * 2 / 100])
    let own = members.map { scores[$0] }.sorted()
    let mode = own[own.count / 2]
    distance = (mode - median) / spread
    guard mode > low else { return }
    dig(scores, from: low, to: mode)
    guard let cut = beyondTail(scores, rate: rate) else {
      threshold = .infinity
      return
    }
    threshold = cut
    above = scores.count { $0 >= threshold }
    decoysAbove = Int((rate * Double(above)).rounded())
    deviation = Double(above - decoysAbove) / Double(above + decoysAbove + 1).squareRoot()
  }

  /// Looks for the deepest place between the bulk and the mode.
  private mutating func dig(_ scores: [Float], from low: Float, to mode: Float) {
    // Twelve bins from the tail of the decoys to the mode; two neighbouring ones are the valley.
    let bins = 12
    let width = (mode - low) / Float(bins)
    var counts = [Int](repeating: 0, count: bins)
    var peak = 0
    for score in scores {
      if abs(score - mode) <= width { peak += 1 }
      if score >= low && score < mode { counts[min(bins - 1, Int((score - low) / width))] += 1 }
    }
    let pairs = (0..<bins - 1).map { counts[$0] + counts[$0 + 1] }
    guard let least = pairs.min() else { return }
    gap = Double(counts.count { $0 == 0 }) / Double(bins)
    let deepest = pairs.indices.filter { pairs[$0] == least }
    threshold = low + width * Float(deepest[deepest.count / 2] + 1)
    valley = Double(least) / Double(max(1, peak))
    valleyBound = Double(least + 1) / Double(peak + 1)
  }
}

extension Separation {
  /// Lowest threshold at and above which decoys, for as many as scores, are at most a share `rate` of them.
  ///
  /// - Source: Elias and Gygi, Nature Methods 2007; Barber and Candès add 1 to the decoys, which would
  ///   need 1 / rate true ones before any could be found.
  fileprivate static func threshold(_ scores: [Float], decoys: [Float], rate: Double) -> Float {
    let null = decoys.sorted()
    let allowed = rate * Double(null.count) / Double(max(1, scores.count))
    var (best, above): (Float, Int) = (.infinity, null.count)
    for (i, score) in scores.sorted(by: >).enumerated() {
      while above > 0, null[above - 1] >= score { above -= 1 }
      if Double(null.count - above) <= allowed * Double(i + 1) { best = score }
    }
    return best
  }
}

extension [Float] {
  /// The middle value, of two the upper one; not for an empty array.
  var median: Float { sorted()[count / 2] }
}
