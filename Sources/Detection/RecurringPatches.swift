import Contrastive
import Datasets
import Images
import Randomness
import Tensors

/// Finds the same small picture in images that have nothing else in common, without any training.
///
/// 1. Windows of a sixth, a fifth and a quarter of the image side at the places of highest local contrast,
///    described by their centred pixels in whitened main directions.
/// 2. Of some of them the number of windows elsewhere that are nearly equal, and of those that are merely
///    alike. Natural windows have ever more neighbours with growing distance; a pasted picture has all of
///    them at once and then none.
/// 3. What such a group shares is recovered pixel by pixel and looked for in every image; a turned and
///    mirrored twin is the decoy. The correlations must be separated (see ``Separation``).
///
/// - Source: Our own. Local dimension as in Amsaleg et al., "Estimating Local Intrinsic Dimensionality",
///   KDD 2015; target and decoy as in Elias and Gygi, 2007.
public struct RecurringPatches: Detector {
  public static let name = "recurring-patch"
  public static let limits =
    "recurring-patch sees a picture of at least a fifth of the image side that recurs, up to compression and small changes, in at least four unrelated images; not one that is scaled or turned by much, transparent or of low contrast."

  /// Sides of windows relative to the image's.
  private static let shares = [0.2, 0.16, 0.26]
  private static let near: Float = 0.9
  private static let alike: Float = 0.7
  /// Groups that are looked at closely.
  private static let attempts = 40
  static let minimumMembers = RecurringWindows.minimumMembers
  /// Fewer images have to show nearly the same pixels.
  private static let fewMembers = 8
  private static let nearlyEqual: Float = 0.98
  /// Times that a picture is recovered again from what was found with it, at most.
  private static let rounds = 3

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard set.count >= 20 else { return [] }
    var taken: Set<Int> = []
    return Self.shares.flatMap { share in
      let windows = RecurringWindows(share: share, by: .pixels, context)
      return windows.proposals(
        near: Self.near, alike: Self.alike, attempts: Self.attempts, taken: &taken, on: context.device
      ) { _, members in examine(members, windows, set, context) }
    }
  }

  /// Recovers what the windows share and looks for it everywhere.
  private func examine(
    _ members: [(image: Int, x: Int, y: Int)], _ windows: RecurringWindows, _ set: ImageSet, _ context: DetectionContext
  ) -> Proposal? {
    let inner = windows.fullSide
    let first = set.crop(members[0].image, Window(x: members[0].x, y: members[0].y, side: inner))
    let some = PatchAlignment.refined(
      set, Array(members.prefix(60)), to: PatchTemplate(first), reach: windows.factor - 1)
    guard let recovered = PatchAlignment.recover(set, some, inner: inner, agreement: 0.4),
      recovered.contrast >= 12
    else { return nil }
    return Self.proposal(
      recovered, detector: Self.name, seeds: members.map(\.image), in: set, context)
  }

  /// Looks for a template and its decoy in all images.
  ///
  /// - Returns: nil if those that show it do not stand apart.
  static func proposal(
    _ template: PatchTemplate, detector: String, seeds: [Int], in set: ImageSet, _ context: DetectionContext
  ) -> Proposal? {
    let matcher = TemplateMatcher([template, template.decoy], in: set, on: context.device)
    let first = FirstLook(set, seeds: seeds)
    let look = matcher.best(first.images)
    // Decoys of the sample alone: in images with the picture they are not like those of other images.
    let early = Separation(
      look[0].map(\.correlation), decoys: first.sample.map { look[1][$0].correlation }, members: first.seeds,
      rate: context.falseDiscoveryRate)
    guard early.distance >= 3.5 || early.isPlanted else { return nil }
    var (template, places) = (template, matcher.best(Array(0..<set.count)))
    var separation = Separation(
      places[0].map(\.correlation), decoys: places[1].map(\.correlation), members: seeds,
      rate: context.falseDiscoveryRate)
    /// Large pictures have to stand clear: outlines that many images of a class share fill more than half of them. And so few
    /// images that chance may have put them together have to be nearly equal.
    func isPlanted(_ separation: Separation, _ template: PatchTemplate, _ matches: [TemplatePlace]) -> Bool {
      // What most images show is what they are.
      if 2 * separation.above > set.count { return false }
      if separation.above < fewMembers {
        let own = matches.map(\.correlation).filter { $0 >= separation.threshold }.sorted()
        guard own.count >= minimumMembers, own[(own.count - 1) / 2] >= nearlyEqual else { return false }
      }
      let extent = template.extent.map { max($0.rows.count, $0.columns.count) } ?? 0
      return 2 * extent > set.side ? separation.isPlanted : separation.isPlantedPicture
    }
    guard isPlanted(separation, template, places[0]) else { return nil }
    // Again with all that was found, as long as that finds more: the picture and what of it is constant become
    // clearer, as when letters were found on plain backgrounds first.
    for _ in 0..<rounds {
      let found = set.sample(
        among: places[0].indices.filter { places[0][$0].correlation >= separation.threshold }, 200)
      let aligned = PatchAlignment.refined(
        set, found.map { (image: $0, x: places[0][$0].x, y: places[0][$0].y) }, to: template, reach: matcher.factor - 1)
      guard let again = PatchAlignment.recover(set, aligned, inner: template.side, agreement: 0.2),
        again.contrast >= 12
      else { break }
      // Letters of one colour are told by what is between them, whatever that is.
      let forms = [again, again.filled]
      let next = TemplateMatcher(forms.flatMap { [$0, $0.decoy] }, in: set, on: context.device)
        .best(Array(0..<set.count))
      let wider = forms.indices.map { k in
        Separation(
          next[2 * k].map(\.correlation), decoys: next[2 * k + 1].map(\.correlation), members: aligned.map(\.image),
          rate: context.falseDiscoveryRate)
      }
      let fit = forms.indices.filter {
        isPlanted(wider[$0], forms[$0], next[2 * $0]) && wider[$0].above >= separation.above
      }
      // Of forms that find about as many the one that sets them better apart.
      let most = fit.map { wider[$0].above }.max() ?? 0
      guard
        let best = fit.filter({ wider[$0].above * 10 >= most * 9 })
          .min(by: { (wider[$0].valley, $0) < (wider[$1].valley, $1) })
      else { break }
      let isDone = wider[best].above * 50 <= separation.above * 51
      (template, places, separation) = (forms[best], Array(next[2 * best...2 * best + 1]), wider[best])
      if isDone { break }
    }
    let (scores, decoys) = (places[0].map(\.correlation), places[1].map(\.correlation))
    let p = Calibration.pValues(scores, null: decoys)
    let members = scores.indices.filter { scores[$0] >= separation.threshold }
      .sorted { (scores[$0], $1) > (scores[$1], $0) }
    return Proposal(
      detector: detector, trigger: .patch(template),
      members: members.map { i in
        .init(
          image: i, score: scores[i], pValue: p[i],
          place: places[0][i].window(template.side, in: set.side))
      }, separation: separation, isPoison: true)
  }
}
