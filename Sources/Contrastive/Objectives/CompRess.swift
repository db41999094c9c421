import NeuralNetworks
import Tensors

/// CompRess: a student has to find an image as like to past images as its teacher finds it.
///
///     mean over views of KL(softmax(t A' / T) || softmax(s B' / T)),  t = teacher(view), s = f(view)
///
/// A and B are the same past views in the features of each. On images that carry no trigger the student is never told what the
/// teacher makes of one: the defence of Saha et al. against poisoned encoders.
///
/// - Source: Koohpayegani, Tejankar, Pirsiavash, NeurIPS 2020, eq. 1 and 2, arXiv 2010.14713; as a defence: Saha et al., "Backdoor
///   Attacks on Self-Supervised Learning", CVPR 2022, section 4.4, arXiv 2105.10123. The bank is smaller than published (128,000
///   rows), as some thousand images ask for.
public struct CompRess: Objective {
  public static let name = "compress"
  public var bankRows = 4096
  public let needsTeacher = true
  private enum CodingKeys: CodingKey { case bankRows }

  public init() {}

  public func adapt(_ recipe: inout ContrastiveConfiguration) {
    recipe.temperature = 0.04
    recipe.learningRate = 0.05
    recipe.augmentation.minimumCrop = 0.2
  }

  public func problems(_ recipe: ContrastiveConfiguration) -> [String] { problemsOfBank() }

  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? { nil }

  public func loss(_ step: ObjectiveStep) -> Value {
    guard let bank = step.bank, let own = bank.previous else { preconditionFailure("a bank of \(bankRows) rows") }
    let (student, teacher) = (step.together, step.teacher)
    // One view of each image goes into the banks.
    step.enqueue(
      teacher.slice(start: 0, count: step.batch),
      previous: student.slice(start: 0, count: step.batch).unitRows())
    return similarityDistillationLoss(
      student, among: own, teacher: teacher, among: bank.rows, allowed: bank.absence,
      temperature: step.recipe.temperature)
  }
}
