import Tensors

extension Printer {
  /// Prints one node.
  ///
  /// - Returns: The name of its value.
  mutating func lower(_ node: Graph.Node, _ x: [Operand]) -> String {
    let shape = node.shape
    switch node.op {
    case .input(let slot): return "%arg\(slot)"
    case .splat(let value): return constant(value, shape).name
    case .literal(let scalars): return literal(scalars, shape).name
    case .unary(let kind): return unary(kind, x[0]).name
    case .binary(let kind): return binary(kind, x[0], x[1]).name
    case .broadcast: return broadcast(x[0], shape).name
    case .reshape: return reshape(x[0], shape).name
    case .transpose(let permutation): return transpose(x[0], permutation).name
    case .slice(let axis, let start, let count): return slice(x[0], axis: axis, start: start, count: count).name
    case .pad(let axis, let before, let after): return pad(x[0], axis, before, after, shape).name
    case .concatenate(let axis): return concatenate(x, axis: axis).name
    case .reduce(.sum, let axes): return reshape(reduce("add", from: 0, x[0], axes: Array(axes)), shape).name
    case .reduce(.maximum, let axes):
      return reshape(reduce("maximum", from: -.infinity, x[0], axes: Array(axes)), shape).name
    case .argMaximum: return argMaximum(x[0], shape).name
    case .oneHot(let depth): return oneHot(x[0], depth).name
    case .matrixProduct(let left, let right): return product(x[0], x[1], left, right, shape).name
    case .convolution(let window):
      let p = window.padding
      return convolution(
        x[0], x[1], shape, dimensions: "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]", stride: window.stride,
        padding: [[p, p], [p, p]]
      ).name
    case .convolutionInputGradient(let window, _): return inputGradient(x[0], x[1], window, shape).name
    case .convolutionWeightGradient(let window, _): return weightGradient(x[0], x[1], window, shape).name
    case .maxPool(let window, let size): return maxPool(x[0], window, size, shape).name
    case .maxPoolGradient(let window, let size): return maxPoolGradient(x[0], x[1], window, size).name
    case .moments: return moments(x[0]).name
    case .normalize(let epsilon, _):
      let (mean, scale) = statistics(x[1], epsilon)
      let centred = binary("subtract", x[0], mean)
      return binary("add", binary("multiply", centred, binary("multiply", scale, x[2])), x[3]).name
    case .normalizeSums(let epsilon):
      let (mean, scale) = statistics(x[2], epsilon)
      let normalised = binary("multiply", binary("subtract", x[1], mean), scale)
      let sums = [x[0], binary("multiply", x[0], normalised)].map { perChannel($0) }
      return concatenate(sums, axis: 0).name
    case .normalizeInputGradient(let epsilon):
      let (mean, scale) = statistics(x[2], epsilon)
      let share = constant(Float(x[1].shape[-1]) / Float(max(1, x[1].shape.count)))
      let normalised = binary("multiply", binary("subtract", x[1], mean), scale)
      let (first, second) = (row(x[4], 0), row(x[4], 1))
      let of = binary("subtract", x[0], binary("multiply", first, share))
      let rest = binary("subtract", of, binary("multiply", normalised, binary("multiply", second, share)))
      return binary("multiply", rest, binary("multiply", scale, x[3])).name
    }
  }

  private mutating func unary(_ kind: Op.Unary, _ x: Operand) -> Operand {
    switch kind {
    case .negate: unary("negate", x)
    case .exponential: unary("exponential", x)
    case .logarithm: unary("log", x)
    case .squareRoot: unary("sqrt", x)
    case .reciprocal: binary("divide", constant(1), x)
    case .relu: binary("maximum", x, constant(0))
    case .sign: unary("sign", x)
    case .absolute: unary("abs", x)
    case .step: compare("GT", x, constant(0))
    case .errorFunction: errorFunction(x)
    }
  }

  /// x P(x²) / Q(x²), as the CPU's kernels have it.
  private mutating func errorFunction(_ x: Operand) -> Operand {
    func bounded(_ x: Operand, _ limit: Float, _ self: inout Self) -> Operand {
      self.binary("maximum", self.binary("minimum", x, self.constant(limit)), self.constant(-limit))
    }
    let inner = bounded(x, 4, &self)
    let square = binary("multiply", inner, inner)
    func polynomial(_ coefficients: [Float], _ self: inout Self) -> Operand {
      coefficients.dropLast().reversed().reduce(self.constant(coefficients[coefficients.count - 1])) {
        self.binary("add", self.binary("multiply", $0, square), self.constant($1))
      }
    }
    let over = polynomial(
      [1.128_378_99, 0.196_248_963, 0.053_467_478_6, 0.004_003_646_32, 2.880_416_58e-4, 1.974_832_46e-6], &self)
    let under = polynomial(
      [1, 0.507_252_276, 0.116_476_424, 0.015_444_422_1, 0.001_216_360_48, 3.748_089_88e-5], &self)
    return bounded(binary("divide", binary("multiply", inner, over), under), 1, &self)
  }

  private mutating func binary(_ kind: Op.Binary, _ a: Operand, _ b: Operand) -> Operand {
    switch kind {
    case .add: binary("add", a, b)
    case .subtract: binary("subtract", a, b)
    case .multiply: binary("multiply", a, b)
    case .divide: binary("divide", a, b)
    case .maximum: binary("maximum", a, b)
    case .minimum: binary("minimum", a, b)
    case .greater: compare("GT", a, b)
    case .equal: compare("EQ", a, b)
    }
  }

  private mutating func pad(_ x: Operand, _ axis: Int, _ before: Int, _ after: Int, _ shape: Shape) -> Operand {
    func along(_ value: Int) -> [Int] { x.shape.extents.indices.map { $0 == axis ? value : 0 } }
    let zero = constant(0)
    return emit(
      "stablehlo.pad \(x.name), \(zero.name), low = \(along(before)), high = \(along(after)), interior = \(along(0)) : (\(StableHLO.type(x.shape)), tensor<f32>) -> \(StableHLO.type(shape))",
      shape)
  }

  /// The smallest index at which the value is the maximum.
  private mutating func argMaximum(_ x: Operand, _ shape: Shape) -> Operand {
    let last = x.shape.rank - 1
    let maximum = reshape(reduce("maximum", from: -.infinity, x, axes: [last]), shape)
    let elsewhere = binary("subtract", constant(1), compare("EQ", x, maximum))
    let index = iota(x.shape, axis: last)
    let far = binary("multiply", elsewhere, constant(Float(x.shape[-1])))
    return reshape(reduce("minimum", from: .infinity, binary("add", index, far), axes: [last]), shape)
  }

  private mutating func oneHot(_ x: Operand, _ depth: Int) -> Operand {
    let shape: Shape = [x.shape.count, depth]
    let whole = StableHLO.type(shape, "i32")
    // Conversion to integers drops the fraction.
    let index = emit(
      "stablehlo.convert \(x.name) : (\(StableHLO.type(x.shape))) -> \(StableHLO.type(x.shape, "i32"))", x.shape)
    let rows = emit(
      "stablehlo.broadcast_in_dim \(index.name), dims = [0] : (\(StableHLO.type(x.shape, "i32"))) -> \(whole)", shape)
    return compare("EQ", rows, iota(shape, axis: 1, "i32"), kind: "SIGNED", of: "i32")
  }

  /// In float32 whatever the precision: similarities, clusters and the geometry of views need their digits, and next to
  /// convolutions products cost nothing.
  private mutating func product(_ a: Operand, _ b: Operand, _ left: Bool, _ right: Bool, _ shape: Shape) -> Operand {
    let pairs = shape.rank - 2
    return emit(
      "stablehlo.dot_general \(a.name), \(b.name), \(pairs > 0 ? "batching_dims = [0] x [0], " : "")contracting_dims = [\(pairs + (left ? 0 : 1))] x [\(pairs + (right ? 1 : 0))], precision = [HIGHEST, HIGHEST] : (\(StableHLO.type(a.shape)), \(StableHLO.type(b.shape))) -> \(StableHLO.type(shape))",
      shape)
  }

  /// The kernel turned around over outputs that are spread by the stride.
  private mutating func inputGradient(_ dy: Operand, _ w: Operand, _ window: Op.Window, _ shape: Shape) -> Operand {
    let padding = (0..<2).map { i -> [Int] in
      let spread = (dy.shape[1 + i] - 1) * window.stride + 1
      let low = w.shape[i] - 1 - window.padding
      return [low, shape[1 + i] - spread - low + w.shape[i] - 1]
    }
    // As an op of its own, which compilers know better than a reversed window.
    let turned = emit("stablehlo.reverse \(w.name), dims = [0, 1] : \(StableHLO.type(w.shape))", w.shape)
    return convolution(
      dy, turned, shape, dimensions: "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]", padding: padding,
      leftDilation: window.stride)
  }

  /// Images are the features that are summed over, outputs the kernel, spread by the stride.
  private mutating func weightGradient(_ dy: Operand, _ x: Operand, _ window: Op.Window, _ shape: Shape) -> Operand {
    let padding = (0..<2).map { i -> [Int] in
      let spread = (dy.shape[1 + i] - 1) * window.stride + 1
      return [window.padding, shape[i] - 1 + spread - x.shape[1 + i] - window.padding]
    }
    return convolution(
      x, dy, shape, dimensions: "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]", padding: padding,
      rightDilation: window.stride)
  }

  private mutating func maxPool(_ x: Operand, _ window: Op.Window, _ size: Int, _ shape: Shape) -> Operand {
    let lowest = constant(-.infinity)
    return emit(
      "\"stablehlo.reduce_window\"(\(x.name), \(lowest.name)) <{\(Self.pooling(window, size))}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.maximum %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (\(StableHLO.type(x.shape)), tensor<f32>) -> \(StableHLO.type(shape))",
      shape)
  }

  private mutating func maxPoolGradient(_ dy: Operand, _ x: Operand, _ window: Op.Window, _ size: Int) -> Operand {
    let zero = constant(0)
    return emit(
      "\"stablehlo.select_and_scatter\"(\(x.name), \(dy.name), \(zero.name)) <{\(Self.pooling(window, size))}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.compare GE, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1> stablehlo.return %m : tensor<i1> }, { ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.add %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (\(StableHLO.type(x.shape)), \(StableHLO.type(dy.shape)), tensor<f32>) -> \(StableHLO.type(x.shape))",
      x.shape)
  }

  /// Sums over all but the last axis, [1, C].
  private mutating func perChannel(_ x: Operand) -> Operand {
    reshape(reduce("add", from: 0, x, axes: Array(0..<x.shape.rank - 1)), [1, x.shape[-1]])
  }

  /// In two passes: the mean, then the mean of squares around it.
  private mutating func moments(_ x: Operand) -> Operand {
    let share = constant(Float(x.shape[-1]) / Float(max(1, x.shape.count)))
    let mean = binary("multiply", perChannel(x), share)
    let centred = binary("subtract", x, mean)
    let variance = binary("multiply", perChannel(binary("multiply", centred, centred)), share)
    return concatenate([mean, variance], axis: 0)
  }

  private mutating func row(_ x: Operand, _ i: Int) -> Operand {
    reshape(slice(x, axis: 0, start: i, count: 1), [x.shape[1]])
  }

  /// Mean and the inverse deviation, [C] each.
  private mutating func statistics(_ moments: Operand, _ epsilon: Float) -> (mean: Operand, scale: Operand) {
    (row(moments, 0), unary("rsqrt", binary("add", row(moments, 1), constant(epsilon))))
  }
}
