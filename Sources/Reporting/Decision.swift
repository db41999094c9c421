import Findings

/// What a gate makes of a verdict: an exit code and the rule behind it.
public struct Decision: Equatable, Sendable {
  /// 0 nothing at or above the threshold, 1 a finding, 4 inconclusive.
  public let exitCode: Int32
  /// The rule in words.
  public let reason: String

  /// Applies `--fail-on` to a verdict.
  ///
  /// - Parameter failOn: Lowest severity that fails; `none` never does.
  public init(verdict: Verdict, failOn: Severity) {
    if failOn == .none {
      (exitCode, reason) = (0, "--fail-on none: the verdict \(verdict.value.rawValue) does not count")
    } else if verdict.value == .inconclusive {
      (exitCode, reason) = (4, "the verdict is inconclusive")
    } else if verdict.value == .poisoned && verdict.severity >= failOn {
      (exitCode, reason) = (
        1, "a finding of severity \(verdict.severity.rawValue), at or above --fail-on \(failOn.rawValue)"
      )
    } else {
      (exitCode, reason) = (0, "nothing at or above --fail-on \(failOn.rawValue)")
    }
  }
}
