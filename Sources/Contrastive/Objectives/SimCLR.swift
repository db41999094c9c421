import NeuralNetworks
import Tensors

/// SimCLR: each view has to tell the other view of its image from all other views of the batch.
///
///     NT-Xent over 2N projections of unit length: see ``ntXentLoss(_:temperature:)``
///
/// - Source: Chen et al., 2020, eq. 1, arXiv 2002.05709. Temperature and crops are our own at this scale: see
///   ``ContrastiveConfiguration``.
public struct SimCLR: Objective {
  public static let name = "simclr"
  public init() {}
  /// The recipe that a ``ContrastiveConfiguration`` starts with.
  public func adapt(_ recipe: inout ContrastiveConfiguration) {}

  public func loss(_ step: ObjectiveStep) -> Value {
    let (rows, batch) = (step.together, step.batch)
    return ntXentLoss(
      [rows.slice(start: 0, count: batch), rows.slice(start: batch, count: batch)], temperature: step.recipe.temperature
    )
  }
}
