import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Images at their own size are what the decoder gives, from workers as in this process.
@Suite struct NativeImagesTests {
  private func texture(_ width: Int, _ height: Int) -> Image {
    Image(
      width: width, height: height,
      pixels: (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
  }

  private func withImages<T>(_ body: (Dataset, [Image]) throws -> T) throws -> T {
    let images = [(40, 25), (7, 90), (120, 60), (33, 33)].map { texture($0.0, $0.1) }
    return try Fixtures.withFolder { folder in
      for (i, image) in images.enumerated() {
        try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: "\(folder)/\(i).png"))
      }
      try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/9.png"))
      return try body(try Dataset(Path(folder)), images)
    }
  }

  @Test(arguments: [1, 3]) func pixelsAreThoseOfTheFile(_ threads: Int) throws {
    try withImages { dataset, images in
      for pool in [nil, DecoderPool(program: Execution.bezoarPath)] {
        let native = NativeImages(dataset, entries: Array(dataset.entries.indices), cap: 4096, decoders: pool)
        let all = native.map(Array(0..<native.count), threads: threads) { $0 }
        #expect(all.count == 5 && all[4] == nil)
        for (i, image) in images.enumerated() {
          #expect(all[i]?.image == image && all[i]?.scale == 1 && all[i]?.index == i)
        }
      }
    }
  }

  @Test func longerSidesAreReducedToTheCap() throws {
    try withImages { dataset, images in
      for pool in [nil, DecoderPool(program: Execution.bezoarPath)] {
        let native = NativeImages(dataset, entries: Array(dataset.entries.indices), cap: 50, decoders: pool)
        let all = native.map([2, 1], threads: 1) { $0 }
        #expect(all[0]?.image == images[2].resized(width: 50, height: 25))
        #expect(all[1]?.image == images[1].resized(width: 3, height: 50))
        #expect(all[0]?.scale == 2.4 && native.scale(width: 120, height: 60) == 2.4)
      }
    }
  }
}
