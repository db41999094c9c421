import Contrastive
import Datasets
import Detection
import Findings
import Foundation
import Images
import Poisoning
import Randomness
import Reporting
import Tensors

/// The stages of an audit over one run folder; `run` is nothing but all of them in a row.
///
/// Every stage reads what the ones before it left in the folder and returns at once if its own result
/// is there, so that a run killed anywhere goes on where it stopped.
public final class Audit {
  /// Program version, for results.
  public static let version = "0.1.0"

  /// What a user asks for, beside the configuration.
  public struct Request: Sendable {
    public var source: DatasetSource
    public var out: String
    public var groundTruth: String?
    public var overwrite = false
    /// Decides the exit code; what is written does not depend on it, save `run`.
    public var policy = GatePolicy()
    /// What is written beside `result.json`.
    public var formats = ReportFormat.standard
    /// Path of the committed manifest from the root of the repository, for code scanning.
    public var manifest = "manifest.sha256"
    /// An executable that serves as decoder, see ``DecoderPool``; nil decodes in this process.
    public var decoder: String?
    /// Memory that the audit may take; nil leaves some to others.
    public var memory: MemoryBudget?
    /// Source revision, for results.
    public var revision = "unknown"
    /// Creates a request.
    public init(_ source: DatasetSource, out: String) { (self.source, self.out) = (source, out) }
    /// As the user named it.
    var dataset: String { source.path }
  }

  let request: Request
  let configuration: AuditConfiguration
  let device: any Device
  let threads: Int
  let folder: RunFolder
  let progress: any AuditProgress
  let stream: RandomStream
  let dataset: Dataset
  /// What is screened, and what places and triggers are in pixels of.
  let set: ImageSet
  /// The same images as encoders see them, perhaps smaller.
  let encoderSet: ImageSet
  let digest: String
  let manifest: Manifest
  let truth: GroundTruth?
  /// Images that the user vouches for, as places in the set; nil without a list.
  let trusted: [Int]?
  /// The encoder that is searched instead of one that is trained.
  let given: EncoderImport?
  /// Where images were decoded, in words.
  let decoding: String
  private let decoders: DecoderPool?
  /// The positive control, and the copy of the images that carries it.
  private(set) lazy var canary: Canary? = drawCanary()
  /// Those in photographs.
  private(set) lazy var nativeCanaries: NativeCanaries? =
    configuration.canary
    ? NativeCanaries(set, photographs, stream.stream("native canaries")) : nil
  /// What detectors see.
  var copy: ImageSet { canary?.set ?? set }
  /// What the search encoder sees: the same with that control.
  private(set) lazy var encoderCopy: ImageSet = makeEncoderCopy()
  /// From pixels of what is screened to those of what encoders see, and back.
  var toEncoder: Rescaling { Rescaling(from: set.side, to: encoderSet.side) }
  var fromEncoder: Rescaling { Rescaling(from: encoderSet.side, to: set.side) }
  /// See ``searched()``.
  var searchedBefore: Searched?
  let started = Date()
  private(set) var stages: [AuditResult.Run.Stage] = []

  /// Reads a given encoder, then the dataset, and claims the run folder.
  ///
  /// - Throws: ``AuditError``, ``DatasetError``.
  public init(
    _ request: Request, _ configuration: AuditConfiguration, device: any Device, threads: Int,
    progress: any AuditProgress
  ) throws {
    (self.request, self.configuration, self.device, self.threads) = (request, configuration, device, threads)
    self.progress = progress
    folder = RunFolder(request.out)
    stream = RandomStream(seed: configuration.seed)
    given = try configuration.givenEncoder()
    try Self.refuse(request.out, inside: request.dataset)
    truth = try request.groundTruth.map(Self.readGroundTruth)
    let begin = Date()
    progress.begin(Stage.inspect.rawValue)
    dataset = try request.source.open()
    // A list's own folder may hold the run beside it.
    if ![dataset.root.parent, Path("."), Path("")].contains(dataset.base) || dataset.format != .list {
      try Self.refuse(request.out, inside: dataset.base.description)
    }
    let labels = try LabelSource(configuration.labels).labels(for: dataset)
    let total = dataset.entries.count
    decoders = request.decoder.map { DecoderPool(program: $0) }
    let storage = try (request.memory ?? .standard).storage(images: total, folder: request.out)
    let reader = ImageReader(
      dataset, labels: labels, side: configuration.imageSize ?? given?.side, decoders: decoders, threads: threads)
    set = try ImageSet(reader, storage: storage, seed: configuration.seed) {
      progress.update(Double($0) / Double(max(1, total)), "\($0) of \(total) files")
    }
    try Self.refuseExhausted(decoders)
    decoding = decoders?.summary ?? "in the program's own process"
    guard set.count > 0 else {
      let first = set.unreadable.first.map { "; the first problem: \($0.path): \($0.reason)" } ?? ""
      throw AuditError(
        .noImages,
        "no image found in \(request.dataset): \(set.unreadable.count) unreadable, \(set.ignored.count) ignored\(first)"
      )
    }
    trusted = try Self.trusted(configuration.trusted, isNullDelimited: request.source.isNullDelimited, dataset, set)
    digest = set.digest.description
    let encoded = try configuration.encoded()
    let side = set.side
    let begun = try request.overwrite ? nil : folder.identity()
    let encoderSide = begun.map { $0.encoderSide ?? side } ?? configuration.encoderSide(of: side, on: device)
    if configuration.scans, let problem = configuration.search.problems(side: encoderSide).first {
      throw AuditError(.usage, "\(problem); encoders see \(encoderSide) x \(encoderSide) pixels")
    }
    if let problem = configuration.network.suiting(side: encoderSide).problems(side: encoderSide).first {
      throw AuditError(.usage, "\(problem); give --image-size, or network.patch with --set")
    }
    if let given, let saliency = configuration.search.saliency, saliency.isRollout, !given.seesOneSide {
      throw AuditError(
        .usage, "\(saliency.rawValue) needs a vision transformer, and the encoder is none; leave search.saliency out")
    }
    if let given, given.seesOneSide, let own = given.side, own != encoderSide {
      throw AuditError(
        .usage,
        "the encoder is a vision transformer for images of \(own) pixels, not of \(encoderSide); leave out --image-size"
      )
    }
    // Labels that train and images that are trusted are as much part of a run as settings are.
    let usesLabels = configuration.scan.objective.objective.labels != .ignored
    let chosen = Array(((usesLabels ? "\(set.classes ?? [])" : "") + (trusted.map { "trusted \($0)" } ?? "")).utf8)
    try folder.claim(
      .init(
        configurationDigest: Digest(of: [UInt8](encoded) + chosen).description, datasetDigest: digest,
        source: request.source,
        base: URL(fileURLWithPath: dataset.base.description).path, isPlain: [.folder, .list].contains(dataset.format),
        encoderDigest: given?.digest.description, encoderSide: encoderSide == side ? nil : encoderSide),
      overwrite: request.overwrite)
    encoderSet = try set.resized(to: encoderSide, threads: threads)
    try folder.write(encoded, to: "state/configuration.json")
    manifest = try Manifest(set, of: dataset)
    try folder.write(Data(manifest.bytes), to: "manifest.sha256")
    stages.append(
      .init(
        name: Stage.inspect.rawValue, seconds: -begin.timeIntervalSinceNow,
        imagesPerSecond: Double(set.count) / -begin.timeIntervalSinceNow))
    progress.end(
      Stage.inspect.rawValue,
      "\(set.count) images at \(set.side) px\(encoderSide == side ? "" : " (encoders see \(encoderSide) x \(encoderSide) pixels)"), \(set.unreadable.count) unreadable, \(set.ignored.count) ignored\(set.pixels.isOnDisk ? ", pixels in a file of \(MemoryBudget.words(set.pixels.count))" : "")"
    )
  }

  /// Reads the configuration of a run folder, for a single stage.
  public static func configuration(of out: String) throws -> (AuditConfiguration, source: DatasetSource) {
    let folder = RunFolder(out)
    guard let identity = try folder.identity(),
      let configuration = try folder.read(json: AuditConfiguration.self, "state/configuration.json")
    else { throw AuditError(.usage, "\(out) is not a run folder; start one with: bezoar audit DATASET --out \(out)") }
    return (configuration, identity.source)
  }

  /// So many crashes are no few bad files.
  static func refuseExhausted(_ decoders: DecoderPool?) throws {
    guard let decoders, decoders.isExhausted else { return }
    throw AuditError(
      .io,
      "\(decoders.crashes) decoders crashed or hung: the files are hostile or the decoder is broken; look at some of them, or add --decode in-process to see the crash itself"
    )
  }

  /// Images that a list names, as places in the set.
  private static func trusted(
    _ list: String?, isNullDelimited: Bool, _ dataset: Dataset, _ set: ImageSet
  ) throws -> [Int]? {
    guard let list else { return nil }
    let entries = Set(try PathList.places(list, isNullDelimited: isNullDelimited, in: dataset))
    let places = set.records.indices.filter { entries.contains(set.records[$0].entry) }
    guard places.count >= 20 else {
      throw AuditError(
        .usage, "\(list) names \(places.count) images that can be read; a distillation needs 20 trusted ones at least")
    }
    return places
  }

  private static func refuse(_ out: String, inside dataset: String) throws {
    func real(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    if real(out) == real(dataset) || real(out).hasPrefix(real(dataset) + "/") {
      throw AuditError(
        .usage, "the run folder \(out) lies inside the dataset, which is never written to; choose another --out"
      )
    }
  }

  private static func readGroundTruth(_ path: String) throws -> GroundTruth {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw AuditError(.usage, "cannot read the ground truth \(path)")
    }
    do { return try JSONDecoder().decode(GroundTruth.self, from: data) } catch {
      throw AuditError(.usage, "\(path) is not a ground-truth.json of bezoar poison: \(error.localizedDescription)")
    }
  }

  /// Runs all stages.
  ///
  /// - Returns: The result, as written.
  public func run() throws -> AuditResult {
    try run(through: .report)
    guard let result = try folder.read(json: AuditResult.self, "result.json") else {
      throw AuditError(.state, "\(folder.file("result.json")) is missing after the report stage")
    }
    return result
  }

  /// Runs the stages up to one of them.
  public func run(through last: Stage) throws {
    for stage in Stage.allCases where stage != .inspect {
      let begin = Date()
      progress.begin(stage.rawValue)
      let summary: String
      var images: Int?
      switch stage {
      case .inspect: summary = ""
      case .screen: (summary, images) = try screen()
      case .train: (summary, images) = try train()
      case .search: (summary, images) = try search()
      case .filter: (summary, images) = try filter()
      case .retrain: (summary, images) = try retrain()
      case .evaluate: summary = try evaluate()
      case .report: summary = try report()
      }
      let seconds = -begin.timeIntervalSinceNow
      if stage != .report {
        // A stage that was done before took the time that it took then.
        let name = "time-\(stage.rawValue).json"
        if let taken = try folder.kept(json: AuditResult.Run.Stage.self, name) {
          stages.append(taken)
        } else {
          let rate = images.map { Double($0) / max(seconds, 1e-9) }
          let taken = AuditResult.Run.Stage(name: stage.rawValue, seconds: seconds, imagesPerSecond: rate)
          try folder.keep(json: taken, as: name)
          stages.append(taken)
        }
      }
      progress.end(stage.rawValue, summary)
      if stage == last { return }
    }
  }

  /// A black and white picture for grey images: a coloured one would prove too little.
  private func drawCanary() -> Canary? {
    guard configuration.canary else { return nil }
    let own = stream.stream("canary")
    let size = max(4, Int((0.31 * Double(set.side)).rounded()))
    let picture =
      set.greyShare >= 0.5 ? Trigger.blackAndWhite(size: size, own) : Trigger.generated(size: size, own)
    return Canary(set, picture: picture, own)
  }

  /// The images that carry the control are made smaller from those that are screened.
  private func makeEncoderCopy() -> ImageSet {
    guard let canary else { return encoderSet }
    let side = encoderSet.side
    if side == set.side { return canary.set }
    return encoderSet.replacing(
      Dictionary(
        uniqueKeysWithValues: canary.images.map { ($0, canary.set.image($0).resized(width: side, height: side)) }))
  }

  /// The images at their own size.
  var photographs: NativeImages {
    NativeImages(dataset, entries: set.records.map(\.entry), cap: configuration.nativeSize, decoders: decoders)
  }

  func checkInterruption() throws {
    if progress.isInterrupted {
      throw AuditError(.interrupted, "interrupted; the same command goes on where it stopped (\(folder.path))")
    }
  }

  /// Settings of the scan, without colour augmentation where the data has none.
  var scanConfiguration: ContrastiveConfiguration {
    var own = plainConfiguration
    own.cutMix = false
    return own
  }

  /// The same for what is retrained.
  var plainConfiguration: ContrastiveConfiguration {
    var own = configuration.scan
    own.augmentation = adapted(own.augmentation)
    return own
  }

  /// The recipe of a distillation: as many steps as the scan takes, so that fewer images are seen more often.
  ///
  /// - Parameter images: That it is trained on.
  func distillation(_ objective: any Objective, images: Int) -> ContrastiveConfiguration {
    var own = scanConfiguration.with(objective).suiting(configuration.network)
    own.augmentation = adapted(own.augmentation)
    func steps(_ count: Int) -> Int { max(1, count / min(own.batch, count)) }
    func stretched(_ epochs: Int) -> Int { (epochs * steps(set.count) + steps(images) - 1) / steps(images) }
    (own.epochs, own.warmUpEpochs) = (stretched(own.epochs), stretched(own.warmUpEpochs))
    return own
  }

  /// The recipe of the search encoder, longer: with smaller batches the learning rate falls in proportion (Goyal et al., 2017, arXiv
  /// 1706.02677).
  var searchTraining: ContrastiveConfiguration {
    var own = scanConfiguration
    let batch = min(own.batch, configuration.search.batch)
    own.learningRate *= Float(batch) / Float(own.batch)
    own.batch = batch
    own.epochs *= configuration.search.epochFactor
    if !configuration.network.hasFixedSide { own.viewScale = configuration.search.viewScale }
    return own
  }

  func adapted(_ augmentation: Augmentation) -> Augmentation {
    guard configuration.adaptAugmentation, set.greyShare >= 0.5 else { return augmentation }
    var own = augmentation
    (own.hue, own.saturation, own.greyscale) = (0, 0, 0)
    return own
  }

  var encoderConfiguration: Encoder.Configuration { .init(network: configuration.network, side: encoderSet.side) }

  /// The same network with a pooling that keeps local evidence.
  var searchEncoderConfiguration: Encoder.Configuration {
    var own = encoderConfiguration
    own.network.pooling = configuration.search.pooling
    return own
  }
}
