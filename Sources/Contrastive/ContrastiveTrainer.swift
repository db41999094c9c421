import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// Settings of a contrastive training.
public struct ContrastiveConfiguration: Codable, Hashable, Sendable {
  /// What is minimised.
  public var objective = ChosenObjective(SimCLR())

  /// How second views differ from first ones.
  public struct SecondView: Codable, Hashable, Sendable {
    /// Probability that what is brighter than a half is inverted.
    public var solarize: Float = 0
    /// True for crops and flips only.
    public var isWeak = false
  }

  /// How second views are drawn.
  public var secondAugmentation: Augmentation {
    var own = augmentation
    own.solarize = secondView.solarize
    if secondView.isWeak { own.weaken() }
    return own
  }

  public var epochs = 30
  public var batch = 256
  public var temperature: Float = 1
  public var learningRate: Float = 1
  /// Epochs of linear warm-up.
  public var warmUpEpochs = 2
  public var optimizer = Optimizer.sgd(momentum: 0.9, weightDecay: 1e-4)
  public var augmentation = Augmentation()
  /// What second views have of their own.
  public var secondView = SecondView()
  /// Side of the views relative to the images', (0, 1], see ``viewSide(of:)``. Crops magnify: at about 0.7 things have in them the size that
  /// they have in the images (Touvron et al., FixRes, 2019, arXiv 1906.06423), and a step takes some seven tenths of the time.
  public var viewScale: Float = 1
  public var projectionHidden = 256
  public var projectionWidth = 64
  /// True mixes first views: see ``CutMix``. In an audit it is for the encoder that is retrained on the kept images.
  public var cutMix = false

  /// Settings that were measured to work on small images: small crops and a high temperature bind a
  /// trigger to what else is in its images, so that the search and the measured attack both see it.
  public init() { augmentation.minimumCrop = 0.08 }

  /// These settings with another objective and its recipe; epochs, batch and strengths of the augmentation stay.
  public func with(_ objective: any Objective) -> ContrastiveConfiguration {
    let fresh = Self()
    var own = self
    own.objective = ChosenObjective(objective)
    (own.temperature, own.learningRate, own.optimizer) = (fresh.temperature, fresh.learningRate, fresh.optimizer)
    (own.projectionHidden, own.projectionWidth) = (fresh.projectionHidden, fresh.projectionWidth)
    (own.augmentation.minimumCrop, own.secondView) = (fresh.augmentation.minimumCrop, fresh.secondView)
    objective.adapt(&own)
    return own
  }

  /// These settings with the optimizer that suits a backbone; those of the objective for a ResNet.
  public func suiting(_ backbone: BackboneConfiguration) -> ContrastiveConfiguration {
    guard case .transformer = backbone else { return self }
    var own = self
    (own.optimizer, own.learningRate) = (.forTransformers, Optimizer.learningRateForTransformers(batch: batch))
    return own
  }

  /// Everything in these settings that cannot work, in words.
  public func problems() -> [String] {
    let objective = objective.objective
    var found = objective.problems(self) + (objective.target?.problems ?? [])
    if epochs < 1 { found.append("epochs must be at least 1, not \(epochs)") }
    if batch < 2 { found.append("batch must be at least 2, not \(batch)") }
    if !(temperature > 0) { found.append("temperature must be positive, not \(temperature)") }
    if !(learningRate > 0) { found.append("learning rate must be positive, not \(learningRate)") }
    let crop = augmentation.minimumCrop
    if !(crop > 0 && crop <= 1) { found.append("minimum crop must be in (0, 1], not \(crop)") }
    if min(projectionHidden, projectionWidth) < 1 {
      found.append("projections must be 1 wide at least, not \(min(projectionHidden, projectionWidth))")
    }
    if !(viewScale > 0 && viewScale <= 1) { found.append("the scale of views must be in (0, 1], not \(viewScale)") }
    if objective.bankRows > 0, objective.bankRows < batch {
      found.append("a bank must hold a batch of \(batch) at least, not \(objective.bankRows)")
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
  /// Of the features after the epoch, where they were looked at.
  public var quality: FeatureQuality?

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

/// Trains an encoder with one of ``Objectives``.
///
/// - Determinism: Views depend on seed, epoch and image; the rest on shapes. Threads don't matter,
///   and a training resumed from a state ends with the same weights.
public struct ContrastiveTrainer: Sendable {
  private let configuration: ContrastiveConfiguration
  private let encoder: Encoder.Configuration
  private let stream: RandomStream
  /// Class of each image, -1 for none; nil where nothing asks for them.
  private let labels: [Int]?

  private let objective: any Objective
  /// The frozen encoder that a distillation aims at.
  private let teacher: Encoder?
  private let projector: Perceptron?
  private let predictor: Perceptron?
  /// Width of projections.
  private let width: Int

  /// Creates a trainer.
  ///
  /// - Parameters:
  ///   - labels: Class of each image, -1 for none; asked for where the objective needs them.
  ///   - teacher: Asked for where the objective needs one; it sees images of the same side.
  public init(
    _ configuration: ContrastiveConfiguration, encoder: Encoder.Configuration, labels: [Int]? = nil,
    teacher: Encoder? = nil, stream: RandomStream
  ) {
    (self.encoder, self.stream) = (encoder, stream)
    objective = configuration.objective.objective
    precondition(objective.labels != .needed || labels != nil, "\(configuration.objective.name) needs labels")
    precondition(objective.needsTeacher == (teacher != nil), "\(configuration.objective.name): teacher")
    precondition(teacher.map { $0.configuration.side == encoder.side } ?? true, "a teacher of another side")
    self.labels = objective.labels == .ignored ? nil : labels
    self.teacher = teacher
    var recipe = configuration
    if let teacher {
      recipe.projectionWidth = teacher.network.featureWidth
      if teacher.configuration.network.hasFixedSide { recipe.viewScale = 1 }
    }
    self.configuration = recipe
    let features = encoder.network.featureWidth
    projector = objective.projector(features, recipe)
    width = projector?.width ?? features
    predictor = objective.predictor(width, recipe)
  }

  /// Labels stand in for views that would be remembered.
  private var remembersViews: Bool { objective.remembersViews && labels == nil }

  /// Widths of what is kept in the bank: of targets or of the teacher's features, and of what is remembered beside them.
  private var bankWidths: (rows: Int, remembered: Int?) {
    teacher.map { ($0.network.featureWidth, width) } ?? (width, remembersViews ? width : nil)
  }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - set: The images.
  ///   - device: Runs the steps.
  ///   - threads: Threads that make views.
  ///   - state: Where to go on; nil starts afresh.
  ///   - afterEpoch: Called with the state to keep; may throw to stop.
  ///   - measuring: What is told of the encoder after an epoch, by its arrays; nil where nothing is.
  /// - Returns: The last state; its arrays include the encoder's weights.
  public func train(
    _ set: ImageSet, on device: any Device, threads: Int, from state: TrainingState? = nil,
    afterStep: (_ step: Int, _ steps: Int, _ loss: Float) throws -> Void = { _, _, _ in },
    afterEpoch: (TrainingState) throws -> Void,
    measuring: (_ epoch: Int, _ arrays: [String: Tensor]) -> FeatureQuality? = { _, _ in nil }
  ) throws -> TrainingState {
    let batch = min(configuration.batch, set.count)
    var state = state ?? initialState(set)
    guard batch >= 8 else {
      state.warnings = [.init(.fewImages, "\(set.count) images; a contrastive training needs at least 8")]
      return state
    }
    let views = ViewMaker(
      set, configuration.augmentation, second: configuration.secondAugmentation, stream.stream("views"),
      side: configuration.viewSide(of: set.side), threads: threads, onDevice: device.isApart)
    let loop = EpochLoop(
      images: set.count, batch: batch, epochs: configuration.epochs, warmUpEpochs: configuration.warmUpEpochs,
      learningRate: configuration.learningRate, stream: stream)
    let memory =
      remembersViews
      ? ViewMemory(images: set.count, width: width, state.arrays.removeValue(forKey: ViewMemory.name)) : nil
    let (optimizer, target, labels) = (configuration.optimizer, objective.target, labels)
    let mix = configuration.cutMix ? CutMix(side: configuration.viewSide(of: set.side), stream.stream("cutmix")) : nil
    return try loop.run(
      state, device.compile(program(batch: batch, viewsOnDevice: device.isApart)), on: device, afterStep: afterStep,
      afterEpoch: afterEpoch, memory: memory, measuring: measuring
    ) { step in
      var feeds = views.feeds(step.images, epoch: step.epoch)
      feeds.append(optimizer.feed(learningRate: step.learningRate, step: step.done))
      if let target {
        feeds.append(Tensor([], [target.momentum(done: Float(step.done) / Float(max(1, loop.schedule.steps)))]))
      }
      if let labels { feeds.append(Tensor([batch], step.images.map { Float(labels[$0]) })) }
      if let memory { feeds.append(memory.rows(of: step.images)) }
      if let mix { feeds += mix.feeds(step.done) }
      return feeds
    }
  }

  private func initialState(_ set: ImageSet) -> TrainingState {
    var arrays = encoder.backbone.initialWeights(stream.stream("network"))
    if let projector { arrays.merge(projector.initialWeights(stream.stream("head"))) { a, _ in a } }
    if objective.target != nil { for (name, tensor) in arrays { arrays[Self.targetPrefix + name] = tensor } }
    if let predictor { arrays.merge(predictor.initialWeights(stream.stream("predictor"))) { a, _ in a } }
    if objective.bankRows > 0 {
      let (rows, remembered) = bankWidths
      arrays.merge(Bank.initial(rows: objective.bankRows, width: rows, remembered: remembered)) { a, _ in a }
    }
    if let teacher {
      for parameter in teacher.network.parameters {
        arrays[Self.teacherPrefix + parameter.name] = teacher.weights[parameter.name]
      }
    }
    return TrainingState(epoch: 0, arrays: arrays)
  }

  private static let targetPrefix = "momentum-encoder."
  private static let teacherPrefix = "teacher."

  /// The training step: feeds are views [2N, H, W, 3], the optimizer's scalars, and what the objective asks for: the target's
  /// momentum, labels [N], targets of the epoch before [N, W], where a rectangle is taken from [1, H, W, 1] and what share it leaves.
  ///
  /// - Parameter viewsOnDevice: Instead of views feeds images as bytes [N, H, W, 3] and their views' parameters [2N, 26].
  public func program(batch: Int, viewsOnDevice: Bool = false) -> Program {
    let trace = Trace()
    let side = configuration.viewSide(of: encoder.side)
    let pixels =
      viewsOnDevice
      ? DeviceViews(
        trace, batch: batch, side: encoder.side, viewSide: side, configuration.augmentation,
        second: configuration.secondAugmentation
      ).views
      : trace.feed("views", [2 * batch, side, side, 3])
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let momentum = objective.target.map { _ in trace.feed("momentum", []) }
    let truth = labels.map { _ in trace.feed("labels", [batch]) }
    let previous = remembersViews ? trace.feed("previous", [batch, width]) : nil
    let model = Encoder(encoder, weights: [:])
    let followed = model.network.parameters + (projector?.parameters ?? [])
    let predicting = predictor?.parameters ?? []
    let scope = Scope(trace, followed + predicting, mode: .training)
    let target = momentum.map { _ in Scope(trace, followed, mode: .training, prefix: Self.targetPrefix) }
    let frozen = teacher.map {
      (encoder: $0, scope: Scope(trace, $0.network.parameters, mode: .evaluation, prefix: Self.teacherPrefix))
    }
    let mix = configuration.cutMix ? CutMix.Mixed(trace, pixels.slice(start: 0, count: batch)) : nil
    let (bankWidth, remembered) = bankWidths
    let passes = Passes(
      trace, pixels: pixels, mixed: mix?.views, batch: batch, encoder: model, projector: projector,
      predictor: predictor, scope: scope, target: target, teacher: frozen, labels: truth, previous: previous,
      bank: objective.bankRows > 0
        ? Bank(trace, rows: objective.bankRows, width: bankWidth, remembered: remembered) : nil)
    let step = ObjectiveStep(configuration, batch: batch, passes)
    var loss = objective.loss(step)
    if let mix { loss = loss * mix.share + objective.loss(step.next()) * (-mix.share + 1) }
    if let target, let momentum {
      target.commitStatistics()
      for parameter in followed where parameter.role != .statistic {
        let (old, new) = (target[parameter.name], scope[parameter.name])
        trace.update(old, to: new + (old - new) * momentum)
      }
    }
    let trained = (followed + predicting).filter { $0.role != .statistic }
    let gradients = trace.gradients(of: loss, withRespectTo: trained.map { scope[$0.name] })
    let steady = objective.predictorKeepsRate ? predicting.count { $0.role != .statistic } : 0
    let falling = trained.count - steady
    configuration.optimizer.update(Array(trained[..<falling]), Array(gradients[..<falling]), scope, scalars: scalars)
    if steady > 0 {
      let others = scalars.slice(start: 1, count: Optimizer.feedShape[0] - 1)
      configuration.optimizer.update(
        Array(trained[falling...]), Array(gradients[falling...]), scope,
        scalars: .concatenated([trace.constant(configuration.learningRate, [1]), others]))
    }
    scope.commitStatistics()
    guard let features = passes.features else { preconditionFailure("a loss without features") }
    let outputs = [loss, spread(features)] + (remembersViews ? [step.targets(1).unitRows()] : [])
    return trace.program(outputs: outputs)
  }
}

/// The graph form of ``Features/spread``.
func spread(_ features: Value) -> Value {
  let moments = features.unitRows().moments()
  let variance = moments.slice(start: 1, count: 1)
  return variance.squareRoot().mean() * Float(features.shape[1]).squareRoot()
}
