import Foundation
import Images
import Randomness
import TestSupport
import Testing

import Datasets

@Suite struct PathListTests {
  private func listing(_ names: [[UInt8]]) throws -> Listing {
    var listing = Listing(foldersAreLabels: false)
    for name in names { try listing.append(name, .file, of: Path("test")) }
    return listing
  }

  private func line(_ text: String, among others: [String] = []) throws -> String {
    let bytes = PathList.encode(
      [Path(text)], isNullDelimited: false, of: try listing((others + [text]).map { Array($0.utf8) }))
    return String(decoding: bytes.dropLast(), as: UTF8.self)
  }

  /// Names as every reader of lines gets them back.
  @Test(arguments: ["a.png", "a b.png", "naïve/日本.png", "a\\b", "a#b", "a\"b", "\u{200F}right.png", "-rf"])
  func plainNamesStandOnALineAsTheyAre(_ name: String) throws { #expect(try line(name) == name) }

  @Test(arguments: [
    ("a\nb", #""a\nb""#), ("a\rb", #""a\rb""#), ("a\tb", #""a\tb""#), (" a", #""\040a""#), ("a ", #""a\040""#),
    ("#a", ##""#a""##), ("\"a\"", #""\"a\"""#), ("a\u{2028}b", #""a\342\200\250b""#), ("a\u{85}b", #""a\302\205b""#),
    ("a\u{B}b", #""a\013b""#), ("\u{FEFF}a", #""\357\273\277a""#), ("é\nb", #""é\nb""#),
    ("a\u{3000}", #""a\343\200\200""#),
  ]) func othersAreQuoted(_ name: String, _ quoted: String) throws { #expect(try line(name) == quoted) }

  /// A file that has the quoted form of another for its name cannot stand in for it.
  @Test func noQuotedLineIsAnotherName() throws {
    let first = try line("x\n5")
    #expect(first == #""x\n5""#)
    let second = try line("x\n5", among: [first])
    #expect(second == #""\170\n5""#)
    let third = try line("x\n5", among: [first, second])
    #expect(![first, second].contains(third))
    for quoted in [first, second, third] {
      #expect(PathList.unquoted(Array(quoted.utf8)[...])?.name == Array("x\n5".utf8))
    }
  }

  /// Random bytes, of which many break lines or quotes: what is read back is what was written, and no line is another name.
  @Test func listsAreReadBackExactly() throws {
    var stream = RandomStream(seed: 5)
    let alphabet: [UInt8] = [
      0x0A, 0x0D, 0x09, 0x20, 0x22, 0x5C, 0x23, 0x2E, 0x61, 0x62, 0x30, 0x33, 0xC2, 0x85, 0xE2, 0x80, 0xA8, 0xFF,
    ]
    let names = Set(
      (0..<3000).map { _ in
        (0..<1 + stream.integer(below: 6)).map { _ in alphabet[stream.integer(below: alphabet.count)] }
      })
    let all = try listing(Array(names))
    let kept = names.filter { _ in stream.next() & 1 == 0 }.map { Path(bytes: $0) }
    #expect(kept.count > 500)
    let removed = names.subtracting(kept.map(\.bytes))
    let lines = PathList.encode(kept, isNullDelimited: false, of: all).split(separator: 0x0A)
    #expect(lines.count == kept.count)
    for (line, path) in zip(lines, kept) {
      #expect(PathList.readings(line).first?.name == path.bytes)
      #expect(!removed.contains(Array(line)))
      let text = String(decoding: line, as: UTF8.self)
      #expect(text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace || $0 == " " })
      #expect(text.trimmingCharacters(in: .whitespacesAndNewlines) == text)
    }
    let zeros = PathList.encode(kept, isNullDelimited: true, of: all)
    #expect(zeros.split(separator: 0).map(Array.init) == kept.map(\.bytes))
  }

  @Test(arguments: [#""a"#, #""""#, #""a\x""#, #""a\9""#, #""a\000b""#, #""a\4000""#, "\"a\\"])
  func brokenQuotesAreNone(_ text: String) { #expect(PathList.unquoted(Array(text.utf8)[...]) == nil) }

  /// Lists that others write: a byte-order mark, Windows' line ends, labels, names that look like comments or end in a carriage return.
  @Test func listsOfOthersAreReadWhole() throws {
    try Fixtures.withFolder { folder in
      for (i, name) in ["a.png", "b c.png", "#d.png", "e.png\r", "f\ng.png"].enumerated() {
        try Data(ImageCodec.encodePNG(Image(width: 8, height: 8, red: UInt8(i))))
          .write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      let text = "\u{FEFF}a.png\r\nb c.png 4\r\n# a comment\n#d.png\ne.png\r\n\"f\\ng.png\" 7\n\r\nnone.png\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/list"))
      let dataset = try Dataset(Path(folder + "/list"))
      #expect(
        dataset.entries.map(\.path.description) == ["a.png", "b c.png", "#d.png", "e.png\r", "f\ng.png", "none.png"])
      #expect(dataset.entries.map(\.label) == [nil, "4", nil, nil, "7", nil])
      let set = try ImageSet(ImageReader(dataset, threads: 1))
      #expect(set.count == 5 && set.unreadable.map(\.path.description) == ["none.png"])
    }
  }

  /// A line that may mean several files that are there names all of them.
  @Test func linesOfOthersHideNothing() throws {
    try Fixtures.withFolder { folder in
      for name in ["a.png", "a.png 3", "b.png", "\"b.png\"", "c.png", "c.png\r", "d.png", "d.png\t1", "e.png"] {
        try Data(ImageCodec.encodePNG(Image(width: 8, height: 8, red: 1))).write(
          to: URL(fileURLWithPath: folder + "/" + name))
      }
      try Data("a.png 3\n\"b.png\"\nc.png\r\nd.png\t1\n#\re.png\n".utf8).write(
        to: URL(fileURLWithPath: folder + "/list"))
      let names = try Dataset(Path(folder + "/list")).entries.map(\.path.description)
      #expect(
        Set(names) == ["a.png", "a.png 3", "b.png", "\"b.png\"", "c.png", "c.png\r", "d.png", "d.png\t1", "e.png"])
      // What one of ours means is said by its root.
      let exact = try Dataset(Path(folder + "/list"), listRoot: Path(folder)).entries.map(\.path.description)
      #expect(exact == ["a.png 3", "b.png", "c.png\r", "d.png\t1", "e.png"])
    }
  }

  /// A list selects from whatever its names are of.
  @Test func listsSelectFromAnyDataset() throws {
    try Fixtures.withFolder { folder in
      var tar = TinyTar()
      for i in 0..<3 {
        tar.add(Array("n\n\(i).png".utf8), try ImageCodec.encodePNG(Image(width: 8, height: 8, red: UInt8(i))))
      }
      try Data(tar.finished).write(to: URL(fileURLWithPath: folder + "/x.tar"))
      try Data("\"n\\n2.png\"\nn\n".utf8).write(to: URL(fileURLWithPath: folder + "/list"))
      let dataset = try Dataset(Path(folder + "/list"), listRoot: Path(folder + "/x.tar"))
      let set = try ImageSet(ImageReader(dataset, threads: 1))
      #expect(set.records.map(\.path.description) == ["n\n2.png"] && set.image(0).pixels[0] == 2)
      #expect(set.unreadable.map(\.reason) == ["file.missing: no such file"])
    }
  }

  /// A list of some images of a dataset names places in it, however its lines are written.
  @Test func listsNamePlacesInADataset() throws {
    try Fixtures.withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/d", withIntermediateDirectories: false)
      for name in ["a.png", "b c.png", "#d.png", "e.png"] {
        try Data(ImageCodec.encodePNG(Image(width: 8, height: 8, red: 1))).write(
          to: URL(fileURLWithPath: folder + "/d/" + name))
      }
      let dataset = try Dataset(Path(folder + "/d"))
      func names(_ text: String, isNullDelimited: Bool = false) throws -> [String] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/list"))
        return try PathList.places(folder + "/list", isNullDelimited: isNullDelimited, in: dataset)
          .map { dataset.entries[$0].path.description }.sorted()
      }
      #expect(try names("# mine\r\n\r\ne.png\r\n\"b\\040c.png\"\ne.png 3\n") == ["b c.png", "e.png"])
      #expect(try names("\u{FEFF}a.png\ne.png\n") == ["a.png", "e.png"])
      #expect(try names("#d.png\na.png") == ["#d.png", "a.png"])
      #expect(try names("a.png\0b c.png\0", isNullDelimited: true) == ["a.png", "b c.png"])
      #expect { try names("a.png\nnone.png\n") } throws: { "\($0)".contains("line 2 names none.png") }
      #expect { try PathList.places(folder + "/no", isNullDelimited: false, in: dataset) } throws: {
        "\($0)".contains("no such list")
      }
    }
  }
}
