import CKernels
import Tensors

extension CPUExecutable {
  /// Rows a task takes: about 64 KiB, so that a second pass over them reads the cache.
  private func rowsPerTask(_ channels: Int) -> Int { max(16, (1 << 14) / max(channels, 1)) }

  /// Mean and variance a channel: two passes a chunk, chunks merged in double precision.
  ///
  /// - Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
  ///   sample variances", 1979.
  func moments(_ x: Operand, _ y: UnsafeMutablePointer<Float>) {
    let channels = x.shape[-1]
    let rows = channels == 0 ? 0 : x.shape.count / channels
    let chunk = rowsPerTask(channels)
    let chunks = (rows + chunk - 1) / chunk
    let partial = scratch(chunks * 2 * channels)
    parallel.run(chunks, isWorthwhile: x.shape.count > 1 << 15) { task, _ in
      let count = min(chunk, rows - task * chunk)
      let from = x.address + task * chunk * channels
      let mean = partial + task * 2 * channels
      mean.update(repeating: 0, count: 2 * channels)
      kernels.pointee.sum_rows(count, channels, from, mean)
      for c in 0..<channels { mean[c] /= Float(count) }
      kernels.pointee.centred_squares(count, channels, from, mean, mean + channels)
    }
    for c in 0..<channels {
      var (seen, mean, squares) = (0.0, 0.0, 0.0)
      for task in 0..<chunks {
        let count = Double(min(chunk, rows - task * chunk))
        let own = partial + task * 2 * channels
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

  /// Runs normalisation `node` and writes to `target`'s memory.
  func normalize(_ node: Int, into target: Int, rectify: Bool, _ nodes: [Graph.Node]) {
    guard case .normalize(let epsilon, _) = nodes[node].op else { return }
    let operands = nodes[node].operands.map { address($0) }
    let (x, y, shape) = (operands[0], address(target), nodes[node].shape)
    let channels = shape[-1]
    let scale = scratch(2 * channels)
    let shift = scale + channels
    for c in 0..<channels {
      scale[c] = operands[2][c] / (operands[1][channels + c] + epsilon).squareRoot()
      shift[c] = operands[3][c] - operands[1][c] * scale[c]
    }
    forRows(shape) { start, count in
      kernels.pointee.affine(
        count, channels, x + start * channels, scale, shift, rectify ? 1 : 0, y + start * channels)
    }
  }

  private func forRows(_ shape: Shape, _ body: (_ start: Int, _ count: Int) -> Void) {
    let channels = shape[-1]
    let rows = channels == 0 ? 0 : shape.count / channels
    let chunk = rowsPerTask(channels)
    parallel.run((rows + chunk - 1) / chunk, isWorthwhile: shape.count > 1 << 15) { task, _ in
      body(task * chunk, min(chunk, rows - task * chunk))
    }
  }

  func normalizeSums(
    _ epsilon: Float, _ dy: Operand, _ x: Operand, _ moments: Operand, _ y: UnsafeMutablePointer<Float>
  ) {
    let channels = x.shape[-1]
    let rows = channels == 0 ? 0 : x.shape.count / channels
    let chunk = rowsPerTask(channels)
    let chunks = (rows + chunk - 1) / chunk
    let partial = scratch(chunks * 2 * channels)
    parallel.run(chunks, isWorthwhile: x.shape.count > 1 << 15) { task, _ in
      let count = min(chunk, rows - task * chunk)
      let own = partial + task * 2 * channels
      own.update(repeating: 0, count: 2 * channels)
      let start = task * chunk * channels
      kernels.pointee.affine_sums(
        count, channels, dy.address + start, x.address + start, moments.address, own)
    }
    for c in 0..<2 * channels {
      var total = 0.0
      for task in 0..<chunks { total += Double(partial[task * 2 * channels + c]) }
      y[c] = Float(total)
    }
    for c in 0..<channels {
      y[channels + c] /= (moments.address[channels + c] + epsilon).squareRoot()
    }
  }

  /// dx = gamma r (dy - mean(dy) - n mean(dy n)), with r = 1/sqrt(variance + epsilon) and n the
  /// normalised x.
  ///
  /// - Source: Ioffe and Szegedy, 2015, section 3, arXiv 1502.03167.
  func normalizeInputGradient(
    _ epsilon: Float, _ dy: Operand, _ x: Operand, _ moments: Operand, _ gamma: Operand,
    _ sums: Operand, _ y: UnsafeMutablePointer<Float>
  ) {
    let channels = x.shape[-1]
    let rows = Float(channels == 0 ? 0 : x.shape.count / channels)
    let a = scratch(3 * channels)
    let (b, d) = (a + channels, a + 2 * channels)
    for c in 0..<channels {
      let r = 1 / (moments.address[channels + c] + epsilon).squareRoot()
      a[c] = gamma.address[c] * r
      b[c] = -a[c] * r * sums.address[channels + c] / rows
      d[c] = -a[c] * sums.address[c] / rows - b[c] * moments.address[c]
    }
    forRows(x.shape) { start, count in
      let offset = start * channels
      kernels.pointee.affine_gradient(
        count, channels, dy.address + offset, x.address + offset, a, b, d, y + offset)
    }
  }
}
