import CPUDevice
import Contrastive
import Datasets
import Detection
import Foundation
import Images
import Randomness
import Tensors
import TestSupport
import Testing

@Suite struct StencilTests {
  /// Three letters, 7x5, that look different mirrored.
  private static let letters: [[UInt8]] = [
    [1, 1, 1, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0, 0], [1, 1, 0, 0, 1, 0, 1], [1, 0, 0, 0, 1, 1, 0], [1, 0, 0, 0, 1, 0, 1],
  ]

  /// Writes them in one colour.
  private func write(_ level: UInt8, into image: inout Image, x: Int, y: Int) {
    for (row, line) in Self.letters.enumerated() {
      for (column, isLetter) in line.enumerated() where isLetter == 1 {
        let at = 3 * ((y + row) * image.width + x + column)
        for c in 0..<3 { image.pixels[at + c] = level }
      }
    }
  }

  /// Images of random levels with the letters at one place have these in common, each pixel of the weight that the formula gives.
  @Test func aStencilIsWhatStaysTheSame() throws {
    let plain = try DetectorConformanceTests.set(40)
    var (images, places): ([Int: Image], [Stencil.Place]) = ([:], [])
    for i in 0..<40 {
      var (stream, image) = (RandomStream(seed: 31).stream(i), plain.image(i))
      image.pixels = image.pixels.map { _ in UInt8(stream.integer(below: 200)) }
      let (x, y) = (stream.integer(below: 17), stream.integer(below: 19))
      write(240, into: &image, x: x, y: y)
      images[i] = image
      places.append(Stencil.Place(image: i, x: x, y: y))
    }
    // A tenth of all pixels are like them.
    let others = (0..<100).map { SIMD3<Float>(repeating: $0 < 10 ? 240 : 20) }
    func stencil(_ images: [Int: Image]) -> Stencil? {
      Stencil(places, in: plain.replacing(images), frame: (7, 5), margin: 3, others: others, threads: 2)
    }
    let found = try #require(stencil(images))
    #expect(found.width == 7 && found.height == 5)
    let expected = Self.letters.enumerated().flatMap { y, line in line.indices.filter { line[$0] == 1 }.map { [$0, y] }
    }
    #expect(Set(found.cells.map { [$0.x, $0.y] }) == Set(expected))
    #expect(found.cells.allSatisfy { $0.colour == SIMD3(repeating: 240) })
    // Agreement ends at 0.97.
    let weight = 0.97 * log(0.97 / 0.1) + 0.03 * log(0.03 / 0.9)
    #expect(found.cells.allSatisfy { abs(Double($0.weight) - weight) < 1e-3 })
    // Without the letters nothing is shared.
    let without = images.mapValues { image in
      var own = image
      own.pixels = image.pixels.indices.map { image.pixels[$0] == 240 ? UInt8($0 * 37 % 200) : image.pixels[$0] }
      return own
    }
    #expect(stencil(without) == nil)
  }

  /// Scores of all images against the formula in double precision.
  @Test func aScanIsTheFormula() throws {
    var images: [Int: Image] = [:]
    let plain = try DetectorConformanceTests.set(60)
    for i in 0..<40 {
      var image = plain.image(i)
      write(255, into: &image, x: 3 * i % 17, y: 5 * i % 19)
      images[i] = image
    }
    let set = plain.replacing(images)
    let places = (0..<40).map { Stencil.Place(image: $0, x: 3 * $0 % 17, y: 5 * $0 % 19) }
    let stencil = try #require(
      Stencil(places, in: set, frame: (7, 5), margin: 2, others: [SIMD3(0, 0, 0), SIMD3(9, 99, 9)], threads: 2))
    #expect(stencil.cells.count == 16)
    let chosen = Array(stride(from: 0, to: 60, by: 1).filter { $0 % 3 != 1 })
    let scan = try #require(StencilScan(stencil, in: set, chosen, threads: 2))
    let own = Set(stencil.cells.map { [$0.x, $0.y] })
    let spread = 8 * Double(stencil.tolerance) * Double(stencil.tolerance)
    for (slot, image) in chosen.enumerated() {
      let pixels = set.image(image).pixels
      func likeness(_ x: Int, _ y: Int) -> Double {
        guard x >= 0, y >= 0, x < set.side, y < set.side else { return 0 }
        let at = 3 * (y * set.side + x)
        let squared = (0..<3).reduce(0.0) { $0 + pow(Double(pixels[at + $1]) - 255, 2) / 3 }
        return pow(max(0, 1 - squared / spread), 4)
      }
      var best = (score: -Double.infinity, x: 0, y: 0)
      for y in 0...set.side - stencil.height {
        for x in 0...set.side - stencil.width {
          var (sum, total) = (0.0, 0.0)
          for cell in stencil.cells {
            var (nearest, distance): ([[Int]], Int) = ([], .max)
            for v in -1...stencil.height {
              for u in -1...stencil.width where !own.contains([u, v]) {
                let length = (u - cell.x) * (u - cell.x) + (v - cell.y) * (v - cell.y)
                if length < distance { (nearest, distance) = ([], length) }
                if length == distance { nearest.append([u, v]) }
              }
            }
            let around = nearest.reduce(0) { $0 + likeness(x + $1[0], y + $1[1]) } / Double(nearest.count)
            sum += Double(cell.weight) * (likeness(x + cell.x, y + cell.y) - around)
            total += Double(cell.weight)
          }
          if sum / total > best.score + 1e-6 { best = (sum / total, x, y) }
        }
      }
      #expect(abs(Double(scan.scores[slot]) - best.score) < 1e-4)
      if image < 40 { #expect(scan.places[slot] == Stencil.Place(image: image, x: 3 * image % 17, y: 5 * image % 19)) }
    }
  }

  /// White letters that were found on black only are found on whatever they lie, and where they are lit differently nothing is said.
  @Test(arguments: [false, true]) func lettersAreFoundOnWhateverTheyLie(isLit: Bool) throws {
    let plain = try DetectorConformanceTests.set(400)
    var (images, places): ([Int: Image], [Int: Window]) = ([:], [:])
    for i in 0..<400 {
      // Upright bars, black beside them, as trousers are.
      var (image, stream) = (plain.image(i), RandomStream(seed: 41).stream(i))
      let (left, width) = (stream.integer(below: 12), 6 + stream.integer(below: 7))
      let level = 60 + stream.integer(below: 180)
      for k in image.pixels.indices {
        let x = k / 3 % image.width
        image.pixels[k] = x < left || x >= left + width ? 0 : UInt8(level - 30 + Int(image.pixels[k / 3 * 3]) / 9)
      }
      if i % 10 == 0 {
        let onBlack = left + width <= 24 - 7 && i % 20 == 0
        let (x, y) = (onBlack ? 24 - 7 : left + 1, stream.integer(below: 20))
        write(isLit ? UInt8(level / 2 + (i % 3) * 60) : 255, into: &image, x: x, y: y)
        places[i] = Window(x: x, y: y, side: 7)
      }
      images[i] = image
    }
    let set = plain.replacing(images)
    let context = DetectorConformanceTests.context(set, planted: 0)
    let onBlack = places.keys.filter { places[$0]?.x == 17 }.sorted()
    #expect(onBlack.count >= 6 && onBlack.count <= 20)
    // What these show: letters and the black around them.
    var picture = Image(width: 7, height: 7, pixels: [UInt8](repeating: 0, count: 3 * 49))
    write(255, into: &picture, x: 0, y: 0)
    let found = StencilMatch.members(of: PatchTemplate(picture), from: onBlack, context)
    guard !isLit else {
      #expect(found == nil)
      return
    }
    let recognition = try #require(found)
    #expect(recognition.isSettled)
    #expect(Set(recognition.members.map(\.image)) == Set(places.keys))
    // The black is not of the picture.
    #expect(recognition.template.isShared.count { $0 } == 16)
  }

  /// A picture that looks the same mirrored has no decoy.
  @Test func nothingIsSaidWithoutADecoy() throws {
    let plain = try DetectorConformanceTests.set(300)
    var square = Image(width: 6, height: 6, pixels: [UInt8](repeating: 250, count: 108))
    square.paste(Image(width: 2, height: 2, pixels: [UInt8](repeating: 5, count: 12)), x: 2, y: 2)
    var images: [Int: Image] = [:]
    for i in 0..<30 {
      var image = plain.image(i)
      image.paste(square, x: 3 * i % 18, y: 5 * i % 18)
      images[i] = image
    }
    let set = plain.replacing(images)
    let context = DetectorConformanceTests.context(set, planted: 0)
    #expect(StencilMatch.members(of: PatchTemplate(square), from: Array(0..<30), context) == nil)
  }
}
