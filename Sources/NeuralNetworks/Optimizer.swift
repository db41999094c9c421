import Foundation
import Tensors

/// How parameters move along their gradients.
public enum Optimizer: Codable, Hashable, Sendable {
  /// Stochastic gradient descent with momentum; decay is added to the gradient.
  case sgd(momentum: Float, weightDecay: Float)
  /// Layer-wise adaptive rates on weights (You et al., 2017, arXiv 1708.03888), SGD on the rest.
  case lars(momentum: Float, weightDecay: Float, trust: Float)
  /// Adam with decoupled weight decay (Loshchilov and Hutter, 2017, arXiv 1711.05101).
  case adamW(beta1: Float, beta2: Float, weightDecay: Float, epsilon: Float)

  /// For transformers, and the learning rate that goes with it: Caron et al., DINO, 2021, section 3.1, arXiv 2104.14294.
  public static let forTransformers = Optimizer.adamW(beta1: 0.9, beta2: 0.999, weightDecay: 0.04, epsilon: 1e-8)
  public static func learningRateForTransformers(batch: Int) -> Float { 5e-4 * Float(batch) / 256 }

  /// Names and shapes of the state that the optimizer keeps for a parameter.
  public func slots(_ parameter: Parameter) -> [(name: String, shape: Shape)] {
    if parameter.role == .statistic { return [] }
    switch self {
    case .sgd, .lars: return [("momentum.\(parameter.name)", parameter.shape)]
    case .adamW:
      return [("first.\(parameter.name)", parameter.shape), ("second.\(parameter.name)", parameter.shape)]
    }
  }

  /// Scalars fed to every step: learning rate, and Adam's two bias corrections.
  public static let feedShape: Shape = [3]

  /// Values of that feed at a step.
  ///
  /// - Parameter step: Steps done before this one.
  public func feed(learningRate: Float, step: Int) -> Tensor {
    switch self {
    case .sgd, .lars: return Tensor([3], [learningRate, 1, 1])
    case .adamW(let beta1, let beta2, _, _):
      return Tensor([3], [learningRate, 1 - pow(beta1, Float(step + 1)), 1 - pow(beta2, Float(step + 1))])
    }
  }

  /// Adds the update of every parameter to the trace.
  ///
  /// - Parameters:
  ///   - parameters: The model's, without statistics.
  ///   - gradients: One each.
  ///   - scope: Holds their values.
  ///   - scalars: The feed of `feed(learningRate:step:)`.
  public func update(_ parameters: [Parameter], _ gradients: [Value], _ scope: Scope, scalars: Value) {
    let trace = scope.trace
    func scalar(_ i: Int) -> Value { scalars.slice(start: i, count: 1).reshaped([]) }
    let rate = scalar(0)
    for (parameter, gradient) in zip(parameters, gradients) {
      let value = scope[parameter.name]
      let held = slots(parameter).map { trace.state($0.name, $0.shape) }
      switch self {
      case .sgd(let momentum, let decay):
        let direction = parameter.role == .weight ? gradient + value * decay : gradient
        let velocity = held[0] * momentum + direction
        trace.update(held[0], to: velocity)
        trace.update(value, to: value - velocity * rate)
      case .lars(let momentum, let decay, let trust):
        var direction = gradient
        if parameter.role == .weight {
          direction = gradient + value * decay
          let size = (value * value).sum().squareRoot()
          let length = (direction * direction).sum().squareRoot()
          direction = direction * (size * trust / (length + 1e-9))
        }
        let velocity = held[0] * momentum + direction * rate
        trace.update(held[0], to: velocity)
        trace.update(value, to: value - velocity)
      case .adamW(let beta1, let beta2, let decay, let epsilon):
        let first = held[0] * beta1 + gradient * (1 - beta1)
        let second = held[1] * beta2 + gradient * gradient * (1 - beta2)
        trace.update(held[0], to: first)
        trace.update(held[1], to: second)
        let step = (first / scalar(1)) / ((second / scalar(2)).squareRoot() + epsilon)
        let shrunk = parameter.role == .weight ? value - value * rate * decay : value
        trace.update(value, to: shrunk - step * rate)
      }
    }
  }
}

/// Cosine decay to zero after a linear warm-up.
///
/// - Source: Loshchilov and Hutter, 2016, arXiv 1608.03983; Goyal et al., 2017, arXiv 1706.02677.
public struct CosineSchedule: Codable, Hashable, Sendable {
  /// Highest learning rate.
  public var peak: Float
  /// Steps of linear warm-up.
  public var warmUp: Int
  /// Steps in all.
  public var steps: Int

  /// Creates a schedule.
  public init(peak: Float, warmUp: Int, steps: Int) {
    self.peak = peak
    self.warmUp = warmUp
    self.steps = steps
  }

  /// The learning rate of a step, counted from 0.
  public func learningRate(_ step: Int) -> Float {
    let warm = warmUp > 0 ? min(1, Float(step + 1) / Float(warmUp)) : 1
    return peak * warm * 0.5 * (1 + cos(.pi * Float(step) / Float(max(steps, 1))))
  }
}
