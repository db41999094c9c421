import Findings
import Foundation
import TestSupport
import Testing

/// Nothing passes the gate unseen: no list names a removed image as kept, and what was not read is counted.
@Suite(.serialized) struct UnseenTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func move(_ from: String, _ to: [UInt8]) throws {
    let result = (to + [0]).withUnsafeBytes { rename(from, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    try #require(result == 0)
  }

  /// A poisoned copy of scenes: its folder, and the paths of poisoned and other images.
  private func poisoned(in folder: String) throws -> (data: String, bad: [String], good: [String]) {
    try CommandTests.makeScenes(600, in: folder + "/images")
    let poison = try Execution.bezoar(
      "poison", folder + "/images", "--out", folder + "/p", "--rate", "0.2", "--seed", "5")
    #expect(poison.code == 0, "\(poison.errors)")
    let truth = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/p/ground-truth.json")))
        as? [String: Any])
    let bad = try #require(truth["poisoned"] as? [[String: Any]]).compactMap { $0["path"] as? String }.sorted()
    let data = folder + "/p/dataset"
    let all = try FileManager.default.subpathsOfDirectory(atPath: data).filter { $0.hasSuffix(".png") }.sorted()
    return (data, bad, all.filter { !bad.contains($0) })
  }

  private func screen(_ dataset: String, _ out: String, _ extra: [String] = []) throws -> (Execution, AuditResult) {
    let run = try Execution(
      Execution.bezoarPath,
      ["audit", dataset, "--preset", "screen", "--out", out, "--progress", "none", "--seed", "1"] + extra)
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/result.json"))
    return (run, try JSONDecoder().decode(AuditResult.self, from: data))
  }

  private func name(_ suspect: Suspect) throws -> [UInt8] {
    guard let base64 = suspect.pathBase64 else { return Self.bytes(suspect.path) }
    return Array(try #require(Data(base64Encoded: base64)))
  }

  /// Renames of kept files that a careless list would turn into the name of a removed one, given as bytes.
  private static let disguises: [@Sendable ([UInt8]) -> [UInt8]] = [
    { bytes("x\n") + $0 }, { $0 + bytes("\n") }, { $0 + bytes("\r") }, { bytes("\t") + $0 }, { $0 + bytes(" ") },
    { bytes("y\u{2028}") + $0 }, { bytes("v\u{B}") + $0 }, { bytes("\u{85}") + $0 }, { bytes("#") + $0 },
    { bytes("\u{202E}") + $0 }, { [0xFF, 0x0A] + $0 },
  ]

  @Test func noListNamesARemovedImageAsKept() throws {
    try Fixtures.withFolder { folder in
      let (data, bad, good) = try poisoned(in: folder)
      // Poison at the top; beside each one kept file whose name ends in a line with the other's name.
      for (i, path) in bad.enumerated() {
        let own = Self.bytes("\(i).png")
        let disguised = Self.disguises[i % Self.disguises.count](own)
        // A poisoned file may also have the quoted form of the kept one for its name.
        let isQuoted = i % 22 == 0
        let quoted = Self.bytes("\"x\\n\(i).png\"")
        try move(data + "/" + path, Self.bytes(data + "/") + (isQuoted ? quoted : own))
        try move(data + "/" + good[i], Self.bytes(data + "/") + disguised)
      }
      let packed = try Execution("/bin/tar", ["-cf", folder + "/set.tar", "-C", data, "."])
      #expect(packed.code == 0, "\(packed.errors)")
      for (dataset, isNull) in [(data, false), (folder + "/set.tar", false), (data, true)] {
        let out = "\(folder)/out-\((dataset as NSString).lastPathComponent)-\(isNull)"
        let (run, result) = try screen(dataset, out, isNull ? ["--null"] : [])
        #expect(run.code == 1, "\(run.errors)\(run.output)")
        let removed = Set(try result.suspects.map(name))
        try #require(removed.count > 50)
        let list = Array(try Data(contentsOf: URL(fileURLWithPath: out + "/kept.txt")))
        let breaks: Set<UInt8> = isNull ? [0] : [0x0A, 0x0D, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85]
        let lines = list.split { breaks.contains($0) }.map(Array.init)
        let trimmed = String(decoding: list, as: UTF8.self).split { $0.isNewline }
          .map { Self.bytes($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        #expect(removed.isDisjoint(with: lines), "\(dataset) \(isNull)")
        if !isNull { #expect(removed.isDisjoint(with: trimmed), "\(dataset)") }
        #expect(lines.count == result.counts.kept)
        // Read back, wherever from, it is the kept images and no others.
        let account = try Execution.bezoar("inspect", out + "/kept.txt", "--json")
        let read = try JSONDecoder().decode(DatasetAccount.self, from: Data(account.output.utf8))
        #expect(read.decoded == result.counts.kept && read.unreadable.isEmpty && read.ignored.isEmpty)
        let (_, again) = try screen(out + "/kept.txt", out + "-again")
        #expect(again.dataset.decoded == result.counts.kept && again.counts.suspects == 0)
        #expect(removed.isDisjoint(with: try again.suspects.map(name)))
      }
    }
  }

  /// A finding stays one where the control was missed; accepted, it leaves open what else there is.
  @Test func aFindingOutranksAMissedControl() throws {
    try Fixtures.withFolder { folder in
      let (data, _, _) = try poisoned(in: folder)
      let (found, _) = try screen(data, folder + "/out")
      #expect(found.code == 1)
      let path = folder + "/out/state/filter.json"
      let framed = try Data(contentsOf: URL(fileURLWithPath: path))
      var record = try #require(
        try JSONSerialization.jsonObject(with: framed[(framed.firstIndex(of: 0x0A) ?? 0)...]) as? [String: Any])
      var outcome = try #require(record["outcome"] as? [String: Any])
      outcome["canaryFoundBy"] = [String]()
      record["outcome"] = outcome
      try CommandTests.write(state: try JSONSerialization.data(withJSONObject: record), to: path)
      let (missed, result) = try screen(data, folder + "/out")
      #expect(missed.code == 1 && result.verdict.value == .poisoned, "\(missed.output)")
      #expect(result.verdict.summary.contains("There may be more: no detector found the canary"))
      #expect(result.verdict.doubts.map(\.code) == ["control.missed"])
      let known = try Execution.bezoar(
        "gate", folder + "/out/result.json", "--baseline", folder + "/out/result.json")
      #expect(known.code == 4 && known.output.contains("but no detector found the canary"), "\(known.output)")
    }
  }

  /// Poison that is placed where this program does not look, in the ways of the threat model.
  @Test(arguments: ["format", "link", "archive", "folder link", "lost folder"])
  func poisonThatIsNotReadIsCounted(_ way: String) throws {
    try Fixtures.withFolder { folder in
      let (data, bad, _) = try poisoned(in: folder)
      let hidden = folder + "/hidden"
      try FileManager.default.createDirectory(atPath: hidden, withIntermediateDirectories: true)
      for (i, path) in bad.enumerated() { try move(data + "/" + path, Self.bytes("\(hidden)/\(i).png")) }
      let names = bad.indices.map { "\($0).png" }
      switch way {
      case "format":
        for name in names {
          let picture =
            [0, 0, 0, 0x20] + Self.bytes("ftypavif") + (try Data(contentsOf: URL(fileURLWithPath: "\(hidden)/\(name)")))
          try Data(picture).write(to: URL(fileURLWithPath: "\(data)/\(name)"))
        }
      case "link": for name in names { #expect(symlink("\(hidden)/\(name)", "\(data)/\(name)") == 0) }
      case "archive":
        #expect(try Execution("/bin/tar", ["-cf", data + "/notes.txt", "-C", hidden, "."]).code == 0)
      case "folder link": #expect(symlink(hidden, data + "/more") == 0)
      default:
        // Deeper than a path may be long.
        let deep = (0..<20).map { _ in String(repeating: "d", count: 250) }
        let made = try Execution(
          "/bin/bash",
          [
            "-c",
            "cd \(data) && for d in \(deep.joined(separator: " ")); do mkdir $d && cd $d; done && cp \(hidden)/*.png .",
          ])
        #expect(made.code == 0, "\(made.errors)")
      }
      let (run, result) = try screen(data, folder + "/out")
      #expect(run.code == 4 && result.verdict.value == .inconclusive, "\(run.output)")
      #expect(result.verdict.doubts.map(\.code).contains("dataset.unreadable"))
      #expect(run.output.contains("not read  \(way == "format" || way == "link" ? names.count : 1):"), "\(run.output)")
      let gate = try Execution.bezoar("gate", folder + "/out/result.json", "--max-unreadable", "0")
      #expect(gate.code == 1)
      if way == "folder link" || way == "link" {
        let (followed, _) = try screen(data, folder + "/followed", ["--follow-all-links"])
        #expect(followed.code == 1, "\(followed.output)")
        // Stages go on with the links that the audit followed.
        #expect(try Execution.bezoar("evaluate", "--out", folder + "/followed").code == 0)
      }
    }
  }
}
