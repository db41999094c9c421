import CPUDevice
import Foundation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct OptimizerTests {
  /// Two steps on one weight with the gradient 2w, against the update rules by hand.
  private func walk(_ optimizer: Optimizer, role: Parameter.Role = .weight) -> [Double] {
    let parameter = Parameter("w", [1], role, .constant(1))
    let trace = Trace()
    let scope = Scope(trace, [parameter], mode: .training)
    let scalars = trace.feed("scalars", Optimizer.feedShape)
    let loss = (scope["w"] * scope["w"]).sum()
    optimizer.update([parameter], trace.gradients(of: loss, withRespectTo: [scope["w"]]), scope, scalars: scalars)
    let device = CPUDevice(threads: 1)
    let executable = device.compile(trace.program(outputs: [loss]))
    let store = ParameterStore(["w": Tensor([1], [1])], on: device)
    store.prepare(for: executable.program)
    return (0..<2).map { step in
      _ = store.run(executable, [optimizer.feed(learningRate: 0.1, step: step)])
      return Double(store.read()["w"]?.scalars[0] ?? .nan)
    }
  }

  @Test func sgdWithMomentumAndDecay() {
    var (w, v) = (1.0, 0.0)
    let expected = (0..<2).map { _ -> Double in
      v = 0.9 * v + 2 * w + 0.01 * w
      w -= 0.1 * v
      return w
    }
    #expect(zip(walk(.sgd(momentum: 0.9, weightDecay: 0.01)), expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func decayLeavesBiasesAlone() {
    #expect(abs(walk(.sgd(momentum: 0, weightDecay: 0.5), role: .bias)[0] - 0.8) < 1e-6)
  }

  @Test func lars() {
    var (w, v) = (1.0, 0.0)
    let expected = (0..<2).map { _ -> Double in
      let direction = 2 * w + 0.01 * w
      v = 0.9 * v + 0.1 * direction * (0.02 * abs(w) / (abs(direction) + 1e-9))
      w -= v
      return w
    }
    let actual = walk(.lars(momentum: 0.9, weightDecay: 0.01, trust: 0.02))
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func adamW() {
    var (w, m, s) = (1.0, 0.0, 0.0)
    let expected = (1...2).map { step -> Double in
      let g = 2 * w
      m = 0.9 * m + 0.1 * g
      s = 0.99 * s + 0.01 * g * g
      let move = (m / (1 - pow(0.9, Double(step)))) / ((s / (1 - pow(0.99, Double(step)))).squareRoot() + 1e-8)
      w = w - 0.1 * 0.05 * w - 0.1 * move
      return w
    }
    let actual = walk(.adamW(beta1: 0.9, beta2: 0.99, weightDecay: 0.05, epsilon: 1e-8))
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func cosineScheduleWarmsUpAndEndsAtZero() {
    let schedule = CosineSchedule(peak: 1, warmUp: 4, steps: 100)
    #expect(abs(schedule.learningRate(0) - 0.25) < 1e-6)
    #expect(abs(schedule.learningRate(50) - 0.5) < 1e-6)
    #expect(schedule.learningRate(100) < 1e-6)
  }
}
