import Findings
import Foundation

/// SARIF 2.1.0 as code scanning takes it in.
///
/// Images have no lines and are rarely in the repository: every result points at the line of the manifest that
/// names its file, and at the image as a related location.
public enum SARIFReport {
  /// Suspects that are written one by one; the rest is one result.
  static let most = 4000
  private static let mostUnreadable = 200

  /// Returns the file's text.
  ///
  /// - Parameter manifest: Path of the committed manifest, relative to the root of the repository.
  public static func render(_ result: AuditResult, manifest: String) -> String {
    let rules = Rule.allCases
    let index = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1, $0) })
    var results: [JSONValue] = []
    func add(
      _ rule: Rule, _ message: String, line: Int?, width: Int, path: String?, bytes: [UInt8]?, key: String,
      rank: Double? = nil, suppression: GateOutcome.Suppression? = nil
    ) {
      var one: [String: JSONValue] = [
        "ruleId": .text(rule.rawValue), "ruleIndex": .integer(index[rule] ?? 0), "level": .text(rule.level),
        "message": ["text": .text(visible(message))],
        "locations": [
          [
            "physicalLocation": [
              "artifactLocation": ["uri": .text(percentEncoded(Array(manifest.utf8))), "uriBaseId": "%SRCROOT%"],
              "region": [
                "startLine": .integer(line ?? 1), "startColumn": 1, "endLine": .integer(line ?? 1),
                "endColumn": .integer(max(2, width)),
              ],
            ]
          ]
        ],
        "partialFingerprints": ["primaryLocationLineHash": .text("\(visible(key)):\(rule.rawValue)")],
      ]
      if let path, let bytes {
        one["relatedLocations"] = [
          [
            "id": 1, "message": ["text": .text(visible(path))],
            "physicalLocation": ["artifactLocation": ["uri": .text(percentEncoded(bytes))]],
          ]
        ]
      }
      if let rank { one["rank"] = .number(rank) }
      if let suppression {
        one["suppressions"] = [
          ["kind": "external", "status": "accepted", "justification": .text(visible(suppression.reason))]
        ]
      }
      results.append(.object(one))
    }
    var accepted: [Int: GateOutcome.Suppression] = [:]
    for suppression in result.suppressions {
      for rank in suppression.ranks { accepted[rank] = suppression }
    }
    for suspect in result.suspects.prefix(most) {
      add(
        suspect.kind,
        "\(suspect.path): \(suspect.reason); \(suspect.family), rank \(suspect.rank) of \(result.suspects.count), p = \(number(suspect.pValue))",
        line: suspect.line, width: 64 + 2 + suspect.path.utf16.count + 1, path: suspect.path,
        bytes: bytes(suspect.path, suspect.pathBase64), key: suspect.sha256,
        rank: 100 * (1 - Double(suspect.rank - 1) / Double(max(1, result.suspects.count))),
        suppression: accepted[suspect.rank])
    }
    if result.suspects.count > most {
      add(
        result.suspects[most].kind,
        "\(result.suspects.count - most) more suspects; suspects.csv has them all", line: nil, width: 2, path: nil,
        bytes: nil, key: result.dataset.digest)
    }
    for file in result.dataset.unreadable.prefix(mostUnreadable) {
      add(
        .unreadable, "\(file.path): \(file.reason)", line: nil, width: 2, path: file.path,
        bytes: bytes(file.path, file.pathBase64), key: file.path)
    }
    if result.verdict.value == .inconclusive || !result.verdict.doubts.isEmpty {
      add(
        .inconclusive, result.verdict.summary, line: nil, width: 2, path: nil, bytes: nil, key: result.dataset.digest)
    }
    return canonical([
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": .text(result.tool.name), "version": .text(result.tool.version),
              "semanticVersion": .text(result.tool.version), "rules": .array(rules.map(rule)),
            ]
          ],
          "automationDetails": ["id": "bezoar/"],
          "columnKind": "utf16CodeUnits",
          "invocations": [
            [
              "executionSuccessful": true, "exitCode": .integer(result.run.exitCode),
              "exitCodeDescription": .text(visible(result.run.exitReason)),
              "startTimeUtc": .text(result.run.started), "endTimeUtc": .text(result.run.finished),
            ]
          ],
          "results": .array(results),
          "properties": [
            "verdict": .text(result.verdict.value.rawValue), "severity": .text(result.verdict.severity.rawValue),
            "dataset_digest": .text(result.dataset.digest), "config_digest": .text(result.configDigest),
          ],
        ]
      ],
    ])
  }

  private static func rule(_ rule: Rule) -> JSONValue {
    [
      "id": .text(rule.rawValue), "name": .text(rule.rawValue.split(separator: ".").map(\.capitalized).joined()),
      "shortDescription": ["text": .text(rule.title)], "fullDescription": ["text": .text(rule.explanation)],
      "help": ["text": .text(rule.remedy), "markdown": .text(rule.remedy)],
      "defaultConfiguration": ["level": .text(rule.level)],
      "properties": [
        "tags": .array((["security"] + rule.tags).map { .text($0) }), "precision": "high",
        "security-severity": .text(rule.securitySeverity),
      ],
    ]
  }

  /// The bytes of a path.
  private static func bytes(_ path: String, _ base64: String?) -> [UInt8] {
    base64.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? Array(path.utf8)
  }
}
