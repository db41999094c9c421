import Contrastive
import Datasets
import Findings
import Images
import Randomness
import Recurrence
import Tensors

/// Decides which images to remove; none, if nothing was proposed that stands apart.
///
/// 1. Proposals of all detectors are looked for in the images as they are, without the canary; what is
///    proposed twice is one family. Which images show a family's picture is told by the pixels that are the same in all of them
///    (see ``Stencil``) or, where that does not settle it, by a discriminant that learnt how chance matches of it look.
/// 2. Windows that pull images into a cluster without a common picture are learnt by a classifier; they are a
///    family if its scores have two modes.
/// 3. Every family's effect on other images is measured with the flip test.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, arXiv 2304.01482, for the classifier. Deviates: 1 and
///   the thresholds replace its fixed top-k and arg-max.
/// - Limits: Those of the detectors.
public struct PoisonFilter: Sendable {
  /// Settings.
  public struct Configuration: Codable, Hashable, Sendable {
    public var families = FamilySearch.Configuration()
    public var classifier = PoisonClassifier.Configuration()
    /// Largest share of control windows that score as high as a searched family's median.
    public var significance = 0.005
    /// Largest expected share of false ones among the images removed; (0, 0.5].
    public var falseDiscoveryRate = 0.01

    /// The defaults.
    public init() {}

    /// Everything in these settings that cannot work, in words.
    public func problems() -> [String] {
      var found = classifier.problems()
      if families.minimumMembers < 2 {
        found.append("a family needs at least 2 members, not \(families.minimumMembers)")
      }
      if families.centres.isEmpty || families.centres.contains(where: { !($0 > 0 && $0 <= 1) }) {
        found.append("the centres of windows must be shares above 0 and at most 1, not \(families.centres)")
      }
      if !(falseDiscoveryRate > 0 && falseDiscoveryRate <= 0.5) {
        found.append("the false-discovery rate must be above 0 and at most 0.5, not \(falseDiscoveryRate)")
      }
      return found
    }
  }

  /// Images that carry the same trigger, with the evidence.
  public struct Family: Codable, Sendable {
    /// Detectors that proposed it, the first one first.
    public var detectors: [String]
    public var trigger: PlantedTrigger
    /// What its members were recognised by; the trigger of a family that only the classifier recognises is
    /// one example of it.
    public var evidence: Evidence
    /// Images in which it was recognised, the best first.
    public var members: [Proposal.Member]
    public var separation: Separation
    /// See ``Proposal/isExact``.
    public var isExact = false
    /// See ``Proposal/native``.
    public var native: NativePicture?
    /// What it does to other images; nil where no encoder was searched.
    public var effect: PatchSearch.Effect?
    /// Scores that never remove an image by themselves, by name.
    public var secondary: [SecondaryScore] = []
  }

  /// An image to remove.
  public struct Removal: Codable, Sendable, Hashable {
    public var image: Int
    /// What gave it away.
    public var evidence: Evidence
    public var score: Float
    public var pValue: Double
    public var family: Int
    public var place: Window?
    /// The same in the file, where it was looked for there.
    public var source: Box?
  }

  /// What gives an image away.
  public enum Evidence: String, Codable, Sendable { case picture, pattern, colours, classifier }

  /// What was decided.
  public struct Outcome: Codable, Sendable {
    public var families: [Family] = []
    public var removals: [Removal] = []
    /// Proposals that are only worth a look.
    public var notes: [Proposal] = []
    /// Detectors that found the canary; empty if it was missed.
    public var canaryFoundBy: [String] = []
    /// What the canary does to other images.
    public var canaryEffect: PatchSearch.Effect?
    /// Controls in photographs that were found; nil where none was hidden, as in results of earlier versions.
    public var controls: [FoundControl]?

    /// Adds what a detector found of a control.
    fileprivate mutating func find(_ control: Int, _ detector: String, _ images: Int) {
      var all = controls ?? []
      if let known = all.firstIndex(where: { $0.control == control }) {
        if !all[known].detectors.contains(detector) { all[known].detectors.append(detector) }
        all[known].images = max(all[known].images, images)
      } else {
        all.append(.init(control: control, detectors: [detector], images: images))
      }
      controls = all
    }

    /// Removes images that are not removed yet, and returns those.
    @discardableResult fileprivate mutating func remove(
      _ members: [Proposal.Member], by evidence: Evidence, family: Int
    ) -> [Proposal.Member] {
      let known = Set(removals.map(\.image))
      let added = members.filter { !known.contains($0.image) }
      removals += added.map {
        Removal(
          image: $0.image, evidence: evidence, score: $0.score, pValue: $0.pValue, family: family, place: $0.place,
          source: $0.source)
      }
      return added
    }
  }

  /// A control of ``NativeCanaries`` that was found.
  public struct FoundControl: Codable, Sendable, Hashable {
    /// Index into the controls.
    public var control: Int
    public var detectors: [String]
    /// Images that carry it and were found, of one family.
    public var images: Int
  }

  /// p-value of a classifier's score up to which an image may still be one that it recognises.
  private static let doubtful = 0.05

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
  ///
  /// - Parameters:
  ///   - proposals: Of all detectors, over the training copy.
  ///   - canary: The positive control in the training copy.
  ///   - controls: Those in photographs.
  ///   - set: The images as they are, at the side in which places and triggers are proposed.
  ///   - encoderSet: The same as encoders see them, for the classifier; nil if that is the set itself.
  ///   - progress: Told the share that is done.
  public func decide(
    _ proposals: [Proposal], canary: Canary?, controls: [NativeCanaries.Control] = [], set: ImageSet,
    encoderSet: ImageSet? = nil, on device: any Device,
    threads: Int, progress: (Double) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome()
    if !controls.isEmpty { outcome.controls = [] }
    var (families, groups): ([Family], [Proposal]) = ([], [])
    let context = DetectionContext(
      set: set, device: device, threads: threads, stream: stream,
      falseDiscoveryRate: configuration.falseDiscoveryRate)
    for var proposal in proposals {
      var images = proposal.members.map(\.image)
      if proposal.isPoison, proposal.seesControls,
        let control = controls.firstIndex(where: { images.share(in: $0.images) > 0.5 })
      {
        let own = Set(controls[control].images)
        outcome.find(control, proposal.detector, images.count(where: own.contains))
        // What more other images have of it than are there by chance is no control.
        let natural = configuration.falseDiscoveryRate * Double(images.count)
        proposal.members.removeAll { own.contains($0.image) }
        images = proposal.members.map(\.image)
        guard images.count >= RecurringPatches.minimumMembers, Double(images.count) > natural else { continue }
      }
      // Files do not carry the canary.
      if let canary, proposal.native == nil, images.share(in: canary.images) > 0.5 {
        if proposal.isPoison, proposal.separation != nil, !outcome.canaryFoundBy.contains(proposal.detector) {
          outcome.canaryFoundBy.append(proposal.detector)
        }
        continue
      }
      guard proposal.isPoison, let trigger = proposal.trigger else {
        outcome.notes.append(proposal)
        continue
      }
      guard let separation = proposal.separation else {
        groups.append(proposal)
        continue
      }
      let evidence: Evidence
      switch trigger {
      case .patch: evidence = .picture
      case .object: evidence = .colours
      case .pattern: evidence = .pattern
      }
      var family = Family(
        detectors: [proposal.detector], trigger: trigger, evidence: evidence, members: proposal.members,
        separation: separation, isExact: proposal.isExact, native: proposal.native)
      if case .patch(let template) = trigger, canary != nil, proposal.native == nil {
        // Canaries cover some images of the copy.
        let seeds = images.filter { canary?.images.contains($0) != true }
        guard
          let again = RecurringPatches.proposal(
            template, detector: proposal.detector, seeds: seeds, in: set, context),
          let picture = again.trigger, let separation = again.separation
        else { continue }
        (family.trigger, family.members, family.separation) = (picture, again.members, separation)
        family.isExact = again.isExact
      }
      families.append(family)
    }
    for family in families where family.evidence != .colours { add(family, to: &outcome) }
    for family in families where family.evidence == .colours { add(colours: family, to: &outcome) }
    absorb(&outcome)
    outcome.families = try outcome.families.compactMap { family in
      guard case .patch(let template) = family.trigger else { return family }
      var all = family
      let known = family.members.map(\.image)
      if family.isExact { return family }
      var again = StencilMatch.members(of: template, from: known, context)
      if again?.isSettled != true { again = try MatchDiscriminant.members(of: template, from: known, context) }
      if let again {
        (all.trigger, all.members, all.separation) = (.patch(again.template), again.members, again.separation)
      }
      return RecurringPatches.isPasted(
        all.members, again?.template ?? template, early: family.separation, late: again?.separation, in: set)
        ? all : nil
    }
    absorb(&outcome, keepsRest: true)
    for index in outcome.families.indices {
      outcome.remove(outcome.families[index].members, by: outcome.families[index].evidence, family: index)
    }
    // Where images fill the valley some are missed, as objects of another size: those that show its colours are of it too.
    for family in families where family.evidence == .colours {
      for (index, known) in outcome.families.enumerated()
      where !known.separation.isClear && family.sharesMost(with: known) {
        outcome.families[index].members += outcome.remove(family.members, by: .colours, family: index)
      }
    }
    for (number, group) in groups.enumerated() {
      try follow(group, number, &outcome, canary, encoderSet ?? set, context, progress)
    }
    let order = outcome.removals.indices.sorted { a, b in
      let (left, right) = (outcome.removals[a], outcome.removals[b])
      if left.family != right.family { return left.family < right.family }
      if left.evidence != right.evidence { return right.evidence == .classifier }
      return (left.score, right.image) > (right.score, left.image)
    }
    outcome.removals = order.map { outcome.removals[$0] }
    return outcome
  }

  /// Adds what is told by its picture or pattern, or joins it with the family that has the same images.
  private func add(_ family: Family, to outcome: inout Outcome) {
    guard let twin = outcome.families.firstIndex(where: family.sharesMost(with:)) else {
      outcome.families.append(family)
      return
    }
    let known = outcome.families[twin]
    let (old, new) = (known.separation, family.separation)
    // Of two that stand apart one that stands clear, the one with far more images, or else the better separated one; where
    // not both do, a pattern, which explains the whole image, or else the larger one.
    let isBetter: Bool
    if (known.native == nil) != (family.native == nil) {
      // What was seen in the files themselves.
      isBetter = family.native != nil
    } else if old.isPlanted && new.isPlanted && old.isClear != new.isClear {
      isBetter = new.isClear
    } else if old.isPlanted && new.isPlanted {
      let (fewer, more) = (min(old.above, new.above), max(old.above, new.above))
      isBetter = 2 * more > 3 * fewer ? new.above > old.above : new.valley < old.valley
    } else if case .pattern = family.trigger, new.isPlanted {
      isBetter = true
    } else {
      isBetter = new.above > old.above
    }
    if isBetter { outcome.families[twin] = family }
    outcome.families[twin].detectors = known.detectors
    outcome.families[twin].credit(family.detectors)
  }

  /// Adds what is told by its colours, which tell less than pictures and patterns: several triggers may have the same. In
  /// the place of the families that have the same images only where far more images show the colours than all of these.
  private func add(colours family: Family, to outcome: inout Outcome) {
    let twins = outcome.families.indices.filter { family.sharesMost(with: outcome.families[$0]) }
    let known = Set(twins.flatMap { outcome.families[$0].members.map(\.image) })
    if 2 * family.members.count > 3 * known.count, !twins.contains(where: { outcome.families[$0].native != nil }) {
      var joined = family
      joined.detectors = []
      for names in twins.map({ outcome.families[$0].detectors }) + [family.detectors] { joined.credit(names) }
      for twin in twins.reversed() { outcome.families.remove(at: twin) }
      outcome.families.append(joined)
    } else {
      for twin in twins { outcome.families[twin].credit(family.detectors) }
    }
  }

  /// Drops families most of whose images belong to larger ones: parts of the same trigger.
  ///
  /// - Parameter keepsRest: Whether the larger one gets the images that only the dropped one has.
  private func absorb(_ outcome: inout Outcome, keepsRest: Bool = false) {
    outcome.families.sort { ($0.members.count, $1.members[0].image) > ($1.members.count, $0.members[0].image) }
    var (kept, taken): ([Family], Set<Int>) = ([], [])
    for family in outcome.families {
      let own = Set(family.members.map(\.image))
      if own.count(where: taken.contains) * 2 > own.count {
        for index in kept.indices where family.sharesMost(with: kept[index]) { kept[index].credit(family.detectors) }
        let known = kept.map { other in other.members.count { own.contains($0.image) } }
        if keepsRest, let most = known.indices.max(by: { known[$0] < known[$1] }) {
          kept[most].members += family.members.filter { !taken.contains($0.image) }
          taken.formUnion(own)
        }
        continue
      }
      taken.formUnion(own)
      kept.append(family)
    }
    outcome.families = kept
  }

  /// Lets a classifier decide over windows that pull images into a cluster but are no one picture.
  ///
  /// Learnt from a planted object, it sees it or not: scores have two modes. Learnt from what images of a
  /// cluster share naturally, they fall off without a second one (`Benchmarks/Detection/NOTES.md`).
  private func follow(
    _ group: Proposal, _ number: Int, _ outcome: inout Outcome, _ canary: Canary?, _ encoderSet: ImageSet,
    _ context: DetectionContext, _ progress: (Double) throws -> Void
  ) throws {
    let set = context.set
    let toEncoder = Rescaling(from: set.side, to: encoderSet.side)
    let known = Set(outcome.removals.map(\.image))
    let members = group.members.filter { !known.contains($0.image) && canary?.images.contains($0.image) != true }
    guard members.count >= SearchedPatches.smallestGroup else { return }
    let own = Set(members.map(\.image))
    let patches = members.compactMap { member in
      member.place.map { PatchTemplate(encoderSet.crop(member.image, toEncoder($0))) }
    }
    let backgrounds = (0..<set.count).filter { !known.contains($0) && !own.contains($0) }
    guard backgrounds.count >= 8 else { return }
    var settings = configuration.classifier
    var scores: [Float] = []
    var separation: Separation?
    // One network first: without two modes there is nothing to be sure of.
    for networks in [1, configuration.classifier.networks] where networks == 1 || separation != nil {
      settings.networks = networks
      scores = try PoisonClassifier(
        settings, augmentation: augmentation, stream: stream.stream("group").stream(number)
      ).scores(
        patches, backgrounds: backgrounds, in: encoderSet, on: context.device, threads: context.threads,
        progress: progress)
      let modes = Separation(scores, members: members.map(\.image), rate: configuration.falseDiscoveryRate)
      separation = modes.isPlantedObject && modes.above * 5 <= set.count ? modes : nil
    }
    guard let separation else { return }
    let seen = members.filter { scores[$0.image] >= separation.threshold }
    guard 2 * seen.count >= members.count, let first = seen.first, let window = first.place else { return }
    let places = Dictionary(uniqueKeysWithValues: members.map { ($0.image, $0.place) })
    let p = Calibration.tailPValues(scores, null: scores.filter { $0 < separation.threshold })
    var all = scores.indices.filter { scores[$0] >= separation.threshold }
      .sorted { (scores[$0], $1) > (scores[$1], $0) }
      .map { Proposal.Member(image: $0, score: scores[$0], pValue: p[$0], place: places[$0] ?? nil) }
    // Those that the classifier alone is not sure of, where the pixels tell as well.
    let trigger = PatchTemplate(set.crop(first.image, window))
    let sure = Set(all.map(\.image))
    let more = try MatchDiscriminant.members(of: trigger, from: sure.sorted(), context)?.members ?? []
    if 2 * more.count(where: { sure.contains($0.image) }) >= sure.count {
      all += more.filter { !sure.contains($0.image) && p[$0.image] <= Self.doubtful }
        .map { .init(image: $0.image, score: scores[$0.image], pValue: p[$0.image], place: $0.place) }
    }
    // Most of them known already: the same trigger again.
    let votes = Dictionary(grouping: outcome.removals.filter { scores[$0.image] >= separation.threshold }, by: \.family)
    let twin = votes.first { 2 * $0.value.count > all.count }?.key
    if twin == nil {
      outcome.families.append(
        Family(
          detectors: [group.detector], trigger: .object(trigger), evidence: .classifier, members: all,
          separation: separation))
    }
    outcome.removals += all.filter { !known.contains($0.image) }.map {
      Removal(
        image: $0.image, evidence: .classifier, score: $0.score, pValue: $0.pValue,
        family: twin ?? outcome.families.count - 1, place: $0.place)
    }
  }
}

extension Proposal {
  /// True if it is of what controls in photographs are hidden in.
  fileprivate var seesControls: Bool { native != nil || detector == RecurringPatternsInPhotographs.name }
}

extension PoisonFilter.Family {
  /// True if more than half of the smaller one's images are in both.
  fileprivate func sharesMost(with other: Self) -> Bool {
    let own = Set(members.map(\.image))
    return 2 * other.members.count { own.contains($0.image) } > min(members.count, other.members.count)
  }

  /// Names detectors that proposed it too.
  fileprivate mutating func credit(_ names: [String]) {
    for name in names where !detectors.contains(name) { detectors.append(name) }
  }
}
