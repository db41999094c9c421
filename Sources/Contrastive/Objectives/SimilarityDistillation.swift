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
    let loss = Self.loss(
      step.predictions(0), step.targets(1), bank.rows, among: bank.absence, temperature: step.recipe.temperature)
    step.enqueue(step.targets(1))
    return loss
  }

  /// - Parameters:
  ///   - predictions: [N, W].
  ///   - targets: [N, W].
  ///   - anchors: [Q, W] of unit length.
  ///   - allowed: Added to similarities, so that some count for nothing; broadcast to [N, Q].
  package static func loss(
    _ predictions: Value, _ targets: Value, _ anchors: Value, among allowed: Value, temperature: Float
  ) -> Value {
    let trace = predictions.owner
    let anchors = trace.detached(anchors)
    func logarithms(_ rows: Value) -> Value {
      let logits = rows.unitRows().matrixProduct(anchors, transposeRight: true) * (1 / temperature) + allowed
      return logits - logits.logSumExp()
    }
    let (teacher, student) = (trace.detached(logarithms(targets)), logarithms(predictions))
    return (teacher.exponential() * (teacher - student)).sum([1]).mean()
  }
}
