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
  ///
  /// - Parameter mark: What becomes of poisoned images; nil pastes the trigger.
  @discardableResult private func write(
    to folder: String, mark: ((inout Image, inout RandomStream) -> Void)? = nil
  ) throws -> [Int: (x: Int, y: Int)] {
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
      if let mark, Self.poisoned.contains(i) {
        mark(&image, &own)
      } else if Self.poisoned.contains(i) {
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

  private func proposals(_ name: String, side: Int, _ folder: String) throws -> [Proposal] {
    let dataset = try Dataset(Path(folder))
    let set = try ImageSet(ImageReader(dataset, side: side, threads: 2))
    let context = DetectionContext(
      set: set, device: CPUDevice(threads: 2), threads: 2, stream: RandomStream(seed: 4),
      photographs: NativeImages(dataset, entries: set.records.map(\.entry), cap: 1024, decoders: nil))
    let detector = try #require(Detectors.modelFree.first { type(of: $0).name == name })
    return detector.proposals(context)
  }

  /// A family of a control is no finding; what other images have of it is.
  @Test func aControlHidesNoTrigger() throws {
    try Fixtures.withFolder { folder in
      try write(to: folder) { _, _ in }
      let dataset = try Dataset(Path(folder))
      let set = try ImageSet(ImageReader(dataset, side: 32, threads: 2)).subset((0..<360).map { $0 % 120 })
      let source = NativeImages(dataset, entries: set.records.map(\.entry), cap: 1024, decoders: nil)
      let controls = try #require(NativeCanaries(set, source, RandomStream(seed: 1))).controls
      let (own, others) = (controls[0].images, (0..<360).filter { !controls[0].images.contains($0) })
      func outcome(_ more: Int) throws -> PoisonFilter.Outcome {
        let members = (own + others.prefix(more)).map {
          Proposal.Member(image: $0, score: 1, pValue: 0.001, place: nil)
        }
        var proposal = Proposal(
          detector: "recurring-in-photographs", trigger: .pattern([Float](repeating: 1, count: set.stride)),
          members: members,
          separation: Separation(
            (0..<360).map { i in members.contains { $0.image == i } ? 1 : 0 },
            decoys: [Float](repeating: 0, count: 360), members: members.map(\.image), rate: 0.01),
          isPoison: true, isExact: true)
        proposal.native = NativePicture(Self.trigger)
        return try PoisonFilter(
          PoisonFilter.Configuration(), augmentation: Augmentation(), stream: RandomStream(seed: 2)
        ).decide([proposal], canary: nil, controls: controls, set: set, on: CPUDevice(threads: 2), threads: 2) { _ in }
      }
      for more in [0, 3] {
        let found = try outcome(more)
        #expect(found.removals.isEmpty && found.controls?.map(\.images) == [own.count])
      }
      let found = try outcome(20)
      #expect(Set(found.removals.map(\.image)) == Set(others.prefix(20)) && found.controls?.first?.control == 0)
    }
  }

  /// One large image among small ones, and small ones among large ones: both sizes are looked at.
  @Test func squaresAreFoundInSmallImagesBesideLargeOnes() throws {
    try Fixtures.withFolder { folder in
      for i in 0..<200 {
        var own = RandomStream(seed: 3).stream(i)
        var image = Self.blocks(700 + i, side: 32, count: 5)
        if i % 5 == 0 {
          let white = Image(width: 6, height: 6, red: 255, green: 255, blue: 255)
          image.paste(white, x: own.integer(below: 26), y: own.integer(below: 26))
        }
        if i == 1 { image = Self.blocks(9, side: 90, count: 5) }
        try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: "\(folder)/\(1000 + i).png"))
      }
      let found = try proposals("solid-patch", side: 32, folder)
      #expect(Set(found.flatMap(\.members).map(\.image)) == Set(stride(from: 0, to: 200, by: 5)))
    }
  }

  @Test func plainSquaresAreFoundInTheFiles() throws {
    try Fixtures.withFolder { folder in
      try write(to: folder) { image, own in
        let white = Image(width: 15, height: 15, red: 255, green: 255, blue: 255)
        image.paste(white, x: own.integer(below: image.width - 15), y: own.integer(below: image.height - 15))
      }
      let found = try proposals("solid-patch", side: 32, folder)
      let members = try #require(found.first).members
      #expect(found.count == 1 && Set(members.map(\.image)).isSubset(of: Self.poisoned) && members.count >= 28)
      #expect(members.allSatisfy { abs(($0.source?.width ?? 0) - 15) <= 1 && abs(($0.source?.height ?? 0) - 15) <= 1 })
      #expect(found[0].native.map { $0.pixels[0] > 250 } == true)
    }
  }

  /// Levels that repeat in blocks of 32 pixels of the file, and noise that is stretched over the image.
  @Test(arguments: ["blocks", "noise"]) func patternsAreFound(_ kind: String) throws {
    let noise = Self.blocks(77, side: 96, count: 96)
    try Fixtures.withFolder { folder in
      try write(to: folder) { image, _ in
        let whole = noise.resized(width: image.width, height: image.height)
        for i in image.pixels.indices {
          let (x, y) = (i / 3 % image.width, i / 3 / image.width)
          let level =
            kind == "noise"
            ? (Int(whole.pixels[i]) - 128) / 6 : ((x % 32 * 15 + y % 32 * 15 + 7) / 32 % 2 == 0 ? 4 : -4)
          image.pixels[i] = UInt8(max(0, min(255, Int(image.pixels[i]) + level)))
        }
      }
      let found = try proposals("recurring-pattern", side: 96, folder)
      #expect(found.count == 1 && Set(found.flatMap(\.members).map(\.image)) == Self.poisoned)
      if case .pattern(let levels) = found.first?.trigger {
        #expect(levels.count == 3 * 96 * 96)
      } else {
        Issue.record("no pattern")
      }
    }
  }

  /// Controls are in the images that they are said to be in, whatever the order of threads, and files stay what they are.
  @Test func controlsAreHiddenInSomeImages() throws {
    try Fixtures.withFolder { folder in
      try write(to: folder) { _, _ in }
      let dataset = try Dataset(Path(folder))
      let set = try ImageSet(ImageReader(dataset, side: 96, threads: 2))
      let plain = NativeImages(dataset, entries: set.records.map(\.entry), cap: 1024, decoders: nil)
      #expect(NativeCanaries(set, plain, RandomStream(seed: 1)) == nil)
      // Twelve times the same files: room for five kinds of six.
      let many = try set.subset((0..<1440).map { $0 % 120 })
      let source = NativeImages(dataset, entries: many.records.map(\.entry), cap: 1024, decoders: nil)
      let canaries = try #require(NativeCanaries(many, source, RandomStream(seed: 1)))
      #expect(canaries.controls.count == 5 && Set(canaries.controls.flatMap(\.images)).count == 125)
      let carrying = Set(canaries.controls.filter { $0.kind.mark != .noise }.flatMap(\.images))
      let looked = Array(0..<240)
      let (before, after) = (
        source.map(looked, threads: 1, \.image), canaries.photographs.map(looked, threads: 2, \.image)
      )
      for i in looked { #expect((before[i] == after[i]) != carrying.contains(i)) }
      #expect(canaries.photographs.unchanged.map(looked, threads: 2, \.image) == before)
      let noisy = try #require(canaries.controls.first { $0.kind.mark == .noise })
      #expect(canaries.noisy.keys.sorted() == noisy.images)
      #expect(canaries.noisy.allSatisfy { many.image($0) != $1 })
    }
  }
}
