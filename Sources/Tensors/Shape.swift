/// The extents of a tensor, outermost first. Images are NHWC.
public struct Shape: Hashable, Sendable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Extent of every axis; empty for a scalar.
  public var extents: [Int]

  /// Creates a shape.
  ///
  /// - Precondition: Extents are not negative.
  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "negative extent in \(extents)")
    self.extents = extents
  }

  /// Creates a shape from its extents.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Number of axes.
  public var rank: Int { extents.count }
  /// Number of scalars.
  public var count: Int { extents.reduce(1, *) }
  /// The extents in brackets.
  public var description: String { "[\(extents.map(String.init).joined(separator: ", "))]" }

  /// The extent of an axis; negative axes count from the end.
  public subscript(axis: Int) -> Int { extents[axis < 0 ? axis + rank : axis] }

  /// The shape both broadcast to, NumPy's rule, or nil if they don't agree.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    var result: [Int] = []
    for i in 0..<max(a.rank, b.rank) {
      let x = i < a.rank ? a.extents[a.rank - 1 - i] : 1
      let y = i < b.rank ? b.extents[b.rank - 1 - i] : 1
      guard x == y || x == 1 || y == 1 else { return nil }
      result.append(x == 1 ? y : x)
    }
    return Shape(result.reversed())
  }

  /// Element strides of this shape read as `target`, 0 along broadcast axes.
  ///
  /// - Precondition: This shape broadcasts to `target`.
  public func strides(broadcastTo target: Shape) -> [Int] {
    var result = [Int](repeating: 0, count: target.rank)
    var step = 1
    for i in 0..<rank {
      let own = extents[rank - 1 - i]
      let axis = target.rank - 1 - i
      requireShape(own == target.extents[axis] || own == 1, "broadcast", self, target)
      result[axis] = own == 1 ? 0 : step
      step *= own
    }
    return result
  }
}

/// Traps with the op and the shapes when a program is malformed; programmer errors only.
func requireShape(
  _ condition: Bool, _ op: @autoclosure () -> String, _ shapes: Shape...,
  file: StaticString = #file, line: UInt = #line
) {
  precondition(condition, "\(op()): shapes \(shapes) do not fit", file: file, line: line)
}
