import Contrastive
import Datasets
import Detection
import Findings
import Foundation
import Images
import Poisoning
import Randomness
import Tensors

/// Labelled images that encoders are measured on, and how they are divided.
struct EvaluationSet {
  /// Images the probe is fitted to and those it is judged on.
  let probe: ImageSet
  let test: ImageSet
  /// The test images with the planted trigger, in the same order; nil without ground truth.
  let triggered: ImageSet?
  let classes: [String]
  /// Index of the target class; nil without ground truth.
  let target: Int?
  /// Where the labels come from, for the report.
  let source: String

  /// Divides labelled images: a random share for the probe, the rest for testing.
  init?(
    _ images: ImageSet, triggered: ImageSet?, target: String?, source: String, probeShare: Double,
    _ stream: RandomStream
  ) throws {
    let classes = Set(images.records.compactMap(\.label)).sorted()
    guard classes.count >= 2, images.count >= 20 else { return nil }
    var own = stream
    let order = own.permutation(images.count)
    let cut = max(1, min(images.count - 1, Int((probeShare * Double(images.count)).rounded())))
    probe = try images.subset(Array(order[..<cut]))
    let rest = Array(order[cut...])
    test = try images.subset(rest)
    // Twins have the same path in both folders.
    if let triggered {
      let index = Dictionary(uniqueKeysWithValues: triggered.records.enumerated().map { ($1.path, $0) })
      let twins = rest.compactMap { index[images.records[$0].path] }
      self.triggered = twins.count == rest.count ? try triggered.subset(twins) : nil
    } else {
      self.triggered = nil
    }
    self.classes = classes
    self.target = target.flatMap { classes.firstIndex(of: $0) }
    self.source = source
  }

  func labels(_ set: ImageSet) -> [Int] {
    let index = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    return set.records.map { $0.label.flatMap { index[$0] } ?? 0 }
  }
}

/// Measures encoders: probe, neighbours, attack success, robustness, flip rate.
struct EncoderEvaluation {
  let configuration: AuditConfiguration
  let device: any Device
  let stream: RandomStream

  /// Fills what needs labels.
  func measure(_ encoder: Encoder, _ evaluation: EvaluationSet, into metrics: inout EncoderMetrics) throws {
    let embedder = Embedder(encoder, on: device)
    let rows = embedder.features(evaluation.probe)
    let labels = evaluation.labels(evaluation.probe)
    let probe = LinearProbe(rows, labels: labels, classes: evaluation.classes.count, on: device)
    let truth = evaluation.labels(evaluation.test)
    let features = embedder.features(evaluation.test)
    let guesses = probe.classify(features)
    metrics.probe = "logistic regression on \(labels.count) labels (\(evaluation.source)); k-NN with k = 20"
    metrics.seeds = [configuration.seed]
    metrics.n = truth.count
    func share(_ flags: [Bool], _ name: String) -> Double {
      let hits = flags.filter(\.self).count
      metrics.interval95[name] = wilson(hits, flags.count)
      metrics.reasons[name] = nil
      return flags.isEmpty ? 0 : Double(hits) / Double(flags.count)
    }
    metrics.cleanAccuracy = share(zip(guesses, truth).map { $0 == $1 }, "clean_accuracy")
    let neighbours = nearestNeighbourLabels(features, among: rows, labels: labels)
    metrics.nearestNeighbourAccuracy = share(zip(neighbours, truth).map { $0 == $1 }, "nearest_neighbour_accuracy")
    let others = evaluation.target.map { target in truth.indices.filter { truth[$0] != target } } ?? []
    var fooled: [Int] = []
    if let triggered = evaluation.triggered, let target = evaluation.target {
      fooled = probe.classify(embedder.features(triggered))
      metrics.triggeredAccuracy = share(zip(fooled, truth).map { $0 == $1 }, "triggered_accuracy")
      metrics.attackSuccessRate = share(others.map { fooled[$0] == target }, "attack_success_rate")
      metrics.cleanFalsePositiveRate = share(others.map { guesses[$0] == target }, "clean_false_positive_rate")
    } else {
      for name in ["triggered_accuracy", "attack_success_rate", "clean_false_positive_rate"] {
        metrics.reasons[name] = "no images with the planted trigger: needs --ground-truth with evaluation folders"
      }
    }
    if configuration.evaluation.blocking {
      let saliency = configuration.search.saliency(of: encoder.configuration.network)
      let window = configuration.search.window(side: evaluation.test.side)
      let blocker = ImageBlocking(embedder, probe, saliency, window: window, on: device)
      let blocked = blocker.classify(evaluation.test, guesses: guesses)
      var own = EncoderMetrics.Blocking(
        cleanAccuracy: share(zip(blocked, truth).map { $0.guess == $1 }, "blocked_clean_accuracy"),
        saliency: saliency.rawValue, windowPixels: window)
      if let triggered = evaluation.triggered, let target = evaluation.target {
        let blocked = blocker.classify(triggered, guesses: fooled)
        own.triggeredAccuracy = share(zip(blocked, truth).map { $0.guess == $1 }, "blocked_triggered_accuracy")
        own.attackSuccessRate = share(others.map { blocked[$0].guess == target }, "blocked_attack_success_rate")
        let places = triggered.differences(from: evaluation.test)
        let hits = zip(places, blocked).compactMap { place, own in place.map { $0.isCovered(by: own.window) } }
        if !hits.isEmpty { own.triggerHitRate = share(hits, "trigger_hit_rate") }
      }
      metrics.blocking = own
    }
    let count = min(configuration.evaluation.robustImages, evaluation.test.count)
    let images = try evaluation.test.subset(Array(0..<count))
    let attack = configuration.evaluation.attack
    let robust = attack.robustAccuracy(
      encoder, probe,
      images: Tensor([count, images.side, images.side, 3], images.pixels.map { Float($0) * (1 / 255) }),
      labels: Array(truth[..<count]), on: device, stream.stream("robust"))
    metrics.robustAccuracy = .init(
      value: robust, epsilon: Double(attack.epsilon),
      attack:
        "PGD-\(attack.steps) on the linear probe, step \(Int((attack.stepSize * 255).rounded()))/255, random start",
      n: count)
    metrics.interval95["robust_accuracy"] = wilson(Int((robust * Double(count)).rounded()), count)
    metrics.reasons["robust_accuracy"] = nil
  }

  /// Fills the label-free flip rate of the first family's trigger.
  ///
  /// The trigger's cluster in this encoder is the one that most images of the family's cluster in the
  /// search encoder fall into: clusters of two encoders are matched by their members.
  ///
  /// - Parameter toEncoder: From the pixels that triggers are in to those of the set.
  func measureFlips(
    _ encoder: Encoder, _ set: ImageSet, _ toEncoder: Rescaling, outcome: PoisonFilter.Outcome, searchClusters: [Int],
    into metrics: inout EncoderMetrics
  ) {
    guard let family = outcome.families.first else {
      metrics.reasons["flip_rate"] = "no trigger was recovered"
      return
    }
    let embedder = Embedder(encoder, on: device)
    let space = SearchSpace(configuration.search, set: set, embedder: embedder, on: device, stream.stream("flips"))
    var votes: [Int: Int] = [:]
    guard let searchCluster = family.effect?.cluster else {
      metrics.reasons["flip_rate"] = "the trigger's effect was not measured"
      return
    }
    for (i, cluster) in searchClusters.enumerated() where cluster == searchCluster {
      votes[space.clustering.assignments[i], default: 0] += 1
    }
    guard let target = votes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else {
      metrics.reasons["flip_rate"] = "the trigger's cluster has no images"
      return
    }
    let removed = Set(outcome.removals.map(\.image))
    var draw = stream.stream("held out")
    let held = draw.permutation(set.count).lazy
      .filter { !removed.contains($0) && space.clustering.assignments[$0] != target }
      .prefix(configuration.evaluation.flipRateImages)
    let positions = stream.stream("positions")
    let chosen = Array(held)
    let trigger = toEncoder(family.trigger)
    let features = embedder.features(chosen.count) { i, target, position in
      var own = positions.stream(chosen[i])
      for k in 0..<set.stride { target[position + k] = Float(set.pixels[chosen[i] * set.stride + k]) * (1 / 255) }
      let window = trigger.place(side: set.side, &own)
      trigger.plant(into: &target, at: position, side: set.side, window)
    }
    let flips = KMeans.assign(space.space(features), to: space.clustering.centroids).filter { $0.cluster == target }
      .count
    metrics.flipRate = Double(flips) / Double(max(1, chosen.count))
    metrics.interval95["flip_rate"] = wilson(flips, chosen.count)
    metrics.reasons["flip_rate"] = nil
  }
}

extension ImageSet {
  /// The box of each image that differs from its twin, in pixels; nil where it is more than half of the image, or nothing is.
  fileprivate func differences(from twins: ImageSet) -> [Box?] {
    (0..<count).map { i in
      var (left, top, right, bottom) = (side, side, 0, 0)
      for y in 0..<side {
        for x in 0..<side {
          let at = i * stride + 3 * (y * side + x)
          guard (at..<at + 3).contains(where: { pixels[$0] != twins.pixels[$0] }) else { continue }
          (left, top, right, bottom) = (min(left, x), min(top, y), max(right, x + 1), max(bottom, y + 1))
        }
      }
      let box = Box(x: left..<max(left, right), y: top..<max(top, bottom))
      return box.area > 0 && 2 * box.area <= side * side ? box : nil
    }
  }
}

/// A box in pixels.
private struct Box {
  let (x, y): (Range<Int>, Range<Int>)

  var area: Int { x.count * y.count }

  /// True if a window covers more than half of it.
  func isCovered(by window: Window) -> Bool {
    let (across, down) = (window.x..<window.x + window.side, window.y..<window.y + window.side)
    return 2 * x.clamped(to: across).count * y.clamped(to: down).count > area
  }
}

/// Wilson's 95 % score interval of a share.
///
/// - Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
func wilson(_ hits: Int, _ n: Int) -> [Double] {
  guard n > 0 else { return [0, 1] }
  let (z, n, p) = (1.959964, Double(n), Double(hits) / Double(n))
  let centre = p + z * z / (2 * n)
  let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  let scale = 1 + z * z / n
  return [max(0, (centre - half) / scale), min(1, (centre + half) / scale)]
}
