extension Op {
  /// Returns the shape of the result for operands of these shapes.
  ///
  /// - Precondition: The operands fit the op; else traps with both.
  func resultShape(_ x: [Shape]) -> Shape {
    switch self {
    case .input, .splat, .literal:
      preconditionFailure("\(self) has no operands; its shape is given")
    case .unary:
      return x[0]
    case .binary:
      guard let shape = Shape.broadcast(x[0], x[1]) else {
        preconditionFailure("\(self): shapes \(x) do not broadcast")
      }
      return shape
    case .broadcast(let shape):
      _ = x[0].strides(broadcastTo: shape)
      return shape
    case .reshape(let shape):
      requireShape(shape.count == x[0].count, "reshape", x[0], shape)
      return shape
    case .transpose(let permutation):
      requireShape(permutation.sorted() == Array(0..<x[0].rank), "transpose \(permutation)", x[0])
      return Shape(permutation.map { x[0].extents[$0] })
    case .slice(let axis, let start, let count):
      requireShape(
        start >= 0 && count >= 0 && start + count <= x[0].extents[axis], "slice \(axis) \(start) \(count)",
        x[0])
      var shape = x[0]
      shape.extents[axis] = count
      return shape
    case .pad(let axis, let before, let after):
      var shape = x[0]
      shape.extents[axis] += before + after
      return shape
    case .concatenate(let axis):
      var shape = x[0]
      for other in x.dropFirst() {
        var (a, b) = (shape, other)
        a.extents[axis] = 0
        b.extents[axis] = 0
        requireShape(a == b, "concatenate \(axis)", shape, other)
        shape.extents[axis] += other.extents[axis]
      }
      return shape
    case .reduce(_, let axes):
      requireShape(axes.upperBound <= x[0].rank, "reduce \(axes)", x[0])
      var shape = x[0]
      for axis in axes { shape.extents[axis] = 1 }
      return shape
    case .argMaximum:
      requireShape(x[0].rank >= 1 && x[0][-1] > 0, "argMaximum", x[0])
      var shape = x[0]
      shape.extents[shape.rank - 1] = 1
      return shape
    case .oneHot(let depth):
      requireShape(x[0].rank == 1, "oneHot", x[0])
      return [x[0].count, depth]
    case .matrixProduct(let transposeLeft, let transposeRight):
      let pairs = x[0].extents.dropLast(2)
      requireShape(
        x[0].rank == x[1].rank && 2...3 ~= x[0].rank && pairs == x[1].extents.dropLast(2), "matrixProduct", x[0], x[1])
      let (rows, inner) = transposeLeft ? (x[0][-1], x[0][-2]) : (x[0][-2], x[0][-1])
      let (depth, columns) = transposeRight ? (x[1][-1], x[1][-2]) : (x[1][-2], x[1][-1])
      requireShape(inner == depth, "matrixProduct", x[0], x[1])
      return Shape(pairs + [rows, columns])
    case .convolution(let window):
      requireShape(x[0].rank == 4 && x[1].rank == 4 && x[0][3] == x[1][2], "convolution", x[0], x[1])
      return [
        x[0][0], window.outputs(x[0][1], size: x[1][0]), window.outputs(x[0][2], size: x[1][1]), x[1][3],
      ]
    case .convolutionInputGradient(_, let shape):
      requireShape(x[0][3] == x[1][3] && shape[3] == x[1][2], "convolutionInputGradient", x[0], x[1], shape)
      return shape
    case .convolutionWeightGradient(_, let shape):
      requireShape(x[0][3] == shape[3] && x[1][3] == shape[2], "convolutionWeightGradient", x[0], x[1], shape)
      return shape
    case .maxPool(let window, let size):
      requireShape(x[0].rank == 4, "maxPool", x[0])
      return [
        x[0][0], window.outputs(x[0][1], size: size), window.outputs(x[0][2], size: size), x[0][3],
      ]
    case .maxPoolGradient:
      return x[1]
    case .moments:
      requireShape(x[0].rank >= 2, "moments", x[0])
      return [2, x[0][-1]]
    case .normalize:
      let channels = x[0][-1]
      requireShape(
        x[1] == [2, channels] && x[2] == [channels] && x[3] == [channels], "normalize", x[0], x[1], x[2], x[3])
      return x[0]
    case .normalizeSums:
      requireShape(x[0] == x[1], "normalizeSums", x[0], x[1])
      return x[2]
    case .normalizeInputGradient:
      requireShape(x[0] == x[1], "normalizeInputGradient", x[0], x[1])
      return x[1]
    }
  }
}
