import NeuralNetworks
import Tensors

/// Barlow Twins: each component of the projections agrees between the views and with no other component.
///
///     sum over i of (1 - C_ii)^2 + lambda sum over i != j of C_ij^2,  C = z1' z2 / N of components standardised over the batch
///
/// - Source: Zbontar et al., 2021, eq. 1 and 2, arXiv 2103.03230. Deviates: projections of some hundred components instead of 8192,
///   as small networks have; lambda as published.
public struct BarlowTwins: Objective {
  public static let name = "barlow-twins"
  /// Weight of the components that should not agree.
  public var lambda: Float = 0.005

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.05
    recipe.projectionWidth = recipe.projectionHidden
    recipe.augmentation.minimumCrop = 0.2
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, recipe.projectionHidden, recipe.projectionHidden, recipe.projectionWidth])
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    lambda > 0 ? [] : ["lambda must be above 0, not \(lambda)"]
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    Self.loss(step.projections(0), step.projections(1), lambda: lambda)
  }

  /// Of projections [N, W].
  package static func loss(_ first: Value, _ second: Value, lambda: Float) -> Value {
    let (n, width, trace) = (Float(first.shape[0]), first.shape[1], first.owner)
    let agreement = first.standardized().matrixProduct(second.standardized(), transposeLeft: true) * (1 / n)
    let own = trace.identity(width)
    let off = agreement - own
    // On the diagonal (C - 1)^2, elsewhere lambda C^2.
    return (off * off * (own * (1 - lambda) + lambda)).sum()
  }
}
