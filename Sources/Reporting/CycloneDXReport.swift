import Findings
import Foundation

/// CycloneDX 1.7: the dataset and the encoders as components, findings as vulnerabilities of the dataset.
public enum CycloneDXReport {
  /// Returns the file's text.
  public static func render(_ result: AuditResult) -> String {
    let name = result.dataset.path.split(separator: "/").last.map(String.init) ?? result.dataset.path
    var components: [JSONValue] = [
      [
        "type": "data", "bom-ref": "dataset", "name": .text(visible(name)),
        "hashes": .array(hash(result.dataset.digest)),
        "data": [
          [
            "type": "dataset", "name": .text(visible(name)),
            "contents": [
              "properties": [
                property("bezoar:decoded", result.dataset.decoded),
                property("bezoar:unreadable", result.dataset.unreadable.count),
                property("bezoar:ignored", result.dataset.ignored.count),
              ]
            ],
          ]
        ],
        "properties": [
          ["name": "bezoar:verdict", "value": .text(result.verdict.value.rawValue)],
          ["name": "bezoar:severity", "value": .text(result.verdict.severity.rawValue)],
          ["name": "bezoar:config_digest", "value": .text(result.configDigest)],
          property("bezoar:suspects", result.counts.suspects), property("bezoar:kept", result.counts.kept),
        ],
      ]
    ]
    for metrics in result.metrics.encoders { components.append(model(metrics)) }
    return canonical([
      "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.7",
      "version": 1,
      "metadata": [
        "timestamp": .text(result.run.finished),
        "tools": [
          "components": [
            ["type": "application", "name": .text(result.tool.name), "version": .text(result.tool.version)]
          ]
        ],
      ],
      "components": .array(components), "vulnerabilities": .array(result.families.map(vulnerability)),
    ])
  }

  private static func model(_ metrics: EncoderMetrics) -> JSONValue {
    let measured: [(String, Double?)] = [
      ("clean accuracy", metrics.cleanAccuracy), ("attack success rate", metrics.attackSuccessRate),
      ("robust accuracy", metrics.robustAccuracy?.value), ("flip rate", metrics.flipRate),
    ]
    let figures = measured.compactMap { name, value -> JSONValue? in
      value.map { ["type": .text(name), "value": .text(String(format: "%.4f", $0))] }
    }
    return [
      "type": "machine-learning-model", "bom-ref": .text("model-\(metrics.encoder)"),
      "name": .text("\(metrics.encoder) encoder"),
      "modelCard": [
        "modelParameters": [
          "task": "image representation", "approach": ["type": "self-supervised"], "datasets": [["ref": "dataset"]],
        ],
        "quantitativeAnalysis": ["performanceMetrics": .array(figures)],
      ],
    ]
  }

  private static func vulnerability(_ family: TriggerFamily) -> JSONValue {
    let rule = family.kind
    return [
      "bom-ref": .text(family.id), "id": .text("\(rule.rawValue)/\(family.id)"),
      "description": .text(rule.explanation), "recommendation": .text(rule.remedy),
      "ratings": [["severity": .text(family.severity.cycloneDX), "method": "other"]],
      "affects": [["ref": "dataset"]],
      "properties": .array(
        [
          property("bezoar:images", family.members.count), property("bezoar:flips", family.flipCount),
          property("bezoar:flip_images", family.flipTotal),
        ] + family.tags.map { ["name": "bezoar:tag", "value": .text(visible($0))] }),
    ]
  }

  private static func property(_ name: String, _ value: Int) -> JSONValue {
    ["name": .text(name), "value": .text(String(value))]
  }

  private static func hash(_ digest: String) -> [JSONValue] {
    digest.count == 64 ? [["alg": "SHA-256", "content": .text(digest)]] : []
  }
}
