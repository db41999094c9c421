import CKernels
import Foundation
import Tensors

/// A program with its memory plan, run task by task on threads.
final class CPUExecutable: Executable {
  let program: Program
  private let plan: MemoryPlan
  private let arena: FloatMemory
  private let constants: FloatMemory
  private let feeds: [FloatMemory]
  private let addresses: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  private let tasks: [Lowering.Task]
  private let fed: [Program.Input]
  private let held: [Program.Input]
  /// For every state, the nodes that are its buffer under some shape.
  private let stateNodes: [[Int]]

  var arenaBytes: Int { plan.arenaCount * MemoryLayout<Float>.stride }

  init(program: Program, parallel: Parallel, kernels: UnsafePointer<bz_kernel_table>) {
    self.program = program
    plan = MemoryPlan(program)
    arena = FloatMemory(plan.arenaCount)
    constants = FloatMemory(plan.constantCount)
    feeds = program.feeds.map { FloatMemory($0.shape.count) }
    let nodes = program.graph.nodes
    addresses = .allocate(capacity: max(1, nodes.count))
    addresses.initialize(repeating: arena.base, count: max(1, nodes.count))
    let feedSlots = program.inputs.indices.filter { !program.inputs[$0].isState }
    let stateSlots = program.inputs.indices.filter { program.inputs[$0].isState }
    fed = program.feeds
    held = program.states
    var stateNodes = [[Int]](repeating: [], count: stateSlots.count)
    for (i, node) in nodes.enumerated() {
      switch plan.storage[i] {
      case .none: break
      case .input(let slot):
        if let feed = feedSlots.firstIndex(of: slot) { addresses[i] = feeds[feed].base }
        if let state = stateSlots.firstIndex(of: slot) { stateNodes[state].append(i) }
      case .arena(let offset): addresses[i] = arena.base + offset
      case .constant(let offset):
        addresses[i] = constants.base + offset
        if case .splat(let value) = node.op {
          addresses[i].update(repeating: value, count: node.shape.count)
        } else if case .literal(let scalars) = node.op {
          for (j, scalar) in scalars.enumerated() { addresses[i][j] = scalar }
        }
      }
    }
    self.stateNodes = stateNodes
    let lowering = Lowering(program, plan, parallel, kernels, addresses)
    tasks = plan.order.compactMap { lowering.task($0) }
  }

  deinit { addresses.deallocate() }

  func run(feeds values: [Tensor], state: [any DeviceBuffer]) -> [Tensor] {
    bind(values, state)
    for task in tasks { task() }
    let nodes = program.graph.nodes
    let outputs = program.outputs.map { node in
      Tensor(nodes[node].shape, Array(UnsafeBufferPointer(start: addresses[node], count: nodes[node].shape.count)))
    }
    for update in program.updates {
      let target = addresses[program.inputs[update.input].node]
      target.update(from: addresses[update.value], count: nodes[update.value].shape.count)
    }
    return outputs
  }

  /// Puts feeds in place and points state inputs, and their reshapes, at the caller's buffers.
  private func bind(_ values: [Tensor], _ state: [any DeviceBuffer]) {
    precondition(values.count == fed.count, "\(values.count) feeds for \(fed.count)")
    precondition(state.count == held.count, "\(state.count) states for \(held.count)")
    for (i, tensor) in values.enumerated() {
      precondition(tensor.shape == fed[i].shape, "feed \(fed[i].name): needs \(fed[i].shape), got \(tensor.shape)")
      feeds[i].fill(tensor.scalars)
    }
    for (i, buffer) in state.enumerated() {
      guard let buffer = buffer as? CPUBuffer, buffer.shape == held[i].shape else {
        preconditionFailure("state \(held[i].name): needs a CPU buffer of \(held[i].shape)")
      }
      for node in stateNodes[i] { addresses[node] = buffer.base }
    }
  }
}
