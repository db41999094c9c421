import CKernels
import Foundation
import Tensors

/// A program with its memory plan, run node by node on threads.
final class CPUExecutable: Executable {
  let program: Program
  let parallel: Parallel
  let kernels: UnsafePointer<bz_kernel_table>
  private let plan: MemoryPlan
  private let arena: UnsafeMutablePointer<Float>
  private let constants: UnsafeMutablePointer<Float>
  private var feeds: [UnsafeMutablePointer<Float>]
  /// Address of every node's result.
  private var addresses: [UnsafeMutablePointer<Float>?]
  /// Grows to what the largest op needs beside its operands and result.
  private var workspace: UnsafeMutablePointer<Float>?
  private var workspaceCount = 0

  var arenaBytes: Int { plan.arenaCount * MemoryLayout<Float>.stride }

  init(program: Program, threads: Int, kernels: UnsafePointer<bz_kernel_table>) {
    self.program = program
    self.kernels = kernels
    parallel = Parallel(threads: threads)
    plan = MemoryPlan(program)
    arena = allocateFloats(plan.arenaCount)
    constants = allocateFloats(plan.constantCount)
    feeds = program.inputs.map { allocateFloats($0.isState ? 1 : $0.shape.count) }
    addresses = Array(repeating: nil, count: program.graph.nodes.count)
    for (i, node) in program.graph.nodes.enumerated() {
      switch plan.storage[i] {
      case .none: break
      case .input(let slot): if !program.inputs[slot].isState { addresses[i] = feeds[slot] }
      case .arena(let offset): addresses[i] = arena + offset
      case .constant(let offset):
        addresses[i] = constants + offset
        if case .splat(let value) = node.op {
          (constants + offset).update(repeating: value, count: node.shape.count)
        } else if case .literal(let scalars) = node.op {
          for (j, scalar) in scalars.enumerated() { constants[offset + j] = scalar }
        }
      }
    }
  }

  deinit {
    free(arena)
    free(constants)
    for feed in feeds { free(feed) }
    free(workspace)
  }

  func run(feeds values: [Tensor], state: [any DeviceBuffer]) -> [Tensor] {
    let nodes = program.graph.nodes
    bind(values, state)
    for i in plan.order { execute(i, nodes) }
    let outputs = program.outputs.map { node in
      Tensor(nodes[node].shape, Array(UnsafeBufferPointer(start: address(node), count: nodes[node].shape.count)))
    }
    for update in program.updates {
      let target = address(program.inputs[update.input].node)
      target.update(from: address(update.value), count: nodes[update.value].shape.count)
    }
    return outputs
  }

  /// Puts feeds in place and points state inputs, and their reshapes, at the caller's buffers.
  private func bind(_ values: [Tensor], _ state: [any DeviceBuffer]) {
    precondition(values.count == program.feeds.count, "\(values.count) feeds for \(program.feeds.count)")
    precondition(state.count == program.states.count, "\(state.count) states for \(program.states.count)")
    var (feed, held) = (0, 0)
    var stateAddress: [Int: UnsafeMutablePointer<Float>] = [:]
    for (slot, input) in program.inputs.enumerated() {
      if input.isState {
        guard let buffer = state[held] as? CPUBuffer, buffer.shape == input.shape else {
          preconditionFailure("state \(input.name): needs a CPU buffer of \(input.shape)")
        }
        stateAddress[slot] = buffer.base
        held += 1
      } else {
        let tensor = values[feed]
        precondition(
          tensor.shape == input.shape, "feed \(input.name): needs \(input.shape), got \(tensor.shape)")
        tensor.scalars.withUnsafeBufferPointer { from in
          if let address = from.baseAddress { feeds[slot].update(from: address, count: from.count) }
        }
        feed += 1
      }
    }
    for (i, storage) in plan.storage.enumerated() {
      if case .input(let slot) = storage, let base = stateAddress[slot] { addresses[i] = base }
    }
  }

  func address(_ node: Int) -> UnsafeMutablePointer<Float> {
    guard let address = addresses[node] else { preconditionFailure("node \(node) has no memory") }
    return address
  }

  /// Scratch memory of at least `count` floats, valid until the next call.
  func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
    if let workspace, workspaceCount >= count { return workspace }
    free(workspace)
    let fresh = allocateFloats(count)
    workspace = fresh
    workspaceCount = count
    return fresh
  }

  private func execute(_ i: Int, _ nodes: [Graph.Node]) {
    if !plan.groups[i].isEmpty { return runGroup(plan.groups[i], nodes) }
    if let before = plan.normalization[i] { return normalize(before, into: i, rectify: true, nodes) }
    let node = nodes[i]
    let y = address(i)
    let x = node.operands.map { (address: address($0), shape: nodes[$0].shape) }
    switch node.op {
    case .input, .splat, .literal, .reshape: break
    case .unary: runGroup([i], nodes)
    case .binary(let kind):
      if x[0].shape == node.shape && (x[1].shape == node.shape || x[1].shape.count == 1)
        || x[1].shape == node.shape && x[0].shape.count == 1
      {
        runGroup([i], nodes)
      } else {
        broadcastBinary(Int32(kind.rawValue), x[0], x[1], node.shape, y)
      }
    case .broadcast(let shape):
      copyStrided(x[0].address, x[0].shape.strides(broadcastTo: shape), shape, y)
    case .transpose(let permutation):
      let strides = x[0].shape.strides(broadcastTo: x[0].shape)
      copyStrided(
        x[0].address, permutation.map { x[0].shape[$0] == 1 ? 0 : strides[$0] }, node.shape, y)
    case .slice(let axis, let start, let count):
      let (outer, inner) = x[0].shape.around(axis)
      let extent = x[0].shape[axis]
      parallel.run(outer, isWorthwhile: node.shape.count > 1 << 16 && outer > 1) { o, _ in
        (y + o * count * inner).update(from: x[0].address + (o * extent + start) * inner, count: count * inner)
      }
    case .pad(let axis, let before, _):
      y.update(repeating: 0, count: node.shape.count)
      let (outer, inner) = node.shape.around(axis)
      let (extent, own) = (node.shape[axis], x[0].shape[axis])
      for o in 0..<outer {
        (y + (o * extent + before) * inner).update(from: x[0].address + o * own * inner, count: own * inner)
      }
    case .concatenate(let axis):
      let (outer, inner) = node.shape.around(axis)
      var at = 0
      for operand in x {
        let own = operand.shape[axis]
        for o in 0..<outer {
          (y + (o * node.shape[axis] + at) * inner)
            .update(from: operand.address + o * own * inner, count: own * inner)
        }
        at += own
      }
    case .reduce(let kind, let axes): reduce(kind, x[0], axes, y)
    case .oneHot(let depth):
      y.update(repeating: 0, count: node.shape.count)
      for n in 0..<x[0].shape.count {
        let index = Int(x[0].address[n])
        if index >= 0 && index < depth { y[n * depth + index] = 1 }
      }
    case .matrixProduct(let left, let right):
      matrixProduct(x[0], x[1], left, right, node.shape, y)
    case .convolution(let window): convolution(window, x[0], x[1], node.shape, y)
    case .convolutionInputGradient(let window, let shape):
      convolutionInputGradient(window, x[0], x[1], shape, y)
    case .convolutionWeightGradient(let window, let shape):
      convolutionWeightGradient(window, x[0], x[1], shape, y)
    case .maxPool(let window, let size): maxPool(window, size, x[0], node.shape, y)
    case .maxPoolGradient(let window, let size): maxPoolGradient(window, size, x[0], x[1], y)
    case .moments: moments(x[0], y)
    case .normalize: normalize(i, into: i, rectify: false, nodes)
    case .normalizeSums(let epsilon): normalizeSums(epsilon, x[0], x[1], x[2], y)
    case .normalizeInputGradient(let epsilon):
      normalizeInputGradient(epsilon, x[0], x[1], x[2], x[3], x[4], y)
    }
  }
}

/// An operand: where it is and its shape.
typealias Operand = (address: UnsafeMutablePointer<Float>, shape: Shape)

extension Shape {
  /// Products of the extents before and after an axis.
  func around(_ axis: Int) -> (outer: Int, inner: Int) {
    (extents[..<axis].reduce(1, *), extents[(axis + 1)...].reduce(1, *))
  }
}
