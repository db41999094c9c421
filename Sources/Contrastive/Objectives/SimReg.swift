import NeuralNetworks
import Tensors

/// SimReg: a student's head has to say what its teacher makes of the same view; the head is dropped afterwards.
///
///     mean over views of 2 - 2 cos(g(f(view)), teacher(view))
///
/// - Source: Navaneet, Koohpayegani, Tejankar, Pirsiavash, BMVC 2021, section 3, arXiv 2201.05131. Views are cropped and flipped only,
///   and the head has four layers, as published.
public struct SimReg: Objective {
  public static let name = "simreg"
  public let needsTeacher = true
  private enum CodingKeys: CodingKey {}

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.05
    recipe.augmentation.minimumCrop = 0.2
    recipe.augmentation.weaken()
  }

  /// Feature, twice that, once, twice, teacher's width.
  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, 2 * features, features, 2 * features, recipe.projectionWidth])
  }

  public func loss(_ step: ObjectiveStep) -> Value { BYOL.loss(step.together, step.teacher) }
}
