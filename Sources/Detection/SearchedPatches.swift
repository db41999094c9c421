import Datasets
import Images

/// Follows the patch search: pictures that its best windows share, looked for in every image.
///
/// A candidate's score is its shift less the mean shift of its cluster's control windows, since some
/// clusters attract whatever is pasted. Windows that show the same picture and stand above the control
/// windows are a family; its picture is then looked for everywhere, as ``RecurringPatches`` does.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, arXiv 2304.01482, for the scores. Deviates: no fixed
///   number of best patches; nothing is proposed where nothing stands out.
public struct SearchedPatches: Detector {
  public static let name = "patch-search"
  public static let limits =
    "patch-search sees visible, local triggers that the scan encoder ties to a cluster and that are among the images scored; not triggers spread over the image."

  private let configuration: FamilySearch.Configuration
  /// Largest share of control windows that score as high as a family's median.
  private let significance: Double

  /// Creates the detector.
  public init(_ configuration: FamilySearch.Configuration = .init(), significance: Double = 0.005) {
    (self.configuration, self.significance) = (configuration, significance)
  }

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    guard let search = context.search, !search.candidates.isEmpty, context.set.count >= 20 else { return [] }
    let scores = Self.scores(search)
    let null = scores.controls.sorted()
    let ranked = zip(search.candidates, scores.candidates)
      .sorted { ($0.1, $1.0.image) > ($1.1, $0.0.image) }
    let families = FamilySearch(
      configuration, set: context.set, threads: context.threads, context.stream.stream("families")
    ).families(ranked.map(\.0))
    var found: [Proposal] = []
    for family in families {
      let own = family.members.map { ranked[$0].1 }.sorted()
      let higher = null.count - null.partitioningIndex { $0 >= own[own.count / 2] }
      guard Double(higher) <= significance * Double(null.count) else { continue }
      let images = family.members.map { ranked[$0].0.image }
      if let proposal = RecurringPatches.proposal(
        family.template, detector: Self.name, seeds: images, in: context.set, context)
      {
        found.append(proposal)
      }
    }
    return found
  }

  /// Scores of candidates and control windows.
  public static func scores(_ search: PatchSearch.State) -> (candidates: [Float], controls: [Float]) {
    let baseline = Dictionary(grouping: search.controls, by: \.cluster).mapValues { own in
      own.reduce(0) { $0 + $1.score.shift } / Float(own.count)
    }
    func score(_ candidate: PatchSearch.Candidate) -> Float {
      candidate.score.shift - (baseline[candidate.cluster] ?? 0)
    }
    return (search.candidates.map(score), search.controls.map(score))
  }
}
