import CKernels
import Tensors

/// Turns the nodes of a planned program into tasks: closures that know their extents, kernels and
/// scratch memory, so that running them allocates nothing.
final class Lowering {
  /// Runs one node, or the group of nodes that are fused into it.
  typealias Task = () -> Void

  let nodes: [Graph.Node]
  let plan: MemoryPlan
  let parallel: Parallel
  let kernels: UnsafePointer<bz_kernel_table>
  let workspace = Workspace()
  /// Address of every node's result; those of states change from run to run.
  let addresses: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// Per-task moments that convolutions leave for the `moments` node that reads them.
  private var statistics: [Int: Statistics] = [:]

  init(
    _ program: Program, _ plan: MemoryPlan, _ parallel: Parallel, _ kernels: UnsafePointer<bz_kernel_table>,
    _ addresses: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  ) {
    nodes = program.graph.nodes
    self.plan = plan
    self.parallel = parallel
    self.kernels = kernels
    self.addresses = addresses
  }

  /// An operand or result: where its address stands, and its shape.
  struct Operand {
    let place: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    let shape: Shape
    var address: UnsafeMutablePointer<Float> { place.pointee }
  }

  /// Scratch memory that all tasks use in turn.
  final class Workspace {
    private var memory = FloatMemory(0)

    var base: UnsafeMutablePointer<Float> { memory.base }

    /// Makes room for `count` floats for as long as a task runs.
    func reserve(_ count: Int) { if count > memory.count { memory = FloatMemory(count) } }
  }

  func operand(_ node: Int) -> Operand { Operand(place: addresses + node, shape: nodes[node].shape) }

  /// Returns the task of a node; nil for those that need none.
  func task(_ i: Int) -> Task? {
    if !plan.groups[i].isEmpty { return elementwise(plan.groups[i]) }
    let node = nodes[i]
    let y = operand(i)
    let x = node.operands.map(operand)
    if let fused = plan.normalizations[i] { return normalize(fused, y) }
    switch node.op {
    case .input, .splat, .literal, .reshape: return nil
    case .unary: return elementwise([i])
    case .binary(let kind):
      if x[0].shape == node.shape && (x[1].shape == node.shape || x[1].shape.count == 1)
        || x[1].shape == node.shape && x[0].shape.count == 1
      {
        return elementwise([i])
      }
      return broadcastBinary(Int32(kind.rawValue), x[0], x[1], y)
    case .broadcast(let shape):
      return copyStrided(x[0], x[0].shape.strides(broadcastTo: shape), y)
    case .transpose(let permutation):
      let strides = x[0].shape.strides(broadcastTo: x[0].shape)
      return copyStrided(x[0], permutation.map { x[0].shape[$0] == 1 ? 0 : strides[$0] }, y)
    case .slice(let axis, let start, let count): return slice(x[0], axis, start, count, y)
    case .pad(let axis, let before, _): return pad(x[0], axis, before, y)
    case .concatenate(let axis): return concatenate(x, axis, y)
    case .reduce(let kind, let axes): return reduce(kind, x[0], axes, y)
    case .argMaximum: return argMaximum(i, y)
    case .oneHot(let depth): return oneHot(x[0], depth, y)
    case .matrixProduct(let left, let right): return matrixProduct(x[0], x[1], left, right, y)
    case .convolution(let window): return convolution(window, x[0], x[1], y, epilogue(i))
    case .convolutionInputGradient(let window, _): return convolutionInputGradient(window, x[0], x[1], y)
    case .convolutionWeightGradient(let window, _): return convolutionWeightGradient(window, x[0], x[1], y)
    case .maxPool(let window, let size): return maxPool(window, size, x[0], y)
    case .maxPoolGradient(let window, let size): return maxPoolGradient(window, size, x[0], x[1], y)
    case .moments: return statistics[node.operands[0]].map { merge($0, y) } ?? moments(x[0], y)
    case .normalize: return normalize(.init(node: i), y)
    case .normalizeSums(let epsilon): return normalizeSums(epsilon, i, y)
    case .normalizeInputGradient(let epsilon): return normalizeInputGradient(epsilon, i, y)
    }
  }

  /// What a convolution does to its results while they are in the cache.
  private func epilogue(_ i: Int) -> Epilogue? {
    guard plan.measured.contains(i) else { return nil }
    let statistics = Statistics(channels: nodes[i].shape[-1])
    self.statistics[i] = statistics
    return statistics.epilogue(kernels)
  }
}

extension Shape {
  /// Products of the extents before and after an axis.
  func around(_ axis: Int) -> (outer: Int, inner: Int) {
    (extents[..<axis].reduce(1, *), extents[(axis + 1)...].reduce(1, *))
  }
}
