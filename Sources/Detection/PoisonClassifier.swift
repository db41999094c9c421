import Contrastive
import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// An ensemble of small networks that learn to tell images with a pasted patch from images without.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, section 3.3, arXiv 2304.01482. Deviates: fewer and
///   shorter trainings (small images), scores are the mean difference of the two logits.
/// - Limits: Learns what the patches have in common; clean patches among them teach it clean content.
public struct PoisonClassifier: Sendable {
  /// Settings.
  public struct Configuration: Codable, Hashable, Sendable {
    public var networks = 3
    public var iterations = 300
    public var batch = 128
    public var learningRate: Float = 0.05
    public var weightDecay: Float = 1e-4
    /// Side of pasted patches relative to the window; lower and upper end.
    public var smallestScale: Float = 0.7
    public var largestScale: Float = 1.3
    /// Channels of the first stage.
    public var width = 16

    /// The defaults.
    public init() {}

    /// Everything in these settings that cannot work, in words.
    public func problems() -> [String] {
      var found: [String] = []
      if networks < 1 || iterations < 1 || batch < 2 {
        found.append("the classifier needs networks, iterations and a batch")
      }
      if !(smallestScale > 0 && smallestScale <= largestScale) {
        found.append("patch scales must be positive and in order")
      }
      return found
    }
  }

  private let configuration: Configuration
  private let stream: RandomStream
  private let augmentation: Augmentation

  /// Creates a classifier.
  ///
  /// - Parameter augmentation: That of the encoder; applied before patches are pasted.
  public init(_ configuration: Configuration, augmentation: Augmentation, stream: RandomStream) {
    self.configuration = configuration
    self.stream = stream
    var own = augmentation
    own.minimumCrop = max(own.minimumCrop, 0.2)
    self.augmentation = own
  }

  private var network: ResNet {
    ResNet(.init(width: configuration.width, blocks: [1, 1, 1], stemStride: 2, pooling: .max))
  }

  /// Trains on patches and scores every image; higher is more like carrying one of them.
  ///
  /// - Parameters:
  ///   - patches: Suspected triggers.
  ///   - backgrounds: Indices of images to paste into.
  ///   - progress: Told the share that is done.
  /// - Returns: One score an image of the set.
  public func scores(
    _ patches: [PatchTemplate], backgrounds: [Int], in set: ImageSet, on device: any Device, threads: Int,
    progress: (Double) throws -> Void
  ) throws -> [Float] {
    precondition(!patches.isEmpty && !backgrounds.isEmpty, "the classifier needs patches and backgrounds")
    var sums = [Float](repeating: 0, count: set.count)
    for member in 0..<configuration.networks {
      let own = stream.stream(member)
      let arrays = try train(patches, backgrounds, set, own, on: device, threads: threads) { share in
        try progress((Double(member) + share) / Double(configuration.networks))
      }
      for (i, score) in score(set, arrays, on: device).enumerated() { sums[i] += score }
    }
    let networks = Float(configuration.networks)
    return sums.map { $0 / networks }
  }

  private var layers: (network: ResNet, output: Linear) {
    (network, Linear("fc", network.configuration.featureWidth, 2))
  }

  private func logits(_ pixels: Value, _ scope: Scope) -> Value {
    layers.output(network(pixels * 4 - 2, scope).features, scope)
  }

  private func train(
    _ patches: [PatchTemplate], _ backgrounds: [Int], _ set: ImageSet, _ stream: RandomStream, on device: any Device,
    threads: Int, progress: (Double) throws -> Void
  ) throws -> [String: Tensor] {
    let batch = configuration.batch
    let parameters = network.parameters + layers.output.parameters
    let trace = Trace()
    let scope = Scope(trace, parameters, mode: .training)
    let pixels = trace.feed("pixels", [batch, set.side, set.side, 3])
    let classes = trace.feed("classes", [batch])
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let loss = crossEntropyLoss(logits(pixels, scope), classes: classes)
    let trained = parameters.filter { $0.role != .statistic }
    let gradients = trace.gradients(of: loss, withRespectTo: trained.map { scope[$0.name] })
    let optimizer = Optimizer.sgd(momentum: 0.9, weightDecay: configuration.weightDecay)
    optimizer.update(trained, gradients, scope, scalars: scalars)
    scope.commitStatistics()
    let executable = device.compile(trace.program(outputs: [loss]))

    var weights = network.initialWeights(stream.stream("network"))
    weights.merge(layers.output.initialWeights(stream.stream("output"))) { a, _ in a }
    let store = ParameterStore(weights, on: device)
    store.prepare(for: executable.program)
    let schedule = CosineSchedule(
      peak: configuration.learningRate, warmUp: 10, steps: configuration.iterations)
    try store.run(executable, times: configuration.iterations) { step in
      let stepStream = stream.stream("examples").stream(step)
      let examples = concurrentMap(batch, threads: threads) { i -> [Float] in
        var own = stepStream.stream(i)
        return example(patches, backgrounds, set, isPositive: i % 2 == 0, &own)
      }
      var all: [Float] = []
      all.reserveCapacity(batch * set.stride)
      for one in examples { all += one }
      return [
        Tensor([batch, set.side, set.side, 3], all), Tensor([batch], (0..<batch).map { $0 % 2 == 0 ? 1 : 0 }),
        optimizer.feed(learningRate: schedule.learningRate(step), step: step),
      ]
    } take: { step, _ in
      if step % 10 == 9 { try progress(Double(step + 1) / Double(configuration.iterations)) }
    }
    return store.read()
  }

  /// An augmented image, with a resized patch pasted at a random place if positive.
  private func example(
    _ patches: [PatchTemplate], _ backgrounds: [Int], _ set: ImageSet, isPositive: Bool, _ stream: inout RandomStream
  ) -> [Float] {
    let image = backgrounds[stream.integer(below: backgrounds.count)]
    var view = [Float](repeating: 0, count: set.stride)
    augmentation.view(set.pixels, at: image * set.stride, side: set.side, &stream, into: &view, at: 0)
    guard isPositive else { return view }
    let patch = patches[stream.integer(below: patches.count)]
    let scale = stream.uniform(configuration.smallestScale, configuration.largestScale)
    let trigger = PlantedTrigger.patch(
      patch.resized(max(2, min(set.side, Int((scale * Float(patch.side)).rounded())))))
    let window = trigger.place(side: set.side, &stream)
    trigger.plant(into: &view, at: 0, side: set.side, window)
    return view
  }

  private func score(_ set: ImageSet, _ arrays: [String: Tensor], on device: any Device) -> [Float] {
    let batch = 256
    let trace = Trace()
    let scope = Scope(trace, network.parameters + layers.output.parameters, mode: .evaluation)
    let pixels = trace.feed("pixels", [batch, set.side, set.side, 3])
    let executable = device.compile(trace.program(outputs: [logits(pixels, scope)]))
    let store = ParameterStore(arrays, on: device)
    var result: [Float] = []
    store.run(executable, times: (set.count + batch - 1) / batch) { k in
      var values = [Float](repeating: 0, count: batch * set.stride)
      for i in 0..<min(batch, set.count - k * batch) * set.stride {
        values[i] = Float(set.pixels[k * batch * set.stride + i]) * (1 / 255)
      }
      return [Tensor([batch, set.side, set.side, 3], values)]
    } take: { k, out in
      let logits = out[0].scalars
      for i in 0..<min(batch, set.count - k * batch) { result.append(logits[2 * i + 1] - logits[2 * i]) }
    }
    return result
  }
}
