import Contrastive
import Datasets
import Images
import Recurrence

/// Follows the patch search: pictures that its best windows share, looked for in every image.
///
/// A candidate's score is its shift less the mean shift of its cluster's control windows, since some
/// clusters attract whatever is pasted. Windows that show the same picture and stand above the control
/// windows are a family; its picture is then looked for everywhere, as ``RecurringPatches`` does. What else
/// stands above the control windows in one cluster is proposed as it is, without a separation: a trigger of
/// changing size and angle is no one picture, and the filter's classifier has to decide.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, arXiv 2304.01482, for the scores. Deviates: no fixed
///   number of best patches; nothing is proposed where nothing stands out.
public struct SearchedPatches: Detector {
  public static let name = "patch-search"
  public static let limits =
    "patch-search sees visible, local triggers of some quarter of the image side and more, in about a twentieth of all images, where the search encoder ties them to a cluster and they are among the images scored; not letters, not triggers spread over the image."

  /// Windows of a cluster that are proposed together, and clusters, at most.
  static let smallestGroup = 8
  private static let largestGroup = 24
  private static let largestNumberOfGroups = 4

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
    let ranked = zip(search.candidates, scores.candidates).map { (candidate: $0, score: $1) }
      .sorted { ($0.score, $1.candidate.image) > ($1.score, $0.candidate.image) }
    let families = FamilySearch(
      configuration, set: context.set, threads: context.threads, context.stream.stream("families")
    ).families(ranked.map(\.candidate))
    var found: [Proposal] = []
    for family in families {
      let own = family.members.map { ranked[$0].score }.sorted()
      let higher = null.count - null.partitioningIndex { $0 >= own[own.count / 2] }
      guard Double(higher) <= significance * Double(null.count) else { continue }
      let images = family.members.map { ranked[$0].candidate.image }
      if let proposal = RecurringPatches.proposal(
        family.recovered.picture, detector: Self.name, seeds: images, in: context.set, context,
        isVague: family.recovered.light == .any)
      {
        found.append(proposal)
      }
    }
    let explained = Set(found.flatMap { $0.members.map(\.image) })
    return found + groups(ranked.filter { !explained.contains($0.candidate.image) }, null, context.set)
  }

  /// Clusters whose best windows stand above the control windows, the strongest first.
  private func groups(
    _ ranked: [(candidate: PatchSearch.Candidate, score: Float)], _ null: [Float], _ set: ImageSet
  ) -> [Proposal] {
    guard let limit = limit(null) else { return [] }
    let p = Calibration.pValues(ranked.map(\.score), null: null)
    let clusters = Dictionary(
      grouping: ranked.indices.filter { ranked[$0].score > limit }, by: { ranked[$0].candidate.cluster }
    ).filter { $0.value.count >= Self.smallestGroup }
    func strength(_ group: [Int]) -> Float {
      group.prefix(Self.smallestGroup).reduce(0) { $0 + ranked[$1].score }
    }
    let strongest = clusters.sorted { (strength($0.value), $1.key) > (strength($1.value), $0.key) }
    return strongest.prefix(Self.largestNumberOfGroups).map { _, group in
      let best = ranked[group[0]].candidate
      return Proposal(
        detector: Self.name, trigger: .patch(PatchTemplate(set.crop(best.image, best.window))),
        members: group.prefix(Self.largestGroup).map {
          .init(
            image: ranked[$0].candidate.image, score: ranked[$0].score, pValue: p[$0],
            place: ranked[$0].candidate.window)
        }, separation: nil, isPoison: true)
    }
  }

  /// Windows that stand apart from all others.
  public struct Apart {
    /// The score above which they do.
    public var gap: Float
    /// Indices into the search's candidates; not empty.
    public var candidates: [Int]
  }

  /// The windows that score higher than nearly all control windows, stand apart from the others and look alike; nil if they are
  /// but a tail.
  ///
  /// Shifts of windows that a trigger pulls are a mode of their own, natural ones fall off without one. A few natural windows
  /// lie among those of the trigger, diagonals of high contrast for one; their colours are not those of the others.
  ///
  /// - Parameter rate: Largest share of natural ones among the windows above, as their tail goes on.
  public func apart(_ search: PatchSearch.State, in set: ImageSet, rate: Double) -> Apart? {
    let scores = Self.scores(search)
    guard let limit = limit(scores.controls.sorted()) else { return nil }
    let separation = Separation(
      scores.candidates, decoys: scores.controls,
      members: scores.candidates.indices.filter { scores.candidates[$0] > limit },
      rate: nil)
    guard separation.isPlanted, let gap = separation.beyondTail(scores.candidates, rate: rate) else { return nil }
    let above = scores.candidates.indices.filter { scores.candidates[$0] >= gap }
    let own = Self.alike(above.map { search.candidates[$0] }, search.controls, in: set)
    guard own.count >= Self.smallestGroup else { return nil }
    return Apart(gap: gap, candidates: own.map { above[$0] })
  }

  /// Control windows whose colours are compared, at most.
  private static let likenessControls = 1000
  /// Share of them that resembles other windows less than these have to resemble each other.
  private static let significantLikeness = 0.99

  /// Those of some windows whose colours are those of a tenth of the others, as those of hardly any control window are.
  private static func alike(
    _ windows: [PatchSearch.Candidate], _ controls: [PatchSearch.Candidate], in set: ImageSet
  ) -> [Int] {
    func colours(_ candidate: PatchSearch.Candidate) -> [Float] {
      ColourHistogram.values(set, candidate.image, candidate.window)
    }
    let own = windows.map(colours)
    let nearest = max(3, windows.count / 10)
    /// Mean cosine with the nearest ones, without the nearest of all, which may be the window itself.
    func likeness(_ colours: [Float]) -> Float {
      let cosines = own.map { dot($0[...], colours[...]) }.sorted(by: >).dropFirst().prefix(nearest)
      return cosines.reduce(0, +) / Float(max(1, cosines.count))
    }
    let step = max(1, (controls.count + likenessControls - 1) / likenessControls)
    let null = stride(from: 0, to: controls.count, by: step).map { likeness(colours(controls[$0])) }.sorted()
    let limit = null[min(null.count - 1, Int(significantLikeness * Double(null.count)))]
    return own.indices.filter { likeness(own[$0]) > limit }
  }

  /// The score that a share of the control windows, the significance, is above.
  private func limit(_ null: [Float]) -> Float? {
    null.isEmpty ? nil : null[min(null.count - 1, Int((1 - significance) * Double(null.count)))]
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
