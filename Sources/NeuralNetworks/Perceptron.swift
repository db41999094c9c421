import Tensors

/// Linear layers with batch normalisation and ReLU between them: projection heads and predictors.
///
/// Names of arrays are those of PyTorch's `Sequential(Linear, BatchNorm1d, ReLU, Linear, ...)`.
///
/// - Source: Chen et al., SimCLR, 2020, section 4.2, arXiv 2002.05709; more layers: Chen and He, SimSiam, 2020, arXiv 2011.10566.
public struct Perceptron: Layer {
  /// What follows the last linear layer.
  public enum Last: Sendable {
    case linear
    /// Batch normalisation without scale and shift.
    case plain
  }

  private let linear: [Linear]
  private let normalization: [BatchNormalization]
  private let last: Last
  /// Width of what comes out.
  public let width: Int

  /// Creates the layers.
  ///
  /// - Parameters:
  ///   - name: Prefix of the checkpoint names.
  ///   - widths: Of the input, of each hidden layer and of the output; two at least.
  ///   - normalizes: False leaves out the normalisation of hidden layers.
  public init(_ name: String = "head", _ widths: [Int], last: Last = .linear, normalizes: Bool = true) {
    precondition(widths.count >= 2, "a perceptron has an input and an output")
    linear = widths.indices.dropLast().map { Linear("\(name).\(3 * $0)", widths[$0], widths[$0 + 1]) }
    normalization =
      normalizes
      ? widths.indices.dropLast(2).map { BatchNormalization("\(name).\(3 * $0 + 1)", widths[$0 + 1]) } : []
    self.last = last
    width = widths[widths.count - 1]
  }

  /// All parameters.
  public var parameters: [Parameter] {
    linear.indices.flatMap { k in
      linear[k].parameters + (k < normalization.count ? normalization[k].parameters : [])
    }
  }

  /// Maps [N, D] to [N, width].
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    var rows = x
    for k in linear.indices {
      rows = linear[k](rows, scope)
      guard k + 1 < linear.count else { break }
      if k < normalization.count { rows = normalization[k](rows, scope) }
      rows = rows.relu()
    }
    return last == .plain ? rows.standardized() : rows
  }
}

extension Value {
  /// Columns less their mean over the rows and over their deviation; [N, C]. As batch normalisation without scale and shift does it.
  public func standardized() -> Value {
    let width = shape[shape.rank - 1]
    return normalized(
      moments(), gamma: owner.constant(Tensor([width], repeating: 1)),
      beta: owner.constant(Tensor([width], repeating: 0)),
      epsilon: BatchNormalization.epsilon, ofBatch: true)
  }
}
