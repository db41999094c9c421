/// A dense float32 array in the host's memory.
public struct Tensor: Equatable, Sendable {
  /// Extents, outermost first.
  public let shape: Shape
  /// Values, row-major; `shape.count` of them.
  public var scalars: [Float]

  /// Creates a tensor.
  ///
  /// - Precondition: As many scalars as the shape holds.
  public init(_ shape: Shape, _ scalars: [Float]) {
    precondition(
      shape.count == scalars.count, "tensor \(shape) needs \(shape.count) scalars, got \(scalars.count)")
    self.shape = shape
    self.scalars = scalars
  }

  /// Creates a tensor filled with one value.
  public init(_ shape: Shape, repeating value: Float) {
    self.init(shape, [Float](repeating: value, count: shape.count))
  }

  /// The only value of a tensor of one element.
  public var item: Float {
    precondition(scalars.count == 1, "item of a tensor of shape \(shape)")
    return scalars[0]
  }
}
