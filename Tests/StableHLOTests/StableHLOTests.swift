import Foundation
import StableHLO
import Conformance
import Tensors
import TestSupport
import Testing

/// The modules of all op cases, against a golden file. `BEZOAR_UPDATE_GOLDEN=1` writes it anew; what a plugin makes of them is
/// tested by `PJRTDeviceTests`.
@Suite struct StableHLOTests {
  /// Each case with its gradients, without the weights of ``OpCase/program(onlySum:)``.
  private static var modules: String {
    OpCase.all.map { row in
      let trace = Trace()
      let inputs = row.inputs.enumerated().map { trace.feed("x\($0)", $1) }
      let result = row.build(trace, inputs)
      let gradients = row.isDifferentiable ? trace.gradients(of: result.sum(), withRespectTo: inputs) : []
      return "// \(row.name)\n" + StableHLO.module(trace.program(outputs: [result] + gradients))
    }.joined(separator: "\n")
  }

  @Test func everyOpIsPrintedAsBefore() throws {
    let path = Fixtures.path("stablehlo/ops.mlir")
    let text = Self.modules
    if ProcessInfo.processInfo.environment["BEZOAR_UPDATE_GOLDEN"] != nil {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    let golden = String(decoding: Fixtures.bytes("stablehlo/ops.mlir"), as: UTF8.self)
    let (new, old) = (text.split(separator: "\n"), golden.split(separator: "\n"))
    let first = zip(new, old).first { $0 != $1 }
    #expect(text == golden, "\(first.map { "\($0)\n\($1)" } ?? "\(new.count) lines, \(old.count) before")")
  }

  @Test func statesAreDonatedAndUnusedNodesLeftOut() {
    let trace = Trace()
    let x = trace.feed("x", [2])
    let (a, b) = (trace.state("a", [2]), trace.state("b", [2]))
    _ = (x * 3).exponential()
    trace.update(b, to: b + x)
    let text = StableHLO.module(trace.program(outputs: [x - a]), precision: .tf32)
    #expect(
      text == """
        module @bezoar {
          func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<2xf32>, %arg2: tensor<2xf32> {tf.aliasing_output = 1 : i32}) -> (tensor<2xf32>, tensor<2xf32>) {
            %0 = stablehlo.add %arg2, %arg0 : tensor<2xf32>
            %1 = stablehlo.subtract %arg0, %arg1 : tensor<2xf32>
            return %1, %0 : tensor<2xf32>, tensor<2xf32>
          }
        }

        """)
  }

  @Test func numbersAreExact() {
    let trace = Trace()
    let values: [Float] = [0.1, 1e-7, -1e30, .infinity, -.infinity, 3]
    let text = StableHLO.module(trace.program(outputs: values.map { trace.constant($0) }))
    for part in [
      "dense<0.10000000149011612>", "dense<1.0000000116860974e-07>", "dense<-1.0000000150474662e+30>",
      "dense<0x7F800000>", "dense<0xFF800000>", "dense<3.0>",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
  }
}
