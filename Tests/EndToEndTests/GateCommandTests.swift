import Findings
import Foundation
import TestSupport
import Testing

/// Reports and gates of one audit through the built program; its files have hostile names.
@Suite(.serialized) struct GateCommandTests {
  static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// Names as bytes; a script that runs marks the page's root.
  static let names: [[UInt8]] =
    [
      "<script>document.documentElement.id='pwned'<&script>.png",
      "\"><img src=x onerror=document.documentElement.id='pwned'>.png",
      "'><svg onload=document.documentElement.id='pwned'>.png", "<&style><&title><&pre><h1>x.png",
      "javascript:pwned.png",
      "\u{1B}[31mred.png", "line\nbreak.png", "tab\tcr\r.png", "=cmd|' &C calc'!A0.png", "@SUM(A1).png",
      "::error::x.png", "##[error]x.png", "\u{202E}gnp.exe.png", "a|b`c\\d.png", "%41%00.png", "-rf.png",
      "e\u{301}.png",
    ].map { Array($0.replacing("&", with: "\u{2215}").utf8) } + [[0xFF, 0xFE, 0x80, 0x2E, 0x70, 0x6E, 0x67]]

  /// A poisoned copy whose poisoned files are renamed, audited with every format.
  private func audited(_ folder: String) throws -> AuditResult {
    try CommandTests.makeScenes(600, in: folder + "/images")
    let poison = try Execution.bezoar(
      "poison", folder + "/images", "--out", folder + "/p", "--rate", "0.2", "--seed", "5")
    #expect(poison.code == 0, "\(poison.errors)")
    let truth = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/p/ground-truth.json")))
        as? [String: Any])
    let poisoned = try #require(truth["poisoned"] as? [[String: Any]]).compactMap { $0["path"] as? String }
    for (path, name) in zip(poisoned, Self.names) {
      let from = folder + "/p/dataset/" + path
      let to = Array((from as NSString).deletingLastPathComponent.utf8) + [0x2F] + name
      let result = (to + [0]).withUnsafeBytes { rename(from, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
      try #require(result == 0)
    }
    try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/p/dataset/<b>broken.png"))
    let run = try Execution.bezoar(
      "audit", folder + "/p/dataset", "--preset", "screen", "--out", folder + "/out", "--seed", "1", "--format", "all",
      "--manifest-path", "data/manifest.sha256", "--progress", "plain", "--verbose", "--set",
      "filter.classifier.networks=1", "--set",
      "filter.classifier.iterations=60")
    #expect(run.code == 1, "\(run.errors)")
    for line in (run.output + run.errors).split(separator: "\n") {
      #expect(!line.hasPrefix("::") && !line.contains("##["))
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
    }
    return try JSONDecoder().decode(
      AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json")))
  }

  @Test func everyFormatAndGateOfAHostileDataset() throws {
    try Fixtures.withFolder { folder in
      let result = try audited(folder)
      let out = folder + "/out"
      try #require(result.suspects.count >= 50)
      #expect(result.suspects.contains { $0.pathBase64 != nil })

      // What the audit wrote is what a report renders later, byte for byte, wherever it is written to.
      let files = [
        "report.html", "suspects.csv", "report.sarif", "report.junit.xml", "summary.md", "report.cdx.json",
        "test-result.intoto.json",
      ]
      let again = try Execution.bezoar(
        "report", out + "/result.json", "--format", "all", "--out", folder + "/again", "--manifest-path",
        "data/manifest.sha256")
      #expect(again.code == 0, "\(again.errors)")
      for file in files {
        let (a, b) = (
          FileManager.default.contents(atPath: out + "/" + file),
          FileManager.default.contents(atPath: folder + "/again/" + file)
        )
        #expect(a != nil && a == b, "\(file)")
      }
      for (file, schema) in [
        ("report.sarif", "sarif-2.1.0-reduced"), ("report.cdx.json", "cyclonedx-1.7-reduced"),
        ("test-result.intoto.json", "in-toto-test-result-0.1-reduced"), ("result.json", "result-1.0.0"),
      ] {
        let problems = try JSONSchema(Fixtures.bytes("schema/\(schema).schema.json"))
          .problems(FileManager.default.contents(atPath: out + "/" + file) ?? Data())
        #expect(problems == [], "\(file)")
      }
      #expect(TinyXML(try String(contentsOfFile: out + "/report.junit.xml", encoding: .utf8)).problem == nil)

      // A suspect's line of the manifest names its digest.
      let manifest = try #require(FileManager.default.contents(atPath: out + "/manifest.sha256")).split(separator: 0x0A)
      for suspect in result.suspects {
        let line = try #require(suspect.line)
        #expect(
          manifest[line - 1].starts(with: suspect.sha256.utf8)
            || manifest[line - 1].starts(with: ("\\" + suspect.sha256).utf8))
      }

      try gates(out, folder, result)
    }
  }

  /// The step that the GitHub Action, the GitLab job and the pre-commit hook run.
  @Test func pipelinesStopOnPoisonAndLetOthersPass() throws {
    try Fixtures.withFolder { folder in
      try CommandTests.makeScenes(600, in: folder + "/good")
      let poison = try Execution.bezoar(
        "poison", folder + "/good", "--out", folder + "/p", "--rate", "0.2", "--seed", "5")
      #expect(poison.code == 0, "\(poison.errors)")
      let binary = (Execution.bezoarPath as NSString).deletingLastPathComponent
      func step(_ dataset: String, _ options: String) throws -> Execution {
        try Execution(
          "/bin/bash", [Fixtures.repository.path + "/.ci/audit", dataset],
          environment: [
            "PATH": binary + ":/usr/bin:/bin", "OUT": folder + "/out", "OPTIONS": options, "MANIFEST": "data/m.sha256",
            "GITHUB_STEP_SUMMARY": folder + "/summary", "GITHUB_OUTPUT": folder + "/outputs",
          ])
      }
      let light = "--set=filter.classifier.networks=1\n--set=filter.classifier.iterations=60\n"
      let bad = try step(folder + "/p/dataset", light)
      #expect(bad.code == 1, "\(bad.output)\(bad.errors)")
      let summary = try String(contentsOfFile: folder + "/summary", encoding: .utf8)
      #expect(summary.hasPrefix("## Bezoar: Poisoned"))
      let outputs = try String(contentsOfFile: folder + "/outputs", encoding: .utf8)
      #expect(outputs == "exit-code=1\nsarif=\(folder)/out/report.sarif\n")
      #expect(try String(contentsOfFile: folder + "/out/report.sarif", encoding: .utf8).contains("data/m.sha256"))
      #expect(FileManager.default.fileExists(atPath: folder + "/out/report.junit.xml"))
      let tolerated = try step(folder + "/p/dataset", light + "--fail-on=none\n--max-suspects=50%")
      #expect(tolerated.code == 0, "\(tolerated.errors)")
      let good = try step(folder + "/good", "")
      #expect(good.code == 0, "\(good.output)\(good.errors)")
      #expect(try step(folder + "/nowhere", "").code == 2)
      #expect(try step(folder + "/good", "--nonsense").code == 64)
    }
  }

  private func gates(_ out: String, _ folder: String, _ result: AuditResult) throws {
    func gate(_ options: String...) throws -> Execution {
      try Execution(Execution.bezoarPath, ["gate", out + "/result.json"] + options)
    }
    let first = result.suspects[0]
    let ignore = folder + "/ignore.json"
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: ignore)) }
    for (options, code) in [
      ([], 1), (["--fail-on", "none"], 0), (["--fail-on", "none", "--max-suspects", "50%"], 0),
      (["--fail-on", "none", "--max-suspects", "3"], 1), (["--fail-on", "none", "--max-unreadable", "1"], 0),
      (["--fail-on", "none", "--max-unreadable", "0"], 1), (["--fail-on", "none", "--max-asr-after", "0.1"], 4),
      (["--fail-on", "none", "--min-clean-accuracy", "0.1"], 4),
      (["--fail-on", "none", "--max-asr-after", "0.1", "--max-suspects", "3"], 1),
      (["--baseline", out + "/result.json"], 0),
      (["--baseline", out + "/result.json", "--max-unreadable", "0"], 1), (["--baseline", ignore], 64),
    ] as [([String], Int32)] {
      let run = try Execution(Execution.bezoarPath, ["gate", out + "/result.json"] + options)
      #expect(run.code == code, "\(options): \(run.output)\(run.errors)")
    }
    try write(#"{"ignore": [{"sha256": "\#(first.sha256)", "reason": "seen"}]}"#)
    let some = try gate("--ignore-file", ignore)
    #expect(some.code == 1 && some.output.contains("1 suspects; seen"), "\(some.output)")
    // A name that is no UTF-8 is accepted by its digest alone.
    let odd = try #require(result.suspects.first { $0.pathBase64 != nil })
    try write(#"{"ignore": [{"path": "odd/*", "reason": "a"}, {"path": "even/*", "reason": "b"}]}"#)
    #expect(try gate("--ignore-file", ignore).code == 1)
    try write(
      #"{"ignore": [{"path": "odd/*", "reason": "a"}, {"path": "even/*", "reason": "b"}, {"sha256": "\#(odd.sha256)", "reason": "c"}]}"#
    )
    #expect(try gate("--ignore-file", ignore).code == 0)
    try write(
      #"{"ignore": [{"path": "odd/*", "reason": "a", "expires": "2020-01-01"}, {"path": "even/*", "reason": "b"}]}"#)
    let late = try gate("--ignore-file", ignore)
    #expect(late.output.contains("expired"), "\(late.output)")
    try write(#"{"ignore": [{"path": "odd/*"}]}"#)
    let wrong = try gate("--ignore-file", ignore)
    #expect(wrong.code == 64 && wrong.errors.contains("lacks reason"), "\(wrong.errors)")
    let json = try gate("--json", "--max-unreadable", "0")
    #expect(json.code == 1)
    let outcome = try JSONDecoder().decode(GateOutcome.self, from: Data(json.output.utf8))
    #expect(outcome.checks.map(\.name) == ["--fail-on", "--max-unreadable"])
    // An error outranks findings: a damaged result is no verdict.
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/damaged.json"))
    #expect(try Execution.bezoar("gate", folder + "/damaged.json").code == 64)
  }

  /// A real browser with scripting on: nothing of a name runs, nothing is fetched.
  @Test(.enabled(if: browser != nil, "no chromium on this machine")) func nothingRunsInABrowser() throws {
    try Fixtures.withFolder { folder in
      _ = try audited(folder)
      let path = folder + "/out/report.html"
      // Without the policy the page itself has to hold.
      let page = try String(contentsOfFile: path, encoding: .utf8)
      let open = page.replacing(/<meta http-equiv="Content-Security-Policy"[^>]*>/, with: "")
        .replacing("</body>", with: "<script>document.documentElement.lang='scripted'</script></body>")
      #expect(open != page)
      try Data(open.utf8).write(to: URL(fileURLWithPath: folder + "/open.html"))
      let run = try Execution(
        try #require(Self.browser),
        [
          "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
          "--user-data-dir=\(folder)/profile",
          "--dump-dom", "file://\(folder)/open.html",
        ])
      #expect(run.output.contains("lang=\"scripted\""), "scripting was off: \(run.errors.prefix(500))")
      #expect(!run.output.contains("id=\"pwned\""))
      #expect(run.output.contains("&lt;script&gt;document.documentElement.id="))
    }
  }

  @Test func completionsAndManualAreWellFormed() throws {
    for shell in ["bash", "zsh", "fish"] {
      let run = try Execution.bezoar("completions", shell)
      #expect(run.code == 0 && run.output.contains("audit") && run.output.contains("max-suspects"))
      guard let path = ["/bin/", "/usr/bin/"].map({ $0 + shell }).first(where: FileManager.default.isExecutableFile)
      else { continue }
      try Fixtures.withFolder { folder in
        try Data(run.output.utf8).write(to: URL(fileURLWithPath: folder + "/script"))
        #expect(try Execution(path, ["-n", folder + "/script"]).code == 0)
        guard shell == "bash" else { return }
        let probe = """
          source \(folder)/script; COMP_WORDS=(bezoar audit --pres); COMP_CWORD=2; _bezoar; echo "${COMPREPLY[*]}"
          COMP_WORDS=(bezoar audit --preset sc); COMP_CWORD=3; _bezoar; echo "${COMPREPLY[*]}"
          COMP_WORDS=(bezoar ga); COMP_CWORD=1; _bezoar; echo "${COMPREPLY[*]}"
          """
        #expect(try Execution(path, ["-c", probe]).output == "--preset\nscreen\ngate\n")
      }
    }
    let manual = try Execution.bezoar("manual")
    #expect(manual.code == 0 && manual.output.hasPrefix(".TH BEZOAR 1") && manual.output.contains(".SH EXIT STATUS"))
    #expect(!manual.output.split(separator: "\n").contains { $0.hasPrefix("'") })
  }

  @Test func doctorFindsWhatItPlants() throws {
    let run = try Execution.bezoar("doctor", "--threads", "2")
    #expect(run.code == 0 && run.output.contains("self-check   passed"), "\(run.output)\(run.errors)")
  }
}
