import Datasets
import Foundation
import Images

/// How much memory an audit may take.
///
/// Pixels that do not fit are held in a file; what else an audit needs for an image does not depend on its size.
public struct MemoryBudget: Sendable, Equatable {
  /// In bytes.
  public let bytes: Int

  /// What an audit needs without images, and for each beside its pixels, in bytes; measured, see Benchmarks/Faults/NOTES.md.
  static let base = 256 << 20
  static let perImage = 8 << 10
  /// How often pixels are there: as they are, with the positive control, and those that are kept. Where encoders see smaller images
  /// there are three times those instead of the last: less, as long as their side is below 0.57 of the others', and it is 0.43.
  static let copies = 3

  /// Reads a size: bytes, or a number with K, M, G or T, of 1024 each.
  public init?(_ text: String) {
    let match = text.uppercased().wholeMatch(of: /(\d+(?:\.\d+)?)([KMGT]?)(?:I?B)?/)
    guard let match, let number = Double(match.1) else { return nil }
    let power = match.2.first.map { ["K": 1, "M": 2, "G": 3, "T": 4][$0, default: 0] } ?? 0
    let bytes = number * pow(1024, Double(power))
    guard bytes >= 1, bytes < 1e18 else { return nil }
    self.bytes = Int(bytes)
  }

  private init(bytes: Int) { self.bytes = bytes }

  /// Three quarters of the machine's memory, or of what a container is allowed.
  public static var standard: MemoryBudget {
    var limits = [Int(clamping: ProcessInfo.processInfo.physicalMemory)]
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = try? String(contentsOfFile: path, encoding: .utf8),
        let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
      {
        limits.append(limit)
      }
    }
    return MemoryBudget(bytes: (limits.min() ?? 1 << 30) / 4 * 3)
  }

  /// Where the pixels of a dataset are held.
  ///
  /// - Parameters:
  ///   - images: As many as are listed.
  ///   - folder: Run folder; a file in it, or in what is above it, has no name.
  /// - Throws: ``AuditError`` with code `.usage` if the rest does not fit.
  func storage(images: Int, folder: String) throws(AuditError) -> PixelStorage {
    let rest = Self.base + images * Self.perImage
    guard rest <= bytes else {
      throw AuditError(
        .usage,
        "an audit of \(images) images needs \(Self.words(rest)) beside their pixels, more than the \(Self.words(bytes)) of --memory; raise it or audit the dataset in parts"
      )
    }
    var place = URL(fileURLWithPath: folder).standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
    return PixelStorage(mostInMemory: (bytes - rest) / Self.copies, folder: place.path)
  }

  static func words(_ bytes: Int) -> String {
    bytes < 10 << 30 ? "\(bytes >> 20) MiB" : String(format: "%.1f GiB", Double(bytes) / Double(1 << 30))
  }
}
