import Findings
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct ReportingTests {
  private static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; drop", "a&b", "</style>", "\u{202E}gnp.exe",
    "\u{1B}[31mred", "line\nbreak", "=cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "::error::x",
  ]

  static func result(path: String = "a/b.png", verdict: Verdict.Value = .poisoned) -> AuditResult {
    var metrics = EncoderMetrics(encoder: "scan", unmeasured: "no labels")
    metrics.cleanAccuracy = 0.8
    metrics.interval95 = ["clean_accuracy": [0.75, 0.84]]
    metrics.reasons["clean_accuracy"] = nil
    return AuditResult(
      tool: .init(version: "0.1.0", revision: "test"),
      run: .init(
        started: "2026-01-01T00:00:00Z", finished: "2026-01-01T00:01:00Z", seconds: 60, host: "host", threads: 2,
        device: "cpu", exitCode: 1, exitReason: "a finding",
        stages: [.init(name: "train", seconds: 3, imagesPerSecond: 100)]),
      config: .object(["seed": .integer(0)]), configDigest: "00", seed: 0,
      dataset: DatasetAccount(
        path: path, format: "folder", digest: "ab", decoded: 10,
        unreadable: [.init(path: path, pathBase64: nil, reason: "image.truncated")],
        ignored: [], imageSize: 32, greyShare: 0),
      verdict: Verdict(
        value: verdict, severity: .high, summary: "Summary \(path)", reasons: [.init("trigger.family", path)],
        power: nil),
      families: [
        TriggerFamily(
          id: "family-1", foundBy: ["recurring-patch", "patch-search"],
          trigger: .init(crop: "evidence/none.png", sizePixels: 9, box: .init(x: 1, y: 2, width: 9, height: 9)),
          flipCount: 100, flipTotal: 256, pValue: 0.002, members: [path], severity: .high,
          secondary: [.init(name: "blur-consistency", members: 0.4, others: 0.9)], tags: ["AML.T0020"])
      ],
      suspects: [
        Suspect(
          path: path, pathBase64: nil, sha256: "cd", score: 1.23456789, pValue: 0.001, family: "family-1",
          box: .init(x: 1, y: 2, width: 9, height: 9), rank: 1, reason: "reason \(path)")
      ],
      notes: [Note(detector: "near-duplicates", count: 7, members: [path])],
      counts: .init(suspects: 1, kept: 9, candidatesScored: 5, flipsEvaluated: 1280),
      metrics: Metrics(before: metrics, after: metrics, afterPlain: nil),
      scores: ScoreSummary(
        candidates: .init([0.1, 0.2, 0.9], bins: 4), classifier: .init([-3, -2, 4], bins: 4), threshold: 0),
      groundTruth: nil)
  }

  @Test(arguments: hostile) func nothingIsInjectedIntoThePage(_ text: String) {
    let page = HTMLReport(Self.result(path: text), folder: "/nonexistent").render()
    for raw in ["<script", "<img src=x", "onerror=alert(1)>", "\u{202E}", "\u{1B}"] { #expect(!page.contains(raw)) }
    // One style element, closed once: nothing broke out of it or opened another.
    #expect(page.components(separatedBy: "<style").count == 2 && page.components(separatedBy: "</style").count == 2)
    #expect(page.contains(escapedHTML(text)))
  }

  @Test func pageFetchesNothing() {
    let page = HTMLReport(Self.result(), folder: "/nonexistent").render()
    #expect(!page.contains("http://") && !page.contains("https://"))
    #expect(page.contains("default-src 'none'"))
  }

  @Test(arguments: hostile) func spreadsheetsSeeNoFormula(_ text: String) {
    let lines = SuspectsCSV.render(Self.result(path: text)).split(separator: "\n")
    #expect(lines.count == 2)
    let field = lines[1].split(separator: ",", maxSplits: 1)[1]
    #expect(!"=+-@".contains(field.first == "\"" ? field.dropFirst().first ?? " " : field.first ?? " "))
  }

  @Test func sameResultSamePage() {
    #expect(HTMLReport(Self.result(), folder: "/x").render() == HTMLReport(Self.result(), folder: "/x").render())
  }

  @Test func resultComesBackFromItsCanonicalForm() throws {
    let data = try CanonicalJSON.encode(Self.result())
    let again = try CanonicalJSON.decode(data, path: "x")
    #expect(try CanonicalJSON.encode(again) == data)
    #expect(again.suspects[0].score == 1.23457)
    #expect(String(decoding: data, as: UTF8.self).contains("\"attack_success_rate\" : null"))
  }

  @Test func newerSchemasAndOtherFilesAreRefused() {
    for text in ["{}", "[]", "", #"{"schema_version":"2.0.0"}"#, #"{"schema_version":"1.0.0"}"#] {
      #expect(throws: ReportError.self) { try CanonicalJSON.decode(Data(text.utf8), path: "x") }
    }
  }

  @Test func writtenResultFollowsTheSchema() throws {
    let schema = try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json"))
    #expect(schema.problems(try CanonicalJSON.encode(Self.result())) == [])
    let wrong = try #require(String(decoding: CanonicalJSON.encode(Self.result()), as: UTF8.self).data(using: .utf8))
    let text = String(decoding: wrong, as: UTF8.self)
      .replacing("\"poisoned\"", with: "\"clean\"").replacing("\"kept\" : 9", with: "\"kept\" : \"9\"")
    #expect(schema.problems(Data(text.utf8)).count == 2)
  }

  private static let decisions: [(Verdict.Value, Severity, Severity, Int32)] = [
    (.poisoned, .high, .high, 1), (.poisoned, .high, .critical, 0), (.poisoned, .critical, .low, 1),
    (.poisoned, .critical, .none, 0), (.noEvidence, .none, .note, 0), (.inconclusive, .note, .high, 4),
    (.inconclusive, .note, .none, 0),
  ]

  @Test(arguments: decisions) func gateFollowsTheContract(
    _ value: Verdict.Value, _ severity: Severity, _ failOn: Severity, _ code: Int32
  ) {
    let verdict = Verdict(value: value, severity: severity, summary: "", reasons: [], power: nil)
    #expect(Decision(verdict: verdict, failOn: failOn).exitCode == code)
  }

  @Test func pageIsTheGoldenOne() throws {
    let page = HTMLReport(Self.result(), folder: "/nonexistent").render()
    let path = Fixtures.path("reports/minimal.html")
    if ProcessInfo.processInfo.environment["BEZOAR_UPDATE_GOLDEN"] != nil {
      try Data(page.utf8).write(to: URL(fileURLWithPath: path))
    }
    #expect(
      page == String(decoding: Fixtures.bytes("reports/minimal.html"), as: UTF8.self),
      "run with BEZOAR_UPDATE_GOLDEN=1 to renew it")
  }
}
