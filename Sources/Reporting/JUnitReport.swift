import Findings
import Foundation

/// JUnit XML: one case a check, never one an image.
public enum JUnitReport {
  /// Suspects that a failed case names.
  private static let named = 20

  /// Returns the file's text.
  public static func render(_ result: AuditResult) -> String {
    struct Case {
      var name: String
      var outcome: GateOutcome.Check.Outcome?
      var text: String
    }
    var cases = result.checks.map { check in
      Case(
        name: "gate \(check.name) \(check.limit)", outcome: check.outcome,
        text: check.words + (check.outcome == .failed ? "\n" + suspects(result) : ""))
    }
    let known = result.acceptedRanks
    for rule in [Rule.picture, .pattern, .object] {
      let own = result.families.filter { $0.kind == rule }
      let open = result.suspects.filter { $0.kind == rule && !known.contains($0.rank) }.count
      let found = "\(rule.title): \(own.map { "\($0.id) in \($0.members.count) images" }.joined(separator: ", "))"
      cases.append(
        Case(
          name: rule.rawValue, outcome: own.isEmpty || open == 0 ? .passed : .failed,
          text: own.isEmpty ? "nothing of that kind was found" : open == 0 ? "\(found); all accepted" : found))
    }
    let canary = result.verdict.power?.canary
    cases.append(
      Case(
        name: "positive control", outcome: canary.map { $0.foundBy.isEmpty ? .undecided : .passed },
        text: canary.map {
          $0.foundBy.isEmpty
            ? "no detector found the canary" : "the canary was found by \($0.foundBy.joined(separator: " and "))"
        } ?? "there was no positive control"))
    func element(_ one: Case) -> String {
      let text = one.text.split(separator: "\n").map { escapedHTML(String($0)) }.joined(separator: "\n")
      let body =
        switch one.outcome {
        case .passed: "<system-out>\(text)</system-out>"
        case .failed:
          "<failure message=\"\(escapedHTML(one.text.split(separator: "\n").first.map(String.init) ?? ""))\" type=\"finding\">\(text)</failure>"
        case .undecided: "<error message=\"\(escapedHTML(one.text))\" type=\"undecided\">\(text)</error>"
        case nil: "<skipped message=\"\(escapedHTML(one.text))\"/>"
        }
      return "    <testcase classname=\"bezoar\" name=\"\(escapedHTML(one.name))\" time=\"0\">\(body)</testcase>"
    }
    func count(_ outcome: GateOutcome.Check.Outcome?) -> Int { cases.filter { $0.outcome == outcome }.count }
    let seconds = String(format: "%.3f", result.run.seconds)
    let counts =
      "tests=\"\(cases.count)\" failures=\"\(count(.failed))\" errors=\"\(count(.undecided))\" skipped=\"\(count(nil))\" time=\"\(seconds)\""
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="bezoar" \(counts)>
        <testsuite name="\(escapedHTML(result.dataset.path))" \(counts) timestamp="\(escapedHTML(String(result.run.started.prefix(19))))">
      \(cases.map(element).joined(separator: "\n"))
        </testsuite>
      </testsuites>

      """
  }

  private static func suspects(_ result: AuditResult) -> String {
    let lines = result.suspects.prefix(named).map {
      "#\($0.rank) \(visible($0.path)) sha256:\($0.sha256) \($0.family)"
    }
    let more = result.suspects.count - lines.count
    return (lines + (more > 0 ? ["and \(more) more, see suspects.csv"] : [])).joined(separator: "\n")
  }
}
