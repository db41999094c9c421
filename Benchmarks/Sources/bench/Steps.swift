import CPUDevice
import Contrastive
import Datasets
import Detection
import Foundation
import Images
import NeuralNetworks
import PJRTDevice
import Randomness
import Tensors

/// The encoders that are compared with PyTorch.
struct Network {
  let name: String
  let configuration: BackboneConfiguration
  let batch: Int
  var side = 32

  private init(name: String, configuration: ResNet.Configuration, batch: Int, side: Int = 32) {
    (self.name, self.configuration, self.batch, self.side) = (name, .resNet(configuration), batch, side)
  }

  private init(name: String, transformer: VisionTransformer.Configuration, batch: Int) {
    (self.name, configuration, self.batch) = (name, .transformer(transformer), batch)
  }

  static let all = [
    Network(name: "w16", configuration: .init(width: 16, blocks: [1, 1, 1]), batch: 256),
    Network(name: "w32", configuration: .init(width: 32, blocks: [1, 1, 1]), batch: 256),
    Network(name: "r20", configuration: .init(width: 16, blocks: [3, 3, 3]), batch: 256),
    Network(name: "r18", configuration: .init(width: 64, blocks: [2, 2, 2, 2]), batch: 64),
  ]
  /// ViT-tiny with four blocks.
  static let transformer = Network(
    name: "vit", transformer: .init(patch: 4, width: 192, depth: 4, heads: 3), batch: 256)
  /// ResNet-18 at a batch that fills an accelerator.
  static let accelerated = Network(
    name: "b512", configuration: .init(width: 64, blocks: [2, 2, 2, 2]), batch: 512)
  /// torchvision's ResNet-18 on full-size images.
  static let large = Network(name: "r18-224", configuration: .resNet18, batch: 32, side: 224)
  /// What `bezoar demo` trains.
  static let demo = Network(
    name: "demo", configuration: .init(width: 32, blocks: [1, 1, 1], stemStride: 2), batch: 512, side: 28)

  private var encoder: Encoder.Configuration { .init(network: configuration, side: side) }

  private static func images(_ shape: Shape, scale: Float = 1) -> Tensor {
    var stream = RandomStream(seed: 2)
    return Tensor(shape, (0..<shape.count).map { _ in stream.uniform() * scale })
  }

  /// A SimCLR step on `views` views: forward, backward, update. The head is D, batch norm, ReLU, 128.
  private func simCLR(_ views: Int) -> Program {
    var settings = ContrastiveConfiguration()
    settings.projectionHidden = configuration.featureWidth
    settings.projectionWidth = 128
    return ContrastiveTrainer(settings, encoder: encoder, stream: RandomStream(seed: 1)).program(batch: views / 2)
  }

  /// An AdvCL step with PGD-5, attack and update.
  private func advCL(_ images: Int) -> Program {
    AdvCLTrainer(.init(), encoder: encoder, stream: RandomStream(seed: 1))
      .program(batch: images, sizes: [2, 10, 50, 100, 500])
  }

  private func embedding(_ images: Int) -> Program {
    let trace = Trace()
    let network = encoder.backbone
    let pixels = trace.feed("pixels", [images, side, side, 3])
    let features = network(pixels * 4 - 2, Scope(trace, network.parameters, mode: .evaluation)).features
    return trace.program(outputs: [features])
  }

  private static func feed(_ input: Program.Input) -> Tensor {
    if input.name.hasPrefix("labels") {
      let clusters = Int(input.name.dropFirst(7)) ?? 2
      return Tensor(input.shape, (0..<input.shape.count).map { Float($0 % clusters) })
    }
    if input.shape.rank != 4 { return Tensor(input.shape, repeating: 0.01) }
    return images(input.shape, scale: input.name.hasPrefix("noise") ? 8 / 255 : 1)
  }

  /// The first outputs of a small step have to agree with the portable kernels on one thread.
  private func timed(_ name: String, _ images: Int, on device: any Device, _ program: @escaping (Int) -> Program)
    -> Case
  {
    // As in a training: a device that is apart gets its next feeds while it computes.
    let steps = device.isApart ? 10 : 1
    return Case(name: "\(name)-\(self.name)", work: Double(images * steps), unit: "images/s") {
      func small(_ device: any Device) -> [Float] {
        Runner(program(16), on: device, feed: Self.feed).run(1).flatMap(\.scalars)
      }
      try check(
        "\(name)-\(self.name)", small(device), small(CPUDevice(threads: 1, instructions: .portable)),
        tolerance: Self.tolerance(device))
      let runner = Runner(program(images), on: device, feed: Self.feed)
      return { runner.run(steps) }
    }
  }

  /// Of results after some twenty convolutions: float32, TF32 with 10 bits, bfloat16 with 8.
  private static func tolerance(_ device: any Device) -> Float {
    switch (device as? PJRTDevice)?.precision ?? .float32 {
    case .float32: 1e-3
    case .tf32: 1e-2
    case .bfloat16: 5e-2
    }
  }

  /// Patches of a third of the side pasted into 256 images and embedded, as the search does it.
  private func flipTest(on device: any Device) -> Case {
    let patches = device.isApart ? 200 : 10
    let (count, window) = (512, 11)
    return Case(name: "flips-\(name)", work: Double(patches * 256), unit: "images/s", runs: 3) {
      let folder =
        FileManager.default.temporaryDirectory.path + "/bezoar-bench-\(ProcessInfo.processInfo.processIdentifier)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      var stream = RandomStream(seed: 5)
      for i in 0..<count {
        let pixels = (0..<3 * side * side).map { _ in UInt8(stream.integer(below: 256)) }
        try Data(ImageCodec.encodePNG(Image(width: side, height: side, pixels: pixels)))
          .write(to: URL(fileURLWithPath: "\(folder)/\(i).png"))
      }
      let set = try ImageSet(ImageReader(Dataset(Path(folder)), side: side, threads: 2))
      let encoder = Encoder(
        self.encoder, weights: self.encoder.backbone.initialWeights(RandomStream(seed: 6)))
      // The space and the clusters once, so that devices differ in the test alone.
      let features = Embedder(encoder, on: CPUDevice()).features(set)
      let space = ClusterSpace(features, directions: 32, shrinkage: 0, on: CPUDevice(), RandomStream(seed: 7))
      let rows = space(features)
      let clustering = KMeans(rows, clusters: 10, on: CPUDevice(), RandomStream(seed: 8))
      func trials(_ n: Int) -> [FlipTest.Trial] {
        (0..<n).map { i in
          let patch = PatchTemplate(set.image(i % count).cropped(x: 3, y: 5, width: window, height: window))
          return .init(.patch(patch), cluster: i % 10, key: i)
        }
      }
      func test(_ device: any Device) -> FlipTest {
        FlipTest(
          encoder, space: space, clustering: clustering, rows: rows, set: set, count: 256, on: device,
          RandomStream(seed: 9))
      }
      let own = test(device)
      func shifts(_ test: FlipTest) -> [Float] { test.tallies(trials(4), 0..<256).map(\.score.shift) }
      try check("flips-\(name)", shifts(own), shifts(test(CPUDevice())), tolerance: 10 * Self.tolerance(device))
      let all = trials(patches)
      return { _ = own.tallies(all, 0..<256) }
    }
  }

  static func cases(on device: any Device) -> [Case] {
    let few = device.isApart ? [accelerated] : []
    return (all + [transformer, demo] + few).map { $0.timed("train", $0.batch, on: device, $0.simCLR) }
      + (all + [transformer, large, demo] + few).map { $0.timed("embed", min($0.batch, 256), on: device, $0.embedding) }
      + (all[..<2] + [demo] + few).map { $0.timed("advcl", 128, on: device, $0.advCL) }
      + ([demo] + few).map { $0.flipTest(on: device) }
  }
}

/// A program with inputs to run again and again.
final class Runner {
  private let executable: any Executable
  private let feeds: [Tensor]
  private let state: [any DeviceBuffer]

  init(_ program: Program, on device: any Device, feed: (Program.Input) -> Tensor) {
    executable = device.compile(program)
    feeds = program.feeds.map(feed)
    var stream = RandomStream(seed: 3)
    state = program.states.map { input in
      let count = input.shape.count
      if input.name.hasPrefix("momentum.") || input.name.hasSuffix("running_mean") || input.name.hasSuffix(".bias") {
        return device.buffer(Tensor(input.shape, repeating: 0))
      }
      if input.shape.rank == 1 { return device.buffer(Tensor(input.shape, repeating: 1)) }
      let fan = Float(input.shape.rank == 4 ? count / input.shape[3] : input.shape[1])
      let deviation = (2 / fan).squareRoot()
      return device.buffer(Tensor(input.shape, (0..<count).map { _ in stream.normal() * deviation }))
    }
  }

  /// Returns the outputs of the last of some runs, one of which may be under way while the next begins.
  @discardableResult func run(_ times: Int) -> [Tensor] {
    var last: [Tensor] = []
    executable.run(times: times, state: state) { _ in
      feeds
    } take: { _, outputs in
      last = outputs
    }
    return last
  }
}
