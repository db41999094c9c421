import Contrastive
import Datasets
import Images
import Randomness
import Tensors

/// Decides from a finished search which images to remove; none, if nothing stands out.
///
/// 1. Scores: a candidate's shift less the mean shift of its cluster's control windows, since some
///    clusters attract whatever is pasted.
/// 2. Families: windows that show the same picture (see ``FamilySearch``) and whose scores stand above
///    the control windows' own spread. No family: nothing is removed. The list of patches is never
///    filled up with what scores next best.
/// 3. Classifier: trained on the families' recovered triggers and windows, scores every image.
/// 4. Threshold: between the images that show a trigger for certain and those that surely don't.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, arXiv 2304.01482, for 3. Deviates: 1, 2 and 4
///   replace its fixed top-k and arg-max.
/// - Limits: Those of the search and of ``FamilySearch``.
public struct PoisonFilter: Sendable {
  /// Settings.
  public struct Configuration: Codable, Hashable, Sendable {
    public var families = FamilySearch.Configuration()
    public var classifier = PoisonClassifier.Configuration()
    /// Patches of a family that the classifier learns from, at most.
    public var patchesPerFamily = 20
    /// Largest share of control windows that score as high as a family's median; none at all always passes.
    public var significance = 0.005
    /// Correlation with a recovered trigger from which an image certainly shows it.
    public var certain: Float = 0.9
    /// Correlation up to which an image surely does not.
    public var absent: Float = 0.7
    /// Largest share of the surely unpoisoned images that may be removed.
    public var falseRemovals = 0.001

    /// The defaults.
    public init() {}

    /// Everything in these settings that cannot work, in words.
    public func problems() -> [String] {
      var found = classifier.problems()
      if families.minimumMembers < 2 {
        found.append("a family needs at least 2 members, not \(families.minimumMembers)")
      }
      if !(falseRemovals >= 0 && falseRemovals < 1) {
        found.append("false removals must be in [0, 1), not \(falseRemovals)")
      }
      return found
    }
  }

  /// A family with its evidence.
  public struct Family: Codable, Sendable {
    public var patch: RecurringPatch
    /// Indices into the set of the members' images.
    public var images: [Int]
    /// Flips of its best member, of `flipTotal`.
    public var flips: Int
    public var flipTotal: Int
    /// Mean score of the members.
    public var score: Float
    /// Share of control windows that score as high as the members' median.
    public var pValue: Double
    /// Cluster of most members.
    public var cluster: Int
  }

  /// An image to remove.
  public struct Removal: Codable, Sendable, Hashable {
    public var image: Int
    public var score: Float
    public var pValue: Double
    public var family: Int
    public var correlation: Float
    public var place: Window
  }

  /// What was decided.
  public struct Outcome: Codable, Sendable {
    public var families: [Family] = []
    public var removals: [Removal] = []
    /// Classifier scores of all images; empty without a family.
    public var scores: [Float] = []
    public var threshold: Float?
    /// Candidates' scores less their cluster's control windows, in the order of the search.
    public var candidateScores: [Float] = []
  }

  private let configuration: Configuration
  private let augmentation: Augmentation
  private let stream: RandomStream

  /// Creates a filter.
  public init(_ configuration: Configuration, augmentation: Augmentation, stream: RandomStream) {
    self.configuration = configuration
    self.augmentation = augmentation
    self.stream = stream
  }

  /// Decides.
  public func decide(
    _ search: PatchSearch.State, set: ImageSet, on device: any Device, threads: Int,
    progress: (Double) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome()
    let baseline = Self.baselines(search.controls)
    func score(_ candidate: PatchSearch.Candidate) -> Float {
      candidate.score.shift - (baseline[candidate.cluster] ?? 0)
    }
    outcome.candidateScores = search.candidates.map(score)
    let null = search.controls.map(score).sorted()
    let ranked = zip(search.candidates, outcome.candidateScores).sorted { ($0.1, $1.0.image) > ($1.1, $0.0.image) }
    let pool = ranked.map(\.0)
    for patch in FamilySearch(configuration.families, set: set, threads: threads, stream.stream("families")).families(
      pool)
    {
      let scores = patch.members.map { ranked[$0].1 }.sorted()
      let median = scores[scores.count / 2]
      let higher = null.count - null.partitioningIndex { $0 >= median }
      let p = Double(higher + 1) / Double(null.count + 1)
      guard Double(higher) <= configuration.significance * Double(null.count) else { continue }
      var votes: [Int: Int] = [:]
      for member in patch.members { votes[pool[member].cluster, default: 0] += 1 }
      let most = patch.members.map { pool[$0].score }.max { ($0.flips, $0.images) < ($1.flips, $1.images) }
      outcome.families.append(
        Family(
          patch: patch, images: patch.members.map { pool[$0].image },
          flips: most?.flips ?? 0, flipTotal: most?.images ?? 0,
          score: scores.reduce(0, +) / Float(scores.count), pValue: p,
          cluster: votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0))
    }
    guard !outcome.families.isEmpty else { return outcome }

    let matches = outcome.families.map { family -> [PatchMatch.Place] in
      let match = PatchMatch(family.patch.trigger.image)
      return concurrentMap(set.count, threads: threads) { match.best(in: set, $0) }
    }
    let nearest = (0..<set.count).map { i in
      matches.indices.max { matches[$0][i].correlation < matches[$1][i].correlation } ?? 0
    }
    let correlations = (0..<set.count).map { matches[nearest[$0]][$0].correlation }
    let backgrounds = correlations.indices.filter { correlations[$0] <= configuration.absent }
    guard backgrounds.count >= 8 else { return outcome }
    outcome.scores = try PoisonClassifier(
      configuration.classifier, augmentation: augmentation, stream: stream.stream("classifier")
    ).scores(
      patches(outcome.families, set), backgrounds: backgrounds, in: set, on: device, threads: threads,
      progress: progress)

    let threshold = self.threshold(outcome.scores, correlations)
    outcome.threshold = threshold
    let absent = backgrounds.map { outcome.scores[$0] }.sorted()
    for i in 0..<set.count where outcome.scores[i] > threshold || correlations[i] >= configuration.certain {
      let higher = absent.count - absent.partitioningIndex { $0 >= outcome.scores[i] }
      let family = nearest[i]
      let (place, side) = (matches[family][i], outcome.families[family].patch.trigger.side)
      outcome.removals.append(
        Removal(
          image: i, score: outcome.scores[i], pValue: Double(higher + 1) / Double(absent.count + 1), family: family,
          correlation: place.correlation, place: Window(x: place.x, y: place.y, side: side)))
    }
    outcome.removals.sort { ($0.score, $1.image) > ($1.score, $0.image) }
    return outcome
  }

  /// Mean shift of each cluster's control windows.
  private static func baselines(_ controls: [PatchSearch.Candidate]) -> [Int: Float] {
    Dictionary(grouping: controls, by: \.cluster).mapValues { own in
      own.reduce(0) { $0 + $1.score.shift } / Float(own.count)
    }
  }

  /// Recovered triggers first, then the members' windows as they were cut out.
  private func patches(_ families: [Family], _ set: ImageSet) -> [Image] {
    families.flatMap { family -> [Image] in
      let places = family.patch.places.prefix(configuration.patchesPerFamily)
      let windows = zip(family.images, places).map { image, place in
        set.image(image).cropped(x: place.x, y: place.y, width: place.side, height: place.side)
      }
      return [Image](repeating: family.patch.trigger.image, count: max(1, windows.count / 2)) + windows
    }
  }

  /// The middle between the tail of the absent and the bulk of the certain, but not above 0, the
  /// classifier's own boundary, unless the tail reaches further.
  ///
  /// The tail is a quantile where the absent are pure; where poison hides among them, the median and
  /// its deviation bound it.
  private func threshold(_ scores: [Float], _ correlations: [Float]) -> Float {
    let absent = scores.indices.filter { correlations[$0] <= configuration.absent }.map { scores[$0] }.sorted()
    let certain = scores.indices.filter { correlations[$0] >= configuration.certain }.map { scores[$0] }.sorted()
    guard !absent.isEmpty else { return .infinity }
    let quantile = absent[min(absent.count - 1, Int((1 - configuration.falseRemovals) * Double(absent.count)))]
    let median = absent[absent.count / 2]
    let deviation = 1.4826 * absent.map { abs($0 - median) }.sorted()[absent.count / 2]
    let tail = max(median + 4 * deviation, min(quantile, 0))
    let low = certain.dropFirst(certain.count / 50).first ?? 0
    return max(tail, min(0, (low + tail) / 2))
  }
}
