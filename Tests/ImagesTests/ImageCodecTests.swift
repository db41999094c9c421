import Foundation
import Images
import TestSupport
import Testing

@Suite struct ImageCodecTests {
  /// name followed by 15 numbers; see Fixtures/images/make.py.
  private static let expected: [(String, [Int])] = String(
    decoding: Fixtures.bytes("images/expected.txt"), as: UTF8.self
  )
  .split(separator: "\n").map { line in
    let words = line.split(separator: " ")
    return (String(words[0]), words.dropFirst().compactMap { Int($0) })
  }

  @Test(arguments: expected) func decodesAsPillowDoes(_ name: String, _ values: [Int]) throws {
    let image = try ImageCodec.decode(Fixtures.bytes("images/" + name))
    let actual = (image.pixels.prefix(12) + image.pixels.suffix(3)).map(Int.init)
    // Two levels: libjpeg-turbo builds differ in their inverse transform and upsampling.
    let tolerance = name.hasSuffix("jpg") ? 2 : 0
    #expect(zip(actual, values).allSatisfy { abs($0 - $1) <= tolerance }, "\(actual) \(values)")
  }

  @Test func sixteenBitsAreReducedWithoutGamma() throws {
    let image = try ImageCodec.decode(Fixtures.bytes("images/grey16.png"))
    let eight = try ImageCodec.decode(Fixtures.bytes("images/grey.png"))
    #expect(image == eight)
  }

  /// One bad file costs nothing but itself, wherever it is cut.
  @Test func decodersForgetBadFiles() throws {
    let bytes = Fixtures.bytes("images/colour.jpg")
    let whole = try ImageCodec.decode(bytes)
    for cut in stride(from: 2, to: bytes.count, by: 7) {
      let decoder = ImageDecoder()
      _ = try? decoder.decode(Array(bytes.prefix(cut)))
      #expect(try decoder.decode(bytes) == whole, "cut at \(cut)")
    }
  }

  /// A legal progressive file whose last scan is there six hundred times.
  @Test func progressiveBombsAreRefused() throws {
    let bytes = Fixtures.bytes("images/progressive.jpg")
    let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
    let last = try #require(scans.last)
    let (head, scan, end) = (bytes[..<last], bytes[last..<bytes.count - 2], bytes.suffix(2))
    func file(_ count: Int) -> [UInt8] { Array(head) + (0..<count).flatMap { _ in Array(scan) } + end }
    #expect(try ImageCodec.decode(file(1)) == ImageCodec.decode(bytes))
    let error = #expect(throws: ImageError.self) { try ImageCodec.decode(file(600)) }
    #expect(error?.code == .bomb)
  }

  @Test func pngComesBackExactly() throws {
    let image = try ImageCodec.decode(Fixtures.bytes("images/rgb.png"))
    #expect(try ImageCodec.decode(ImageCodec.encodePNG(image)) == image)
  }

  @Test func jpegComesBackNearly() throws {
    let image = try ImageCodec.decode(Fixtures.bytes("images/colour.jpg"))
    let again = try ImageCodec.decode(ImageCodec.encodeJPEG(image, quality: 95))
    let difference = zip(image.pixels, again.pixels).map { abs(Int($0) - Int($1)) }
    #expect(Double(difference.reduce(0, +)) / Double(difference.count) < 4)
  }

  @Test(arguments: ["rgb.png", "interlaced.png", "grey16.png", "colour.jpg", "progressive.jpg", "cmyk.jpg"])
  func truncatedFilesAreNeverFilledUp(_ name: String) {
    let bytes = Fixtures.bytes("images/" + name)
    for length in stride(from: 0, to: bytes.count - 24, by: 7) {
      #expect(throws: ImageError.self) { try ImageCodec.decode(Array(bytes[..<length])) }
    }
  }

  @Test func foreignBytesHaveACode() {
    for (bytes, code) in [
      ([], ImageError.Code.empty), (Array("<html>".utf8), .unsupportedFormat), ([0xFF, 0xD8, 0xFF, 1, 2], .corrupt),
    ] {
      let error = #expect(throws: ImageError.self) { try ImageCodec.decode(bytes) }
      #expect(error?.code == code)
    }
  }

  @Test func pixelBombsAreRefusedFromTheHeader() throws {
    var bytes = Fixtures.bytes("images/rgb.png")
    bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
    // The header's checksum has to be right for libpng to get as far as its size.
    bytes.replaceSubrange(29..<33, with: crc(Array(bytes[12..<29])))
    let error = #expect(throws: ImageError.self) { try ImageCodec.decode(bytes) }
    #expect(error?.code == .tooLarge)
  }

  private static func remarks(_ bytes: [UInt8]) throws -> ImageRemarks {
    let decoder = ImageDecoder()
    _ = try decoder.decode(bytes)
    return decoder.remarks
  }

  /// A chunk behind the header of a PNG.
  private func with(_ kind: String, _ data: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    let body = Array(kind.utf8) + data
    let length = (0..<4).map { UInt8(data.count >> (24 - 8 * $0) & 255) }
    return Array(bytes[..<33]) + length + body + crc(body) + Array(bytes[33...])
  }

  @Test func whatOthersSeeOtherwiseIsRemarkedOn() throws {
    let (png, jpeg) = (Fixtures.bytes("images/rgb.png"), Fixtures.bytes("images/colour.jpg"))
    #expect(try Self.remarks(png) == [] && Self.remarks(jpeg) == [])
    #expect(try Self.remarks(png + [0]) == .trailingData)
    // A second picture behind the first has an end of its own.
    #expect(try Self.remarks(jpeg + jpeg) == .trailingData)
    #expect(try Self.remarks(Fixtures.bytes("images/rgba.png")) == .transparency)
    #expect(try Self.remarks(with("acTL", [0, 0, 0, 2, 0, 0, 0, 0], in: png)) == .animated)
    #expect(try Self.remarks(with("gAMA", [0, 1, 0x86, 0xA0], in: png)) == .colorProfile)
    #expect(try Self.remarks(with("gAMA", [0, 0, 0xB1, 0x8F], in: png)) == [], "the gamma of sRGB")
    for (order, orientation) in [(0, 1), (0, 6), (1, 6), (1, 9)] {
      let tiff: [UInt8] =
        order == 0
        ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
        : [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0, 0]
      let body = Array("Exif".utf8) + [0, 0] + tiff
      let bytes = Array(jpeg[..<2]) + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + Array(jpeg[2...])
      #expect(try Self.remarks(bytes) == (orientation == 6 ? .orientation : []))
      // Cut anywhere, the segment says nothing or the same.
      for cut in 0..<body.count {
        let part = Array(body.prefix(cut))
        let short = Array(jpeg[..<2]) + [0xFF, 0xE1, 0, UInt8(cut + 2)] + part + Array(jpeg[2...])
        #expect(try Self.remarks(short).isSubset(of: .orientation))
      }
    }
    let profile = Array("ICC_PROFILE\0\u{1}\u{1}".utf8)
    #expect(
      try Self.remarks(Array(jpeg[..<2]) + [0xFF, 0xE2, 0, UInt8(profile.count + 2)] + profile + Array(jpeg[2...]))
        == .colorProfile)
  }

  @Test func pngsOfManyChunksAreRefused() throws {
    let png = Fixtures.bytes("images/rgb.png")
    let one = with("teXt", [], in: png)[33..<45]
    let many = Array(png[..<33]) + (0...ImageCodec.chunkLimit).flatMap { _ in one } + Array(png[33...])
    let error = #expect(throws: ImageError.self) { try ImageCodec.decode(many) }
    #expect(error?.code == .bomb)
  }

  private func crc(_ bytes: [UInt8]) -> [UInt8] {
    var value: UInt32 = .max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    value = ~value
    return (0..<4).map { UInt8(value >> (24 - 8 * UInt32($0)) & 255) }
  }
}
