import Randomness
import Tensors

/// One row of the table that every judge of the engine reads: an op on given shapes.
public struct OpCase: Sendable, CustomStringConvertible {
  /// What is tested, with its shape.
  public let name: String
  /// Shapes of the inputs.
  public let inputs: [Shape]
  /// Range of input values; keeps logarithms and roots in their domain.
  public let range: ClosedRange<Float>
  /// True if derivatives are to be checked.
  public let isDifferentiable: Bool
  /// Builds the result.
  public let build: @Sendable (Trace, [Value]) -> Value

  /// Creates a row.
  public init(
    _ name: String, _ inputs: [Shape], range: ClosedRange<Float> = -1...1, differentiable: Bool = true,
    _ build: @escaping @Sendable (Trace, [Value]) -> Value
  ) {
    self.name = name
    self.inputs = inputs
    self.range = range
    isDifferentiable = differentiable
    self.build = build
  }

  /// Name of the row.
  public var description: String { name }

  /// Scalars in all inputs.
  public var scalarCount: Int { inputs.reduce(0) { $0 + $1.count } }

  /// Seeded values for the inputs.
  public func values(seed: UInt64 = 1) -> [Tensor] {
    inputs.enumerated().map { i, shape in
      var stream = RandomStream(seed: seed).stream(i)
      return Tensor(shape, (0..<shape.count).map { _ in stream.uniform(range.lowerBound, range.upperBound) })
    }
  }
}

extension OpCase {
  /// A weighted sum of the result; beside it the result and, if it has any, gradients by all inputs.
  public func program(onlySum: Bool = false) -> Program {
    let trace = Trace()
    let values = inputs.enumerated().map { trace.feed("x\($0)", $1) }
    let result = build(trace, values)
    var stream = RandomStream(seed: 3)
    let weights = Tensor(result.shape, (0..<result.shape.count).map { _ in stream.uniform(-1, 1) })
    let sum = (result * trace.constant(weights)).sum()
    if onlySum { return trace.program(outputs: [sum]) }
    let gradients = isDifferentiable ? trace.gradients(of: sum, withRespectTo: values) : []
    return trace.program(outputs: gradients + [sum, result])
  }

  /// Every op, on even and on odd shapes.
  public static let all: [OpCase] =
    unaryCases + binaryCases + shapeCases + productCases + convolutionCases + normalizationCases

  private static let unaryCases: [OpCase] = [
    .init("negate", [[3, 5]]) { _, x in -x[0] },
    .init("exponential", [[2, 7]]) { _, x in x[0].exponential() },
    .init("logarithm", [[4, 3]], range: 0.2...2) { _, x in x[0].logarithm() },
    .init("squareRoot", [[11]], range: 0.2...2) { _, x in x[0].squareRoot() },
    .init("reciprocal", [[2, 3]], range: 0.5...2) { _, x in x[0].reciprocal() },
    .init("relu", [[3, 3, 3]]) { _, x in x[0].relu() },
    .init("sign", [[9]], differentiable: false) { _, x in x[0].sign() },
    .init("absolute", [[9]]) { _, x in x[0].absolute() },
    .init("errorFunction", [[3, 7]], range: -3...3) { _, x in x[0].errorFunction() },
    .init("errorFunction far out", [[9]], range: 3...9) { _, x in x[0].errorFunction() },
    .init("step", [[9]], differentiable: false) { _, x in x[0].step() },
    .init("fused chain over blocks", [[5001], [5001], [1]]) { _, x in
      ((x[0] * x[1] + 0.5) * x[2] - x[0]).relu()
    },
    .init("clamped", [[40]], range: -2...2) { _, x in x[0].clamped(-1, 1) },
    .init("scalar", [[]], range: 0.5...1) { _, x in x[0] * x[0] + 1 },
  ]

  private static let binaryCases: [OpCase] = {
    let shapes: [(String, Shape, Shape)] = [
      ("same", [3, 5], [3, 5]), ("row", [4, 3], [3]), ("column", [4, 3], [4, 1]), ("scalar", [2, 3], []),
      ("outer", [4, 1], [1, 5]), ("middle", [2, 3, 5, 7], [2, 1, 1, 7]), ("left", [7], [3, 7]),
      ("long rows", [3, 2100], [3, 1]),
    ]
    let kinds: [(String, Bool, @Sendable (Value, Value) -> Value)] = [
      ("add", true, { $0 + $1 }), ("subtract", true, { $0 - $1 }), ("multiply", true, { $0 * $1 }),
      ("divide", true, { $0 / $1 }), ("maximum", true, { $0.maximum($1) }),
      ("minimum", true, { $0.minimum($1) }), ("greater", false, { $0.isGreater(than: $1) }),
      ("equal", false, { $0.isEqual(to: $1) }),
    ]
    return kinds.flatMap { name, differentiable, op in
      shapes.map { kind, a, b in
        OpCase("\(name) \(kind)", [a, b], range: 0.5...2, differentiable: differentiable) { _, x in
          op(x[0], x[1])
        }
      }
    }
  }()

  private static let shapeCases: [OpCase] = [
    .init("broadcast", [[3, 1]]) { _, x in x[0].broadcast(to: [2, 3, 4]) },
    .init("reshape", [[3, 4]]) { _, x in x[0].reshaped([2, 6]) * 2 },
    .init("transpose", [[3, 4]]) { _, x in x[0].transposed([1, 0]) },
    .init("transpose 4", [[2, 3, 4, 5]]) { _, x in x[0].transposed([3, 0, 2, 1]) },
    .init("slice first", [[5, 3]]) { _, x in x[0].slice(start: 1, count: 3) },
    .init("slice last", [[3, 5]]) { _, x in x[0].slice(axis: 1, start: 2, count: 2) },
    .init("pad", [[2, 3, 2]]) { _, x in x[0].padded(axis: 1, before: 2, after: 1) },
    .init("concatenate", [[2, 3], [4, 3]]) { _, x in .concatenated([x[0], x[1], x[0]]) },
    .init("concatenate last", [[3, 2], [3, 1]]) { _, x in .concatenated(x, axis: 1) },
    .init("sum all", [[3, 5]]) { _, x in x[0].sum() },
    .init("sum first", [[300, 5]]) { _, x in x[0].sum([0]) },
    .init("sum last", [[3, 5]]) { _, x in x[0].sum([1]) },
    .init("sum middle", [[2, 3, 4, 5]]) { _, x in x[0].sum([1, 2]) },
    .init("sum apart", [[2, 3, 4, 5]]) { _, x in x[0].sum([0, 2]) },
    .init("mean", [[2, 3, 4]]) { _, x in x[0].mean([1]) },
    .init("max last", [[3, 5]]) { _, x in x[0].max([-1]) },
    .init("max middle", [[2, 3, 3, 5]]) { _, x in x[0].max([1, 2]) },
    .init("argMax", [[3, 70]], differentiable: false) { _, x in x[0].argMax() },
    .init("argMax with ties", [[2, 3, 5]], differentiable: false) { _, x in x[0].sign().argMax() },
    .init("argMax of a product", [[130, 7], [75, 7]], differentiable: false) { _, x in
      x[0].matrixProduct(x[1], transposeRight: true).argMax()
    },
    .init("matrixProduct of many rows", [[2051, 13], [2051, 48]], differentiable: false) { _, x in
      x[0].matrixProduct(x[1], transposeLeft: true)
    },
    .init("oneHot", [[5]], range: 0...6, differentiable: false) { _, x in x[0].oneHot(4) },
    .init("unit rows", [[3, 7]]) { _, x in x[0].unitRows() },
    .init("logSumExp", [[3, 7]], range: -3...3) { _, x in x[0].logSumExp() },
  ]

  private static let productCases: [OpCase] = [false, true].flatMap { left in
    [false, true].flatMap { right in
      [(1, 1, 1), (3, 4, 5), (70, 9, 33), (5, 8, 90), (90, 20, 1)].map { m, k, n in
        OpCase(
          "matrixProduct \(m)x\(k)x\(n) \(left ? "T" : "")\(right ? "t" : "")",
          [left ? [k, m] : [m, k], right ? [n, k] : [k, n]]
        ) { _, x in x[0].matrixProduct(x[1], transposeLeft: left, transposeRight: right) }
      } + [
        OpCase(
          "matrixProduct of 3 pairs \(left ? "T" : "")\(right ? "t" : "")",
          [left ? [3, 9, 4] : [3, 4, 9], right ? [3, 7, 9] : [3, 9, 7]]
        ) { _, x in x[0].matrixProduct(x[1], transposeLeft: left, transposeRight: right) }
      ]
    }
  }

  private static let convolutionCases: [OpCase] =
    [
      // (N, H, W, C, O, kernel, stride, padding)
      (1, 1, 1, 1, 1, 1, 1, 0), (2, 5, 7, 3, 5, 3, 1, 1), (3, 8, 8, 4, 16, 3, 2, 1), (2, 9, 6, 5, 17, 3, 2, 1),
      (2, 6, 6, 8, 33, 1, 1, 0), (3, 7, 5, 6, 12, 1, 2, 0), (2, 11, 13, 3, 9, 7, 2, 3), (1, 5, 5, 2, 3, 3, 3, 1),
      (2, 4, 4, 32, 16, 3, 1, 1), (2, 3, 26, 2, 40, 3, 1, 1), (2, 6, 4, 3, 2, 5, 1, 2), (1, 4, 4, 2, 2, 2, 2, 0),
      (20, 3, 3, 2, 4, 3, 1, 1), (2, 10, 10, 13, 8, 3, 1, 0),
      // Shapes that Winograd's kernels take.
      (2, 8, 8, 16, 16, 3, 1, 1), (3, 5, 9, 16, 48, 3, 1, 1), (1, 7, 6, 32, 16, 3, 1, 0), (2, 4, 3, 16, 32, 3, 1, 2),
      (1, 4, 5, 96, 96, 3, 1, 1), (1, 23, 21, 16, 16, 3, 1, 1),
    ].map { n, h, w, c, o, k, s, p in
      OpCase(
        "convolution \(n)x\(h)x\(w)x\(c) to \(o), kernel \(k) stride \(s) padding \(p)", [[n, h, w, c], [k, k, c, o]]
      ) {
        _, x in x[0].convolution(x[1], stride: s, padding: p)
      }
    } + [
      .init("maxPool", [[2, 6, 6, 3]]) { _, x in x[0].maxPool(size: 2, stride: 2, padding: 0) },
      .init("maxPool overlapping", [[2, 7, 5, 4]]) { _, x in x[0].maxPool(size: 3, stride: 2, padding: 1) },
    ]

  private static func ofBatch(_ x: Value, _ gamma: Value, _ beta: Value) -> Value {
    x.normalized(x.moments(), gamma: gamma, beta: beta, epsilon: 1e-3, ofBatch: true)
  }

  private static let normalizationCases: [OpCase] = [
    .init("moments", [[3, 5, 7, 4]], differentiable: false) { _, x in x[0].moments() },
    .init("moments of many rows", [[5000, 3]], differentiable: false) { _, x in (x[0] + 100).moments() },
    .init("batch normalisation", [[3, 4, 2, 5], [5], [5]]) { _, x in
      x[0].normalized(x[0].moments(), gamma: x[1], beta: x[2], epsilon: 1e-3, ofBatch: true)
    },
    .init("batch normalisation and ReLU", [[6, 7], [7], [7]]) { _, x in
      x[0].normalized(x[0].moments(), gamma: x[1], beta: x[2], epsilon: 1e-3, ofBatch: true).relu()
    },
    .init("convolution, batch normalisation and ReLU", [[2, 5, 6, 16], [3, 3, 16, 16], [16], [16]]) { _, x in
      ofBatch(x[0].convolution(x[1], stride: 1, padding: 1), x[2], x[3]).relu()
    },
    .init("strided convolution, batch normalisation and ReLU", [[2, 6, 7, 3], [3, 3, 3, 5], [5], [5]]) { _, x in
      ofBatch(x[0].convolution(x[1], stride: 2, padding: 1), x[2], x[3]).relu()
    },
    .init("ReLU of a normalisation, read twice", [[6, 17], [17], [17]]) { _, x in
      let y = ofBatch(x[0], x[1], x[2]).relu()
      return y * y + y
    },
    .init("residual sum", [[6, 19], [19], [19], [6, 19]]) { _, x in (ofBatch(x[0], x[1], x[2]) + x[3]).relu() },
    .init("residual sum of two normalisations", [[6, 35], [35], [35], [6, 35]]) { _, x in
      (ofBatch(x[0], x[1], x[2]) + ofBatch(x[3], x[2], x[1])).relu()
    },
    .init(
      "residual block by running statistics",
      [[2, 5, 6, 16], [3, 3, 16, 16], [2, 16], [16], [16], [2, 5, 6, 3], [1, 1, 3, 16]], range: 0.1...1,
      differentiable: false
    ) { _, x in
      let own = (x[0] - 0.5).convolution(x[1] - 0.5, stride: 1, padding: 1)
        .normalized(x[2], gamma: x[3], beta: x[4], epsilon: 1e-3, ofBatch: false)
      let other = (x[5] - 0.5).convolution(x[6] - 0.5, stride: 1, padding: 0)
        .normalized(x[2], gamma: x[4], beta: x[3], epsilon: 1e-3, ofBatch: false)
      return (own + other).relu()
    },
    .init("normalisation by running statistics", [[6, 3], [3], [3]]) { trace, x in
      x[0].normalized(
        trace.constant(Tensor([2, 3], [0.1, -0.2, 0.3, 1.5, 0.7, 0.9])), gamma: x[1], beta: x[2], epsilon: 1e-3,
        ofBatch: false)
    },
  ]
}
