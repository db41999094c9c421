import NeuralNetworks
import Tensors

/// SupCon, supervised contrastive learning: all views of an image's class are its positives.
///
///     mean over views i of -1/|P(i)| sum over p in P(i) of log(exp(z_i·z_p / T) / sum over a other than i of exp(z_i·z_a / T))
///
/// An image without a label has its other view.
///
/// - Source: Khosla et al., NeurIPS 2020, eq. 2, arXiv 2004.11362; the factor T / 0.07 of its code is left out.
public struct SupervisedContrast: Objective {
  public static let name = "supcon"
  public init() {}
  public let labels = LabelUse.needed
  private enum CodingKeys: CodingKey {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.1
    recipe.learningRate = 0.3
    recipe.augmentation.minimumCrop = 0.2
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let labels = step.labels else { preconditionFailure("labels") }
    return Self.loss(step.together, labels: labels, temperature: step.recipe.temperature)
  }

  /// Of 2N projections, all first views before all second ones.
  ///
  /// - Parameter labels: Of the images, [N]; -1 for none.
  package static func loss(_ rows: Value, labels: Value, temperature: Float) -> Value {
    let (total, trace) = (rows.shape[0], rows.owner)
    let pairs = ViewPairs(rows, temperature: temperature)
    let itself = trace.identity(total)
    let both = Value.concatenated([labels, labels]).reshaped([total, 1])
    let isSame = both.isEqual(to: both.reshaped([1, total])) * both.isGreater(than: trace.constant(-0.5))
    let positives = isSame.maximum(pairs.image) - itself
    let attraction = (pairs.similarity * positives).sum([1]) / positives.sum([1])
    return ((pairs.similarity + itself * -1e9).logSumExp() - attraction).mean()
  }
}
