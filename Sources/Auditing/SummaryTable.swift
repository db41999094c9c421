import Findings
import Foundation
import Reporting

/// The table that ends an audit on standard output.
public enum SummaryTable {
  /// Returns the table, safe for a terminal.
  public static func render(_ result: AuditResult, folder: String, formats: [ReportFormat], hasColor: Bool) -> String {
    let verdict = result.verdict
    let color =
      switch verdict.value {
      case .poisoned: "31"
      case .noEvidence: "32"
      case .inconclusive: "33"
      }
    func strong(_ text: String) -> String { hasColor ? "\u{1B}[1;\(color)m\(text)\u{1B}[0m" : text }
    let account = result.dataset
    var lines = ["          \(verdict.summary)"]
    lines.append("read      \(account.decoded) of \(account.listed) files")
    for (title, files) in [("not read  ", account.unreadable), ("ignored   ", account.ignored)] where !files.isEmpty {
      let kinds = DatasetAccount.kinds(files)
      let words =
        kinds.prefix(4).map { "\($0.count) \($0.words)" } + (kinds.count > 4 ? ["\(kinds.count - 4) kinds more"] : [])
      lines.append("\(title)\(files.count): \(words.joined(separator: ", "))")
    }
    if !account.remarks.isEmpty {
      lines.append("odd       \(account.remarks.map { "\($0.count) \($0.code)" }.joined(separator: ", "))")
    }
    lines.append(
      "removed   \(result.counts.suspects) of \(account.decoded) images, \(result.families.count) trigger families")
    for family in result.families.prefix(10) {
      let flips = family.flipTotal == 0 ? "" : ", flips \(family.flipCount) of \(family.flipTotal)"
      lines.append(
        "          \(family.id): \(family.kind.title.lowercased()), \(family.trigger.sizePixels) px, \(family.members.count) images\(flips), \(family.severity.rawValue)"
      )
    }
    if let truth = result.groundTruth {
      lines.append(
        truth.poisons == 0
          ? "truth     nothing was planted, \(percent(truth.falseRemovalRate)) of the images were removed"
          : "truth     \(truth.poisons) poisoned: recall \(percent(truth.recall)), precision \(percent(truth.precision)), false removals \(percent(truth.falseRemovalRate))"
      )
    }
    for check in result.checks { lines.append("gate      \(check.outcome.rawValue): \(check.words)") }
    let accepted = result.acceptedRanks.count
    if accepted > 0 { lines.append("          \(accepted) suspects are accepted by a baseline or an ignore file") }
    lines += table(result)
    lines += formats.prefix(1).map { "report    \(folder)/\($0.fileName)" } + ["kept      \(folder)/kept.txt"]
    return "verdict   " + strong("\(verdict.value.rawValue)")
      + " (severity \(verdict.severity.rawValue)), exit code \(result.run.exitCode)\n"
      + terminalSafe(lines.joined(separator: "\n")) + "\n"
  }

  /// Encoders beside each other; nothing where none was measured.
  private static func table(_ result: AuditResult) -> [String] {
    let metrics = result.metrics.encoders
    let measures: [(String, (EncoderMetrics) -> Double?)] = [
      ("attack success rate", { $0.attackSuccessRate }), ("  with blocking", { $0.blocking?.attackSuccessRate }),
      ("clean false positives", { $0.cleanFalsePositiveRate }),
      ("clean accuracy", { $0.cleanAccuracy }), ("  with blocking", { $0.blocking?.cleanAccuracy }),
      ("triggered accuracy", { $0.triggeredAccuracy }),
      ("k-NN accuracy", { $0.nearestNeighbourAccuracy }), ("robust accuracy (PGD-20)", { $0.robustAccuracy?.value }),
      ("flip rate of the trigger", { $0.flipRate }),
    ]
    let rows = measures.filter { measure in metrics.contains { measure.1($0) != nil } }
    guard !rows.isEmpty else { return [] }
    func line(_ title: String, _ cells: [String]) -> String {
      "  " + title.padding(toLength: 34, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(0, 14 - $0.count)) + $0 }.joined()
    }
    return [""] + [line("", metrics.map(\.encoder))]
      + rows.map { title, value in line(title, metrics.map { value($0).map { percent($0) } ?? "-" }) } + [""]
  }
}
