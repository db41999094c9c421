import NeuralNetworks
import Tensors

/// MoCo v3: MoCo without a bank, with a predictor and a target whose momentum rises; keys of the batch are the negatives.
///
///     2T (InfoNCE(h(g(f(view 1))), target(view 2)) + InfoNCE(h(g(f(view 2))), target(view 1)))
///
/// - Source: Chen, Xie and He, 2021, algorithm 1, arXiv 2104.02057.
public struct MoCoV3: Objective {
  public static let name = "moco-v3"
  public var target: MomentumTarget? = MomentumTarget(0.99, rises: true)

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.2
    recipe.learningRate = 0.3
    recipe.augmentation.minimumCrop = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    problemsOfTarget
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, recipe.projectionHidden, recipe.projectionWidth], last: .plain)
  }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("predictor", [width, recipe.projectionHidden, width])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    let t = step.recipe.temperature
    return Self.loss(step.predictions(0), step.targets(1), temperature: t)
      + Self.loss(step.predictions(1), step.targets(0), temperature: t)
  }

  /// One direction, 2T times the cross-entropy of each row of q·k / T against its own key; [N, W] each.
  package static func loss(_ predictions: Value, _ targets: Value, temperature: Float) -> Value {
    let trace = predictions.owner
    let (q, k) = (predictions.unitRows(), trace.detached(targets.unitRows()))
    let logits = q.matrixProduct(k, transposeRight: true) * (1 / temperature)
    let own = (q * k).sum([1]) * (1 / temperature)
    return (logits.logSumExp() - own).mean() * (2 * temperature)
  }
}
