import Tensors

/// Which nodes run, in what groups, and where their results live.
///
/// - Liveness: a value's memory is free for others after its last reader.
/// - Aliases: `reshape` shares its operand's memory; an elementwise group may overwrite an operand
///   that dies with it.
/// - Fusion: an elementwise node whose only reader is an elementwise node of the same shape runs
///   inside that reader's pass, block by block; so does the ReLU after a normalisation.
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
  /// For a ReLU that also does the normalisation before it: that node.
  private(set) var normalization: [Int: Int] = [:]
  private(set) var arenaCount = 0
  private(set) var constantCount = 0

  static let alignment = 16

  init(_ program: Program) {
    let nodes = program.graph.nodes
    groups = Array(repeating: [], count: nodes.count)
    storage = Array(repeating: .none, count: nodes.count)
    let ends = Set(program.outputs + program.updates.map(\.value))

    // What is needed, and by how many readers.
    var readers = [Int](repeating: 0, count: nodes.count)
    for end in ends { readers[end] += 1 }
    for i in nodes.indices.reversed() where readers[i] > 0 {
      for operand in nodes[i].operands { readers[operand] += 1 }
    }

    // Fusion, from the last node to the first.
    var isFused = [Bool](repeating: false, count: nodes.count)
    for i in nodes.indices.reversed() where readers[i] > 0 && !isFused[i] {
      if case .unary(.relu) = nodes[i].op, let before = nodes[i].operands.first,
        case .normalize = nodes[before].op, readers[before] == 1
      {
        normalization[i] = before
        isFused[before] = true
        continue
      }
      guard Self.isSimple(i, nodes) else { continue }
      var members: [Int] = []
      func collect(_ node: Int) {
        for operand in nodes[node].operands
        where readers[operand] == 1 && Self.isSimple(operand, nodes) && !isFused[operand]
          && nodes[operand].shape == nodes[i].shape && members.count < 12
        {
          isFused[operand] = true
          collect(operand)
          members.append(operand)
        }
      }
      collect(i)
      if !members.isEmpty { groups[i] = members.sorted() + [i] }
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
      for operand in Self.externalOperands(i, nodes, groups[i], normalization[i]) {
        lastUse[root[operand]] = time
      }
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
      if Self.mayOverwrite(nodes[i].op) {
        reused = Self.externalOperands(i, nodes, groups[i], normalization[i]).map { root[$0] }.first {
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

  /// The nodes outside a group that it reads.
  private static func externalOperands(
    _ i: Int, _ nodes: [Graph.Node], _ group: [Int], _ normalization: Int?
  ) -> [Int] {
    if let normalization { return nodes[normalization].operands }
    if group.isEmpty { return nodes[i].operands }
    return group.flatMap { nodes[$0].operands }.filter { !group.contains($0) }
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
