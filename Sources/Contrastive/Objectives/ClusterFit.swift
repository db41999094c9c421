import NeuralNetworks
import Tensors

/// ClusterFit's second step: a fresh network has to tell which cluster of another encoder's features an image is in.
///
///     cross-entropy of a linear layer on f(view) against the image's cluster, mean over both views
///
/// What the other encoder knows of single images is lost on the way; what it makes of groups stays. A source of pseudo-labels, and no
/// objective that users choose: its classes are clusters.
///
/// - Source: Yan et al., "ClusterFit: Improving Generalization of Visual Representations", CVPR 2020, section 3, arXiv 1912.03330.
public struct ClusterFit: Objective {
  public static let name = "clusterfit"
  public var classes = 2
  public let labels = LabelUse.needed
  private enum CodingKeys: CodingKey { case classes }

  public init() {}

  /// - Parameter classes: Number of clusters.
  public init(classes: Int) { self.classes = classes }

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.1
    recipe.augmentation.minimumCrop = 0.2
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, classes])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let labels = step.labels else { preconditionFailure("clusters") }
    return crossEntropyLoss(step.together, classes: .concatenated([labels, labels]))
  }
}
