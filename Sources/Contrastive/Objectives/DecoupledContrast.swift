import NeuralNetworks
import Tensors

/// DCL, decoupled contrastive learning: NT-Xent without the positive in the denominator, which in small batches holds the gradient back.
///
///     mean over views i of -z_i·z_p / T + log(sum over a other than i and p of exp(z_i·z_a / T))
///
/// - Source: Yeh et al., ECCV 2022, eq. 3, arXiv 2110.06848.
public struct DecoupledContrast: Objective {
  public static let name = "dcl"
  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.2
    recipe.learningRate = 0.3
    recipe.augmentation.minimumCrop = 0.2
  }

  public func loss(_ step: ObjectiveStep) -> Value { Self.loss(step.together, temperature: step.recipe.temperature) }

  /// Of 2N projections, all first views before all second ones.
  package static func loss(_ rows: Value, temperature: Float) -> Value {
    let pairs = ViewPairs(rows, temperature: temperature)
    return ((pairs.similarity + pairs.image * -1e9).logSumExp() - pairs.positive).mean()
  }
}

/// Similarities of 2N views with each other over a temperature.
struct ViewPairs {
  /// [2N, 2N].
  let similarity: Value
  /// 1 where both views are of one image, [2N, 2N].
  let image: Value
  /// Of each with the other view of its image, [2N, 1].
  let positive: Value

  /// - Parameter rows: [2N, W], all first views before all second ones.
  init(_ rows: Value, temperature: Float) {
    let (total, trace) = (rows.shape[0], rows.owner)
    let (z, images) = (rows.unitRows(), total / 2)
    similarity = z.matrixProduct(z, transposeRight: true) * (1 / temperature)
    let own = trace.oneHot((0..<total).map { $0 % images }, depth: images)
    image = .concatenated([own, own], axis: 1)
    let other = Value.concatenated([
      z.slice(start: images, count: images), z.slice(start: 0, count: images),
    ])
    positive = (z * other).sum([1]) * (1 / temperature)
  }
}
