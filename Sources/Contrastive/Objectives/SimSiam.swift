import NeuralNetworks
import Tensors

/// SimSiam: BYOL without a target; the gradient stops at one of the two views in turn.
///
///     -1/2 (cos(h(z1), stop(z2)) + cos(h(z2), stop(z1)))
///
/// - Source: Chen and He, 2020, algorithm 1, arXiv 2011.10566. The predictor is a bottleneck of a quarter whose learning rate does
///   not fall (section 4.2).
public struct SimSiam: Objective {
  public static let name = "simsiam"
  public init() {}
  public let predictorKeepsRate = true
  private enum CodingKeys: CodingKey {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    // 0.05 B / 256; weight decay 1e-4 as everywhere.
    recipe.learningRate = 0.05 * Float(recipe.batch) / 256
    recipe.projectionWidth = recipe.projectionHidden
    recipe.augmentation.minimumCrop = 0.2
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron(
      "head", [features, recipe.projectionHidden, recipe.projectionHidden, recipe.projectionWidth], last: .plain)
  }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("predictor", [width, max(1, width / 4), width])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    (Self.cosine(step.predictions(0), step.targets(1)) + Self.cosine(step.predictions(1), step.targets(0))) * -0.5
  }

  package static func cosine(_ predictions: Value, _ targets: Value) -> Value {
    (predictions.unitRows() * predictions.owner.detached(targets.unitRows())).sum([1]).mean()
  }
}
