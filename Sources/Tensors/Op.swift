/// The closed vocabulary of the engine.
///
/// Exhaustive switches over it, none with a `default:`: result shape (`Op+Shape.swift`), derivative
/// (`Op+Derivative.swift`), CPU execution (`CPUDevice`), and the naive reference of the tests.
public enum Op: Hashable, Sendable {
  /// A value given at every run, or a state buffer that stays on the device.
  case input(Int)
  /// One value everywhere.
  case splat(Float)
  /// Dense constants.
  case literal([Float])
  /// Elementwise function of one operand.
  case unary(Unary)
  /// Elementwise function of two operands, broadcast by NumPy's rule.
  case binary(Binary)
  /// Repeats the operand along axes of extent 1 (and new leading axes) to the node's shape.
  case broadcast(Shape)
  /// The same scalars in the same order under another shape.
  case reshape(Shape)
  /// Axis i of the result is axis `permutation[i]` of the operand.
  case transpose([Int])
  /// `count` entries from `start` along an axis.
  case slice(axis: Int, start: Int, count: Int)
  /// Zeros before and after along an axis.
  case pad(axis: Int, before: Int, after: Int)
  /// Operands one after another along an axis.
  case concatenate(axis: Int)
  /// Reduces the neighbouring axes of the range to extent 1.
  case reduce(Reduction, axes: Range<Int>)
  /// Index of the first maximum along the last axis, which becomes extent 1; stored as float32.
  case argMaximum
  /// Row i is 1 in column x[i] and 0 elsewhere; [N] to [N, depth]. Indices outside give zeros.
  case oneHot(depth: Int)
  /// Product of two matrices, either of them transposed first; of rank 3, of as many pairs of matrices along the first axis.
  case matrixProduct(transposeLeft: Bool, transposeRight: Bool)
  /// Cross-correlation of [N, H, W, C] with [KH, KW, C, O], zero padding.
  case convolution(Window)
  /// Derivative of `convolution` by its input: (dy, weights) to [N, H, W, C].
  case convolutionInputGradient(Window, Shape)
  /// Derivative of `convolution` by its weights: (dy, x) to [KH, KW, C, O].
  case convolutionWeightGradient(Window, Shape)
  /// Maximum over windows of [N, H, W, C]; padding never wins.
  case maxPool(Window, size: Int)
  /// Derivative of `maxPool`: (dy, x); the first maximum in scan order takes it all.
  case maxPoolGradient(Window, size: Int)
  /// Per-channel mean (row 0) and biased variance (row 1) over all but the last axis; [.., C] to [2, C].
  /// Derivatives treat it as constant: `normalize` differentiates through it itself.
  case moments
  /// Batch normalisation: (x, moments, gamma, beta); `batch` says that the moments are those of x.
  case normalize(epsilon: Float, batch: Bool)
  /// (dy, x, moments) to [2, C]: sum of dy, and sum of dy times normalised x.
  case normalizeSums(epsilon: Float)
  /// (dy, x, moments, gamma, sums): derivative of `normalize` by x through x and its moments.
  case normalizeInputGradient(epsilon: Float)

  /// Elementwise functions of one operand.
  public enum Unary: Int, Hashable, Sendable, CaseIterable {
    case negate, exponential, logarithm, squareRoot, reciprocal, relu, sign, absolute
    /// 1 where positive, else 0.
    case step
    case errorFunction
  }

  /// Elementwise functions of two operands; comparisons give 1 or 0.
  public enum Binary: Int, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, greater, equal
  }

  /// Ways to reduce an axis.
  public enum Reduction: Hashable, Sendable { case sum, maximum }

  /// Stride and zero padding, the same along both sides.
  public struct Window: Hashable, Sendable {
    /// Step between neighbouring outputs, in pixels; >= 1.
    public var stride: Int
    /// Zeros added on every side, in pixels; >= 0.
    public var padding: Int
    /// Creates a window.
    public init(stride: Int = 1, padding: Int = 0) {
      self.stride = stride
      self.padding = padding
    }
    /// Number of outputs along a side of `extent` pixels for a kernel of `size` pixels.
    public func outputs(_ extent: Int, size: Int) -> Int { (extent + 2 * padding - size) / stride + 1 }
  }
}
