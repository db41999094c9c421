/// A program's nodes in evaluation order.
public struct Graph: Sendable {
  /// One operation: what it does, on which earlier nodes, and the shape of its result.
  public struct Node: Hashable, Sendable {
    public let op: Op
    public let operands: [Int]
    public let shape: Shape
  }

  /// Nodes; operands always come before their users.
  public internal(set) var nodes: [Node] = []
}

/// Collects nodes while a step is traced; equal nodes are shared.
///
/// A trace is used by one thread and then discarded: what it leaves is a `Program`.
public final class Trace {
  public private(set) var graph = Graph()
  private var known: [Graph.Node: Int] = [:]
  /// Nodes that derivatives treat as constant.
  var constants: Set<Int> = []
  private(set) var inputs: [Program.Input] = []
  private(set) var updates: [(input: Int, value: Int)] = []

  /// Creates an empty trace.
  public init() {}

  /// Adds a value that is given anew at every run.
  public func feed(_ name: String, _ shape: Shape) -> Value { input(name, shape, isState: false) }

  /// Adds a buffer that stays on the device between runs, such as a parameter.
  public func state(_ name: String, _ shape: Shape) -> Value { input(name, shape, isState: true) }

  private func input(_ name: String, _ shape: Shape, isState: Bool) -> Value {
    precondition(!inputs.contains { $0.name == name }, "two inputs are named \(name)")
    let node = Graph.Node(op: .input(inputs.count), operands: [], shape: shape)
    graph.nodes.append(node)
    inputs.append(.init(name: name, shape: shape, isState: isState, node: graph.nodes.count - 1))
    return Value(trace: self, index: graph.nodes.count - 1)
  }

  /// Returns a scalar that is the same in every run.
  public func constant(_ value: Float, _ shape: Shape = []) -> Value {
    add(.splat(value), [], shape)
  }

  /// Returns dense constants.
  public func constant(_ tensor: Tensor) -> Value { add(.literal(tensor.scalars), [], tensor.shape) }

  /// Returns rows with 1 in one column each, [columns.count, depth]; made of indices, as dense constants of a large batch would be most of a
  /// printed program.
  public func oneHot(_ columns: [Int], depth: Int) -> Value {
    constant(Tensor([columns.count], columns.map(Float.init))).oneHot(depth)
  }

  /// Returns the matrix that is 1 on the diagonal and 0 elsewhere.
  public func identity(_ size: Int) -> Value { oneHot(Array(0..<size), depth: size) }

  /// Says that at the end of a run the state buffer takes this value.
  ///
  /// - Precondition: `state` came from `state(_:_:)` and has the value's shape; updated once.
  public func update(_ state: Value, to value: Value) {
    guard case .input(let slot) = graph.nodes[state.index].op, inputs[slot].isState else {
      preconditionFailure("update of something that is not a state input")
    }
    precondition(state.shape == value.shape, "update of \(state.shape) with \(value.shape)")
    precondition(!updates.contains { $0.input == slot }, "state \(inputs[slot].name) is updated twice")
    updates.append((slot, value.index))
  }

  /// Ends the trace: the program computes these outputs and the updates, and nothing else.
  public func program(outputs: [Value]) -> Program {
    Program(graph: graph, inputs: inputs, outputs: outputs.map(\.index), updates: updates)
  }

  func add(_ op: Op, _ operands: [Value]) -> Value {
    for operand in operands { precondition(operand.trace === self, "values of two traces are mixed") }
    return add(op, operands.map(\.index), op.resultShape(operands.map(\.shape)))
  }

  func add(_ op: Op, _ operands: [Int], _ shape: Shape) -> Value {
    let node = Graph.Node(op: op, operands: operands, shape: shape)
    if let index = known[node] { return Value(trace: self, index: index) }
    graph.nodes.append(node)
    known[node] = graph.nodes.count - 1
    return Value(trace: self, index: graph.nodes.count - 1)
  }
}

/// A traced step: what a device compiles.
public struct Program: Sendable {
  /// A value that comes from outside.
  public struct Input: Sendable {
    public let name: String
    public let shape: Shape
    /// True for a buffer that stays on the device, false for a value given at every run.
    public let isState: Bool
    /// Its node.
    public let node: Int
  }

  public let graph: Graph
  /// In the order of their first use; feeds and state buffers are passed in this order.
  public let inputs: [Input]
  /// Nodes that a run returns.
  public let outputs: [Int]
  /// State inputs and the nodes that replace them at the end of a run.
  public let updates: [(input: Int, value: Int)]

  /// The inputs that are fed, in order.
  public var feeds: [Input] { inputs.filter { !$0.isState } }
  /// The inputs that are state, in order.
  public var states: [Input] { inputs.filter(\.isState) }
}
