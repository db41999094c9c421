import NeuralNetworks
import Tensors

/// ISD, iterative similarity distillation: a prediction has to be as similar to past images as its target is.
///
///     mean over images of KL(softmax(t Q' / T) || softmax(q Q' / T)),  q = h(f(view 1)), t = target(view 2)
///
/// The target's similarities to random images are the soft label. There is no projector; targets are put into the bank after the
/// similarities.
///
/// - Source: Tejankar, Koohpayegani et al., ICCV 2021, eq. 1 to 3, arXiv 2012.09259. Bank and momentum are smaller than published
///   (128,000 rows, 0.999), as some thousand images ask for.
public struct SimilarityDistillation: Objective {
  public static let name = "isd"
  public var target: MomentumTarget? = MomentumTarget(0.99)
  public var bankRows = 4096

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.02
    recipe.learningRate = 0.05
    recipe.augmentation.minimumCrop = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    problemsOfBank()
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? { nil }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("predictor", [width, width, width])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let bank = step.bank else { preconditionFailure("a bank of \(bankRows) rows") }
    let loss = similarityDistillationLoss(
      step.predictions(0), among: bank.rows, teacher: step.targets(1), among: bank.rows, allowed: bank.absence,
      temperature: step.recipe.temperature)
    step.enqueue(step.targets(1))
    return loss
  }
}

/// Returns the mean divergence of a student's likeness to some images from its teacher's.
///
///     mean over rows of KL(softmax(t A' / T) || softmax(s B' / T))
///
/// - Parameters:
///   - student: [N, W]; any scale.
///   - studentAnchors: B, [Q, W] of unit length; no gradient flows into them.
///   - teacher: [N, W']; any scale, no gradient.
///   - teacherAnchors: A, the same images as the teacher sees them, [Q, W'] of unit length.
///   - allowed: Added to similarities, so that some images count for nothing; broadcast to [N, Q].
///   - temperature: T, > 0.
/// - Returns: Nats; shape [].
package func similarityDistillationLoss(
  _ student: Value, among studentAnchors: Value, teacher: Value, among teacherAnchors: Value, allowed: Value,
  temperature: Float
) -> Value {
  let trace = student.owner
  func logarithms(_ rows: Value, _ anchors: Value) -> Value {
    let logits =
      rows.unitRows().matrixProduct(trace.detached(anchors), transposeRight: true) * (1 / temperature) + allowed
    return logits - logits.logSumExp()
  }
  let (aim, own) = (trace.detached(logarithms(teacher, teacherAnchors)), logarithms(student, studentAnchors))
  return (aim.exponential() * (aim - own)).sum([1]).mean()
}
