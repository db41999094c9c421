import Findings
import Foundation

/// The one written form of a result: sorted keys, indented, numbers of at most six significant digits.
public enum CanonicalJSON {
  /// Returns the bytes of a result.
  public static func encode(_ result: AuditResult) throws -> Data {
    let plain = JSONEncoder()
    let tree = try JSONDecoder().decode(JSONValue.self, from: plain.encode(result)).rounded
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(tree) + Data("\n".utf8)
  }

  /// Reads a result.
  ///
  /// - Throws: ``ReportError`` that says what is wrong.
  public static func decode(_ data: Data, path: String) throws -> AuditResult {
    struct Version: Decodable { var schema_version: String }
    guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
      throw ReportError("\(path) is not a result.json of bezoar")
    }
    guard version.schema_version.hasPrefix("1.") else {
      throw ReportError(
        "\(path) has schema version \(version.schema_version); this program reads 1.x, a newer bezoar is needed")
    }
    do {
      // A result may come from anywhere: sums and conversions must not overflow.
      if let place = immense(try JSONDecoder().decode(JSONValue.self, from: data), "") {
        throw ReportError("\(path) is damaged: the number at \(visible(place)) is out of range")
      }
      return try JSONDecoder().decode(AuditResult.self, from: data)
    } catch let error as ReportError {
      throw error
    } catch {
      throw ReportError("\(path) is damaged: \(visible("\(error)"))")
    }
  }

  /// Where a number is that no audit writes; settings and seeds may be any.
  private static func immense(_ value: JSONValue, _ path: String) -> String? {
    switch value {
    case .integer(let number): number.magnitude > 1_000_000_000_000 ? path : nil
    case .number(let number): !(number.magnitude <= 1e12) ? path : nil
    case .array(let items): items.lazy.compactMap { immense($0, path + "[]") }.first
    case .object(let items):
      items.lazy.filter { !["config", "seed", "seeds"].contains($0.key) }
        .compactMap { immense($0.value, "\(path).\($0.key)") }.first
    case .null, .boolean, .text: nil
    }
  }
}

/// Why a report cannot be written.
public struct ReportError: Error, Sendable, CustomStringConvertible {
  /// What, where, and what to do next.
  public let description: String
  /// Creates an error.
  public init(_ description: String) { self.description = description }
}
