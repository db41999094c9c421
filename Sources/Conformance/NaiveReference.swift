import Foundation
import Tensors

/// Evaluates programs node by node in double precision, with loops that are as plain as can be.
public enum NaiveReference {
  /// Returns the outputs of a program for values of its inputs, feeds and states alike, in order.
  public static func run(_ program: Program, inputs: [[Double]]) -> [[Double]] {
    var values: [[Double]] = []
    for node in program.graph.nodes {
      values.append(evaluate(node, program.graph.nodes, values, inputs))
    }
    return program.outputs.map { values[$0] }
  }

  private static func indices(_ shape: Shape) -> [[Int]] {
    var result: [[Int]] = [[]]
    for extent in shape.extents { result = result.flatMap { head in (0..<extent).map { head + [$0] } } }
    return result
  }

  private static func offset(_ index: [Int], in shape: Shape) -> Int {
    zip(index.suffix(shape.rank), shape.extents).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
  }

  private static func evaluate(
    _ node: Graph.Node, _ nodes: [Graph.Node], _ values: [[Double]], _ inputs: [[Double]]
  ) -> [Double] {
    let x = node.operands.map { values[$0] }
    let shapes = node.operands.map { nodes[$0].shape }
    let shape = node.shape
    switch node.op {
    case .input(let slot): return inputs[slot]
    case .splat(let value): return Array(repeating: Double(value), count: shape.count)
    case .literal(let scalars): return scalars.map(Double.init)
    case .unary(let kind): return x[0].map { unary(kind, $0) }
    case .binary(let kind):
      return indices(shape).map {
        binary(kind, x[0][offset($0, in: shapes[0])], x[1][offset($0, in: shapes[1])])
      }
    case .broadcast: return indices(shape).map { x[0][offset($0, in: shapes[0])] }
    case .reshape: return x[0]
    case .transpose(let permutation):
      return indices(shape).map { index in
        var source = index
        for (i, axis) in permutation.enumerated() { source[axis] = index[i] }
        return x[0][offset(source, in: shapes[0])]
      }
    case .slice(let axis, let start, _):
      return indices(shape).map { index in
        var source = index
        source[axis] += start
        return strided(source, shapes[0], x[0])
      }
    case .pad(let axis, let before, _):
      return indices(shape).map { index in
        var source = index
        source[axis] -= before
        return source[axis] < 0 || source[axis] >= shapes[0].extents[axis] ? 0 : strided(source, shapes[0], x[0])
      }
    case .concatenate(let axis):
      return indices(shape).map { index in
        var source = index
        var k = 0
        while source[axis] >= shapes[k].extents[axis] {
          source[axis] -= shapes[k].extents[axis]
          k += 1
        }
        return strided(source, shapes[k], x[k])
      }
    case .reduce(let kind, _):
      var result = [Double](repeating: kind == .sum ? 0 : -.infinity, count: shape.count)
      for (i, index) in indices(shapes[0]).enumerated() {
        let at = offset(index, in: shape)
        result[at] = kind == .sum ? result[at] + x[0][i] : max(result[at], x[0][i])
      }
      return result
    case .oneHot(let depth):
      return x[0].flatMap { value in (0..<depth).map { $0 == Int(value) ? 1.0 : 0.0 } }
    case .matrixProduct(let left, let right):
      let inner = shapes[0][left ? -2 : -1]
      return indices(shape).map { index in
        let (pair, row, column) = (Array(index.dropLast(2)), index[index.count - 2], index[index.count - 1])
        return (0..<inner).reduce(0.0) { sum, k in
          sum + strided(pair + (left ? [k, row] : [row, k]), shapes[0], x[0])
            * strided(pair + (right ? [column, k] : [k, column]), shapes[1], x[1])
        }
      }
    case .convolution(let window):
      var result = [Double](repeating: 0, count: shape.count)
      forEachTap(window, input: shapes[0], weights: shapes[1], output: shape) { i, w, o in
        result[o] += x[0][i] * x[1][w]
      }
      return result
    case .convolutionInputGradient(let window, let input):
      var result = [Double](repeating: 0, count: shape.count)
      forEachTap(window, input: input, weights: shapes[1], output: shapes[0]) { i, w, o in
        result[i] += x[0][o] * x[1][w]
      }
      return result
    case .convolutionWeightGradient(let window, let weights):
      var result = [Double](repeating: 0, count: shape.count)
      forEachTap(window, input: shapes[1], weights: weights, output: shapes[0]) { i, w, o in
        result[w] += x[0][o] * x[1][i]
      }
      return result
    case .argMaximum:
      let extent = shapes[0][-1]
      return (0..<shape.count).map { row in
        let own = x[0][row * extent..<(row + 1) * extent]
        return Double(own.indices.max { own[$0] < own[$1] || (own[$0] == own[$1] && $0 > $1) }! - own.startIndex)
      }
    case .maxPool(let window, let size):
      var result = [Double](repeating: -.infinity, count: shape.count)
      forEachPooled(window, size, input: shapes[0], output: shape) { i, o in result[o] = max(result[o], x[0][i]) }
      return result
    case .maxPoolGradient(let window, let size):
      var (best, at) = ([Double](repeating: -.infinity, count: x[0].count), [Int](repeating: 0, count: x[0].count))
      forEachPooled(window, size, input: shapes[1], output: shapes[0]) { i, o in
        if x[1][i] > best[o] { (best[o], at[o]) = (x[1][i], i) }
      }
      var result = [Double](repeating: 0, count: shape.count)
      for (o, i) in at.enumerated() { result[i] += x[0][o] }
      return result
    case .moments:
      let channels = shapes[0].extents.last ?? 1
      let rows = x[0].count / channels
      let mean = (0..<channels).map { c in (0..<rows).reduce(0) { $0 + x[0][$1 * channels + c] } / Double(rows) }
      let variance = (0..<channels).map { c in
        (0..<rows).reduce(0) { $0 + pow(x[0][$1 * channels + c] - mean[c], 2) } / Double(rows)
      }
      return mean + variance
    case .normalize(let epsilon, _):
      let channels = shapes[2].count
      return x[0].enumerated().map { i, value in
        let c = i % channels
        return (value - x[1][c]) / (x[1][channels + c] + Double(epsilon)).squareRoot() * x[2][c] + x[3][c]
      }
    case .normalizeSums(let epsilon):
      let channels = shapes[0].extents.last ?? 1
      return sums(x[0], x[1], x[2], channels, Double(epsilon))
    case .normalizeInputGradient(let epsilon):
      let channels = shapes[0].extents.last ?? 1
      let rows = Double(x[0].count / channels)
      return x[0].indices.map { i in
        let c = i % channels
        let r = 1 / (x[2][channels + c] + Double(epsilon)).squareRoot()
        let n = (x[1][i] - x[2][c]) * r
        return x[3][c] * r * (x[0][i] - x[4][c] / rows - n * x[4][channels + c] / rows)
      }
    }
  }

  private static func sums(
    _ dy: [Double], _ x: [Double], _ moments: [Double], _ channels: Int, _ epsilon: Double
  ) -> [Double] {
    var result = [Double](repeating: 0, count: 2 * channels)
    for i in dy.indices {
      let c = i % channels
      result[c] += dy[i]
      result[channels + c] += dy[i] * (x[i] - moments[c]) / (moments[channels + c] + epsilon).squareRoot()
    }
    return result
  }

  private static func strided(_ index: [Int], _ shape: Shape, _ values: [Double]) -> Double {
    values[zip(index, shape.extents).reduce(0) { $0 * $1.1 + $1.0 }]
  }

  private static func forEachTap(
    _ window: Op.Window, input: Shape, weights: Shape, output: Shape, _ body: (Int, Int, Int) -> Void
  ) {
    let (h, w, c) = (input[1], input[2], input[3])
    for index in indices([output[0], output[1], output[2], output[3], weights[0], weights[1], c]) {
      let (n, r, p, o, v, u, i) = (index[0], index[1], index[2], index[3], index[4], index[5], index[6])
      let (y, x) = (r * window.stride + v - window.padding, p * window.stride + u - window.padding)
      guard y >= 0, y < h, x >= 0, x < w else { continue }
      body(
        ((n * h + y) * w + x) * c + i, ((v * weights[1] + u) * c + i) * weights[3] + o,
        ((n * output[1] + r) * output[2] + p) * output[3] + o)
    }
  }

  private static func forEachPooled(
    _ window: Op.Window, _ size: Int, input: Shape, output: Shape, _ body: (Int, Int) -> Void
  ) {
    for index in indices([output[0], output[1], output[2], output[3], size, size]) {
      let (n, r, p, c) = (index[0], index[1], index[2], index[3])
      let y = r * window.stride + index[4] - window.padding
      let x = p * window.stride + index[5] - window.padding
      guard y >= 0, y < input[1], x >= 0, x < input[2] else { continue }
      body(
        ((n * input[1] + y) * input[2] + x) * input[3] + c,
        ((n * output[1] + r) * output[2] + p) * output[3] + c)
    }
  }

  private static func unary(_ kind: Op.Unary, _ x: Double) -> Double {
    switch kind {
    case .negate: return -x
    case .exponential: return exp(x)
    case .logarithm: return log(x)
    case .squareRoot: return x.squareRoot()
    case .reciprocal: return 1 / x
    case .relu: return max(x, 0)
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : 0
    case .absolute: return abs(x)
    case .step: return x > 0 ? 1 : 0
    case .errorFunction: return erf(x)
    }
  }

  private static func binary(_ kind: Op.Binary, _ a: Double, _ b: Double) -> Double {
    switch kind {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide: return a / b
    case .maximum: return max(a, b)
    case .minimum: return min(a, b)
    case .greater: return a > b ? 1 : 0
    case .equal: return a == b ? 1 : 0
    }
  }
}
