import CKernels
import Tensors

/// Rows a task takes: about 64 KiB, so that a second pass over them reads the cache.
private func rowsPerTask(_ channels: Int) -> Int { max(16, (1 << 14) / max(channels, 1)) }

/// Rows of channels, cut into tasks by shape alone.
private struct RowTasks {
  let channels: Int
  let rows: Int
  let count: Int
  let isWorthwhile: Bool
  private let chunk: Int

  init(_ shape: Shape) {
    channels = shape[-1]
    rows = channels == 0 ? 0 : shape.count / channels
    chunk = rowsPerTask(channels)
    count = (rows + chunk - 1) / chunk
    isWorthwhile = shape.count > 1 << 15
  }

  func range(_ task: Int) -> (start: Int, count: Int) { (task * chunk, min(chunk, rows - task * chunk)) }
}

/// Rows of a result that a task has just written.
struct Epilogue {
  /// Told, when the task is made, how many parts there will be.
  let prepare: (_ parts: Int) -> Void
  /// Runs before the first part.
  let begin: () -> Void
  /// Runs for each part, with the rows of the result from `y`.
  let run: (_ part: Int, _ y: UnsafeMutablePointer<Float>, _ start: Int, _ rows: Int) -> Void
}

/// Mean and summed squares of parts of a map.
final class Statistics {
  let channels: Int
  private(set) var parts = 0
  /// For every part: mean [C], squares around it [C], number of rows.
  private var values = FloatMemory(0)

  init(channels: Int) { self.channels = channels }

  func prepare(_ parts: Int) {
    self.parts = parts
    values = FloatMemory(parts * (2 * channels + 1))
  }

  /// Two passes over rows that the cache holds.
  func measure(_ part: Int, _ x: UnsafePointer<Float>, rows: Int, _ kernels: UnsafePointer<bz_kernel_table>) {
    let mean = values.base + part * (2 * channels + 1)
    mean[2 * channels] = Float(rows)
    mean.update(repeating: 0, count: 2 * channels)
    kernels.pointee.sum_rows(rows, channels, x, mean)
    for c in 0..<channels { mean[c] /= Float(rows) }
    kernels.pointee.centred_squares(rows, channels, x, mean, mean + channels)
  }

  /// Writes mean and biased variance of all parts, merged in double precision.
  ///
  /// - Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
  ///   sample variances", 1979.
  func merge(into y: UnsafeMutablePointer<Float>) {
    for c in 0..<channels {
      var (seen, mean, squares) = (0.0, 0.0, 0.0)
      for part in 0..<parts {
        let own = values.base + part * (2 * channels + 1)
        let count = Double(own[2 * channels])
        let delta = Double(own[c]) - mean
        let total = seen + count
        mean += delta * count / total
        squares += Double(own[channels + c]) + delta * delta * seen * count / total
        seen = total
      }
      y[c] = Float(mean)
      y[channels + c] = Float(squares / max(seen, 1))
    }
  }

  func epilogue(_ kernels: UnsafePointer<bz_kernel_table>) -> Epilogue {
    Epilogue(
      prepare: { self.prepare($0) }, begin: {},
      run: { part, y, start, rows in
        self.measure(part, y + start * self.channels, rows: rows, kernels)
      })
  }
}

/// Scale and shift of every channel of a normalisation.
final class AffineCoefficients {
  private let operands: [Lowering.Operand]
  private let epsilon: Float
  private let channels: Int
  private let memory: FloatMemory
  var scale: UnsafeMutablePointer<Float> { memory.base }
  var shift: UnsafeMutablePointer<Float> { scale + channels }

  /// - Parameter operands: Those of a `normalize` node.
  init(_ operands: [Lowering.Operand], epsilon: Float) {
    self.operands = operands
    self.epsilon = epsilon
    channels = operands[2].shape.count
    memory = FloatMemory(2 * channels)
  }

  func compute() {
    let (moments, gamma, beta) = (operands[1].address, operands[2].address, operands[3].address)
    for c in 0..<channels {
      scale[c] = gamma[c] / (moments[channels + c] + epsilon).squareRoot()
      shift[c] = beta[c] - moments[c] * scale[c]
    }
  }
}

extension Lowering {
  func coefficients(_ node: Int) -> AffineCoefficients {
    guard case .normalize(let epsilon, _) = nodes[node].op else {
      preconditionFailure("node \(node) is no normalisation")
    }
    return AffineCoefficients(nodes[node].operands.map(operand), epsilon: epsilon)
  }

  /// Mean and variance a channel.
  func moments(_ x: Operand, _ y: Operand) -> Task {
    let tasks = RowTasks(x.shape)
    let statistics = Statistics(channels: tasks.channels)
    statistics.prepare(tasks.count)
    let (parallel, kernels) = (parallel, kernels)
    let body: Parallel.Body = { task, _ in
      let (start, count) = tasks.range(task)
      statistics.measure(task, x.address + start * tasks.channels, rows: count, kernels)
    }
    return {
      parallel.run(tasks.count, isWorthwhile: tasks.isWorthwhile, body)
      statistics.merge(into: y.address)
    }
  }

  func merge(_ statistics: Statistics, _ y: Operand) -> Task { { statistics.merge(into: y.address) } }

  /// A normalisation with what is fused into it: an addend, a ReLU, the convolution before it.
  func normalize(_ fused: MemoryPlan.Normalization, _ y: Operand) -> Task {
    let own = coefficients(fused.node)
    let other = fused.addendNormalization.map(coefficients)
    let x = operand(nodes[fused.node].operands[0])
    let addend = (fused.addendNormalization.map { nodes[$0].operands[0] } ?? fused.addend).map(operand)
    let affine = bz_affine(
      scale: own.scale, shift: own.shift, addend_scale: other?.scale, addend_shift: other?.shift,
      channels: y.shape[-1], rectify: fused.rectify ? 1 : 0)
    let (parallel, kernels) = (parallel, kernels)
    if let node = fused.convolution, case .convolution(let window) = nodes[node].op {
      let operands = nodes[node].operands.map(operand)
      let channels = y.shape[-1]
      return convolution(
        window, operands[0], operands[1], y,
        Epilogue(
          prepare: { _ in }, begin: { own.compute() },
          run: { _, y, start, rows in
            var affine = affine
            kernels.pointee.affine(
              &affine, rows, y + start * channels, addend.map { UnsafePointer($0.address + start * channels) },
              y + start * channels)
          }))
    }
    let tasks = RowTasks(y.shape)
    let body: Parallel.Body = { task, _ in
      let (start, count) = tasks.range(task)
      let offset = start * tasks.channels
      var affine = affine
      kernels.pointee.affine(
        &affine, count, x.address + offset, addend.map { UnsafePointer($0.address + offset) }, y.address + offset)
    }
    return {
      own.compute()
      other?.compute()
      parallel.run(tasks.count, isWorthwhile: tasks.isWorthwhile, body)
    }
  }

  /// The coefficients whose sign says where a ReLU behind a normalisation let its input through.
  private func mask(_ i: Int) -> AffineCoefficients? { plan.rectifications[i].map(coefficients) }

  func normalizeSums(_ epsilon: Float, _ i: Int, _ y: Operand) -> Task {
    let x = plan.reads[i].map(operand)
    let (dy, input, moments) = (x[0], x[1], x[2])
    let mask = mask(i)
    let tasks = RowTasks(input.shape)
    let channels = tasks.channels
    workspace.reserve(tasks.count * 2 * channels)
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { task, _ in
      let (start, count) = tasks.range(task)
      let own = workspace.base + task * 2 * channels
      own.update(repeating: 0, count: 2 * channels)
      kernels.pointee.affine_sums(
        count, channels, dy.address + start * channels, input.address + start * channels, moments.address,
        mask?.scale, mask?.shift, own)
    }
    return {
      mask?.compute()
      let partial = workspace.base
      parallel.run(tasks.count, isWorthwhile: tasks.isWorthwhile, body)
      for c in 0..<2 * channels {
        var total = 0.0
        for task in 0..<tasks.count { total += Double(partial[task * 2 * channels + c]) }
        y.address[c] = Float(total)
      }
      for c in 0..<channels { y.address[channels + c] /= (moments.address[channels + c] + epsilon).squareRoot() }
    }
  }

  /// dx = gamma r (dy - mean(dy) - n mean(dy n)), with r = 1/sqrt(variance + epsilon) and n the
  /// normalised x.
  ///
  /// - Source: Ioffe and Szegedy, 2015, section 3, arXiv 1502.03167.
  func normalizeInputGradient(_ epsilon: Float, _ i: Int, _ y: Operand) -> Task {
    let operands = plan.reads[i].map(operand)
    let (dy, x, moments, gamma, sums) = (operands[0], operands[1], operands[2], operands[3], operands[4])
    let mask = mask(i)
    let tasks = RowTasks(x.shape)
    let channels = tasks.channels
    workspace.reserve(3 * channels)
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { task, _ in
      let (start, count) = tasks.range(task)
      let offset = start * channels
      kernels.pointee.affine_gradient(
        count, channels, dy.address + offset, x.address + offset, workspace.base, mask?.scale, mask?.shift,
        y.address + offset)
    }
    return {
      mask?.compute()
      let a = workspace.base
      let (b, d) = (a + channels, a + 2 * channels)
      for c in 0..<channels {
        let r = 1 / (moments.address[channels + c] + epsilon).squareRoot()
        a[c] = gamma.address[c] * r
        b[c] = -a[c] * r * sums.address[channels + c] / Float(tasks.rows)
        d[c] = -a[c] * sums.address[c] / Float(tasks.rows) - b[c] * moments.address[c]
      }
      parallel.run(tasks.count, isWorthwhile: tasks.isWorthwhile, body)
    }
  }
}
