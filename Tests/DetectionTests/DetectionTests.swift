import CPUDevice
import Contrastive
import Datasets
import Detection
import Foundation
import Images
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

@Suite struct DetectionTests {
  /// Images of smooth noise; those in `poisoned` carry the same 8-pixel picture at random places.
  private func set(_ count: Int, side: Int = 24, poisoned: Set<Int>) throws -> (ImageSet, [Int: Window]) {
    let trigger = picture(8, seed: 99)
    var places: [Int: Window] = [:]
    let images = (0..<count).map { i -> Image in
      var image = picture(6, seed: UInt64(1000 + i)).resized(width: side, height: side)
      if poisoned.contains(i) {
        var stream = RandomStream(seed: 5).stream(i)
        let (x, y) = (stream.integer(below: side - 7), stream.integer(below: side - 7))
        image.paste(trigger, x: x, y: y)
        places[i] = Window(x: x, y: y, side: 8)
      }
      return image
    }
    let set = try Fixtures.withFolder { folder in
      for (i, image) in images.enumerated() {
        try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: folder + "/\(1000 + i).png"))
      }
      return ImageSet(try Dataset(Path(folder)), side: side, threads: 2)
    }
    return (set, places)
  }

  private func picture(_ side: Int, seed: UInt64) -> Image {
    var stream = RandomStream(seed: seed)
    return Image(
      width: side, height: side, pixels: (0..<3 * side * side).map { _ in UInt8(stream.integer(below: 256)) })
  }

  /// Candidates whose windows are up to two pixels off the trigger; others are random windows.
  private func candidates(_ set: ImageSet, _ places: [Int: Window]) -> [PatchSearch.Candidate] {
    (0..<set.count).map { i in
      var stream = RandomStream(seed: 8).stream(i)
      let span = set.side - 10
      let window: Window
      if let place = places[i] {
        window = Window(
          x: max(0, min(span, place.x - 1 + stream.integer(below: 3) - 1)),
          y: max(0, min(span, place.y - 1 + stream.integer(below: 3) - 1)), side: 10)
      } else {
        window = Window(x: stream.integer(below: span + 1), y: stream.integer(below: span + 1), side: 10)
      }
      return .init(
        image: i, cluster: 0, window: window,
        score: .init(flips: places[i] == nil ? 0 : 9, shift: places[i] == nil ? 0 : 0.5, images: 64))
    }
  }

  @Test func windowsWithTheLargestSumsAreFoundAndDiffer() {
    var map = [Float](repeating: 0, count: 400)
    for y in 3..<8 { for x in 11..<16 { map[y * 20 + x] = 2 } }
    for y in 13..<18 { for x in 2..<7 { map[y * 20 + x] = 1 } }
    let windows = Localizer.windows(map, side: 20, window: 5, count: 2)
    #expect(windows == [Window(x: 11, y: 3, side: 5), Window(x: 2, y: 13, side: 5)])
  }

  @Test func windowAsLargeAsTheImageIsTheImage() {
    #expect(
      Localizer.windows([Float](repeating: 1, count: 16), side: 4, window: 4, count: 3) == [Window(x: 0, y: 0, side: 4)]
    )
  }

  @Test func matchFindsAPatchWhereItIs() throws {
    let (set, places) = try set(3, poisoned: [1])
    let place = PatchMatch(picture(8, seed: 99)).best(in: set, 1)
    #expect(place.x == places[1]?.x && place.y == places[1]?.y && place.correlation > 0.999)
    #expect(PatchMatch(picture(8, seed: 99)).best(in: set, 0).correlation < 0.7)
  }

  @Test func largePatchesAreFoundThroughASmallerScale() throws {
    let trigger = picture(11, seed: 7).resized(width: 40, height: 40)
    let (x, y) = (37, 21)
    let set = try Fixtures.withFolder { folder in
      var image = picture(9, seed: 8).resized(width: 120, height: 120)
      image.paste(trigger, x: x, y: y)
      try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: folder + "/1.png"))
      return ImageSet(try Dataset(Path(folder)), side: 120, threads: 1)
    }
    let place = PatchMatch(trigger).best(in: set, 0)
    #expect(place.x == x && place.y == y && place.correlation > 0.999)
  }

  @Test func oneFamilyIsRecoveredExactly() throws {
    let poisoned = Set(stride(from: 0, to: 60, by: 3))
    let (set, places) = try set(60, poisoned: poisoned)
    let ranked = candidates(set, places).sorted { ($0.score.shift, $1.image) > ($1.score.shift, $0.image) }
    let families = FamilySearch(.init(), set: set, threads: 2, RandomStream(seed: 1)).families(ranked)
    #expect(families.count == 1)
    let family = try #require(families.first)
    #expect(Set(family.members.map { ranked[$0].image }).isSubset(of: poisoned))
    #expect(family.members.count >= 15)
    #expect(family.trigger.image == picture(8, seed: 99))
  }

  @Test func unrelatedWindowsAreNoFamily() throws {
    let (set, places) = try set(60, poisoned: [])
    #expect(
      FamilySearch(.init(), set: set, threads: 2, RandomStream(seed: 1)).families(candidates(set, places)).isEmpty)
  }

  @Test func identicalFlatWindowsAreNoFamily() throws {
    let set = try Fixtures.withFolder { folder in
      for i in 0..<40 {
        try Data(ImageCodec.encodePNG(Image(width: 24, height: 24, red: UInt8(i), green: 9, blue: 9)))
          .write(to: URL(fileURLWithPath: folder + "/\(100 + i).png"))
      }
      return ImageSet(try Dataset(Path(folder)), side: 24, threads: 1)
    }
    #expect(FamilySearch(.init(), set: set, threads: 1, RandomStream(seed: 1)).families(candidates(set, [:])).isEmpty)
  }

  /// Patches of sky have the same tint everywhere; that makes them no trigger.
  @Test func sameTintIsNoFamily() throws {
    let set = try Fixtures.withFolder { folder in
      for i in 0..<160 {
        var stream = RandomStream(seed: 31).stream(i)
        let image =
          i < 30
          ? Image(
            width: 24, height: 24,
            pixels: (0..<3 * 576).map { UInt8([60, 100, 170][$0 % 3] + stream.integer(below: 20)) })
          : picture(6, seed: UInt64(i)).resized(width: 24, height: 24)
        try Data(ImageCodec.encodePNG(image)).write(to: URL(fileURLWithPath: folder + "/\(1000 + i).png"))
      }
      return ImageSet(try Dataset(Path(folder)), side: 24, threads: 1)
    }
    let ranked = Array(candidates(set, [:]).prefix(30))
    #expect(FamilySearch(.init(), set: set, threads: 2, RandomStream(seed: 1)).families(ranked).isEmpty)
  }

  private func decide(_ count: Int, poisoned: Set<Int>) throws -> PoisonFilter.Outcome {
    let (set, places) = try set(count, poisoned: poisoned)
    var state = PatchSearch.State()
    state.candidates = candidates(set, places)
    state.controls = (0..<150).map { i in
      var stream = RandomStream(seed: 4).stream(i)
      return .init(
        image: i % count, cluster: 0, window: Window(x: 0, y: 0, side: 10),
        score: .init(flips: 0, shift: 0.05 * stream.normal(), images: 64))
    }
    var configuration = PoisonFilter.Configuration()
    configuration.classifier.networks = 1
    configuration.classifier.iterations = 60
    configuration.classifier.batch = 32
    return try PoisonFilter(configuration, augmentation: Augmentation(), stream: RandomStream(seed: 2))
      .decide(state, set: set, on: CPUDevice(threads: 2), threads: 2) { _ in }
  }

  @Test func plantedImagesAreRemovedAndOthersKept() throws {
    let poisoned = Set(stride(from: 0, to: 120, by: 6))
    let outcome = try decide(120, poisoned: poisoned)
    let removed = Set(outcome.removals.map(\.image))
    #expect(outcome.families.count == 1)
    #expect(removed.isSuperset(of: poisoned))
    #expect(removed.subtracting(poisoned).count <= 2)
  }

  @Test func nothingIsRemovedWithoutAFamily() throws {
    let outcome = try decide(80, poisoned: [])
    #expect(outcome.families.isEmpty && outcome.removals.isEmpty && outcome.scores.isEmpty)
    #expect(outcome.candidateScores.count == 80)
  }

  @Test func searchEndsScoresOnceAndResumesAlike() throws {
    let (set, _) = try set(120, side: 16, poisoned: [])
    let configuration = Encoder.Configuration(network: .init(width: 4, blocks: [1, 1], stemStride: 2), side: 16)
    let encoder = Encoder(configuration, weights: configuration.networkWeights)
    let device = CPUDevice(threads: 2)
    let embedder = Embedder(encoder, on: device)
    var settings = PatchSearch.Configuration()
    (settings.clusters, settings.directions, settings.flipImages, settings.budget) = (6, 8, 16, 1)
    let space = SearchSpace(settings, set: set, embedder: embedder, on: device, RandomStream(seed: 1))
    let search = PatchSearch(settings, set: set, clusters: space, embedder: embedder, on: device, RandomStream(seed: 2))
    var third: PatchSearch.State?
    let whole = search.run { if $0.round == 3 { third = $0 } }
    #expect(whole.isFinished)
    #expect(Set(whole.candidates.map(\.image)).count == whole.candidates.count)
    // The last live cluster is searched to its end, not dropped when a quarter of it rounds to nothing.
    let last = try #require(whole.candidates.last?.cluster)
    #expect(
      whole.candidates.filter { $0.cluster == last }.count == space.clustering.assignments.filter { $0 == last }.count)
    let resumed = search.run(from: third) { _ in }
    #expect(whole.candidates.allSatisfy { $0.score.images == 16 })
    #expect(resumed.candidates == whole.candidates && resumed.round == whole.round)
  }
}

extension DetectionTests {
  /// Screening saves flips, but the finalists were pasted into all flip images.
  @Test func screeningScoresFinalistsInFull() throws {
    let (set, _) = try set(200, side: 16, poisoned: [])
    let configuration = Encoder.Configuration(network: .init(width: 4, blocks: [1, 1], stemStride: 2), side: 16)
    let device = CPUDevice(threads: 2)
    let embedder = Embedder(Encoder(configuration, weights: configuration.networkWeights), on: device)
    var settings = PatchSearch.Configuration()
    (settings.clusters, settings.directions, settings.budget) = (6, 8, 1)
    (settings.flipImages, settings.screeningImages, settings.finalists) = (64, 16, 5)
    let space = SearchSpace(settings, set: set, embedder: embedder, on: device, RandomStream(seed: 1))
    let state = PatchSearch(
      settings, set: set, clusters: space, embedder: embedder, on: device, RandomStream(seed: 2)
    ).run { _ in }
    var baseline: [Int: [Float]] = [:]
    for control in state.controls { baseline[control.cluster, default: []].append(control.score.shift) }
    let ranked = state.candidates.sorted {
      func relative(_ candidate: PatchSearch.Candidate) -> Float {
        let own = baseline[candidate.cluster] ?? [0]
        return candidate.score.shift - own.reduce(0, +) / Float(own.count)
      }
      return relative($0) > relative($1)
    }
    #expect(ranked.count == 200 || state.isFinished)
    #expect(ranked.prefix(3).allSatisfy { $0.score.images == 64 })
    #expect(Set(ranked.map(\.score.images)).isSubset(of: [8, 16, 64]))
    #expect(ranked.filter { $0.score.images == 64 }.count < ranked.count / 2)
  }
}

extension Encoder.Configuration {
  fileprivate var networkWeights: [String: Tensor] {
    Encoder(self, weights: [:]).network.initialWeights(RandomStream(seed: 3))
  }
}
