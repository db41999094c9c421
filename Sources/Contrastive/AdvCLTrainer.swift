import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// How images are divided into pseudo-labels.
public enum PseudoLabels: String, Codable, Hashable, Sendable, CaseIterable {
  /// Clusters of the scan encoder's features.
  case kMeans = "kmeans"
  /// Clusters of the features of a fresh network that was trained to tell such clusters apart, see ``ClusterFit``.
  case clusterFit = "clusterfit"
  /// Clusters of the scan encoder's features that are about equally large, see ``KMeans/balanced(_:)``.
  case sinkhorn
}

/// Settings of an AdvCL training.
///
/// - Source: Fan et al., "When Does Contrastive Learning Preserve Adversarial Robustness from
///   Pretraining to Finetuning?", NeurIPS 2021, arXiv 2111.01124.
public struct AdvCLConfiguration: Codable, Hashable, Sendable {
  public var epochs = 12
  public var batch = 128
  public var temperature: Float = 0.5
  public var learningRate: Float = 0.1
  public var warmUpEpochs = 1
  public var optimizer = Optimizer.sgd(momentum: 0.9, weightDecay: 1e-4)
  public var augmentation = Augmentation()
  public var projectionWidth = 128
  /// Weight of the pseudo-label loss.
  public var pseudoLabelWeight: Float = 0.2
  /// Cluster counts of the pseudo-label sets; those above a third of the images are left out.
  public var clusters = [2, 10, 50, 100, 500]
  /// How images are divided into them.
  public var pseudoLabels = PseudoLabels.kMeans
  public var attack: ProjectedGradientDescent

  /// The paper's settings but for the length of the training.
  public init() {
    attack = ProjectedGradientDescent()
    attack.steps = 5
  }

  /// Everything in these settings that cannot work, in words.
  public func problems() -> [String] {
    var found: [String] = []
    if epochs < 1 { found.append("AdvCL epochs must be at least 1, not \(epochs)") }
    if batch < 2 { found.append("AdvCL batch must be at least 2, not \(batch)") }
    if !(temperature > 0) { found.append("AdvCL temperature must be positive, not \(temperature)") }
    if !(learningRate > 0) { found.append("AdvCL learning rate must be positive, not \(learningRate)") }
    if attack.steps < 0 { found.append("attack steps must not be negative") }
    return found
  }
}

/// Trains a robust encoder by adversarial contrastive learning.
///
/// Four views meet in one NT-Xent loss: two augmented ones, one adversarial and one high-frequency;
/// a second adversarial view is classified into pseudo-labels. Batch-norm branches: 0 for clean and
/// high-frequency views, 1 for the contrastive attack, 2 for the pseudo-label attack; features are
/// read from branch 1, the only one in the encoder that comes out. The whole step is one program, so what does not change inside the attack
/// (three of five views, forward) is computed once.
///
/// Deviates from the paper: pseudo-labels are made from the scan encoder's features of the kept images (``PseudoLabels``) instead of an
/// ImageNet encoder's, so labels of the data are never needed (where its objective takes labels they are in these features); half grey
/// is added to the high-frequency view.
public struct AdvCLTrainer: Sendable {
  private let configuration: AdvCLConfiguration
  private let encoder: Encoder.Configuration
  private let stream: RandomStream
  /// The branch that features are read from.
  private static let branch = 1

  /// Creates a trainer; while it trains, the encoder has three batch-norm branches.
  public init(_ configuration: AdvCLConfiguration, encoder: Encoder.Configuration, stream: RandomStream) {
    self.configuration = configuration
    var own = encoder
    own.network.branches = 3
    self.encoder = own
    self.stream = stream
  }

  /// The encoder that comes out: the branch that features are read from, under the names of a network without branches.
  public func encoder(_ state: TrainingState) -> Encoder {
    var own = encoder
    own.network.branches = 1
    return Encoder(own, weights: BatchNormalization.single(Self.branch, of: state.arrays))
  }

  private var head: Perceptron {
    let width = encoder.network.featureWidth
    return Perceptron("head", [width, width, configuration.projectionWidth], normalizes: false)
  }

  private func labelHeads(_ sizes: [Int]) -> [Linear] {
    sizes.map { Linear("pseudo-labels.\($0)", encoder.network.featureWidth, $0) }
  }

  /// Numbers of clusters that some images are divided into.
  public func clusters(of images: Int) -> [Int] { configuration.clusters.filter { $0 <= images / 3 } }

  /// Clusters features into the pseudo-label sets.
  public func pseudoLabels(_ rows: Features, on device: any Device) -> [(clusters: Int, labels: [Int])] {
    clusters(of: rows.count).map { k in
      let clusters = KMeans(rows, clusters: k, on: device, stream.stream("pseudo-labels").stream(k))
      return (k, (configuration.pseudoLabels == .sinkhorn ? clusters.balanced(rows) : clusters).assignments)
    }
  }

  /// Trains to the end; see ``ContrastiveTrainer/train(_:on:threads:from:afterStep:afterEpoch:)``.
  ///
  /// - Parameter pseudoLabels: Label sets of the images.
  public func train(
    _ set: ImageSet, pseudoLabels: [(clusters: Int, labels: [Int])], on device: any Device, threads: Int,
    from state: TrainingState? = nil,
    afterStep: (_ step: Int, _ steps: Int, _ loss: Float) throws -> Void = { _, _, _ in },
    afterEpoch: (TrainingState) throws -> Void
  ) throws -> TrainingState {
    let sizes = pseudoLabels.map(\.clusters)
    var state = state ?? initialState(sizes)
    let batch = min(configuration.batch, set.count)
    guard batch >= 8 else {
      state.warnings = [.init(.fewImages, "\(set.count) images; AdvCL needs at least 8")]
      return state
    }
    let onDevice = device.isApart
    let views = ViewMaker(
      set, configuration.augmentation, stream.stream("views"), side: set.side, threads: threads, onDevice: onDevice)
    let optimizer = configuration.optimizer
    let loop = EpochLoop(
      images: set.count, batch: batch, epochs: configuration.epochs, warmUpEpochs: configuration.warmUpEpochs,
      learningRate: configuration.learningRate, stream: stream)
    return try loop.run(
      state, device.compile(program(batch: batch, sizes: sizes, viewsOnDevice: onDevice)), on: device,
      afterStep: afterStep, afterEpoch: afterEpoch
    ) { step in
      views.feeds(step.images, epoch: step.epoch) + (onDevice ? [] : originals(step, set, threads: threads))
        + startingNoise(step, set, threads: threads)
        + [optimizer.feed(learningRate: step.learningRate, step: step.done)]
        + pseudoLabels.map { own in Tensor([batch], step.images.map { Float(own.labels[$0]) }) }
    }
  }

  /// The images of a step as they are, and their high frequencies.
  private func originals(_ step: EpochLoop.Step, _ set: ImageSet, threads: Int) -> [Tensor] {
    let highPass = HighPass(side: set.side, radius: set.side / 4)
    return perImage(step, set, feeds: 2, threads: threads) { image, feeds in
      let from = image * set.stride
      let pixels = set.pixels[from..<from + set.stride].map { Float($0) * (1 / 255) }
      feeds[0] += pixels
      for value in highPass(pixels) { feeds[1].append(value + 0.5) }
    }
  }

  /// Where both attacks start, relative to the images.
  private func startingNoise(_ step: EpochLoop.Step, _ set: ImageSet, threads: Int) -> [Tensor] {
    let noise = stream.stream("noise").stream(step.epoch)
    let epsilon = configuration.attack.epsilon
    return perImage(step, set, feeds: 2, threads: threads) { image, feeds in
      var own = noise.stream(image)
      for k in feeds.indices { for _ in 0..<set.stride { feeds[k].append(own.uniform(-epsilon, epsilon)) } }
    }
  }

  /// Some images a task, and what they become one after another for each feed.
  private func perImage(
    _ step: EpochLoop.Step, _ set: ImageSet, feeds count: Int, threads: Int,
    _ append: @Sendable (_ image: Int, _ feeds: inout [[Float]]) -> Void
  ) -> [Tensor] {
    let perTask = 8
    let parts = concurrentMap((step.images.count + perTask - 1) / perTask, threads: threads) { task -> [[Float]] in
      var feeds = [[Float]](repeating: [], count: count)
      for k in feeds.indices { feeds[k].reserveCapacity(perTask * set.stride) }
      for image in step.images[task * perTask..<min((task + 1) * perTask, step.images.count)] { append(image, &feeds) }
      return feeds
    }
    return (0..<count).map { k in
      var all: [Float] = []
      all.reserveCapacity(step.images.count * set.stride)
      for part in parts { all += part[k] }
      return Tensor([step.images.count, set.side, set.side, 3], all)
    }
  }

  private func initialState(_ sizes: [Int]) -> TrainingState {
    var arrays = encoder.backbone.initialWeights(stream.stream("network"))
    arrays.merge(head.initialWeights(stream.stream("head"))) { a, _ in a }
    for layer in labelHeads(sizes) {
      arrays.merge(layer.initialWeights(stream.stream("labels"))) { a, _ in a }
    }
    return TrainingState(epoch: 0, arrays: arrays)
  }

  /// The training step, attack and update in one graph.
  ///
  /// - Parameter viewsOnDevice: Instead of views, images and their high frequencies, feeds images as bytes [N, H, W, 3] and their
  ///   views' parameters [2N, 26].
  public func program(batch: Int, sizes: [Int], viewsOnDevice: Bool = false) -> Program {
    let trace = Trace()
    let side = encoder.side
    let shape: Shape = [batch, side, side, 3]
    let (views, pixels, high): (Value, Value, Value)
    if viewsOnDevice {
      let made = DeviceViews(trace, batch: batch, side: side, configuration.augmentation)
      (views, pixels) = (made.views, made.pixels)
      high = DeviceViews.highFrequencies(of: pixels, radius: side / 4) + 0.5
    } else {
      views = trace.feed("views", [2 * batch, side, side, 3])
      (pixels, high) = (trace.feed("pixels", shape), trace.feed("high-frequency", shape))
    }
    let (firstNoise, secondNoise) = (trace.feed("noise 1", shape), trace.feed("noise 2", shape))
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let truths = sizes.map { trace.feed("labels \($0)", [batch]) }

    let model = Encoder(encoder, weights: [:])
    let heads = labelHeads(sizes)
    let parameters = model.network.parameters + head.parameters + heads.flatMap(\.parameters)
    let scope = Scope(trace, parameters, mode: .training)
    func features(_ pixels: Value, branch: Int, _ scope: Scope) -> Value {
      scope.branch = branch
      return model.activations(pixels, scope).features
    }
    func pseudoLabelLoss(_ features: Value, _ scope: Scope) -> Value {
      zip(heads, truths).map { crossEntropyLoss($0(features, scope), classes: $1) }
        .reduce(trace.constant(0), +) / Float(max(1, sizes.count))
    }
    let clean = head(features(views, branch: 0, scope), scope)
    let others = [
      clean.slice(start: 0, count: batch), clean.slice(start: batch, count: batch),
      head(features(high, branch: 0, scope), scope),
    ]

    var first = (pixels + firstNoise).clamped(0, 1)
    var second = (pixels + secondNoise).clamped(0, 1)
    for _ in 0..<configuration.attack.steps {
      // Statistics that the attack's passes would move are thrown away with their scope.
      let inner = scope.withoutStatistics()
      let contrast = ntXentLoss(
        [head(features(first, branch: Self.branch, inner), inner)] + others, temperature: configuration.temperature)
      let labels = pseudoLabelLoss(features(second, branch: 2, inner), inner)
      // Signs are all that counts, so each loss is scaled up to keep its gradient's bits.
      first = trace.detached(configuration.attack.step(first, around: pixels, increasing: contrast * Float(batch)))
      if !sizes.isEmpty {
        second = trace.detached(configuration.attack.step(second, around: pixels, increasing: labels * Float(batch)))
      }
    }
    let robust = features(first, branch: Self.branch, scope)
    var loss = ntXentLoss([head(robust, scope)] + others, temperature: configuration.temperature)
    if !sizes.isEmpty {
      loss = loss + pseudoLabelLoss(features(second, branch: 2, scope), scope) * configuration.pseudoLabelWeight
    }
    let trained = parameters.filter { $0.role != .statistic }
    let gradients = trace.gradients(of: loss, withRespectTo: trained.map { scope[$0.name] })
    configuration.optimizer.update(trained, gradients, scope, scalars: scalars)
    scope.commitStatistics()
    return trace.program(outputs: [loss, spread(robust)])
  }
}
