import NeuralNetworks
import Tensors

/// MoCo v2: a query has to tell its key, the other view as the target sees it, from the keys of past batches.
///
///     InfoNCE of q = g(f(view 1)) and k = target's g(f(view 2)) against a bank: see ``infoNCELoss(_:keys:queue:temperature:)``
///
/// Batch norm is not shuffled: what that hides is which part of a batch shares its statistics with a key, and here a batch is one part.
///
/// - Source: Chen et al., 2020, arXiv 2003.04297; He et al., 2019, arXiv 1911.05722. Bank and momentum are smaller than published
///   (65,536 rows, 0.999), as some thousand images ask for.
public struct MoCoV2: Objective {
  public static let name = "moco-v2"
  public var target: MomentumTarget? = MomentumTarget(0.99)
  public var bankRows = 4096

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.2
    recipe.learningRate = 0.12
    recipe.augmentation.minimumCrop = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] {
    problemsOfBank()
  }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let bank = step.bank else { preconditionFailure("a bank of \(bankRows) rows") }
    let keys = step.targets(1)
    let loss = infoNCELoss(
      step.projections(0), keys: keys, queue: bank.rows, among: bank.absence, temperature: step.recipe.temperature)
    step.enqueue(keys)
    return loss
  }
}
