import Foundation
import NeuralNetworks
import Tensors

/// Debiased contrastive learning: what negatives of the positive's own class add to the denominator is taken off again.
///
///     mean of -log(e^(s_p) / (e^(s_p) + M g)),  g = max((mean of e^(s_a) - tau e^(s_p)) / (1 - tau), e^(-1/T)),  s = cosines / T
///
/// with M = 2N - 2 negatives a.
///
/// - Source: Chuang et al., NeurIPS 2020, eq. 8 with one positive, arXiv 2007.00224.
public struct DebiasedContrast: Objective {
  public static let name = "debiased"
  /// Share of the images that are of one class, tau; [0, 1).
  public var classShare: Float = 0.1

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.5
    recipe.learningRate = 0.3
    recipe.augmentation.minimumCrop = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    classShare >= 0 && classShare < 1 ? [] : ["the class share must be in [0, 1), not \(classShare)"]
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    Self.loss(step.together, temperature: step.recipe.temperature, classShare: classShare)
  }

  /// Of 2N projections, all first views before all second ones.
  package static func loss(_ rows: Value, temperature: Float, classShare: Float) -> Value {
    let pairs = ViewPairs(rows, temperature: temperature)
    let negatives = Float(rows.shape[0] - 2)
    // Cosines are at most 1: less 1 / T nothing overflows, and both sides of the quotient are scaled alike.
    let top = 1 / temperature
    let positive = (pairs.positive - top).exponential()
    let mean = ((pairs.similarity - top).exponential() * (-pairs.image + 1)).sum([1]) * (1 / negatives)
    let floor = rows.owner.constant(max(exp(-2 * top), .leastNormalMagnitude))
    let corrected = ((mean - positive * classShare) * (1 / (1 - classShare))).maximum(floor)
    return ((positive + corrected * negatives).logarithm() - (pairs.positive - top)).mean()
  }
}
