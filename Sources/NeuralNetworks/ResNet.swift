import Tensors

/// A residual network that ends in pooled features: torchvision's ResNet-18/50 and the CIFAR family.
///
/// - Source: He et al., 2015, arXiv 1512.03385; parameter names are torchvision's.
public struct ResNet: Backbone {
  /// What distinguishes one network of the family from another.
  public struct Configuration: Codable, Hashable, Sendable {
    /// Residual block.
    public enum Block: String, Codable, Hashable, Sendable { case basic, bottleneck }
    /// How the last map becomes features.
    public enum Pooling: String, Codable, Hashable, Sendable, CaseIterable { case average, max, both }
    /// First layers: one 3x3 convolution, or 7x7 with stride 2 and max pooling.
    public enum Stem: String, Codable, Hashable, Sendable { case small, large }

    public var block = Block.basic
    public var stem = Stem.small
    /// Stride of a small stem; the large one always has 2.
    public var stemStride = 1
    /// Channels of the first stage; each further stage has twice as many.
    public var width = 32
    /// Blocks a stage.
    public var blocks = [1, 1, 1]
    public var pooling = Pooling.average
    /// Batch-norm branches; AdvCL has three.
    public var branches = 1

    /// Creates a configuration of the CIFAR family.
    public init(width: Int = 32, blocks: [Int] = [1, 1, 1], stemStride: Int = 1, pooling: Pooling = .average) {
      self.width = width
      self.blocks = blocks
      self.stemStride = stemStride
      self.pooling = pooling
    }

    /// torchvision's resnet18.
    public static var resNet18: Configuration {
      var configuration = Configuration(width: 64, blocks: [2, 2, 2, 2])
      configuration.stem = .large
      return configuration
    }

    /// torchvision's resnet50.
    public static var resNet50: Configuration {
      var configuration = Configuration(width: 64, blocks: [3, 4, 6, 3])
      configuration.stem = .large
      configuration.block = .bottleneck
      return configuration
    }

    /// Everything in it that cannot work, in words; sizes are bounded, since a file may name them.
    public func problems() -> [String] {
      var found: [String] = []
      if !(1...4096).contains(width) || !(1...8).contains(blocks.count)
        || blocks.contains(where: { !(1...64).contains($0) })
      {
        found.append("the network needs a width of 1 to 4096 and 1 to 64 blocks in each of 1 to 8 stages")
      }
      if !(1...2).contains(stemStride) { found.append("stem stride must be 1 or 2, not \(stemStride)") }
      if branches != 1 {
        found.append("batch-norm branches are AdvCL's own; every model has one, not \(branches)")
      }
      return found
    }

    /// Width of the features, D.
    public var featureWidth: Int {
      (width << (blocks.count - 1)) * (block == .bottleneck ? 4 : 1) * (pooling == .both ? 2 : 1)
    }
  }

  public var featureWidth: Int { configuration.featureWidth }

  /// The configuration it was made from.
  public let configuration: Configuration
  private let conv1: Convolution
  private let bn1: BatchNormalization
  private let stages: [[Block]]

  /// Creates the network's description; weights live elsewhere.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    let isLarge = configuration.stem == .large
    conv1 = Convolution(
      "conv1", 3, configuration.width, kernel: isLarge ? 7 : 3,
      stride: isLarge ? 2 : configuration.stemStride)
    bn1 = BatchNormalization("bn1", configuration.width, branches: configuration.branches)
    var channels = configuration.width
    stages = configuration.blocks.enumerated().map { stage, count in
      (0..<count).map { i in
        let block = Block(
          "layer\(stage + 1).\(i)", channels, configuration.width << stage,
          stride: stage > 0 && i == 0 ? 2 : 1, configuration)
        channels = block.output
        return block
      }
    }
  }

  /// All parameters with torchvision's names.
  public var parameters: [Parameter] {
    conv1.parameters + bn1.parameters + stages.joined().flatMap(\.parameters)
  }

  /// Maps are those after every stage.
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Activations {
    var y = bn1(conv1(x, scope), scope).relu()
    if configuration.stem == .large { y = y.maxPool(size: 3, stride: 2, padding: 1) }
    var maps: [Value] = []
    for stage in stages {
      for block in stage { y = block(y, scope) }
      maps.append(y)
    }
    return Activations(stages: maps, features: pool(y))
  }

  /// Pools a last map [N, H, W, C] to features [N, D].
  public func pool(_ map: Value) -> Value {
    let flat: Shape = [map.shape[0], map.shape[3]]
    switch configuration.pooling {
    case .average: return map.mean([1, 2]).reshaped(flat)
    case .max: return map.max([1, 2]).reshaped(flat)
    case .both:
      return .concatenated([map.mean([1, 2]).reshaped(flat), map.max([1, 2]).reshaped(flat)], axis: 1)
    }
  }

  /// One residual block, basic or bottleneck.
  private struct Block: Layer {
    let convolutions: [(Convolution, BatchNormalization)]
    let shortcut: (Convolution, BatchNormalization)?
    let output: Int

    init(_ name: String, _ input: Int, _ width: Int, stride: Int, _ configuration: Configuration) {
      func pair(_ i: Int, _ from: Int, _ to: Int, _ kernel: Int, _ stride: Int) -> (
        Convolution, BatchNormalization
      ) {
        (
          Convolution("\(name).conv\(i)", from, to, kernel: kernel, stride: stride),
          BatchNormalization("\(name).bn\(i)", to, branches: configuration.branches)
        )
      }
      switch configuration.block {
      case .basic:
        output = width
        convolutions = [pair(1, input, width, 3, stride), pair(2, width, width, 3, 1)]
      case .bottleneck:
        output = 4 * width
        convolutions = [
          pair(1, input, width, 1, 1), pair(2, width, width, 3, stride), pair(3, width, output, 1, 1),
        ]
      }
      shortcut =
        stride == 1 && input == output
        ? nil
        : (
          Convolution("\(name).downsample.0", input, output, kernel: 1, stride: stride),
          BatchNormalization("\(name).downsample.1", output, branches: configuration.branches)
        )
    }

    var parameters: [Parameter] {
      convolutions.flatMap { $0.parameters + $1.parameters }
        + (shortcut.map { $0.parameters + $1.parameters } ?? [])
    }

    func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
      var y = x
      for (i, (convolution, normalization)) in convolutions.enumerated() {
        y = normalization(convolution(y, scope), scope)
        if i < convolutions.count - 1 { y = y.relu() }
      }
      return (y + (shortcut.map { $1($0(x, scope), scope) } ?? x)).relu()
    }
  }
}
