import NeuralNetworks
import Tensors

/// VICReg: projections of two views are near (invariance), every component varies (variance) and no two vary together (covariance).
///
///     a mean (z1 - z2)^2 + b/2 sum over views of mean max(0, 1 - sqrt(var + 1e-4)) + c sum over views of sum_{i != j} Cov_ij^2 / W
///
/// - Source: Bardes, Ponce and LeCun, 2021, eq. 1 to 6, arXiv 2105.04906. As the authors' code and not as eq. 5 and 6 have it, the
///   invariance is a mean over components, and the two variances are halved.
public struct VICReg: Objective {
  public static let name = "vicreg"
  public var invariance: Float = 25
  public var variance: Float = 25
  public var covariance: Float = 1

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.05
    recipe.projectionWidth = recipe.projectionHidden
    recipe.augmentation.minimumCrop = 0.2
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, recipe.projectionHidden, recipe.projectionHidden, recipe.projectionWidth])
  }

  public func loss(_ step: ObjectiveStep) -> Value { loss(step.projections(0), step.projections(1)) }

  /// Of projections [N, W].
  package func loss(_ first: Value, _ second: Value) -> Value {
    let distance = ((first - second) * (first - second)).mean()
    return distance * invariance + (spread(first) + spread(second)) * (variance / 2)
      + (shared(first) + shared(second)) * covariance
  }

  private func centred(_ rows: Value) -> Value { rows - rows.mean([0]) }

  /// How far deviations fall below 1.
  private func spread(_ rows: Value) -> Value {
    let own = centred(rows)
    let variance = (own * own).sum([0]) * (1 / Float(rows.shape[0] - 1))
    return (-((variance + 1e-4).squareRoot()) + 1).relu().mean()
  }

  /// Squares of covariances of different components.
  private func shared(_ rows: Value) -> Value {
    let (own, width, trace) = (centred(rows), rows.shape[1], rows.owner)
    let all = own.matrixProduct(own, transposeLeft: true) * (1 / Float(rows.shape[0] - 1))
    let diagonal = trace.identity(width)
    let off = all * (-diagonal + 1)
    return (off * off).sum() * (1 / Float(width))
  }
}
