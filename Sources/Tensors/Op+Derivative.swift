extension Op {
  /// Returns the derivative of a scalar by each operand, given its derivative by the result.
  ///
  /// - Parameters:
  ///   - seed: Derivative by the result; the result's shape.
  ///   - x: Operands.
  ///   - y: Result.
  ///   - needed: Which operands' derivatives are wanted; others need not be built.
  /// - Returns: One value an operand, nil where the derivative is zero or not needed.
  func derivatives(seed: Value, _ x: [Value], _ y: Value, needed: [Bool]) -> [Value?] {
    switch self {
    case .input, .splat, .literal, .argMaximum, .oneHot, .moments:
      return x.map { _ in nil }
    case .unary(let kind):
      return [kind.derivative(seed: seed, x[0], y)]
    case .binary(let kind):
      let (a, b) = kind.derivatives(seed: seed, x[0], x[1], y)
      return [
        needed[0] ? a?.summed(to: x[0].shape) : nil, needed[1] ? b?.summed(to: x[1].shape) : nil,
      ]
    case .broadcast:
      return [seed.summed(to: x[0].shape)]
    case .reshape:
      return [seed.reshaped(x[0].shape)]
    case .transpose(let permutation):
      var inverse = permutation
      for (i, axis) in permutation.enumerated() { inverse[axis] = i }
      return [seed.transposed(inverse)]
    case .slice(let axis, let start, let count):
      return [seed.padded(axis: axis, before: start, after: x[0].shape[axis] - start - count)]
    case .pad(let axis, let before, _):
      return [seed.slice(axis: axis, start: before, count: x[0].shape[axis])]
    case .concatenate(let axis):
      var start = 0
      return zip(x, needed).map { operand, isNeeded in
        defer { start += operand.shape[axis] }
        return isNeeded ? seed.slice(axis: axis, start: start, count: operand.shape[axis]) : nil
      }
    case .reduce(.sum, _):
      return [seed.broadcast(to: x[0].shape)]
    case .reduce(.maximum, let axes):
      let winners = x[0].isEqual(to: y)
      return [winners * (seed / winners.sum(Array(axes)))]
    case .matrixProduct(let left, let right):
      let (a, b) = (x[0], x[1])
      var (da, db): (Value?, Value?)
      if needed[0] {
        da =
          left
          ? b.matrixProduct(seed, transposeLeft: right, transposeRight: true)
          : seed.matrixProduct(b, transposeRight: !right)
      }
      if needed[1] {
        db =
          right
          ? seed.matrixProduct(a, transposeLeft: true, transposeRight: left)
          : a.matrixProduct(seed, transposeLeft: !left)
      }
      return [da, db]
    case .convolution(let window):
      return [
        needed[0] ? seed.trace.add(.convolutionInputGradient(window, x[0].shape), [seed, x[1]]) : nil,
        needed[1] ? seed.trace.add(.convolutionWeightGradient(window, x[1].shape), [seed, x[0]]) : nil,
      ]
    case .maxPool(let window, let size):
      return [seed.trace.add(.maxPoolGradient(window, size: size), [seed, x[0]])]
    case .normalize(let epsilon, let batch):
      let (input, moments, gamma) = (x[0], x[1], x[2])
      let channels = gamma.shape
      let sums = seed.trace.add(.normalizeSums(epsilon: epsilon), [seed, input, moments])
      var dx: Value?
      if needed[0] {
        if batch {
          dx = seed.trace.add(.normalizeInputGradient(epsilon: epsilon), [seed, input, moments, gamma, sums])
        } else {
          let variance = moments.slice(start: 1, count: 1).reshaped(channels)
          dx = seed * (gamma / (variance + epsilon).squareRoot())
        }
      }
      return [
        dx, nil, sums.slice(start: 1, count: 1).reshaped(channels),
        sums.slice(start: 0, count: 1).reshaped(channels),
      ]
    case .convolutionInputGradient, .convolutionWeightGradient, .maxPoolGradient, .normalizeSums,
      .normalizeInputGradient:
      preconditionFailure("\(self) is itself a derivative; second derivatives are not supported")
    }
  }
}

extension Op.Unary {
  fileprivate func derivative(seed: Value, _ x: Value, _ y: Value) -> Value? {
    switch self {
    case .negate: return -seed
    case .exponential: return seed * y
    case .logarithm: return seed / x
    case .squareRoot: return seed / (y * 2)
    case .reciprocal: return -(seed * y * y)
    case .relu: return seed * y.step()
    case .sign, .step: return nil
    case .absolute: return seed * x.sign()
    case .errorFunction: return seed * (-(x * x)).exponential() * Float(2 / Double.pi.squareRoot())
    }
  }
}

extension Op.Binary {
  fileprivate func derivatives(seed: Value, _ a: Value, _ b: Value, _ y: Value) -> (Value?, Value?) {
    switch self {
    case .add: return (seed, seed)
    case .subtract: return (seed, -seed)
    case .multiply: return (seed * b, seed * a)
    case .divide: return (seed / b, -(seed * y / b))
    case .maximum, .minimum:
      let first = a.isEqual(to: y)
      return (seed * first, seed - seed * first)
    case .greater, .equal: return (nil, nil)
    }
  }
}

extension Value {
  /// Sums over the axes along which `shape` was broadcast to this value's shape.
  fileprivate func summed(to shape: Shape) -> Value {
    if self.shape == shape { return self }
    let lead = self.shape.rank - shape.rank
    var axes = Array(0..<lead)
    for axis in 0..<shape.rank where shape.extents[axis] == 1 && self.shape.extents[lead + axis] != 1 {
      axes.append(lead + axis)
    }
    return sum(axes).reshaped(shape)
  }
}

extension Trace {
  /// Returns the value cut off from differentiation; the value itself is not.
  public func detached(_ value: Value) -> Value {
    let copy = add(.reshape(value.shape), [value.index], value.shape)
    constants.insert(copy.index)
    return copy
  }

  /// Appends the derivatives of a scalar by some values to the same graph.
  ///
  /// Only nodes on a path from the values to the target are visited, so derivatives by inputs alone
  /// (attacks, Grad-CAM) build no weight gradients.
  ///
  /// - Parameters:
  ///   - target: A scalar; shape [].
  ///   - values: Any values of this trace, not only inputs.
  /// - Returns: One value each, of the same shape; zeros where the target does not depend on it.
  /// - Source: Reverse-mode accumulation; Griewank and Walther, "Evaluating Derivatives", 2008.
  public func gradients(of target: Value, withRespectTo values: [Value]) -> [Value] {
    precondition(target.shape == [], "gradients of a value of shape \(target.shape); it must be a scalar")
    let wanted = Set(values.map(\.index))
    var depends = [Bool](repeating: false, count: target.index + 1)
    for (i, node) in graph.nodes[...target.index].enumerated() {
      depends[i] =
        wanted.contains(i) || (!constants.contains(i) && node.operands.contains { depends[$0] })
    }
    var seeds: [Int: Value] = [target.index: constant(1)]
    for i in stride(from: target.index, through: 0, by: -1) where depends[i] {
      guard let seed = seeds[i] else { continue }
      let node = graph.nodes[i]
      let needed = node.operands.map { depends[$0] }
      if !needed.contains(true) || constants.contains(i) { continue }
      let operands = node.operands.map { Value(trace: self, index: $0) }
      let derivatives = node.op.derivatives(
        seed: seed, operands, Value(trace: self, index: i), needed: needed)
      for (operand, derivative) in zip(node.operands, derivatives) where depends[operand] {
        guard let derivative else { continue }
        seeds[operand] = seeds[operand].map { $0 + derivative } ?? derivative
      }
    }
    return values.map { value in
      (seeds[value.index] ?? constant(0)).broadcast(to: value.shape)
    }
  }
}
