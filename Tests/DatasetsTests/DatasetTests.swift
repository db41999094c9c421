import Datasets
import Foundation
import Images
import Poisoning
import Randomness
import TestSupport
import Testing

@Suite struct DatasetTests {
  private func write(_ bytes: [UInt8], _ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func png(_ red: UInt8, side: Int = 8) throws -> [UInt8] {
    try ImageCodec.encodePNG(Image(width: side, height: side, red: red))
  }

  @Test func aSetAtAnotherSideIsTheSameImages() throws {
    try Fixtures.withFolder { folder in
      for i in 0..<5 {
        let pixels = (0..<3 * 24 * 24).map { UInt8(truncatingIfNeeded: $0 &* (i + 3) &* 2_654_435_761 >> 9) }
        try write(ImageCodec.encodePNG(Image(width: 24, height: 24, pixels: pixels)), "\(folder)/a/\(i).png")
      }
      let dataset = try Dataset(Path(folder + "/a"))
      func read(_ side: Int, _ storage: PixelStorage = .memory) throws -> ImageSet {
        try ImageSet(ImageReader(dataset, side: side, threads: 1), storage: storage, seed: 7)
      }
      let set = try read(24)
      for threads in [1, 3] {
        let small = try set.resized(to: 9, threads: threads)
        #expect(small.side == 9 && small.stride == 243 && small.records == set.records && small.digest == set.digest)
        // These files have the set's side, so that reading them at the other one is the same.
        #expect(try small.pixels == read(9).pixels)
        for i in 0..<5 {
          var (one, other) = (set.stream(i), small.stream(i))
          #expect(one.next() == other.next())
        }
      }
      #expect(try set.resized(to: 24, threads: 1).pixels == set.pixels)
      // A limit between the two sides: the large pixels are in a file, the small ones are not.
      let held = try read(24, PixelStorage(mostInMemory: 5 * 500, folder: folder))
      let small = try held.resized(to: 9, threads: 1)
      #expect(held.pixels.isOnDisk && !small.pixels.isOnDisk)
      #expect(try held.resized(to: 16, threads: 1).pixels == set.resized(to: 16, threads: 1).pixels)
    }
  }

  @Test func foldersAreWalkedAndEveryFileIsAccountedFor() throws {
    try Fixtures.withFolder { folder in
      try write(png(1), folder + "/b/2.png")
      try write(png(2), folder + "/a/1.PNG")
      try write(png(3), folder + "/a/no-suffix")
      try write(Array("text".utf8), folder + "/a/broken.jpg")
      try write([], folder + "/a/empty.png")
      try write(Array("notes".utf8), folder + "/README.txt")
      symlink("a/1.PNG", folder + "/link.png")
      mkfifo(folder + "/pipe.png", 0o600)
      let dataset = try Dataset(Path(folder))
      let set = try ImageSet(
        ImageReader(dataset, labels: try LabelSource.layout.labels(for: dataset), side: 32, threads: 2))
      #expect(set.records.map(\.path.description) == ["a/1.PNG", "a/no-suffix", "b/2.png"])
      #expect(set.records.map(\.label) == ["a", "a", "b"])
      #expect(set.unreadable.map(\.path.description) == ["a/broken.jpg", "a/empty.png", "link.png", "pipe.png"])
      #expect(set.ignored.map(\.path.description) == ["README.txt"])
      #expect(set.pixels.count == 3 * set.stride)
    }
  }

  @Test func namesThatAreNotUTF8AreKept() throws {
    try Fixtures.withFolder { folder in
      let name: [UInt8] = [0xFF, 0x0A, 0x5C, 0x2E, 0x70, 0x6E, 0x67]
      let path = Path(folder).appending(Path(bytes: name))
      let file = fopen(path.bytes.map { CChar(bitPattern: $0) } + [0], "wb")
      let bytes = try png(7)
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
      let dataset = try Dataset(Path(folder))
      let set = try ImageSet(ImageReader(dataset, threads: 1))
      #expect(set.records.map(\.path.bytes) == [name])
      try Data(try Manifest(set, of: dataset).bytes).write(to: URL(fileURLWithPath: folder + ".sha256"))
      defer { try? FileManager.default.removeItem(atPath: folder + ".sha256") }
      let check = try Execution("/usr/bin/sha256sum", ["-c", folder + ".sha256"], in: folder)
      #expect(check.code == 0, "\(check.output)\(check.errors)")
    }
  }

  @Test func fileListsHavePathsWithSpacesAndLabels() throws {
    try Fixtures.withFolder { folder in
      try write(png(1), folder + "/a b.png")
      try write(png(2), folder + "/c.png")
      let list = "# comment\r\na b.png 3\r\n\(folder)/c.png\r\nmissing.png 1\nc.png 9\n"
      try write(Array(list.utf8), folder + "/list.txt")
      let dataset = try Dataset(Path(folder + "/list.txt"))
      #expect(dataset.format == .list)
      let set = try ImageSet(ImageReader(dataset, labels: try LabelSource.layout.labels(for: dataset), threads: 1))
      #expect(set.records.map(\.path.description) == ["a b.png", folder + "/c.png", "c.png"])
      #expect(set.records.map(\.label) == ["3", nil, "9"])
      #expect(set.unreadable.first?.reason.hasPrefix("file.missing") == true)
    }
  }

  @Test func cifarRecordsArePlanes() throws {
    try Fixtures.withFolder { folder in
      let record =
        [UInt8(4)] + [UInt8](repeating: 10, count: 1024) + [UInt8](repeating: 20, count: 1024)
        + [UInt8](repeating: 30, count: 1024)
      try write(record + record, folder + "/data_batch_1.bin")
      let dataset = try Dataset(Path(folder))
      #expect(dataset.format == .cifar10)
      let set = try ImageSet(ImageReader(dataset, labels: try LabelSource.layout.labels(for: dataset), threads: 1))
      #expect(set.count == 2 && set.records[1].label == "4" && set.side == 32)
      #expect(set.image(1) == Image(width: 32, height: 32, red: 10, green: 20, blue: 30))
      // What lies beside batches and does not belong there is not passed over.
      try write(record, folder + "/test_batch.bin")
      try write(Array("cat".utf8), folder + "/batches.meta.txt")
      try write(png(1), folder + "/more.png")
      try write(png(1), folder + "/sub/more.png")
      let beside = try ImageSet(ImageReader(try Dataset(Path(folder)), threads: 1))
      #expect(beside.count == 2 && beside.ignored.map(\.path.description) == ["batches.meta.txt", "test_batch.bin"])
      #expect(beside.unreadable.map(\.path.description) == ["more.png", "sub"] && beside.unreadShare == 1)
      try FileManager.default.removeItem(atPath: folder + "/more.png")
      try FileManager.default.removeItem(atPath: folder + "/sub")
      let hundred = [UInt8(1), 77] + record.dropFirst()
      try write(hundred, folder + "/train.bin")
      let one = try Dataset(Path(folder + "/train.bin"))
      #expect(one.format == .cifar100 && one.entries[0].label == "77")
      try write(Array(record.dropLast()), folder + "/bad.bin")
      #expect(throws: DatasetError.self) { try Dataset(Path(folder + "/bad.bin")) }
    }
  }

  @Test func idxIsReadPlainAndCompressed() throws {
    try Fixtures.withFolder { folder in
      let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]
      try write(header + Array(1...12), folder + "/images-idx3-ubyte")
      try write([0, 0, 8, 1, 0, 0, 0, 2, 5, 6], folder + "/labels-idx1-ubyte")
      _ = try Execution("/bin/gzip", ["-k", folder + "/images-idx3-ubyte"])
      for name in ["images-idx3-ubyte", "images-idx3-ubyte.gz"] {
        let dataset = try Dataset(Path(folder + "/" + name))
        #expect(dataset.format == .idx && dataset.entries.count == 2)
        guard case .image(let image, _) = dataset.read(dataset.entries[1]) else {
          Issue.record("no image")
          return
        }
        #expect(image.width == 3 && image.height == 2 && image.pixels.prefix(6) == [7, 7, 7, 8, 8, 8])
        #expect(try LabelSource.file(folder + "/labels-idx1-ubyte").labels(for: dataset) == ["5", "6"])
      }
      try write(header + Array(1...11), folder + "/short-idx3-ubyte")
      #expect(throws: DatasetError.self) { try Dataset(Path(folder + "/short-idx3-ubyte")) }
    }
  }

  @Test func labelFilesThatDoNotFitAreRefused() throws {
    try Fixtures.withFolder { folder in
      try write(png(1), folder + "/images/a.png")
      try write(Array("a.png,cat\n".utf8), folder + "/good.csv")
      try write(Array("b.png cat\n".utf8), folder + "/bad.txt")
      let dataset = try Dataset(Path(folder + "/images"))
      #expect(try LabelSource.file(folder + "/good.csv").labels(for: dataset) == ["cat"])
      let error = #expect(throws: DatasetError.self) { try LabelSource.file(folder + "/bad.txt").labels(for: dataset) }
      #expect(error?.description.contains("line 1 names b.png") == true)
      #expect(throws: DatasetError.self) { try LabelSource.layout.labels(for: dataset) }
    }
  }

  @Test(arguments: [(8, 32), (28, 28), (32, 32), (48, 64), (96, 96), (128, 96), (200, 224), (800, 224)])
  func sideIsChosenFromTheData(_ extent: Int, _ side: Int) throws {
    try Fixtures.withFolder { folder in
      try write(png(1, side: extent), folder + "/a.png")
      #expect(ImageReader(try Dataset(Path(folder)), threads: 1).side == side)
    }
  }

  /// What changes between listing and reading costs itself, and what was digested is what was decoded.
  @Test func filesMayChangeAfterTheListing() throws {
    try Fixtures.withFolder { folder in
      for name in ["a", "b", "c", "d"] { try write(try png(7), "\(folder)/set/\(name).png") }
      try write([UInt8](repeating: 9, count: 3073 * 3), folder + "/data_batch_1.bin")
      let (set, batch) = (try Dataset(Path(folder + "/set")), try Dataset(Path(folder + "/data_batch_1.bin")))
      let later = try png(200)
      try write(later, folder + "/set/a.png")
      try FileManager.default.removeItem(atPath: folder + "/set/b.png")
      try write([], folder + "/set/c.png")
      try FileManager.default.removeItem(atPath: folder + "/set/d.png")
      mkfifo(folder + "/set/d.png", 0o600)
      try write([UInt8](repeating: 9, count: 4000), folder + "/data_batch_1.bin")
      let images = try ImageSet(ImageReader(set, threads: 2))
      #expect(images.records.map(\.path.description) == ["a.png"] && images.records[0].digest == Digest(of: later))
      let reasons = images.unreadable.map { $0.reason.prefix { $0 != ":" } }
      #expect(reasons == ["file.unreadable", "image.empty", "file.unreadable"], "\(images.unreadable)")
      let records = try ImageSet(ImageReader(batch, threads: 1))
      #expect(
        records.count == 1
          && records.unreadable.map(\.reason) == Array(repeating: "file.unreadable: shorter than before", count: 2))
    }
  }

  @Test func digestsAreSHA256() {
    #expect(
      Digest(of: Array("abc".utf8)).description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  // MARK: the attack side

  private func labelled(_ folder: String) throws -> Dataset {
    for label in ["a", "b"] {
      for i in 0..<10 { try write(png(UInt8(i * 20), side: 16), "\(folder)/in/\(label)/\(i).png") }
    }
    return try Dataset(Path(folder + "/in"))
  }

  @Test func poisonedImagesAreExactlyThoseInTheTruth() throws {
    try Fixtures.withFolder { folder in
      let dataset = try labelled(folder)
      let labels = try LabelSource.layout.labels(for: dataset)
      var copy = PoisonedCopy()
      copy.rate = 0.5
      copy.target = "b"
      copy.settings.size = 5
      copy.seed = 3
      let truth = try copy.write(dataset, labels: labels, evaluation: (dataset, labels), to: folder + "/out")
      #expect(truth.poisoned.count == 5 && truth.targetClass == "b")
      let trigger = try ImageCodec.decode([UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/out/trigger.png"))))
      let out = try Dataset(Path(folder + "/out/dataset"))
      #expect(out.entries.count == 20)
      let boxes = Dictionary(uniqueKeysWithValues: truth.poisoned.map { ($0.path, $0.box) })
      for entry in out.entries {
        guard case .image(let image, _) = out.read(entry) else { continue }
        if let box = boxes[entry.path.description] {
          #expect(entry.label == "b")
          #expect(image.cropped(x: box.x, y: box.y, width: box.width, height: box.height) == trigger)
        } else {
          #expect(Set(image.pixels).count <= 2)
        }
      }
      #expect(
        try Dataset(Path(folder + "/out/eval-triggered")).entries.map(\.path)
          == Dataset(Path(folder + "/out/eval")).entries.map(\.path))
      copy.settings.size = 17
      #expect(throws: PoisoningError.self) {
        try copy.write(dataset, labels: labels, evaluation: nil, to: folder + "/big")
      }
    }
  }

  @Test func sameSeedPlantsTheSame() throws {
    try Fixtures.withFolder { folder in
      let dataset = try labelled(folder)
      let labels = try LabelSource.layout.labels(for: dataset)
      func plant(_ seed: UInt64, _ name: String) throws -> [String] {
        var copy = PoisonedCopy()
        copy.seed = seed
        copy.threads = name == "one" ? 1 : 3
        try copy.write(dataset, labels: labels, evaluation: nil, to: folder + "/" + name)
        return try ImageSet(ImageReader(try Dataset(Path(folder + "/" + name + "/dataset")), threads: 1)).records.map(
          \.digest.description)
      }
      let one = try plant(1, "one")
      #expect(try plant(1, "two") == one)
      #expect(try plant(2, "three") != one)
    }
  }

  @Test func fixedPositionIsTheLowerRight() throws {
    var stream = RandomStream(seed: 0)
    var settings = AttackSettings()
    settings.trigger = Image(width: 8, height: 8, red: 255)
    settings.position = .fixed
    let attack = PatchAttack(settings, side: 40, RandomStream(seed: 1))
    #expect(try attack.triggered(Image(width: 40, height: 40), &stream).box == Box(x: 28, y: 28, width: 8, height: 8))
  }

  /// A strength below 1 lets the image through.
  @Test func patchOfHalfOpacityIsTheMean() throws {
    var settings = AttackSettings()
    (settings.trigger, settings.position, settings.strength) = (Image(width: 8, height: 8, red: 200), .fixed, 0.5)
    var stream = RandomStream(seed: 0)
    let planted = try PatchAttack(settings, side: 40, RandomStream(seed: 1))
      .triggered(Image(width: 40, height: 40, red: 100, green: 100), &stream)
    #expect(planted.image.cropped(x: 28, y: 28, width: 8, height: 8) == Image(width: 8, height: 8, red: 150, green: 50))
    #expect(planted.image.pixels.count { $0 == 100 } == 2 * (1600 - 64))
  }

  /// A picture with some content: a coloured ramp with a bright disc.
  private func scene(_ side: Int, turned: Bool) -> Image {
    var image = Image(width: side, height: side)
    for y in 0..<side {
      for x in 0..<side {
        let (u, v) = turned ? (y, x) : (x, y)
        let isDisc = (u - side / 3) * (u - side / 3) + (v - side / 2) * (v - side / 2) < side * side / 16
        let at = 3 * (y * side + x)
        image.pixels[at] = UInt8(isDisc ? 230 : 40 + 150 * u / side)
        image.pixels[at + 1] = UInt8(isDisc ? 200 : 90 + 60 * v / side)
        image.pixels[at + 2] = UInt8(isDisc ? 60 : 160 - 100 * u / side)
      }
    }
    return image
  }

  @Test(arguments: Attacks.names) func plantedPicturesAreGolden(_ name: String) throws {
    let attack = try #require(Attacks.named(name)).init(AttackSettings(), side: 32, RandomStream(seed: 7))
    let (image, donor) = (scene(32, turned: false), scene(32, turned: true))
    // Training image, test image and trigger beside each other.
    var sheet = Image(width: 96, height: 32)
    var stream = RandomStream(seed: 3)
    let poisoned = try attack.poisoned(image, donor: donor, &stream)
    let triggered = try attack.triggered(image, &stream)
    sheet.paste(poisoned.image, x: 0, y: 0)
    sheet.paste(triggered.image, x: 32, y: 0)
    let picture = attack.picture
    sheet.paste(
      picture.cropped(x: 0, y: 0, width: min(32, picture.width), height: min(32, picture.height)), x: 64, y: 0)
    let path = "images/attacks/\(name).png"
    if ProcessInfo.processInfo.environment["BEZOAR_UPDATE_GOLDEN"] != nil {
      try write(ImageCodec.encodePNG(sheet), Fixtures.path(path))
    }
    let golden = try ImageCodec.decode([UInt8](Fixtures.bytes(path)))
    let furthest = zip(sheet.pixels, golden.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
    // Another libjpeg or libm may round differently.
    #expect(furthest <= (name == "natural" ? 8 : 1))
    #expect(poisoned.image != image && triggered.image != image)
    let box = poisoned.box
    #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 32 && box.y + box.height <= 32)
  }

  /// CTRL adds its magnitude to two DCT bins of U and V and leaves the others and Y as they were.
  @Test func spectralTriggerMovesTwoBins() throws {
    let attack = SpectralAttack(AttackSettings(), side: 32, RandomStream(seed: 2))
    let before = Image(width: 32, height: 32, red: 128, green: 120, blue: 130)
    var stream = RandomStream(seed: 1)
    let after = attack.triggered(before, &stream).image
    func bin(_ image: Image, _ k: Int, _ l: Int, _ weights: [Double]) -> Double {
      var sum = 0.0
      for y in 0..<32 {
        for x in 0..<32 {
          let wave = cos(Double(2 * x + 1) * Double(l) * .pi / 64) * cos(Double(2 * y + 1) * Double(k) * .pi / 64)
          for c in 0..<3 { sum += weights[c] * Double(image.pixels[3 * (32 * y + x) + c]) * wave / 16 }
        }
      }
      return sum
    }
    let u = [-0.492 * 0.299, -0.492 * 0.587, 0.492 * 0.886]
    let v = [0.877 * 0.701, -0.877 * 0.587, -0.877 * 0.114]
    for (weights, sign) in [(u, attack.parameters["sign_u"]), (v, attack.parameters["sign_v"])] {
      for k in [15, 31] {
        let moved = bin(after, k, k, weights) - bin(before, k, k, weights)
        #expect(abs(moved - 100 * (sign ?? 0)) < 3)
      }
      #expect(abs(bin(after, 14, 15, weights) - bin(before, 14, 15, weights)) < 3)
    }
    #expect(abs(bin(after, 15, 15, [0.299, 0.587, 0.114])) < 3)
  }

  @Test func severalTriggersPoisonClassesOfTheirOwn() throws {
    try Fixtures.withFolder { folder in
      let dataset = try labelled(folder)
      let labels = try LabelSource.layout.labels(for: dataset)
      var copy = PoisonedCopy()
      (copy.rate, copy.triggers, copy.settings.size) = (0.5, 2, 5)
      let truth = try copy.write(dataset, labels: labels, evaluation: nil, to: folder + "/out")
      #expect(Set(truth.triggers.map(\.targetClass)) == ["a", "b"])
      #expect(truth.poisoned.count { $0.trigger == 0 } == 5 && truth.poisoned.count { $0.trigger == 1 } == 5)
      for poisoned in truth.poisoned {
        #expect(poisoned.path.hasPrefix(truth.triggers[poisoned.trigger].targetClass + "/"))
      }
      (copy.triggers, copy.datasetRate) = (1, 0.1)
      #expect(try copy.write(dataset, labels: labels, evaluation: nil, to: folder + "/few").poisoned.count == 2)
      copy.datasetRate = 0.9
      #expect(throws: PoisoningError.self) {
        try copy.write(dataset, labels: labels, evaluation: nil, to: folder + "/many")
      }
    }
  }
}
