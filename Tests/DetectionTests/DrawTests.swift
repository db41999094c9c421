import Datasets
import Detection
import Foundation
import Images
import TestSupport
import Testing

/// Which images are looked at first, and in which part they are, must not be up to whoever wrote the files.
@Suite struct DrawTests {
  private static let chosen = 0..<40
  private static let count = 160

  /// Images of which the first have digests that start with 0xF0 or more, and of which the second byte is a multiple of three: bytes that no
  /// decoder reads are appended until they do.
  private func set(seed: UInt64, reversed: Bool = false) throws -> ImageSet {
    try Fixtures.withFolder { folder in
      for i in 0..<Self.count {
        let image = Image(width: 8, height: 8, red: UInt8(i), green: UInt8(255 - i), blue: 7)
        let plain = try ImageCodec.encodePNG(image)
        var file = plain
        var tries = 0
        func isChosen(_ bytes: [UInt8]) -> Bool { bytes[0] >= 0xF0 && bytes[1] % 3 == 0 }
        while Self.chosen.contains(i), !isChosen(Digest(of: file).bytes) {
          tries += 1
          file = plain + Array("\(tries)".utf8)
        }
        let name = String(format: "%04d.png", reversed ? Self.count - i : i)
        try Data(file).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: 8, threads: 1), seed: seed)
    }
  }

  @Test func chosenDigestsNeitherHideImagesNorCrowdThem() throws {
    for seed in [0, 1, 2] as [UInt64] {
      let set = try set(seed: seed)
      #expect(set.count == Self.count)
      // Half of all: of the forty 20 are expected, with a deviation of 2.7.
      let drawn = set.sample(Self.count / 2).count { Self.chosen.contains($0) }
      #expect((9...31).contains(drawn), "seed \(seed): \(drawn)")
      // A third in each part: 13, with a deviation of 3.
      for fold in 0..<ImageSet.folds {
        let inside = Self.chosen.count { set.fold($0) == fold }
        #expect((2...25).contains(inside), "seed \(seed): \(inside) in part \(fold)")
      }
    }
  }

  @Test func otherSeedsDrawOthers() throws {
    let samples = try Set([0, 1, 2].map { try set(seed: $0).sample(Self.count / 2) })
    #expect(samples.count == 3)
  }

  @Test func theOrderOfFilesIsNoMatter() throws {
    let (set, reversed) = (try set(seed: 3), try set(seed: 3, reversed: true))
    func digests(_ set: ImageSet) -> Set<[UInt8]> { Set(set.sample(30).map { set.records[$0].digest.bytes }) }
    #expect(digests(set) == digests(reversed))
    let parts = Dictionary(
      uniqueKeysWithValues: (0..<reversed.count).map { (reversed.records[$0].digest.bytes, reversed.fold($0)) })
    #expect((0..<set.count).allSatisfy { set.fold($0) == parts[set.records[$0].digest.bytes] })
  }

  @Test func partsOfASetKeepTheirDraws() throws {
    let set = try set(seed: 4)
    let part = try set.subset(Array(20..<60))
    #expect((0..<part.count).allSatisfy { part.fold($0) == set.fold($0 + 20) })
  }
}
