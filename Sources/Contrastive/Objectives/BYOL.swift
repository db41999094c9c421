import NeuralNetworks
import Tensors

/// BYOL: a predictor has to say what the target makes of the other view; no negatives.
///
///     mean of (2 - 2 cos(h(g(f(view 1))), target(view 2))) + (2 - 2 cos(h(g(f(view 2))), target(view 1)))
///
/// - Source: Grill et al., 2020, eq. 2, arXiv 2006.07733. Deviates: SGD instead of LARS, and the width of small networks.
public struct BYOL: Objective {
  public static let name = "byol"
  public var target: MomentumTarget? = MomentumTarget(0.99, rises: true)

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.3
    recipe.augmentation.minimumCrop = 0.2
    // Appendix B: blur 1 and 0.1, solarise 0 and 0.2. Blurs of published strength leave nothing of 32 pixels.
    recipe.secondView.solarize = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    problemsOfTarget
  }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("predictor", [width, recipe.projectionHidden, width])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    Self.loss(step.predictions(0), step.targets(1)) + Self.loss(step.predictions(1), step.targets(0))
  }

  /// One direction; [N, W] each.
  package static func loss(_ predictions: Value, _ targets: Value) -> Value {
    let aim = predictions.owner.detached(targets.unitRows())
    return ((predictions.unitRows() * aim).sum([1]) * -2 + 2).mean()
  }
}
