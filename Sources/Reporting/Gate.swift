import Findings
import Foundation

/// The rules of a gate: which findings fail, which are known already.
public struct GatePolicy: Sendable {
  /// A number of files, or a share of them.
  public struct Limit: Equatable, Sendable, CustomStringConvertible {
    /// As it was given, such as `5` or `0.5%`.
    public let description: String
    private let value: Double
    private let isShare: Bool

    /// Reads `N` or `N%`; nil if it is neither.
    public init?(_ text: String) {
      description = text
      isShare = text.hasSuffix("%")
      guard let value = Double(isShare ? String(text.dropLast()) : text), value >= 0, value.isFinite,
        isShare ? value <= 100 : value.rounded() == value
      else { return nil }
      self.value = value
    }

    /// True if so many of so many are not too many.
    public func allows(_ count: Int, of all: Int) -> Bool {
      isShare ? Double(count) <= value / 100 * Double(all) : Double(count) <= value
    }
  }

  /// Lowest severity that fails; `none` never does.
  public var failOn = Severity.high
  /// Suspects that are not suppressed, of the images read.
  public var maximumSuspects: Limit?
  /// Files that were not read, of those that may hold images.
  public var maximumUnreadable: Limit?
  /// Attack success after retraining; 0...1.
  public var maximumAttackSuccessAfter: Double?
  /// Clean accuracy after retraining; 0...1.
  public var minimumCleanAccuracy: Double?
  /// An earlier result: its suspects are known, by the image's SHA-256 and the rule.
  public var baseline: AuditResult?
  public var ignored = IgnoreList()
  /// The day that decides which entries of the ignore file have expired, as YYYY-MM-DD.
  public var today = GatePolicy.day(Date())

  /// The default: a finding of high severity fails.
  public init() {}

  /// A date as YYYY-MM-DD in UTC.
  public static func day(_ date: Date) -> String { String(ISO8601DateFormatter().string(from: date).prefix(10)) }
}

/// Findings that somebody looked at and accepted: each with a reason, and a day until which that counts.
///
/// JSON: `{"ignore": [{"sha256": …, or "path": …, "rule": …, "reason": …, "expires": "YYYY-MM-DD"}]}`. A path may
/// end with `*`, which stands for any ending; a name that is not UTF-8 is accepted by its digest alone. `rule` and `expires`
/// may be left out, the reason may not.
public struct IgnoreList: Equatable, Sendable {
  /// One accepted finding.
  public struct Entry: Codable, Equatable, Sendable {
    public var sha256: String?
    public var path: String?
    public var rule: Rule?
    public var reason: String
    public var expires: String?

    func covers(_ suspect: Suspect) -> Bool {
      if let rule, rule != suspect.kind { return false }
      if let sha256 { return sha256.lowercased() == suspect.sha256 }
      guard let path else { return false }
      // The text of a name that is no UTF-8 stands for many names.
      guard suspect.pathBase64 == nil else { return false }
      return path.hasSuffix("*") ? suspect.path.hasPrefix(path.dropLast()) : suspect.path == path
    }
  }

  public var entries: [Entry] = []

  /// Nothing is ignored.
  public init() {}

  /// Reads a list.
  ///
  /// - Throws: ``ReportError`` that names the entry and what is wrong with it.
  public init(_ data: Data, path: String) throws(ReportError) {
    struct File: Decodable { var ignore: [Entry] }
    func fail(_ what: String) -> ReportError { ReportError("the ignore file \(path): \(what)") }
    do { entries = try JSONDecoder().decode(File.self, from: data).ignore } catch DecodingError.keyNotFound(
      let key, let context)
    {
      let place = context.codingPath.dropFirst().first?.intValue.map { "entry \($0 + 1) lacks" } ?? "lacks"
      throw fail("\(place) \(key.stringValue)")
    } catch {
      throw fail(
        "must be JSON of the form {\"ignore\": [{\"sha256\": …, \"reason\": …, \"expires\": \"YYYY-MM-DD\"}]}; rules are \(Rule.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    for (i, entry) in entries.enumerated() {
      let place = "entry \(i + 1)"
      guard (entry.sha256 == nil) != (entry.path == nil) else { throw fail("\(place) needs a sha256 or a path") }
      if let digest = entry.sha256, digest.count != 64 || !digest.allSatisfy(\.isHexDigit) {
        throw fail("\(place): \(digest) is no SHA-256 of 64 hexadecimal digits")
      }
      if entry.path == "*" || entry.path == "" { throw fail("\(place) would ignore everything; name files") }
      if entry.reason.allSatisfy(\.isWhitespace) { throw fail("\(place) needs a reason") }
      if let day = entry.expires, !Self.isDay(day) { throw fail("\(place): expires must be YYYY-MM-DD, not \(day)") }
    }
  }

  private static func isDay(_ text: String) -> Bool {
    guard text.utf8.count == 10, let date = ISO8601DateFormatter().date(from: text + "T00:00:00Z") else { return false }
    return GatePolicy.day(date) == text
  }
}

/// Applies the rules of a gate to a result.
public enum Gate {
  /// Answers every check that was asked for.
  ///
  /// A failed check outranks an undecided one: exit code 1 rather than 4. A finding fails whatever was missed beside it; where it is
  /// accepted, and where there is none, what was missed leaves the check of the severity undecided. What was not measured is
  /// undecided, never passed.
  public static func outcome(
    verdict: Verdict, families: [TriggerFamily], suspects: [Suspect], dataset: DatasetAccount, metrics: Metrics,
    _ policy: GatePolicy
  ) -> GateOutcome {
    let suppressions = suppressions(suspects, policy)
    let known = Set(suppressions.flatMap(\.ranks))
    let open = suspects.filter { !known.contains($0.rank) }
    var checks = [severity(verdict, families, open, known.count, policy)]
    if let limit = policy.maximumSuspects {
      checks.append(
        .init(
          name: "--max-suspects", limit: limit.description,
          measured:
            "\(open.count) of \(dataset.decoded) images\(known.isEmpty ? "" : ", \(known.count) more are known")",
          outcome: limit.allows(open.count, of: dataset.decoded) ? .passed : .failed))
    }
    if let limit = policy.maximumUnreadable {
      let all = dataset.decoded + dataset.unreadable.count
      checks.append(
        .init(
          name: "--max-unreadable", limit: limit.description,
          measured: "\(dataset.unreadable.count) of \(all) files that may hold images",
          outcome: limit.allows(dataset.unreadable.count, of: all) ? .passed : .failed))
    }
    if let limit = policy.maximumAttackSuccessAfter {
      checks.append(
        bound("--max-asr-after", "attack_success_rate", metrics.after, metrics.after.attackSuccessRate, limit) {
          $0 <= $1
        })
    }
    if let limit = policy.minimumCleanAccuracy {
      checks.append(
        bound("--min-clean-accuracy", "clean_accuracy", metrics.after, metrics.after.cleanAccuracy, limit) { $0 >= $1 })
    }
    let first = checks.first { $0.outcome == .failed } ?? checks.first { $0.outcome == .undecided }
    let code = first.map { $0.outcome == .failed ? 1 : 4 } ?? 0
    return GateOutcome(
      exitCode: code, reason: (first ?? checks[0]).words, checks: checks, suppressions: suppressions)
  }

  /// Answers every check over a stored result.
  public static func outcome(_ result: AuditResult, _ policy: GatePolicy) -> GateOutcome {
    outcome(
      verdict: result.verdict, families: result.families, suspects: result.suspects, dataset: result.dataset,
      metrics: result.metrics, policy)
  }

  private static func severity(
    _ verdict: Verdict, _ families: [TriggerFamily], _ open: [Suspect], _ known: Int, _ policy: GatePolicy
  ) -> GateOutcome.Check {
    func check(_ measured: String, _ outcome: GateOutcome.Check.Outcome) -> GateOutcome.Check {
      .init(name: "--fail-on", limit: policy.failOn.rawValue, measured: measured, outcome: outcome)
    }
    if policy.failOn == .none { return check("the verdict \(verdict.value.rawValue) does not count", .passed) }
    if verdict.value == .inconclusive { return check("the verdict is inconclusive", .undecided) }
    let own = Set(open.map(\.family))
    let worst =
      known == 0 ? verdict.severity : families.filter { own.contains($0.id) }.map(\.severity).max() ?? .none
    if verdict.value == .poisoned && worst >= policy.failOn {
      return check("a finding of severity \(worst.rawValue)", .failed)
    }
    // What was found is accepted; whether there is more nobody knows.
    if verdict.value == .poisoned, let doubt = verdict.doubts.first {
      return check("nothing that is not known, but \(doubt.detail)", .undecided)
    }
    return check(
      known > 0 && worst < policy.failOn
        ? "nothing that is not known: \(known) suspects are" : "nothing of that severity",
      .passed)
  }

  private static func bound(
    _ name: String, _ key: String, _ metrics: EncoderMetrics, _ value: Double?, _ limit: Double,
    _ holds: (Double, Double) -> Bool
  ) -> GateOutcome.Check {
    let text = String(format: "%g", limit)
    guard let value else {
      return .init(
        name: name, limit: text, measured: "not measured: \(metrics.reasons[key] ?? "no reason given")",
        outcome: .undecided)
    }
    return .init(
      name: name, limit: text, measured: String(format: "%.4f", value), outcome: holds(value, limit) ? .passed : .failed
    )
  }

  private static func suppressions(_ suspects: [Suspect], _ policy: GatePolicy) -> [GateOutcome.Suppression] {
    var found: [GateOutcome.Suppression] = []
    if let baseline = policy.baseline {
      struct Key: Hashable { let digest: String, rule: Rule }
      func key(_ suspect: Suspect) -> Key { Key(digest: suspect.sha256, rule: suspect.kind) }
      let known = Set(baseline.suspects.map(key))
      let ranks = suspects.filter { known.contains(key($0)) }.map(\.rank)
      found.append(
        .init(
          source: .baseline,
          entry: "result \(baseline.configDigest.prefix(12)) of dataset \(baseline.dataset.digest.prefix(12))",
          rule: nil, reason: "a suspect of the baseline too", expires: nil, status: ranks.isEmpty ? .unused : .applied,
          ranks: ranks))
    }
    for entry in policy.ignored.entries {
      let isExpired = entry.expires.map { $0 < policy.today } ?? false
      let ranks = isExpired ? [] : suspects.filter(entry.covers).map(\.rank)
      found.append(
        .init(
          source: .ignoreFile, entry: entry.sha256 ?? entry.path ?? "", rule: entry.rule, reason: entry.reason,
          expires: entry.expires, status: isExpired ? .expired : ranks.isEmpty ? .unused : .applied, ranks: ranks))
    }
    return found
  }
}

extension GateOutcome.Check {
  /// Limit and measurement in one line.
  public var words: String { "\(name) \(limit): \(measured)" }
}
