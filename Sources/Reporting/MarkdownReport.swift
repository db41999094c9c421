import Findings
import Foundation

/// A summary for a pull request or a job page; below the 1 MiB that a step summary may take.
public enum MarkdownReport {
  private static let named = 50

  /// Returns the file's text.
  public static func render(_ result: AuditResult) -> String {
    let verdict = result.verdict
    var lines = ["## Bezoar: \(verdict.value.headline)", "", text(verdict.summary), ""]
    lines += ["| check | limit | measured | outcome |", "|---|---|---|---|"]
    for check in result.checks {
      lines.append(
        "| \(code(check.name)) | \(code(check.limit)) | \(text(check.measured)) | **\(check.outcome.rawValue)** |")
    }
    lines += [
      "", "| | |", "|---|---|", "| dataset | \(code(result.dataset.path)) |",
      "| read | \(result.dataset.decoded) of \(result.dataset.listed) files, \(result.dataset.unreadable.count) not read, \(result.dataset.ignored.count) ignored |",
      "| suspects | \(result.counts.suspects) |", "| kept | \(result.counts.kept) |",
      "| severity | \(verdict.severity.rawValue) |", "| exit code | \(result.run.exitCode) |",
      "| dataset digest | \(code(result.dataset.digest)) |",
    ]
    if !result.families.isEmpty {
      lines += [
        "", "### Trigger families", "", "| family | kind | images | flips | severity |", "|---|---|---|---|---|",
      ]
      for family in result.families {
        let flips = family.flipTotal == 0 ? "not measured" : "\(family.flipCount) of \(family.flipTotal)"
        lines.append(
          "| \(code(family.id)) | \(text(family.kind.title)) | \(family.members.count) | \(flips) | \(family.severity.rawValue) |"
        )
      }
    }
    let before = result.metrics.before
    let after = result.metrics.after
    let rows: [(String, Double?, Double?)] = [
      ("attack success rate", before.attackSuccessRate, after.attackSuccessRate),
      ("clean accuracy", before.cleanAccuracy, after.cleanAccuracy),
      ("robust accuracy", before.robustAccuracy?.value, after.robustAccuracy?.value),
      ("flip rate of the trigger", before.flipRate, after.flipRate),
    ].filter { $0.1 != nil || $0.2 != nil }
    if !rows.isEmpty {
      lines += [
        "", "### Before and after", "", "| measure | \(text(before.encoder)) | \(text(after.encoder)) |",
        "|---|---|---|",
      ]
      func cell(_ value: Double?) -> String { value.map { percent($0) + " %" } ?? "not measured" }
      for (name, a, b) in rows { lines.append("| \(name) | \(cell(a)) | \(cell(b)) |") }
    }
    if !result.suspects.isEmpty {
      lines += ["", "<details><summary>Suspects</summary>", ""]
      for suspect in result.suspects.prefix(named) {
        lines.append("\(suspect.rank). \(code(suspect.path)) \(text(suspect.family)), score \(number(suspect.score))")
      }
      let more = result.suspects.count - named
      lines += (more > 0 ? ["", "and \(more) more in suspects.csv"] : []) + ["", "</details>"]
    }
    let suppressed = result.suppressions
    if !suppressed.isEmpty {
      lines += [
        "", "### Accepted", "", "| source | entry | reason | until | suspects | |", "|---|---|---|---|---|---|",
      ]
      for one in suppressed.prefix(named) {
        lines.append(
          "| \(one.source.rawValue) | \(code(one.entry)) | \(text(one.reason)) | \(text(one.expires ?? "-")) | \(one.ranks.count) | \(one.status.rawValue) |"
        )
      }
    }
    lines += ["", "That nothing was found never means that nothing is there."]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text in which no punctuation means anything.
  static func text(_ raw: String) -> String {
    var result = ""
    for scalar in visible(cut(raw)).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // No mention, no link: both would notify or lead somewhere.
      case "@": result += "&#64;\u{2060}"
      case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "!", ":": result += "\\" + String(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result.replacing("www.", with: "www\\.").replacing("WWW.", with: "WWW\\.")
  }

  /// A code span, also inside a table.
  static func code(_ raw: String) -> String {
    // A backslash before a bar is the one escape that tables know inside code.
    let safe = visible(cut(raw)).replacing("`", with: "\\x60").replacing("|", with: "\\x7c")
    return safe.isEmpty ? "(empty)" : "`\(safe)`"
  }

  /// Keeps one long name from filling the page.
  private static func cut(_ text: String) -> String { text.count > 1000 ? text.prefix(1000) + " ..." : text }
}
