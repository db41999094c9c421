import CKernels
import COpenBLAS
import Tensors

extension Lowering {
  private static let block = 2048

  /// Where an operand of an elementwise node is.
  private enum Source {
    /// The result of an earlier member of the group, in this block's scratch memory.
    case member(Int)
    case dense(Operand)
    case scalar(Operand)
  }

  private struct Instruction {
    let isUnary: Bool
    let kind: Int32
    let a: Source
    let b: Source
  }

  /// Elementwise nodes of one shape, block by block; all but the last stay in scratch memory.
  func elementwise(_ group: [Int]) -> Task {
    let last = group[group.count - 1]
    let y = operand(last)
    let count = y.shape.count
    func source(_ node: Int) -> Source {
      if let member = group.firstIndex(of: node) { return .member(member) }
      return nodes[node].shape.count == 1 && count != 1 ? .scalar(operand(node)) : .dense(operand(node))
    }
    let instructions = group.map { i -> Instruction in
      let x = nodes[i].operands.map(source)
      switch nodes[i].op {
      case .unary(let kind): return Instruction(isUnary: true, kind: Int32(kind.rawValue), a: x[0], b: x[0])
      case .binary(let kind): return Instruction(isUnary: false, kind: Int32(kind.rawValue), a: x[0], b: x[1])
      default: preconditionFailure("\(nodes[i].op) in an elementwise group")
      }
    }
    let block = Self.block
    let blocks = (count + block - 1) / block
    let perTask = 8
    let size = instructions.count * block
    workspace.reserve(parallel.threads * size)
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { task, slot in
      let lane = workspace.base + slot * size
      for b in task * perTask..<min((task + 1) * perTask, blocks) {
        let start = b * block
        let length = min(block, count - start)
        func find(_ source: Source) -> (UnsafePointer<Float>, Int32) {
          switch source {
          case .member(let i): (UnsafePointer(lane + i * block), 1)
          case .dense(let operand): (UnsafePointer(operand.address + start), 1)
          case .scalar(let operand): (UnsafePointer(operand.address), 0)
          }
        }
        for i in 0..<instructions.count {
          let target = i == instructions.count - 1 ? y.address + start : lane + i * block
          let (x, step) = find(instructions[i].a)
          if !instructions[i].isUnary {
            let (z, other) = find(instructions[i].b)
            kernels.pointee.binary(instructions[i].kind, length, x, step, z, other, target)
          } else if step == 1 {
            kernels.pointee.unary(instructions[i].kind, length, x, target)
          } else {
            kernels.pointee.unary(instructions[i].kind, 1, x, target)
            target.update(repeating: target[0], count: length)
          }
        }
      }
    }
    return {
      parallel.run((blocks + perTask - 1) / perTask, isWorthwhile: count > 1 << 15, body)
    }
  }

  /// A binary function of operands that broadcast along some axes.
  func broadcastBinary(
    _ kind: Int32, _ a: Operand, _ b: Operand, _ y: Operand
  ) -> Task {
    let walk = StridedWalk(
      y.shape, a.shape.strides(broadcastTo: y.shape), b.shape.strides(broadcastTo: y.shape))
    let length = walk.innerCount
    let isWorthwhile = y.shape.count > 1 << 15
    let (parallel, kernels) = (parallel, kernels)
    let body: Parallel.Body = { task, _ in
      walk.forEach(task) { row, first, second in
        kernels.pointee.binary(
          kind, length, a.address + first, Int32(walk.innerStrides.0), b.address + second,
          Int32(walk.innerStrides.1), y.address + row * length)
      }
    }
    return {
      parallel.run(walk.tasks, isWorthwhile: isWorthwhile, body)
    }
  }

  /// Copies a strided view into a dense result; serves transposition and broadcasting.
  func copyStrided(
    _ x: Operand, _ strides: [Int], _ y: Operand
  ) -> Task {
    let walk = StridedWalk(y.shape, strides, strides)
    let (length, step) = (walk.innerCount, walk.innerStrides.0)
    let isWorthwhile = y.shape.count > 1 << 15
    let parallel = parallel
    let body: Parallel.Body = { task, _ in
      walk.forEach(task) { row, offset, _ in
        let (from, to) = (x.address + offset, y.address + row * length)
        switch step {
        case 0: to.update(repeating: from[0], count: length)
        case 1: to.update(from: from, count: length)
        default: for i in 0..<length { to[i] = from[i * step] }
        }
      }
    }
    return {
      parallel.run(walk.tasks, isWorthwhile: isWorthwhile, body)
    }
  }

  func slice(_ x: Operand, _ axis: Int, _ start: Int, _ count: Int, _ y: Operand) -> Task {
    let (outer, inner) = x.shape.around(axis)
    let extent = x.shape[axis]
    let isWorthwhile = y.shape.count > 1 << 16
    let parallel = parallel
    let body: Parallel.Body = { o, _ in
      (y.address + o * count * inner).update(
        from: x.address + (o * extent + start) * inner, count: count * inner)
    }
    return {
      parallel.run(outer, isWorthwhile: isWorthwhile, body)
    }
  }

  func pad(_ x: Operand, _ axis: Int, _ before: Int, _ y: Operand) -> Task {
    let (outer, inner) = y.shape.around(axis)
    let (extent, own, count) = (y.shape[axis], x.shape[axis], y.shape.count)
    return {
      y.address.update(repeating: 0, count: count)
      for o in 0..<outer {
        (y.address + (o * extent + before) * inner).update(from: x.address + o * own * inner, count: own * inner)
      }
    }
  }

  func concatenate(_ x: [Operand], _ axis: Int, _ y: Operand) -> Task {
    let (outer, inner) = y.shape.around(axis)
    let extent = y.shape[axis]
    let extents = x.map { $0.shape[axis] }
    return {
      var at = 0
      for k in 0..<x.count {
        for o in 0..<outer {
          (y.address + (o * extent + at) * inner)
            .update(from: x[k].address + o * extents[k] * inner, count: extents[k] * inner)
        }
        at += extents[k]
      }
    }
  }

  func oneHot(_ x: Operand, _ depth: Int, _ y: Operand) -> Task {
    let rows = x.shape.count
    return {
      y.address.update(repeating: 0, count: rows * depth)
      for n in 0..<rows {
        let index = Int(x.address[n])
        if index >= 0 && index < depth { y.address[n * depth + index] = 1 }
      }
    }
  }

  func reduce(_ kind: Op.Reduction, _ x: Operand, _ axes: Range<Int>, _ y: Operand) -> Task {
    let outer = x.shape.extents[..<axes.lowerBound].reduce(1, *)
    let rows = x.shape.extents[axes].reduce(1, *)
    let inner = x.shape.extents[axes.upperBound...].reduce(1, *)
    let isWorthwhile = x.shape.count > 1 << 15
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    if inner == 1 {
      let perTask = max(1, (1 << 13) / max(rows, 1))
      let body: Parallel.Body = { task, _ in
        for o in task * perTask..<min((task + 1) * perTask, outer) {
          let from = x.address + o * rows
          y.address[o] = kind == .sum ? kernels.pointee.sum_run(rows, from) : kernels.pointee.max_run(rows, from)
        }
      }
      return {
        parallel.run((outer + perTask - 1) / perTask, isWorthwhile: isWorthwhile, body)
      }
    }
    let start: Float = kind == .sum ? 0 : -.infinity
    func gather(_ count: Int, _ from: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
      target.update(repeating: start, count: inner)
      if kind == .sum {
        kernels.pointee.sum_rows(count, inner, from, target)
      } else {
        kernels.pointee.max_rows(count, inner, from, target)
      }
    }
    // Each outer entry in chunks of rows, summed in order: the split depends on the shape alone.
    let chunk = max(1, min(rows, max(256, rows / 16)))
    let chunks = max(1, (rows + chunk - 1) / chunk)
    if chunks == 1 {
      let body: Parallel.Body = { o, _ in
        gather(rows, x.address + o * rows * inner, y.address + o * inner)
      }
      return {
        parallel.run(outer, isWorthwhile: isWorthwhile, body)
      }
    }
    workspace.reserve(outer * chunks * inner)
    let body: Parallel.Body = { task, _ in
      let (o, c) = (task / chunks, task % chunks)
      gather(
        min(chunk, rows - c * chunk), x.address + (o * rows + c * chunk) * inner,
        workspace.base + task * inner)
    }
    return {
      let partial = workspace.base
      parallel.run(outer * chunks, isWorthwhile: isWorthwhile, body)
      for o in 0..<outer { gather(chunks, partial + o * chunks * inner, y.address + o * inner) }
    }
  }

  /// Index of the maximum of every row. A product that nothing else reads is made a few rows at a
  /// time and never stored.
  func argMaximum(_ i: Int, _ y: Operand) -> Task {
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let rows = y.shape.count
    let perTask = 64
    if let product = plan.products[i], case .matrixProduct(_, let transposeRight) = nodes[product].op {
      let x = nodes[product].operands.map(operand)
      let (n, k) = (nodes[product].shape[1], x[0].shape[1])
      let weights = packedRows(k, n)
      workspace.reserve(weights + parallel.threads * perTask * n)
      let body: Parallel.Body = { task, slot in
        let count = min(perTask, rows - task * perTask)
        let similarities = workspace.base + weights + slot * perTask * n
        Self.multiply(kernels, x[0].address + task * perTask * k, count, k, workspace.base, n, similarities)
        kernels.pointee.arg_max_rows(count, n, similarities, y.address + task * perTask)
      }
      return {
        Self.pack(kernels, x[1].address, k, n, transposed: transposeRight, workspace.base)
        parallel.run((rows + perTask - 1) / perTask, isWorthwhile: rows * n * k > 1 << 18, body)
      }
    }
    let x = operand(nodes[i].operands[0])
    let n = x.shape[-1]
    let body: Parallel.Body = { task, _ in
      let count = min(perTask, rows - task * perTask)
      kernels.pointee.arg_max_rows(count, n, x.address + task * perTask * n, y.address + task * perTask)
    }
    return { parallel.run((rows + perTask - 1) / perTask, isWorthwhile: rows * n > 1 << 15, body) }
  }

  /// Floats of a packed right operand [K, N] of a product.
  private func packedRows(_ k: Int, _ n: Int) -> Int {
    (bz_packed_count(kernels, 1, Int32(k), Int32(n)) + 15) / 16 * 16
  }

  private static func pack(
    _ kernels: UnsafePointer<bz_kernel_table>, _ b: UnsafePointer<Float>, _ k: Int, _ n: Int, transposed: Bool,
    _ packed: UnsafeMutablePointer<Float>
  ) {
    var tap: Int32 = 0
    bz_pack(kernels, b, &tap, 1, 0, Int32(k), transposed ? 1 : n, Int32(n), transposed ? k : 1, packed)
  }

  /// Some rows of a product with a packed right operand: a convolution of one tap.
  static func multiply(
    _ kernels: UnsafePointer<bz_kernel_table>, _ a: UnsafePointer<Float>, _ rows: Int, _ k: Int,
    _ packed: UnsafePointer<Float>, _ n: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    var zero = 0
    withUnsafePointer(to: &zero) { zero in
      var product = bz_convolution(
        x: a, x_row: 0, x_pixel: k, offsets: zero, taps: 1, in_channels: Int32(k), out_channels: Int32(n),
        packed: packed, y: y, y_row: 0, y_pixel: n, rows: 1, pixels: Int32(rows))
      kernels.pointee.convolve(&product)
    }
  }

  /// Sum over many rows of the outer products of two of them, as gradients by the weights of a linear layer are: in parts that depend on
  /// the shape alone, some rows at a time so that they stay in cache.
  private func outerProducts(_ a: Operand, _ b: Operand, _ y: Operand) -> Task {
    let (k, m, n) = (a.shape[0], a.shape[1], b.shape[1])
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let chunks = min(16, (1 << 21) / (m * n))
    let atOnce = 64
    workspace.reserve(chunks * m * n)
    let body: Parallel.Body = { chunk, _ in
      let sums = workspace.base + chunk * m * n
      sums.update(repeating: 0, count: m * n)
      let (first, end) = (k * chunk / chunks, k * (chunk + 1) / chunks)
      for start in stride(from: first, to: end, by: atOnce) {
        kernels.pointee.outer(
          a.address + start * m, 0, m, Int32(m), b.address + start * n, 0, n, Int32(n), 1,
          Int32(min(atOnce, end - start)), sums, n)
      }
    }
    return {
      parallel.run(chunks, isWorthwhile: true, body)
      for chunk in 1..<chunks { kernels.pointee.sum_rows(1, m * n, workspace.base + chunk * m * n, workspace.base) }
      y.address.update(from: workspace.base, count: m * n)
    }
  }

  /// Rows (or columns, where there are more) in pieces that depend on the shape alone. Rows times a
  /// matrix run on our own kernels, and so does a transposed left operand that is long; one that is short on OpenBLAS.
  func matrixProduct(
    _ a: Operand, _ b: Operand, _ transposeLeft: Bool, _ transposeRight: Bool, _ y: Operand
  ) -> Task {
    let (m, n) = (y.shape[-2], y.shape[-1])
    let k = transposeLeft ? a.shape[-2] : a.shape[-1]
    if y.shape.count == 0 { return {} }
    if k == 0 { return { y.address.update(repeating: 0, count: y.shape.count) } }
    let isWorthwhile = y.shape.count * k > 1 << 18
    let (lda, ldb) = (a.shape[-1], b.shape[-1])
    let (left, right) = (transposeLeft ? CblasTrans : CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans)
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    if y.shape.rank == 3 {
      let body: Parallel.Body = { pair, _ in
        cblas_sgemm(
          CblasRowMajor, left, right, blasint(m), blasint(n), blasint(k), 1, a.address + pair * m * k, blasint(lda),
          b.address + pair * k * n, blasint(ldb), 0, y.address + pair * m * n, blasint(n))
      }
      return { parallel.run(y.shape[0], isWorthwhile: isWorthwhile, body) }
    }
    if !transposeLeft && m >= 16 {
      let perTask = 64
      workspace.reserve(packedRows(k, n))
      let body: Parallel.Body = { task, _ in
        let first = task * perTask
        Self.multiply(
          kernels, a.address + first * k, min(perTask, m - first), k, workspace.base, n, y.address + first * n)
      }
      return {
        Self.pack(kernels, b.address, k, n, transposed: transposeRight, workspace.base)
        parallel.run((m + perTask - 1) / perTask, isWorthwhile: isWorthwhile, body)
      }
    }
    // Many rows, so that adding up the parts is little beside them, and parts for as many threads as elsewhere.
    if transposeLeft && !transposeRight && n % Int(kernels.pointee.lanes) == 0 && k >= 2048 && m * n <= 1 << 18 {
      return outerProducts(a, b, y)
    }
    let byRows = m >= n
    let extent = byRows ? m : n
    let piece = max(32, (extent + 15) / 16)
    let body: Parallel.Body = { task, _ in
      let from = task * piece
      let count = min(piece, extent - from)
      let ours = byRows ? a.address + (transposeLeft ? from : from * lda) : a.address
      let theirs = byRows ? b.address : b.address + (transposeRight ? from * ldb : from)
      cblas_sgemm(
        CblasRowMajor, left, right, blasint(byRows ? count : m), blasint(byRows ? n : count), blasint(k), 1, ours,
        blasint(lda), theirs, blasint(ldb), 0, y.address + (byRows ? from * n : from), blasint(n))
    }
    return { parallel.run((extent + piece - 1) / piece, isWorthwhile: isWorthwhile, body) }
  }
}

/// Rows of a dense result beside two strided operands, with axes merged where all strides allow it.
private struct StridedWalk {
  let innerCount: Int
  let innerStrides: (Int, Int)
  private let extents: [Int]
  private let strides: [(Int, Int)]
  private let rows: Int
  private static let rowsPerTask = 64

  init(_ shape: Shape, _ first: [Int], _ second: [Int]) {
    var extents: [Int] = []
    var strides: [(Int, Int)] = []
    for axis in 0..<shape.rank where shape[axis] != 1 {
      if let last = strides.last, last == (first[axis] * shape[axis], second[axis] * shape[axis]) {
        extents[extents.count - 1] *= shape[axis]
        strides[strides.count - 1] = (first[axis], second[axis])
      } else {
        extents.append(shape[axis])
        strides.append((first[axis], second[axis]))
      }
    }
    innerCount = extents.popLast() ?? 1
    innerStrides = strides.popLast() ?? (0, 0)
    self.extents = extents
    self.strides = strides
    rows = extents.reduce(1, *)
  }

  var tasks: Int { innerCount == 0 ? 0 : (rows + Self.rowsPerTask - 1) / Self.rowsPerTask }

  func forEach(_ task: Int, _ body: (_ row: Int, _ first: Int, _ second: Int) -> Void) {
    for row in task * Self.rowsPerTask..<min((task + 1) * Self.rowsPerTask, rows) {
      var (rest, first, second) = (row, 0, 0)
      for axis in stride(from: extents.count - 1, through: 0, by: -1) {
        let index = rest % extents[axis]
        rest /= extents[axis]
        first += index * strides[axis].0
        second += index * strides[axis].1
      }
      body(row, first, second)
    }
  }
}
