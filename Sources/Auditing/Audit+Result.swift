import Contrastive
import Datasets
import Detection
import Findings
import Foundation
import Images
import Reporting

extension Audit {
  private static let shown = 200

  /// Writes result.json, the formats asked for and the evidence.
  func report() throws -> String {
    let record = try filterRecord()
    guard let search = try folder.kept(json: PatchSearch.State.self, "search.json"),
      let metrics = try folder.kept(json: Metrics.self, "evaluation.json")
    else { throw AuditError(.state, "earlier stages left no state in \(folder.path); run bezoar audit again") }
    let outcome = record.outcome
    let families = try writeFamilies(outcome)
    let suspects = try writeSuspects(outcome)
    let verdict = try decide(outcome, search, metrics)
    let account = DatasetAccount(
      request.dataset, dataset, digest: set.digest, set.tally, unreadable: set.unreadable,
      ignored: set.ignored, side: set.side, encoderSide: encoderSet.side, manifest: Digest(of: manifest.bytes))
    let gate = Gate.outcome(
      verdict: verdict, families: families, suspects: suspects, dataset: account, metrics: metrics, request.policy)
    let encoded = try configuration.encoded()
    let scored = SearchedPatches.scores(search)
    let apart = SearchedPatches(significance: configuration.filter.significance)
      .apart(fromEncoder(search), in: set, rate: configuration.filter.falseDiscoveryRate)
    let candidates = ScoreSummary.Histogram(scored.candidates.map(Double.init), bins: 40)
    let result = AuditResult(
      tool: .init(version: Self.version, revision: request.revision),
      run: .init(
        started: ISO8601DateFormatter().string(from: started), finished: ISO8601DateFormatter().string(from: Date()),
        seconds: -started.timeIntervalSinceNow, host: ProcessInfo.processInfo.hostName, threads: threads,
        device: device.name, decoding: decoding, gate: gate, stages: stages),
      config: try JSONDecoder().decode(JSONValue.self, from: encoded),
      configDigest: Digest(of: [UInt8](encoded)).description, seed: configuration.seed,
      dataset: account, verdict: verdict, families: families, suspects: suspects,
      notes: outcome.notes.map { note in
        Note(
          detector: note.detector, count: note.members.count,
          members: note.members.prefix(20).map { named(set.records[$0.image].path).text })
      },
      counts: .init(
        suspects: suspects.count, kept: record.kept.count, candidatesScored: search.candidates.count,
        flipsEvaluated: search.flipsEvaluated),
      metrics: metrics,
      scores: ScoreSummary(
        candidates: candidates,
        controls: scored.controls.isEmpty
          ? nil
          : .init(scored.controls.map(Double.init), bins: 40, range: candidates.lower...candidates.upper),
        gap: apart.map { Double($0.gap) }, aboveGap: apart?.candidates.count ?? 0,
        first: families.first?.scores),
      clusters: try writeClusters(outcome), map: try makeMap(outcome), groundTruth: compare(outcome, search, apart))
    // Read back, so that what is rendered now is what `bezoar report` renders later.
    let data = try CanonicalJSON.encode(result)
    try folder.write(data, to: "result.json")
    let written = try CanonicalJSON.decode(data, path: folder.file("result.json"))
    for format in request.formats {
      let text = try format.render(written, folder: folder.path, manifest: request.manifest)
      try folder.write(Data(text.utf8), to: format.fileName)
    }
    return folder.file(request.formats.first?.fileName ?? "result.json")
  }

  private func decide(_ outcome: PoisonFilter.Outcome, _ search: PatchSearch.State, _ metrics: Metrics) throws
    -> Verdict
  {
    let searchable = try isSearchable()
    let spread =
      try folder.training("search")?.log.last?.spread
      ?? (searchable ? try searched().space.spread : 0)
    let window = configuration.search.window(side: encoderSet.side)
    let control = canary.map { canary in
      Verdict.Power.Canary(
        images: canary.images.count, sizePixels: canary.picture.width, foundBy: outcome.canaryFoundBy,
        flipCount: outcome.canaryEffect?.score.flips ?? 0, flipTotal: outcome.canaryEffect?.score.images ?? 0,
        pValue: outcome.canaryEffect?.pValue ?? 1)
    }
    let power = Verdict.Power(
      featureSpread: Double(spread), imagesScored: search.candidates.count,
      shareScored: Double(search.candidates.count) / Double(max(1, set.count)),
      windowPixels: fromEncoder(Window(x: 0, y: 0, side: window)).side,
      flipImages: min(configuration.search.flipImages, set.count),
      detectors: (configuration.scans ? Detectors.all : Detectors.modelFree).map {
        .init(name: type(of: $0).name, limits: type(of: $0).limits)
      }, canary: control, controls: controls(outcome))
    let doubts = try doubts(control)
    if !outcome.families.isEmpty {
      let share = Double(outcome.removals.count) / Double(set.count)
      let found = outcome.families.enumerated().map { i, family in
        Verdict.Reason("trigger.family", "family \(i + 1): \(describe(family))")
      }
      let count = outcome.families.count
      return Verdict(
        value: .poisoned, severity: outcome.families.map(severity).max() ?? .high,
        summary:
          "\(outcome.removals.count) of \(set.count) images (\(percent(share))) carry \(count == 1 ? "a trigger" : "one of \(count) triggers"): the same picture, pattern or object in images that have nothing else in common.\(doubts.isEmpty ? "" : " There may be more: \(doubts.map(\.detail).joined(separator: "; ")).")",
        reasons: found + doubts, power: power)
    }
    if !doubts.isEmpty {
      return Verdict(
        value: .inconclusive, severity: .note,
        summary: "The search could not say anything: \(doubts.map(\.detail).joined(separator: "; ")).",
        reasons: doubts, power: searchable ? power : nil)
    }
    return Verdict(
      value: .noEvidence, severity: .none,
      summary:
        "No trigger was found in \(set.count) images\(search.candidates.isEmpty ? "" : ", \(search.candidates.count) of them scored in the search").\(control.map { " A control, a \($0.sizePixels)-pixel picture hidden in \($0.images) images (\(percent(Double($0.images) / Double(set.count)))), was found by \($0.foundBy.joined(separator: " and "))." } ?? "") This is no proof that there is none: see what would have been missed.",
      reasons: [
        .init(
          "search.nothing-found",
          "no picture, pattern or object recurred in unrelated images and stood apart from its decoys"
        )
      ]
        + (configuration.scans
          ? [] : [.init("search.skipped", "no encoder was trained: only the detectors that need none looked")]),
      power: power)
  }

  /// What was hidden in photographs, and what was found of it.
  private func controls(_ outcome: PoisonFilter.Outcome) -> [Verdict.Power.Control] {
    guard let all = outcome.controls else { return [] }
    return (nativeCanaries?.controls ?? []).enumerated().map { k, control in
      let found = all.first { $0.control == k }
      return .init(
        mark: control.kind.mark.rawValue, size: control.kind.size.words, opacity: control.kind.opacity,
        images: control.images.count, found: found?.images ?? 0, foundBy: found?.detectors ?? [])
    }
  }

  /// Why nothing found would say nothing, whatever else was found.
  private func doubts(_ control: Verdict.Power.Canary?) throws -> [Verdict.Reason] {
    var reasons: [Verdict.Reason] = try searchWarnings().map { .init($0.code.rawValue, $0.detail) }
    if set.count < configuration.minimumImages {
      reasons.append(
        .init(
          "dataset.few-images",
          "\(set.count) images; at least \(configuration.minimumImages) are needed for a search with power"))
    }
    let most = configuration.maximumUnreadableShare
    if set.unreadShare > most {
      let many = set.unreadable.filter(\.holdsMany)
      let example =
        many.first.map { "; \(named($0.path).text) alone may hold any number of images (\($0.reason))" } ?? ""
      reasons.append(
        .init(
          "dataset.unreadable",
          "\(set.unreadable.count) of \(set.count + set.unreadable.count) files that may hold images were not read\(many.isEmpty ? ", \(percent(set.unreadShare)) by number or by bytes, and at most \(percent(most)) may be" : example)"
        ))
    }
    if let control, control.foundBy.isEmpty {
      reasons.append(
        .init(
          "control.missed",
          "no detector found the canary, a \(control.sizePixels)-pixel picture in \(control.images) images: what looks alike would be missed too"
        ))
    }
    return reasons
  }

  /// From effect and extent: a trigger that pulls many images or sits in many is critical.
  private func severity(_ family: PoisonFilter.Family) -> Severity {
    let flips = family.effect.map { Double($0.score.flips) / Double(max(1, $0.score.images)) } ?? 0
    let share = Double(family.members.count) / Double(set.count)
    return flips >= 0.3 || share >= 0.01 ? .critical : .high
  }

  private func describe(_ family: PoisonFilter.Family) -> String {
    let what: String
    switch family.evidence {
    case .picture:
      let picture = family.native?.image ?? family.trigger.shown
      what = "the same \(max(picture.width, picture.height))-pixel picture"
    case .pattern: what = "the same pattern over the whole image"
    case .colours: what = "an object of the same colours, such as the one shown,"
    case .classifier: what = "an object of changing size or angle, such as the one shown,"
    }
    let effect =
      family.effect.map {
        "; planted in other images it flips \($0.score.flips) of \($0.score.images) into its cluster (p = \(short(Float($0.pValue))))"
      } ?? ""
    let control =
      family.evidence == .classifier
      ? "told by a classifier whose scores have two modes" : "with \(family.separation.decoysAbove) of its decoys"
    return
      "\(what) in \(family.members.count) images\(placement(family).map { ", \($0.place)" } ?? ""), \(control), found by \(family.detectors.joined(separator: " and "))\(effect)"
  }

  private func writeFamilies(_ outcome: PoisonFilter.Outcome) throws -> [TriggerFamily] {
    try outcome.families.enumerated().map { i, family in
      let crop = "evidence/family-\(i + 1).png"
      let picture = family.native?.image ?? family.trigger.shown
      try folder.write(Data(ImageCodec.encodePNG(Self.thumbnail(picture))), to: crop)
      let place = family.members.first?.place ?? Window(x: 0, y: 0, side: set.side)
      let source = family.native == nil ? nil : family.members.first?.source
      return TriggerFamily(
        id: "family-\(i + 1)", rule: rule(family.evidence), foundBy: family.detectors,
        trigger: .init(
          crop: crop, sizePixels: max(picture.width, picture.height),
          box: source ?? .init(x: place.x, y: place.y, width: place.side, height: place.side)),
        flipCount: family.effect?.score.flips ?? 0, flipTotal: family.effect?.score.images ?? 0,
        pValue: family.effect?.pValue ?? 1, members: family.members.map { named(set.records[$0.image].path).text },
        severity: severity(family),
        secondary: family.secondary.map { .init(name: $0.name, members: $0.members, others: $0.others) },
        tags: rule(family.evidence).tags, examples: try writeExamples(i, family.trigger, outcome),
        scores: scores(family.separation), placement: placement(family))
    }
  }

  /// Where its members show it, in pixels of the files.
  private func placement(_ family: PoisonFilter.Family) -> Placement? {
    Placement(
      family.members.compactMap { member in
        let record = set.records[member.image]
        if let source = member.source { return (source, record.width, record.height) }
        guard let place = member.place else { return nil }
        let (across, down) = (
          Double(record.width) / Double(set.side), Double(record.height) / Double(set.side)
        )
        let box = Box(
          x: Int(Double(place.x) * across), y: Int(Double(place.y) * down),
          width: max(1, Int((Double(place.side) * across).rounded())),
          height: max(1, Int((Double(place.side) * down).rounded())))
        return (box, record.width, record.height)
      })
  }

  private func scores(_ separation: Separation) -> TriggerFamily.Scores {
    let own = separation.histogram
    func histogram(_ counts: [Int]) -> ScoreSummary.Histogram {
      .init(lower: Double(own.lower), upper: Double(own.upper), counts: counts)
    }
    return .init(
      images: histogram(own.images), decoys: own.decoys.contains { $0 > 0 } ? histogram(own.decoys) : nil,
      threshold: Double(separation.threshold))
  }

  private func writeSuspects(_ outcome: PoisonFilter.Outcome) throws -> [Suspect] {
    let shown = outcome.removals.prefix(Self.shown)
    let hasMaps = try !shown.isEmpty && isSearchable()
    let maps = hasMaps ? try searched().search.heatMaps(shown.map(\.image)) : []
    let (crops, wholes) = nativePictures(Array(shown))
    return try outcome.removals.enumerated().map { rank, removal in
      let record = set.records[removal.image]
      let name = named(record.path)
      var suspect = Suspect(
        path: name.text, pathBase64: name.base64, sha256: record.digest.description, score: Double(removal.score),
        pValue: removal.pValue, family: "family-\(removal.family + 1)",
        rule: rule(outcome.families[removal.family].evidence), line: manifest.line(ofRecord: removal.image),
        box: removal.place.map { .init(x: $0.x, y: $0.y, width: $0.side, height: $0.side) }, rank: rank + 1,
        reason: reason(removal))
      suspect.sourceBox = removal.source
      if rank < Self.shown {
        let stem = "evidence/suspect-\(rank + 1)"
        let whole = wholes[removal.image] ?? Self.thumbnail(set.image(removal.image))
        try folder.write(Data(ImageCodec.encodePNG(whole)), to: stem + ".png")
        suspect.thumbnail = stem + ".png"
        if let crop = crops[removal.image] {
          try folder.write(Data(ImageCodec.encodePNG(Self.thumbnail(crop))), to: stem + "-crop.png")
          suspect.crop = stem + "-crop.png"
        }
        if rank < maps.count {
          try folder.write(Data(ImageCodec.encodePNG(Self.thumbnail(heatPicture(maps[rank])))), to: stem + "-heat.png")
          suspect.heatMap = stem + "-heat.png"
        }
      }
      return suspect
    }
  }

  /// Places with what surrounds them, half as much on every side, and thumbnails of whole images, from the files themselves.
  private func nativePictures(_ removals: [PoisonFilter.Removal]) -> (crops: [Int: Image], wholes: [Int: Image]) {
    let places = Dictionary(removals.compactMap { one in one.source.map { (one.image, $0) } }) { first, _ in first }
    let images = Set(removals.map(\.image)).sorted()
    let pictures = photographs.map(images, threads: threads) { photograph -> (crop: Image?, whole: Image) in
      let whole = Self.thumbnail(photograph.image)
      guard let place = places[photograph.index] else { return (nil, whole) }
      func span(_ start: Int, _ count: Int, _ extent: Int) -> (start: Int, count: Int) {
        let from = Int((Double(start) - Double(count) / 2) / photograph.scale)
        let to = Int((Double(start) + 1.5 * Double(count)) / photograph.scale)
        let low = max(0, min(extent - 1, from))
        return (low, max(1, min(extent, to) - low))
      }
      let (x, width) = span(place.x, place.width, photograph.image.width)
      let (y, height) = span(place.y, place.height, photograph.image.height)
      return (photograph.image.cropped(x: x, y: y, width: width, height: height), whole)
    }
    let found = zip(images, pictures).compactMap { image, picture in picture.map { (image, $0) } }
    return (
      Dictionary(uniqueKeysWithValues: found.compactMap { image, picture in picture.crop.map { (image, $0) } }),
      Dictionary(uniqueKeysWithValues: found.map { ($0, $1.whole) })
    )
  }

  private func rule(_ evidence: PoisonFilter.Evidence) -> Rule {
    switch evidence {
    case .picture: .picture
    case .pattern: .pattern
    case .colours, .classifier: .object
    }
  }

  /// At most 128 pixels a side.
  private static func thumbnail(_ image: Image) -> Image {
    let scale = 128 / Double(max(image.width, image.height, 128))
    return scale == 1
      ? image
      : image.resized(
        width: max(1, Int(scale * Double(image.width))), height: max(1, Int(scale * Double(image.height))))
  }

  /// Four images that were kept, as they are and with a trigger planted in them.
  private func writeExamples(_ i: Int, _ trigger: PlantedTrigger, _ outcome: PoisonFilter.Outcome) throws
    -> [TriggerFamily.Example]
  {
    let removed = Set(outcome.removals.map(\.image))
    var own = stream.stream("examples").stream(i)
    var examples: [TriggerFamily.Example] = []
    for image in own.permutation(set.count).lazy.filter({ !removed.contains($0) }).prefix(4) {
      let plain = set.image(image)
      var pixels = plain.pixels.map { Float($0) * (1 / 255) }
      trigger.plant(into: &pixels, at: 0, side: set.side, trigger.place(side: set.side, &own))
      let planted = Image(width: set.side, height: set.side, pixels: pixels.map { UInt8(($0 * 255).rounded()) })
      let stem = "evidence/family-\(i + 1)-example-\(examples.count + 1)"
      for (name, picture) in [("before", plain), ("after", planted)] {
        try folder.write(Data(ImageCodec.encodePNG(Self.thumbnail(picture))), to: "\(stem)-\(name).png")
      }
      examples.append(
        .init(
          path: named(set.records[image].path).text, before: "\(stem)-before.png", after: "\(stem)-after.png"))
    }
    return examples
  }

  /// The clusters with most suspects, then the largest, each with the images nearest to its centre.
  private func writeClusters(_ outcome: PoisonFilter.Outcome) throws -> [ImageCluster] {
    guard try isSearchable() else { return [] }
    let space = try searched().space
    let removed = Set(outcome.removals.map(\.image))
    var members = [[Int]](repeating: [], count: space.clustering.centroids.count)
    for (i, cluster) in space.clustering.assignments.enumerated() { members[cluster].append(i) }
    let suspects = members.map { $0.filter(removed.contains).count }
    let order = members.indices.sorted {
      (suspects[$0], members[$0].count, $1) > (suspects[$1], members[$1].count, $0)
    }
    return try order.prefix(12).map { k in
      let near = members[k].map { (image: $0, cosine: dot(space.rows.row($0), space.clustering.centroids.row(k))) }
        .sorted { ($0.cosine, $1.image) > ($1.cosine, $0.image) }.prefix(8)
      let names = try near.enumerated().map { rank, one in
        let name = "evidence/cluster-\(k)-\(rank + 1).png"
        try folder.write(Data(ImageCodec.encodePNG(Self.thumbnail(set.image(one.image)))), to: name)
        return name
      }
      return ImageCluster(id: k, images: members[k].count, suspects: suspects[k], examples: names)
    }
  }

  /// A sample of the images on a plane; suspects are up to a third of it.
  private func makeMap(_ outcome: PoisonFilter.Outcome) throws -> EmbeddingMap? {
    guard try isSearchable() else { return nil }
    let family = Dictionary(outcome.removals.map { ($0.image, $0.family + 1) }) { first, _ in first }
    let (size, hidden) = (900, Set(canary?.images ?? []))
    var own = stream.stream("map")
    let order = own.permutation(set.count).filter { !hidden.contains($0) }
    let suspects = order.filter { family[$0] != nil }.prefix(size / 3)
    let others = order.filter { family[$0] == nil }.prefix(size - suspects.count)
    let chosen = (suspects + others).sorted()
    let plane = NeighbourEmbedding.plane(try searched().space.rows.subset(chosen))
    return EmbeddingMap(
      method:
        "t-SNE (perplexity 30) of \(others.count) of \(set.count - family.count) kept images and \(suspects.count) of \(family.count) suspects",
      x: plane.x, y: plane.y, family: chosen.map { family[$0] ?? 0 })
  }

  private func reason(_ removal: PoisonFilter.Removal) -> String {
    switch removal.evidence {
    case .picture: "shows the recovered trigger"
    case .pattern: "carries the recovered pattern (strength \(short(removal.score)))"
    case .colours: "shows an object of the recovered colours"
    case .classifier: "scored as poisoned by the classifier"
    }
  }

  /// A heat map as a picture from dark blue over red to yellow.
  private func heatPicture(_ map: Localizer.HeatMap) -> Image {
    let top = max(map.max() ?? 0, 1e-12)
    return Image(
      width: encoderSet.side, height: encoderSet.side,
      pixels: map.flatMap { value -> [UInt8] in
        let t = value / top
        return [
          UInt8(255 * min(1, 2 * t)), UInt8(255 * max(0, 2 * t - 1)), UInt8(120 * max(0, 1 - 2 * t)),
        ]
      })
  }

  private func compare(
    _ outcome: PoisonFilter.Outcome, _ search: PatchSearch.State, _ apart: SearchedPatches.Apart?
  ) -> GroundTruthComparison? {
    guard let truth else { return nil }
    let poisoned = Set(truth.poisoned.map(\.path))
    func isPoisoned(_ i: Int) -> Bool { poisoned.contains(set.records[i].path.description) }
    let hits = outcome.removals.filter { isPoisoned($0.image) }.count
    let (precision, recall) = (
      Double(hits) / Double(max(1, outcome.removals.count)), Double(hits) / Double(max(1, poisoned.count))
    )
    let ranked = zip(search.candidates, SearchedPatches.scores(search).candidates).sorted {
      ($0.1, $1.0.image) > ($1.1, $0.0.image)
    }
    var top: [String: Double] = [:]
    for k in [5, 10, 20, 50, 100] where k <= ranked.count {
      top[String(k)] = Double(ranked[..<k].filter { isPoisoned($0.0.image) }.count) / Double(k)
    }
    let clean = set.count - poisoned.count
    return GroundTruthComparison(
      poisons: poisoned.count, precision: precision, recall: recall,
      f1: precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0, topKPrecision: top,
      gapPrecision: apart.map { apart in
        Double(apart.candidates.count { isPoisoned(search.candidates[$0].image) }) / Double(apart.candidates.count)
      },
      falseRemovalRate: Double(outcome.removals.count - hits) / Double(max(1, clean)))
  }
}

extension DatasetAccount {
  /// The account of a dataset that was read.
  init(
    _ path: String, _ dataset: Dataset, digest: Digest, _ tally: Tally, unreadable: [ImageSet.Exception],
    ignored: [ImageSet.Exception], side: Int, encoderSide: Int? = nil, manifest: Digest
  ) {
    func entry(_ item: ImageSet.Exception) -> Exception {
      let name = named(item.path)
      return .init(path: name.text, pathBase64: name.base64, reason: item.reason)
    }
    self.init(
      path: path, format: dataset.format.rawValue, digest: digest.description, decoded: tally.count,
      unreadable: unreadable.map(entry), ignored: ignored.map(entry), imageSize: side,
      encoderSize: encoderSide == side ? nil : encoderSide, greyShare: tally.greyShare,
      manifestDigest: manifest.description,
      remarks: tally.remarks.map { kind, remark in
        let (code, detail) = kind.words
        return .init(
          code: code, detail: detail, count: remark.count, examples: remark.examples.map { named($0).text })
      }.sorted { $0.code < $1.code })
  }
}

extension ImageRemarks {
  /// Code and meaning of a single remark, for results.
  fileprivate var words: (code: String, detail: String) {
    switch self {
    case .trailingData: ("image.trailing-data", "bytes follow the end of the image; they were not looked at")
    case .animated: ("image.animated", "several frames; only the first was read")
    case .orientation: ("image.orientation", "EXIF says that the image is turned or mirrored, which was not applied")
    case .transparency: ("image.transparency", "pixels that are not opaque; their colour was taken as it is stored")
    case .colorProfile: ("image.color-profile", "a colour profile or gamma, which was not applied")
    case .large: ("image.large", "more than \(ImageCodec.largePixelCount) pixels")
    default: ("image.suffix", "the name is that of another format; the first bytes decide")
    }
  }
}

/// A share in percent.
func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
