import Findings
import Foundation

/// Suspects as comma-separated values, ranked.
public enum SuspectsCSV {
  /// Returns the file's text.
  public static func render(_ result: AuditResult) -> String {
    var lines = ["rank,path,sha256,score,p_value,family,rule,reason,path_base64"]
    for suspect in result.suspects {
      lines.append(
        [
          String(suspect.rank), field(suspect.path), suspect.sha256, String(suspect.score), String(suspect.pValue),
          field(suspect.family), suspect.kind.rawValue, field(suspect.reason), exact(suspect),
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The name's bytes in base64, where the column `path` shows something else.
  private static func exact(_ suspect: Suspect) -> String {
    if let base64 = suspect.pathBase64 { return base64 }
    return guarded(suspect.path) == suspect.path ? "" : Data(suspect.path.utf8).base64EncodedString()
  }

  /// Visible text; what a spreadsheet would take for a formula gets an apostrophe in front.
  private static func guarded(_ text: String) -> String {
    let safe = visible(text)
    return safe.first.map { "=+-@".contains($0) } == true ? "'" + safe : safe
  }

  /// Quotes a field.
  static func field(_ text: String) -> String {
    let safe = guarded(text)
    guard safe.contains(where: { $0 == "," || $0 == "\"" || $0 == "'" }) else { return safe }
    return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
