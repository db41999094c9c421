import CKernels
import COpenBLAS
import Tensors

extension CPUExecutable {
  private static let block = 2048

  /// Runs elementwise nodes of one shape block by block; all but the last stay in scratch memory.
  func runGroup(_ group: [Int], _ nodes: [Graph.Node]) {
    guard let last = group.last else { return }
    let count = nodes[last].shape.count
    let block = Self.block
    let blocks = (count + block - 1) / block
    let temporaries = scratch(parallel.threads * group.count * block)
    let perTask = 8
    parallel.run((blocks + perTask - 1) / perTask, isWorthwhile: count > 1 << 15) { task, lane in
      let lane = temporaries + lane * group.count * block
      for b in task * perTask..<min((task + 1) * perTask, blocks) {
        let start = b * block
        let length = min(block, count - start)
        for (position, i) in group.enumerated() {
          let target = i == last ? address(last) + start : lane + position * block
          func operand(_ k: Int) -> (UnsafePointer<Float>, Int32) {
            let node = nodes[i].operands[k]
            if let member = group.firstIndex(of: node) { return (UnsafePointer(lane + member * block), 1) }
            return nodes[node].shape.count == 1 && count != 1
              ? (UnsafePointer(address(node)), 0) : (UnsafePointer(address(node) + start), 1)
          }
          switch nodes[i].op {
          case .unary(let kind):
            let (x, step) = operand(0)
            if step == 1 {
              kernels.pointee.unary(Int32(kind.rawValue), length, x, target)
            } else {
              kernels.pointee.unary(Int32(kind.rawValue), 1, x, target)
              target.update(repeating: target[0], count: length)
            }
          case .binary(let kind):
            let (a, aStep) = operand(0)
            let (b, bStep) = operand(1)
            kernels.pointee.binary(Int32(kind.rawValue), length, a, aStep, b, bStep, target)
          default: preconditionFailure("\(nodes[i].op) in an elementwise group")
          }
        }
      }
    }
  }

  /// A binary function of operands that broadcast along some axes.
  func broadcastBinary(
    _ kind: Int32, _ a: Operand, _ b: Operand, _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    let walk = StridedWalk(
      shape, [a.shape.strides(broadcastTo: shape), b.shape.strides(broadcastTo: shape)])
    let length = walk.innerCount
    parallel.run(walk.tasks, isWorthwhile: shape.count > 1 << 15) { task, _ in
      walk.forEach(task) { row, offsets in
        kernels.pointee.binary(
          kind, length, a.address + offsets[0], Int32(walk.innerStrides[0]), b.address + offsets[1],
          Int32(walk.innerStrides[1]), y + row * length)
      }
    }
  }

  /// Copies a strided view into a dense result; serves transposition and broadcasting.
  func copyStrided(
    _ x: UnsafeMutablePointer<Float>, _ strides: [Int], _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    let walk = StridedWalk(shape, [strides])
    let (length, step) = (walk.innerCount, walk.innerStrides[0])
    parallel.run(walk.tasks, isWorthwhile: shape.count > 1 << 15) { task, _ in
      walk.forEach(task) { row, offsets in
        let (from, to) = (x + offsets[0], y + row * length)
        switch step {
        case 0: to.update(repeating: from[0], count: length)
        case 1: to.update(from: from, count: length)
        default: for i in 0..<length { to[i] = from[i * step] }
        }
      }
    }
  }

  func reduce(
    _ kind: Op.Reduction, _ x: Operand, _ axes: Range<Int>, _ y: UnsafeMutablePointer<Float>
  ) {
    let outer = x.shape.extents[..<axes.lowerBound].reduce(1, *)
    let rows = x.shape.extents[axes].reduce(1, *)
    let inner = x.shape.extents[axes.upperBound...].reduce(1, *)
    let worthwhile = x.shape.count > 1 << 15
    if inner == 1 {
      let perTask = max(1, (1 << 13) / max(rows, 1))
      parallel.run((outer + perTask - 1) / perTask, isWorthwhile: worthwhile) { task, _ in
        for o in task * perTask..<min((task + 1) * perTask, outer) {
          let from = x.address + o * rows
          y[o] = kind == .sum ? kernels.pointee.sum_run(rows, from) : kernels.pointee.max_run(rows, from)
        }
      }
      return
    }
    // Each outer entry in chunks of rows, summed in order: the split depends on the shape alone.
    let chunk = max(1, min(rows, max(256, rows / 16)))
    let chunks = max(1, (rows + chunk - 1) / chunk)
    let partial = scratch(outer * chunks * inner)
    let start: Float = kind == .sum ? 0 : -.infinity
    parallel.run(outer * chunks, isWorthwhile: worthwhile) { task, _ in
      let (o, c) = (task / chunks, task % chunks)
      let target = partial + task * inner
      target.update(repeating: start, count: inner)
      let count = min(chunk, rows - c * chunk)
      let from = x.address + (o * rows + c * chunk) * inner
      if kind == .sum {
        kernels.pointee.sum_rows(count, inner, from, target)
      } else {
        kernels.pointee.max_rows(count, inner, from, target)
      }
    }
    for o in 0..<outer {
      let target = y + o * inner
      target.update(repeating: start, count: inner)
      let from = partial + o * chunks * inner
      if kind == .sum {
        kernels.pointee.sum_rows(chunks, inner, from, target)
      } else {
        kernels.pointee.max_rows(chunks, inner, from, target)
      }
    }
  }

  /// Rows (or columns, where there are more) in pieces that depend on the shape alone.
  func matrixProduct(
    _ a: Operand, _ b: Operand, _ transposeLeft: Bool, _ transposeRight: Bool, _ shape: Shape,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let (m, n) = (shape[0], shape[1])
    let k = transposeLeft ? a.shape[0] : a.shape[1]
    let byRows = m >= n
    let extent = byRows ? m : n
    if extent == 0 || m == 0 || n == 0 { return }
    if k == 0 { return y.update(repeating: 0, count: m * n) }
    let piece = max(32, (extent + 15) / 16)
    let (lda, ldb) = (a.shape[1], b.shape[1])
    parallel.run((extent + piece - 1) / piece, isWorthwhile: m * n * k > 1 << 18) { task, _ in
      let from = task * piece
      let count = min(piece, extent - from)
      let left = byRows ? a.address + (transposeLeft ? from : from * lda) : a.address
      let right = byRows ? b.address : b.address + (transposeRight ? from * ldb : from)
      cblas_sgemm(
        CblasRowMajor, transposeLeft ? CblasTrans : CblasNoTrans,
        transposeRight ? CblasTrans : CblasNoTrans, blasint(byRows ? count : m),
        blasint(byRows ? n : count), blasint(k), 1, left, blasint(lda), right, blasint(ldb), 0,
        y + (byRows ? from * n : from), blasint(n))
    }
  }
}

/// Rows of a dense result beside strided operands, with axes merged where all strides allow it.
private struct StridedWalk {
  private(set) var innerCount: Int
  private(set) var innerStrides: [Int]
  private let extents: [Int]
  private let strides: [[Int]]
  private let rows: Int
  private static let rowsPerTask = 64

  init(_ shape: Shape, _ operandStrides: [[Int]]) {
    var extents: [Int] = []
    var strides = operandStrides.map { _ in [Int]() }
    for axis in 0..<shape.rank where shape[axis] != 1 {
      if let last = extents.indices.last,
        operandStrides.indices.allSatisfy({
          strides[$0][last] == operandStrides[$0][axis] * shape[axis]
        })
      {
        extents[last] *= shape[axis]
        for k in strides.indices { strides[k][last] = operandStrides[k][axis] }
      } else {
        extents.append(shape[axis])
        for k in strides.indices { strides[k].append(operandStrides[k][axis]) }
      }
    }
    innerCount = extents.popLast() ?? 1
    innerStrides = strides.indices.map { strides[$0].popLast() ?? 0 }
    self.extents = extents
    self.strides = strides
    rows = extents.reduce(1, *)
  }

  var tasks: Int { innerCount == 0 ? 0 : (rows + Self.rowsPerTask - 1) / Self.rowsPerTask }

  func forEach(_ task: Int, _ body: (_ row: Int, _ offsets: [Int]) -> Void) {
    let first = task * Self.rowsPerTask
    var index = [Int](repeating: 0, count: extents.count)
    var rest = first
    for axis in extents.indices.reversed() {
      index[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    var offsets = strides.map { own in zip(own, index).reduce(0) { $0 + $1.0 * $1.1 } }
    for row in first..<min(first + Self.rowsPerTask, rows) {
      body(row, offsets)
      var axis = extents.count - 1
      while axis >= 0 {
        index[axis] += 1
        for k in offsets.indices { offsets[k] += strides[k][axis] }
        if index[axis] < extents[axis] { break }
        for k in offsets.indices { offsets[k] -= strides[k][axis] * extents[axis] }
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
