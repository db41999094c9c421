import NeuralNetworks
import Tensors

/// MSF, mean shift: a prediction moves to the mean of the nearest neighbours of its target.
///
///     mean over images of 1/k sum over the k rows n of the bank nearest to t of (2 - 2 cos(q, n))
///     q = h(g(f(view 1))), t = target(view 2)
///
/// The targets of the batch are put into the bank before neighbours are taken, so that the nearest is the image's own other view: with
/// k = 1 this is one direction of BYOL. Views are weak and strong: the target's are crops and flips only.
///
/// - Source: Koohpayegani, Tejankar and Pirsiavash, ICCV 2021, eq. 1, arXiv 2105.07269. Bank and momentum are smaller than published
///   (128,000 rows, 0.99), as some thousand images ask for; batch norm is not shuffled, see ``MoCoV2``.
public struct MeanShift: Objective {
  public static let name = "msf"
  public var target: MomentumTarget? = MomentumTarget(0.99)
  public var bankRows = 4096
  /// Neighbours, k.
  public var neighbours = 5

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) { Self.adaptViews(&recipe) }

  static func adaptViews(_ recipe: inout ContrastiveConfiguration) {
    recipe.learningRate = 0.05
    recipe.augmentation.minimumCrop = 0.2
    recipe.secondView.isWeak = true
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] { problemsOfBank(neighbours: neighbours) }

  /// Feature, twice that, a quarter.
  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, 2 * features, max(8, features / 4)])
  }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("predictor", [width, 8 * width, width])
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let bank = step.bank?.with(step.targets(1), labels: step.labels, previous: nil) else {
      preconditionFailure("a bank of \(bankRows) rows")
    }
    let loss = Self.loss(step.predictions(0), step.targets(1), bank.rows, among: bank.absence, neighbours: neighbours)
    step.enqueue(step.targets(1))
    return loss
  }

  /// - Parameters:
  ///   - predictions: [N, W].
  ///   - targets: [N, W].
  ///   - bank: [Q, W] of unit length.
  ///   - allowed: Added to similarities before neighbours are taken, so that some are none; broadcast to [N, Q].
  package static func loss(
    _ predictions: Value, _ targets: Value, _ bank: Value, among allowed: Value, neighbours: Int
  ) -> Value {
    let trace = predictions.owner
    let bank = trace.detached(bank)
    let likeness = trace.detached(targets.unitRows()).matrixProduct(bank, transposeRight: true) + allowed
    let isNear = likeness.isGreater(than: trace.constant(-10))
    let chosen = trace.detached(likeness.largest(neighbours) * isNear)
    let own = predictions.unitRows().matrixProduct(bank, transposeRight: true) * -2 + 2
    // Where fewer are allowed the mean is over these.
    return ((own * chosen).sum([1]) / chosen.sum([1])).mean()
  }
}
