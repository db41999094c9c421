import Tensors

/// Which nodes run, in what groups, and where their results live.
///
/// - Liveness: a value's memory is free for others after its last reader.
/// - Aliases: `reshape` shares its operand's memory; an elementwise group may overwrite an operand
///   that dies with it.
/// - Fusion: an elementwise node whose only reader is an elementwise node of the same shape runs
///   inside that reader's pass, block by block. A normalisation takes the ReLU or the residual sum and
///   ReLU after it into its pass, and with running statistics it runs on a convolution's results while
///   the cache holds them. Batch moments of a convolution are taken there too. The derivative of a ReLU
///   behind a normalisation is a mask within the normalisation's own derivative.
struct MemoryPlan {
  enum Storage: Equatable {
    /// Not computed: no output needs it, or it runs inside another node's pass.
    case none
    /// Slot of the program's inputs.
    case input(Int)
    /// Offset in the block of constants.
    case constant(Int)
    /// Offset in the arena, in floats.
    case arena(Int)
  }

  /// Nodes that run, in order; each is the last of its group.
  private(set) var order: [Int] = []
  /// The members of a node's fused group, the node itself last; empty for single nodes.
  private(set) var groups: [[Int]]
  /// Where each node's result is.
  private(set) var storage: [Storage]
  /// For the last node of a fused normalisation: its parts.
  private(set) var normalizations: [Int: Normalization] = [:]
  /// For derivatives of a normalisation that also take in that of the ReLU behind it: the `normalize`
  /// node. They read its scale and shift after their own operands.
  private(set) var rectifications: [Int: Int] = [:]
  /// Convolutions whose moments are taken part by part as results are written.
  private(set) var measured: Set<Int> = []
  /// For an `argMaximum` that makes its operand itself, bit by bit: that matrix product.
  private(set) var products: [Int: Int] = [:]
  /// The nodes whose results each node's task reads.
  private(set) var reads: [[Int]]
  private(set) var arenaCount = 0
  private(set) var constantCount = 0

  static let alignment = 16

  /// ReLU(normalisation + addend), of which all but the normalisation may be missing.
  struct Normalization {
    /// The `normalize` node.
    var node: Int
    var rectify = false
    /// What is added before the ReLU.
    var addend: Int?
    /// A `normalize` node that is the addend and runs in the same pass.
    var addendNormalization: Int?
    /// The convolution that makes the normalisation's input in the same task.
    var convolution: Int?
    /// All nodes that run in the task of the last one, without that one.
    var members: [Int] = []
  }

  init(_ program: Program) {
    let nodes = program.graph.nodes
    groups = Array(repeating: [], count: nodes.count)
    storage = Array(repeating: .none, count: nodes.count)
    let ends = Set(program.outputs + program.updates.map(\.value))

    reads = nodes.map(\.operands)
    rectify(nodes, ends)

    // What is needed, and by how many readers.
    var readers = [Int](repeating: 0, count: nodes.count)
    for end in ends { readers[end] += 1 }
    for i in nodes.indices.reversed() where readers[i] > 0 {
      for operand in reads[i] { readers[operand] += 1 }
    }

    // Fusion, from the last node to the first.
    var isFused = [Bool](repeating: false, count: nodes.count)
    for i in nodes.indices.reversed() where readers[i] > 0 && !isFused[i] {
      func fuse(_ members: [Int]) {
        for member in members { isFused[member] = true }
        reads[i] = (members + [i]).flatMap { reads[$0] }.filter { !members.contains($0) }
      }
      if let fused = Self.normalization(endingAt: i, nodes, readers) {
        normalizations[i] = fused
        fuse(fused.members)
        continue
      }
      if case .argMaximum = nodes[i].op, let product = nodes[i].operands.first, readers[product] == 1,
        case .matrixProduct(false, _) = nodes[product].op, nodes[product].shape.rank == 2
      {
        products[i] = product
        fuse([product])
        continue
      }
      guard Self.isSimple(i, nodes) else { continue }
      var members: [Int] = []
      func collect(_ node: Int) {
        for operand in nodes[node].operands
        where readers[operand] == 1 && Self.isSimple(operand, nodes) && !members.contains(operand)
          && nodes[operand].shape == nodes[i].shape && members.count < 12
          && Self.normalization(endingAt: operand, nodes, readers) == nil
        {
          members.append(operand)
          collect(operand)
        }
      }
      collect(i)
      if !members.isEmpty {
        groups[i] = members.sorted() + [i]
        fuse(members)
      }
    }
    for i in nodes.indices where readers[i] > 0 {
      if case .moments = nodes[i].op, let input = nodes[i].operands.first, case .convolution = nodes[input].op,
        !isFused[input]
      {
        measured.insert(input)
      }
    }

    // Where values live: aliases first, then last readers.
    var root = Array(nodes.indices)
    for i in nodes.indices where readers[i] > 0 {
      if case .reshape = nodes[i].op { root[i] = root[nodes[i].operands[0]] }
    }
    for i in nodes.indices where readers[i] > 0 && !isFused[i] {
      switch nodes[i].op {
      case .input(let slot): storage[i] = .input(slot)
      case .splat, .literal:
        storage[i] = .constant(constantCount)
        constantCount += Self.rounded(nodes[i].shape.count)
      case .reshape: continue
      default: order.append(i)
      }
    }
    var lastUse = [Int](repeating: -1, count: nodes.count)
    for (time, i) in order.enumerated() {
      for operand in reads[i] { lastUse[root[operand]] = time }
      lastUse[root[i]] = max(lastUse[root[i]], time)
    }
    for end in ends { lastUse[root[end]] = order.count }

    // Offsets: first fit among the gaps that are free now.
    var free = FreeList()
    var owner = Array(nodes.indices)
    var dying = [[Int]](repeating: [], count: order.count + 1)
    for i in nodes.indices where root[i] == i && lastUse[i] >= 0 { dying[lastUse[i]].append(i) }
    for (time, i) in order.enumerated() {
      let count = Self.rounded(nodes[i].shape.count)
      var reused: Int?
      if normalizations[i]?.convolution == nil && Self.mayOverwrite(nodes[i].op) {
        reused = reads[i].map { root[$0] }.first {
          guard case .arena = storage[$0] else { return false }
          return lastUse[$0] == time && nodes[$0].shape.count == nodes[i].shape.count && owner[$0] == $0
        }
      }
      if let reused {
        storage[i] = storage[reused]
        owner[reused] = i
      } else {
        storage[i] = .arena(free.take(count))
      }
      for dead in dying[time] where owner[dead] == dead {
        if case .arena(let offset) = storage[dead] {
          free.release(offset, Self.rounded(nodes[dead].shape.count))
        }
      }
    }
    arenaCount = free.extent
    for i in nodes.indices where root[i] != i { storage[i] = storage[root[i]] }
  }

  /// Lets derivatives of a normalisation mask their seed themselves, where nothing else reads the
  /// product of that seed and the ReLU's derivative.
  private mutating func rectify(_ nodes: [Graph.Node], _ ends: Set<Int>) {
    var readers = [[Int]](repeating: [], count: nodes.count)
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for end in ends { isNeeded[end] = true }
    for i in nodes.indices.reversed() where isNeeded[i] {
      for operand in nodes[i].operands {
        isNeeded[operand] = true
        readers[operand].append(i)
      }
    }
    for (i, node) in nodes.enumerated() where isNeeded[i] && !ends.contains(i) {
      guard case .binary(.multiply) = node.op, let seed = node.operands.first, let step = node.operands.last,
        seed != step, case .unary(.step) = nodes[step].op, case .unary(.relu) = nodes[nodes[step].operands[0]].op
      else { continue }
      let normalization = nodes[nodes[step].operands[0]].operands[0]
      guard case .normalize = nodes[normalization].op, nodes[seed].shape == node.shape else { continue }
      let behind = nodes[normalization].operands
      let takeIn = readers[i].allSatisfy { reader in
        let x = nodes[reader].operands
        switch nodes[reader].op {
        case .normalizeSums: return x[0] == i && x[1] == behind[0] && x[2] == behind[1]
        case .normalizeInputGradient:
          return x[0] == i && x[1] == behind[0] && x[2] == behind[1] && x[3] == behind[2]
        default: return false
        }
      }
      guard takeIn else { continue }
      for reader in readers[i] {
        rectifications[reader] = normalization
        reads[reader] = [seed] + nodes[reader].operands.dropFirst() + behind[2...]
      }
    }
  }

  /// The normalisation that can run in the pass of node i, with what lies between.
  private static func normalization(endingAt i: Int, _ nodes: [Graph.Node], _ readers: [Int]) -> Normalization? {
    func isNormalization(_ node: Int) -> Bool {
      if case .normalize = nodes[node].op { return true }
      return false
    }
    var fused: Normalization
    if isNormalization(i) {
      fused = Normalization(node: i)
    } else {
      guard case .unary(.relu) = nodes[i].op, let before = nodes[i].operands.first, readers[before] == 1 else {
        return nil
      }
      if isNormalization(before) {
        fused = Normalization(node: before, rectify: true, members: [before])
      } else {
        guard case .binary(.add) = nodes[before].op,
          nodes[before].operands.allSatisfy({ nodes[$0].shape == nodes[i].shape }),
          let node = nodes[before].operands.first(where: { isNormalization($0) && readers[$0] == 1 }),
          let addend = nodes[before].operands.first(where: { $0 != node })
        else { return nil }
        fused = Normalization(node: node, rectify: true, addend: addend, members: [before, node])
        if isNormalization(addend) && readers[addend] == 1, case .normalize(_, true) = nodes[addend].op {
          fused.addendNormalization = addend
          fused.members.append(addend)
        }
      }
    }
    if case .normalize(_, false) = nodes[fused.node].op, let input = nodes[fused.node].operands.first,
      readers[input] == 1, case .convolution = nodes[input].op
    {
      fused.convolution = input
      fused.members.append(input)
    }
    return fused
  }

  /// Elementwise, with operands of the result's shape or scalars.
  private static func isSimple(_ i: Int, _ nodes: [Graph.Node]) -> Bool {
    switch nodes[i].op {
    case .unary, .binary:
      return nodes[i].operands.allSatisfy { nodes[$0].shape == nodes[i].shape || nodes[$0].shape.count == 1 }
    default: return false
    }
  }

  private static func mayOverwrite(_ op: Op) -> Bool {
    switch op {
    case .unary, .binary, .normalize, .normalizeInputGradient: return true
    default: return false
    }
  }

  private static func rounded(_ count: Int) -> Int {
    (max(count, 1) + alignment - 1) / alignment * alignment
  }
}

/// Free gaps of an arena that grows at its end.
private struct FreeList {
  private var gaps: [(offset: Int, count: Int)] = []
  private(set) var extent = 0

  mutating func take(_ count: Int) -> Int {
    var best: Int?
    for (i, gap) in gaps.enumerated() where gap.count >= count {
      if best.map({ gaps[$0].count > gap.count }) ?? true { best = i }
    }
    if let best {
      let offset = gaps[best].offset
      gaps[best].offset += count
      gaps[best].count -= count
      if gaps[best].count == 0 { gaps.remove(at: best) }
      return offset
    }
    if let last = gaps.last, last.offset + last.count == extent {
      gaps.removeLast()
      extent = last.offset + count
      return last.offset
    }
    extent += count
    return extent - count
  }

  mutating func release(_ offset: Int, _ count: Int) {
    let at = gaps.firstIndex { $0.offset > offset } ?? gaps.count
    gaps.insert((offset, count), at: at)
    if at + 1 < gaps.count, gaps[at].offset + gaps[at].count == gaps[at + 1].offset {
      gaps[at].count += gaps[at + 1].count
      gaps.remove(at: at + 1)
    }
    if at > 0, gaps[at - 1].offset + gaps[at - 1].count == gaps[at].offset {
      gaps[at - 1].count += gaps[at].count
      gaps.remove(at: at)
    }
  }
}
