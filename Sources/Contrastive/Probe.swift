import NeuralNetworks
import Randomness
import Tensors

/// A linear classifier on frozen features: unit length, centred, scaled by one common factor.
///
/// Directions are not standardised one by one: a direction that clean images hardly use, such as one
/// that answers to a trigger alone, would be blown up, and triggered images would land anywhere.
public struct LinearProbe: Sendable {
  /// Subtracted from unit features, [D].
  public let mean: [Float]
  /// Divides all of them.
  public let deviation: Float
  /// [K, D].
  public let weights: [Float]
  /// [K].
  public let bias: [Float]
  /// Number of classes, K.
  public let classes: Int

  /// Fits multinomial logistic regression with an L2 penalty of 1/(2N) by gradient descent.
  ///
  /// - Parameters:
  ///   - features: [N, D]; any scale.
  ///   - labels: One class in 0..<classes a row.
  ///   - iterations: Full-batch steps of SGD with momentum.
  /// - Source: The linear evaluation protocol of Chen et al., 2020, with logistic regression; the length
  ///   is that of the published attack evaluations, 30 epochs of 5 steps on 1 % of the labels.
  public init(_ features: Features, labels: [Int], classes: Int, iterations: Int = 150, on device: any Device) {
    let (n, d) = (features.count, features.width)
    self.classes = classes
    var rows = features.unitRows.values
    var sums = [Double](repeating: 0, count: d)
    for i in 0..<n { for j in 0..<d { sums[j] += Double(rows[i * d + j]) } }
    let mean = sums.map { Float($0 / Double(n)) }
    var squares = 0.0
    for i in 0..<n {
      for j in 0..<d {
        rows[i * d + j] -= mean[j]
        squares += Double(rows[i * d + j]) * Double(rows[i * d + j])
      }
    }
    let deviation = Float((squares / Double(n * d)).squareRoot()) + 1e-9
    for i in rows.indices { rows[i] /= deviation }
    self.mean = mean
    self.deviation = deviation

    let layer = Linear("probe", d, classes)
    let trace = Trace()
    let scope = Scope(trace, layer.parameters, mode: .training)
    let x = trace.state("rows", [n, d])
    let truth = trace.state("labels", [n])
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let loss = crossEntropyLoss(layer(x, scope), classes: truth)
    let gradients = trace.gradients(of: loss, withRespectTo: layer.parameters.map { scope[$0.name] })
    let optimizer = Optimizer.sgd(momentum: 0.9, weightDecay: 1 / Float(n))
    optimizer.update(layer.parameters, gradients, scope, scalars: scalars)
    let executable = device.compile(trace.program(outputs: [loss]))
    let store = ParameterStore(
      [
        "probe.weight": Tensor([classes, d], repeating: 0), "probe.bias": Tensor([classes], repeating: 0),
        "rows": Tensor([n, d], rows), "labels": Tensor([n], labels.map(Float.init)),
      ], on: device)
    store.prepare(for: executable.program)
    let schedule = CosineSchedule(peak: 0.05, warmUp: 10, steps: iterations)
    for step in 0..<iterations {
      _ = store.run(executable, [optimizer.feed(learningRate: schedule.learningRate(step), step: step)])
    }
    let arrays = store.read()
    weights = arrays["probe.weight"]?.scalars ?? []
    bias = arrays["probe.bias"]?.scalars ?? []
  }

  /// Returns the likeliest class of each row.
  public func classify(_ features: Features) -> [Int] {
    let unit = features.unitRows
    return (0..<unit.count).map { i in
      var (best, score) = (0, -Float.infinity)
      let row = unit.row(i)
      for k in 0..<classes {
        var sum = bias[k]
        for (j, value) in row.enumerated() {
          sum += weights[k * features.width + j] * (value - mean[j]) / deviation
        }
        if sum > score { (best, score) = (k, sum) }
      }
      return best
    }
  }

  /// Logits in a trace, for features [N, D].
  package func logits(_ features: Value) -> Value {
    let trace = features.owner
    let d = mean.count
    let rows = (features.unitRows() - trace.constant(Tensor([d], mean))) / deviation
    return rows.matrixProduct(trace.constant(Tensor([classes, d], weights)), transposeRight: true)
      + trace.constant(Tensor([classes], bias))
  }
}

/// Returns the majority label of the k nearest rows by cosine, ties to the nearer.
public func nearestNeighbourLabels(_ queries: Features, among rows: Features, labels: [Int], k: Int = 20) -> [Int] {
  let (q, r) = (queries.unitRows, rows.unitRows)
  return (0..<q.count).map { i in
    let cosines = (0..<r.count).map { dot(q.row(i), r.row($0)) }
    let near = cosines.indices.sorted { (-cosines[$0], $0) < (-cosines[$1], $1) }.prefix(k)
    var votes: [Int: Int] = [:]
    for n in near { votes[labels[n], default: 0] += 1 }
    let most = votes.values.max() ?? 0
    return near.map { labels[$0] }.first { votes[$0] == most } ?? 0
  }
}

/// An attack by projected gradient ascent in an L-infinity ball around images.
///
/// - Source: Madry et al., 2017, arXiv 1706.06083.
public struct ProjectedGradientDescent: Codable, Hashable, Sendable {
  /// Radius of the ball, pixels in 0...1.
  public var epsilon: Float = 8 / 255
  /// Step along the sign of the gradient.
  public var stepSize: Float = 2 / 255
  /// Number of steps.
  public var steps = 20

  /// The usual evaluation on small images: 8/255, 2/255, 20 steps.
  public init() {}

  /// Moves adversarial pixels one step up a scalar's gradient, in a trace.
  func step(_ adversarial: Value, around pixels: Value, increasing target: Value) -> Value {
    let trace = target.owner
    let gradient = trace.gradients(of: target, withRespectTo: [adversarial])[0]
    let moved = adversarial + gradient.sign() * stepSize
    return moved.maximum(pixels - epsilon).minimum(pixels + epsilon).clamped(0, 1)
  }

  /// Returns the share of images that a probe still classifies rightly under attack.
  ///
  /// - Parameters:
  ///   - images: Pixels in 0...1, [N, side, side, 3].
  ///   - labels: One class an image.
  public func robustAccuracy(
    _ encoder: Encoder, _ probe: LinearProbe, images: Tensor, labels: [Int], on device: any Device,
    _ stream: RandomStream
  ) -> Double {
    let (n, side) = (images.shape[0], images.shape[1])
    guard n > 0 else { return 0 }
    let batch = min(250, n)
    let shape: Shape = [batch, side, side, 3]
    let trace = Trace()
    let (pixels, adversarial) = (trace.feed("pixels", shape), trace.feed("adversarial", shape))
    let classes = trace.feed("classes", [batch])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let logits = probe.logits(encoder.activations(adversarial, scope).features)
    // The sum, not the mean: the sign does not care, and small gradients keep their bits.
    let loss = crossEntropyLoss(logits, classes: classes) * Float(batch)
    let next = step(adversarial, around: pixels, increasing: loss)
    let attack = device.compile(trace.program(outputs: [next]))
    let judge = device.compile(trace.program(outputs: [logits]))
    let store = ParameterStore(encoder.weights, on: device)
    let stride = 3 * side * side
    var right = 0
    for start in Swift.stride(from: 0, to: n, by: batch) {
      let size = min(batch, n - start)
      func padded(_ values: ArraySlice<Float>, _ unit: Int) -> [Float] {
        Array(values) + [Float](repeating: 0, count: (batch - size) * unit)
      }
      let clean = Tensor(shape, padded(images.scalars[start * stride..<(start + size) * stride], stride))
      let truth = Tensor([batch], padded(labels[start..<start + size].map(Float.init)[...], 1))
      var own = stream.stream(start)
      var current = clean
      for i in current.scalars.indices {
        current.scalars[i] = max(0, min(1, current.scalars[i] + own.uniform(-epsilon, epsilon)))
      }
      for _ in 0..<steps { current = store.run(attack, [clean, current, truth])[0] }
      let scores = store.run(judge, [clean, current, truth])[0].scalars
      for i in 0..<size {
        let row = scores[i * probe.classes..<(i + 1) * probe.classes]
        if row.max().flatMap({ row.firstIndex(of: $0) }) == i * probe.classes + labels[start + i] { right += 1 }
      }
    }
    return Double(right) / Double(n)
  }
}
