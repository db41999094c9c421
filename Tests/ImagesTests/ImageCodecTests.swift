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
