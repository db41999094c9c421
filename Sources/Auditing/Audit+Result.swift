import Contrastive
import Datasets
import Detection
import Findings
import Foundation
import Images
import Reporting

extension Audit {
  private static let shown = 200

  /// Writes result.json, report.html, suspects.csv and the evidence.
  func report() throws -> String {
    let record = try filterRecord()
    guard let search = try folder.read(json: PatchSearch.State.self, "state/search.json"),
      let metrics = try folder.read(json: Metrics.self, "state/evaluation.json")
    else { throw AuditError(.state, "earlier stages left no state in \(folder.path); run bezoar audit again") }
    let outcome = record.outcome
    let families = try writeFamilies(outcome)
    let suspects = try writeSuspects(outcome)
    let verdict = try decide(outcome, search, metrics)
    let decision = Decision(verdict: verdict, failOn: request.failOn)
    let encoded = try configuration.encoded()
    let result = AuditResult(
      tool: .init(version: Self.version, revision: request.revision),
      run: .init(
        started: ISO8601DateFormatter().string(from: started), finished: ISO8601DateFormatter().string(from: Date()),
        seconds: -started.timeIntervalSinceNow, host: ProcessInfo.processInfo.hostName, threads: threads,
        device: device.name, exitCode: Int(decision.exitCode), exitReason: decision.reason, stages: stages),
      config: try JSONDecoder().decode(JSONValue.self, from: encoded),
      configDigest: Digest(of: [UInt8](encoded)).description, seed: configuration.seed,
      dataset: DatasetAccount(request.dataset, dataset, set),
      verdict: verdict, families: families, suspects: suspects,
      counts: .init(
        suspects: suspects.count, kept: record.kept.count, candidatesScored: search.candidates.count,
        flipsEvaluated: search.flipsEvaluated),
      metrics: metrics,
      scores: ScoreSummary(
        candidates: .init(outcome.candidateScores.map(Double.init), bins: 40),
        classifier: outcome.scores.isEmpty ? nil : .init(outcome.scores.map(Double.init), bins: 60),
        threshold: outcome.threshold.map(Double.init).flatMap { $0.isFinite ? $0 : nil }),
      groundTruth: compare(outcome))
    try folder.write(CanonicalJSON.encode(result), to: "result.json")
    try folder.write(Data(HTMLReport(result, folder: folder.path).render().utf8), to: "report.html")
    try folder.write(Data(SuspectsCSV.render(result).utf8), to: "suspects.csv")
    return folder.file("report.html")
  }

  private func decide(_ outcome: PoisonFilter.Outcome, _ search: PatchSearch.State, _ metrics: Metrics) throws
    -> Verdict
  {
    let searchable = try isSearchable()
    let spread = try folder.training("scan")?.log.last?.spread ?? 0
    let window = configuration.search.windowPixels ?? PatchSearch.automaticWindow(set.side)
    let power = Verdict.Power(
      featureSpread: Double(spread), imagesScored: search.candidates.count,
      shareScored: Double(search.candidates.count) / Double(max(1, set.count)), windowPixels: window,
      flipImages: min(configuration.search.flipImages, set.count),
      limits:
        "Looked for visible, local triggers of about \(window) of \(set.side) pixels that recur in at least \(configuration.filter.families.minimumMembers) of the images scored. Triggers spread over the whole image (blended, spectral, warped), much smaller ones and very rare ones would have been missed."
    )
    if !outcome.families.isEmpty {
      let share = Double(outcome.removals.count) / Double(set.count)
      let flips = metrics.before.flipRate ?? 0
      let severity: Severity = share >= 0.01 || flips >= 0.3 ? .critical : .high
      return Verdict(
        value: .poisoned, severity: severity,
        summary:
          "\(outcome.removals.count) of \(set.count) images (\(percent(share))) carry \(outcome.families.count == 1 ? "a trigger" : "one of \(outcome.families.count) triggers") that recurs pixel for pixel in unrelated images and pulls others into its cluster.",
        reasons: outcome.families.enumerated().map { i, family in
          .init(
            "trigger.family",
            "family \(i + 1): the same \(family.patch.trigger.side)-pixel picture in \(family.images.count) of the images scored; pasted into other images it flips \(family.flips) of \(family.flipTotal); p = \(short(Float(family.pValue)))"
          )
        }, power: power)
    }
    var reasons: [Verdict.Reason] = try scanWarnings().map { .init($0.code.rawValue, $0.detail) }
    if set.count < configuration.minimumImages {
      reasons.append(
        .init(
          "dataset.few-images",
          "\(set.count) images; at least \(configuration.minimumImages) are needed for a search with power"))
    }
    let listed = set.count + set.unreadable.count
    let lost = Double(set.unreadable.count) / Double(max(1, listed))
    if lost > configuration.maximumUnreadableShare {
      reasons.append(
        .init("dataset.unreadable", "\(set.unreadable.count) of \(listed) files could not be read (\(percent(lost)))"))
    }
    if !reasons.isEmpty {
      return Verdict(
        value: .inconclusive, severity: .note,
        summary: "The search could not say anything: \(reasons.map(\.detail).joined(separator: "; ")).",
        reasons: reasons, power: searchable ? power : nil)
    }
    return Verdict(
      value: .noEvidence, severity: .none,
      summary:
        "No trigger was found among \(search.candidates.count) images scored. This is no proof that there is none: see what would have been missed.",
      reasons: [
        .init(
          "search.nothing-found", "no window of different images showed the same picture and stood out in the flip test"
        )
      ],
      power: power)
  }

  private func writeFamilies(_ outcome: PoisonFilter.Outcome) throws -> [TriggerFamily] {
    try outcome.families.enumerated().map { i, family in
      let crop = "evidence/family-\(i + 1).png"
      try folder.write(Data(ImageCodec.encodePNG(family.patch.trigger.image)), to: crop)
      let place = family.patch.places[0]
      return TriggerFamily(
        id: "family-\(i + 1)", detector: "patch-search",
        trigger: .init(
          crop: crop, sizePixels: place.side, box: .init(x: place.x, y: place.y, width: place.side, height: place.side)),
        flipCount: family.flips, flipTotal: family.flipTotal, pValue: family.pValue,
        members: family.images.map { named(set.records[$0].path).text }, severity: .high,
        tags: [
          "AML.T0020", "AML.T0019", "AML.T0043.004", "NISTAML.013", "NISTAML.023", "OWASP-ML02", "OWASP-ML10",
          "OWASP-LLM04",
        ])
    }
  }

  private func writeSuspects(_ outcome: PoisonFilter.Outcome) throws -> [Suspect] {
    let shown = outcome.removals.prefix(Self.shown)
    let maps = shown.isEmpty ? [] : try makeSearch().heatMaps(shown.map(\.image))
    return try outcome.removals.enumerated().map { rank, removal in
      let record = set.records[removal.image]
      let name = named(record.path)
      var suspect = Suspect(
        path: name.text, pathBase64: name.base64, sha256: record.digest.description, score: Double(removal.score),
        pValue: removal.pValue, family: "family-\(removal.family + 1)",
        box: .init(x: removal.place.x, y: removal.place.y, width: removal.place.side, height: removal.place.side),
        rank: rank + 1,
        reason: removal.correlation >= configuration.filter.certain
          ? "shows the recovered trigger (correlation \(short(removal.correlation)))"
          : "scored as poisoned by the classifier")
      if rank < Self.shown {
        let stem = "evidence/suspect-\(rank + 1)"
        try folder.write(Data(ImageCodec.encodePNG(set.image(removal.image))), to: stem + ".png")
        try folder.write(Data(ImageCodec.encodePNG(heatPicture(maps[rank]))), to: stem + "-heat.png")
        (suspect.thumbnail, suspect.heatMap) = (stem + ".png", stem + "-heat.png")
      }
      return suspect
    }
  }

  /// A heat map as a picture from dark blue over red to yellow.
  private func heatPicture(_ map: Localizer.HeatMap) -> Image {
    let top = max(map.max() ?? 0, 1e-12)
    return Image(
      width: set.side, height: set.side,
      pixels: map.flatMap { value -> [UInt8] in
        let t = value / top
        return [
          UInt8(255 * min(1, 2 * t)), UInt8(255 * max(0, 2 * t - 1)), UInt8(120 * max(0, 1 - 2 * t)),
        ]
      })
  }

  private func compare(_ outcome: PoisonFilter.Outcome) -> GroundTruthComparison? {
    guard let truth else { return nil }
    let poisoned = Set(truth.poisoned.map(\.path))
    func isPoisoned(_ i: Int) -> Bool { poisoned.contains(set.records[i].path.description) }
    let hits = outcome.removals.filter { isPoisoned($0.image) }.count
    let (precision, recall) = (
      Double(hits) / Double(max(1, outcome.removals.count)), Double(hits) / Double(max(1, poisoned.count))
    )
    let search = (try? folder.read(json: PatchSearch.State.self, "state/search.json")) ?? .init()
    let ranked = zip(search.candidates, outcome.candidateScores).sorted { ($0.1, $1.0.image) > ($1.1, $0.0.image) }
    var top: [String: Double] = [:]
    for k in [5, 10, 20, 50, 100] where k <= ranked.count {
      top[String(k)] = Double(ranked[..<k].filter { isPoisoned($0.0.image) }.count) / Double(k)
    }
    let clean = set.count - poisoned.count
    return GroundTruthComparison(
      poisons: poisoned.count, precision: precision, recall: recall,
      f1: precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0, topKPrecision: top,
      falseRemovalRate: Double(outcome.removals.count - hits) / Double(max(1, clean)))
  }
}

extension DatasetAccount {
  /// The account of a dataset that was read.
  init(_ path: String, _ dataset: Dataset, _ set: ImageSet) {
    func entry(_ item: ImageSet.Exception) -> Exception {
      let name = named(item.path)
      return .init(path: name.text, pathBase64: name.base64, reason: item.reason)
    }
    self.init(
      path: path, format: dataset.format.rawValue, digest: set.digest.description, decoded: set.count,
      unreadable: set.unreadable.map(entry), ignored: set.ignored.map(entry), imageSize: set.side,
      greyShare: set.greyShare)
  }
}

/// A share in percent.
func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
