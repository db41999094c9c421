import Findings
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct ReportingTests {
  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; drop", "a&b", "</style>", "\u{202E}gnp.exe",
    "\u{1B}[31mred", "line\nbreak", "=cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "::error::x", "##[error]x",
    "a|b`c\\`d", "[x](javascript:alert(1))", "]]>", "\u{FFFE}\u{2028}\u{0}\u{FEFF}", "\t=1+1", "%0A::x",
    "@team www.x.y http://x.y",
  ]

  /// Strings put together from what has a meaning somewhere.
  static let random: [String] = {
    let parts = [
      "<", ">", "&", "\"", "'", "`", "|", "\\", "]]>", "<!--", "-->", "</title>", "</svg>", "<script>", "javascript:",
      "::", "##[",
      "\n", "\r", "\t", "\u{0}", "\u{1B}[2J", "\u{202E}", "\u{2066}", "\u{2028}", "=", "+", "-", "@", ",", ";", "%",
      "$(x)", "{{", "é",
      "\u{1F600}", "\u{E0041}", "\u{FFFF}", "*", "_", "#", "http://x.y", " ", "a",
    ]
    var state: UInt64 = 7
    return (0..<200).map { _ in
      (0..<12).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return parts[Int(state >> 33) % parts.count]
      }.joined()
    }
  }()

  static func result(path: String = "a/b.png", verdict: Verdict.Value = .poisoned) -> AuditResult {
    var metrics = EncoderMetrics(encoder: "scan", unmeasured: "no labels")
    metrics.cleanAccuracy = 0.8
    metrics.interval95 = ["clean_accuracy": [0.75, 0.84]]
    metrics.reasons["clean_accuracy"] = nil
    return AuditResult(
      tool: .init(version: "0.1.0", revision: "test"),
      run: .init(
        started: "2026-01-01T00:00:00Z", finished: "2026-01-01T00:01:00Z", seconds: 60, host: "host", threads: 2,
        device: "cpu", decoding: "worker processes",
        gate: GateOutcome(
          exitCode: 1, reason: "--fail-on high: a finding of severity high",
          checks: [
            .init(name: "--fail-on", limit: "high", measured: "a finding of severity high", outcome: .failed),
            .init(name: "--max-unreadable", limit: "50%", measured: path, outcome: .passed),
          ],
          suppressions: [
            .init(
              source: .ignoreFile, entry: path, rule: .picture, reason: path, expires: nil, status: .applied, ranks: [1]
            )
          ]),
        stages: [.init(name: "train", seconds: 3, imagesPerSecond: 100)]),
      config: .object(["seed": .integer(0), "labels": .text(path)]), configDigest: digest, seed: 0,
      dataset: DatasetAccount(
        path: path, format: "folder", digest: digest, decoded: 10,
        unreadable: [.init(path: path, pathBase64: nil, reason: "image.truncated")],
        ignored: [], imageSize: 32, greyShare: 0, manifestDigest: digest),
      verdict: Verdict(
        value: verdict, severity: .high, summary: "Summary \(path)", reasons: [.init("trigger.family", path)],
        power: nil),
      families: [
        TriggerFamily(
          id: "family-1", rule: .picture, foundBy: ["recurring-patch", "patch-search"],
          trigger: .init(crop: "evidence/none.png", sizePixels: 9, box: .init(x: 1, y: 2, width: 9, height: 9)),
          flipCount: 100, flipTotal: 256, pValue: 0.002, members: [path], severity: .high,
          secondary: [.init(name: "blur-consistency", members: 0.4, others: 0.9)], tags: Rule.picture.tags,
          examples: [.init(path: path, before: "evidence/a.png", after: "evidence/b.png")],
          scores: scores, placement: Placement([(Box(x: 1, y: 2, width: 9, height: 9), 28, 28)]))
      ],
      suspects: [
        Suspect(
          path: path, pathBase64: nil, sha256: digest, score: 1.23456789, pValue: 0.001, family: "family-1",
          rule: .picture, line: 7, box: .init(x: 1, y: 2, width: 9, height: 9), rank: 1, reason: "reason \(path)")
      ],
      notes: [Note(detector: "near-duplicates", count: 7, members: [path])],
      counts: .init(suspects: 1, kept: 9, candidatesScored: 5, flipsEvaluated: 1280),
      metrics: Metrics(before: metrics, after: metrics, afterPlain: nil),
      scores: ScoreSummary(
        candidates: .init([0.1, 0.2, 0.9], bins: 4), controls: .init([0.1, 0.1], bins: 4, range: 0.1...0.9), gap: 0.5,
        aboveGap: 1, first: scores),
      clusters: [.init(id: 3, images: 5, suspects: 1, examples: [])],
      map: .init(method: "t-SNE \(path)", x: [0, 0.5, 1], y: [0, 1, 0.5], family: [0, 0, 1]), groundTruth: nil)
  }

  private static let scores = TriggerFamily.Scores(
    images: .init([-3, -2, 4], bins: 4), decoys: .init([-3, -1], bins: 4, range: -3...4), threshold: 0)

  private static let digest = String(repeating: "ab", count: 32)

  private static func render(_ format: ReportFormat, _ path: String, verdict: Verdict.Value = .poisoned) throws
    -> String
  {
    try format.render(result(path: path, verdict: verdict), folder: "/nonexistent", manifest: "data/manifest.sha256")
  }

  @Test func theSideThatEncodersSawIsSaid() throws {
    var made = Self.result()
    #expect(!(try ReportFormat.html.render(made, folder: "/nonexistent", manifest: "m")).contains("Encoders saw"))
    (made.dataset.imageSize, made.dataset.encoderSize) = (224, 96)
    let page = try ReportFormat.html.render(made, folder: "/nonexistent", manifest: "m")
    #expect(page.contains("Images were resized to 224 x 224 pixels. Encoders saw 96 x 96 pixels."))
    let data = try CanonicalJSON.encode(made)
    #expect(try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json")).problems(data) == [])
    #expect(try CanonicalJSON.decode(data, path: "result.json").dataset == made.dataset)
  }

  @Test func controlsAreATable() throws {
    var made = Self.result()
    #expect(
      !(try ReportFormat.html.render(made, folder: "/nonexistent", manifest: "m")).contains("Marks that were hidden"))
    made.verdict.power = .init(
      featureSpread: 0.5, imagesScored: 0, shareScored: 0, windowPixels: 10, flipImages: 0, detectors: [], canary: nil,
      controls: [
        .init(
          mark: "picture", size: "50 px of the file", opacity: 1, images: 25, found: 24,
          foundBy: ["recurring-in-photographs"]),
        .init(mark: "square", size: "10 % of the shorter side", opacity: 1, images: 25, found: 0, foundBy: []),
      ])
    let page = try ReportFormat.html.render(made, folder: "/nonexistent", manifest: "m")
    #expect(page.contains("<td>24, by recurring-in-photographs</td>"))
    #expect(
      page.contains(
        "<th scope=\"row\">square, 10 % of the shorter side</th><td>100.0 %</td><td>25</td><td><b>missed</b></td>"))
    let data = try CanonicalJSON.encode(made)
    #expect(try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json")).problems(data) == [])
    #expect(try CanonicalJSON.decode(data, path: "result.json").verdict == made.verdict)
  }

  /// A result that somebody made up: names of families are text in the page, in attributes too.
  @Test func familyNamesAreText() throws {
    var made = Self.result(path: "a.png", verdict: .poisoned)
    made.families[0].id = "\"><script>x</script>"
    let page = try ReportFormat.html.render(made, folder: "/nonexistent", manifest: "m")
    #expect(!page.contains("<script") && !page.contains("\"><script"))
  }

  /// Whatever a file is called: no format carries a character that hides or orders others.
  @Test(arguments: ReportFormat.allCases) func nothingHides(_ format: ReportFormat) throws {
    for text in hostile + Self.random {
      var rendered = try Self.render(format, text)
      // JSON escapes what is below a space; what it says is looked at, not how.
      if ["sarif", "cyclonedx", "in-toto"].contains(format.rawValue) {
        rendered = Self.strings(try JSONSerialization.jsonObject(with: Data(rendered.utf8))).joined(separator: "\n")
      }
      let bad = rendered.unicodeScalars.filter { scalar in
        scalar != "\n" && scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
          || scalar.value == 0x2028 || scalar.value & 0xFFFE == 0xFFFE || (0xE0000...0xE0FFF).contains(scalar.value)
      }
      #expect(bad.isEmpty, "\(text.debugDescription): \(bad)")
    }
  }

  private var hostile: [String] { Self.hostile }

  private static func strings(_ value: Any) -> [String] {
    if let text = value as? String { return [text] }
    if let items = value as? [Any] { return items.flatMap(strings) }
    return (value as? [String: Any])?.values.flatMap(strings) ?? []
  }

  @Test(arguments: [
    (ReportFormat.sarif, "sarif-2.1.0-reduced"), (.cyclonedx, "cyclonedx-1.7-reduced"),
    (.inToto, "in-toto-test-result-0.1-reduced"),
  ]) func formatsFollowTheirSchemas(_ format: ReportFormat, _ name: String) throws {
    let schema = try JSONSchema(Fixtures.bytes("schema/\(name).schema.json"))
    for text in ["a/b.png"] + hostile + Self.random.prefix(50) {
      for verdict in [Verdict.Value.poisoned, .inconclusive] {
        let rendered = try Self.render(format, text, verdict: verdict)
        #expect(schema.problems(Data(rendered.utf8)) == [], "\(text.debugDescription)")
      }
    }
    #expect(!schema.problems(Data("{}".utf8)).isEmpty)
  }

  @Test func codeScanningPointsAtTheManifest() throws {
    let text = try Self.render(.sarif, "a b/%\u{1F600}#.png", verdict: .inconclusive)
    let log = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.map { $0["ruleId"] as? String } == ["trigger.picture", "file.unreadable", "audit.inconclusive"])
    let location = try #require((results[0]["locations"] as? [[String: Any]])?.first)
    let physical = try #require(location["physicalLocation"] as? [String: Any])
    #expect((physical["artifactLocation"] as? [String: String])?["uri"] == "data/manifest.sha256")
    #expect((physical["region"] as? [String: Int])?["startLine"] == 7)
    #expect(text.contains("a%20b/%25%F0%9F%98%80%23.png"))
    #expect((results[0]["suppressions"] as? [Any])?.count == 1)
    let other = try Self.render(.sarif, "x.png", verdict: .inconclusive)
    #expect(other.contains("\(Self.digest):trigger.picture"), "the fingerprint is of content and rule, not of the path")
  }

  @Test func codeScanningIsNeverFlooded() throws {
    var result = Self.result()
    let one = result.suspects[0]
    result.suspects = (1...5000).map {
      var own = one
      own.rank = $0
      return own
    }
    let text = SARIFReport.render(result, manifest: "m")
    let log = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let results = try #require((log["runs"] as? [[String: Any]])?.first?["results"] as? [[String: Any]])
    #expect(results.count == 4002)
    #expect((results[4000]["message"] as? [String: String])?["text"]?.hasPrefix("1000 more suspects") == true)
  }

  /// JUnit: well-formed, whatever the names; one case a check.
  @Test func casesAreChecks() throws {
    for text in ["a/b.png"] + hostile + Self.random {
      let xml = try Self.render(.junit, text)
      let document = TinyXML(xml)
      #expect(document.problem == nil, "\(text.debugDescription): \(document.problem ?? "")")
      #expect(document.count("testcase") == 6 && document.count("failure") == 1 && document.count("skipped") == 1)
    }
    let xml = try Self.render(.junit, "a/b.png", verdict: .inconclusive)
    #expect(xml.contains("tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"1\""))
    var open = Self.result()
    open.run.gate?.suppressions = []
    #expect(JUnitReport.render(open).contains("failures=\"2\""))
  }

  /// Markdown: every row has the columns of its table, no element, no mention, no link.
  @Test func markdownStaysInItsCells() throws {
    for text in ["a/b.png"] + hostile + Self.random {
      let page = try Self.render(.markdown, text)
      #expect(page.utf8.count < 1 << 20)
      var columns: Int?
      for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
        guard line.hasPrefix("|") else {
          columns = nil
          continue
        }
        let bars = line.replacing("\\|", with: "").filter { $0 == "|" }.count
        #expect(columns == nil || columns == bars, "\(line)")
        columns = bars
      }
      let plain = page.replacing(/`[^`\n]*`/, with: "")
      #expect(
        plain.replacing("<details><summary>Suspects</summary>", with: "").replacing("</details>", with: "").firstIndex(
          of: "<") == nil)
      #expect(plain.firstMatch(of: /@|http:\/\/|[^\\]\]\(/) == nil, "\(plain)")
    }
  }

  /// A row of the table has its fields, and no field starts a formula.
  @Test func spreadsheetsSeeFieldsAsTheyAre() throws {
    for text in hostile + Self.random {
      let lines = try Self.render(.csv, text).split(separator: "\n")
      try #require(lines.count == 2)
      var (fields, field, isQuoted) = ([String](), "", false)
      for character in lines[1] {
        switch character {
        case "\"": isQuoted.toggle()
        case "," where !isQuoted:
          fields.append(field)
          field = ""
        default: field.append(character)
        }
      }
      #expect(fields.count == 8, "\(lines[1])")
      #expect(fields.allSatisfy { !"=+-@\t\r".contains($0.first ?? "x") }, "\(fields)")
    }
  }

  /// Lines of a log: nothing a CI system takes for a command, no colour, no line of its own.
  @Test func logsCarryNoCommands() {
    for text in hostile + Self.random {
      let safe = terminalSafe("path \(text.replacing("\n", with: " ").replacing("\r", with: " "))")
      #expect(!safe.contains("##[") && !safe.contains("\u{1B}") && !safe.contains("\n"))
    }
  }

  /// Everything is as it was: the same result gives the same bytes in every format.
  @Test(arguments: ReportFormat.allCases) func sameResultSameBytes(_ format: ReportFormat) throws {
    #expect(try Self.render(format, "a/b.png") == Self.render(format, "a/b.png"))
    let path = Fixtures.path("reports/minimal-" + format.fileName)
    let text = try Self.render(format, "a/b.png")
    if ProcessInfo.processInfo.environment["BEZOAR_UPDATE_GOLDEN"] != nil {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    #expect(
      text == String(decoding: Fixtures.bytes("reports/minimal-" + format.fileName), as: UTF8.self),
      "run with BEZOAR_UPDATE_GOLDEN=1 to renew it")
  }

  @Test func formatsAreNamed() throws {
    #expect(try ReportFormat.list("all") == ReportFormat.allCases)
    #expect(try ReportFormat.list("sarif,html,sarif") == [.sarif, .html])
    #expect(throws: ReportError.self) { try ReportFormat.list("pdf") }
    var old = Self.result()
    old.dataset.manifestDigest = nil
    #expect(throws: ReportError.self) { try TestResultStatement.render(old) }
  }

  /// 200 suspects of 128 pixels fill no more than 15 MB; what does not fit is linked.
  @Test func largeEvidenceStaysOutside() throws {
    try Fixtures.withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/evidence", withIntermediateDirectories: true)
      try Data(count: 60_000).write(to: URL(fileURLWithPath: folder + "/evidence/x.png"))
      var result = Self.result()
      let one = result.suspects[0]
      result.suspects = (1...200).map {
        var own = one
        (own.rank, own.thumbnail, own.heatMap) = ($0, "evidence/x.png", "evidence/x.png")
        return own
      }
      let page = HTMLReport(result, folder: folder).render()
      #expect(page.utf8.count < 15_000_000 && page.utf8.count > 13_000_000)
      #expect(page.contains("<a href=\"evidence/x.png\">picture</a>"))
      result.suspects[0].thumbnail = "evidence/../../etc/passwd"
      #expect(!HTMLReport(result, folder: folder).render().contains("passwd"))
    }
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

  @Test func resultComesBackFromItsCanonicalForm() throws {
    let data = try CanonicalJSON.encode(Self.result())
    let again = try CanonicalJSON.decode(data, path: "x")
    #expect(try CanonicalJSON.encode(again) == data)
    #expect(again.suspects[0].score == 1.23457)
    #expect(String(decoding: data, as: UTF8.self).contains("\"attack_success_rate\" : null"))
  }

  /// Found by fuzzing: a rate of 1e300 images a second, a count near the largest integer.
  @Test(arguments: [
    ("\"decoded\" : 10", "\"decoded\" : 9223372036854775807"),
    ("\"images_per_second\" : 100", "\"images_per_second\" : 1e300"),
    ("\"rank\" : 1", "\"rank\" : -9223372036854775808"), ("\"seconds\" : 60", "\"seconds\" : -1e30"),
  ]) func immenseNumbersAreRefused(_ found: String, _ immense: String) throws {
    let text = String(decoding: try CanonicalJSON.encode(Self.result()), as: UTF8.self)
    #expect(text.contains(found))
    #expect(throws: ReportError.self) {
      try CanonicalJSON.decode(Data(text.replacing(found, with: immense).utf8), path: "x")
    }
    let seeded = text.replacing("\"seed\" : 0", with: "\"seed\" : 9223372036854775807")
    #expect(try CanonicalJSON.decode(Data(seeded.utf8), path: "x").seed == 9_223_372_036_854_775_807)
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

}
