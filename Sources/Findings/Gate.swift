/// Kinds of findings; the names that baselines, ignore files and code scanning rely on.
public enum Rule: String, Codable, Equatable, Sendable, CaseIterable {
  /// The same small picture in unrelated images.
  case picture = "trigger.picture"
  /// The same pattern over unrelated images.
  case pattern = "trigger.pattern"
  /// An object of changing size or angle that pulls images together.
  case object = "trigger.object"
  /// A file that could not be read.
  case unreadable = "file.unreadable"
  /// An audit that could not say anything.
  case inconclusive = "audit.inconclusive"
}

extension TriggerFamily {
  /// Its rule; results that lack one know no other kind.
  public var kind: Rule { rule ?? .picture }
}

extension Suspect {
  /// Its rule; results that lack one know no other kind.
  public var kind: Rule { rule ?? .picture }
}

extension AuditResult {
  /// What the gate checked; none in results of earlier versions.
  public var checks: [GateOutcome.Check] { run.gate?.checks ?? [] }
  /// What a baseline or an ignore file says about suspects.
  public var suppressions: [GateOutcome.Suppression] { run.gate?.suppressions ?? [] }
  /// Ranks of the suspects that do not count.
  public var acceptedRanks: Set<Int> { Set(suppressions.flatMap(\.ranks)) }
}

/// What a gate made of a result.
public struct GateOutcome: Codable, Equatable, Sendable {
  /// 0 all checks passed, 1 one failed, 4 none failed but one could not be decided.
  public var exitCode: Int
  /// The first failed or undecided check in words, or that all passed.
  public var reason: String
  public var checks: [Check]
  /// Everything that a baseline or an ignore file took out, and its entries that took nothing out.
  public var suppressions: [Suppression]

  /// One question with its answer.
  public struct Check: Codable, Equatable, Sendable {
    /// An answer.
    public enum Outcome: String, Codable, Equatable, Sendable { case passed, failed, undecided }
    /// Name of the option that asks it.
    public var name: String
    /// What it asks for, as given.
    public var limit: String
    /// What was found, in words.
    public var measured: String
    public var outcome: Outcome
    /// Creates a check.
    public init(name: String, limit: String, measured: String, outcome: Outcome) {
      (self.name, self.limit, self.measured, self.outcome) = (name, limit, measured, outcome)
    }
  }

  /// Suspects that do not count, and why.
  public struct Suppression: Codable, Equatable, Sendable {
    /// Where it comes from.
    public enum Source: String, Codable, Equatable, Sendable {
      case baseline
      case ignoreFile = "ignore-file"
    }
    /// What became of it.
    public enum Status: String, Codable, Equatable, Sendable { case applied, unused, expired }
    public var source: Source
    /// What it names: a digest, a path, or a path that ends with an asterisk.
    public var entry: String
    public var rule: Rule?
    public var reason: String
    /// Last day it counts, as YYYY-MM-DD.
    public var expires: String?
    public var status: Status
    /// Ranks of the suspects it took out.
    public var ranks: [Int]
    /// Creates a suppression.
    public init(
      source: Source, entry: String, rule: Rule?, reason: String, expires: String?, status: Status, ranks: [Int]
    ) {
      (self.source, self.entry, self.rule, self.reason) = (source, entry, rule, reason)
      (self.expires, self.status, self.ranks) = (expires, status, ranks)
    }
  }

  /// Creates an outcome.
  public init(exitCode: Int, reason: String, checks: [Check], suppressions: [Suppression]) {
    (self.exitCode, self.reason, self.checks, self.suppressions) = (exitCode, reason, checks, suppressions)
  }

  enum CodingKeys: String, CodingKey {
    case exitCode = "exit_code"
    case reason, checks, suppressions
  }
}
