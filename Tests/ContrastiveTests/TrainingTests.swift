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

  private func settings(_ objective: ContrastiveConfiguration.Objective, epochs: Int = 3) -> ContrastiveConfiguration {
    var settings = ContrastiveConfiguration()
    settings.objective = objective
    settings.epochs = epochs
    settings.batch = 16
    settings.learningRate = 0.1
    settings.projectionHidden = 16
    settings.projectionWidth = 8
    return settings
  }

  private static let objectives: [ContrastiveConfiguration.Objective] = [.simCLR, .moCo(queue: 32, momentum: 0.9)]

  @Test(arguments: objectives) func resumingGivesTheSameWeights(_ objective: ContrastiveConfiguration.Objective) throws
  {
    let set = try madeSet(40) { colouredImage($0) }
    let trainer = ContrastiveTrainer(settings(objective), encoder: encoder, stream: RandomStream(seed: 1))
    var first: TrainingState?
    let whole = try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { if $0.epoch == 1 { first = $0 } }
    let resumed = try trainer.train(set, on: CPUDevice(threads: 1), threads: 1, from: first) { _ in }
    #expect(first?.epoch == 1 && whole.epoch == 3)
    #expect(resumed.arrays == whole.arrays)
    #expect(resumed.log == whole.log)
  }

  @Test func stepsPreparedAheadGiveTheSameWeights() throws {
    let set = try madeSet(50) { colouredImage($0) }
    let trainer = ContrastiveTrainer(settings(.simCLR), encoder: encoder, stream: RandomStream(seed: 1))
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

  @Test(arguments: objectives) func lossFalls(_ objective: ContrastiveConfiguration.Objective) throws {
    let set = try madeSet(64) { colouredImage($0) }
    let trainer = ContrastiveTrainer(settings(objective, epochs: 8), encoder: encoder, stream: RandomStream(seed: 1))
    let state = try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { _ in }
    #expect((state.log.last?.loss ?? .infinity) < (state.log.first?.loss ?? 0))
    #expect(state.warnings.isEmpty)
  }

  @Test func identicalImagesAreCalledCollapsed() throws {
    let set = try madeSet(32) { _ in Image(width: 16, height: 16, red: 90, green: 90, blue: 90) }
    var own = settings(.simCLR, epochs: 1)
    own.augmentation.jitter = 0
    let trainer = ContrastiveTrainer(own, encoder: encoder, stream: RandomStream(seed: 1))
    #expect(
      try trainer.train(set, on: CPUDevice(threads: 2), threads: 2) { _ in }.warnings.map(\.code) == [
        .trainingCollapsed
      ])
  }

  @Test func lossesThatAreNotFiniteStopTheTraining() throws {
    let set = try madeSet(32) { colouredImage($0) }
    var own = settings(.simCLR, epochs: 4)
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
    let trainer = ContrastiveTrainer(settings(.simCLR), encoder: encoder, stream: RandomStream(seed: 1))
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
      let scope = Scope(trace, ResNet(branched.network).parameters, mode: .evaluation)
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
