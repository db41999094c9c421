/// A symbolic tensor: the result of a node in a trace.
public struct Value {
  let trace: Trace
  let index: Int

  /// Its static shape.
  public var shape: Shape { trace.graph.nodes[index].shape }
  /// Position of the node in the trace's graph.
  public var node: Int { index }
  /// The trace it belongs to.
  public var owner: Trace { trace }

  private func unary(_ kind: Op.Unary) -> Value { trace.add(.unary(kind), [self]) }

  /// Returns max(x, 0).
  public func relu() -> Value { unary(.relu) }
  /// Returns e to the x.
  public func exponential() -> Value { unary(.exponential) }
  /// Returns the natural logarithm.
  public func logarithm() -> Value { unary(.logarithm) }
  /// Returns the square root.
  public func squareRoot() -> Value { unary(.squareRoot) }
  /// Returns 1 / x.
  public func reciprocal() -> Value { unary(.reciprocal) }
  /// Returns -1, 0 or 1; its derivative is 0.
  public func sign() -> Value { unary(.sign) }
  /// Returns the absolute value.
  public func absolute() -> Value { unary(.absolute) }
  /// Returns 1 where positive, else 0; its derivative is 0.
  public func step() -> Value { unary(.step) }
  /// Returns erf(x), 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x.
  public func errorFunction() -> Value { unary(.errorFunction) }

  /// Returns the elementwise maximum; the larger operand takes the derivative, the first at ties.
  public func maximum(_ other: Value) -> Value { trace.add(.binary(.maximum), [self, other]) }
  /// Returns the elementwise minimum; the smaller operand takes the derivative, the first at ties.
  public func minimum(_ other: Value) -> Value { trace.add(.binary(.minimum), [self, other]) }
  /// Returns 1 where equal, else 0; its derivative is 0.
  public func isEqual(to other: Value) -> Value { trace.add(.binary(.equal), [self, other]) }
  /// Returns 1 where greater, else 0; its derivative is 0.
  public func isGreater(than other: Value) -> Value { trace.add(.binary(.greater), [self, other]) }
  /// Returns x limited to lower...upper.
  public func clamped(_ lower: Float, _ upper: Float) -> Value {
    maximum(trace.constant(lower)).minimum(trace.constant(upper))
  }

  /// Repeats along axes of extent 1 and new leading axes.
  public func broadcast(to shape: Shape) -> Value {
    shape == self.shape ? self : trace.add(.broadcast(shape), [self])
  }

  /// Returns the same scalars under another shape.
  public func reshaped(_ shape: Shape) -> Value {
    shape == self.shape ? self : trace.add(.reshape(shape), [self])
  }

  /// Reorders axes: axis i of the result is axis `permutation[i]`.
  public func transposed(_ permutation: [Int]) -> Value { trace.add(.transpose(permutation), [self]) }

  /// Returns `count` entries from `start` along an axis.
  public func slice(axis: Int = 0, start: Int, count: Int) -> Value {
    trace.add(.slice(axis: axis, start: start, count: count), [self])
  }

  /// Adds zeros along an axis.
  public func padded(axis: Int, before: Int, after: Int) -> Value {
    trace.add(.pad(axis: axis, before: before, after: after), [self])
  }

  /// Joins values along an axis.
  public static func concatenated(_ values: [Value], axis: Int = 0) -> Value {
    values.count == 1 ? values[0] : values[0].trace.add(.concatenate(axis: axis), values)
  }

  /// Sums over axes, which keep extent 1.
  public func sum(_ axes: [Int]) -> Value { reduce(.sum, axes) }
  /// Takes the maximum over axes, which keep extent 1; ties share the derivative.
  public func max(_ axes: [Int]) -> Value { reduce(.maximum, axes) }
  /// Averages over axes, which keep extent 1.
  public func mean(_ axes: [Int]) -> Value {
    let count = axes.reduce(1) { $0 * shape[$1] }
    return sum(axes) * (1 / Float(count))
  }
  /// Sums everything to a scalar.
  public func sum() -> Value { sum(Array(0..<shape.rank)).reshaped([]) }
  /// Averages everything to a scalar.
  public func mean() -> Value { sum() * (1 / Float(shape.count)) }

  private func reduce(_ kind: Op.Reduction, _ axes: [Int]) -> Value {
    var result = self
    var rest = Set(axes.map { $0 < 0 ? $0 + shape.rank : $0 }).sorted()[...]
    while let first = rest.first {
      var end = first
      while rest.first == end {
        rest.removeFirst()
        end += 1
      }
      result = trace.add(.reduce(kind, axes: first..<end), [result])
    }
    return result
  }

  /// Index of the first maximum along the last axis, which keeps extent 1; no derivative.
  public func argMax() -> Value { trace.add(.argMaximum, [self]) }

  /// Rows with 1 in the column that the index names; [N] to [N, depth].
  public func oneHot(_ depth: Int) -> Value { trace.add(.oneHot(depth: depth), [self]) }

  /// Product of matrices, [M, K] and [K, N], or of pairs of them, [P, M, K] and [P, K, N].
  public func matrixProduct(
    _ other: Value, transposeLeft: Bool = false, transposeRight: Bool = false
  ) -> Value {
    trace.add(.matrixProduct(transposeLeft: transposeLeft, transposeRight: transposeRight), [self, other])
  }

  /// Cross-correlation of [N, H, W, C] with weights [KH, KW, C, O].
  public func convolution(_ weights: Value, stride: Int, padding: Int) -> Value {
    trace.add(.convolution(.init(stride: stride, padding: padding)), [self, weights])
  }

  /// Maximum over square windows of [N, H, W, C].
  public func maxPool(size: Int, stride: Int, padding: Int) -> Value {
    trace.add(.maxPool(.init(stride: stride, padding: padding), size: size), [self])
  }

  /// Per-channel mean and biased variance over all but the last axis, [2, C]; no derivative.
  public func moments() -> Value { trace.add(.moments, [self]) }

  /// Batch normalisation with given moments.
  ///
  ///     y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
  ///
  /// - Parameters:
  ///   - moments: [2, C], from `moments()` of this value, or running statistics.
  ///   - ofBatch: True if the moments are this value's own, so that derivatives go through them.
  public func normalized(_ moments: Value, gamma: Value, beta: Value, epsilon: Float, ofBatch: Bool) -> Value {
    trace.add(.normalize(epsilon: epsilon, batch: ofBatch), [self, moments, gamma, beta])
  }

  /// Rows scaled to unit length along the last axis.
  public func unitRows() -> Value {
    self / ((self * self).sum([-1]) + 1e-12).squareRoot()
  }

  /// log(sum(exp(x))) along the last axis, which keeps extent 1; stable.
  public func logSumExp() -> Value {
    let top = trace.detached(max([-1]))
    return (self - top).exponential().sum([-1]).logarithm() + top
  }
}

extension Value {
  /// Elementwise sum.
  public static func + (a: Value, b: Value) -> Value { a.trace.add(.binary(.add), [a, b]) }
  /// Elementwise difference.
  public static func - (a: Value, b: Value) -> Value { a.trace.add(.binary(.subtract), [a, b]) }
  /// Elementwise product.
  public static func * (a: Value, b: Value) -> Value { a.trace.add(.binary(.multiply), [a, b]) }
  /// Elementwise quotient.
  public static func / (a: Value, b: Value) -> Value { a.trace.add(.binary(.divide), [a, b]) }
  /// Negation.
  public static prefix func - (a: Value) -> Value { a.trace.add(.unary(.negate), [a]) }
  /// Sum with a scalar.
  public static func + (a: Value, b: Float) -> Value { a + a.trace.constant(b) }
  /// Difference to a scalar.
  public static func - (a: Value, b: Float) -> Value { a - a.trace.constant(b) }
  /// Product with a scalar.
  public static func * (a: Value, b: Float) -> Value { a * a.trace.constant(b) }
  /// Quotient by a scalar.
  public static func / (a: Value, b: Float) -> Value { a / a.trace.constant(b) }
}
