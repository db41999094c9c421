import Foundation
import Images
import TestSupport
import Testing

import Datasets

/// Only text, nothing at all and what systems leave in folders is passed over.
@Suite struct FileKindTests {
  private static let rest: [UInt8] = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 97 >> 1) }

  /// Bytes that a file begins with, its name, and the kind as its first letter: harmless, picture, container, data.
  private static let cases: [(String, [UInt8], Character)] = [
    ("a.avif", [0, 0, 0, 0x20] + Array("ftypavif".utf8), "p"), ("a", [0, 0, 0, 0x20] + Array("ftypavis".utf8), "p"),
    ("a.heic", [0, 0, 0, 0x18] + Array("ftypheic".utf8), "p"), ("a.dat", Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "p"),
    ("a", Array("GIF89a".utf8) + [0], "p"), ("a", [0x49, 0x49, 0x2A, 0], "p"), ("a", Array("BM".utf8) + [0], "p"),
    ("a.jxl", [0xFF, 0x0A], "p"), ("a", Array("P6 2 2 255 ".utf8) + [0], "p"), ("x.png", [9, 8, 7, 0], "p"),
    ("a", Array("%PDF-1.4\n".utf8) + [0], "p"), ("a.mp4", [0, 0, 0, 0x20] + Array("ftypisom".utf8), "p"),
    ("a", [0x50, 0x4B, 3, 4], "c"), ("a.txt", [0x1F, 0x8B, 8], "c"), ("a", Array("BZh91".utf8) + [0], "c"),
    ("a", [0x28, 0xB5, 0x2F, 0xFD], "c"), ("a", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "c"),
    ("a", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "c"), ("a", Array("PAR1".utf8) + [0], "c"),
    ("a", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "c"), ("a.tfrecord", [1, 0, 0], "c"),
    ("a.npy", [0x93] + Array("NUMPY".utf8), "d"), ("a.pkl", [0x80, 4, 0x95], "d"), ("blob", [1, 2, 3], "d"),
    ("._a.jpg", [0, 5, 0x16, 7, 0, 2], "h"), ("a.jpg", [0, 5, 0x16, 7, 0, 2], "p"),
    ("0123456789abcdef0123456789abcdef012345", [0x78, 1, 0], "h"), ("a.pack", Array("PACK".utf8) + [0], "h"),
    ("object", [0x78, 1, 0], "d"), ("thumbs.db", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "h"),
    ("x", [0, 0, 0, 1] + Array("Bud1".utf8), "d"),
    (".DS_Store", [0, 0, 0, 1] + Array("Bud1".utf8), "h"),
    ("Thumbs.db", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "h"),
    ("other.db", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "d"),
  ]

  @Test(arguments: cases.indices) func bytesDecide(_ i: Int) {
    let (name, head, kind) = Self.cases[i]
    let found = FileKind(head + Self.rest, name: Path(name))
    #expect(String(describing: found).first == kind, "\(name): \(found)")
  }

  /// Whole files of text, name by name.
  private static let texts: [(String, String, Character)] = [
    ("README.md", "# Notes\n", "h"), ("labels.json", "{\"a\": 1}", "h"), ("naïve.txt", "é\r\n\t", "h"),
    ("empty", "", "h"),
    ("empty.png", "", "p"), ("empty.tar", "", "c"), ("page.jpg", "<html>", "p"), ("x.svg", "<svg/>", "p"),
    ("drawing", "<?xml version='1.0'?>\n<svg xmlns='x'/>", "p"), ("x", "/* XPM */\nstatic", "p"),
    ("x", "#define a_width 8\n#define a_height 8\n", "p"), ("x.dat", "P3\n1 1 255 0 0 0", "p"),
    ("Pears.txt", "P3ars", "h"),
    ("BMW.txt", "BMW and GIF8 are words", "h"), ("x.zip", "PK is a text here", "c"),
    ("a.jsonl", "{\"image\": \"iVBORw0KGgoAAAANSUhEUg\"}", "d"),
    ("page.html", "<img src='data:image/png;base64,x'>", "d"),
    ("page.html", "<!-- \(String(repeating: "x", count: 5000)) -->\n<svg>", "p"), ("page.html", "<p>A text.", "h"),
    ("x", "P6\n1 1\n255\nabc", "p"), ("x", "\u{FEFF}\n<svg/>", "p"), ("x.json", #"{"i": "\/9j\/4AAQ"}"#, "d"),
    ("x", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "d"),
    ("x", "/annex/objects/SHA256E-s1--0", "d"),
  ]

  /// Pixels could pass for text in other codes than UTF-8.
  @Test(
    arguments: [[0xE9, 0x74, 0xE9, 0x0A], [0xFF, 0xFE, 0x41, 0, 0x0D, 0, 0x0A, 0], [0x41, 0x1A, 0]] as [[UInt8]])
  func otherCodesAreNoText(_ bytes: [UInt8]) {
    #expect(FileKind(bytes, name: Path("labels.csv")) == .data("unknown data"))
  }

  @Test(arguments: texts.indices) func textIsPassedOverUnlessItIsAnImage(_ i: Int) {
    let (name, text, kind) = Self.texts[i]
    let found = FileKind(Array(text.utf8), name: Path(name))
    #expect(String(describing: found).first == kind, "\(name): \(found)")
  }

  /// Archives that do not begin like one: the oldest tar has no signature, a zip is found from its end.
  @Test func archivesThatHideAreFound() throws {
    var tar = TinyTar()
    tar.add("a.png", Self.rest)
    var old = tar.bytes
    let stars = 257..<265
    let sum = old[..<512].enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.0) || stars.contains($1.0) ? 0 : Int($1.1))
    }
    for i in stars { old[i] = 0 }
    let digits = String(sum + 8 * 0x20, radix: 8)
    for (i, digit) in (String(repeating: "0", count: 6 - digits.count) + digits).utf8.enumerated() {
      old[148 + i] = digit
    }
    #expect(FileKind(old, name: Path("notes.dat")) == .container("tar"))
    old[0] ^= 1
    #expect(FileKind(old, name: Path("notes.dat")) == .data("unknown data"))
    let zip = Self.rest + Fixtures.bytes("archives/small.zip")
    #expect(FileKind(zip, name: Path("notes.dat")) == .container("zip"))
    #expect(FileKind(Array("BM".utf8) + zip, name: Path("a.bmp")) == .container("zip"))
    #expect(FileKind(Self.rest, name: Path("notes.dat")) == .data("unknown data"))
  }
}
