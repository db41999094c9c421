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
  ///
  /// - Parameter quality: Of JPEG; nil for PNG.
  private func set(
    _ count: Int, side: Int = 24, poisoned: Set<Int>, trigger: Image? = nil, quality: Int? = nil
  ) throws -> (ImageSet, [Int: Window]) {
    let trigger = trigger ?? picture(8, seed: 99)
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
        let bytes = try quality.map { try ImageCodec.encodeJPEG(image, quality: $0) } ?? ImageCodec.encodePNG(image)
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/\(1000 + i)." + (quality == nil ? "png" : "jpg")))
      }
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: side, threads: 2))
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

  /// The class token's row of the product of whole matrices.
  @Test func aRolloutIsTheProductOfItsBlocks() {
    var draw = RandomStream(seed: 3)
    let tokens = 5
    let blocks = (0..<3).map { _ in (0..<tokens * tokens).map { _ in draw.uniform() } }
    func matrix(_ block: [Float]) -> [[Double]] {
      // 22 of 25 values are the lowest nine tenths; the first is never left out.
      let limit = block.sorted()[22]
      return (0..<tokens).map { i in
        let row = (0..<tokens).map { j -> Double in
          let value = block[i * tokens + j]
          return (value >= limit || i + j == 0 ? Double(value) : 0) + (i == j ? 1 : 0)
        }
        return row.map { $0 / row.reduce(0, +) }
      }
    }
    func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
      (0..<tokens).map { i in (0..<tokens).map { j in (0..<tokens).reduce(0.0) { $0 + a[i][$1] * b[$1][j] } } }
    }
    let whole = product(matrix(blocks[2]), product(matrix(blocks[1]), matrix(blocks[0])))
    let map = Localizer.rollout(blocks.map { $0[...] })
    #expect(map.count == tokens - 1)
    #expect(zip(map, whole[0].dropFirst()).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }

  /// A transformer with random weights: each kind of map is finite, and differs from the others; those of clusters and of classes have
  /// the images' side.
  @Test func transformersHaveMapsOfEveryKind() throws {
    let (side, device) = (16, CPUDevice(threads: 2))
    let configuration = Encoder.Configuration(
      network: .transformer(.init(patch: 4, width: 16, depth: 2, heads: 2)), side: side)
    let encoder = Encoder(configuration, weights: configuration.backbone.initialWeights(RandomStream(seed: 3)))
    let set = try set(20, side: side, poisoned: []).0
    let features = Embedder(encoder, on: device).features(set)
    let probe = LinearProbe(features, labels: (0..<20).map { $0 % 2 }, classes: 2, on: device)
    let aims = Features(width: 2, values: (0..<20).flatMap { $0 % 2 == 0 ? [Float(1), 0] : [0, 1] })
    let maps = Saliency.allCases.map { saliency in
      Localizer(encoder, saliency, probe: probe, set: set, on: device).heatMaps(Array(0..<20), targets: aims)
    }
    for all in maps {
      #expect(all.count == 20)
      #expect(all.allSatisfy { $0.count == side * side && $0.allSatisfy { $0.isFinite && $0 >= 0 } })
    }
    #expect(maps[0] != maps[1] && maps[1] != maps[2])
    // Attention aims at nothing.
    let others = Features(width: 2, values: (0..<20).flatMap { $0 % 2 == 0 ? [Float(0), 1] : [1, 0] })
    let again = Localizer(encoder, .attentionRollout, probe: probe, set: set, on: device)
      .heatMaps(Array(0..<20), targets: others)
    #expect(again == maps[1])
    let space = ClusterSpace(features, directions: 4, on: device, RandomStream(seed: 1))
    let rows = space(features)
    let tied = Localizer(encoder, .gradientRollout, space: space, set: set, on: device)
      .heatMaps([3, 7], targets: rows.subset([3, 7]))
    #expect(tied.count == 2 && tied[0].contains { $0 > 0 })
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
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: 120, threads: 1))
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
    #expect(family.recovered.picture.image == picture(8, seed: 99) && family.recovered.light == .same)
  }

  /// JPEG halves the resolution of colours, so that half of such a trigger's pixels differ by more than 24 levels with where it lies.
  @Test func compressedTriggersAreAFamily() throws {
    let poisoned = Set(stride(from: 0, to: 60, by: 3))
    var stream = RandomStream(seed: 3)
    let colours = (0..<48).map { _ in UInt8(255 * stream.integer(below: 2)) }
    let trigger = Image(
      width: 8, height: 8, pixels: (0..<192).map { colours[3 * ($0 / 24 / 2 * 4 + $0 / 3 % 8 / 2) + $0 % 3] })
    let (set, places) = try set(60, poisoned: poisoned, trigger: trigger, quality: 90)
    let ranked = candidates(set, places).sorted { ($0.score.shift, $1.image) > ($1.score.shift, $0.image) }
    let families = FamilySearch(.init(), set: set, threads: 2, RandomStream(seed: 1)).families(ranked)
    let members = families.flatMap { $0.members.map { ranked[$0].image } }
    #expect(families.count == 1 && members.count >= 10 && Set(members).isSubset(of: poisoned), "\(members)")
  }

  /// A window that misses the trigger by two pixels each way has half of it and half of the image.
  @Test func windowsBesideTheTriggerAreAFamilyByTheirInnermostPixels() throws {
    let poisoned = Set(stride(from: 0, to: 60, by: 3))
    let (set, places) = try set(60, poisoned: poisoned)
    let ranked = candidates(set, places).map { candidate -> PatchSearch.Candidate in
      guard let place = places[candidate.image] else { return candidate }
      var candidate = candidate
      let (dx, dy) = (candidate.image % 2 == 0 ? -2 : 2, candidate.image % 4 < 2 ? -2 : 2)
      (candidate.window.x, candidate.window.y) = (place.x - 1 + dx, place.y - 1 + dy)
      return candidate
    }.filter { (0...set.side - 10).contains($0.window.x) && (0...set.side - 10).contains($0.window.y) }
    var configuration = FamilySearch.Configuration()
    let found = FamilySearch(configuration, set: set, threads: 2, RandomStream(seed: 1)).families(ranked)
    #expect(found.map(\.recovered.picture.image) == [picture(8, seed: 99)])
    #expect(Set(found.flatMap { $0.members.map { ranked[$0].image } }).isSubset(of: poisoned))
    configuration.centres = [0.8]
    #expect(FamilySearch(configuration, set: set, threads: 2, RandomStream(seed: 1)).families(ranked).isEmpty)
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
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: 24, threads: 1))
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
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: 24, threads: 1))
    }
    let ranked = Array(candidates(set, [:]).prefix(30))
    #expect(FamilySearch(.init(), set: set, threads: 2, RandomStream(seed: 1)).families(ranked).isEmpty)
  }

  private func decide(_ count: Int, poisoned: Set<Int>, canary: Bool = false) throws -> PoisonFilter.Outcome {
    let (set, places) = try set(count, poisoned: poisoned)
    let control = canary ? Canary(set, picture: picture(7, seed: 55), RandomStream(seed: 6)) : nil
    return try decide(set, places, by: Detectors.all, canary: control, iterations: 60, batch: 32)
  }

  /// The filter's decision after a search whose windows at `places` stand above its controls.
  private func decide(
    _ set: ImageSet, _ places: [Int: Window], by detectors: [any Detector], canary: Canary?, iterations: Int,
    batch: Int, encoderSide: Int = 24
  ) throws -> PoisonFilter.Outcome {
    var state = PatchSearch.State()
    state.candidates = candidates(set, places)
    state.controls = (0..<150).map { i in
      var stream = RandomStream(seed: 4).stream(i)
      return .init(
        image: i % set.count, cluster: 0, window: Window(x: 0, y: 0, side: 10),
        score: .init(flips: 0, shift: 0.05 * stream.normal(), images: 64))
    }
    var configuration = PoisonFilter.Configuration()
    configuration.classifier.networks = 1
    configuration.classifier.iterations = iterations
    configuration.classifier.batch = batch
    let device = CPUDevice(threads: 2)
    let context = DetectionContext(
      set: canary?.set ?? set, device: device, threads: 2, stream: RandomStream(seed: 1), search: state)
    return try PoisonFilter(configuration, augmentation: Augmentation(), stream: RandomStream(seed: 2))
      .decide(
        detectors.flatMap { $0.proposals(context) }, canary: canary, set: set,
        encoderSet: try set.resized(to: encoderSide, threads: 2), on: device, threads: 2
      ) { _ in }
  }

  @Test func plantedImagesAreRemovedAndOthersKept() throws {
    let poisoned = Set(stride(from: 0, to: 120, by: 6))
    let outcome = try decide(120, poisoned: poisoned)
    let removed = Set(outcome.removals.map(\.image))
    #expect(outcome.families.count == 1)
    #expect(outcome.families.first?.detectors.sorted() == ["patch-search", "recurring-colours", "recurring-patch"])
    #expect(removed.isSuperset(of: poisoned))
    #expect(removed.subtracting(poisoned).count <= 2)
  }

  /// An object of changing size, angle and background has no one picture: the search's windows and the
  /// classifier find it.
  @Test func objectOfChangingSizeIsFoundByClassifier() throws {
    let (plain, _) = try set(300, poisoned: [])
    // Turned four ways.
    let objects = (0..<4).map { turn in
      Image(
        width: 3, height: 3,
        pixels: (0..<9).flatMap { i -> [UInt8] in
          var (x, y) = (i % 3, i / 3)
          for _ in 0..<turn { (x, y) = (y, 2 - x) }
          return [0, 1, 3, 8].contains(3 * y + x) ? [255, 0, 40] : [0, 255, 0]
        })
    }
    var (planted, places): ([Int: Image], [Int: Window]) = ([:], [:])
    for i in stride(from: 0, to: 300, by: 7) {
      var (image, stream) = (plain.image(i), RandomStream(seed: 15).stream(i))
      let side = 6 + stream.integer(below: 7)
      let (x, y) = (stream.integer(below: 25 - side), stream.integer(below: 25 - side))
      image.paste(objects[i / 7 % 4].resized(width: side, height: side), x: x, y: y)
      planted[i] = image
      places[i] = Window(x: x, y: y, side: 8)
    }
    let poisoned = plain.replacing(planted)
    func removed(_ images: ImageSet, encoderSide: Int = 24, iterations: Int = 200) throws -> PoisonFilter.Outcome {
      try decide(
        images, places, by: [SearchedPatches()], canary: nil, iterations: iterations, batch: 64,
        encoderSide: encoderSide)
    }
    // The classifier may see smaller images than those that places are in.
    for (side, iterations) in [(24, 200), (16, 100)] {
      let outcome = try removed(poisoned, encoderSide: side, iterations: iterations)
      let found = Set(outcome.removals.map(\.image))
      #expect(outcome.families.count == 1, "\(side)")
      #expect(outcome.removals.allSatisfy { $0.evidence == .classifier && ($0.place.map { $0.side == 10 } ?? true) })
      #expect(found.intersection(planted.keys).count * 10 >= planted.count * 9, "\(side)")
      #expect(found.subtracting(planted.keys).count <= 1, "\(side)")
    }
    // The same windows of images that carry nothing are no family.
    let nothing = try removed(plain)
    #expect(nothing.families.isEmpty && nothing.removals.isEmpty)
  }

  /// Three colours of a round object, from 6 to 10 pixels, turned by any angle.
  private func paste(into image: inout Image, _ stream: inout RandomStream) -> Window {
    let colours: [[UInt8]] = [[255, 0, 40], [0, 255, 0], [255, 0, 255]]
    let (side, angle) = (6 + stream.integer(below: 5), Double(stream.uniform(0, 6.28)))
    let (x, y) = (stream.integer(below: 25 - side), stream.integer(below: 25 - side))
    for v in 0..<side {
      for u in 0..<side {
        let (dx, dy) = (Double(u) + 0.5 - Double(side) / 2, Double(v) + 0.5 - Double(side) / 2)
        guard dx * dx + dy * dy <= Double(side * side) / 4 else { continue }
        let sector = Int((atan2(dy, dx) + angle) / (2 * .pi / 3) + 3) % 3
        let at = 3 * ((y + v) * 24 + x + u)
        image.pixels.replaceSubrange(at..<at + 3, with: colours[sector])
      }
    }
    return Window(x: x, y: y, side: side)
  }

  /// An object that is turned anyhow and changes size is no one picture, but its colours are.
  @Test func objectOfChangingSizeIsFoundByItsColours() throws {
    let (plain, _) = try set(400, poisoned: [])
    let dull = plain.replacing(
      Dictionary(
        uniqueKeysWithValues: (0..<400).map { i in
          var image = plain.image(i)
          image.pixels = image.pixels.map { 64 + $0 / 2 }
          return (i, image)
        }))
    var (planted, places): ([Int: Image], [Int: Window]) = ([:], [:])
    for i in stride(from: 0, to: 400, by: 33) {
      var (image, stream) = (dull.image(i), RandomStream(seed: 15).stream(i))
      places[i] = paste(into: &image, &stream)
      planted[i] = image
    }
    let poisoned = dull.replacing(planted)
    let context = DetectorConformanceTests.context(poisoned, planted: 0)
    #expect(RecurringPatches().proposals(context).isEmpty)
    let found = RecurringColours().proposals(context)
    #expect(found.map { Set($0.members.map(\.image)) } == [Set(planted.keys)])
    for member in found.first?.members ?? [] {
      let (frame, object) = (try #require(member.place), try #require(places[member.image]))
      let (x, y) = (object.x + object.side / 2, object.y + object.side / 2)
      #expect((frame.x..<frame.x + frame.side).contains(x) && (frame.y..<frame.y + frame.side).contains(y))
    }
    #expect(RecurringColours().proposals(DetectorConformanceTests.context(dull, planted: 0)).isEmpty)
    // The filter keeps what it found, and says what it was told by.
    let outcome = try decide(poisoned, [:], by: [RecurringColours()], canary: nil, iterations: 1, batch: 8)
    #expect(Set(outcome.removals.map(\.image)) == Set(planted.keys))
    #expect(outcome.removals.allSatisfy { $0.evidence == .colours })
  }

  /// A plain rectangle has no picture, and its colour may be one that images are full of.
  @Test(arguments: [(width: 6, height: 6, quality: 0), (4, 9, 0), (7, 7, 85)])
  func plainRectangleIsFound(width: Int, height: Int, quality: Int) throws {
    let colour: [UInt8] = quality == 0 ? [128, 140, 120] : [250, 250, 250]
    let (plain, _) = try set(400, poisoned: [])
    var (planted, places): ([Int: Image], [Int: (x: Int, y: Int)]) = ([:], [:])
    for i in stride(from: 0, to: 400, by: 12) {
      var (image, stream) = (plain.image(i), RandomStream(seed: 16).stream(i))
      let (x, y) = (stream.integer(below: 25 - width), stream.integer(below: 25 - height))
      image.paste(DetectorConformanceTests.solid(width, height, colour), x: x, y: y)
      (planted[i], places[i]) = (image, (x, y))
    }
    var poisoned = plain.replacing(planted)
    if quality > 0 {
      poisoned = try poisoned.replacing(
        Dictionary(
          uniqueKeysWithValues: (0..<400).map { i in
            (i, try ImageCodec.decode(ImageCodec.encodeJPEG(poisoned.image(i), quality: quality)))
          }))
    }
    let context = DetectorConformanceTests.context(poisoned, planted: 0)
    #expect(RecurringPatches().proposals(context).isEmpty)
    let found = SolidPatches().proposals(context)
    #expect(found.map { Set($0.members.map(\.image)) } == [Set(planted.keys)])
    for member in found.first?.members ?? [] {
      let (frame, place) = (try #require(member.place), try #require(places[member.image]))
      #expect(frame.side == max(width, height))
      #expect(frame.x <= place.x && place.x + width <= frame.x + frame.side)
      #expect(frame.y <= place.y && place.y + height <= frame.y + frame.side)
    }
    // What is planted to see what it does is the rectangle alone.
    let shown = try #require(found.first?.trigger?.shown)
    #expect(shown.width == width && shown.height == height)
    if quality == 0 { #expect(shown.pixels == DetectorConformanceTests.solid(width, height, colour).pixels) }
  }

  /// Plain parts that come in all sizes are what images are made of.
  @Test(arguments: [true, false]) func plainPartsOfAllSizesAreNoMark(isOneColour: Bool) throws {
    let (plain, _) = try set(400, poisoned: [])
    var planted: [Int: Image] = [:]
    for i in stride(from: 0, to: 400, by: 3) {
      var (image, stream) = (plain.image(i), RandomStream(seed: 17).stream(i))
      let (width, height) = (3 + stream.integer(below: 7), 3 + stream.integer(below: 7))
      let (x, y) = (stream.integer(below: 25 - width), stream.integer(below: 25 - height))
      let colour = isOneColour ? [255, 255, 255] : (0..<3).map { _ in UInt8(stream.integer(below: 256)) }
      image.paste(DetectorConformanceTests.solid(width, height, colour), x: x, y: y)
      planted[i] = image
    }
    let context = DetectorConformanceTests.context(plain.replacing(planted), planted: 0)
    #expect(SolidPatches().proposals(context).isEmpty)
  }

  /// Images that are of other colours all over are of another kind, and carry nothing.
  @Test func imagesOfAnotherTintCarryNothing() throws {
    let (plain, _) = try set(400, poisoned: [])
    var (grey, tinted): ([Int: Image], [Int: Image]) = ([:], [:])
    for i in 0..<400 {
      var image = plain.image(i)
      for k in stride(from: 0, to: image.pixels.count, by: 3) {
        image.pixels[k + 1] = image.pixels[k]
        image.pixels[k + 2] = image.pixels[k]
      }
      grey[i] = image
      for k in image.pixels.indices where k % 3 > 0 { image.pixels[k] /= 4 }
      if i % 20 == 0 { tinted[i] = image }
    }
    let set = plain.replacing(grey).replacing(tinted)
    #expect(RecurringColours().proposals(DetectorConformanceTests.context(set, planted: 0)).isEmpty)
  }

  /// A mixture of the same colours is the same whatever lies where, and its decoy is another one.
  @Test func coloursAreSharesOfLevels() {
    let pixels: [Float] = [255, 0, 0, 0, 0, 0, 255, 63.75, 0, 255, 0, 0]
    let values = ColourHistogram.values(pixels)
    // Red: 2 + half of the third pixel, whose green lies half way to the next level; black: one.
    #expect(abs(values[18] - (2.5 / 4).squareRoot()) < 1e-6 && abs(values[0] - 0.5) < 1e-6)
    #expect(abs(values[21] - (0.5 / 4).squareRoot()) < 1e-6)
    #expect(abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    #expect(ColourHistogram.values(Array(pixels[6...] + pixels[..<6])) == values)
    for exchange in ColourHistogram.exchanges + ColourHistogram.inversions {
      #expect(exchange.sorted() == Array(0..<27) && exchange != Array(0..<27))
    }
    #expect(ColourHistogram.exchanges.count == 5 && ColourHistogram.inversions.count == 6)
  }

  /// Large images are looked at reduced; the picture is recovered at their own size, wherever it lies.
  @Test func pictureInLargeImagesIsRecoveredLevelForLevel() throws {
    let (plain, _) = try set(150, side: 128, poisoned: [])
    // Hard edges: a place that is off by one pixel of the reduced image agrees with no other.
    let cells = picture(6, seed: 99).pixels.map { UInt8($0 < 128 ? 0 : 255) }
    let trigger = Image(
      width: 30, height: 30,
      pixels: (0..<2700).map { k in cells[3 * (k / 3 / 30 / 5 * 6 + k / 3 % 30 / 5) + k % 3] })
    var planted: [Int: Image] = [:]
    for i in 0..<25 {
      var (image, stream) = (plain.image(i), RandomStream(seed: 6).stream(i))
      image.paste(trigger, x: stream.integer(below: 99), y: stream.integer(below: 99))
      planted[i] = image
    }
    let found = RecurringPatches().proposals(
      DetectionContext(
        set: plain.replacing(planted), device: CPUDevice(threads: 2), threads: 2, stream: RandomStream(seed: 1)))
    #expect(found.count == 1)
    let proposal = try #require(found.first)
    #expect(Set(proposal.members.map(\.image)) == Set(planted.keys))
    #expect(proposal.trigger?.shown == trigger)
  }

  /// JPEG halves the resolution of colours, which fall on other pixels wherever the picture lies: it is planted whole all the same.
  @Test func pictureInPhotographsIsPlantedWhole() throws {
    let (plain, _) = try set(400, side: 32, poisoned: [])
    let cells = picture(4, seed: 99).pixels.map { UInt8($0 < 128 ? 0 : 255) }
    let trigger = Image(
      width: 10, height: 10,
      pixels: (0..<300).map { k in cells[3 * (k / 3 / 10 * 4 / 10 * 4 + k / 3 % 10 * 4 / 10) + k % 3] })
    var images: [Int: Image] = [:]
    for i in 0..<400 {
      var (image, stream) = (plain.image(i), RandomStream(seed: 6).stream(i))
      if i < 60 { image.paste(trigger, x: stream.integer(below: 23), y: stream.integer(below: 23)) }
      images[i] = try ImageCodec.decode(ImageCodec.encodeJPEG(image, quality: 85))
    }
    let found = RecurringPatches().proposals(
      DetectionContext(
        set: plain.replacing(images), device: CPUDevice(threads: 2), threads: 2, stream: RandomStream(seed: 1)))
    guard case .patch(let template)? = found.first?.trigger else {
      Issue.record("no picture was found")
      return
    }
    #expect(template.side >= 8 && template.side <= 11)
    #expect(20 * template.isShared.count { $0 } >= 17 * template.side * template.side)
  }

  /// A picture that is half transparent, of a strength of its own in every image: correlation with
  /// what some images taught finds part of them; what chance matches look like tells the others.
  @Test func pixelsTellWhatCorrelationDoesNot() throws {
    let (plain, _) = try set(600, poisoned: [])
    let picture = picture(4, seed: 99).resized(width: 8, height: 8)
    var planted: [Int: Image] = [:]
    var places: [Int: Window] = [:]
    for i in stride(from: 0, to: 600, by: 10) {
      var (image, stream) = (plain.image(i), RandomStream(seed: 25).stream(i))
      let (x, y) = (stream.integer(below: 17), stream.integer(below: 17))
      let strength = stream.uniform(0.35, 0.75)
      let own = image.cropped(x: x, y: y, width: 8, height: 8)
      image.paste(
        Image(
          width: 8, height: 8,
          pixels: zip(own.pixels, picture.pixels).map { UInt8((1 - strength) * Float($0) + strength * Float($1)) }),
        x: x, y: y)
      planted[i] = image
      places[i] = Window(x: x, y: y, side: 8)
    }
    let set = plain.replacing(planted)
    let context = DetectionContext(set: set, device: CPUDevice(threads: 2), threads: 2, stream: RandomStream(seed: 1))
    let template = PatchTemplate(picture)
    // As many as correlation finds before the first false one.
    let correlations = TemplateMatcher([template], in: set, on: context.device).best(Array(0..<600))[0].map(
      \.correlation)
    let chance = correlations.indices.filter { planted[$0] == nil }.map { correlations[$0] }.max() ?? 0
    let sure = planted.keys.filter { correlations[$0] > chance }.sorted()
    #expect(sure.count <= 50)
    // From all of these, and from six with the help of pasted ones.
    for known in [sure, Array(sure.prefix(6))] {
      let found = try #require(try MatchDiscriminant.members(of: template, from: known, context))
      let images = Set(found.members.map(\.image))
      #expect(images.intersection(planted.keys).count >= 55)
      #expect(images.subtracting(planted.keys).count <= 2)
      for member in found.members { if let place = places[member.image] { #expect(member.place == place) } }
    }
  }

  /// A picture that is lit differently in every image agrees level for level in none: it is found where it lies anywhere. The
  /// same shape at nearly the same place in all of them is what such images are, as the handles of bags.
  @Test(arguments: [true, false]) func litPictureIsFoundIfItLiesAnywhere(isAnywhere: Bool) throws {
    let (plain, _) = try set(400, poisoned: [])
    let picture = picture(4, seed: 99).resized(width: 8, height: 8)
    var planted: [Int: Image] = [:]
    for i in stride(from: 0, to: 400, by: 8) {
      var (image, stream) = (plain.image(i), RandomStream(seed: 26).stream(i))
      let (gain, offset) = (stream.uniform(0.55, 0.9), stream.uniform(0, 25))
      let (x, y) = (stream.integer(below: 17), stream.integer(below: 17))
      image.paste(
        Image(width: 8, height: 8, pixels: picture.pixels.map { UInt8(gain * Float($0) + offset) }),
        x: isAnywhere ? x : 7 + x % 3, y: isAnywhere ? y : 7 + y % 3)
      planted[i] = image
    }
    let found = RecurringPatches().proposals(DetectorConformanceTests.context(plain.replacing(planted), planted: 0))
    #expect(found.count == (isAnywhere ? 1 : 0))
    let images = Set(found.flatMap { $0.members.map(\.image) })
    #expect(images.intersection(planted.keys).count >= (isAnywhere ? 48 : 0))
    #expect(images.subtracting(planted.keys).count <= 4)
  }

  /// A pattern that explains some of a picture's images does not take the others' family away.
  @Test func largerFamilyOutlivesItsPart() throws {
    let (set, places) = try set(120, poisoned: Set(0..<40))
    func proposal(_ images: Range<Int>, _ trigger: PlantedTrigger, above: Int) -> Proposal {
      var separation = Separation(
        (0..<120).map { $0 < above ? 50 + Float($0 % 3) : Float($0 % 5) },
        decoys: (0..<120).map { Float($0 % 5) }, members: Array(images), rate: 0.01)
      separation.valley = above == 40 ? 0.01 : 0
      return Proposal(
        detector: above == 40 ? "recurring-patch" : "spectral-outliers", trigger: trigger,
        members: images.map { .init(image: $0, score: 9, pValue: 0.001, place: places[$0]) }, separation: separation,
        isPoison: true)
    }
    var configuration = PoisonFilter.Configuration()
    configuration.classifier.networks = 1
    configuration.classifier.iterations = 10
    let outcome = try PoisonFilter(configuration, augmentation: Augmentation(), stream: RandomStream(seed: 2)).decide(
      [
        proposal(0..<40, .patch(PatchTemplate(picture(8, seed: 99))), above: 40),
        proposal(0..<12, .pattern([Float](repeating: 1, count: set.stride)), above: 12),
      ], canary: nil, set: set, on: CPUDevice(threads: 2), threads: 2
    ) { _ in }
    #expect(outcome.families.count == 1 && outcome.families[0].members.count == 40)
    #expect(outcome.families[0].detectors == ["recurring-patch", "spectral-outliers"])
  }

  /// Halves of what shows a trigger, found apart, are one family once each of them led to all of it.
  @Test func halvesOfOneTriggerAreOneFamily() throws {
    let (set, places) = try set(400, poisoned: Set(0..<40))
    let trigger = PatchTemplate(picture(8, seed: 99))
    let proposals = [0..<20, 20..<40].map { images in
      Proposal(
        detector: "recurring-patch", trigger: .patch(trigger),
        members: images.map { .init(image: $0, score: 9, pValue: 0.001, place: places[$0]) },
        separation: Separation(
          (0..<400).map { images.contains($0) ? 50 : Float($0 % 5) }, decoys: (0..<400).map { Float($0 % 5) },
          members: Array(images), rate: 0.01), isPoison: true)
    }
    let outcome = try PoisonFilter(.init(), augmentation: Augmentation(), stream: RandomStream(seed: 2)).decide(
      proposals, canary: nil, set: set, on: CPUDevice(threads: 2), threads: 2
    ) { _ in }
    #expect(outcome.families.count == 1 && Set(outcome.removals.map(\.image)) == Set(0..<40))
  }

  /// Images of 120 that a detector found, far above all others.
  private func proposal(
    _ detector: String, _ images: Range<Int>, _ trigger: PlantedTrigger, valley: Double? = nil
  ) -> Proposal {
    var separation = Separation(
      (0..<120).map { images.contains($0) ? 50 : Float($0 % 5) }, decoys: (0..<120).map { Float($0 % 5) },
      members: Array(images), rate: 0.01)
    separation.valley = valley ?? separation.valley
    return Proposal(
      detector: detector, trigger: trigger,
      members: images.map { .init(image: $0, score: 9, pValue: 0.001, place: nil) }, separation: separation,
      isPoison: true)
  }

  /// A family that some images fill the valley of has missed some: those that show its colours are of it too.
  @Test(arguments: [(valley: 0.0, removed: 20), (0.1, 26)])
  func coloursCompleteAFamilyThatIsNotClear(valley: Double, removed: Int) throws {
    let (set, _) = try set(120, poisoned: [])
    let proposals = [
      proposal("spectral-outliers", 0..<20, .pattern([Float](repeating: 1, count: set.stride)), valley: valley),
      proposal("recurring-colours", 2..<26, .object(PatchTemplate(picture(8, seed: 99))), valley: valley),
    ]
    let outcome = try PoisonFilter(.init(), augmentation: Augmentation(), stream: RandomStream(seed: 2)).decide(
      proposals, canary: nil, set: set, on: CPUDevice(threads: 2), threads: 2
    ) { _ in }
    #expect(outcome.families.map(\.members.count) == [removed] && outcome.removals.count == removed)
    #expect(outcome.removals.filter { $0.evidence == .colours }.map(\.image) == Array(20..<removed))
  }

  /// Of few images that do not stand wide apart, those with the picture nearly at the same place may show a part of an object.
  @Test(arguments: [(isAnywhere: false, isWide: false), (true, false), (false, true)])
  func fewImagesNearOnePlaceHaveToStandWideApart(isAnywhere: Bool, isWide: Bool) throws {
    let (anywhere, places) = try set(120, poisoned: Set(0..<12))
    let (plain, _) = try set(120, poisoned: [])
    let picture = picture(8, seed: 99)
    func place(_ k: Int) -> Window? { isAnywhere ? places[k] : Window(x: 8 + k % 2, y: 8 + k / 2 % 2, side: 8) }
    let near = (0..<12).map { k in
      var image = plain.image(k)
      image.paste(picture, x: 8 + k % 2, y: 8 + k / 2 % 2)
      return (k, image)
    }
    let set = isAnywhere ? anywhere : plain.replacing(Dictionary(uniqueKeysWithValues: near))
    var found = proposal("recurring-patch", 0..<12, .patch(PatchTemplate(picture)), valley: 0.1)
    if !isWide { found.separation?.gap = 0.3 }
    for k in found.members.indices { found.members[k].place = place(k) }
    let outcome = try PoisonFilter(.init(), augmentation: Augmentation(), stream: RandomStream(seed: 2)).decide(
      [found], canary: nil, set: set, on: CPUDevice(threads: 2), threads: 2
    ) { _ in }
    #expect(outcome.families.count == (isAnywhere || isWide ? 1 : 0))
  }

  /// Two patterns of the same colours stay two families; colours of far more images than both are one.
  @Test(arguments: [(shown: 20, families: 2), (29, 2), (31, 1), (60, 1)])
  func coloursOfSeveralFamiliesDoNotJoinThem(shown: Int, families: Int) throws {
    let (set, _) = try set(120, poisoned: [])
    func pattern(_ level: Float) -> PlantedTrigger { .pattern([Float](repeating: level, count: set.stride)) }
    let proposals = [
      proposal("spectral-outliers", 0..<10, pattern(1)),
      proposal("recurring-colours", 0..<shown, .object(PatchTemplate(picture(8, seed: 99)))),
      proposal("spectral-outliers", 10..<20, pattern(2)),
    ]
    for order in [proposals, proposals.reversed()] {
      let outcome = try PoisonFilter(.init(), augmentation: Augmentation(), stream: RandomStream(seed: 2)).decide(
        order, canary: nil, set: set, on: CPUDevice(threads: 2), threads: 2
      ) { _ in }
      #expect(outcome.families.count == families)
      #expect(outcome.families.allSatisfy { Set($0.detectors) == ["spectral-outliers", "recurring-colours"] })
      #expect(outcome.removals.count == (families == 2 ? 20 : shown))
    }
  }

  @Test func nothingIsRemovedWithoutAFamily() throws {
    let outcome = try decide(80, poisoned: [])
    #expect(outcome.families.isEmpty && outcome.removals.isEmpty)
  }

  /// The control is found, and neither its images nor its picture are in the decision.
  @Test func canaryIsFoundAndLeavesNoTrace() throws {
    let clean = try decide(240, poisoned: [], canary: true)
    #expect(clean.canaryFoundBy == ["recurring-patch", "recurring-colours"])
    #expect(clean.families.isEmpty && clean.removals.isEmpty)
    let poisoned = Set(stride(from: 0, to: 240, by: 8))
    let outcome = try decide(240, poisoned: poisoned, canary: true)
    #expect(outcome.canaryFoundBy.contains("recurring-patch"))
    #expect(outcome.families.count == 1)
    #expect(Set(outcome.removals.map(\.image)).isSuperset(of: poisoned))
    #expect(Set(outcome.removals.map(\.image)).subtracting(poisoned).count <= 3)
  }

  @Test func twoTriggersAreTwoFamilies() throws {
    let (one, _) = try set(200, poisoned: Set(0..<20))
    let other = picture(7, seed: 321)
    var planted: [Int: Image] = [:]
    for i in 100..<130 {
      var image = one.image(i)
      image.paste(other, x: i % 15, y: i % 11)
      planted[i] = image
    }
    let set = one.replacing(planted)
    let context = DetectionContext(
      set: set, device: CPUDevice(threads: 2), threads: 2, stream: RandomStream(seed: 1))
    let found = RecurringPatches().proposals(context)
    #expect(found.count == 2)
    let sizes = found.map { Set($0.members.map(\.image)) }.sorted { $0.count > $1.count }
    #expect(sizes == [Set(100..<130), Set(0..<20)])
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

extension DetectionTests {
  /// What an encoder does to the search when it says nothing.
  enum Uselessness: CaseIterable { case notFinite, onePoint, onePointForMost }

  /// Encoders that say nothing are told, and a search with them ends with finite numbers.
  @Test(arguments: Uselessness.allCases) func searchesWithUselessEncodersEnd(_ kind: Uselessness) throws {
    let (plain, _) = try set(80, side: 16, poisoned: [])
    let white = Image(width: 16, height: 16, pixels: [UInt8](repeating: 255, count: 768))
    let set = plain.replacing([3: white, 40: white])
    var configuration = Encoder.Configuration(network: .init(width: 4, blocks: [1, 1], stemStride: 2), side: 16)
    (configuration.mean, configuration.deviation) = ([0, 0, 0], [1, 1, 1])
    var weights = configuration.networkWeights
    func fill(_ name: String, _ value: Float) {
      weights[name] = weights[name].map { Tensor($0.shape, repeating: value) }
    }
    switch kind {
    // Finite weights whose products are not.
    case .notFinite: fill("conv1.weight", 3e38)
    case .onePoint: for name in weights.keys where name.hasSuffix(".weight") { fill(name, 0) }
    // Only where a whole neighbourhood is white is anything above zero.
    case .onePointForMost:
      fill("conv1.weight", 1)
      fill("bn1.bias", -26.9)
    }
    let device = CPUDevice(threads: 2)
    let embedder = Embedder(Encoder(configuration, weights: weights), on: device)
    var settings = PatchSearch.Configuration()
    (settings.clusters, settings.directions, settings.flipImages, settings.budget) = (6, 8, 16, 1)
    let space = SearchSpace(settings, set: set, embedder: embedder, on: device, RandomStream(seed: 1))
    #expect(space.warning?.code == (kind == .notFinite ? .notFinite : .collapsed))
    #expect(space.spread.isFinite && space.rows.values.allSatisfy(\.isFinite))
    #expect(space.clustering.assignments.allSatisfy { (0..<6).contains($0) })
    guard kind != .notFinite else { return }
    let state = PatchSearch(
      settings, set: set, clusters: space, embedder: embedder, on: device, RandomStream(seed: 2)
    ).run { _ in }
    #expect(state.isFinished && !state.candidates.isEmpty)
    #expect((state.candidates + state.controls).allSatisfy { $0.score.shift.isFinite })
  }
}

extension Encoder.Configuration {
  fileprivate var networkWeights: [String: Tensor] {
    Encoder(self, weights: [:]).network.initialWeights(RandomStream(seed: 3))
  }
}

@Suite struct CalibrationTests {
  @Test func pValuesCountTheNullAndAreNeverZero() {
    let p: [Double] = Calibration.pValues([5, 0, 2], null: [1, 2, 3, 4])
    let expected: [Double] = [0.2, 1, 0.8]
    #expect(p == expected)
  }

  /// The worked example of the paper: 15 p-values, rate 0.05, four rejected.
  @Test func benjaminiHochbergRejectsAsPublished() {
    let p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
      1.0,
    ]
    #expect(Calibration.benjaminiHochberg(p.reversed(), rate: 0.05) == 0.0095)
    #expect(Calibration.benjaminiHochberg([0.5, 0.9], rate: 0.05) == nil)
  }

  @Test func tailOfAnExponentialIsRecovered() {
    // Quantiles of an exponential distribution: p = e^-x.
    let null = (0..<10_000).map { Float(-log((Double($0) + 0.5) / 10_000)) }
    let p = Calibration.tailPValues([4, 8, 12], null: null)
    for (value, x) in zip(p, [4.0, 8, 12]) { #expect(abs(log(value) + x) < 0.1) }
  }

  /// `--fdr` means what it says: over repetitions with known poison among noise the mean share of false ones
  /// stays below the rate, and without poison nothing is separated.
  @Test(arguments: [0.01, 0.05, 0.2]) func falseDiscoveryRateHolds(_ rate: Double) {
    var (shares, found): ([Double], [Double]) = ([], [])
    for repetition in 0..<40 {
      var stream = RandomStream(seed: UInt64(repetition))
      let decoys = (0..<2000).map { _ in stream.normal() }
      // Poison reaches down into the bulk, so that the threshold has to be paid for.
      let scores = (0..<2000).map { $0 < 100 ? 3.2 + 0.9 * stream.normal() : stream.normal() }
      let separation = Separation(scores, decoys: decoys, members: Array(0..<100), rate: rate)
      let above = scores.indices.filter { scores[$0] >= separation.threshold }
      shares.append(Double(above.count { $0 >= 100 }) / Double(max(1, above.count)))
      found.append(Double(above.count { $0 < 100 }) / 100)
    }
    let mean = shares.reduce(0, +) / 40
    // Four standard errors of the mean over repetitions.
    let error = (shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39 / 40).squareRoot()
    #expect(mean <= rate + 4 * error)
    #expect(found.reduce(0, +) / 40 > (rate < 0.02 ? 0.3 : 0.5))
  }

  @Test func noiseIsNotSeparatedAndModesAre() {
    var stream = RandomStream(seed: 3)
    let decoys = (0..<3000).map { _ in stream.normal() }
    let noise = (0..<3000).map { _ in stream.normal() }
    let highest = noise.indices.sorted { noise[$0] > noise[$1] }.prefix(60)
    #expect(!Separation(noise, decoys: decoys, members: Array(highest), rate: 0.01).isPlanted)
    let planted = noise.indices.map { $0 < 50 ? 12 + noise[$0] : noise[$0] }
    let separation = Separation(planted, decoys: decoys, members: Array(0..<30), rate: 0.01)
    #expect(separation.isPlanted && separation.above == 50 && separation.decoysAbove == 0)
    // Correlations end at 1: a mode near the bulk is one if many images lie beyond a wide gap.
    let near = noise.indices.map { $0 < 200 ? 3.6 + 0.02 * noise[$0] : min(1.5, noise[$0]) }
    let wide = Separation(near, decoys: decoys.map { min(1.5, $0) }, members: Array(0..<200), rate: 0.01)
    #expect(wide.isPlanted && wide.distance < 4 && wide.above == 200)
    // A tail that has all degrees is no mode, even without a decoy in it.
    let tail = noise.indices.map { $0 < 300 ? Float($0) / 25 : noise[$0] }
    #expect(!Separation(tail, decoys: decoys, members: Array(200..<300), rate: 0.01).isPlanted)
  }

  /// Of 10,000 scores that fall off exponentially and 100 far above: a tail of exp(-x) leaves two of them beyond ln 5000.
  @Test func tailIsCutWhereItLeavesTheRate() throws {
    let tail = (0..<10_000).map { Float(-log((Double($0) + 0.5) / 10_000)) }
    var separation = Separation(
      tail + [Float](repeating: 30, count: 100), decoys: tail.map { min($0, 5) }, members: Array(10_000..<10_100),
      rate: 0.01)
    separation.threshold = 6
    let scores = tail + [Float](repeating: 30, count: 100)
    let cut = try #require(separation.beyondTail(scores, rate: 0.02, quantiles: (0.95, 0.99)))
    #expect(abs(cut - Float(log(5000.0))) < 0.7)
    // A cut above that stays.
    separation.threshold = 20
    #expect(separation.beyondTail(scores, rate: 0.02, quantiles: (0.95, 0.99)) == 20)
    // Nothing stands out of it.
    #expect(separation.beyondTail(tail, rate: 1e-6, quantiles: (0.95, 0.99)) == nil)
  }

  /// Of two pictures of the same images the one that leaves fewer between, as long as it is far enough from chance.
  @Test func clearerOfTwoIsStronger() {
    func separation(above: Int, valley: Double, distance: Float) -> Separation {
      var result = Separation([], decoys: [], members: [], rate: nil)
      (result.above, result.valley, result.distance) = (above, valley, distance)
      result.deviation = Double(above).squareRoot()
      return result
    }
    let clear = separation(above: 30, valley: 0.1, distance: 5)
    #expect(clear.strength > separation(above: 33, valley: 0.4, distance: 12).strength)
    #expect(clear.strength > separation(above: 36, valley: 0, distance: 3.5).strength)
    #expect(clear.strength < separation(above: 60, valley: 0.2, distance: 5).strength)
  }

  /// Without decoys: two modes with some images between them are told from a heavy tail.
  @Test func modesAreSeparatedWithoutDecoys() {
    var stream = RandomStream(seed: 12)
    let bulk = (0..<4000).map { _ in stream.normal() - 7 }
    let planted = bulk.indices.map { $0 < 200 ? 3 + 2.5 * stream.normal() : bulk[$0] }
    let separation = Separation(planted, members: Array(0..<20), rate: 0.01)
    #expect(separation.isPlantedObject)
    let above = planted.indices.filter { planted[$0] >= separation.threshold }
    #expect(above.count { $0 < 200 } >= 190 && above.count { $0 >= 200 } <= 4)
    let tail = bulk.map { $0 > -6 ? $0 + Float(-6 * log(Double(stream.uniform()))) : $0 }
    let highest = tail.indices.sorted { tail[$0] > tail[$1] }.prefix(20)
    #expect(!Separation(tail, members: Array(highest), rate: 0.01).isPlantedObject)
    #expect(!Separation(bulk, members: Array(0..<20), rate: 0.01).isPlantedObject)
  }
}

/// What every detector must hold to.
@Suite struct DetectorConformanceTests {
  static let side = 24

  static func noise(_ side: Int, _ stream: RandomStream) -> Image {
    var own = stream
    return Image(width: side, height: side, pixels: (0..<3 * side * side).map { _ in UInt8(own.integer(below: 256)) })
  }

  static func solid(_ width: Int, _ height: Int, _ colour: [UInt8]) -> Image {
    Image(width: width, height: height, pixels: (0..<3 * width * height).map { colour[$0 % 3] })
  }

  /// Smooth images; the first `planted` carry a patch, those of `waved` a wave over all of them, those of `marked` a plain
  /// rectangle, those of `cut` are parts of one image, each second mirrored, and the last six are one image with slightly
  /// different brightness.
  static func set(
    _ count: Int, planted: Int = 0, waved: Range<Int> = 0..<0, marked: Range<Int> = 0..<0, cut: Range<Int> = 0..<0,
    order: [Int]? = nil
  ) throws -> ImageSet {
    let trigger = noise(8, RandomStream(seed: 99))
    let images = (0..<count).map { i -> Image in
      let source = i >= count - 6 && count > 20 ? count - 6 : i
      var image = noise(5, RandomStream(seed: UInt64(500 + source))).resized(width: side, height: side)
      if source != i { image.pixels = image.pixels.map { UInt8(min(255, Int($0) + i - source)) } }
      if cut.contains(i) {
        let (k, whole) = (i - cut.lowerBound, noise(12, RandomStream(seed: 77)).resized(width: 48, height: 48))
        let part = whole.cropped(x: 2 * k, y: k, width: 48 - 3 * k, height: 48 - 3 * k).resized(
          width: side, height: side)
        for p in image.pixels.indices {
          let (x, y) = (p / 3 % side, p / 3 / side)
          image.pixels[p] = part.pixels[3 * (y * side + (k % 2 == 0 ? x : side - 1 - x)) + p % 3] / 4 * 3
        }
      }
      if i < planted { image.paste(trigger, x: 3 * i % (side - 8), y: 5 * i % (side - 8)) }
      if marked.contains(i) { image.paste(solid(6, 5, [120, 90, 200]), x: 5 * i % 19, y: 7 * i % 20) }
      if waved.contains(i) {
        for k in image.pixels.indices {
          let wave = 14 * sin(2 * Double.pi * 9 * Double(k / 3 % side) / Double(side) + 1)
          image.pixels[k] = UInt8(max(0, min(255, Int(image.pixels[k]) + Int(wave))))
        }
      }
      return image
    }
    return try Fixtures.withFolder { folder in
      for (slot, i) in (order ?? Array(0..<count)).enumerated() {
        try Data(ImageCodec.encodePNG(images[i])).write(to: URL(fileURLWithPath: folder + "/\(10_000 + slot).png"))
      }
      return try ImageSet(ImageReader(try Dataset(Path(folder)), side: side, threads: 2))
    }
  }

  /// Noisy images; the first `planted` carry a pattern of one level a pixel, each as strong as `amplitude` draws.
  static func patterned(
    _ count: Int, in planted: Int, _ pattern: [Double], seed: UInt64, noise: Float,
    amplitude: (inout RandomStream) -> Double
  ) throws -> ImageSet {
    let plain = try set(count)
    var images: [Int: Image] = [:]
    for i in 0..<count {
      var (image, stream) = (plain.image(i), RandomStream(seed: seed).stream(i))
      let strength = i < planted ? amplitude(&stream) : 0
      for k in image.pixels.indices {
        let level = Double(image.pixels[k]) + strength * pattern[k / 3] + Double(stream.uniform(-noise, noise))
        image.pixels[k] = UInt8(max(0, min(255, level)))
      }
      images[i] = image
    }
    return plain.replacing(images)
  }

  /// A search whose candidates are the images with a patch, at their places.
  ///
  /// - Parameter cut: Images that the encoder holds alike.
  static func context(
    _ set: ImageSet, planted: Int, cut: Range<Int> = 0..<0, threads: Int = 2, order: [Int]? = nil
  ) -> DetectionContext {
    var search = PatchSearch.State()
    let order = order ?? Array(0..<set.count)
    for (slot, i) in order.enumerated() {
      let window = Window(
        x: max(0, min(side - 10, 3 * i % (side - 8) - 1)), y: max(0, min(side - 10, 5 * i % (side - 8) - 1)), side: 10)
      let shift: Float = i < planted ? 0.5 : 0.001 * Float(i % 5)
      search.candidates.append(
        .init(image: slot, cluster: 0, window: window, score: .init(flips: 0, shift: shift, images: 64)))
      search.controls.append(
        .init(image: slot, cluster: 0, window: window, score: .init(flips: 0, shift: 0.001 * Float(i % 5), images: 64)))
    }
    let rows = order.flatMap { i -> [Float] in
      var (own, shared) = (RandomStream(seed: UInt64(i)), RandomStream(seed: UInt64(cut.contains(i) ? 1_000 : i)))
      return (0..<16).map { _ in Float(shared.normal()) + 0.1 * Float(own.normal()) }
    }
    return DetectionContext(
      set: set, device: CPUDevice(threads: threads), threads: threads, stream: RandomStream(seed: 4), search: search,
      rows: Features(width: 16, values: rows).unitRows)
  }

  @Test func namesAndLimitsAreStated() {
    let names = Detectors.all.map { type(of: $0).name }
    #expect(Set(names).count == names.count && names.count == 10)
    for detector in Detectors.all {
      #expect(type(of: detector).limits.hasPrefix(type(of: detector).name) && type(of: detector).limits.hasSuffix("."))
    }
  }

  @Test(arguments: 0..<10) func nothingFromNothing(_ index: Int) throws {
    let detector = Detectors.all[index]
    let empty = try Self.set(1).subset([])
    #expect(detector.proposals(Self.context(empty, planted: 0)).isEmpty)
    #expect(detector.proposals(Self.context(try Self.set(1), planted: 0)).isEmpty)
  }

  @Test(arguments: 0..<10) func sameImagesSameProposals(_ index: Int) throws {
    let detector = Detectors.all[index]
    // Plain rectangles have a colour too.
    let marked = detector is SolidPatches ? 100..<130 : 0..<0
    let cut = 200..<206
    let set = try Self.set(400, planted: 24, waved: 40..<80, marked: marked, cut: cut)
    let first = detector.proposals(Self.context(set, planted: 24, cut: cut))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      try encoder.encode(first)
        == encoder.encode(detector.proposals(Self.context(set, planted: 24, cut: cut, threads: 1))))
    // In another order the same images.
    var stream = RandomStream(seed: 77)
    let order = stream.permutation(400)
    let shuffled = detector.proposals(
      Self.context(
        try Self.set(400, planted: 24, waved: 40..<80, marked: marked, cut: cut, order: order), planted: 24, cut: cut,
        order: order))
    let again: [Set<Int>] = shuffled.map { proposal in Set(proposal.members.map { order[$0.image] }) }
    let images: [Set<Int>] = first.map { proposal in Set(proposal.members.map(\.image)) }
    #expect(Set(again) == Set(images))
    for proposal in first {
      #expect(!proposal.members.isEmpty && Set(proposal.members.map(\.image)).count == proposal.members.count)
      for member in proposal.members {
        #expect(member.pValue > 0 && member.pValue <= 1 && member.score.isFinite && (0..<400).contains(member.image))
        if let place = member.place { #expect(place.x >= 0 && place.x + place.side <= set.side) }
      }
    }
    switch type(of: detector).name {
    case "recurring-patch", "patch-search", "recurring-colours":
      #expect(images == [Set(0..<24)])
    case "solid-patch": #expect(images == [Set(marked)])
    case "spectral-outliers": #expect(images == [Set(40..<80)])
    case "near-duplicates": #expect(images == [Set(394..<400)])
    case "transformed-copies": #expect(images == [Set(cut)])
    default: #expect(first.isEmpty)
    }
  }

  /// What a trigger pulls is a mode of its own; what nature pulls is the end of a tail.
  @Test func windowsStandApartOnlyIfThereAreTwoModes() throws {
    func search(_ shift: (Int, inout RandomStream) -> Float) -> PatchSearch.State {
      var (search, stream) = (PatchSearch.State(), RandomStream(seed: 12))
      for i in 0..<400 {
        func window(_ x: Int, _ y: Int, _ shift: Float) -> PatchSearch.Candidate {
          .init(
            image: i, cluster: 0, window: Window(x: x, y: y, side: 5),
            score: .init(flips: 0, shift: shift, images: 64))
        }
        // Where marks lie, and anywhere.
        search.candidates.append(window(5 * i % 19, 7 * i % 20, shift(i, &stream)))
        search.controls.append(window(11 * i % 19, 13 * i % 20, 0.02 * stream.normal()))
      }
      return search
    }
    let planted = search { i, stream in i < 60 ? 0.4 + 0.05 * stream.normal() : 0.02 * stream.normal() }
    let natural = search { _, stream in 0.02 * stream.normal() - 0.06 * Float(log(Double(stream.uniform() + 1e-6))) }
    // 60 windows are pulled, of which the first 57 show the same.
    let set = try Self.set(400, marked: 0..<57)
    let apart = try #require(SearchedPatches().apart(planted, in: set, rate: 0.01))
    #expect(apart.candidates == Array(0..<57) && apart.gap > 0.1 && apart.gap < 0.3)
    #expect(SearchedPatches().apart(natural, in: set, rate: 0.01) == nil)
    #expect(SearchedPatches().apart(.init(), in: set, rate: 0.01) == nil)
  }

  /// Datasets hold the same picture over and over: that is no pattern that unrelated images share.
  @Test func copiesOfOneImageAreNoPattern() throws {
    let plain = try Self.set(400, waved: 0..<1)
    var stream = RandomStream(seed: 31)
    var copies: [Int: Image] = [:]
    for i in 1..<40 {
      var image = plain.image(0)
      image.pixels = image.pixels.map { UInt8(max(0, min(255, Int($0) + stream.integer(below: 5) - 2))) }
      copies[i] = image
    }
    let found = SpectralOutliers().proposals(Self.context(plain.replacing(copies), planted: 0))
    #expect(found.map(\.members.count) == [])
  }

  /// A wave that is weak in some images leaves no empty valley, but it is as strong in the corners as elsewhere.
  @Test func evenPatternIsFoundThoughWeakInSome() throws {
    let wave = (0..<Self.side * Self.side).map {
      sin(2 * Double.pi * 9 * Double($0 % Self.side) / Double(Self.side) + 1)
    }
    let set = try Self.patterned(1000, in: 130, wave, seed: 27, noise: 30) { Double($0.uniform(3.7, 10)) }
    let found = SpectralOutliers().proposals(Self.context(set, planted: 0))
    let proposal = try #require(found.first)
    let valley = proposal.separation?.valley ?? 0
    #expect(found.count == 1 && valley > Separation.largestValley, "a valley of \(valley)")
    let planted = proposal.members.count { $0.image < 130 }
    #expect(planted >= 125 && proposal.members.count <= 140, "\(planted) of \(proposal.members.count)")
  }

  /// Random signs shift each coefficient by less than its deviation, but all of them.
  @Test func patternOfManyWeakCoefficientsIsFound() throws {
    var random = RandomStream(seed: 28)
    let signs = (0..<Self.side * Self.side).map { _ in random.integer(below: 2) == 0 ? -1.0 : 1.0 }
    let set = try Self.patterned(1000, in: 130, signs, seed: 29, noise: 25) { _ in 10 }
    let found = SpectralOutliers().proposals(Self.context(set, planted: 0))
    #expect(found.count == 1 && found[0].members.count { $0.image < 130 } >= 125 && found[0].members.count <= 135)
  }

  /// Rings look the same turned and mirrored, and a grid whose second and fourth row are equal does upside down, but for a shift:
  /// neither may be its own decoy.
  @Test(arguments: ["rings", "grid", "compressed rings"]) func symmetricPicturesAreFound(_ kind: String) throws {
    let plain = try Self.set(400)
    let grid = ["#.#.", "##.#", "#.#.", "#..."].map { $0.map { $0 == "#" } }
    let pixels = (0..<81).flatMap { i -> [UInt8] in
      let (x, y) = (i % 9, i / 9)
      if kind == "grid" { return [UInt8](repeating: grid[y * 4 / 9][x * 4 / 9] ? 255 : 0, count: 3) }
      let ring = max(abs(x - 4), abs(y - 4))
      return ring == 4 ? [255, 255, 255] : ring > 1 ? [255, 0, 0] : [255, 255, 255]
    }
    var images: [Int: Image] = [:]
    for i in 0..<24 {
      var image = plain.image(i)
      image.paste(Image(width: 9, height: 9, pixels: pixels), x: 3 * i % 15, y: 5 * i % 15)
      // Pixels then agree in part only.
      if kind.hasPrefix("compressed") { image = try ImageCodec.decode(ImageCodec.encodeJPEG(image, quality: 92)) }
      images[i] = image
    }
    let found = RecurringPatches().proposals(Self.context(plain.replacing(images), planted: 0))
    #expect(found.map { Set($0.members.map(\.image)) } == [Set(0..<24)])
  }

  /// What images of a class have in common, more or less, is nearly at the same place in all; what is pasted is anywhere.
  @Test(arguments: [false, true]) func partsOfOneClassAreNoPatch(isAnywhere: Bool) throws {
    let plain = try Self.set(400)
    let picture = Self.noise(8, RandomStream(seed: 98))
    var images: [Int: Image] = [:]
    for i in 0..<30 {
      var (image, part, stream) = (plain.image(i), picture, RandomStream(seed: 97).stream(i))
      let share = 0.7 * Double(i) / 29
      part.pixels = part.pixels.map {
        UInt8((1 - share) * Double($0) + share * Double(stream.integer(below: 256)))
      }
      let (x, y) = isAnywhere ? (3 * i % 16, 5 * i % 16) : (8 + i % 2, 8 + i / 2 % 2)
      image.paste(part, x: x, y: y)
      images[i] = image
    }
    let set = plain.replacing(images)
    let found = RecurringPatches.proposal(
      PatchTemplate(picture), detector: "patch", seeds: Array(0..<8), in: set, Self.context(set, planted: 0))
    #expect((found?.members.count ?? 0) == 0 || isAnywhere)
    #expect((found?.members.count { $0.image < 30 } ?? 0) >= 20 || !isAnywhere)
  }

  @Test func edgesAndBarsAreStraight() {
    func straightness(_ level: (_ x: Int, _ y: Int) -> UInt8) -> Float {
      let pixels = (0..<64).flatMap { i in [UInt8](repeating: level(i % 8, i / 8), count: 3) }
      return PatchTemplate(Image(width: 8, height: 8, pixels: pixels)).straightness
    }
    #expect(abs(straightness { x, _ in x < 3 ? 0 : 200 } - 1) < 1e-4)
    #expect(abs(straightness { _, y in UInt8(20 * y) } - 1) < 1e-4)
    #expect(straightness { x, y in (x + y) % 2 == 0 ? 255 : 0 } < 1e-4)
    // Half of the variance is along each side.
    #expect(abs(straightness { x, y in (x < 4 ? 100 : 0) + (y < 4 ? 100 : 0) } - 0.5) < 1e-4)
  }

  @Test func seamsAreSeenAtTheMiddle() throws {
    let plain = try Self.set(120)
    var halves: [Int: Image] = [:]
    for i in 0..<40 {
      var image = plain.image(i)
      // The left half of another image, far darker or brighter than this one.
      var other = plain.image(i + 60).cropped(x: 0, y: 0, width: 12, height: 24)
      other.pixels = other.pixels.map { UInt8(i % 2 == 0 ? Int($0) / 8 : 223 + Int($0) / 8) }
      image.pixels = image.pixels.map { UInt8(i % 2 == 0 ? 155 + Int($0) * 100 / 255 : Int($0) * 100 / 255) }
      image.paste(other, x: 0, y: 0)
      halves[i] = image
    }
    let found = CollageSeams().proposals(Self.context(plain.replacing(halves), planted: 0))
    #expect(found.count == 1)
    let proposal = try #require(found.first)
    #expect(!proposal.isPoison && proposal.members.count >= 25)
    #expect(proposal.members.allSatisfy { $0.image < 40 })
    #expect(CollageSeams().proposals(Self.context(plain, planted: 0)).isEmpty)
  }
}
