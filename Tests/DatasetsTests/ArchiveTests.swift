import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Datasets in archives: never unpacked, every member accounted for.
@Suite struct ArchiveTests {
  private func png(_ red: UInt8, side: Int = 8) -> [UInt8] {
    (try? ImageCodec.encodePNG(Image(width: side, height: side, red: red))) ?? []
  }

  private func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  @Test(arguments: ["small.zip", "small.tar.zst"]) func membersAreImages(_ name: String) throws {
    let dataset = try Dataset(Path(Fixtures.path("archives/" + name)))
    #expect(dataset.format == .archive)
    let set = try ImageSet(ImageReader(dataset, threads: 2))
    #expect(set.records.map(\.path.description).sorted() == ["a/grey.png", "a/palette.png", "a/rgb.png"])
    #expect(set.ignored.map(\.path.description) == ["readme.md"] && set.unreadable.isEmpty)
    #expect(dataset.entries.first { $0.path == Path("a/rgb.png") }?.label == "a")
    let plain = try ImageSet(ImageReader(try Dataset(Path(Fixtures.path("images"))), side: set.side, threads: 1))
    for record in set.records {
      let other = try #require(plain.records.first { $0.path == record.path.name })
      #expect(other.digest == record.digest)
    }
  }

  @Test func manyMembersReadByManyThreadsAreTheSame() throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      for i in 0..<500 { tar.add("\(i % 3)/\(i).png", png(UInt8(i % 256))) }
      try write(tar.finished, folder + "/x.tar")
      let gzip = try Execution("/bin/gzip", ["-k", folder + "/x.tar"])
      #expect(gzip.code == 0)
      let one = try ImageSet(ImageReader(try Dataset(Path(folder + "/x.tar")), threads: 1))
      #expect(one.count == 500 && one.records.map(\.path.description) == (0..<500).map { "\($0 % 3)/\($0).png" })
      for name in ["/x.tar", "/x.tar.gz"] {
        let many = try ImageSet(ImageReader(try Dataset(Path(folder + name)), threads: 8))
        #expect(many.pixels == one.pixels && many.digest == one.digest)
      }
      // In any order, and twice.
      let dataset = try Dataset(Path(folder + "/x.tar.gz"))
      for i in [499, 0, 250, 250, 3, 498] {
        guard case .image(_, let digest) = dataset.read(dataset.entries[i]) else {
          Issue.record("no image \(i)")
          return
        }
        #expect(digest == one.records[i].digest)
      }
      // The archive's own digest stands in the manifest, and every member's line is its line.
      let manifest = try Manifest(one, of: dataset)
      #expect(manifest.line(ofRecord: 7) == 1)
      try write(manifest.bytes, folder + "/m.sha256")
      #expect(try Execution("/usr/bin/sha256sum", ["-c", folder + "/m.sha256"], in: folder).code == 0)
    }
  }

  /// The archive's own name is no class.
  @Test func foldersInsideArchivesAreLabels() throws {
    try Fixtures.withFolder { folder in
      for shard in 0..<2 {
        var tar = TinyTar()
        for name in ["cat/1.png", "dog/2.png", "3.png"] { tar.add(name, png(UInt8(40 * shard))) }
        try write(tar.finished, folder + "/set-00\(shard).tar")
      }
      #expect(try Dataset(Path(folder)).entries.map(\.label) == ["cat", "dog", nil, "cat", "dog", nil])
      #expect(try Dataset(Path(folder + "/set-001.tar")).entries.map(\.label) == ["cat", "dog", nil])
    }
  }

  @Test func shardsHaveLabelsAndADamagedOneCostsItself() throws {
    try Fixtures.withFolder { folder in
      for shard in 0..<4 {
        var tar = TinyTar()
        for i in 0..<5 {
          let key = "s\(shard)-\(i)"
          tar.add(key + ".png", png(UInt8(40 * shard + i)))
          if shard == 0 { tar.add(key + ".cls", Array("\(i % 2)\n".utf8)) }
          if shard == 1 { tar.add(key + ".json", Array(#"{"label": \#(i), "url": "x"}"#.utf8)) }
          tar.add(key + ".txt", Array("a caption".utf8))
        }
        tar.add("__index__", [1])
        var bytes = tar.finished
        if shard == 2 { bytes = Array(bytes.prefix(3000)) }
        if shard == 3 { bytes = Array("this is no archive at all, but it is called one".utf8) }
        try write(bytes, folder + "/set-00\(shard).tar")
      }
      for name in ["/set-{000..003}.tar", ""] {
        let dataset = try Dataset(Path(folder + name))
        #expect(dataset.format == .archive)
        let set = try ImageSet(ImageReader(dataset, labels: try LabelSource.layout.labels(for: dataset), threads: 2))
        let kept = set.records.map(\.path.description)
        #expect(kept.prefix(5) == (0..<5).map { "set-000.tar/s0-\($0).png" }[...])
        #expect(set.records.prefix(10).map(\.label) == ["0", "1", "0", "1", "0", "0", "1", "2", "3", "4"])
        #expect(kept.count < 15 && kept.count >= 11, "\(kept)")
        #expect(
          set.unreadable.contains { $0.path.description == "set-003.tar" && $0.reason.hasPrefix("archive.corrupt") })
        #expect(
          set.unreadable.contains { $0.path.description.hasPrefix("set-002.tar") && $0.reason.hasPrefix("archive.") })
      }
      #expect(throws: DatasetError.self) { try Dataset(Path(folder + "/set-{005..006}.jpg")) }
    }
  }

  /// Row 6 and 7 of what a scanner must survive: nothing is written, links and devices are passed over.
  @Test func hostileMembersAreLabelsOnly() throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      tar.add("../outside.png", png(1))
      tar.add("/absolute.png", png(2))
      tar.add("a/../../b.png", png(3))
      tar.add(Array("link.png".utf8), type: "2", link: "/etc/passwd")
      tar.add(Array("link.png/through.png".utf8), png(4))
      tar.add(Array("hard.png".utf8), type: "1", link: "ok.png")
      tar.add(Array("device.png".utf8), type: "3")
      tar.add(Array("pipe.png".utf8), type: "6")
      tar.add("ok.png", png(5))
      tar.add("ok.png", png(6))
      tar.add("nested.tar.gz", [0x1F, 0x8B, 8, 0])
      tar.add([0xFF, 0xFE, 0x2E, 0x70, 0x6E, 0x67], png(7))
      try write(tar.finished, folder + "/x.tar")
      let before = try FileManager.default.subpathsOfDirectory(atPath: folder)
      let set = try ImageSet(ImageReader(try Dataset(Path(folder + "/x.tar")), threads: 1))
      #expect(
        Set(set.records.map(\.path.bytes)) == [
          Array("ok.png".utf8), Array("link.png/through.png".utf8), [0xFF, 0xFE, 0x2E, 0x70, 0x6E, 0x67],
        ])
      let reasons = set.unreadable.map { $0.reason.prefix { $0 != ":" } }
      #expect(reasons.filter { $0 == "archive.path-traversal" }.count == 3)
      #expect(reasons.filter { $0 == "archive.duplicate" }.count == 1)
      #expect(reasons.filter { $0 == "link.not-followed" }.count == 2)
      #expect(reasons.filter { $0 == "file.special" }.count == 2)
      #expect(set.unreadable.filter(\.holdsMany).map(\.path.description) == ["nested.tar.gz"] && set.ignored.isEmpty)
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder) == before)
      #expect(!FileManager.default.fileExists(atPath: (folder as NSString).deletingLastPathComponent + "/outside.png"))
    }
  }

  /// Names that a zip marks as UTF-8, whatever the locale.
  @Test func namesOfZipsAreUTF8() throws {
    let set = try ImageSet(ImageReader(try Dataset(Path(Fixtures.path("archives/names.zip"))), threads: 1))
    #expect(set.records.map(\.path.description) == ["é.png", "\u{202E}gnp.png", "new\nline.png", "日本/1.png"])
  }

  /// What is named like a text beside an image and is none, names that unpack to the same file, a second archive behind the first.
  @Test func membersCannotHide() throws {
    try Fixtures.withFolder { folder in
      var (tar, second) = (TinyTar(), TinyTar())
      tar.add("a.png", png(1))
      tar.add("a.json", Array("{\"label\": 3}".utf8))
      tar.add("b.txt", png(2))
      tar.add("__c__", png(3))
      tar.add("sub/d.png", png(4))
      tar.add("sub/./d.png", png(5))
      tar.add("sub//d.png", png(6))
      // A text beside an image that encodes one.
      tar.add("f.json", Array("{\"image\": \"iVBORw0KGgo\"}".utf8))
      second.add("e.png", png(7))
      try write(tar.finished + second.finished, folder + "/x.tar")
      let dataset = try Dataset(Path(folder + "/x.tar"))
      let set = try ImageSet(ImageReader(dataset, threads: 1))
      #expect(set.records.map(\.path.description) == ["a.png", "b.txt", "__c__", "sub/d.png", "e.png"])
      #expect(dataset.entries[0].label == "3")
      #expect(
        Set(set.unreadable.map { $0.reason.prefix { $0 != ":" } }).isSuperset(of: ["archive.duplicate", "file.unknown"])
      )
      #expect(set.unreadable.contains { $0.path.description == "f.json" })
      // What follows a link that says it has a body may be read as members, or passed over.
      var linked = TinyTar()
      linked.add("a.png", png(1))
      linked.add(Array("g.png".utf8), png(8), type: "2", link: "a.png")
      try write(linked.finished, folder + "/y.tar")
      #expect(try ImageSet(ImageReader(try Dataset(Path(folder + "/y.tar")), threads: 1)).unreadShare == 1)
    }
  }

  /// A comment so long that the directory of a zip is not where libarchive looks for it.
  @Test func zipsAreReadWhole() throws {
    try Fixtures.withFolder { folder in
      let small = Fixtures.bytes("archives/small.zip")
      let clean = try Dataset(Path(Fixtures.path("archives/small.zip"))).entries.count
      var bytes = small
      let end = bytes.count - 22
      #expect(bytes[end...].starts(with: [0x50, 0x4B, 5, 6]))
      // More members than there are, as other readers would be told.
      bytes[end + 8] &+= 5
      bytes[end + 10] &+= 5
      try write(bytes, folder + "/x.zip")
      let set = try? ImageSet(ImageReader(try Dataset(Path(folder + "/x.zip")), threads: 1))
      #expect(set == nil || set?.unreadShare == 1)
      #expect(clean > 0)
    }
  }

  /// Shards of one name in several folders have names of their own.
  @Test func shardsOfOneNameAreToldApart() throws {
    try Fixtures.withFolder { folder in
      for name in ["d1", "d2", "d{1..2}"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
      for (i, name) in ["d1", "d2"].enumerated() {
        var tar = TinyTar()
        tar.add("a.png", png(UInt8(i)))
        try write(tar.finished, "\(folder)/\(name)/x.tar")
      }
      let dataset = try Dataset(Path(folder + "/d{1..2}/x.tar"))
      #expect(Set(dataset.entries.map(\.path)).count == 2)
      try write([0], folder + "/d{1..2}/x.tar")
      #expect(throws: DatasetError.self) { try Dataset(Path(folder + "/d{1..2}/x.tar")) }
    }
  }

  @Test(arguments: [
    [UInt8](repeating: 0x37, count: 11), [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Array("00000020000".utf8),
  ]) func sizesThatLieAreNotBelieved(_ size: [UInt8]) throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      tar.add("ok.png", png(5))
      tar.add(Array("lie.png".utf8), png(6), size: size)
      try write(tar.finished, folder + "/x.tar")
      let set = try ImageSet(ImageReader(try Dataset(Path(folder + "/x.tar")), threads: 1))
      #expect(set.records.map(\.path.description) == ["ok.png"])
      #expect(!set.unreadable.isEmpty)
    }
  }

  /// A stream of zeros packed a thousand to one is given up, and what came before it is kept.
  @Test func bombsAreGivenUp() throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      tar.add("ok.png", png(5))
      // The header of a member of 2 GiB, whose zeros follow from the shell.
      tar.add(Array("bomb.png".utf8), [], size: Array("20000000000".utf8))
      try write(tar.bytes, folder + "/head")
      let made = try Execution(
        "/bin/sh", ["-c", "{ cat head; head -c 2147483648 /dev/zero; head -c 1024 /dev/zero; } | gzip -1 > x.tar.gz"],
        in: folder)
      #expect(made.code == 0, "\(made.errors)")
      let set = try ImageSet(ImageReader(try Dataset(Path(folder + "/x.tar.gz")), threads: 1))
      #expect(set.records.map(\.path.description) == ["ok.png"])
      #expect(
        set.unreadable.contains { $0.reason.hasPrefix("archive.bomb") || $0.reason.hasPrefix("archive.too-large") })
    }
  }

  /// Bytes turned at random: an error or fewer images, never a crash.
  @Test func damagedArchivesNeverCrash() throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      for i in 0..<6 { tar.add("\(i).png", png(UInt8(i))) }
      let originals: [(String, [UInt8])] = [
        ("tar", tar.finished), ("zip", Fixtures.bytes("archives/small.zip")),
        ("tar.zst", Fixtures.bytes("archives/small.tar.zst")),
      ]
      var state: UInt64 = 11
      func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      for (suffix, original) in originals {
        for _ in 0..<150 {
          var bytes = original
          for _ in 0...next(8) { bytes[next(bytes.count)] = UInt8(next(256)) }
          if next(3) == 0 { bytes = Array(bytes.prefix(next(bytes.count))) }
          try write(bytes, folder + "/x." + suffix)
          guard let dataset = try? Dataset(Path(folder + "/x." + suffix)) else { continue }
          let set = try ImageSet(ImageReader(dataset, side: 16, threads: 1))
          #expect(set.count + set.unreadable.count + set.ignored.count >= dataset.entries.count)
        }
      }
    }
  }

  @Test func stl10IsColumnByColumn() throws {
    try Fixtures.withFolder { folder in
      let plane = 96 * 96
      var bytes = [UInt8](repeating: 0, count: 6 * plane)
      // Second image: red at x = 5, y = 90; blue at x = 90, y = 5.
      bytes[3 * plane + 5 * 96 + 90] = 200
      bytes[5 * plane + 90 * 96 + 5] = 100
      try write(bytes, folder + "/train_X.bin")
      try write([3, 10], folder + "/train_y.bin")
      let dataset = try Dataset(Path(folder + "/train_X.bin"))
      #expect(dataset.format == .stl10 && dataset.entries.map(\.label) == ["3", "10"])
      guard case .image(let image, _) = dataset.read(dataset.entries[1]) else {
        Issue.record("no image")
        return
      }
      #expect(image.pixels[3 * (90 * 96 + 5)] == 200 && image.pixels[3 * (5 * 96 + 90) + 2] == 100)
      #expect(image.pixels.reduce(0) { $0 + Int($1) } == 300)
      try write(Array(bytes.dropLast()), folder + "/unlabeled_X.bin")
      #expect(throws: DatasetError.self) { try Dataset(Path(folder + "/unlabeled_X.bin")) }
    }
  }
}
