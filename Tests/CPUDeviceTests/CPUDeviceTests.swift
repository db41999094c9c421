import AllocationCounter
import CPUDevice
import Randomness
import Conformance
import Tensors
import TestSupport
import Testing

@Suite struct CPUDeviceTests {
  private static func run(
    _ program: Program, _ values: [Tensor], threads: Int, _ instructions: CPUDevice.InstructionSet = .avx512
  ) -> [Tensor] {
    CPUDevice(threads: threads, instructions: instructions).compile(program).run(feeds: values, state: [])
  }

  /// Results and gradients against the same program in double precision.
  @Test(arguments: OpCase.all, CPUDevice.InstructionSet.allCases)
  func agreesWithReference(_ row: OpCase, _ instructions: CPUDevice.InstructionSet) {
    let program = row.program()
    let values = row.values()
    let expected = NaiveReference.run(program, inputs: values.map { $0.scalars.map(Double.init) })
    for (actual, expected) in zip(Self.run(program, values, threads: 2, instructions), expected) {
      #expect(worstError(actual.scalars, expected) <= 1)
    }
  }

  /// Gradients by all inputs against central differences of the double-precision reference.
  @Test(arguments: OpCase.all.filter { $0.isDifferentiable && $0.scalarCount < 6000 })
  func gradientsAgreeWithDifferences(_ row: OpCase) {
    let values = row.values()
    let actual = Self.run(row.program(), values, threads: 2)

    let sum = row.program(onlySum: true)
    var stream = RandomStream(seed: 4)
    let doubles = values.map { $0.scalars.map(Double.init) }
    for (k, tensor) in values.enumerated() {
      // All entries of small inputs, a seeded sample of large ones.
      let picks =
        tensor.scalars.count <= 24
        ? Array(tensor.scalars.indices) : Array(stream.permutation(tensor.scalars.count)[..<12])
      for i in picks {
        func value(_ delta: Double) -> Double {
          var moved = doubles
          moved[k][i] += delta
          return NaiveReference.run(sum, inputs: moved)[0][0]
        }
        let numeric = (value(1e-5) - value(-1e-5)) / 2e-5
        let error = abs(Double(actual[k].scalars[i]) - numeric) / (2e-3 + 2e-3 * abs(numeric))
        #expect(error <= 1, "input \(k) entry \(i): \(actual[k].scalars[i]) against \(numeric)")
      }
    }
  }

  @Test(arguments: OpCase.all) func sameBitsForAnyThreadCount(_ row: OpCase) {
    let trace = Trace()
    let inputs = row.inputs.enumerated().map { trace.feed("x\($0)", $1) }
    let result = row.build(trace, inputs)
    var outputs = [result]
    if row.isDifferentiable { outputs += trace.gradients(of: (result * result).sum(), withRespectTo: inputs) }
    let program = trace.program(outputs: outputs)
    let values = row.values()
    let one = Self.run(program, values, threads: 1)
    for threads in [2, 3, 5] { #expect(Self.run(program, values, threads: threads) == one) }
  }

  @Test func largeConvolutionSameBitsForAnyThreadCount() {
    sameBitsForAnyThreadCount(Self.convolutionAndNormalisation(24, 40))
    sameBitsForAnyThreadCount(Self.convolutionAndNormalisation(32, 48))
    sameBitsForAnyThreadCount(Self.convolutionAndNormalisation(96, 96))
  }

  private static func convolutionAndNormalisation(_ from: Int, _ to: Int) -> OpCase {
    OpCase("", [[37, 16, 16, from], [3, 3, from, to], [to], [to]]) { _, x in
      let y = x[0].convolution(x[1], stride: 1, padding: 1)
      return y.normalized(y.moments(), gamma: x[2], beta: x[3], epsilon: 1e-5, ofBatch: true).relu()
    }
  }

  @Test func stateStaysOnTheDeviceAndIsUpdatedInPlace() {
    let trace = Trace()
    let (weight, x) = (trace.state("weight", [3]), trace.feed("x", [3]))
    let moved = weight - x * 0.5
    trace.update(weight, to: moved)
    let device = CPUDevice(threads: 1)
    let executable = device.compile(trace.program(outputs: [moved.sum()]))
    let buffer = device.buffer(Tensor([3], [1, 2, 3]))
    let first = executable.run(feeds: [Tensor([3], [2, 2, 2])], state: [buffer])
    #expect(first[0].item == 3)
    #expect(buffer.read().scalars == [0, 1, 2])
    _ = executable.run(feeds: [Tensor([3], [2, 2, 2])], state: [buffer])
    #expect(buffer.read().scalars == [-1, 0, 1])
  }

  @Test func arenaIsSharedByValuesThatDoNotLiveTogether() {
    let trace = Trace()
    var x = trace.feed("x", [1000, 10])
    for _ in 0..<20 { x = x.transposed([1, 0]).transposed([1, 0]) }
    let executable = CPUDevice(threads: 1).compile(trace.program(outputs: [x]))
    #expect(executable.arenaBytes <= 2 * 10_016 * 4)
  }

  @Test func nothingThatNoOutputNeedsIsComputed() {
    let trace = Trace()
    let x = trace.feed("x", [100, 100])
    _ = x.matrixProduct(x).matrixProduct(x)
    let executable = CPUDevice(threads: 1).compile(trace.program(outputs: [x.sum()]))
    #expect(executable.arenaBytes < 10_000)
  }

  /// A run copies feeds in and outputs out; the step between allocates nothing.
  @Test(.enabled(if: bz_allocations() >= 0, "needs glibc's allocator"), arguments: [1, 2])
  func aStepAllocatesNothing(_ threads: Int) {
    let device = CPUDevice(threads: threads)
    func allocations(_ isStep: Bool) -> Int {
      let trace = Trace()
      let x = trace.feed("x", [4, 8, 8, 16])
      let weights = [[3, 3, 16, 16], [3, 3, 16, 32], [1, 1, 16, 32], [32, 10]].enumerated().map {
        trace.state("w\($0)", Shape($1))
      }
      let one = trace.constant(Tensor([32], repeating: 1))
      func normalized(_ x: Value) -> Value {
        let gamma = one.slice(start: 0, count: x.shape[-1])
        return x.normalized(x.moments(), gamma: gamma, beta: gamma, epsilon: 1e-5, ofBatch: true)
      }
      let first = normalized(x.convolution(weights[0], stride: 1, padding: 1)).relu()
      let second = normalized(first.convolution(weights[1], stride: 2, padding: 1))
      let shortcut = normalized(x.convolution(weights[2], stride: 2, padding: 0))
      let pooled = (second + shortcut).relu().mean([1, 2]).reshaped([4, 32]).unitRows()
      let logits = pooled.matrixProduct(weights[3])
      let loss =
        (logits.logSumExp() - (logits * x.slice(axis: 3, start: 0, count: 10).sum([1, 2]).reshaped([4, 10])).sum([1]))
        .mean()
      var values = weights
      if isStep {
        values = zip(weights, trace.gradients(of: loss, withRespectTo: weights)).map { $0 - $1 * 0.1 }
      }
      for (state, value) in zip(weights, values) { trace.update(state, to: value) }
      let program = trace.program(outputs: [isStep ? loss : trace.constant(0)])
      let executable = device.compile(program)
      let feeds = program.feeds.map { Tensor($0.shape, repeating: 0.5) }
      let state = program.states.map { device.buffer(Tensor($0.shape, repeating: 0.1)) }
      for _ in 0..<2 { _ = executable.run(feeds: feeds, state: state) }
      let before = bz_allocations()
      _ = executable.run(feeds: feeds, state: state)
      return bz_allocations() - before
    }
    #expect(allocations(true) == allocations(false))
    #expect((1..<20).contains(allocations(false)))
  }
}
