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
///    them at once and then none. What is alike differs: in images that are half black most windows are.
/// 3. What such a group shares is recovered pixel by pixel, or up to brightness and contrast where it is lit differently or
///    lets the image through, and looked for in every image: the pixels that are the same in all of them (see ``Stencil``) or,
///    where these do not tell, by correlation; a turned or mirrored twin is the decoy. Scores must be separated (see
///    ``Separation``), correlations if not at once then with the clearer picture of all that was found. Where
///    the gap is not wide, the picture must lie anywhere in its images, or in many at one place: what images of a class
///    have in common, such as legs of trousers, lies nearly at the same place in all of them.
///
/// What it adds to ``RecurringInPhotographs`` in small images was measured by enlarging these three and four times for that: letters
/// on garments, of which this finds nearly all and that none (`Benchmarks/DETECTION.md`, Photographs).
///
/// - Source: Our own. Local dimension as in Amsaleg et al., "Estimating Local Intrinsic Dimensionality",
///   KDD 2015; target and decoy as in Elias and Gygi, 2007.
public struct RecurringPatches: Detector {
  public static let name = "recurring-patch"
  public static let limits =
    "recurring-patch sees a picture of at least a fifth of the image side that recurs, up to brightness, compression and small changes, in at least four unrelated images (lit differently, in some 32); not one that is scaled or turned by much, half transparent or of low contrast."

  /// Sides of windows relative to the image's.
  private static let shares = [0.2, 0.16, 0.26]
  /// Cosines from which windows are nearly equal, and from which they are alike.
  private static let radii: [(near: Float, alike: Float)] = [(0.9, 0.7), (0.97, 0.85), (0.99, 0.93), (0.8, 0.6)]
  /// Cosine from which windows are surely equal.
  private static let surelyEqual: Float = 0.9
  /// Groups that are looked at closely.
  private static let attempts = 40
  static let minimumMembers = RecurringWindows.minimumMembers
  /// Fewer images have to show nearly the same pixels.
  private static let fewMembers = 8
  private static let nearlyEqual: Float = 0.98
  /// The same by a stencil.
  private static let surelySame: Float = 0.9
  /// Images from which a picture is in many, and how evenly it has to lie in few, in many and if it is vague, relative to places
  /// drawn evenly, which a part of a trigger does not quite reach; not where the gap is wide.
  private static let manyMembers = 32
  private static let (fewSpread, manySpread, vagueSpread) = (0.5, 0.6, 0.75)
  /// How far few that do not lie evenly have to stand apart by a discriminant: corners of hems and sleeves had none, pictures planted at one
  /// place in 15 of 3,000 images 10.7 to 180.
  private static let sameDistance: Float = 8
  /// How full the valley of a vague one may be. Planted ones that were tried have spreads of 0.84 to 1.13 and valleys up to 0.57;
  /// gaps between trousers' legs and beside sleeves, together, had 0.71 and 0.9.
  private static let vagueValley = 0.65
  /// Straightness of a vague one, at most. Planted ones that were tried have up to 0.71; legs of trousers, sleeves and the gaps
  /// between them 0.89 to 0.97.
  private static let largestStraightness: Float = 0.8
  /// Least standard deviation of a picture, in levels.
  private static let leastContrast: Float = 12
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
        Self.radii, attempts: Self.attempts, taken: &taken, on: context.device
      ) { _, members, near in examine(members, near, windows, set, context) }
    }
  }

  /// Recovers what the windows share and looks for it everywhere.
  private func examine(
    _ members: [(image: Int, x: Int, y: Int)], _ near: Float, _ windows: RecurringWindows, _ set: ImageSet,
    _ context: DetectionContext
  ) -> Proposal? {
    let inner = windows.fullSide
    let first = set.crop(members[0].image, Window(x: members[0].x, y: members[0].y, side: inner))
    let some = PatchAlignment.refined(
      set, Array(members.prefix(60)), to: PatchTemplate(first), reach: windows.factor - 1)
    guard let recovered = PatchAlignment.recover(set, some, inner: inner),
      recovered.picture.contrast >= Self.leastContrast
    else { return nil }
    if recovered.light == .same, let same = StencilMatch.members(some, size: inner, context),
      let proposal = Self.proposal(same, detector: Self.name, in: set)
    {
      return proposal
    }
    // Reduced windows of equal pictures are less alike, since their pixels begin at other places. Aligned ones tell.
    let likeness = windows.factor == 1 ? near : max(near, PatchAlignment.likeness(set, some, to: first))
    return Self.correlated(
      recovered.picture, detector: Self.name, seeds: members.map(\.image), in: set, context,
      isVague: recovered.light == .any || likeness < Self.surelyEqual)
  }

  /// Where a picture and its decoy fit all images best, and what that says.
  private struct Look {
    let template: PatchTemplate
    /// [picture, decoy][image]
    let places: [[TemplatePlace]]
    let separation: Separation
    /// See ``spread(_:_:_:)``.
    private let spread: Double?
    private let isVague: Bool
    let isPlanted: Bool

    /// - Parameters:
    ///   - isVague: Whether the picture was recovered from windows that are alike only roughly or up to brightness.
    ///   - isGuess: Whether it was recovered with a picture that itself did not stand apart.
    init(
      _ template: PatchTemplate, _ places: [[TemplatePlace]], members: [Int], _ set: ImageSet,
      _ context: DetectionContext, isVague: Bool, isGuess: Bool
    ) {
      (self.template, self.places) = (template, places)
      let scores = places[0].map(\.correlation)
      separation = Separation(
        scores, decoys: places[1].map(\.correlation), members: members, rate: context.falseDiscoveryRate)
      self.isVague = isVague || isGuess && !(separation.isPlanted && separation.isPromising)
      let threshold = separation.threshold
      spread = RecurringPatches.spread(
        places[0].filter { $0.correlation >= threshold }.map { [$0.x, $0.y] }, template.side, set.side)
      let mayBeApart = separation.above >= manyMembers && (spread ?? 1) >= fewSpread
      isPlanted =
        Self.isPlanted(separation, scores, template, set, mayBeApart: mayBeApart) && (!self.isVague || mayBeApart)
    }

    /// True if the picture lies where parts of objects do not, which few images may show yet, or stands wide apart.
    var isPasted: Bool {
      guard isVague else {
        return separation.above < RecurringPatches.fewMembers || separation.isWide
          || RecurringPatches.isElsewhere(spread, in: separation.above)
      }
      return separation.above >= manyMembers && (spread ?? 1) >= vagueSpread && separation.valley <= vagueValley
        && template.straightness <= largestStraightness
    }

    /// Large pictures have to stand clear: outlines that many images of a class share fill more than half of them. And so few
    /// images that chance may have put them together have to be nearly equal.
    private static func isPlanted(
      _ separation: Separation, _ scores: [Float], _ template: PatchTemplate, _ set: ImageSet, mayBeApart: Bool
    ) -> Bool {
      // What most images show is what they are.
      if 2 * separation.above > set.count { return false }
      if separation.above < RecurringPatches.fewMembers {
        let own = scores.filter { $0 >= separation.threshold }.sorted()
        guard own.count >= minimumMembers, own[(own.count - 1) / 2] >= nearlyEqual else { return false }
      }
      let extent = template.extent.map { max($0.rows.count, $0.columns.count) } ?? 0
      if 2 * extent > set.side { return separation.isPlanted }
      return separation.isPlantedPicture || mayBeApart && separation.isApart
    }
  }

  /// True if those of a family that show a picture lie where parts of objects do not, or stand wide apart.
  ///
  /// - Parameters:
  ///   - early: How far they stood apart by correlation alone.
  ///   - late: How far by a discriminant, which is nil where none tells them from others: parts of objects are alike, a pasted picture is the
  ///     same in all.
  static func isPasted(
    _ members: [Proposal.Member], _ template: PatchTemplate, early: Separation, late: Separation?, in set: ImageSet
  ) -> Bool {
    let places = members.compactMap { $0.place.map { [$0.x, $0.y] } }
    if isElsewhere(spread(places, template.side, set.side), in: places.count) { return true }
    guard early.isWide else { return false }
    return places.count >= manyMembers || set.count - members.count < MatchDiscriminant.fewestOthers
      || (late?.distance ?? 0) >= sameDistance
  }

  /// True for a spread that is even, or nothing in many images: few may show a part of an object at the same place by chance.
  private static func isElsewhere(_ spread: Double?, in images: Int) -> Bool {
    let isMany = images >= manyMembers
    return spread.map { $0 >= (isMany ? manySpread : fewSpread) } ?? isMany
  }

  /// Deviation of places relative to that of places drawn evenly, along the side where it is smaller; nil if nearly all are the
  /// same. What images of a class have in common lies nearly, but not quite, at the same place in all of them.
  ///
  /// - Parameter places: x and y of each.
  private static func spread(_ places: [[Int]], _ size: Int, _ side: Int) -> Double? {
    guard !places.isEmpty else { return 0 }
    let commonest = Dictionary(grouping: places, by: \.self).values.map(\.count).max() ?? 0
    if 5 * commonest >= 4 * places.count { return nil }
    /// Without the eighth farthest from the median: a bag among sweaters lies elsewhere.
    func deviation(_ values: [Int]) -> Double {
      let median = values.sorted()[values.count / 2]
      let nearest = values.sorted { abs($0 - median) < abs($1 - median) }.prefix((7 * values.count + 7) / 8)
      let count = Double(nearest.count)
      let mean = Double(nearest.reduce(0, +)) / count
      let variance = nearest.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
      // What is left of even places takes up as much less room.
      return variance.squareRoot() * Double(values.count) / count
    }
    // The deviation of places drawn evenly is the room they have over the root of 12.
    return min(deviation(places.map { $0[0] }), deviation(places.map { $0[1] })) * 12.squareRoot()
      / Double(max(1, side - size))
  }

  /// Images that show the same pixels.
  ///
  /// - Returns: nil if these lie where parts of objects do, or if so few show them that chance may have put them together.
  private static func proposal(_ found: Recognition, detector: String, in set: ImageSet) -> Proposal? {
    let (members, separation) = (found.members, found.separation)
    guard members.count >= fewMembers || members.map(\.score).median >= surelySame,
      isPasted(members, found.template, early: separation, late: found.isSettled ? separation : nil, in: set)
    else { return nil }
    return Proposal(
      detector: detector, trigger: .patch(found.template), members: members, separation: separation, isPoison: true,
      isExact: found.isSettled)
  }

  /// Looks for a picture in all images: for the same pixels, or else for what correlates with it.
  ///
  /// - Parameter isVague: Whether it was recovered from windows that are alike only roughly or up to brightness.
  /// - Returns: nil if those that show it do not stand apart.
  package static func proposal(
    _ template: PatchTemplate, detector: String, seeds: [Int], in set: ImageSet, _ context: DetectionContext,
    isVague: Bool = false
  ) -> Proposal? {
    if !isVague, let same = StencilMatch.members(of: template, from: seeds, context),
      let proposal = proposal(same, detector: detector, in: set)
    {
      return proposal
    }
    return correlated(template, detector: detector, seeds: seeds, in: set, context, isVague: isVague)
  }

  /// Looks for a picture and its decoy in all images, by correlation.
  private static func correlated(
    _ template: PatchTemplate, detector: String, seeds: [Int], in set: ImageSet, _ context: DetectionContext,
    isVague: Bool
  ) -> Proposal? {
    let matcher = TemplateMatcher([template, template.decoy], in: set, on: context.device)
    let first = FirstLook(set, seeds: seeds)
    let sampled = matcher.best(first.images)
    // Decoys of the sample alone: in images with the picture they are not like those of other images.
    let early = Separation(
      sampled[0].map(\.correlation), decoys: first.sample.map { sampled[1][$0].correlation }, members: first.seeds,
      rate: context.falseDiscoveryRate)
    guard early.distance >= 3.5 || early.isPlanted || early.isApart else { return nil }
    let all = Array(0..<set.count)
    var look = Look(template, matcher.best(all), members: seeds, set, context, isVague: isVague, isGuess: false)
    guard look.isPlanted || look.separation.isPromising else { return nil }
    let isGuess = !look.isPlanted
    // Again with all that was found, as long as that sets more apart: the picture and what of it is constant become
    // clearer, as when letters were found on plain backgrounds first.
    for _ in 0..<rounds {
      // While it is not sure that anything was planted some may be given up; then not, nor for what parts of objects may be.
      let least = look.isPlanted ? look.separation.above : look.separation.above * 3 / 4
      func isFit(_ next: Look) -> Bool {
        guard next.separation.above >= least else { return false }
        return look.isPlanted
          ? next.isPlanted && (next.isPasted || !look.isPasted) : next.isPlanted || next.separation.isPromising
      }
      // As far as the images agree; if that sets nothing apart, no farther than before: some have more in common than the picture.
      let members = set.sample(among: all.filter { look.places[0][$0].correlation >= look.separation.threshold }, 200)
      let pictures = again(look, in: members, reach: matcher.factor - 1, set)
      let fit =
        pictures.lazy.map { picture in
          looks(picture, members: members, set, context, isVague: isVague, isGuess: isGuess).filter(isFit)
        }.first { !$0.isEmpty } ?? []
      guard let best = fit.max(by: { $0.separation.strength < $1.separation.strength }),
        !look.isPlanted || best.separation.strength > look.separation.strength
      else { break }
      let isDone = best.isPlanted && best.separation.above * 50 <= look.separation.above * 51
      look = best
      if isDone { break }
    }
    guard look.isPlanted, look.isPasted else { return nil }
    let (template, places, separation) = (look.template, look.places, look.separation)
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

  /// Recovers a picture again from the images in which it was found.
  ///
  /// - Parameter reach: Pixels that places may be off.
  /// - Returns: As far as they agree around it, and no farther than what counts of it, if these differ.
  private static func again(_ look: Look, in images: [Int], reach: Int, _ set: ImageSet) -> [PatchTemplate] {
    let core = look.template.core
    let aligned = PatchAlignment.refined(
      set, images.map { (image: $0, x: look.places[0][$0].x, y: look.places[0][$0].y) },
      to: look.template, reach: reach
    ).map { (image: $0.image, x: $0.x + core.x, y: $0.y + core.y) }
    var pictures: [PatchTemplate] = []
    for grows in [true, false] {
      let again = PatchAlignment.recover(set, aligned, inner: core.side, agreement: 0.2, grows: grows)
      if let picture = again?.picture, picture.contrast >= leastContrast, picture != pictures.first {
        pictures.append(picture)
      }
    }
    return pictures
  }

  /// Looks for a picture, and for what lies between it, whatever that is: letters of one colour are told by it.
  private static func looks(
    _ picture: PatchTemplate, members: [Int], _ set: ImageSet, _ context: DetectionContext, isVague: Bool,
    isGuess: Bool
  ) -> [Look] {
    let forms = [picture, picture.filled]
    let places = TemplateMatcher(forms.flatMap { [$0, $0.decoy] }, in: set, on: context.device)
      .best(Array(0..<set.count))
    return forms.indices.map { k in
      Look(
        forms[k], Array(places[2 * k...2 * k + 1]), members: members, set, context, isVague: isVague, isGuess: isGuess)
    }
  }
}
