import CCrypto
import Foundation

/// Compiled programs of plugins on disk, so that the same program is compiled once: keyed by program, plugin and device, each
/// file with a digest of its own. What is damaged is compiled again.
///
/// The files are machine code that a plugin runs, so a folder that others may write to is not used.
package struct ExecutableCache: Sendable {
  private let folder: String

  /// Files that are kept; the oldest go first.
  package static let most = 200

  /// In `$XDG_CACHE_HOME/bezoar/pjrt` or `~/.cache/bezoar/pjrt`; nil if there is no such folder of the user's own.
  package init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let base =
      environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? environment["HOME"].map { $0 + "/.cache" }
    guard let base, base.hasPrefix("/") else { return nil }
    folder = base + "/bezoar/pjrt"
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid(),
      status.st_mode & 0o022 == 0
    else { return nil }
  }

  /// Name of the file for these words.
  package static func key(_ words: [String]) -> String {
    digest(Array(words.joined(separator: "\0").utf8)).map { String(format: "%02x", $0) }.joined()
  }

  /// Returns what was kept; nil if there is nothing, or it is damaged.
  package func read(_ key: String) -> [UInt8]? {
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(key)"), data.count > 32 else { return nil }
    let bytes = [UInt8](data.dropFirst(32))
    return Self.digest(bytes) == [UInt8](data.prefix(32)) ? bytes : nil
  }

  /// Keeps an executable; where that fails it will be compiled again.
  package func write(_ bytes: [UInt8], _ key: String) {
    let manager = FileManager.default
    let path = "\(folder)/\(key)"
    let temporary = "\(path).\(getpid())"
    guard (try? Data(Self.digest(bytes) + bytes).write(to: URL(fileURLWithPath: temporary))) != nil else { return }
    if rename(temporary, path) != 0 { unlink(temporary) }
    func age(_ name: String) -> Date {
      (try? manager.attributesOfItem(atPath: "\(folder)/\(name)"))?[.modificationDate] as? Date ?? .distantPast
    }
    let names = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
    guard names.count > Self.most else { return }
    for (name, _) in names.map({ ($0, age($0)) }).sorted(by: { $0.1 < $1.1 }).prefix(names.count - Self.most) {
      unlink("\(folder)/\(name)")
    }
  }

  private static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: 32)
    let isDone = EVP_Digest(bytes, bytes.count, &value, nil, EVP_sha256(), nil)
    precondition(isDone == 1, "libcrypto has no SHA-256")
    return value
  }
}
