import Findings

/// Suspects as comma-separated values, ranked.
public enum SuspectsCSV {
  /// Returns the file's text.
  public static func render(_ result: AuditResult) -> String {
    var lines = ["rank,path,sha256,score,p_value,family,rule,reason"]
    for suspect in result.suspects {
      lines.append(
        [
          String(suspect.rank), field(suspect.path), suspect.sha256, String(suspect.score), String(suspect.pValue),
          field(suspect.family), suspect.kind.rawValue, field(suspect.reason),
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Quotes a field; text that a spreadsheet would take for a formula gets an apostrophe in front.
  static func field(_ text: String) -> String {
    var safe = visible(text)
    if let first = safe.first, "=+-@".contains(first) { safe = "'" + safe }
    guard safe.contains(where: { $0 == "," || $0 == "\"" || $0 == "'" }) else { return safe }
    return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
