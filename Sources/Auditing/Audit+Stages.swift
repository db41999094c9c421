import Contrastive
import Datasets
import Detection
import Findings
import Foundation
import Images
import NeuralNetworks
import Randomness
import Tensors

extension Audit {
  /// What the filter stage leaves for later ones.
  struct FilterRecord: Codable {
    var outcome: PoisonFilter.Outcome
    var kept: [Int]
  }

  // MARK: screen

  func screen() throws -> (String, Int?) {
    let found: [Proposal]
    if let done = try folder.kept(json: [Proposal].self, "screen.json") {
      found = done
    } else {
      var all: [Proposal] = []
      for (i, detector) in Detectors.modelFree.enumerated() {
        try checkInterruption()
        progress.update(Double(i) / Double(Detectors.modelFree.count), type(of: detector).name)
        all += detector.proposals(context(type(of: detector).isControlled ? copy : set))
      }
      try folder.keep(json: all, as: "screen.json")
      found = all
    }
    let names = Dictionary(grouping: found, by: \.detector).sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.count)" }
    return (found.isEmpty ? "nothing proposed" : "proposals: \(names.joined(separator: ", "))", set.count)
  }

  private func context(_ images: ImageSet, _ search: PatchSearch.State? = nil, _ rows: Features? = nil)
    -> DetectionContext
  {
    DetectionContext(
      set: images, device: device, threads: threads, stream: stream.stream("detectors"),
      falseDiscoveryRate: configuration.filter.falseDiscoveryRate, search: search, rows: rows,
      photographs: photographs, controls: nativeCanaries)
  }

  // MARK: train

  func train() throws -> (String, Int?) {
    guard configuration.scans else { return ("skipped: not asked for", nil) }
    if let given {
      try save(given.encoder(side: encoderSet.side), as: "scan")
      return ("\(configuration.encoder ?? ""): \(given.summary)", nil)
    }
    let state = try training(
      "search", over: encoderCopy, searchTraining, encoder: searchEncoderConfiguration, stream.stream("search encoder"))
    try save(Encoder(searchEncoderConfiguration, weights: state.arrays), as: "search")
    var (summaries, images) = (["search: \(summary(state))"], state.epoch * set.count)
    if isCompared {
      let state = try trainScan(scanConfiguration)
      summaries.append("scan: \(summary(state))")
      images += state.epoch * set.count
    }
    return (summaries.joined(separator: "; "), images)
  }

  /// The encoder that users would train on all images, with their own recipe.
  private func trainScan(
    _ settings: ContrastiveConfiguration,
    measuring: (_ epoch: Int, _ arrays: [String: Tensor]) -> FeatureQuality? = { _, _ in nil }
  ) throws -> TrainingState {
    let state = try training(
      settings.cutMix ? "scan-mixed" : "scan", over: encoderSet, settings, encoder: encoderConfiguration,
      classes: encoderSet.classes,
      stream.stream("scan"), measuring: measuring)
    try save(Encoder(encoderConfiguration, weights: state.arrays), as: "scan")
    return state
  }

  /// Trains that encoder alone; nothing is looked for. Its quality is told each few epochs, and `training.csv` has every epoch.
  /// With a ground truth, `pretraining.json` says how far its attack succeeds.
  ///
  /// - Returns: How it ended, and whether the encoder may be used.
  public func pretrain() throws -> (words: String, isUsable: Bool) {
    progress.begin("train")
    let every = max(1, configuration.scan.epochs / 10)
    let monitor = TrainingMonitor(
      encoderSet, classes: encoderSet.classes, scanConfiguration.augmentation, stream.stream("monitor"))
    let state = try trainScan(plainConfiguration) { epoch, arrays in
      guard epoch % every == 0 || epoch == self.configuration.scan.epochs else { return nil }
      return monitor.quality(Encoder(self.encoderConfiguration, weights: arrays), on: self.device)
    }
    func text(_ number: Double?) -> String { number.map { String(format: "%.4f", $0) } ?? "" }
    let rows = state.log.map { report in
      let quality = report.quality
      let measured = [
        quality?.neighbourAccuracy, quality?.alignment, quality?.uniformity, quality?.rotationAccuracy,
      ].map(text)
      return (["\(report.epoch)", "\(report.loss)", "\(report.spread)"] + measured).joined(separator: ",")
    }
    let header = "epoch,loss,spread,neighbour_accuracy,alignment,uniformity,rotation_accuracy"
    try folder.write(Data(([header] + rows).joined(separator: "\n").utf8 + [0x0A]), to: "training.csv")
    var words = summary(state)
    if let last = state.log.last?.quality {
      words += last.neighbourAccuracy.map { "; 20 nearest neighbours tell \(percent($0)) of the classes" } ?? ""
      words += "; alignment \(text(last.alignment)), uniformity \(text(last.uniformity))"
      words += last.rotationAccuracy.map { ", rotation told of \(percent($0))" } ?? ""
    }
    if truth != nil, let labelled = try evaluationSet(kept: Array(0..<set.count)) {
      var metrics = EncoderMetrics(encoder: "scan", unmeasured: "nothing was looked for")
      let judge = EncoderEvaluation(configuration: configuration, device: device, stream: stream.stream("evaluation"))
      try judge.measure(Encoder(encoderConfiguration, weights: state.arrays), labelled, into: &metrics)
      try folder.keep(json: metrics, as: "pretraining.json")
      words += "; clean accuracy \(metrics.cleanAccuracy.map(percent) ?? "not measured")"
      words += metrics.attackSuccessRate.map { ", attack success \(percent($0))" } ?? ""
    }
    progress.end("train", words)
    return (words, !state.warnings.contains { $0.code.isFatal })
  }

  /// True if an encoder trained on all images with the users' own recipe is needed to compare with.
  private var isCompared: Bool {
    !configuration.retrain.isEmpty || configuration.labels != "none" || truth?.evaluation != nil
  }

  /// Trains with the scan recipe, going on from the folder's state.
  private func training(
    _ name: String, over images: ImageSet, _ settings: ContrastiveConfiguration, encoder: Encoder.Configuration,
    classes: [Int]? = nil, teacher: Encoder? = nil, _ stream: RandomStream,
    measuring: (_ epoch: Int, _ arrays: [String: Tensor]) -> FeatureQuality? = { _, _ in nil }
  ) throws -> TrainingState {
    let rate = Rate()
    // What is searched is trained without labels: an objective that needs them has none of any image.
    let needed = settings.objective.objective.labels == .needed
    let labels = classes ?? (needed ? [Int](repeating: -1, count: images.count) : nil)
    let trainer = ContrastiveTrainer(settings, encoder: encoder, labels: labels, teacher: teacher, stream: stream)
    // Few images make many short epochs: the state is kept about as often as after those of all images.
    let pause = max(1, self.set.count / max(1, images.count))
    return try trainer.train(
      images, on: device, threads: threads, from: try folder.training(name),
      afterStep: { step, steps, loss in
        try self.checkInterruption()
        self.progress.update(
          Double(step) / Double(steps),
          "\(name) epoch \((step - 1) * settings.epochs / steps + 1)/\(settings.epochs) loss \(short(loss)) \(rate.text(step * settings.batch)) images/s"
        )
      },
      afterEpoch: { state in
        let isLast = state.epoch == settings.epochs || state.warnings.contains { $0.code.isFatal }
        if isLast || state.epoch % pause == 0 { try self.folder.keep(state, as: name) }
      },
      measuring: measuring)
  }

  private func summary(_ state: TrainingState) -> String {
    let last =
      state.log.last.map { "\($0.epoch) epochs, loss \(short($0.loss)), feature spread \(short($0.spread))" }
      ?? "no epoch"
    return ([last] + state.warnings.map { "WARNING \($0.code.rawValue): \($0.detail)" }).joined(separator: "; ")
  }

  private func save(_ encoder: Encoder, as name: String) throws {
    let files = try encoder.files()
    try folder.write(files.weights, to: "models/\(name)/model.safetensors")
    try folder.write(files.configuration, to: "models/\(name)/config.json")
  }

  /// What is wrong with the encoder that is searched, which decides over the verdict: its training, or its features of the images.
  func searchWarnings() throws -> [EncoderWarning] {
    guard configuration.scans else { return [] }
    guard set.count >= 20 else {
      return [.init(.fewImages, "\(set.count) images; clusters and flip tests need at least 20")]
    }
    let training = try folder.training("search")?.warnings ?? []
    if !training.isEmpty { return training }
    if let measured = try folder.kept(json: [EncoderWarning].self, "encoder.json") { return measured }
    let measured = [try searched().space.warning].compactMap(\.self)
    try folder.keep(json: measured, as: "encoder.json")
    return measured
  }

  // MARK: search

  /// The encoder that is searched: a given one, or one trained to be sensitive to local evidence.
  func searchEncoder() throws -> Encoder {
    try Encoder.load(folder.file(configuration.encoder == nil ? "models/search" : "models/scan"))
  }

  /// The searched encoder and its clusters, made once.
  func searched() throws -> Searched {
    if let searchedBefore { return searchedBefore }
    let embedder = Embedder(try searchEncoder(), on: device)
    let space = SearchSpace(
      configuration.search, set: encoderCopy, embedder: embedder, on: device, stream.stream("search"))
    let search = PatchSearch(
      configuration.search, set: encoderCopy, clusters: space, embedder: embedder, on: device,
      stream.stream("patch search"))
    let made = Searched(embedder: embedder, space: space, search: search)
    searchedBefore = made
    return made
  }

  /// What the search and all that follows it look through.
  struct Searched {
    let embedder: Embedder
    let space: SearchSpace
    let search: PatchSearch
  }

  /// False if there are too few images for clusters and flip tests, or the encoder is of no use.
  func isSearchable() throws -> Bool {
    try configuration.scans && !searchWarnings().contains { $0.code.isFatal }
  }

  /// Why there is nothing to search with, in words.
  private func reasonForNoSearch() throws -> String {
    configuration.scans ? try searchWarnings().map(\.detail).joined(separator: "; ") : "no encoder was asked for"
  }

  func search() throws -> (String, Int?) {
    guard try isSearchable() else {
      try folder.keep(json: PatchSearch.State(), as: "search.json")
      return ("skipped: \(try reasonForNoSearch())", nil)
    }
    let kept = try folder.kept(json: PatchSearch.State.self, "search.json")
    if let kept, kept.isFinished { return ("\(kept.candidates.count) images scored", nil) }
    let state = try searched().search.run(from: kept) { state in
      try self.folder.keep(json: state, as: "search.json")
      try self.checkInterruption()
      self.progress.update(
        Double(state.candidates.count) / max(1, self.configuration.search.budget * Double(self.set.count)),
        "round \(state.round), \(state.candidates.count) images scored, \(state.liveClusters.count) clusters live")
    }
    return (
      "\(state.candidates.count) images of \(try searched().space.clustering.centroids.count) clusters scored in \(state.round) rounds, \(state.flipsEvaluated) flips",
      state.candidates.count
    )
  }

  // MARK: filter

  func filter() throws -> (String, Int?) {
    if let done = try folder.kept(json: FilterRecord.self, "filter.json") {
      return ("\(done.outcome.removals.count) suspects in \(done.outcome.families.count) families", nil)
    }
    guard let search = try folder.kept(json: PatchSearch.State.self, "search.json") else {
      throw AuditError(.state, "the search left no state in \(folder.path); run: bezoar search --out \(folder.path)")
    }
    guard let screened = try folder.kept(json: [Proposal].self, "screen.json") else {
      throw AuditError(.state, "the screening left no state in \(folder.path); run: bezoar screen --out \(folder.path)")
    }
    let isSearchable = try isSearchable()
    let learnt = context(copy, fromEncoder(search), isSearchable ? try searched().space.rows : nil)
    let proposals = Detectors.modelBased(configuration.filter).flatMap { $0.proposals(learnt) }
    var outcome = try PoisonFilter(
      configuration.filter, augmentation: adapted(configuration.scan.augmentation), stream: stream.stream("filter")
    ).decide(
      screened + proposals, canary: canary, controls: nativeCanaries?.controls ?? [], set: set, encoderSet: encoderSet,
      on: device, threads: threads
    ) { share in
      try self.checkInterruption()
      self.progress.update(share, "training the poison classifier")
    }
    if isSearchable { try measureEffects(&outcome) }
    let removed = Set(outcome.removals.map(\.image))
    let kept = (0..<set.count).filter { !removed.contains($0) }
    let list = PathList.encode(
      kept.lazy.map { self.set.records[$0].path }, isNullDelimited: request.source.isNullDelimited, of: dataset.entries)
    try folder.write(Data(list), to: DatasetSource.keptName)
    // Last: where it is, the stage is done.
    try folder.keep(json: FilterRecord(outcome: outcome, kept: kept), as: "filter.json")
    return (
      "\(outcome.removals.count) suspects in \(outcome.families.count) families, \(kept.count) images kept", set.count
    )
  }

  /// Adds what the families do to other images, and the secondary scores.
  private func measureEffects(_ outcome: inout PoisonFilter.Outcome) throws {
    guard !outcome.families.isEmpty || canary != nil else { return }
    let searched = try searched()
    let search = searched.search
    let judge = SecondaryScores(
      set: encoderCopy, embedder: searched.embedder, space: searched.space, stream.stream("secondary"))
    for i in outcome.families.indices {
      let members = outcome.families[i].members.map(\.image)
      let effect = search.effect(of: toEncoder(outcome.families[i].trigger), members: members)
      outcome.families[i].effect = effect
      outcome.families[i].secondary = judge.scores(members: members, cluster: effect.cluster)
    }
    // Where the trigger is in images that only the classifier recognised.
    let placeless = outcome.removals.indices.filter {
      outcome.removals[$0].place == nil && outcome.removals[$0].evidence == .classifier
    }
    let maps = placeless.isEmpty ? [] : search.heatMaps(placeless.map { outcome.removals[$0].image })
    for (i, map) in zip(placeless, maps) {
      outcome.removals[i].place =
        Localizer.windows(map, side: encoderSet.side, window: search.windowPixels, count: 1).first.map {
          fromEncoder($0)
        }
    }
    if let canary {
      outcome.canaryEffect = search.effect(
        of: toEncoder(.patch(PatchTemplate(canary.picture))), members: canary.images)
    }
  }

  func filterRecord() throws -> FilterRecord {
    guard let record = try folder.kept(json: FilterRecord.self, "filter.json") else {
      throw AuditError(.state, "the filter left no state in \(folder.path); run: bezoar filter --out \(folder.path)")
    }
    return record
  }

  // MARK: retrain

  func retrain() throws -> (String, Int?) {
    let wanted = configuration.retrainings
    guard let used = wanted.first else { return ("skipped: not asked for", nil) }
    let kept = try retrained()
    guard try isSearchable() else { return ("skipped: \(try reasonForNoSearch())", nil) }
    guard kept.count >= 20 else { return ("skipped: too few images are kept", nil) }
    var (summaries, images): ([String], Int) = ([], 0)
    for kind in wanted.reversed() {
      let set = try encoderSet.subset(kind.distillation == nil ? kept : vouched())
      guard set.count >= 20 else {
        summaries.append("\(kind.rawValue): skipped, \(set.count) of the trusted images are kept and 20 are needed")
        continue
      }
      let (encoder, state) = try retrained(kind, set)
      try save(encoder, as: model(kind))
      if kind == used, configuration.retrainOn == .kept { try save(encoder, as: "clean") }
      summaries.append("\(kind == .advcl ? "AdvCL" : kind.rawValue): \(summary(state))")
      images += state.epoch * set.count
    }
    return (summaries.joined(separator: "; "), images)
  }

  /// Images that encoders are retrained on.
  private func retrained() throws -> [Int] {
    configuration.retrainOn == .all ? Array(0..<set.count) : try filterRecord().kept
  }

  /// Those of them that the user vouches for; all without a list.
  private func vouched() throws -> [Int] {
    guard let trusted else { return try retrained() }
    let kept = Set(try retrained())
    return trusted.filter(kept.contains)
  }

  /// Where an encoder's weights are; AdvCL's are those to use, unless nothing was left out.
  private func model(_ kind: AuditConfiguration.Retraining) -> String {
    kind == .advcl && configuration.retrainOn == .kept ? "clean" : kind.rawValue
  }

  private func retrained(
    _ kind: AuditConfiguration.Retraining, _ images: ImageSet
  ) throws -> (encoder: Encoder, state: TrainingState) {
    if kind == .advcl { return try advCL(images) }
    let state: TrainingState
    if let objective = kind.distillation {
      state = try training(
        kind.rawValue, over: images, distillation(objective, images: images.count), encoder: encoderConfiguration,
        teacher: Encoder.load(folder.file("models/scan")), stream.stream("distillation"))
    } else {
      state = try training(
        kind.rawValue, over: images, plainConfiguration, encoder: encoderConfiguration, classes: images.classes,
        stream.stream("plain"))
    }
    return (Encoder(encoderConfiguration, weights: state.arrays), state)
  }

  private func advCL(_ kept: ImageSet) throws -> (encoder: Encoder, state: TrainingState) {
    var settings = configuration.advcl
    settings.augmentation = adapted(settings.augmentation)
    let trainer = AdvCLTrainer(settings, encoder: encoderConfiguration, stream: stream.stream("advcl"))
    let rate = Rate()
    let state = try trainer.train(
      kept, pseudoLabels: pseudoLabels(kept, trainer), on: device, threads: threads, from: try folder.training("advcl"),
      afterStep: { step, steps, loss in
        try self.checkInterruption()
        self.progress.update(
          Double(step) / Double(steps),
          "AdvCL epoch \((step - 1) * settings.epochs / steps + 1)/\(settings.epochs) loss \(short(loss)) \(rate.text(step * settings.batch)) images/s"
        )
      },
      afterEpoch: { try self.folder.keep($0, as: "advcl") })
    return (trainer.encoder(state), state)
  }

  /// Clusters of the scan encoder's features, or of those of a network that was trained to tell such clusters apart.
  private func pseudoLabels(_ kept: ImageSet, _ trainer: AdvCLTrainer) throws -> [(clusters: Int, labels: [Int])] {
    func rows(_ encoder: Encoder) -> Features {
      let features = Embedder(encoder, on: device).features(kept)
      let space = ClusterSpace(
        features, directions: configuration.search.directions, on: device, stream.stream("pseudo-label space"))
      return space(features)
    }
    let own = rows(try Encoder.load(folder.file("models/scan")))
    guard configuration.advcl.pseudoLabels == .clusterFit, let most = trainer.clusters(of: kept.count).max() else {
      return trainer.pseudoLabels(own, on: device)
    }
    let first = KMeans(own, clusters: most, on: device, stream.stream("clusterfit clusters")).assignments
    progress.update(0, "training a network on \(most) clusters")
    let state = try training(
      "clusterfit", over: kept, scanConfiguration.with(ClusterFit(classes: most)).suiting(configuration.network),
      encoder: encoderConfiguration, classes: first, stream.stream("clusterfit"))
    if let warning = state.warnings.first(where: { $0.code.isFatal }) {
      throw AuditError(
        .state, "ClusterFit's network cannot be used: \(warning.detail); give --set advcl.pseudoLabels=kmeans")
    }
    return trainer.pseudoLabels(rows(Encoder(encoderConfiguration, weights: state.arrays)), on: device)
  }

  // MARK: evaluate

  func evaluate() throws -> String {
    if try folder.kept(json: Metrics.self, "evaluation.json") != nil { return "already measured" }
    guard try isSearchable() else {
      let reason = try reasonForNoSearch()
      let none = EncoderMetrics(encoder: "none", unmeasured: reason)
      try folder.keep(
        json: Metrics(
          before: configuration.scans ? .init(encoder: "search", unmeasured: reason) : none, after: none,
          afterPlain: nil),
        as: "evaluation.json")
      return "skipped: \(reason)"
    }
    let record = try filterRecord()
    let labelled = try evaluationSet(kept: record.kept)
    let judge = EncoderEvaluation(configuration: configuration, device: device, stream: stream.stream("evaluation"))
    let clusters = try searched().space.clustering.assignments
    func measure(_ name: String, _ model: String) throws -> EncoderMetrics {
      try checkInterruption()
      progress.update(0.5, "measuring the \(name) encoder")
      let encoder = try Encoder.load(folder.file("models/\(model)"))
      var metrics = EncoderMetrics(
        encoder: name, unmeasured: "no labels: give --labels or --ground-truth with evaluation folders")
      if let labelled { try judge.measure(encoder, labelled, into: &metrics) }
      judge.measureFlips(
        encoder, encoderSet, toEncoder, outcome: record.outcome, searchClusters: clusters, into: &metrics)
      return metrics
    }
    let first = isCompared || configuration.encoder != nil ? "scan" : "search"
    let before = try measure(first, first)
    var after = try configuration.retrainings.filter {
      FileManager.default.fileExists(atPath: folder.file("models/\(model($0))/model.safetensors"))
    }
    .map { (kind: $0, metrics: try measure($0.rawValue, model($0))) }
    let used = after.isEmpty ? nil : after.removeFirst().metrics
    try folder.keep(
      json: Metrics(
        before: before,
        after: used
          ?? EncoderMetrics(
            encoder: "none",
            unmeasured: configuration.retrain.isEmpty
              ? "no retraining was asked for" : "too few images are left to retrain on"),
        afterPlain: after.first { $0.kind == .plain }?.metrics,
        afterOthers: after.filter { $0.kind != .plain }.map(\.metrics)), as: "evaluation.json")
    return labelled.map { "\($0.test.count) labelled images, \($0.classes.count) classes" } ?? "without labels"
  }

  /// Labelled images: the ground truth's evaluation folders, or the kept images with their own labels.
  private func evaluationSet(kept: [Int]) throws -> EvaluationSet? {
    let own = stream.stream("probe")
    if let truth, let evaluation = truth.evaluation, let path = request.groundTruth {
      let base = Path(path).parent.description
      func read(_ name: String) throws -> ImageSet {
        let dataset = try Dataset(Path((base.isEmpty ? "." : base) + "/" + name))
        let labels = try LabelSource.layout.labels(for: dataset)
        return try ImageSet(ImageReader(dataset, labels: labels, side: set.side, threads: threads))
          .resized(to: encoderSet.side, threads: threads)
      }
      return try EvaluationSet(
        try read(evaluation.clean), triggered: try read(evaluation.triggered), target: truth.targetClass,
        source: "evaluation set of the ground truth", probeShare: configuration.evaluation.probeShare, own)
    }
    guard configuration.labels != "none" else { return nil }
    let labelled = kept.filter { set.records[$0].label != nil }
    return try EvaluationSet(
      encoderSet.subset(labelled), triggered: nil, target: nil, source: "kept images with --labels",
      probeShare: configuration.evaluation.probeShare, own)
  }
}

extension ImageSet {
  /// Class of each image, -1 for none; nil where no image has a label.
  var classes: [Int]? {
    let names = Set(records.compactMap(\.label)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return names.isEmpty ? nil : records.map { $0.label.flatMap { numbers[$0] } ?? -1 }
  }
}

/// Images a second since it was made.
private final class Rate {
  private let start = Date()
  private var first: Int?

  /// Rate in words, given all images done so far.
  func text(_ images: Int) -> String {
    let from = first ?? images
    first = from
    return String(Int(Double(images - from) / max(0.001, -start.timeIntervalSinceNow)))
  }
}

/// A number with three digits after the point.
func short(_ value: Float) -> String { String(format: "%.3f", Double(value)) }
