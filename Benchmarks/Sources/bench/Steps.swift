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

  static let large = Network(name: "r18-224", configuration: .resNet18, batch: 32, side: 224)

  var encoder: Encoder.Configuration { .init(network: configuration, side: side) }

  /// SimCLR on `batch` views with PyTorch's head of the peer script: D, ReLU, 128.
  var trainer: ContrastiveTrainer {
    var settings = ContrastiveConfiguration()
    settings.projectionHidden = configuration.featureWidth
    settings.projectionWidth = 128
    return ContrastiveTrainer(settings, encoder: encoder, stream: RandomStream(seed: 1))
  }

  func images(_ count: Int, scale: Float = 1) -> Tensor {
    var stream = RandomStream(seed: 2)
    return Tensor([count, side, side, 3], (0..<count * 3 * side * side).map { _ in stream.uniform() * scale })
  }

  /// One training step's seconds, and its loss for the check.
  func train(on device: any Device) -> Runner {
    Runner(trainer.program(batch: batch / 2), on: device) { input in
      input.name == "views"
        ? images(batch) : Tensor(input.shape, [Float](repeating: 0.01, count: input.shape.count))
    }
  }

  /// One AdvCL step with PGD-5, attack and update.
  func advCL(batch: Int, on device: any Device) -> Runner {
    let trainer = AdvCLTrainer(.init(), encoder: encoder, stream: RandomStream(seed: 1))
    let sizes = [2, 10, 50, 100, 500]
    return Runner(trainer.program(batch: batch, sizes: sizes), on: device) { input in
      if input.name.hasPrefix("labels") {
        let clusters = Int(input.name.dropFirst(7)) ?? 2
        return Tensor(input.shape, (0..<input.shape.count).map { Float($0 % clusters) })
      }
      if input.name.hasPrefix("noise") { return images(batch, scale: 8 / 255) }
      return input.shape.rank == 4
        ? images(input.shape[0]) : Tensor(input.shape, [Float](repeating: 0.01, count: input.shape.count))
    }
  }

  func embed(on device: any Device) -> Runner {
    let trace = Trace()
    let encoder = Encoder(encoder, weights: [:])
    let pixels = trace.feed("pixels", [batch, side, side, 3])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let features = encoder.network(pixels * 4 - 2, scope).features
    return Runner(trace.program(outputs: [features]), on: device) { _ in images(batch) }
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
      let name = input.name
      let count = input.shape.count
      let scalars: [Float]
      if name.hasPrefix("momentum.") || name.hasSuffix("running_mean") || name.hasSuffix(".bias") {
        scalars = [Float](repeating: 0, count: count)
      } else if input.shape.rank == 1 {
        scalars = [Float](repeating: 1, count: count)
      } else {
        let fan = Float(input.shape.rank == 4 ? count / input.shape[3] : input.shape[1])
        let deviation = (2 / fan).squareRoot()
        scalars = (0..<count).map { _ in stream.normal() * deviation }
      }
      return device.buffer(Tensor(input.shape, scalars))
    }
  }

  var arenaMebibytes: Int { executable.arenaBytes >> 20 }

  @discardableResult func run() -> [Tensor] { executable.run(feeds: feeds, state: state) }
}
