import Randomness
import Tensors

/// A named array of a model: what a checkpoint stores and an optimizer moves.
public struct Parameter: Hashable, Sendable {
  /// Checkpoint name, torchvision's where it has one.
  public let name: String
  /// Convolutions [KH, KW, C, O], linear layers [O, I], others [C].
  public let shape: Shape
  /// Its part in the layer.
  public let role: Role
  /// How it starts.
  public let initial: Initial

  /// What an array does in its layer; decides weight decay and layer-wise scaling.
  public enum Role: Hashable, Sendable {
    case weight, bias, normalization
    /// Running mean or variance, or what is fixed: no gradient.
    case statistic
  }

  /// Starting values.
  public enum Initial: Hashable, Sendable {
    case constant(Float)
    /// Normal with this standard deviation.
    case normal(Float)
    /// Uniform in -bound...bound.
    case uniform(Float)
    /// What is given.
    case table([Float])
  }

  /// Creates a description.
  public init(_ name: String, _ shape: Shape, _ role: Role, _ initial: Initial) {
    self.name = name
    self.shape = shape
    self.role = role
    self.initial = initial
  }

  /// Draws starting values.
  public func initialized(_ stream: inout RandomStream) -> Tensor {
    switch initial {
    case .constant(let value): Tensor(shape, repeating: value)
    case .normal(let deviation): Tensor(shape, (0..<shape.count).map { _ in stream.normal() * deviation })
    case .uniform(let bound): Tensor(shape, (0..<shape.count).map { _ in stream.uniform(-bound, bound) })
    case .table(let values): Tensor(shape, values)
    }
  }
}

/// Something with parameters.
public protocol Layer: Sendable {
  /// All parameters, in checkpoint order; names are unique within a model.
  var parameters: [Parameter] { get }
}

extension Layer {
  /// Draws starting values for all parameters; each has its own stream, so that order does not matter.
  public func initialWeights(_ stream: RandomStream) -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for (i, parameter) in parameters.enumerated() {
      var own = stream.stream(i)
      weights[parameter.name] = parameter.initialized(&own)
    }
    return weights
  }
}

/// What layers need while a step is traced: parameter values, the mode, and where statistics go.
public final class Scope {
  /// How batch normalisation works in this pass.
  public enum Mode: Sendable {
    /// Batch statistics; running statistics move if the scope commits them.
    case training
    /// Running statistics.
    case evaluation
  }

  /// The trace that layers add to.
  public let trace: Trace
  /// How batch normalisation works.
  public let mode: Mode
  /// The batch-norm branch in use, for layers that have several.
  public var branch = 0
  private var values: [String: Value] = [:]
  private var statistics: [String: Value] = [:]

  /// Declares state for every parameter, under its name with a prefix such as "momentum.".
  public init(_ trace: Trace, _ parameters: [Parameter], mode: Mode, prefix: String = "") {
    self.trace = trace
    self.mode = mode
    for parameter in parameters {
      values[parameter.name] = trace.state(prefix + parameter.name, parameter.shape)
    }
  }

  private init(sharing scope: Scope) {
    trace = scope.trace
    mode = scope.mode
    values = scope.values
  }

  /// Returns a scope with the same parameters whose moved statistics go nowhere.
  public func withoutStatistics() -> Scope { Scope(sharing: self) }

  /// The value of a parameter of this scope.
  public subscript(name: String) -> Value {
    guard let value = values[name] else { preconditionFailure("no parameter \(name) in this scope") }
    return value
  }

  /// Moves a running statistic: old + rate (new - old); several moves in a step follow one another.
  func move(_ name: String, toward value: Value, rate: Float) {
    let old = statistics[name] ?? self[name]
    statistics[name] = old + (trace.detached(value) - old) * rate
  }

  /// Makes running statistics take their moved values at the end of a run.
  public func commitStatistics() {
    for (name, value) in statistics.sorted(by: { $0.key < $1.key }) { trace.update(self[name], to: value) }
  }
}
