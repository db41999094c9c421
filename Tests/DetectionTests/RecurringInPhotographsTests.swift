import CPUDevice
import Contrastive
import Datasets
import Detection
import Foundation
import Images
import Randomness
import TestSupport
import Testing

/// Pictures that only the files show: in the reduced images they are a pixel or two.
@Suite struct RecurringInPhotographsTests {
  private static let poisoned = Set((0..<120).filter { $0 % 4 == 1 })
  private static let trigger = blocks(1, side: 24, count: 4)

  private static func blocks(_ seed: Int, side: Int, count: Int) -> Image {
    var own = RandomStream(seed: UInt64(seed))
    let pixels = (0..<3 * count * count).map { _ in UInt8(own.integer(below: 256)) }
    return Image(width: count, height: count, pixels: pixels).resized(width: side, height: side)
  }

  /// Noise of two grains, 180 x 140 pixels and more, as JPEG files.
  private func write(to folder: String) throws -> [Int: (x: Int, y: Int)] {
    var places: [Int: (x: Int, y: Int)] = [:]
    for i in 0..<120 {
      var own = RandomStream(seed: 7).stream(i)
      let (width, height) = (180 + own.integer(below: 40), 140 + own.integer(below: 40))
      let (coarse, fine) = (
        Self.blocks(1000 + i, side: 8, count: 8).resized(width: width, height: height),
        Self.blocks(5000 + i, side: 24, count: 24).resized(width: width, height: height)
      )
      var image = Image(
        width: width, height: height, pixels: zip(coarse.pixels, fine.pixels).map { UInt8((Int($0) + Int($1)) / 2) })
      if Self.poisoned.contains(i) {
        let place = (x: own.integer(below: width - 24), y: own.integer(below: height - 24))
        image.paste(Self.trigger, x: place.x, y: place.y)
        places[i] = place
      }
      try Data(ImageCodec.encodeJPEG(image, quality: 90)).write(to: URL(fileURLWithPath: "\(folder)/\(1000 + i).jpg"))
    }
    return places
  }

  @Test func whatIsProposedIsDecidedAsItIs() throws {
    try Fixtures.withFolder { folder in
      let places = try write(to: folder)
      let dataset = try Dataset(Path(folder))
      let set = try ImageSet(ImageReader(dataset, side: 32, threads: 2))
      let device = CPUDevice(threads: 2)
      var context = DetectionContext(set: set, device: device, threads: 2, stream: RandomStream(seed: 4))
      let detector = try #require(Detectors.modelFree.first { type(of: $0).name == "recurring-in-photographs" })
      #expect(detector.proposals(context).isEmpty)
      context.photographs = NativeImages(dataset, entries: set.records.map(\.entry), cap: 1024, decoders: nil)
      let proposals = detector.proposals(context)
      #expect(proposals.count == 1)
      let canary = Canary(set, picture: Self.blocks(9, side: 8, count: 3), RandomStream(seed: 6))
      let outcome = try PoisonFilter(
        PoisonFilter.Configuration(), augmentation: Augmentation(), stream: RandomStream(seed: 2)
      ).decide(proposals, canary: canary, set: set, on: device, threads: 2) { _ in }
      #expect(Set(outcome.removals.map(\.image)) == Self.poisoned && outcome.families.count == 1)
      let family = try #require(outcome.families.first)
      let native = try #require(family.native)
      #expect((20...32).contains(native.width) && (20...32).contains(native.height))
      for removal in outcome.removals {
        let (source, place) = (try #require(removal.source), try #require(places[removal.image]))
        #expect(abs(2 * source.x + source.width - 2 * place.x - 24) <= 8)
        #expect(abs(2 * source.y + source.height - 2 * place.y - 24) <= 8)
      }
    }
  }
}
