import Findings
import Foundation

/// An unsigned in-toto statement with a test result: sign it with your own key.
///
/// - Source: in-toto Statement v1 and the predicate test-result v0.1. The subject is the manifest, whose digest names
///   every file that was read.
public enum TestResultStatement {
  /// Returns the file's text.
  ///
  /// - Throws: ``ReportError`` if the result lacks the manifest's digest.
  public static func render(_ result: AuditResult) throws(ReportError) -> String {
    guard let digest = result.dataset.manifestDigest else {
      throw ReportError("the result lacks the digest of its manifest; it is of an earlier version: run the audit again")
    }
    let checks = result.checks
    func names(_ outcome: GateOutcome.Check.Outcome) -> JSONValue {
      .array(checks.filter { $0.outcome == outcome }.map { .text("\($0.name) \($0.limit)") })
    }
    return canonical([
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [["name": "manifest.sha256", "digest": ["sha256": .text(digest)]]],
      "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
      "predicate": [
        "result": .text(result.run.exitCode == 0 ? "PASSED" : result.run.exitCode == 4 ? "WARNED" : "FAILED"),
        "configuration": [
          ["name": .text("bezoar \(result.tool.version)"), "digest": ["sha256": .text(result.configDigest)]]
        ],
        "passedTests": names(.passed), "warnedTests": names(.undecided), "failedTests": names(.failed),
      ],
    ])
  }
}
