import Findings
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct GateTests {
  /// A result with suspects of two families: ranks 1 and 2 of a critical one, 3 of a high one.
  static func result(_ value: Verdict.Value = .poisoned) -> AuditResult {
    var result = ReportingTests.result(verdict: value)
    let (family, suspect) = (result.families[0], result.suspects[0])
    result.families = [("family-1", Severity.critical), ("family-2", .high)].map {
      var own = family
      (own.id, own.severity) = $0
      return own
    }
    result.suspects = (1...3).map {
      var own = suspect
      (own.rank, own.path, own.family) = ($0, "images/\($0).png", $0 < 3 ? "family-1" : "family-2")
      own.sha256 = String(repeating: String($0), count: 64)
      return own
    }
    if value != .poisoned { (result.families, result.suspects) = ([], []) }
    result.dataset = DatasetAccount(
      path: "d", format: "folder", digest: "", decoded: 100,
      unreadable: (0..<4).map { .init(path: "\($0)", pathBase64: nil, reason: "image.truncated") }, ignored: [],
      imageSize: 32, greyShare: 0)
    result.verdict = Verdict(
      value: value, severity: value == .poisoned ? .critical : value == .inconclusive ? .note : .none, summary: "",
      reasons: [], power: nil)
    result.metrics.after.attackSuccessRate = 0.02
    result.metrics.after.cleanAccuracy = 0.75
    return result
  }

  static func policy(_ change: (inout GatePolicy) throws -> Void) rethrows -> GatePolicy {
    var policy = GatePolicy()
    policy.today = "2026-06-15"
    try change(&policy)
    return policy
  }

  private static let severities: [(Verdict.Value, Severity, Int)] =
    Severity.allCases.flatMap { failOn in
      [
        (.poisoned, failOn, failOn == .none ? 0 : 1), (.noEvidence, failOn, 0),
        (.inconclusive, failOn, failOn == .none ? 0 : 4),
      ]
    }

  @Test(arguments: severities) func severityDecides(_ value: Verdict.Value, _ failOn: Severity, _ code: Int) {
    #expect(Gate.outcome(Self.result(value), Self.policy { $0.failOn = failOn }).exitCode == code)
  }

  /// Suspects that are all accepted leave open what was missed beside them; one that is not accepted fails all the same.
  @Test func whatWasMissedCountsBesideAnAcceptedFinding() {
    var result = Self.result()
    result.verdict.reasons = [.init("trigger.family", "family 1"), .init("control.missed", "the canary was missed")]
    #expect(result.verdict.doubts.map(\.code) == ["control.missed"])
    #expect(Gate.outcome(result, Self.policy { _ in }).exitCode == 1)
    #expect(Gate.outcome(result, Self.policy { $0.baseline = result }).exitCode == 4)
    #expect(Gate.outcome(result, Self.policy { ($0.baseline, $0.failOn) = (result, .none) }).exitCode == 0)
    result.verdict.reasons.removeLast()
    #expect(Gate.outcome(result, Self.policy { $0.baseline = result }).exitCode == 0)
  }

  /// The text of a name that is no UTF-8 stands for many names: only its digest is accepted.
  @Test func pathsAreAcceptedOnlyWhereTheyAreExact() throws {
    var result = Self.result()
    result.suspects[0].path = "images/\u{FFFD}.png"
    for (base64, code) in [(String?.none, 0), ("aW1hZ2VzL/8ucG5n", 1)] {
      result.suspects[0].pathBase64 = base64
      result.suspects = Array(result.suspects.prefix(1))
      let list = try IgnoreList(
        Data(#"{"ignore": [{"path": "images/*", "reason": "a logo"}]}"#.utf8), path: "ignore.json")
      #expect(Gate.outcome(result, Self.policy { $0.ignored = list }).exitCode == code)
    }
  }

  /// Whether each threshold holds, alone and with a severity that fails, passes or is undecided.
  private static let thresholds: [(String, Bool, @Sendable (inout GatePolicy) -> Void)] = [
    ("suspects 3", true, { $0.maximumSuspects = .init("3") }),
    ("suspects 2", false, { $0.maximumSuspects = .init("2") }),
    ("suspects 3%", true, { $0.maximumSuspects = .init("3%") }),
    ("suspects 2.9%", false, { $0.maximumSuspects = .init("2.9%") }),
    ("suspects 0", false, { $0.maximumSuspects = .init("0") }),
    ("unreadable 4", true, { $0.maximumUnreadable = .init("4") }),
    ("unreadable 3", false, { $0.maximumUnreadable = .init("3") }),
    ("unreadable 4%", true, { $0.maximumUnreadable = .init("4%") }),
    ("unreadable 3.8%", false, { $0.maximumUnreadable = .init("3.8%") }),
    ("success 0.02", true, { $0.maximumAttackSuccessAfter = 0.02 }),
    ("success 0.01", false, { $0.maximumAttackSuccessAfter = 0.01 }),
    ("accuracy 0.75", true, { $0.minimumCleanAccuracy = 0.75 }),
    ("accuracy 0.8", false, { $0.minimumCleanAccuracy = 0.8 }),
  ]

  @Test(arguments: thresholds.indices) func thresholdsDecideBesideTheSeverity(_ i: Int) {
    let (name, holds, change) = Self.thresholds[i]
    func code(_ failOn: Severity) -> Int {
      Gate.outcome(
        Self.result(),
        Self.policy {
          $0.failOn = failOn
          change(&$0)
        }
      ).exitCode
    }
    #expect(code(.none) == (holds ? 0 : 1), "\(name)")
    #expect(code(.high) == 1)
    // All pairs: any failed check fails.
    for (_, other, more) in Self.thresholds {
      let both = Gate.outcome(
        Self.result(),
        Self.policy {
          $0.failOn = .none
          change(&$0)
          more(&$0)
        })
      if both.checks.count == 3 { #expect(both.exitCode == (holds && other ? 0 : 1)) }
    }
  }

  /// What was not measured is undecided; a failed check outranks it.
  @Test func unmeasuredNeverPasses() {
    var result = Self.result()
    result.metrics.after.attackSuccessRate = nil
    func code(_ change: (inout GatePolicy) -> Void) -> Int {
      Gate.outcome(
        result,
        Self.policy {
          $0.failOn = .none
          $0.maximumAttackSuccessAfter = 1
          change(&$0)
        }
      ).exitCode
    }
    #expect(code { _ in } == 4)
    #expect(code { $0.maximumSuspects = .init("0") } == 1)
    #expect(code { $0.failOn = .high } == 1)
    let lost = Gate.outcome(Self.result(.inconclusive), Self.policy { $0.maximumUnreadable = .init("0") })
    #expect(lost.exitCode == 1 && lost.reason.hasPrefix("--max-unreadable 0"))
  }

  @Test func baselineKnowsContentAndRule() {
    let result = Self.result()
    let same = Gate.outcome(result, Self.policy { $0.baseline = result })
    #expect(same.exitCode == 0 && same.suppressions[0].ranks == [1, 2, 3])
    // One new image fails again, with the severity of its own family.
    var old = result
    old.suspects.removeLast()
    #expect(Gate.outcome(result, Self.policy { $0.baseline = old }).exitCode == 1)
    let critical = Gate.outcome(
      result,
      Self.policy {
        $0.baseline = old
        $0.failOn = .critical
      })
    #expect(critical.exitCode == 0, "what is new is only high")
    // The same image for another reason is new; so is another image under the same name.
    var other = result
    for i in other.suspects.indices { other.suspects[i].rule = .pattern }
    #expect(Gate.outcome(result, Self.policy { $0.baseline = other }).exitCode == 1)
    var renamed = result
    for i in renamed.suspects.indices { renamed.suspects[i].path = "elsewhere" }
    #expect(Gate.outcome(result, Self.policy { $0.baseline = renamed }).exitCode == 0)
    #expect(Gate.outcome(Self.result(.inconclusive), Self.policy { $0.baseline = result }).exitCode == 4)
    let limited = Gate.outcome(
      result,
      Self.policy {
        $0.baseline = old
        $0.failOn = .none
        $0.maximumSuspects = .init("1")
      })
    #expect(limited.exitCode == 0 && limited.checks[1].measured.contains("2 more are known"))
  }

  private static func list(_ entries: String) throws -> IgnoreList {
    try IgnoreList(Data("{\"ignore\": [\(entries)]}".utf8), path: "ignore.json")
  }

  @Test func acceptedFindingsExpireAndStayVisible() throws {
    func outcome(_ entries: String) throws -> GateOutcome {
      let list = try Self.list(entries)
      return Gate.outcome(Self.result(), Self.policy { $0.ignored = list })
    }
    let all = try outcome(#"{"path": "images/*", "reason": "logo", "expires": "2026-06-15"}"#)
    #expect(all.exitCode == 0 && all.suppressions[0].status == .applied && all.suppressions[0].ranks.count == 3)
    let late = try outcome(#"{"path": "images/*", "reason": "logo", "expires": "2026-06-14"}"#)
    #expect(late.exitCode == 1 && late.suppressions[0].status == .expired && late.suppressions[0].ranks == [])
    let digest = String(repeating: "1", count: 64)
    let some = try outcome(#"{"sha256": "\#(digest)", "reason": "seen"}, {"path": "nowhere", "reason": "old"}"#)
    #expect(some.exitCode == 1 && some.suppressions.map(\.status) == [.applied, .unused])
    #expect(try outcome(#"{"path": "images/*", "rule": "trigger.pattern", "reason": "x"}"#).exitCode == 1)
    #expect(try outcome(#"{"path": "images/*", "rule": "trigger.picture", "reason": "x"}"#).exitCode == 0)
  }

  @Test(arguments: [
    (#"{"path": "a"}"#, "entry 1 lacks reason"), (#"{"path": "a", "reason": " "}"#, "needs a reason"),
    (#"{"reason": "x"}"#, "needs a sha256 or a path"), (#"{"path": "*", "reason": "x"}"#, "would ignore everything"),
    (#"{"path": "a", "reason": "x", "expires": "2026-02-30"}"#, "YYYY-MM-DD"),
    (#"{"path": "a", "reason": "x", "expires": "soon"}"#, "YYYY-MM-DD"),
    (#"{"sha256": "12", "reason": "x"}"#, "no SHA-256"), (#"{"path": "a", "rule": "all", "reason": "x"}"#, "rules are"),
  ]) func wrongIgnoreFilesAreRefused(_ entry: String, _ message: String) {
    #expect(throws: ReportError.self) {
      do { _ = try Self.list(entry) } catch {
        #expect("\(error)".contains(message), "\(error)")
        throw error
      }
    }
  }

  @Test func limitsAreNumbersOrShares() {
    for text in ["", "-1", "1.5", "101%", "x", "%", "nan", "inf"] { #expect(GatePolicy.Limit(text) == nil, "\(text)") }
    #expect(GatePolicy.Limit("0.5%")?.allows(5, of: 1000) == true)
    #expect(GatePolicy.Limit("0.5%")?.allows(6, of: 1000) == false)
  }
}
