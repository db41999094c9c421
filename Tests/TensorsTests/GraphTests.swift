import CPUDevice
import Conformance
import Tensors
import TestSupport
import Testing

@Suite struct GraphTests {
  @Test func equalNodesAreShared() {
    let trace = Trace()
    let x = trace.feed("x", [2, 2])
    let before = trace.graph.nodes.count
    _ = x.relu()
    _ = x.relu()
    #expect(trace.graph.nodes.count == before + 1)
  }

  @Test func gradientsByInputsAloneBuildNoWeightGradient() {
    let trace = Trace()
    let (x, w) = (trace.feed("x", [1, 4, 4, 2]), trace.state("w", [3, 3, 2, 3]))
    let loss = x.convolution(w, stride: 1, padding: 1).relu().sum()
    _ = trace.gradients(of: loss, withRespectTo: [x])
    let hasWeightGradient = trace.graph.nodes.contains {
      if case .convolutionWeightGradient = $0.op { true } else { false }
    }
    #expect(!hasWeightGradient)
  }

  @Test func detachedValuesStopGradients() {
    let trace = Trace()
    let x = trace.feed("x", [])
    let y = x * trace.detached(x)
    let program = trace.program(outputs: trace.gradients(of: y, withRespectTo: [x]))
    #expect(NaiveReference.run(program, inputs: [[3]])[0] == [3])
  }

  @Test func broadcastFollowsNumPy() {
    #expect(Shape.broadcast([3, 1], [4]) == [3, 4])
    #expect(Shape.broadcast([3, 2], [4]) == nil)
    #expect(Shape.broadcast([], [2, 2]) == [2, 2])
  }

  @Test func shapesThatDoNotFitTrap() async {
    await #expect(processExitsWith: .failure) {
      let trace = Trace()
      _ = trace.feed("a", [2, 3]).matrixProduct(trace.feed("b", [4, 5]))
    }
  }
}
