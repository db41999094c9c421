import CPUDevice
import Contrastive
import Datasets
import Foundation
import Images
import NeuralNetworks
import Randomness
import TestSupport
import Tensors
import Testing

/// Images in memory, written and read as a dataset.
func madeSet(_ count: Int, side: Int = 16, _ image: (Int) -> Image) throws -> ImageSet {
  try Fixtures.withFolder { folder in
    for i in 0..<count {
      try Data(ImageCodec.encodePNG(image(i))).write(to: URL(fileURLWithPath: folder + "/\(1000 + i).png"))
    }
    return try ImageSet(ImageReader(try Dataset(Path(folder)), side: side, threads: 2))
  }
}

/// Noise around one of four colours.
func colouredImage(_ i: Int, side: Int = 16) -> Image {
  var stream = RandomStream(seed: 77).stream(i)
  let base = [[200, 60, 60], [60, 200, 60], [60, 60, 200], [180, 180, 40]][i % 4]
  return Image(
    width: side, height: side,
    pixels: (0..<3 * side * side).map { UInt8(base[$0 % 3] + stream.integer(below: 40)) })
}

@Suite struct TrainingTests {
  private static let network = ResNet.Configuration(width: 4, blocks: [1, 1], stemStride: 2)
  private let encoder = Encoder.Configuration(network: TrainingTests.network, side: 16)

  /// With a bank that fills in an epoch, and a target that follows within a few.
  private func objective(_ name: String) throws -> any Objective {
    let chosen = ChosenObjective(Objectives.named(name) ?? SimCLR())
    var json = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(chosen)) as? [String: [String: Any]])
    if json[name]?["bankRows"] != nil { json[name]?["bankRows"] = 32 }
    if json[name]?["target"] != nil { json[name]?["target"] = ["momentum": 0.9, "rises": false] }
    return try JSONDecoder().decode(ChosenObjective.self, from: JSONSerialization.data(withJSONObject: json)).objective
  }

  private func settings(_ name: String, epochs: Int = 3) throws -> ContrastiveConfiguration {
    var settings = ContrastiveConfiguration().with(try objective(name))
    settings.epochs = epochs
    settings.batch = 16
    settings.learningRate = min(0.1, settings.learningRate)
    settings.projectionHidden = 16
    settings.projectionWidth = 8
    return settings
  }

  /// A trainer; with the colours as labels where the objective needs some, or if asked.
  private func trainer(
    _ name: String, epochs: Int = 3, images: Int, isLabelled: Bool = false, isMixed: Bool = false
  ) throws -> ContrastiveTrainer {
    let objective = Objectives.named(name)
    let needs = objective?.labels == .needed
    var settings = try settings(name, epochs: epochs)
    settings.cutMix = isMixed
    return ContrastiveTrainer(
      settings, encoder: encoder,
      labels: needs || isLabelled ? (0..<images).map { $0 % 5 == 4 ? -1 : $0 % 4 } : nil,
      teacher: objective?.needsTeacher == true ? teacher : nil, stream: RandomStream(seed: 1))
  }

  /// Twice as wide as the student.
  private var teacher: Encoder {
    let wide = Encoder.Configuration(network: .init(width: 8, blocks: [1, 1], stemStride: 2), side: 16)
    return Encoder(wide, weights: wide.backbone.initialWeights(RandomStream(seed: 9)))
  }

  private static let all = Objectives.names + Objectives.distillations.map { $0.name }

  @Test(arguments: all + ["cmsf with labels", "simclr mixed", "byol mixed", "msf mixed"])
  func resumingGivesTheSameWeights(_ name: String) throws {
    let set = try madeSet(40) { colouredImage($0) }
    let words = name.split(separator: " ")
    let trainer = try trainer(
      String(words[0]), images: 40, isLabelled: words.last == "labels", isMixed: words.last == "mixed")
    var first: TrainingState?
    let whole = try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { if $0.epoch == 1 { first = $0 } }
    let resumed = try trainer.train(set, on: CPUDevice(threads: 1), threads: 1, from: first) { _ in }
    #expect(first?.epoch == 1 && whole.epoch == 3)
    #expect(resumed.arrays == whole.arrays)
    #expect(resumed.log == whole.log)
  }

  @Test func stepsPreparedAheadGiveTheSameWeights() throws {
    let set = try madeSet(50) { colouredImage($0) }
    let trainer = ContrastiveTrainer(try settings("simclr"), encoder: encoder, stream: RandomStream(seed: 1))
    let (one, two) = (
      try trainer.train(set, on: ApartDevice(), threads: 1) { _ in },
      try trainer.train(set, on: ApartDevice(), threads: 2) { _ in }
    )
    #expect(one.arrays == two.arrays && one.log == two.log)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try trainer.train(set, on: ApartDevice(), threads: 2, afterStep: { step, _, _ in if step == 2 { throw Stop() } })
      { _ in
      }
    }
  }

  /// On one batch over and over, with a target that stays: it moves the loss of those that follow one, which says nothing.
  @Test(arguments: all) func lossFalls(_ name: String) throws {
    let (set, batch, device) = (try madeSet(16) { colouredImage($0) }, 16, CPUDevice(threads: 2))
    let trainer = try trainer(name, epochs: 1, images: batch)
    let executable = device.compile(trainer.program(batch: batch))
    let store = ParameterStore(try trainer.train(set, on: device, threads: 2) { _ in }.arrays, on: device)
    store.prepare(for: executable.program)
    var stream = RandomStream(seed: 5)
    let feeds = executable.program.feeds.map { feed -> Tensor in
      switch feed.name {
      case "scalars": Optimizer.sgd(momentum: 0.9, weightDecay: 0).feed(learningRate: 0.01, step: 0)
      case "momentum": Tensor([], [1])
      case "labels": Tensor(feed.shape, (0..<batch).map { Float($0 % 4) })
      case "previous": Tensor(feed.shape, repeating: 0)
      default: Tensor(feed.shape, (0..<feed.shape.count).map { _ in stream.uniform() })
      }
    }
    let losses = (0..<40).map { _ in store.run(executable, feeds)[0].item }
    // Banks are full by then.
    #expect(losses[39] < losses[4], "\(losses)")
  }

  @Test(arguments: all) func trainingsEndWell(_ name: String) throws {
    let set = try madeSet(64) { colouredImage($0) }
    let state = try trainer(name, epochs: 4, images: 64).train(set, on: CPUDevice(threads: 2), threads: 2) { _ in }
    #expect(state.log.count == 4 && state.warnings.isEmpty)
  }

  /// Without a rectangle a mixed step is a step; with all of the image it is that of the next image's first view.
  @Test(arguments: Objectives.names) func aMixIsTheLossesOfBothImages(_ name: String) throws {
    let (batch, device) = (8, CPUDevice(threads: 1))
    let set = try madeSet(batch) { colouredImage($0) }
    let arrays = try trainer(name, epochs: 1, images: batch).train(set, on: device, threads: 1) { _ in }.arrays
    func loss(_ isMixed: Bool, mask: Float, views: Tensor) throws -> Float {
      let trainer = try trainer(name, epochs: 1, images: batch, isMixed: isMixed)
      let executable = device.compile(trainer.program(batch: batch))
      let store = ParameterStore(arrays, on: device)
      store.prepare(for: executable.program)
      let feeds = executable.program.feeds.map { feed -> Tensor in
        switch feed.name {
        case "views": views
        case "scalars": Optimizer.sgd(momentum: 0.9, weightDecay: 0).feed(learningRate: 0, step: 0)
        case "momentum": Tensor([], [1])
        case "labels": Tensor(feed.shape, (0..<batch).map { Float($0 % 2) })
        case "cutmix": Tensor(feed.shape, repeating: mask)
        case "cutmix share": Tensor([], [1 - mask])
        default: Tensor(feed.shape, repeating: 0)
        }
      }
      return store.run(executable, feeds)[0].item
    }
    var draw = RandomStream(seed: 4)
    let stride = 16 * 16 * 3
    let pixels = (0..<2 * batch * stride).map { _ in draw.uniform() }
    let views = Tensor([2 * batch, 16, 16, 3], pixels)
    let plain = try loss(false, mask: 0, views: views)
    #expect(abs(try loss(true, mask: 0, views: views) - plain) < 1e-4 * max(1, abs(plain)))
    // All first views are the next images', and the loss is that of the next images: the order of a batch does not matter.
    let whole = try loss(true, mask: 1, views: views)
    #expect(abs(whole - plain) < 2e-3 * max(1, abs(plain)), "\(whole), \(plain)")
    let half = try loss(true, mask: 0.5, views: views)
    #expect(half.isFinite && abs(half - plain) > 1e-5)
  }

  @Test func rectanglesOfAMixAreWhatTheirShareSays() {
    let mix = CutMix(side: 12, RandomStream(seed: 2))
    let shares = (0..<400).map { step -> Float in
      let feeds = mix.feeds(step)
      let inside = feeds[0].scalars.reduce(0, +)
      #expect(feeds[0].scalars.allSatisfy { $0 == 0 || $0 == 1 } && abs(1 - inside / 144 - feeds[1].item) < 1e-6)
      return feeds[1].item
    }
    // Half of the area on average before the edges cut some off.
    let mean = shares.reduce(0, +) / 400
    #expect(mean > 0.5 && mean < 0.8 && shares.contains { $0 > 0.95 } && shares.contains { $0 < 0.3 })
    #expect(mix.feeds(3)[0] == CutMix(side: 12, RandomStream(seed: 2)).feeds(3)[0])
  }

  @Test func identicalImagesAreCalledCollapsed() throws {
    let set = try madeSet(32) { _ in Image(width: 16, height: 16, red: 90, green: 90, blue: 90) }
    var own = try settings("simclr", epochs: 1)
    own.augmentation.jitter = 0
    let trainer = ContrastiveTrainer(own, encoder: encoder, stream: RandomStream(seed: 1))
    #expect(
      try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { _ in }.warnings.map(\.code) == [
        .trainingCollapsed
      ])
  }

  @Test func lossesThatAreNotFiniteStopTheTraining() throws {
    let set = try madeSet(32) { colouredImage($0) }
    var own = try settings("simclr", epochs: 4)
    own.learningRate = 1e30
    let trainer = ContrastiveTrainer(own, encoder: encoder, stream: RandomStream(seed: 1))
    var kept: TrainingState?
    let state = try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { kept = $0 }
    #expect(state.warnings.map(\.code) == [.trainingNotFinite])
    // What was kept says so too, and going on from it does not try again.
    #expect(kept?.warnings == state.warnings)
    let again = try trainer.train(set, on: CPUDevice(threads: 2), threads: 2, from: kept) { _ in
      Issue.record("trained on")
    }
    #expect(again.warnings == state.warnings)
  }

  @Test func fewImagesAreSaidToBeFew() throws {
    let set = try madeSet(3) { colouredImage($0) }
    let trainer = ContrastiveTrainer(try settings("simclr"), encoder: encoder, stream: RandomStream(seed: 1))
    #expect(try trainer.train(set, on: CPUDevice(threads: 1), threads: 1) { _ in }.warnings.map(\.code) == [.fewImages])
  }

  @Test func advCLResumesToTheSameWeights() throws {
    let set = try madeSet(40) { colouredImage($0) }
    var settings = AdvCLConfiguration()
    (settings.epochs, settings.batch, settings.projectionWidth) = (2, 16, 8)
    settings.attack.steps = 2
    let trainer = AdvCLTrainer(settings, encoder: encoder, stream: RandomStream(seed: 2))
    let labels = [(clusters: 4, labels: (0..<40).map { $0 % 4 })]
    var first: TrainingState?
    let whole = try trainer.train(set, pseudoLabels: labels, on: CPUDevice(threads: 2), threads: 2) {
      if $0.epoch == 1 { first = $0 }
    }
    let resumed = try trainer.train(set, pseudoLabels: labels, on: CPUDevice(threads: 1), threads: 1, from: first) {
      _ in
    }
    #expect(resumed.arrays == whole.arrays)
    #expect(whole.arrays["bn1.bn_list.2.running_mean"] != nil)
    #expect(whole.log.allSatisfy { $0.loss.isFinite })

    // What comes out has plain names, and is the branch of the contrastive attack to the last bit.
    let exported = trainer.encoder(whole)
    #expect(exported.configuration == encoder)
    try SafeTensors.match(
      SafeTensors.decode(exported.files().weights, path: "x"), ResNet(Self.network).parameters, path: "x")
    var branched = encoder
    branched.network.branches = 3
    let device = CPUDevice(threads: 1)
    func features(branch: Int) -> [Float] {
      let trace = Trace()
      let scope = Scope(trace, branched.backbone.parameters, mode: .evaluation)
      scope.branch = branch
      let pixels = trace.feed("pixels", [Embedder.batch, 16, 16, 3])
      let features = Encoder(branched, weights: [:]).activations(pixels, scope).features
      let values = set.pixels.prefix(40 * set.stride).map { Float($0) * (1 / 255) }
      let padding = [Float](repeating: 0, count: (Embedder.batch - 40) * set.stride)
      let out = ParameterStore(whole.arrays, on: device).run(
        device.compile(trace.program(outputs: [features])), [Tensor([Embedder.batch, 16, 16, 3], values + padding)])
      return Array(out[0].scalars.prefix(40 * Self.network.featureWidth))
    }
    let own = Embedder(exported, on: device).features(set).values
    #expect(own == features(branch: 1))
    #expect(own != features(branch: 0) && own != features(branch: 2))
  }

  @Test func encodersComeBackFromTheirFiles() throws {
    try Fixtures.withFolder { folder in
      let encoder = Encoder(self.encoder, weights: ResNet(Self.network).initialWeights(RandomStream(seed: 4)))
      let files = try encoder.files()
      try files.weights.write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
      try files.configuration.write(to: URL(fileURLWithPath: folder + "/config.json"))
      let again = try Encoder.load(folder)
      #expect(again.weights == encoder.weights && again.configuration == encoder.configuration)
      try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
      #expect(throws: CheckpointError.self) { try Encoder.load(folder) }
    }
  }
}
