import NeuralNetworks
import Tensors

/// CMSF, constrained mean shift: neighbours of a target are taken only among images that are known to be related.
///
/// Without labels: half the loss of ``MeanShift``, and half the same over k neighbours among the k' images whose view of the epoch
/// before is nearest to the target. With labels: neighbours among images of the same class only; an image without one has itself.
///
/// - Source: Navaneet, Koohpayegani, Tejankar et al., ECCV 2022, section 3, arXiv 2112.04607.
public struct ConstrainedMeanShift: Objective {
  public static let name = "cmsf"
  public var target: MomentumTarget? = MomentumTarget(0.99)
  public var bankRows = 4096
  /// Neighbours, k.
  public var neighbours = 5
  /// Images that they are taken among, k'.
  public var candidates = 10

  public init() {}

  public let remembersViews = true
  public let labels = LabelUse.used
  private enum CodingKeys: CodingKey { case target, bankRows, neighbours, candidates }

  public func adapt(_ recipe: inout ContrastiveConfiguration) { MeanShift.adaptViews(&recipe) }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    problemsOfBank(neighbours: candidates)
      + ((1...max(1, candidates)).contains(neighbours)
        ? [] : ["neighbours must be 1 to the \(candidates) candidates, not \(neighbours)"])
  }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    MeanShift().projector(features, recipe)
  }

  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    MeanShift().predictor(width, recipe)
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    let (predictions, targets) = (step.predictions(0), step.targets(1))
    guard let bank = step.bank?.with(targets, labels: step.labels, previous: step.previous) else {
      preconditionFailure("a bank of \(bankRows) rows")
    }
    defer { step.enqueue(targets, previous: step.previous) }
    func loss(among allowed: Value) -> Value {
      MeanShift.loss(predictions, targets, bank.rows, among: allowed, neighbours: neighbours)
    }
    let any = bank.absence
    if let labels = step.labels { return loss(among: any + Self.constraint(labels, bank.labels)) }
    guard let previous = bank.previous else { return loss(among: any) }
    return (loss(among: any) + loss(among: any + Self.constraint(targets, previous, candidates: candidates))) * 0.5
  }

  /// 0 for rows of the bank with the image's class and for its own, which are the first N; a large negative number for others.
  ///
  /// - Parameters:
  ///   - labels: [N], -1 for none.
  ///   - bank: [Q, 1].
  package static func constraint(_ labels: Value, _ bank: Value) -> Value {
    let (n, q) = (labels.shape[0], bank.shape[0])
    let own = labels.reshaped([n, 1])
    let isSame = own.isEqual(to: bank.reshaped([1, q])) * own.isGreater(than: labels.owner.constant(-0.5))
    return (isSame.maximum(itself(n, q, labels.owner)) - 1) * 1e9
  }

  /// 0 for the rows whose earlier views are nearest to a target and for the image's own; [N, Q].
  ///
  /// - Parameter previous: [Q, W]; zeros for images without an earlier view.
  package static func constraint(_ targets: Value, _ previous: Value, candidates: Int) -> Value {
    let (n, q, trace) = (targets.shape[0], previous.shape[0], targets.owner)
    let absence = Bank.absence(of: previous)
    let likeness =
      trace.detached(targets.unitRows()).matrixProduct(trace.detached(previous), transposeRight: true) + absence
    let isThere = likeness.isGreater(than: trace.constant(-10))
    return ((likeness.largest(candidates) * isThere).maximum(itself(n, q, trace)) - 1) * 1e9
  }

  /// 1 where a row of the bank is the image itself, as it has just been put in; [N, Q].
  private static func itself(_ n: Int, _ q: Int, _ trace: Trace) -> Value {
    trace.oneHot(Array(0..<n), depth: q)
  }
}
