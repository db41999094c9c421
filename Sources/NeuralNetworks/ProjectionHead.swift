import Tensors

/// Two linear layers with ReLU between them, with batch normalisation after the first if asked.
///
/// - Source: Chen et al., SimCLR, 2020, section 4.2, arXiv 2002.05709.
public struct ProjectionHead: Layer {
  private let first: Linear
  private let normalization: BatchNormalization?
  private let second: Linear

  /// Creates a head.
  ///
  /// - Parameters:
  ///   - name: Prefix of the checkpoint names.
  ///   - input: Feature width D.
  ///   - hidden: Width of the hidden layer.
  ///   - output: Width of the projection.
  ///   - branches: Batch-norm branches; 0 leaves the normalisation out.
  public init(_ name: String = "head", _ input: Int, hidden: Int, output: Int, branches: Int = 1) {
    first = Linear("\(name).0", input, hidden)
    normalization = branches == 0 ? nil : BatchNormalization("\(name).1", hidden, branches: branches)
    second = Linear("\(name).3", hidden, output)
  }

  /// All parameters.
  public var parameters: [Parameter] {
    first.parameters + (normalization?.parameters ?? []) + second.parameters
  }

  /// Maps features [N, D] to projections, not normalised.
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    let hidden = first(x, scope)
    return second((normalization?(hidden, scope) ?? hidden).relu(), scope)
  }
}
