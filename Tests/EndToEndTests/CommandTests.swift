import Findings
import Foundation
import Images
import TestSupport
import Testing

/// The built program on small real folders.
@Suite(.serialized) struct CommandTests {
  /// A folder of `count` PNG files of noise in two class folders.
  static func makeImages(_ count: Int, in folder: String, side: Int = 16) throws {
    for i in 0..<count {
      let path = "\(folder)/\(i % 2 == 0 ? "even" : "odd")"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      var state = UInt64(i + 1)
      let pixels = (0..<3 * side * side).map { k -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8((state >> 56) / 4 + (i % 2 == 0 && k % 3 == 0 ? 150 : 20))
      }
      try Data(ImageCodec.encodePNG(Image(width: side, height: side, pixels: pixels)))
        .write(to: URL(fileURLWithPath: "\(path)/\(i).png"))
    }
  }

  /// Settings that make an audit of a few images take about a second.
  static let tiny = [
    "--image-size", "16", "--set", "network.width=4", "--set", "network.blocks=[1,1]", "--set", "scan.epochs=3",
    "--set", "scan.batch=16",
    "--set", "scan.warmUpEpochs=0", "--set", "advcl.epochs=2", "--set", "advcl.batch=16", "--set",
    "search.flipImages=16", "--set", "search.clusters=4",
    "--set", "evaluation.robustImages=8", "--progress", "none", "--threads", "2",
  ]

  static func audit(_ dataset: String, _ out: String, _ extra: [String] = []) throws -> Execution {
    try Execution(Execution.bezoarPath, ["audit", dataset, "--out", out] + tiny + extra)
  }

  /// A result without what may differ between identical runs.
  static func stable(_ out: String) throws -> [String: String] {
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/result.json"))
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object["run"] = nil
    return object.mapValues {
      String(
        describing: (try? JSONSerialization.data(withJSONObject: ["v": $0], options: .sortedKeys)).map {
          String(decoding: $0, as: UTF8.self)
        })
    }
  }

  /// A control that was missed makes the verdict inconclusive, whatever else was found or not.
  @Test func missedCanaryIsInconclusive() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(240, in: folder + "/data")
      let extra = ["--preset", "screen", "--set", "minimumImages=10"]
      _ = try Self.audit(folder + "/data", folder + "/out", extra)
      let path = folder + "/out/state/filter.json"
      let framed = try Data(contentsOf: URL(fileURLWithPath: path))
      var record = try #require(
        try JSONSerialization.jsonObject(with: framed[(framed.firstIndex(of: 0x0A) ?? 0)...]) as? [String: Any])
      func verdict(_ found: [String]) throws -> (String?, Int32, String) {
        var outcome = try #require(record["outcome"] as? [String: Any])
        outcome["canaryFoundBy"] = found
        record["outcome"] = outcome
        try Self.write(state: try JSONSerialization.data(withJSONObject: record), to: path)
        let run = try Self.audit(folder + "/data", folder + "/out", extra)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))
        let result = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let own = try #require(result["verdict"] as? [String: Any])
        return (own["value"] as? String, run.code, own["summary"] as? String ?? "")
      }
      let found = try verdict(["recurring-patch"])
      #expect(found.0 == "no_evidence" && found.1 == 0)
      let missed = try verdict([])
      #expect(missed.0 == "inconclusive" && missed.1 == 4 && missed.2.contains("canary"))
    }
  }

  /// Writes state with its digest in front, as a run does.
  static func write(state: Data, to path: String) throws {
    try state.write(to: URL(fileURLWithPath: path + ".payload"))
    let digest = try Execution("/usr/bin/sha256sum", [path + ".payload"]).output.prefix(64)
    try (Data("bezoar-state \(digest)\n".utf8) + state).write(to: URL(fileURLWithPath: path))
  }

  /// A state that is torn or damaged falls back to the one before; two damaged ones are refused, never trusted.
  @Test func damagedStateFallsBack() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      _ = try Self.audit(folder + "/images", folder + "/whole")
      for name in ["search.training", "advcl.training", "search.json"] {
        let out = folder + "/" + name
        _ = try Self.audit(folder + "/images", out)
        let path = out + "/state/" + name
        #expect(FileManager.default.fileExists(atPath: path + ".previous"))
        // What comes after has to be made again from what the state says.
        for later in ["filter.json", "evaluation.json"] {
          try FileManager.default.removeItem(atPath: out + "/state/" + later)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let fallen = try Self.audit(folder + "/images", out)
        #expect(fallen.code == 4, "\(fallen.errors)")
        #expect(try Self.stable(out) == Self.stable(folder + "/whole"), "\(name)")
        for one in [path, path + ".previous"] {
          try Data("bezoar-state 00\ntorn".utf8).write(to: URL(fileURLWithPath: one))
        }
        for later in ["filter.json", "evaluation.json"] {
          try? FileManager.default.removeItem(atPath: out + "/state/" + later)
        }
        let refused = try Self.audit(folder + "/images", out)
        #expect(refused.code == 2 && refused.errors.contains("\(name) is damaged"), "\(refused.errors)")
        // What the message says to do works.
        let over = try Self.audit(folder + "/images", out, ["--overwrite"])
        #expect(over.code == 4, "\(over.errors)")
        #expect(try Self.stable(out) == Self.stable(folder + "/whole"), "\(name)")
      }
    }
  }

  @Test func listsComeFromStandardInput() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(6, in: folder + "/images")
      let plain = try Execution(
        "/bin/sh", ["-c", "find images -name '*.png' | sort | \(Execution.bezoarPath) inspect - --json"], in: folder)
      let null = try Execution(
        "/bin/sh",
        ["-c", "find images -name '*.png' -print0 | sort -z | \(Execution.bezoarPath) inspect - --null --json"],
        in: folder)
      #expect(plain.code == 0 && plain.output.contains("\"decoded\" : 6"), "\(plain.errors)")
      #expect(null.output == plain.output)
      let nothing = try Execution("/bin/sh", ["-c", "\(Execution.bezoarPath) inspect - </dev/null"], in: folder)
      #expect(nothing.code == 2 && nothing.errors.contains("standard input"), "\(nothing.errors)")
      // Names of one character.
      let short = try Execution(
        "/bin/sh", ["-c", "mv images x && \(Execution.bezoarPath) inspect x --manifest m && test -s m"], in: folder)
      #expect(short.code == 0, "\(short.errors)")
    }
  }

  @Test func twoRunsOnOneFolderAreKeptApart() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Execution.bezoarPath)
      process.arguments =
        ["audit", folder + "/images", "--out", folder + "/out"] + Self.tiny + ["--set", "scan.epochs=4000"]
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let identity = folder + "/out/state/identity.json"
      for _ in 0..<500 where !FileManager.default.fileExists(atPath: identity) { usleep(10_000) }
      for extra in [[], ["--overwrite"]] {
        let second = try Self.audit(folder + "/images", folder + "/out", ["--set", "scan.epochs=4000"] + extra)
        #expect(
          second.code == 2 && second.errors.contains("process \(process.processIdentifier) on"), "\(second.errors)")
      }
      #expect(FileManager.default.fileExists(atPath: identity))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // A lock dies with its process.
      let third = try Self.audit(folder + "/images", folder + "/out", ["--overwrite"])
      #expect(third.code == 4, "\(third.errors)")
    }
  }

  @Test func helpOfEveryCommand() throws {
    let help = try Execution.bezoar("--help")
    #expect(help.code == 0)
    for command in [
      "audit", "demo", "inspect", "poison", "screen", "train", "search", "filter", "retrain", "evaluate", "report",
      "gate",
      "config", "doctor", "completions", "manual",
    ] {
      #expect(help.output.contains("  \(command) "))
      let own = try Execution.bezoar(command, "--help")
      #expect(own.code == 0 && own.output.hasPrefix("bezoar \(command):"))
    }
    #expect(try Execution.bezoar("--version").output.hasPrefix("bezoar 0."))
    #expect(try Execution.bezoar().code == 64)
  }

  @Test(arguments: [
    (["adit"], "did you mean audit"), (["audit"], "missing argument"),
    (["audit", ".", "--sed", "1"], "did you mean --seed"),
    (["audit", ".", "--image-size", "7"], "image size must be 16"),
    (["audit", ".", "--set", "scan.epoch=3"], "did you mean scan.epochs"),
    (["audit", ".", "--preset", "fast"], "presets are"),
    (["audit", ".", "--fail-on", "bad"], "--fail-on must be"), (["audit", ".", "--threads", "0"], "--threads must be"),
    (["audit", ".", "--device", "gpu"], "there is no device gpu"), (["audit", ".", "a"], "unexpected argument a"),
    (["train", "--out", "/nonexistent"], "not a run folder"),
    (["train", "--objective", "byol", "--out", "/nonexistent"], "--objective needs a dataset"),
    (["train", ".", "--encoder", "x"], "is not for bezoar train"),
    (["audit", ".", "--objective", "compress"], "give --retrain compress"),
    (["audit", ".", "--set", "search.saliency=gradient-rollout"], "needs a vision transformer"),
    (["audit", ".", "--retrain", "plain,compres"], "or none, not compres"),
    (["train", ".", "--objective", "bylo"], "one of simclr, moco-v2"), (["train", ".", "a"], "unexpected argument a"),
    (["gate", "/nonexistent.json"], "cannot read"), (["poison", "."], "needs --out"),
    (["report", "/nonexistent.json"], "cannot read"), (["audit", ".", "--max-suspects", "1.5"], "--max-suspects must"),
    (["audit", ".", "--max-asr-after", "2"], "--max-asr-after must"),
    (["audit", ".", "--baseline", "/nonexistent.json"], "cannot read"),
    (["audit", ".", "--ignore-file", "/nonexistent.json"], "cannot read the ignore file"),
    (["audit", ".", "--format", "pdf"], "no format pdf"), (["completions", "tcsh"], "shells are"),
  ]) func wrongUsageExits64(_ arguments: [String], _ message: String) throws {
    let run = try Execution(Execution.bezoarPath, arguments)
    #expect(run.code == 64)
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test func missingDatasetsExit2() throws {
    try Fixtures.withFolder { folder in
      let run = try Self.audit(folder + "/nowhere", folder + "/out")
      #expect(run.code == 2 && run.errors.contains("no dataset at \(folder)/nowhere"), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
    }
  }

  @Test func datasetsWithoutImagesExit3() throws {
    try Fixtures.withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
      #expect(try Self.audit(folder + "/empty", folder + "/a").code == 3)
      try FileManager.default.createDirectory(atPath: folder + "/broken", withIntermediateDirectories: true)
      for i in 0..<5 { try Data("not an image".utf8).write(to: URL(fileURLWithPath: folder + "/broken/\(i).png")) }
      let run = try Self.audit(folder + "/broken", folder + "/b")
      #expect(run.code == 3 && run.errors.contains("5 unreadable"), "\(run.errors)")
    }
  }

  @Test func oneImageIsInconclusive() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(1, in: folder + "/one")
      let run = try Self.audit(folder + "/one", folder + "/out")
      #expect(run.code == 4, "\(run.errors)")
      #expect(run.output.contains("inconclusive"))
      #expect(try Execution.bezoar("gate", folder + "/out/result.json", "--fail-on", "none").code == 0)
    }
  }

  @Test func labelsThatNameMissingImagesExit64() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(4, in: folder + "/images")
      try Data("even/9999.png 1\n".utf8).write(to: URL(fileURLWithPath: folder + "/labels.txt"))
      let run = try Self.audit(folder + "/images", folder + "/out", ["--labels", folder + "/labels.txt"])
      #expect(run.code == 64 && run.errors.contains("even/9999.png"), "\(run.errors)")
    }
  }

  @Test func outputsThatCannotBeWrittenSayWhy() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(4, in: folder + "/images")
      try Data().write(to: URL(fileURLWithPath: folder + "/file"))
      let run = try Self.audit(folder + "/images", folder + "/file/out")
      #expect(run.code == 2 && run.errors.contains("cannot create the run folder"), "\(run.errors)")
      let inside = try Self.audit(folder + "/images", folder + "/images/out")
      #expect(inside.code == 64 && inside.errors.contains("inside the dataset"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/images/out"))
    }
  }

  @Test func wholeAuditIsRepeatableAndDescribesItself() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(60, in: folder + "/images")
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/images/broken.jpg"))
      let first = try Self.audit(folder + "/images", folder + "/a", ["--labels", "folders"])
      #expect(first.code == 4, "\(first.errors)")  // fewer images than a search needs
      let second = try Self.audit(folder + "/images", folder + "/b", ["--labels", "folders", "--threads", "1"])
      #expect(second.code == first.code)
      #expect(try Self.stable(folder + "/a") == Self.stable(folder + "/b"))

      let schema = try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json"))
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/a/result.json"))
      #expect(schema.problems(data) == [])
      let result = try JSONDecoder().decode(AuditResult.self, from: data)
      #expect(result.dataset.listed == 61 && result.dataset.decoded == 60 && result.dataset.unreadable.count == 1)
      #expect((result.metrics.before.cleanAccuracy ?? 0) > 0.9)
      #expect(result.metrics.after.encoder == "advcl" && result.metrics.after.robustAccuracy != nil)
      #expect(
        result.metrics.before.attackSuccessRate == nil && result.metrics.before.reasons["attack_success_rate"] != nil)

      let check = try Execution(
        "/usr/bin/sha256sum", ["-c", "--quiet", folder + "/a/manifest.sha256"], in: folder + "/images")
      #expect(check.code == 0, "\(check.output)")
      let kept = try String(contentsOfFile: folder + "/a/kept.txt", encoding: .utf8).split(separator: "\n")
      #expect(kept.count == 60)
      for name in ["report.html", "suspects.csv", "models/scan/model.safetensors", "models/clean/config.json"] {
        #expect(FileManager.default.fileExists(atPath: folder + "/a/" + name))
      }
      #expect(
        try Execution.bezoar("report", folder + "/a/result.json", "--format", "html,csv", "--out", folder + "/again")
          .code == 0)
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: folder + "/again/suspects.csv"))
          == Data(contentsOf: URL(fileURLWithPath: folder + "/a/suspects.csv")))
    }
  }

  /// Photographs are screened at 224 pixels, and encoders on the CPU see 96.
  @Test func encodersSeeSmallerPhotographs() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(24, in: folder + "/images", side: 150)
      let settings =
        Self.tiny.dropFirst(2) + ["--retrain", "plain", "--set", "scan.epochs=1", "--progress", "plain"]
      func audit(_ out: String) throws -> (run: Execution, result: AuditResult) {
        let run = try Execution(
          Execution.bezoarPath, ["audit", folder + "/images", "--out", folder + out] + settings)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + out + "/result.json"))
        #expect(try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json")).problems(data) == [])
        return (run, try JSONDecoder().decode(AuditResult.self, from: data))
      }
      let (run, result) = try audit("/out")
      #expect(run.errors.contains("24 images at 224 px (encoders see 96 x 96 pixels)"), "\(run.errors)")
      #expect(result.dataset.imageSize == 224 && result.dataset.encoderSize == 96)
      // A window of 35 of 96 pixels.
      #expect(result.verdict.power?.windowPixels ?? 82 == 82)
      for model in ["search", "scan", "plain", "clean"] {
        let text = try String(contentsOfFile: "\(folder)/out/models/\(model)/config.json", encoding: .utf8)
        #expect(text.contains("96") && !text.contains("224"), "\(model): \(text)")
      }
      let page = try String(contentsOfFile: folder + "/out/report.html", encoding: .utf8)
      #expect(page.contains("Encoders saw 96 x 96 pixels."))
      // A folder that was begun at another side, by an accelerator or an earlier version, keeps it.
      let identity = folder + "/out/state/identity.json"
      let text = try String(contentsOfFile: identity, encoding: .utf8)
      #expect(text.contains(#""encoderSide":96,"#))
      try Data(text.replacingOccurrences(of: #""encoderSide":96,"#, with: "").utf8)
        .write(to: URL(fileURLWithPath: identity))
      #expect(try audit("/out").result.dataset.encoderSize == nil)
      // A window that encoders could not see.
      let large = try Execution(
        Execution.bezoarPath,
        ["audit", folder + "/images", "--out", folder + "/large"] + settings + ["--set", "search.windowPixels=100"])
      #expect(large.code == 64 && large.errors.contains("encoders see 96 x 96 pixels"), "\(large.errors)")
      let inspected = try Execution.bezoar("inspect", folder + "/images")
      #expect(
        inspected.output.contains("224 px, chosen from the data; an encoder that is trained on the CPU sees 96 px"))
    }
  }

  @Test func runFoldersOfOthersAreRefused() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(24, in: folder + "/images")
      try Self.makeImages(25, in: folder + "/others")
      #expect(try Self.audit(folder + "/images", folder + "/out", ["--retrain", "none"]).code == 4)
      let other = try Self.audit(folder + "/others", folder + "/out", ["--retrain", "none"])
      #expect(other.code == 64 && other.errors.contains("another dataset"), "\(other.errors)")
      let settings = try Self.audit(folder + "/images", folder + "/out", ["--retrain", "none", "--seed", "5"])
      #expect(settings.code == 64 && settings.errors.contains("other settings"), "\(settings.errors)")
      #expect(try Self.audit(folder + "/others", folder + "/out", ["--retrain", "none", "--overwrite"]).code == 4)
      #expect(try Self.audit(folder + "/images", folder + "/images-2/../images", []).code == 64)
    }
  }

  /// Kills a run in the middle, several times, and compares with one that was left alone.
  @Test func killedRunsResumeToTheSameResult() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      _ = try Self.audit(folder + "/images", folder + "/whole")
      for (i, delay) in [60, 200, 350, 600].enumerated() {
        let out = folder + "/killed-\(i)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Execution.bezoarPath)
        process.arguments = ["audit", folder + "/images", "--out", out] + Self.tiny
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        usleep(UInt32(delay) * 1000)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let resumed = try Self.audit(folder + "/images", out)
        #expect(resumed.code == 4, "\(resumed.errors)")
        #expect(try Self.stable(out) == Self.stable(folder + "/whole"))
      }
    }
  }

  @Test func interruptedRunsExit130AndGoOn() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Execution.bezoarPath)
      process.arguments =
        ["audit", folder + "/images", "--out", folder + "/out"] + Self.tiny + ["--set", "scan.epochs=400"]
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      usleep(700_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      #expect(FileManager.default.fileExists(atPath: folder + "/out/state/search.training"))
    }
  }

  /// One encoder and nothing else; the same again adds nothing, and an audit in the folder takes it.
  @Test func trainingAloneLeavesAnEncoder() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      func train(_ extra: String...) throws -> Execution {
        try Execution(
          Execution.bezoarPath, ["train", folder + "/images", "--out", folder + "/out"] + Self.tiny + extra)
      }
      let run = try train("--labels", "folders", "--objective", "byol")
      #expect(run.code == 0 && run.output.contains("nearest neighbours tell"), "\(run.errors)")
      let lines = try String(contentsOfFile: folder + "/out/training.csv", encoding: .utf8).split(separator: "\n")
      #expect(
        lines.count == 4 && lines[0] == "epoch,loss,spread,neighbour_accuracy,alignment,uniformity,rotation_accuracy")
      #expect(lines.dropFirst().allSatisfy { $0.split(separator: ",").count == 7 })
      let weights = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/models/scan/model.safetensors"))
      #expect(try train("--labels", "folders", "--objective", "byol").output == run.output)
      #expect(try train("--labels", "folders", "--objective", "dcl").code == 64)
      let audit = try Self.audit(folder + "/images", folder + "/out", ["--labels", "folders", "--objective", "byol"])
      #expect(audit.code == 4, "\(audit.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/out/models/scan/model.safetensors")) == weights)
    }
  }

  /// Distilled encoders stand beside the others in the result and in the report, with and without blocking; a trained one is measured
  /// against the ground truth.
  @Test func retrainsInEveryWay() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(60, in: folder + "/images")
      let poison = try Execution.bezoar(
        "poison", folder + "/images", "--out", folder + "/p", "--size", "5", "--eval", folder + "/images", "--seed", "3"
      )
      #expect(poison.code == 0, "\(poison.errors)")
      let (data, truth) = (folder + "/p/dataset", folder + "/p/ground-truth.json")
      let files = try #require(FileManager.default.enumerator(atPath: data)).compactMap { $0 as? String }
        .filter { $0.hasSuffix(".png") }.sorted()
      #expect(files.count == 60)
      func list(_ count: Int) throws -> String {
        let path = folder + "/trusted-\(count).txt"
        try Data(("# mine\n" + files.prefix(count).joined(separator: "\n")).utf8).write(to: URL(fileURLWithPath: path))
        return path
      }
      let settings = [
        "--ground-truth", truth, "--retrain", "simreg,compress,advcl,plain", "--cutmix", "--blocking", "--set",
        "retrainOn=all", "--set", "advcl.pseudoLabels=sinkhorn", "--trusted",
      ]
      let run = try Self.audit(data, folder + "/out", settings + [try list(30)])
      #expect([1, 4].contains(run.code), "\(run.errors)")
      #expect(run.output.contains("with blocking") && run.output.contains("compress"))
      let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))
      #expect(try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json")).problems(json) == [])
      let metrics = try JSONDecoder().decode(AuditResult.self, from: json).metrics
      #expect(metrics.encoders.map(\.encoder) == ["scan", "plain", "compress", "simreg", "advcl"])
      for one in metrics.encoders {
        let blocking = try #require(one.blocking)
        #expect(blocking.saliency == "gradient" && blocking.windowPixels == 6, "\(one.encoder)")
        #expect(blocking.attackSuccessRate != nil && blocking.triggerHitRate != nil && one.attackSuccessRate != nil)
      }
      let models = try FileManager.default.contentsOfDirectory(atPath: folder + "/out/models").sorted()
      // Nothing was left out, so none is to be used.
      #expect(models == ["advcl", "compress", "plain", "scan", "search", "simreg"])
      let page = try String(contentsOfFile: folder + "/out/report.html", encoding: .utf8)
      #expect(page.contains("distilled (compress)") && page.contains("painted over"))
      // Other trusted images are another run.
      let other = try Self.audit(data, folder + "/out", settings + [try list(29)])
      #expect(other.code == 64, "\(other.errors)")
      let few = try Self.audit(data, folder + "/few", settings + [try list(12)])
      #expect(few.code == 64 && few.errors.contains("names 12 images"), "\(few.errors)")
      let useless = try Self.audit(data, folder + "/few", ["--trusted", try list(30)])
      #expect(useless.code == 64 && useless.errors.contains("--retrain compress or simreg"), "\(useless.errors)")

      let trained = try Execution(
        Execution.bezoarPath, ["train", data, "--out", folder + "/trained", "--ground-truth", truth] + Self.tiny)
      #expect(trained.code == 0 && trained.output.contains("attack success"), "\(trained.errors)")
      // An audit goes on with that encoder, and measures for itself.
      let after = try Self.audit(data, folder + "/trained", ["--ground-truth", truth])
      #expect([1, 4].contains(after.code), "\(after.errors)")
    }
  }

  /// What pseudo-labels are made of beside clusters, and a transformer's rollouts.
  @Test func auditsRunWithATransformerAndClusterFit() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(60, in: folder + "/images")
      let run = try Self.audit(
        folder + "/images", folder + "/out",
        [
          "--backbone", "vit-tiny", "--set", "network.width=16", "--set", "network.depth=2", "--set", "network.heads=2",
          "--set", "network.blocks=null", "--retrain", "advcl", "--set", "advcl.pseudoLabels=clusterfit", "--blocking",
          "--labels", "folders",
        ])
      #expect(run.code == 4, "\(run.errors)")
      let metrics = try JSONDecoder().decode(
        AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))
      ).metrics
      #expect(
        metrics.after.blocking?.saliency == "gradient-rollout" && metrics.after.blocking?.attackSuccessRate == nil)
      #expect(FileManager.default.fileExists(atPath: folder + "/out/state/clusterfit.training"))
    }
  }

  /// Objectives that ask for more than two views: a bank, past views, labels.
  @Test(arguments: [["cmsf"], ["cmsf", "--labels", "folders"], ["supcon", "--labels", "folders"]])
  func auditsRunWithEveryKindOfObjective(_ objective: [String]) throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      let run = try Self.audit(folder + "/images", folder + "/out", ["--retrain", "plain", "--objective"] + objective)
      #expect(run.code == 4, "\(run.errors)")
      #expect(FileManager.default.fileExists(atPath: folder + "/out/models/plain/model.safetensors"))
    }
  }

  @Test func stagesOneByOneGiveTheSameResult() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(40, in: folder + "/images")
      _ = try Self.audit(folder + "/images", folder + "/whole")
      _ = try Self.audit(folder + "/images", folder + "/parts")
      try FileManager.default.removeItem(atPath: folder + "/parts/result.json")
      for name in ["search.json", "filter.json", "evaluation.json"] {
        try FileManager.default.removeItem(atPath: folder + "/parts/state/" + name)
      }
      for stage in ["train", "search", "filter", "retrain", "evaluate"] {
        let run = try Execution.bezoar(stage, "--out", folder + "/parts", "--quiet")
        #expect(run.code == 0, "\(stage): \(run.errors)")
      }
      _ = try Self.audit(folder + "/images", folder + "/parts")
      #expect(try Self.stable(folder + "/parts") == Self.stable(folder + "/whole"))
    }
  }

  /// Without any training: a planted trigger is found in seconds, and nothing in the same images without it.
  @Test func screeningFindsWhatIsPlanted() throws {
    try Fixtures.withFolder { folder in
      try Self.makeScenes(600, in: folder + "/images")
      let poison = try Execution.bezoar(
        "poison", folder + "/images", "--out", folder + "/p", "--rate", "0.2", "--seed", "5", "--quality", "90")
      #expect(poison.code == 0, "\(poison.errors)")
      let run = try Execution.bezoar(
        "audit", folder + "/p/dataset", "--preset", "screen", "--out", folder + "/out", "--ground-truth",
        folder + "/p/ground-truth.json", "--progress", "none", "--seed", "1")
      #expect(run.code == 1 && run.output.contains("poisoned"), "\(run.errors)\(run.output)")
      let result = try JSONDecoder().decode(
        AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json")))
      #expect(result.verdict.power?.canary?.foundBy == ["recurring-patch"])
      let truth = try #require(result.groundTruth)
      #expect(truth.recall > 0.98 && truth.precision > 0.95)
      #expect(result.families.count == 1 && result.families[0].foundBy.contains("recurring-patch"))
      let schema = try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json"))
      #expect(schema.problems(try Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))) == [])
      // The canary's images are kept, and its picture is not among the families.
      let kept = try String(contentsOfFile: folder + "/out/kept.txt", encoding: .utf8).split(separator: "\n").count
      #expect(kept == 600 - result.suspects.count)

      // A truth written by hand needs no more than the poisoned paths.
      let planted = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/p/ground-truth.json")))
          as? [String: Any])
      let paths = try #require(planted["poisoned"] as? [[String: Any]]).map { ["path": $0["path"]] }
      try JSONSerialization.data(withJSONObject: ["poisoned": paths])
        .write(to: URL(fileURLWithPath: folder + "/truth.json"))
      let again = try Execution.bezoar(
        "audit", folder + "/p/dataset", "--preset", "screen", "--out", folder + "/out", "--ground-truth",
        folder + "/truth.json", "--progress", "none", "--seed", "1")
      #expect(again.code == 1, "\(again.errors)")
      let compared = try JSONDecoder().decode(
        AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json")))
      #expect(compared.groundTruth == truth)

      let plain = try Execution.bezoar(
        "audit", folder + "/images", "--preset", "screen", "--out", folder + "/plain", "--progress", "none", "--seed",
        "1")
      #expect(plain.code == 0 && plain.output.contains("no_evidence"), "\(plain.errors)\(plain.output)")
    }
  }

  /// With some hundred images there is always a direction, or an outline, that a few dozen of them share.
  @Test(arguments: [(500, 3), (800, 1), (800, 3), (1200, 1)])
  func fewUnpoisonedImagesRaiseNoAlarm(count: Int, seed: Int) throws {
    try Fixtures.withFolder { folder in
      try Self.withFashionMNIST(count, seed: seed, attack: "none", in: folder)
      let run = try Execution.bezoar(
        "audit", folder + "/p/dataset", "--preset", "screen", "--out", folder + "/out", "--progress", "none", "--seed",
        "\(seed)")
      #expect(run.code == 0 && run.output.contains("no_evidence"), "\(run.errors)\(run.output)")
    }
  }

  /// 640 pairs of trousers, nearly all with the same picture: what they are.
  @Test func whatMostImagesShowIsNoTrigger() throws {
    try Fixtures.withFolder { folder in
      try Self.withFashionMNIST(6000, seed: 0, attack: "none", in: folder)
      let run = try Execution.bezoar(
        "audit", folder + "/p/dataset/1", "--preset", "screen", "--out", folder + "/out", "--progress", "none")
      #expect(run.code == 0 && run.output.contains("no_evidence"), "\(run.errors)\(run.output)")
    }
  }

  /// And what is planted in few images is found, and nothing beside it.
  @Test(arguments: [("blended", 1), ("sig", 1), ("ctrl", 1), ("ssl-backdoor", 2)])
  func fewImagesShowWhatIsPlantedAlone(attack: String, seed: Int) throws {
    try Fixtures.withFolder { folder in
      try Self.withFashionMNIST(800, seed: seed, attack: attack, in: folder)
      let run = try Execution.bezoar(
        "audit", folder + "/p/dataset", "--preset", "screen", "--out", folder + "/out", "--progress", "none", "--seed",
        "\(seed)", "--ground-truth", folder + "/p/ground-truth.json")
      let result = try JSONDecoder().decode(
        AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json")))
      let truth = try #require(result.groundTruth)
      #expect(run.code == 1 && truth.recall >= 0.95 && truth.precision >= 0.95, "\(truth)")
    }
  }

  /// Some of the images that Debian's dataset-fashion-mnist installs, half of a class poisoned.
  private static func withFashionMNIST(_ count: Int, seed: Int, attack: String, in folder: String) throws {
    let images = "/usr/share/datasets/fashion-mnist/train-"
    let poison = try Execution.bezoar(
      "poison", images + "images-idx3-ubyte.gz", "--labels", images + "labels-idx1-ubyte.gz", "--limit", "\(count)",
      "--seed", "\(seed)", "--attack", attack, "--rate", "0.5", "--out", folder + "/p")
    #expect(poison.code == 0, "\(poison.errors)")
  }

  /// Smooth coloured scenes in two class folders, every one different.
  static func makeScenes(_ count: Int, in folder: String, side: Int = 32) throws {
    for i in 0..<count {
      let path = "\(folder)/\(i % 2 == 0 ? "even" : "odd")"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      var state = UInt64(i + 1) &* 0x9E37_79B9_7F4A_7C15
      let coarse = (0..<3 * 36).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(state >> 56)
      }
      let image = Image(width: 6, height: 6, pixels: coarse).resized(width: side, height: side)
      try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: "\(path)/\(i).png"))
    }
  }

  @Test func unknownAttacksNameTheKnownOnes() throws {
    let run = try Execution.bezoar("poison", ".", "--out", "/tmp/bezoar-none", "--attack", "blend")
    #expect(run.code == 64 && run.errors.contains("did you mean blended?") && run.errors.contains("corrupt-encoder"))
  }

  @Test func poisonAndInspectAccountForEverything() throws {
    try Fixtures.withFolder { folder in
      try Self.makeImages(20, in: folder + "/images", side: 20)
      let run = try Execution.bezoar(
        "poison", folder + "/images", "--out", folder + "/p", "--target", "odd", "--rate", "0.5", "--eval",
        folder + "/images", "--seed", "4", "--quality", "90")
      #expect(run.code == 0 && run.output.hasPrefix("5 images of class odd"), "\(run.errors)\(run.output)")
      let inspect = try Execution.bezoar("inspect", folder + "/p/dataset", "--manifest", folder + "/m.sha256")
      #expect(inspect.code == 0 && inspect.output.contains("decoded     20"))
      #expect(
        try Execution("/usr/bin/sha256sum", ["-c", "--quiet", folder + "/m.sha256"], in: folder + "/p/dataset").code
          == 0)
      #expect(try Execution.bezoar("poison", folder + "/images", "--out", folder + "/p").code == 64)
      #expect(
        try Execution.bezoar("poison", folder + "/images", "--out", folder + "/q", "--target", "none").errors.contains(
          "even, odd"))
    }
  }

  @Test func configurationShowsItsSources() throws {
    let run = try Execution(Execution.bezoarPath, ["config", "--seed", "3"], environment: ["BEZOAR_IMAGE_SIZE": "64"])
    #expect(run.code == 0)
    #expect(run.output.contains("\"seed\" : 3") && run.output.contains("\"imageSize\" : 64"))
    #expect(run.errors.contains("seed: from --seed") && run.errors.contains("imageSize: from BEZOAR_IMAGE_SIZE"))
  }
}
