import Tensors

/// Prints programs as StableHLO modules in text, which any PJRT plugin compiles.
///
/// Arguments are the program's inputs in order; results are its outputs, then the new values of the states that it updates. A state
/// that is updated is donated: its result takes its place. Everything is float32; layouts are the program's own (NHWC).
///
/// - Source: StableHLO specification, openxla.org/stablehlo/spec; only ops of version 1.0 are used.
public enum StableHLO {
  /// How exact convolutions are; matrix products are float32 in any case.
  public enum Precision: String, Sendable, CaseIterable {
    /// Full float32.
    case float32
    /// What the device multiplies float32 with when it may choose, such as TF32.
    case tf32
    /// Convolutions read and write bfloat16 and sum in float32. Weights, all other sums, batch statistics and losses stay
    /// float32.
    case bfloat16

    var words: String { self == .float32 ? "HIGHEST" : "DEFAULT" }
    /// Element type of what a convolution reads and writes.
    var element: String { self == .bfloat16 ? "bf16" : "f32" }
  }

  /// Returns the module.
  public static func module(_ program: Program, precision: Precision = .float32) -> String {
    var printer = Printer(precision: precision)
    var names: [String] = []
    let nodes = program.graph.nodes
    var needed = [Bool](repeating: false, count: nodes.count)
    for node in program.outputs + program.updates.map(\.value) { needed[node] = true }
    for i in nodes.indices.reversed() where needed[i] { for operand in nodes[i].operands { needed[operand] = true } }
    for (i, node) in nodes.enumerated() {
      let operands = node.operands.map { Operand(name: names[$0], shape: nodes[$0].shape) }
      names.append(needed[i] ? printer.lower(node, operands) : "unused")
    }
    let updated = Dictionary(
      uniqueKeysWithValues: program.updates.enumerated().map { ($1.input, program.outputs.count + $0) })
    let arguments = program.inputs.enumerated().map { i, input in
      let donated = updated[i].map { " {tf.aliasing_output = \($0) : i32}" } ?? ""
      return "%arg\(i): \(type(input.shape))\(donated)"
    }
    let results = program.outputs + program.updates.map(\.value)
    let types = results.map { type(nodes[$0].shape) }.joined(separator: ", ")
    return """
      module @bezoar {
        func.func public @main(\(arguments.joined(separator: ", "))) -> (\(types)) {
      \(printer.lines.map { "    " + $0 }.joined(separator: "\n"))
          return \(results.map { names[$0] }.joined(separator: ", ")) : \(types)
        }
      }

      """
  }

  static func type(_ shape: Shape, _ element: String = "f32") -> String {
    "tensor<\((shape.extents.map(String.init) + [element]).joined(separator: "x"))>"
  }
}

/// A value that was printed.
struct Operand {
  let name: String
  let shape: Shape
}

/// Collects the lines of a function; names are given in order.
struct Printer {
  let precision: StableHLO.Precision
  private(set) var lines: [String] = []
  private var count = 0

  init(precision: StableHLO.Precision) { self.precision = precision }

  /// Adds `%n = text`.
  mutating func emit(_ text: String, _ shape: Shape) -> Operand {
    let name = "%\(count)"
    count += 1
    lines.append("\(name) = \(text)")
    return Operand(name: name, shape: shape)
  }

  /// Numbers as MLIR reads them: exact decimals with a point, or the bits where there is none.
  static func number(_ value: Float) -> String {
    guard value.isFinite else {
      let digits = String(value.bitPattern, radix: 16, uppercase: true)
      return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    let text = "\(Double(value))"
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  mutating func constant(_ value: Float, _ shape: Shape = []) -> Operand {
    emit("stablehlo.constant dense<\(Self.number(value))> : \(StableHLO.type(shape))", shape)
  }

  mutating func literal(_ scalars: [Float], _ shape: Shape) -> Operand {
    guard scalars.count > 1 else { return constant(scalars.first ?? 0, shape) }
    // All bits, least significant byte first.
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for scalar in scalars {
      for k in 0..<4 {
        let byte = UInt8(truncatingIfNeeded: scalar.bitPattern >> (8 * UInt32(k)))
        text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return emit(
      "stablehlo.constant dense<\"0x\(String(decoding: text, as: UTF8.self))\"> : \(StableHLO.type(shape))", shape)
  }

  mutating func unary(_ op: String, _ x: Operand) -> Operand {
    emit("stablehlo.\(op) \(x.name) : \(StableHLO.type(x.shape))", x.shape)
  }

  /// Broadcasts where the shapes differ.
  mutating func binary(_ op: String, _ a: Operand, _ b: Operand) -> Operand {
    let (a, b, shape) = together(a, b)
    return emit("stablehlo.\(op) \(a.name), \(b.name) : \(StableHLO.type(shape))", shape)
  }

  /// 1 where the comparison holds, else 0.
  mutating func compare(
    _ direction: String, _ a: Operand, _ b: Operand, kind: String = "FLOAT", of element: String = "f32"
  )
    -> Operand
  {
    let (a, b, shape) = together(a, b)
    let (type, bits) = (StableHLO.type(shape, element), StableHLO.type(shape, "i1"))
    let truth = emit(
      "stablehlo.compare \(direction), \(a.name), \(b.name), \(kind) : (\(type), \(type)) -> \(bits)", shape)
    return emit("stablehlo.convert \(truth.name) : (\(bits)) -> \(StableHLO.type(shape))", shape)
  }

  private mutating func together(_ a: Operand, _ b: Operand) -> (Operand, Operand, Shape) {
    guard let shape = Shape.broadcast(a.shape, b.shape) else {
      preconditionFailure("shapes \(a.shape) and \(b.shape) do not broadcast")
    }
    return (broadcast(a, shape), broadcast(b, shape), shape)
  }

  /// By NumPy's rule; `axes` says otherwise which axis of the result each of the operand's is.
  mutating func broadcast(_ x: Operand, _ shape: Shape, axes: [Int]? = nil) -> Operand {
    if x.shape == shape { return x }
    let axes = axes ?? Array(shape.rank - x.shape.rank..<shape.rank)
    return emit(
      "stablehlo.broadcast_in_dim \(x.name), dims = \(axes) : (\(StableHLO.type(x.shape))) -> \(StableHLO.type(shape))",
      shape)
  }

  mutating func reshape(_ x: Operand, _ shape: Shape) -> Operand {
    if x.shape == shape { return x }
    return emit("stablehlo.reshape \(x.name) : (\(StableHLO.type(x.shape))) -> \(StableHLO.type(shape))", shape)
  }

  mutating func transpose(_ x: Operand, _ permutation: [Int]) -> Operand {
    let shape = Shape(permutation.map { x.shape.extents[$0] })
    return emit(
      "stablehlo.transpose \(x.name), dims = \(permutation) : (\(StableHLO.type(x.shape))) -> \(StableHLO.type(shape))",
      shape)
  }

  mutating func slice(_ x: Operand, axis: Int, start: Int, count: Int) -> Operand {
    var shape = x.shape
    shape.extents[axis] = count
    let ranges = x.shape.extents.indices.map { i in
      i == axis ? "\(start):\(start + count)" : "0:\(x.shape.extents[i])"
    }
    return emit(
      "stablehlo.slice \(x.name) [\(ranges.joined(separator: ", "))] : (\(StableHLO.type(x.shape))) -> \(StableHLO.type(shape))",
      shape)
  }

  mutating func concatenate(_ x: [Operand], axis: Int) -> Operand {
    var shape = x[0].shape
    shape.extents[axis] = x.reduce(0) { $0 + $1.shape.extents[axis] }
    let types = x.map { StableHLO.type($0.shape) }.joined(separator: ", ")
    return emit(
      "stablehlo.concatenate \(x.map(\.name).joined(separator: ", ")), dim = \(axis) : (\(types)) -> \(StableHLO.type(shape))",
      shape)
  }

  /// Reduces axes and drops them.
  mutating func reduce(_ op: String, from start: Float, _ x: Operand, axes: [Int]) -> Operand {
    if axes.isEmpty { return x }
    let shape = Shape(x.shape.extents.indices.filter { !axes.contains($0) }.map { x.shape.extents[$0] })
    let initial = constant(start)
    return emit(
      "stablehlo.reduce(\(x.name) init: \(initial.name)) applies stablehlo.\(op) across dimensions = \(axes) : (\(StableHLO.type(x.shape)), tensor<f32>) -> \(StableHLO.type(shape))",
      shape)
  }

  private mutating func convert(_ x: Operand, from: String, to: String) -> Operand {
    if from == to { return x }
    return emit(
      "stablehlo.convert \(x.name) : (\(StableHLO.type(x.shape, from))) -> \(StableHLO.type(x.shape, to))", x.shape)
  }

  mutating func iota(_ shape: Shape, axis: Int, _ element: String = "f32") -> Operand {
    emit("stablehlo.iota dim = \(axis) : \(StableHLO.type(shape, element))", shape)
  }

  /// Cross-correlation with everything spelled out.
  mutating func convolution(
    _ left: Operand, _ right: Operand, _ shape: Shape, dimensions: String, stride: Int = 1, padding: [[Int]],
    leftDilation: Int = 1,
    rightDilation: Int = 1
  ) -> Operand {
    let element = precision.element
    let (x, w) = (convert(left, from: "f32", to: element), convert(right, from: "f32", to: element))
    let window =
      "stride = [\(stride), \(stride)], pad = \(padding), lhs_dilate = [\(leftDilation), \(leftDilation)], rhs_dilate = [\(rightDilation), \(rightDilation)], reverse = [false, false]"
    let exactness =
      "precision_config = [#stablehlo<precision \(precision.words)>, #stablehlo<precision \(precision.words)>]"
    let y = emit(
      "stablehlo.convolution(\(x.name), \(w.name)) dim_numbers = \(dimensions), window = {\(window)} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, \(exactness)} : (\(StableHLO.type(x.shape, element)), \(StableHLO.type(w.shape, element))) -> \(StableHLO.type(shape, element))",
      shape)
    return convert(y, from: element, to: "f32")
  }

  /// Attributes of a pooling window.
  static func pooling(_ window: Op.Window, _ size: Int) -> String {
    let (s, p) = (window.stride, window.padding)
    return
      "padding = dense<[[0, 0], [\(p), \(p)], [\(p), \(p)], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, \(size), \(size), 1>, window_strides = array<i64: 1, \(s), \(s), 1>"
  }
}
