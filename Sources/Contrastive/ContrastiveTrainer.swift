import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// Settings of a contrastive training.
public struct ContrastiveConfiguration: Codable, Hashable, Sendable {
  /// What is minimised.
  public enum Objective: Codable, Hashable, Sendable {
    /// Chen et al., 2020, arXiv 2002.05709.
    case simCLR
    /// Chen et al., 2020, arXiv 2003.04297: momentum encoder and a queue of that many keys.
    case moCo(queue: Int, momentum: Float)
  }

  public var objective = Objective.simCLR
  public var epochs = 30
  public var batch = 256
  public var temperature: Float = 1
  public var learningRate: Float = 1
  /// Epochs of linear warm-up.
  public var warmUpEpochs = 2
  public var optimizer = Optimizer.sgd(momentum: 0.9, weightDecay: 1e-4)
  public var augmentation = Augmentation()
  /// Side of the views relative to the images', (0, 1], see ``viewSide(of:)``. Crops magnify: at about 0.7 things have in them the size that
  /// they have in the images (Touvron et al., FixRes, 2019, arXiv 1906.06423), and a step takes some seven tenths of the time.
  public var viewScale: Float = 1
  public var projectionHidden = 256
  public var projectionWidth = 64

  /// Settings that were measured to work on small images: small crops and a high temperature bind a
  /// trigger to what else is in its images, so that the search and the measured attack both see it.
  public init() { augmentation.minimumCrop = 0.08 }

  /// Everything in these settings that cannot work, in words.
  public func problems() -> [String] {
    var found: [String] = []
    if epochs < 1 { found.append("epochs must be at least 1, not \(epochs)") }
    if batch < 2 { found.append("batch must be at least 2, not \(batch)") }
    if !(temperature > 0) { found.append("temperature must be positive, not \(temperature)") }
    if !(learningRate > 0) { found.append("learning rate must be positive, not \(learningRate)") }
    let crop = augmentation.minimumCrop
    if !(crop > 0 && crop <= 1) { found.append("minimum crop must be in (0, 1], not \(crop)") }
    if !(viewScale > 0 && viewScale <= 1) { found.append("the scale of views must be in (0, 1], not \(viewScale)") }
    if case .moCo(let queue, let momentum) = objective {
      if queue < batch || queue % batch != 0 { found.append("the queue must be a multiple of the batch, not \(queue)") }
      if !(momentum >= 0 && momentum < 1) { found.append("momentum must be in [0, 1), not \(momentum)") }
    }
    return found
  }

  /// Side of the views of images of a side, in pixels: a multiple of 4, at least 8, or the images' own.
  public func viewSide(of side: Int) -> Int {
    viewScale < 1 ? min(side, max(8, Int((viewScale * Float(side) / 4).rounded()) * 4)) : side
  }
}

/// What a training reports after each epoch.
public struct EpochReport: Codable, Hashable, Sendable {
  /// Counted from 1.
  public var epoch: Int
  public var epochs: Int
  /// Mean loss of the epoch, in nats.
  public var loss: Float
  /// See ``Features/spread``; of the last batch.
  public var spread: Float

  /// Creates a report.
  public init(epoch: Int, epochs: Int, loss: Float, spread: Float) {
    (self.epoch, self.epochs, self.loss, self.spread) = (epoch, epochs, loss, spread)
  }
}

/// Everything a training needs to go on after an epoch, as after an interruption.
public struct TrainingState: Sendable {
  /// Epochs done.
  public var epoch: Int
  /// All arrays: weights, statistics, optimizer state, momentum encoder, queue.
  public var arrays: [String: Tensor]
  public var log: [EpochReport]
  public var warnings: [EncoderWarning]

  /// Creates a state.
  public init(epoch: Int, arrays: [String: Tensor], log: [EpochReport] = [], warnings: [EncoderWarning] = []) {
    (self.epoch, self.arrays, self.log, self.warnings) = (epoch, arrays, log, warnings)
  }
}

/// Trains an encoder with SimCLR or MoCo v2.
///
/// - Determinism: Views depend on seed, epoch and image; the rest on shapes. Threads don't matter,
///   and a training resumed from a state ends with the same weights.
public struct ContrastiveTrainer: Sendable {
  private let configuration: ContrastiveConfiguration
  private let encoder: Encoder.Configuration
  private let stream: RandomStream

  /// Creates a trainer.
  public init(_ configuration: ContrastiveConfiguration, encoder: Encoder.Configuration, stream: RandomStream) {
    self.configuration = configuration
    self.encoder = encoder
    self.stream = stream
  }

  private var head: ProjectionHead {
    ProjectionHead(
      "head", encoder.network.featureWidth, hidden: configuration.projectionHidden,
      output: configuration.projectionWidth)
  }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - set: The images.
  ///   - device: Runs the steps.
  ///   - threads: Threads that make views.
  ///   - state: Where to go on; nil starts afresh.
  ///   - afterEpoch: Called with the state to keep; may throw to stop.
  /// - Returns: The last state; its arrays include the encoder's weights.
  public func train(
    _ set: ImageSet, on device: any Device, threads: Int, from state: TrainingState? = nil,
    afterStep: (_ step: Int, _ steps: Int, _ loss: Float) throws -> Void = { _, _, _ in },
    afterEpoch: (TrainingState) throws -> Void
  ) throws -> TrainingState {
    let batch = min(configuration.batch, set.count)
    var state = state ?? initialState(set)
    guard batch >= 8 else {
      state.warnings = [.init(.fewImages, "\(set.count) images; a contrastive training needs at least 8")]
      return state
    }
    let views = ViewMaker(
      set, configuration.augmentation, stream.stream("views"), side: configuration.viewSide(of: set.side),
      threads: threads, onDevice: device.isApart)
    let loop = EpochLoop(
      images: set.count, batch: batch, epochs: configuration.epochs, warmUpEpochs: configuration.warmUpEpochs,
      learningRate: configuration.learningRate, stream: stream)
    return try loop.run(
      state, device.compile(program(batch: batch, viewsOnDevice: device.isApart)), on: device, afterStep: afterStep,
      afterEpoch: afterEpoch
    ) { step in
      views.feeds(step.images, epoch: step.epoch)
        + [configuration.optimizer.feed(learningRate: step.learningRate, step: step.done)]
    }
  }

  private func initialState(_ set: ImageSet) -> TrainingState {
    var arrays = ResNet(encoder.network).initialWeights(stream.stream("network"))
    arrays.merge(head.initialWeights(stream.stream("head"))) { a, _ in a }
    if case .moCo(let queue, _) = configuration.objective {
      for (name, tensor) in arrays { arrays["momentum-encoder.\(name)"] = tensor }
      var own = stream.stream("queue")
      let width = configuration.projectionWidth
      var keys = [Float](repeating: 0, count: queue * width)
      for row in 0..<queue {
        let key = (0..<width).map { _ in own.normal() }
        let size = key.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (i, value) in key.enumerated() { keys[row * width + i] = value / size }
      }
      arrays["queue"] = Tensor([queue, width], keys)
    }
    return TrainingState(epoch: 0, arrays: arrays)
  }

  /// The training step: feeds are views [2N, H, W, 3] and the optimizer's scalars.
  ///
  /// - Parameter viewsOnDevice: Instead of views feeds images as bytes [N, H, W, 3] and their views' parameters [2N, 25].
  public func program(batch: Int, viewsOnDevice: Bool = false) -> Program {
    let trace = Trace()
    let side = configuration.viewSide(of: encoder.side)
    let pixels =
      viewsOnDevice
      ? DeviceViews(trace, batch: batch, side: encoder.side, viewSide: side, configuration.augmentation).views
      : trace.feed("views", [2 * batch, side, side, 3])
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let model = Encoder(encoder, weights: [:])
    let parameters = model.network.parameters + head.parameters
    let scope = Scope(trace, parameters, mode: .training)
    func split(_ value: Value) -> (Value, Value) {
      (value.slice(start: 0, count: batch), value.slice(start: batch, count: batch))
    }
    let features: Value
    let loss: Value
    switch configuration.objective {
    case .simCLR:
      features = model.activations(pixels, scope).features
      let (first, second) = split(head(features, scope))
      loss = ntXentLoss([first, second], temperature: configuration.temperature)
    case .moCo(let size, let momentum):
      let (first, second) = split(pixels)
      let teacher = Scope(trace, parameters, mode: .training, prefix: "momentum-encoder.")
      let keys = head(model.activations(second, teacher).features, teacher).unitRows()
      features = model.activations(first, scope).features
      let queue = trace.state("queue", [size, configuration.projectionWidth])
      loss = infoNCELoss(head(features, scope), keys: keys, queue: queue, temperature: configuration.temperature)
      trace.update(queue, to: .concatenated([keys, queue.slice(start: 0, count: size - batch)]))
      teacher.commitStatistics()
      for parameter in parameters where parameter.role != .statistic {
        let (old, new) = (teacher[parameter.name], scope[parameter.name])
        trace.update(old, to: old * momentum + new * (1 - momentum))
      }
    }
    let trained = parameters.filter { $0.role != .statistic }
    let gradients = trace.gradients(of: loss, withRespectTo: trained.map { scope[$0.name] })
    configuration.optimizer.update(trained, gradients, scope, scalars: scalars)
    scope.commitStatistics()
    return trace.program(outputs: [loss, spread(features)])
  }
}

/// The graph form of ``Features/spread``.
func spread(_ features: Value) -> Value {
  let moments = features.unitRows().moments()
  let variance = moments.slice(start: 1, count: 1)
  return variance.squareRoot().mean() * Float(features.shape[1]).squareRoot()
}
