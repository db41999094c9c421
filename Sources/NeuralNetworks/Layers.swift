import Foundation
import Tensors

/// A convolution without bias, as before every batch normalisation.
public struct Convolution: Layer {
  let name: String
  let shape: Shape
  let stride: Int
  let padding: Int

  /// Creates a convolution with a square kernel; padding keeps the extent at stride 1.
  public init(_ name: String, _ input: Int, _ output: Int, kernel: Int, stride: Int = 1) {
    self.name = name
    shape = [kernel, kernel, input, output]
    self.stride = stride
    padding = kernel / 2
  }

  /// Kernel, He-normal over the fan-out.
  ///
  /// - Source: He et al., 2015, arXiv 1502.01852; torchvision's ResNet uses the same.
  public var parameters: [Parameter] {
    let fanOut = Float(shape[0] * shape[1] * shape[3])
    return [.init("\(name).weight", shape, .weight, .normal((2 / fanOut).squareRoot()))]
  }

  /// Applies it to [N, H, W, C].
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    x.convolution(scope["\(name).weight"], stride: stride, padding: padding)
  }
}

/// Batch normalisation, optionally with several branches of which the scope chooses one.
///
/// - Source: Ioffe and Szegedy, 2015, arXiv 1502.03167; branches: Xie et al., 2020, arXiv 1911.09665.
public struct BatchNormalization: Layer {
  let name: String
  let channels: Int
  let branches: Int
  static let epsilon: Float = 1e-5
  static let momentum: Float = 0.1

  /// Creates the layer.
  public init(_ name: String, _ channels: Int, branches: Int = 1) {
    self.name = name
    self.channels = channels
    self.branches = branches
  }

  private func prefix(_ branch: Int) -> String {
    branches == 1 ? name : "\(name).bn_list.\(min(branch, branches - 1))"
  }

  /// Returns a network's arrays with one of several branches under plain names, without the others.
  public static func single(_ branch: Int, of arrays: [String: Tensor]) -> [String: Tensor] {
    var plain: [String: Tensor] = [:]
    for (name, array) in arrays {
      let own = name.replacingOccurrences(of: ".bn_list.\(branch).", with: ".")
      if !own.contains(".bn_list.") { plain[own] = array }
    }
    return plain
  }

  /// Scale, shift and running statistics of every branch.
  public var parameters: [Parameter] {
    (0..<branches).flatMap { branch in
      [
        Parameter("\(prefix(branch)).weight", [channels], .normalization, .constant(1)),
        Parameter("\(prefix(branch)).bias", [channels], .normalization, .constant(0)),
        Parameter("\(prefix(branch)).running_mean", [channels], .statistic, .constant(0)),
        Parameter("\(prefix(branch)).running_var", [channels], .statistic, .constant(1)),
      ]
    }
  }

  /// Normalises [.., C] over all but the last axis.
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    let prefix = prefix(scope.branch)
    let (gamma, beta) = (scope["\(prefix).weight"], scope["\(prefix).bias"])
    switch scope.mode {
    case .training:
      let moments = x.moments()
      let rows = Float(x.shape.count / channels)
      scope.move(
        "\(prefix).running_mean", toward: moments.slice(start: 0, count: 1).reshaped([channels]),
        rate: Self.momentum)
      scope.move(
        "\(prefix).running_var",
        toward: moments.slice(start: 1, count: 1).reshaped([channels]) * (rows / max(rows - 1, 1)),
        rate: Self.momentum)
      return x.normalized(moments, gamma: gamma, beta: beta, epsilon: Self.epsilon, ofBatch: true)
    case .evaluation:
      let moments = Value.concatenated([
        scope["\(prefix).running_mean"].reshaped([1, channels]),
        scope["\(prefix).running_var"].reshaped([1, channels]),
      ])
      return x.normalized(moments, gamma: gamma, beta: beta, epsilon: Self.epsilon, ofBatch: false)
    }
  }
}

/// y = x Wᵀ + b.
public struct Linear: Layer {
  let name: String
  let shape: Shape
  let hasBias: Bool

  /// Creates the layer.
  public init(_ name: String, _ input: Int, _ output: Int, bias: Bool = true) {
    self.name = name
    shape = [output, input]
    hasBias = bias
  }

  /// Weights and bias, uniform within 1/sqrt(fan-in) as in PyTorch.
  public var parameters: [Parameter] {
    let bound = 1 / Float(shape[1]).squareRoot()
    return [.init("\(name).weight", shape, .weight, .uniform(bound))]
      + (hasBias ? [.init("\(name).bias", [shape[0]], .bias, .uniform(bound))] : [])
  }

  /// Applies it to [N, I].
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    let y = x.matrixProduct(scope["\(name).weight"], transposeRight: true)
    return hasBias ? y + scope["\(name).bias"] : y
  }
}
