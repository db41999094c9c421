import Contrastive
import Datasets
import Findings
import Foundation
import NeuralNetworks
import Tensors

/// The folder of one audit: results, evidence, models, and the state that lets it go on.
public struct RunFolder: Sendable {
  /// Its path.
  public let path: String

  /// What a run folder belongs to.
  struct Identity: Codable {
    var configurationDigest: String
    var datasetDigest: String
    var source: DatasetSource
    /// What the names of images are relative to, from the root of the file system.
    var base: String
    /// Whether that is a folder of files, whatever else lies in it.
    var isPlain: Bool
    /// Of the encoder that was given.
    var encoderDigest: String?
    /// Side in pixels of what encoders see, where images are screened at another: it stays, whatever device goes on.
    var encoderSide: Int?
  }

  /// Whose folder it is; nil if it is none.
  func identity() throws -> Identity? { try read(json: Identity.self, "state/identity.json") }

  /// Names a folder; creates nothing.
  public init(_ path: String) { self.path = path }

  /// Returns the path of something inside.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Creates the folder and that of its state.
  private func create() throws {
    do {
      try FileManager.default.createDirectory(atPath: file("state"), withIntermediateDirectories: true)
    } catch {
      throw AuditError(
        .io, "cannot create the run folder \(path): \(error.localizedDescription); choose another with --out")
    }
  }

  /// Writes a file so that a reader sees all of it or nothing.
  public func write(_ data: Data, to name: String) throws {
    let target = file(name)
    let folder = (target as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let output = try AtomicFile(target)
    try output.append([UInt8](data)[...])
    try output.finish()
  }

  /// Begins a line with the digest of what follows.
  private static let frame = "bezoar-state "

  /// Writes state: checksummed, and the one before stays beside it, so that a torn or damaged file costs one step.
  func keep(_ data: Data, as name: String) throws {
    let path = file("state/" + name)
    rename(path, path + ".previous")
    try write(Data("\(Self.frame)\(Digest(of: [UInt8](data)))\n".utf8) + data, to: "state/" + name)
  }

  /// Reads state, or the one before where the last is damaged; nil if there is none.
  ///
  /// - Throws: ``AuditError`` with code `.state` if both are damaged.
  func kept(_ name: String) throws -> Data? {
    var isDamaged = false
    for candidate in [name, name + ".previous"] {
      guard let raw = read("state/" + candidate) else { continue }
      if raw.starts(with: Self.frame.utf8), let end = raw.firstIndex(of: 0x0A) {
        let data = raw[raw.index(after: end)...]
        let digest = Digest(of: [UInt8](data)).description
        if raw[..<end].dropFirst(Self.frame.utf8.count).elementsEqual(digest.utf8) { return Data(data) }
      }
      isDamaged = true
    }
    guard isDamaged else { return nil }
    throw damaged(name)
  }

  private func damaged(_ name: String) -> AuditError {
    AuditError(.state, "\(file("state/" + name)) is damaged; start over by adding --overwrite to the same command")
  }

  func keep<T: Encodable>(json value: T, as name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try keep(try encoder.encode(value), as: name)
  }

  func kept<T: Decodable>(json type: T.Type, _ name: String) throws -> T? {
    guard let data = try kept(name) else { return nil }
    do { return try JSONDecoder().decode(type, from: data) } catch { throw damaged(name) }
  }

  /// Reads a file, or nil if there is none.
  public func read(_ name: String) -> Data? { FileManager.default.contents(atPath: file(name)) }

  func write<T: Encodable>(json value: T, to name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try write(try encoder.encode(value), to: name)
  }

  func read<T: Decodable>(json type: T.Type, _ name: String) throws -> T? {
    guard let data = read(name) else { return nil }
    do { return try JSONDecoder().decode(type, from: data) } catch {
      throw AuditError(.state, "\(file(name)) is damaged; start over by adding --overwrite to the same command")
    }
  }

  private static let lockName = "lock"

  /// What lies in the folder beside its lock.
  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0 != Self.lockName }
  }

  /// Removes all but the lock; what says whose folder it is comes last, so that this can be done again if it is cut off.
  private func clear() {
    for name in names where name != "state" { try? FileManager.default.removeItem(atPath: file(name)) }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: file("state"))) ?? []
    where name != "identity.json" {
      try? FileManager.default.removeItem(atPath: file("state/" + name))
    }
    try? FileManager.default.removeItem(atPath: file("state/identity.json"))
  }

  /// Keeps others out until the process ends, however it ends.
  ///
  /// - Throws: ``AuditError`` with code `.io` that names the process that holds the folder.
  private func lock() throws {
    try create()
    let name = file(Self.lockName)
    let descriptor = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw AuditError(.io, "cannot write \(name): \(String(cString: strerror(errno))); choose another --out")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = String(decoding: read(Self.lockName) ?? Data(), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      close(descriptor)
      throw AuditError(
        .io,
        "another run works on \(path) (\(holder.isEmpty ? "unknown process" : holder)); wait for it or choose another --out"
      )
    }
    // The descriptor stays open: the lock is the process's.
    let text = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
    ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
  }

  /// Makes sure that the folder is new or belongs to this run, and that no other process works on it.
  ///
  /// - Throws: ``AuditError`` with code `.usage` that shows both values, or `.io` if another process holds it.
  func claim(_ identity: Identity, overwrite: Bool) throws {
    let isOld = read("state/identity.json") != nil
    // A run that was cut off at once left an empty state.
    if !isOld, names.contains(where: { $0 != "state" }) {
      throw AuditError(
        .usage,
        overwrite
          ? "\(path) is not a run folder; --overwrite only replaces run folders"
          : "\(path) exists, is not empty and is not a run folder; choose another --out")
    }
    try lock()
    if overwrite && isOld { clear() }
    if let old = try self.identity() {
      if old.datasetDigest != identity.datasetDigest {
        throw AuditError(
          .usage,
          "\(path) holds the audit of another dataset: \(old.source.path) (digest \(old.datasetDigest.prefix(12))), not \(identity.source.path) (\(identity.datasetDigest.prefix(12))); choose another --out or add --overwrite"
        )
      }
      if old.configurationDigest != identity.configurationDigest {
        throw AuditError(
          .usage,
          "\(path) holds an audit with other settings: configuration digest \(old.configurationDigest.prefix(12)), now \(identity.configurationDigest.prefix(12)); repeat its settings, choose another --out or add --overwrite"
        )
      }
      if old.encoderDigest != identity.encoderDigest {
        throw AuditError(
          .usage,
          "\(path) holds an audit with another encoder: digest \(old.encoderDigest?.prefix(12) ?? "none"), now \(identity.encoderDigest?.prefix(12) ?? "none"); give the same file, choose another --out or add --overwrite"
        )
      }
      return
    }
    try write(json: identity, to: "state/identity.json")
  }

  /// What a checkpoint says beside its arrays.
  private struct Head: Codable {
    var epoch: Int
    var log: [EpochReport]
    var warnings: [EncoderWarning]
  }

  /// Keeps the state of a training.
  func keep(_ state: TrainingState, as name: String) throws {
    let head = try JSONEncoder().encode(Head(epoch: state.epoch, log: state.log, warnings: state.warnings))
    try keep(
      SafeTensors.encode(state.arrays, metadata: ["training": String(decoding: head, as: UTF8.self)]),
      as: "\(name).training")
  }

  /// Returns the state of a training, or nil if it never finished an epoch.
  func training(_ name: String) throws -> TrainingState? {
    guard let data = try kept("\(name).training") else { return nil }
    // The header inside the checkpoint counts: it was written together with the arrays.
    let path = file("state/\(name).training")
    guard let text = SafeTensors.metadata(data)["training"],
      let head = try? JSONDecoder().decode(Head.self, from: Data(text.utf8))
    else { throw damaged("\(name).training") }
    return TrainingState(
      epoch: head.epoch, arrays: try SafeTensors.decode(data, path: path), log: head.log, warnings: head.warnings)
  }
}

/// Escapes a path for results: text, and base64 if the text is not the name.
func named(_ path: Path) -> (text: String, base64: String?) {
  (path.description, path.isUTF8 ? nil : Data(path.bytes).base64EncodedString())
}
