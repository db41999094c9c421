import CPUDevice
import Contrastive
import NeuralNetworks
import Randomness
import Tensors

/// The encoders that are compared with PyTorch.
struct Network {
  let name: String
  let configuration: ResNet.Configuration
  let batch: Int
  var side = 32

  static let all = [
    Network(name: "w16", configuration: .init(width: 16, blocks: [1, 1, 1]), batch: 256),
    Network(name: "w32", configuration: .init(width: 32, blocks: [1, 1, 1]), batch: 256),
    Network(name: "r20", configuration: .init(width: 16, blocks: [3, 3, 3]), batch: 256),
    Network(name: "r18", configuration: .init(width: 64, blocks: [2, 2, 2, 2]), batch: 64),
  ]
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
    let network = ResNet(configuration)
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
    Case(name: "\(name)-\(self.name)", work: Double(images), unit: "images/s") {
      func small(_ device: any Device) -> [Float] {
        Runner(program(16), on: device, feed: Self.feed).run().flatMap(\.scalars)
      }
      try check("\(name)-\(self.name)", small(device), small(CPUDevice(threads: 1, instructions: .portable)))
      let runner = Runner(program(images), on: device, feed: Self.feed)
      return { runner.run() }
    }
  }

  static func cases(on device: any Device) -> [Case] {
    let few = device is CPUDevice ? [] : [accelerated]
    return (all + [demo] + few).map { $0.timed("train", $0.batch, on: device, $0.simCLR) }
      + (all + [large, demo] + few).map { $0.timed("embed", min($0.batch, 256), on: device, $0.embedding) }
      + (all[..<2] + [demo] + few).map { $0.timed("advcl", 128, on: device, $0.advCL) }
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

  @discardableResult func run() -> [Tensor] { executable.run(feeds: feeds, state: state) }
}
