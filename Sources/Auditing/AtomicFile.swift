import Datasets
import Foundation

/// A file that a reader sees whole or not at all: temporary name, sync, rename.
///
/// Used by one thread at a time. One that is not finished leaves nothing.
public final class AtomicFile: @unchecked Sendable {
  private let target: String
  private var descriptor: Int32

  private var temporary: String { target + ".part" }

  /// Opens a file that will appear at a path.
  ///
  /// - Throws: ``AuditError`` with code `.io`.
  public init(_ path: String) throws(AuditError) {
    target = path
    descriptor = -1
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("write") }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  private func failure(_ what: String) -> AuditError {
    AuditError(
      .io, "cannot \(what) \(target): \(String(cString: strerror(errno))); free space or choose another place")
  }

  /// Writes the next bytes.
  ///
  /// - Throws: ``AuditError`` with code `.io`.
  public func append(_ bytes: ArraySlice<UInt8>) throws(AuditError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { raw in write(descriptor, raw.baseAddress, min(raw.count, 1 << 22)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure("write") }
      rest = rest.dropFirst(count)
    }
  }

  /// Puts the file in its place, safe from a loss of power.
  ///
  /// - Throws: ``AuditError`` with code `.io`.
  public func finish() throws(AuditError) {
    guard fsync(descriptor) == 0 else { throw failure("sync") }
    guard rename(temporary, target) == 0 else { throw failure("rename") }
    close(descriptor)
    descriptor = -1
    // The new name survives a power loss only once the folder is written too.
    let folder = Path(target).parent.description
    let parent = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { return }
    defer { close(parent) }
    // Some file systems have no such call for folders.
    guard fsync(parent) == 0 || errno == EINVAL else { throw failure("sync the folder of") }
  }
}
