import CKernels
import Tensors

extension Lowering {
  /// Kernel extents and channels of weights [KH, KW, C, O].
  private struct Kernel {
    let (height, width, input, output): (Int, Int, Int, Int)
    init(_ shape: Shape) { (height, width, input, output) = (shape[0], shape[1], shape[2], shape[3]) }
    var taps: Int { height * width }
  }

  /// One image with a border of zeros, and its strides.
  private struct Border {
    let (height, width, channels): (Int, Int, Int)
    let (before, after): (Int, Int)
    var row: Int { (width + before + after) * channels }
    var count: Int { (height + before + after) * row }

    /// Copies an image inside the border.
    func fill(_ target: UnsafeMutablePointer<Float>, from image: UnsafePointer<Float>) {
      target.update(repeating: 0, count: before * row)
      let line = width * channels
      for y in 0..<height {
        let to = target + (y + before) * row
        to.update(repeating: 0, count: before * channels)
        (to + before * channels).update(from: image + y * line, count: line)
        (to + before * channels + line).update(repeating: 0, count: after * channels)
      }
      (target + (before + height) * row).update(repeating: 0, count: after * row)
    }
  }

  /// Runs one image's taps; rows too short for the kernel's tiles are gathered into columns first.
  private static func apply(
    _ kernels: UnsafePointer<bz_kernel_table>, _ c: bz_convolution, columns: UnsafeMutablePointer<Float>
  ) {
    var c = c
    if c.pixels >= 8 || c.rows == 1 || c.y_row != Int(c.pixels) * c.y_pixel || c.taps == 0 {
      kernels.pointee.convolve(&c)
      return
    }
    let (taps, channels) = (Int(c.taps), Int(c.in_channels))
    var to = columns
    for row in 0..<Int(c.rows) {
      for pixel in 0..<Int(c.pixels) {
        let from = c.x + row * c.x_row + pixel * c.x_pixel
        for tap in 0..<taps {
          to.update(from: from + c.offsets[tap], count: channels)
          to += channels
        }
      }
    }
    var zero = 0
    withUnsafePointer(to: &zero) { offset in
      c.x = UnsafePointer(columns)
      c.x_pixel = taps * channels
      c.x_row = 0
      c.offsets = offset
      c.taps = 1
      c.in_channels = Int32(taps * channels)
      c.pixels *= c.rows
      c.rows = 1
      kernels.pointee.convolve(&c)
    }
  }

  private func columnCount(rows: Int, pixels: Int, depth: Int) -> Int {
    pixels < 8 ? rows * pixels * depth : 0
  }

  /// The taps of a kernel's row lie side by side in a map with channels last, so they are one tap of
  /// KW * C channels.
  func convolution(
    _ window: Op.Window, _ x: Operand, _ w: Operand, _ y: Operand, _ epilogue: Epilogue?
  ) -> Task {
    if usesWinograd(window, w.shape, height: y.shape[1], width: y.shape[2]) {
      return winograd(x, w, mirrored: false, padding: window.padding, y, epilogue)
    }
    let kernel = Kernel(w.shape)
    let (images, rows, pixels) = (y.shape[0], y.shape[1], y.shape[2])
    let border = Border(
      height: x.shape[1], width: x.shape[2], channels: kernel.input, before: window.padding,
      after: window.padding)
    let depth = kernel.width * kernel.input
    let packedCount = bz_packed_count(kernels, Int32(kernel.height), Int32(depth), Int32(kernel.output))
    let bordered = window.padding > 0 ? border.count : 0
    let lane = bordered + columnCount(rows: rows, pixels: pixels, depth: kernel.height * depth)
    workspace.reserve(packedCount + parallel.threads * lane)
    epilogue?.prepare(images)
    let taps = (0..<kernel.height).map(Int32.init)
    let offsets = (0..<kernel.height).map { $0 * border.row }
    let (imageCount, resultCount) = (x.shape[1] * x.shape[2] * kernel.input, rows * pixels * kernel.output)
    let isWorthwhile = images * resultCount * kernel.height * depth > 1 << 18
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { n, slot in
      let packed = workspace.base
      let own = packed + packedCount + slot * lane
      var image = UnsafePointer(x.address + n * imageCount)
      if bordered > 0 {
        border.fill(own, from: image)
        image = UnsafePointer(own)
      }
      offsets.withUnsafeBufferPointer { offsets in
        Self.apply(
          kernels,
          bz_convolution(
            x: image, x_row: window.stride * border.row, x_pixel: window.stride * kernel.input,
            offsets: offsets.baseAddress, taps: Int32(kernel.height), in_channels: Int32(depth),
            out_channels: Int32(kernel.output), packed: packed, y: y.address + n * resultCount,
            y_row: pixels * kernel.output, y_pixel: kernel.output, rows: Int32(rows), pixels: Int32(pixels)),
          columns: own + bordered)
      }
      epilogue?.run(n, y.address, n * rows * pixels, rows * pixels)
    }
    return {
      let packed = workspace.base
      bz_pack(
        kernels, w.address, taps, Int32(kernel.height), depth * kernel.output, Int32(depth), kernel.output,
        Int32(kernel.output), 1, packed)
      epilogue?.begin()
      parallel.run(images, isWorthwhile: isWorthwhile, body)
    }
  }

  /// Input pixels of one class of a strided convolution: those that the same taps reach.
  private struct PixelClass {
    var (row, column, rows, pixels): (Int, Int, Int, Int)
    var taps: [Int32] = []
    var offsets: [Int] = []
    /// Where its packed weights start.
    var packed = 0
  }

  /// A convolution of dy with the mirrored, transposed weights; for stride s, one for each of the
  /// s x s classes of input pixels, each with the taps that reach it.
  func convolutionInputGradient(_ window: Op.Window, _ dy: Operand, _ w: Operand, _ y: Operand) -> Task {
    if usesWinograd(window, w.shape, height: dy.shape[1], width: dy.shape[2]) {
      return winograd(dy, w, mirrored: true, padding: 2 - window.padding, y, nil)
    }
    let kernel = Kernel(w.shape)
    let (s, p) = (window.stride, window.padding)
    let (images, height, width) = (y.shape[0], y.shape[1], y.shape[2])
    let reach = max(kernel.height, kernel.width) + (s > 1 ? 1 : 0)
    let border = Border(
      height: dy.shape[1], width: dy.shape[2], channels: kernel.output, before: reach, after: reach + p)
    var classes: [PixelClass] = []
    var packedCount = 0
    for ry in 0..<min(s, height) {
      for rx in 0..<min(s, width) {
        var own = PixelClass(
          row: ry, column: rx, rows: (height - ry + s - 1) / s, pixels: (width - rx + s - 1) / s)
        for v in 0..<kernel.height where (ry + p - v) % s == 0 {
          for u in 0..<kernel.width where (rx + p - u) % s == 0 {
            own.taps.append(Int32(v * kernel.width + u))
            own.offsets.append(
              ((ry + p - v) / s + border.before) * border.row
                + ((rx + p - u) / s + border.before) * kernel.output)
          }
        }
        own.packed = packedCount
        packedCount += bz_packed_count(
          kernels, Int32(own.taps.count), Int32(kernel.output), Int32(kernel.input))
        classes.append(own)
      }
    }
    let columns = columnCount(rows: height, pixels: s == 1 ? width : 8, depth: kernel.taps * kernel.output)
    let lane = border.count + columns
    workspace.reserve(packedCount + parallel.threads * lane)
    let (imageCount, seedCount) = (height * width * kernel.input, dy.shape[1] * dy.shape[2] * kernel.output)
    let isWorthwhile = images * seedCount * kernel.taps * kernel.input > 1 << 18
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { [classes] n, slot in
      let packed = workspace.base
      let image = packed + packedCount + slot * lane
      border.fill(image, from: dy.address + n * seedCount)
      let target = y.address + n * imageCount
      for i in 0..<classes.count {
        classes[i].offsets.withUnsafeBufferPointer { offsets in
          Self.apply(
            kernels,
            bz_convolution(
              x: image, x_row: border.row, x_pixel: kernel.output, offsets: offsets.baseAddress,
              taps: Int32(offsets.count), in_channels: Int32(kernel.output),
              out_channels: Int32(kernel.input), packed: packed + classes[i].packed,
              y: target + (classes[i].row * width + classes[i].column) * kernel.input,
              y_row: s * width * kernel.input, y_pixel: s * kernel.input, rows: Int32(classes[i].rows),
              pixels: Int32(classes[i].pixels)),
            columns: image + border.count)
        }
      }
    }
    return { [classes] in
      let packed = workspace.base
      for i in 0..<classes.count {
        bz_pack(
          kernels, w.address, classes[i].taps, Int32(classes[i].taps.count), kernel.input * kernel.output,
          Int32(kernel.output), 1, Int32(kernel.input), kernel.output, packed + classes[i].packed)
      }
      parallel.run(images, isWorthwhile: isWorthwhile, body)
    }
  }

  /// Sums of outer products over all pixels; images in chunks that depend on the shape alone.
  func convolutionWeightGradient(_ window: Op.Window, _ dy: Operand, _ x: Operand, _ y: Operand) -> Task {
    if usesWinograd(window, y.shape, height: dy.shape[1], width: dy.shape[2]) {
      return winogradWeightGradient(dy, x, padding: window.padding, y)
    }
    let kernel = Kernel(y.shape)
    let (images, rows, pixels) = (dy.shape[0], dy.shape[1], dy.shape[2])
    let border = Border(
      height: x.shape[1], width: x.shape[2], channels: kernel.input, before: window.padding,
      after: window.padding)
    let lanes = Int(kernels.pointee.lanes)
    let output = (kernel.output + lanes - 1) / lanes * lanes
    let isPadded = output != kernel.output
    let depth = kernel.width * kernel.input
    let weights = kernel.height * depth * output
    let chunks = max(1, min(images, max(2, min(16, (1 << 21) / max(weights, 1)))))
    let bordered = window.padding > 0 ? border.count : 0
    let widened = isPadded ? rows * pixels * output : 0
    let lane = bordered + widened
    workspace.reserve(chunks * weights + parallel.threads * lane)
    let imageCount = x.shape[1] * x.shape[2] * kernel.input
    let isWorthwhile = images * rows * pixels * kernel.output * kernel.height * depth > 1 << 18
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let body: Parallel.Body = { chunk, slot in
      let partial = workspace.base
      let own = partial + chunks * weights + slot * lane
      let sums = partial + chunk * weights
      sums.update(repeating: 0, count: weights)
      for n in images * chunk / chunks..<images * (chunk + 1) / chunks {
        var image = UnsafePointer(x.address + n * imageCount)
        if bordered > 0 {
          border.fill(own, from: image)
          image = UnsafePointer(own)
        }
        var gradient = dy.address + n * rows * pixels * kernel.output
        if isPadded {
          let wide = own + bordered
          wide.update(repeating: 0, count: widened)
          for i in 0..<rows * pixels {
            (wide + i * output).update(from: gradient + i * kernel.output, count: kernel.output)
          }
          gradient = wide
        }
        for v in 0..<kernel.height {
          kernels.pointee.outer(
            image + v * border.row, window.stride * border.row, window.stride * kernel.input, Int32(depth),
            gradient, pixels * output, output, Int32(output), Int32(rows), Int32(pixels),
            sums + v * depth * output, output)
        }
      }
    }
    return {
      let partial = workspace.base
      parallel.run(chunks, isWorthwhile: isWorthwhile, body)
      for chunk in 1..<max(chunks, 1) {
        kernels.pointee.sum_rows(1, weights, partial + chunk * weights, partial)
      }
      for i in 0..<kernel.height * depth {
        (y.address + i * kernel.output).update(from: partial + i * output, count: kernel.output)
      }
    }
  }

  /// Visits each window: its output offset within an image and the input pixels it covers.
  private static func forWindows(
    _ window: Op.Window, _ size: Int, height: Int, width: Int, _ body: (Int, Range<Int>, Range<Int>) -> Void
  ) {
    let (rows, pixels) = (window.outputs(height, size: size), window.outputs(width, size: size))
    for r in 0..<rows {
      let top = r * window.stride - window.padding
      let vertical = max(0, top)..<max(max(0, top), min(height, top + size))
      for c in 0..<pixels {
        let left = c * window.stride - window.padding
        body(r * pixels + c, vertical, max(0, left)..<max(max(0, left), min(width, left + size)))
      }
    }
  }

  func maxPool(_ window: Op.Window, _ size: Int, _ x: Operand, _ y: Operand) -> Task {
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (line, images) = (width * channels, x.shape[0])
    let resultCount = y.shape[1] * y.shape[2] * channels
    let isWorthwhile = x.shape.count > 1 << 14
    let (parallel, kernels) = (parallel, kernels)
    let body: Parallel.Body = { n, _ in
      let image = x.address + n * height * line
      Self.forWindows(window, size, height: height, width: width) { output, vertical, horizontal in
        let target = y.address + n * resultCount + output * channels
        target.update(repeating: -.infinity, count: channels)
        for v in vertical {
          kernels.pointee.max_rows(
            horizontal.count, channels, image + v * line + horizontal.lowerBound * channels, target)
        }
      }
    }
    return {
      parallel.run(images, isWorthwhile: isWorthwhile, body)
    }
  }

  func maxPoolGradient(_ window: Op.Window, _ size: Int, _ dy: Operand, _ x: Operand, _ y: Operand) -> Task {
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (line, images) = (width * channels, x.shape[0])
    let seedCount = dy.shape[1] * dy.shape[2] * channels
    let isWorthwhile = x.shape.count > 1 << 14
    let parallel = parallel
    let body: Parallel.Body = { n, _ in
      let image = x.address + n * height * line
      let target = y.address + n * height * line
      target.update(repeating: 0, count: height * line)
      let seeds = dy.address + n * seedCount
      Self.forWindows(window, size, height: height, width: width) { output, vertical, horizontal in
        for c in 0..<channels {
          var (best, at) = (-Float.infinity, -1)
          for v in vertical {
            for u in horizontal where image[v * line + u * channels + c] > best {
              at = v * line + u * channels + c
              best = image[at]
            }
          }
          if at >= 0 { target[at] += seeds[output * channels + c] }
        }
      }
    }
    return {
      parallel.run(images, isWorthwhile: isWorthwhile, body)
    }
  }
}
