import Datasets
import Findings
import Foundation
import Images
import Poisoning
import Reporting

/// What commands beside the audit need from lower targets.
public enum Preparation {
  /// The documented exit code of any error.
  public static func exitCode(of error: any Error) -> Int32 {
    switch error {
    case let error as AuditError: return error.exitCode
    case let error as DatasetError:
      switch error.code {
      case .labels, .list: return 64
      case .noImages: return 3
      case .missing, .unreadable, .malformed, .unsupported: return 2
      }
    case is PoisoningError, is ReportError: return 64
    default: return 2
    }
  }
}

/// A dataset's account without an audit; of the images nothing is held.
public struct Inspection {
  /// What was read.
  public let account: DatasetAccount
  private let sizes: [Tally.Size: Int]
  /// Whether the side of images was asked for.
  private let isSideGiven: Bool

  /// What has been read so far.
  private struct Reading: Sendable {
    var tally = Tally()
    var unreadable: [ImageSet.Exception] = []
    var ignored: [ImageSet.Exception] = []
    var manifest = Manifest()
    let digest = Digest.Stream()
    let file: AtomicFile?
    var failure: AuditError?

    mutating func write() {
      let text = manifest.take()
      digest.append(text[...])
      do { if failure == nil { try file?.append(text[...]) } } catch { failure = error }
    }
  }

  /// Reads and decodes every file.
  ///
  /// - Parameter manifest: Where digests are written in the form of `sha256sum -c`.
  public init(
    _ source: DatasetSource, decoder: String?, imageSize: Int?, manifest: String?, threads: Int
  ) throws {
    let dataset = try source.open()
    let file = try manifest.map { try AtomicFile($0) }
    let decoders = decoder.map { DecoderPool(program: $0) }
    let reader = ImageReader(dataset, side: imageSize, keepsPixels: false, decoders: decoders, threads: threads)
    var start = Reading(file: file)
    let isContained = try start.manifest.append(containersOf: dataset)
    var read = reader.read(into: start) { reading, part in
      reading.tally.add(part)
      reading.unreadable += part.unreadable
      reading.ignored += part.ignored
      if !isContained { reading.manifest.append(part.records, part.unreadable) }
      reading.write()
    }
    try Audit.refuseExhausted(decoders)
    read.write()
    if let failure = read.failure { throw failure }
    try file?.finish()
    (sizes, isSideGiven) = (read.tally.sizes, imageSize != nil)
    account = DatasetAccount(
      source.path, dataset, digest: read.tally.digest(read.unreadable), read.tally, unreadable: read.unreadable,
      ignored: read.ignored, side: reader.side, manifest: read.digest.digest)
  }

  /// The account as text.
  public func table() -> String {
    let named = sizes.map { (name: "\($0.key.width)x\($0.key.height)", count: $0.value) }
    let common = named.sorted { ($0.count, $1.name) > ($1.count, $0.name) }.prefix(5).map { "\($0.name) (\($0.count))" }
    let most = AuditConfiguration.largestSideOnCPU
    let side =
      isSideGiven
      ? "as asked"
      : "chosen from the data\(account.imageSize > most ? "; an encoder that is trained on the CPU sees \(most) px" : "")"
    var lines = [
      "dataset     \(account.path) (\(account.format))", "listed      \(account.listed)",
      "decoded     \(account.decoded)",
      "not read    \(account.unreadable.count)", "ignored     \(account.ignored.count)",
      "sizes       \(common.joined(separator: ", "))\(sizes.count > 5 ? " and \(sizes.count - 5) more" : "")",
      "grey        \(percent(account.greyShare))", "image size  \(account.imageSize) px, \(side)",
      "digest      \(account.digest)",
    ]
    for item in account.remarks { lines.append("remark      \(item.code): \(item.count), \(item.detail)") }
    for item in account.unreadable.prefix(20) { lines.append("not read    \(item.path): \(item.reason)") }
    for item in account.ignored.prefix(20) { lines.append("ignored     \(item.path): \(item.reason)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The account as JSON.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(account), as: UTF8.self) + "\n"
  }
}

/// What `bezoar poison` was asked for.
public struct PoisonPlan: Sendable {
  public var source: DatasetSource
  public var out: String
  public var labels = "folders"
  public var attack = "ssl-backdoor"
  public var target: String?
  public var rate = 1.0
  public var datasetRate: Double?
  public var triggers = 1
  public var strength: Double?
  public var size: Int?
  public var trigger: String?
  public var position = "random"
  public var limit: Int?
  public var quality: Int?
  public var evaluation: String?
  public var evaluationLabels = "folders"
  public var evaluationLimit: Int?
  public var seed: UInt64 = 0
  public var threads = 1

  /// Creates a plan with the defaults.
  public init(_ source: DatasetSource, out: String) { (self.source, self.out) = (source, out) }

  /// Writes the copy.
  ///
  /// - Returns: What was done, in words.
  public func run() throws -> String {
    guard let kind = Attacks.named(attack) ?? (attack == "none" ? PatchAttack.self : nil) else {
      let near = nearest(attack, to: Attacks.names).map { "; did you mean \($0)?" } ?? ""
      throw PoisoningError(
        "there is no attack \(attack)\(near) Attacks are \(Attacks.names.joined(separator: ", ")), and none for a copy without poison"
      )
    }
    guard let place = AttackSettings.Position(rawValue: position) else {
      throw PoisoningError("--position must be random, fixed or grid, not \(position)")
    }
    if let names = try? FileManager.default.contentsOfDirectory(atPath: out), !names.isEmpty {
      throw PoisoningError("\(out) exists and is not empty; choose another --out")
    }
    func real(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    if real(out).hasPrefix(real(source.path) + "/") {
      throw PoisoningError("\(out) lies inside the dataset, which is never written to; choose another --out")
    }
    var copy = PoisonedCopy()
    copy.attack = attack == "none" ? nil : kind
    copy.settings.size = size
    copy.settings.position = place
    copy.settings.strength = strength
    copy.rate = rate
    copy.datasetRate = datasetRate
    copy.triggers = triggers
    copy.target = target
    copy.limit = limit
    copy.jpegQuality = quality
    copy.evaluationLimit = evaluationLimit
    copy.seed = seed
    copy.threads = threads
    if let trigger {
      do throws(ImageError) {
        copy.settings.trigger = try ImageCodec.decode(Array(FileManager.default.contents(atPath: trigger) ?? Data()))
      } catch { throw PoisoningError("cannot use the trigger \(trigger): \(error.description)") }
    }
    let dataset = try source.open()
    let pair = try evaluation.map { path -> (dataset: Dataset, labels: [String?]) in
      let dataset = try Dataset(Path(path))
      return (dataset, try LabelSource(evaluationLabels).labels(for: dataset))
    }
    let truth = try copy.write(dataset, labels: try LabelSource(labels).labels(for: dataset), evaluation: pair, to: out)
    let targets = Set(truth.triggers.map(\.targetClass)).sorted().joined(separator: ", ")
    return
      "\(truth.poisoned.count) images of class \(targets) poisoned by \(truth.attack.name); dataset \(out)/dataset, truth \(out)/ground-truth.json"
  }
}

/// The demonstration: a known attack in a dataset that Debian ships.
public enum Demo {
  /// Where Debian's `dataset-fashion-mnist` puts it.
  public static let source = "/usr/share/datasets/fashion-mnist"

  /// Class that is poisoned: sneakers. How far an attack succeeds at this scale depends on the class
  /// (see Reports); what the audit finds does not.
  public static let target = "7"

  /// Plants the attack, unless that was done before.
  public static func plant(
    in out: String, seed: UInt64, images: Int, threads: Int, overwrite: Bool
  ) throws -> (dataset: String, groundTruth: String, summary: String) {
    let planted = out + "/planted"
    let truth = planted + "/ground-truth.json"
    guard FileManager.default.fileExists(atPath: source) else {
      throw AuditError(.usage, "\(source) is missing; install it with: apt-get install dataset-fashion-mnist")
    }
    if overwrite { try? FileManager.default.removeItem(atPath: planted) }
    if FileManager.default.fileExists(atPath: truth) {
      return (planted + "/dataset", truth, "planted before: \(planted)")
    }
    // A copy without its ground truth was cut off while it was written.
    try? FileManager.default.removeItem(atPath: planted)
    var plan = PoisonPlan(DatasetSource(source + "/train-images-idx3-ubyte.gz"), out: planted)
    plan.labels = source + "/train-labels-idx1-ubyte.gz"
    plan.evaluation = source + "/t10k-images-idx3-ubyte.gz"
    plan.evaluationLabels = source + "/t10k-labels-idx1-ubyte.gz"
    plan.limit = images
    plan.target = target
    plan.evaluationLimit = 3000
    plan.seed = seed
    plan.threads = threads
    return (planted + "/dataset", truth, "planted: \(try plan.run())")
  }
}
