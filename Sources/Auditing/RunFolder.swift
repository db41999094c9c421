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
  struct Identity: Codable, Equatable {
    var configurationDigest: String
    var datasetDigest: String
    var dataset: String
  }

  /// Names a folder; creates nothing.
  public init(_ path: String) { self.path = path }

  /// Returns the path of something inside.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Creates the folder and its parts.
  func create() throws {
    for part in ["", "/evidence", "/models", "/state"] {
      do {
        try FileManager.default.createDirectory(atPath: path + part, withIntermediateDirectories: true)
      } catch {
        throw AuditError(
          .io, "cannot create the run folder \(path): \(error.localizedDescription); choose another with --out")
      }
    }
  }

  /// Writes a file so that a reader sees all of it or nothing: temporary name, sync, rename.
  public func write(_ data: Data, to name: String) throws {
    let target = file(name)
    let temporary = target + ".part"
    func fail(_ what: String) -> AuditError {
      AuditError(
        .io, "cannot \(what) \(target): \(String(cString: strerror(errno))); free space or choose another --out")
    }
    let folder = (target as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw fail("write") }
    defer { close(descriptor) }
    let bytes = [UInt8](data)
    var done = 0
    while done < bytes.count {
      let count = Foundation.write(
        descriptor, Array(bytes[done..<min(bytes.count, done + (1 << 22))]), min(1 << 22, bytes.count - done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw fail("write") }
      done += count
    }
    guard fsync(descriptor) == 0 else { throw fail("sync") }
    guard rename(temporary, target) == 0 else { throw fail("rename") }
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
      throw AuditError(
        .state, "\(file(name)) is damaged; delete \(file("state")) and run the same command again to start over")
    }
  }

  /// Makes sure that the folder is new or belongs to this run.
  ///
  /// - Throws: ``AuditError`` with code `.usage` that shows both values.
  func claim(_ identity: Identity, overwrite: Bool) throws {
    if overwrite, let names = try? FileManager.default.contentsOfDirectory(atPath: path), !names.isEmpty {
      guard read("state/identity.json") != nil else {
        throw AuditError(.usage, "\(path) is not a run folder; --overwrite only replaces run folders")
      }
      try? FileManager.default.removeItem(atPath: path)
    }
    if let old = try read(json: Identity.self, "state/identity.json") {
      if old.datasetDigest != identity.datasetDigest {
        throw AuditError(
          .usage,
          "\(path) holds the audit of another dataset: \(old.dataset) (digest \(old.datasetDigest.prefix(12))), not \(identity.dataset) (\(identity.datasetDigest.prefix(12))); choose another --out or add --overwrite"
        )
      }
      if old.configurationDigest != identity.configurationDigest {
        throw AuditError(
          .usage,
          "\(path) holds an audit with other settings: configuration digest \(old.configurationDigest.prefix(12)), now \(identity.configurationDigest.prefix(12)); repeat its settings, choose another --out or add --overwrite"
        )
      }
      return
    }
    if let names = try? FileManager.default.contentsOfDirectory(atPath: path), !names.isEmpty {
      throw AuditError(.usage, "\(path) exists, is not empty and is not a run folder; choose another --out")
    }
    try create()
    try write(json: identity, to: "state/identity.json")
  }

  /// What a checkpoint says beside its arrays.
  private struct Head: Codable {
    var epoch: Int
    var log: [EpochReport]
    var warnings: [TrainingWarning]
  }

  /// Keeps the state of a training.
  func keep(_ state: TrainingState, as name: String) throws {
    let head = try JSONEncoder().encode(Head(epoch: state.epoch, log: state.log, warnings: state.warnings))
    try write(
      SafeTensors.encode(state.arrays, metadata: ["training": String(decoding: head, as: UTF8.self)]),
      to: "state/\(name).safetensors")
  }

  /// Returns the state of a training, or nil if it never finished an epoch.
  func training(_ name: String) throws -> TrainingState? {
    guard let data = read("state/\(name).safetensors") else { return nil }
    // The header inside the checkpoint counts: it was written together with the arrays.
    let path = file("state/\(name).safetensors")
    guard let text = SafeTensors.metadata(data)["training"],
      let head = try? JSONDecoder().decode(Head.self, from: Data(text.utf8))
    else { throw AuditError(.state, "\(path) is damaged; delete it and run the same command again") }
    return TrainingState(
      epoch: head.epoch, arrays: try SafeTensors.decode(data, path: path), log: head.log, warnings: head.warnings)
  }
}

/// Escapes a path for results: text, and base64 if the text is not the name.
func named(_ path: Path) -> (text: String, base64: String?) {
  (path.description, path.isUTF8 ? nil : Data(path.bytes).base64EncodedString())
}
