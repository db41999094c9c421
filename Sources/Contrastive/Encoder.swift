import Datasets
import Foundation
import NeuralNetworks
import Tensors

/// A trained or trainable encoder: network, input side and weights on the host.
public struct Encoder: Sendable {
  /// What is needed to build the network again; `config.json` beside the weights.
  public struct Configuration: Codable, Hashable, Sendable {
    public var network: BackboneConfiguration
    /// Side of the input in pixels.
    public var side: Int
    /// Input = (pixel in 0...1 - mean) / deviation, one of each a channel.
    public var mean: [Float] = [0.5, 0.5, 0.5]
    public var deviation: [Float] = [0.25, 0.25, 0.25]

    /// Creates a configuration.
    public init(network: BackboneConfiguration, side: Int) {
      self.network = network.suiting(side: side)
      self.side = side
    }

    /// Creates one with a ResNet.
    public init(network: ResNet.Configuration, side: Int) { self.init(network: .resNet(network), side: side) }

    /// The network's description.
    public var backbone: any Backbone { network.backbone(side: side) }

    /// Reads the `config.json` that lies beside weights.
    ///
    /// - Parameter weights: Path of the weights.
    /// - Returns: nil if there is none, or if another program wrote it.
    /// - Throws: ``CheckpointError`` with code `.configuration` if it is ours and cannot be right.
    public static func beside(_ weights: String) throws(CheckpointError) -> Configuration? {
      let path = Path(URL(fileURLWithPath: weights).deletingLastPathComponent().path + "/config.json")
      guard let bytes = try? FileSystem.read(path, limit: 1 << 16) else { return nil }
      return try read(Data(bytes), path: path.description)
    }

    /// Reads a `config.json`; nil if another program wrote it.
    ///
    /// - Throws: ``CheckpointError`` with code `.configuration` if it is ours and cannot be right.
    public static func read(_ data: Data, path: String) throws(CheckpointError) -> Configuration? {
      guard
        let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        object["network"] is [String: Any], object["deviation"] != nil
      else { return nil }
      let problems: [String]
      do {
        var configuration = try JSONDecoder().decode(Configuration.self, from: data)
        configuration.network = configuration.network.suiting(side: configuration.side)
        problems = configuration.problems()
        if problems.isEmpty { return configuration }
      } catch { problems = [(error as? DecodingError)?.words ?? "\(error)"] }
      throw CheckpointError(
        code: .configuration, path: path,
        detail:
          "\(problems.joined(separator: "; ")); take it from the run folder that wrote it, or move it away and give --encoder-normalization"
      )
    }

    /// Everything in it that cannot work, in words.
    private func problems() -> [String] {
      var found = network.suiting(side: side).problems(side: side)
      if !(16...512).contains(side) { found.append("side must be 16 to 512 pixels, not \(side)") }
      if !EncoderImport.isUsable(mean, deviation) {
        found.append("mean and deviation must be three numbers each, the deviations positive")
      }
      return found
    }
  }

  public let configuration: Configuration
  /// Arrays by checkpoint name; at least the network's.
  public var weights: [String: Tensor]

  /// Creates an encoder.
  public init(_ configuration: Configuration, weights: [String: Tensor]) {
    self.configuration = configuration
    self.weights = weights
  }

  /// The network's description.
  public var network: any Backbone { configuration.backbone }

  /// Runs the network on pixels in 0...1, [N, side, side, 3], in a trace.
  package func activations(_ pixels: Value, _ scope: Scope) -> Activations {
    let scale = configuration.deviation.map { 1 / $0 }
    let shift = zip(configuration.mean, scale).map { $0 * $1 }
    // Equal channels are scalars, which fuse into what follows.
    if Set(scale).count == 1, Set(shift).count == 1 { return network(pixels * scale[0] - shift[0], scope) }
    let trace = pixels.owner
    return network(pixels * trace.constant(Tensor([3], scale)) - trace.constant(Tensor([3], shift)), scope)
  }

  /// Writes `model.safetensors` and `config.json` into a folder.
  public func files() throws -> (weights: Data, configuration: Data) {
    let names = Set(network.parameters.map(\.name))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return (
      SafeTensors.encode(weights.filter { names.contains($0.key) }, metadata: ["format": "pt"]),
      try encoder.encode(configuration)
    )
  }

  /// Reads what `files()` wrote.
  ///
  /// - Throws: ``CheckpointError`` if the weights don't fit the configuration exactly.
  public static func load(_ folder: String) throws -> Encoder {
    let path = folder + "/model.safetensors"
    guard let configuration = try Configuration.beside(path), let data = FileManager.default.contents(atPath: path)
    else {
      throw CheckpointError(
        code: .unreadable, path: folder, detail: "model.safetensors or config.json is missing")
    }
    let weights = try SafeTensors.decode(data, path: path)
    try SafeTensors.match(weights, configuration.backbone.parameters, path: path)
    return Encoder(configuration, weights: weights)
  }
}

/// Features of many images: rows of one matrix.
public struct Features: Sendable, Equatable {
  /// Number of rows.
  public let count: Int
  /// Width of a row.
  public let width: Int
  /// Row-major values.
  public var values: [Float]

  /// Creates a matrix.
  public init(width: Int, values: [Float]) {
    self.width = width
    count = width == 0 ? 0 : values.count / width
    self.values = values
  }

  /// One row.
  public func row(_ i: Int) -> ArraySlice<Float> { values[i * width..<(i + 1) * width] }

  /// Rows at these indices, in this order.
  public func subset(_ indices: [Int]) -> Features {
    Features(width: width, values: indices.flatMap { row($0) })
  }

  /// Rows scaled to unit length.
  public var unitRows: Features {
    var result = values
    for i in 0..<count {
      let size = max(row(i).reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      for j in i * width..<(i + 1) * width { result[j] /= size }
    }
    return Features(width: width, values: result)
  }

  /// Standard deviation of unit rows along each direction, averaged, times sqrt(width).
  ///
  /// 1 for directions spread evenly over the sphere, 0 for a collapsed encoder.
  ///
  /// - Source: Chen and He, SimSiam, 2020, section 4.1, arXiv 2011.10566.
  public var spread: Float {
    guard count > 1 else { return 0 }
    var (sums, squares) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    for i in 0..<count {
      let own = row(i)
      let size = own.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      for (j, value) in own.enumerated() {
        let unit = Double(value) / max(size, 1e-12)
        sums[j] += unit
        squares[j] += unit * unit
      }
    }
    let n = Double(count)
    let mean = (0..<width).reduce(0.0) { $0 + max(0, squares[$1] / n - sums[$1] / n * (sums[$1] / n)).squareRoot() }
    return Float(mean / Double(width) * Double(width).squareRoot())
  }
}

/// A compiled encoder in evaluation mode.
public final class Embedder {
  /// Images in one compiled batch.
  public static let batch = 256
  /// The encoder.
  public let encoder: Encoder
  /// Width of the features.
  public let width: Int
  private let executable: any Executable
  private let store: ParameterStore

  /// Compiles an encoder for a device.
  public init(_ encoder: Encoder, on device: any Device) {
    self.encoder = encoder
    width = encoder.configuration.network.featureWidth
    store = ParameterStore(encoder.weights, on: device)
    let trace = Trace()
    let side = encoder.configuration.side
    let pixels = trace.feed("pixels", [Self.batch, side, side, 3])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let features = encoder.activations(pixels, scope).features
    executable = device.compile(trace.program(outputs: [features]))
  }

  /// Returns features of `count` images whose pixels in 0...1 a function writes into a batch.
  ///
  /// - Parameter fill: Writes image `i` to the array from `position`.
  public func features(_ count: Int, _ fill: (_ i: Int, _ target: inout [Float], _ position: Int) -> Void) -> Features {
    let side = encoder.configuration.side
    let stride = 3 * side * side
    var values: [Float] = []
    values.reserveCapacity(count * width)
    var pixels = [Float](repeating: 0, count: Self.batch * stride)
    store.run(executable, times: (count + Self.batch - 1) / Self.batch) { k in
      for i in 0..<min(Self.batch, count - k * Self.batch) { fill(k * Self.batch + i, &pixels, i * stride) }
      return [Tensor([Self.batch, side, side, 3], pixels)]
    } take: { k, out in
      values += out[0].scalars[..<(min(Self.batch, count - k * Self.batch) * width)]
    }
    return Features(width: width, values: values)
  }

  /// Returns features of a set's images.
  ///
  /// - Parameter chosen: Indices of images; nil takes all.
  public func features(_ set: ImageSet, _ chosen: [Int]? = nil) -> Features {
    let stride = set.stride
    return features(chosen?.count ?? set.count) { i, target, position in
      let from = (chosen?[i] ?? i) * stride
      for k in 0..<stride { target[position + k] = Float(set.pixels[from + k]) * (1 / 255) }
    }
  }
}
