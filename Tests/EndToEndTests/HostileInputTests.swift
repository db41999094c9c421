import Findings
import Foundation
import Images
import TestSupport
import Testing

/// Files that a scanner meets and must survive, through the built program: every one is accounted for, and nothing in the
/// dataset is touched.
@Suite struct HostileInputTests {
  private static let good: [UInt8] = (try? ImageCodec.encodePNG(Image(width: 40, height: 30, red: 9))) ?? []
  private static let photo: [UInt8] =
    (try? ImageCodec.encodeJPEG(Image(width: 40, height: 30, red: 9), quality: 90)) ?? []

  /// A PNG that says it is of another size.
  private static func resized(_ width: UInt32, _ height: UInt32) -> [UInt8] {
    var bytes = good
    for (at, value) in [(16, width), (20, height)] {
      for k in 0..<4 { bytes[at + k] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(k))) }
    }
    // The checksum of the header, so that its size is believed.
    var crc: UInt32 = .max
    for byte in bytes[12..<29] {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    for k in 0..<4 { bytes[29 + k] = UInt8(truncatingIfNeeded: ~crc >> (24 - 8 * UInt32(k))) }
    return bytes
  }

  /// A JPEG whose frame header says 65,535 by 65,535.
  private static var vast: [UInt8] {
    var bytes = photo
    if let frame = bytes.indices.dropLast(9).first(where: { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }) {
      for k in 5...8 { bytes[frame + k] = 0xFF }
    }
    return bytes
  }

  private static let noise: [UInt8] = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }

  /// Name, bytes, and what the reason has to start with; nil for what is an image.
  private static let files: [(String, [UInt8], String?)] = [
    ("zero.png", [], "image.empty"), ("one.jpg", [0xFF], "image.unsupported-format"),
    ("noise.png", noise, "image.unsupported-format"), ("head.png", Array(good.prefix(8)), "image."),
    ("cut.png", Array(good.prefix(good.count / 2)), "image."),
    ("cut.jpg", Array(photo.prefix(photo.count / 2)), "image."),
    ("cut-by-one.jpg", Array(photo.dropLast()), "image."), ("wide.png", resized(1_000_000, 1_000_000), "image."),
    ("none.png", resized(0, 10), "image."), ("large.png", resized(20_000, 20_000), "image.too-large"),
    ("vast.jpg", vast, "image."),
    ("page.jpg", Array("<html><script>alert(1)</script></html>".utf8), "image.unsupported-format"),
    ("drawing.png", Array("<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>".utf8), "image.unsupported-format"),
    ("moving.gif", Array("GIF89a".utf8), "image.unsupported-format"),
    ("picture.webp", Array("RIFF....WEBP".utf8), "image.unsupported-format"),
    ("polyglot.jpg", photo + [0x50, 0x4B, 3, 4] + noise, nil), ("wrong-suffix.jpeg", good, nil),
    ("no-suffix", photo, nil),
    ("UPPER.PNG", good, nil), ("-rf.png", good, nil), ("e\u{301}.png", good, nil), ("\u{E9}.png", good, nil),
    (String(repeating: "n", count: 251) + ".png", good, nil), ("new\nline.png", good, nil),
    ("table.parquet", Array("PAR1\0...PAR1".utf8), "container.not-read"),
    ("model.pth", [0x80, 2, 0x63, 0x6F, 0x73, 0x0A], "file.unknown"),
    ("archive.zip", [0x50, 0x4B, 3, 4], "container.not-read"),
    (".hidden", [1], "file.unknown"),
  ]
  private static let ignored: [(String, [UInt8])] = [
    ("notes.txt", [65]), (".gitkeep", []), (".DS_Store", [0, 0, 0, 1] + Array("Bud1".utf8)),
  ]

  @Test(arguments: ["workers", "in-process"]) func everyFileIsAccountedFor(_ decode: String) throws {
    try Fixtures.withFolder { folder in
      let data = folder + "/data"
      try FileManager.default.createDirectory(atPath: data + "/sub", withIntermediateDirectories: true)
      for (name, bytes, _) in Self.files { try Data(bytes).write(to: URL(fileURLWithPath: data + "/" + name)) }
      for (name, bytes) in Self.ignored { try Data(bytes).write(to: URL(fileURLWithPath: data + "/" + name)) }
      let links = [
        ("loop", data), ("outside.png", "/etc/passwd"), ("dangling.png", "/nowhere"), ("self.png", "self.png"),
      ]
      for (name, target) in links {
        try FileManager.default.createSymbolicLink(atPath: data + "/sub/" + name, withDestinationPath: target)
      }
      // Five gigabytes that take no space.
      #expect(FileManager.default.createFile(atPath: data + "/sub/vast.png", contents: Data(Self.good)))
      #expect(truncate(data + "/sub/vast.png", 5 << 30) == 0)
      #expect(mkfifo(data + "/sub/pipe.png", 0o644) == 0)

      func state() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: data).sorted().map { name in
          var status = stat()
          lstat(data + "/" + name, &status)
          return
            "\(name) \(status.st_mode) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ino)"
        }
      }
      let before = try state()
      let run = try Execution.bezoar("inspect", data, "--json", "--decode", decode)
      #expect(run.code == 0, "\(run.errors)")
      let account = try JSONDecoder().decode(DatasetAccount.self, from: Data(run.output.utf8))
      #expect(account.listed == account.decoded + account.unreadable.count + account.ignored.count)
      #expect(account.listed == Self.files.count + Self.ignored.count + links.count + 2)
      let remarks = Dictionary(account.remarks.map { ($0.code, $0.examples) }) { first, _ in first }
      #expect(remarks == ["image.trailing-data": ["polyglot.jpg"], "image.suffix": ["wrong-suffix.jpeg"]])
      let reasons = Dictionary(account.unreadable.map { ($0.path, $0.reason) }) { first, _ in first }
      let others = links.map { "sub/" + $0.0 } + ["sub/vast.png", "sub/pipe.png"]
      let wanted = Set(Self.files.filter { $0.2 != nil }.map(\.0) + others)
      #expect(
        Set(reasons.keys) == wanted,
        "\(Set(reasons.keys).symmetricDifference(wanted).map { "\($0) \(reasons[$0] ?? "")" })")
      for (name, _, reason) in Self.files {
        if let reason { #expect(reasons[name]?.hasPrefix(reason) == true, "\(name): \(reasons[name] ?? "decoded")") }
      }
      let passed = Set(account.ignored.map(\.path))
      #expect(passed == Set(Self.ignored.map(\.0)))

      // Every command leaves the dataset as it was.
      let out = folder + "/out"
      for arguments in [
        ["audit", data, "--preset", "screen", "--out", out, "--progress", "none", "--format", "all"],
        ["audit", data, "--preset", "screen", "--out", data + "/out"],
        ["report", out + "/result.json", "--format", "all"],
        ["gate", out + "/result.json"],
        ["poison", data, "--out", folder + "/p", "--attack", "none", "--labels", "folders"],
        ["poison", data, "--out", data + "/p"], ["evaluate", "--out", out],
      ] {
        let run = try Execution(Execution.bezoarPath, arguments)
        #expect([0, 1, 4, 64].contains(run.code), "\(arguments): \(run.code) \(run.errors)")
      }
      #expect(try state() == before)
    }
  }

  /// Full disks, missing rights and what is in the way: the documented code and words, and the run can go on.
  @Test func outputsThatFailSayWhere() throws {
    try Fixtures.withFolder { folder in
      try CommandTests.makeImages(24, in: folder + "/images")
      // The file-size limit stands for a full disk: a write fails in the middle of a file.
      let command =
        "ulimit -f 40; exec \(Execution.bezoarPath) audit \(folder)/images --out \(folder)/out \(CommandTests.tiny.map { "'\($0)'" }.joined(separator: " "))"
      let full = try Execution("/bin/bash", ["-c", "trap '' XFSZ; " + command])
      #expect(full.code == 2 && full.errors.contains("cannot write \(folder)/out/"), "\(full.code) \(full.errors)")
      #expect(full.errors.contains("File too large"))
      let again = try CommandTests.audit(folder + "/images", folder + "/out")
      #expect(again.code == 4, "\(again.errors)")
      _ = try CommandTests.audit(folder + "/images", folder + "/whole")
      #expect(try CommandTests.stable(folder + "/out") == CommandTests.stable(folder + "/whole"))
      // No descriptors to spare.
      let few = try Execution(
        "/bin/bash", ["-c", "ulimit -n 12; exec \(Execution.bezoarPath) inspect \(folder)/images --decode in-process"])
      #expect([0, 2].contains(few.code), "\(few.code) \(few.errors)")
      try Data().write(to: URL(fileURLWithPath: folder + "/file"))
      let inTheWay = try CommandTests.audit(folder + "/images", folder + "/file")
      #expect(inTheWay.code == 2 && inTheWay.errors.contains(folder + "/file"), "\(inTheWay.code) \(inTheWay.errors)")
    }
  }

  /// The memory that is allowed decides where pixels are, not what is found; what cannot fit is refused before it is read.
  @Test func memoryIsBoundedByAnOption() throws {
    try Fixtures.withFolder { folder in
      try CommandTests.makeImages(300, in: folder + "/images")
      for (name, size) in [("large", "4G"), ("small", "259M")] {
        let run = try Execution.bezoar(
          "audit", folder + "/images", "--out", "\(folder)/\(name)", "--preset", "screen", "--progress", "plain",
          "--memory", size)
        #expect(run.code == 0 || run.code == 4, "\(run.errors)")
        #expect(run.errors.contains("pixels in a file") == (name == "small"), "\(run.errors)")
        #expect(
          try !FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").contains { $0.contains("pixels") })
      }
      #expect(try CommandTests.stable(folder + "/large") == CommandTests.stable(folder + "/small"))
      for (size, code, words) in [
        ("100M", 64, "an audit of 300 images needs 258 MiB"), ("lots", 64, "--memory must be a size"),
      ] as [(String, Int32, String)] {
        let run = try Execution.bezoar("audit", folder + "/images", "--out", folder + "/no", "--memory", size)
        #expect(run.code == code && run.errors.contains(words), "\(run.code) \(run.errors)")
      }
    }
  }

  /// Sets without anything to compare: a result with numbers, never a crash.
  @Test(arguments: ["two", "identical", "black", "one channel", "tiny"])
  func degenerateSetsHaveDefinedResults(_ kind: String) throws {
    try Fixtures.withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/images", withIntermediateDirectories: true)
      for i in 0..<(kind == "two" ? 2 : 40) {
        let side = kind == "tiny" ? 2 : 16
        var image = Image(width: side, height: side, red: kind == "black" ? 0 : 90)
        if kind == "one channel" || kind == "tiny" {
          for k in 0..<side * side { image.pixels[3 * k] = UInt8(truncatingIfNeeded: 37 * i + 11 * k * k) }
        }
        try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: "\(folder)/images/\(i).png"))
      }
      let run = try CommandTests.audit(folder + "/images", folder + "/out")
      #expect(run.code == 4, "\(run.code) \(run.errors)")
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))
      let result = try JSONDecoder().decode(AuditResult.self, from: data)
      #expect(result.verdict.value == .inconclusive && !result.verdict.reasons.isEmpty)
      #expect(result.counts.suspects == 0 && result.suspects.allSatisfy { $0.score.isFinite })
    }
  }

  /// A file whose name says Parquet or pickle is not guessed at.
  @Test func formatsThatAreNotReadAreNamed() throws {
    try Fixtures.withFolder { folder in
      try Data("PAR1\0\0\0\0PAR1".utf8).write(to: URL(fileURLWithPath: folder + "/table.parquet"))
      let table = try Execution.bezoar("inspect", folder + "/table.parquet")
      #expect(table.code == 2 && table.errors.contains("Parquet is not read by this version"), "\(table.errors)")
      try CommandTests.makeImages(24, in: folder + "/images")
      try Data([0x80, 2, 0x63, 0x6F, 0x73, 0x0A]).write(to: URL(fileURLWithPath: folder + "/model.pth"))
      let pickle = try CommandTests.audit(
        folder + "/images", folder + "/out",
        ["--encoder", folder + "/model.pth", "--encoder-normalization", "imagenet"])
      #expect(pickle.code == 64 && pickle.errors.contains("is a Python pickle"), "\(pickle.errors)")
    }
  }
}
