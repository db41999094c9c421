import CKernels
import Tensors

extension CPUExecutable {
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
  private func apply(_ c: bz_convolution, columns: UnsafeMutablePointer<Float>) {
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

  func convolution(
    _ window: Op.Window, _ x: Operand, _ w: Operand, _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    if usesWinograd(window, w.shape, height: shape[1], width: shape[2]) {
      return winograd(x, w.address, mirrored: false, padding: window.padding, shape, y)
    }
    let kernel = Kernel(w.shape)
    let (images, rows, pixels) = (shape[0], shape[1], shape[2])
    let border = Border(
      height: x.shape[1], width: x.shape[2], channels: kernel.input, before: window.padding,
      after: window.padding)
    let packedCount = bz_packed_count(
      kernels, Int32(kernel.taps), Int32(kernel.input), Int32(kernel.output))
    let bordered = window.padding > 0 ? border.count : 0
    let columns = columnCount(rows: rows, pixels: pixels, depth: kernel.taps * kernel.input)
    let lane = bordered + columns
    let packed = scratch(packedCount + parallel.threads * lane)
    bz_pack(
      kernels, w.address, (0..<kernel.taps).map(Int32.init), Int32(kernel.taps),
      kernel.input * kernel.output, Int32(kernel.input), kernel.output, Int32(kernel.output), 1, packed)
    var offsets: [Int] = []
    for v in 0..<kernel.height { for u in 0..<kernel.width { offsets.append(v * border.row + u * kernel.input) } }
    offsets.withUnsafeBufferPointer { offsets in
      parallel.run(images, isWorthwhile: shape.count * kernel.taps * kernel.input > 1 << 18) { n, slot in
        let own = packed + packedCount + slot * lane
        var image = UnsafePointer(x.address + n * x.shape[1] * x.shape[2] * kernel.input)
        if bordered > 0 {
          border.fill(own, from: image)
          image = UnsafePointer(own)
        }
        apply(
          bz_convolution(
            x: image, x_row: window.stride * border.row, x_pixel: window.stride * kernel.input,
            offsets: offsets.baseAddress, taps: Int32(kernel.taps), in_channels: Int32(kernel.input),
            out_channels: Int32(kernel.output), packed: packed, y: y + n * rows * pixels * kernel.output,
            y_row: pixels * kernel.output, y_pixel: kernel.output, rows: Int32(rows),
            pixels: Int32(pixels)),
          columns: own + bordered)
      }
    }
  }

  /// A convolution of dy with the mirrored, transposed weights; for stride s, one for each of the
  /// s x s classes of input pixels, each with the taps that reach it.
  func convolutionInputGradient(
    _ window: Op.Window, _ dy: Operand, _ w: Operand, _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    if usesWinograd(window, w.shape, height: dy.shape[1], width: dy.shape[2]) {
      return winograd(dy, w.address, mirrored: true, padding: 2 - window.padding, shape, y)
    }
    let kernel = Kernel(w.shape)
    let (s, p) = (window.stride, window.padding)
    let (images, height, width) = (shape[0], shape[1], shape[2])
    let reach = max(kernel.height, kernel.width) + (s > 1 ? 1 : 0)
    let border = Border(
      height: dy.shape[1], width: dy.shape[2], channels: kernel.output, before: reach, after: reach + p)

    struct Class {
      var (row, column, rows, pixels): (Int, Int, Int, Int)
      var taps: [Int32] = []
      var offsets: [Int] = []
      var packed = 0
    }
    var classes: [Class] = []
    var packedCount = 0
    for ry in 0..<min(s, height) {
      for rx in 0..<min(s, width) {
        var own = Class(
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
    let columns = columnCount(
      rows: height, pixels: s == 1 ? width : 8, depth: kernel.taps * kernel.output)
    let lane = border.count + columns
    let packed = scratch(packedCount + parallel.threads * lane)
    for own in classes {
      bz_pack(
        kernels, w.address, own.taps, Int32(own.taps.count), kernel.input * kernel.output,
        Int32(kernel.output), 1, Int32(kernel.input), kernel.output, packed + own.packed)
    }
    parallel.run(
      images, isWorthwhile: dy.shape.count * kernel.taps * kernel.input > 1 << 18
    ) { n, slot in
      let image = packed + packedCount + slot * lane
      border.fill(image, from: dy.address + n * dy.shape[1] * dy.shape[2] * kernel.output)
      let target = y + n * height * width * kernel.input
      for own in classes {
        own.offsets.withUnsafeBufferPointer { offsets in
          apply(
            bz_convolution(
              x: image, x_row: border.row, x_pixel: kernel.output, offsets: offsets.baseAddress,
              taps: Int32(offsets.count), in_channels: Int32(kernel.output),
              out_channels: Int32(kernel.input), packed: packed + own.packed,
              y: target + (own.row * width + own.column) * kernel.input,
              y_row: s * width * kernel.input, y_pixel: s * kernel.input, rows: Int32(own.rows),
              pixels: Int32(own.pixels)),
            columns: image + border.count)
        }
      }
    }
  }

  /// Sums of outer products over all pixels; images in chunks that depend on the shape alone.
  func convolutionWeightGradient(
    _ window: Op.Window, _ dy: Operand, _ x: Operand, _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    if usesWinograd(window, shape, height: dy.shape[1], width: dy.shape[2]) {
      return winogradWeightGradient(dy, x, padding: window.padding, y)
    }
    let kernel = Kernel(shape)
    let (images, rows, pixels) = (dy.shape[0], dy.shape[1], dy.shape[2])
    let border = Border(
      height: x.shape[1], width: x.shape[2], channels: kernel.input, before: window.padding,
      after: window.padding)
    let lanes = Int(kernels.pointee.lanes)
    let output = (kernel.output + lanes - 1) / lanes * lanes
    let isPadded = output != kernel.output
    let weights = kernel.taps * kernel.input * output
    let chunks = max(1, min(images, max(2, min(16, (1 << 21) / max(weights, 1)))))
    let bordered = window.padding > 0 ? border.count : 0
    let widened = isPadded ? rows * pixels * output : 0
    let lane = bordered + widened
    let partial = scratch(chunks * weights + parallel.threads * lane)
    parallel.run(
      chunks, isWorthwhile: dy.shape.count * kernel.taps * kernel.input > 1 << 18
    ) { chunk, slot in
      let own = partial + chunks * weights + slot * lane
      let sums = partial + chunk * weights
      sums.update(repeating: 0, count: weights)
      for n in images * chunk / chunks..<images * (chunk + 1) / chunks {
        var image = UnsafePointer(x.address + n * x.shape[1] * x.shape[2] * kernel.input)
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
          for u in 0..<kernel.width {
            kernels.pointee.outer(
              image + v * border.row + u * kernel.input, window.stride * border.row,
              window.stride * kernel.input, Int32(kernel.input), gradient, pixels * output, output,
              Int32(output), Int32(rows), Int32(pixels),
              sums + (v * kernel.width + u) * kernel.input * output, output)
          }
        }
      }
    }
    for chunk in 1..<max(chunks, 1) {
      kernels.pointee.sum_rows(1, weights, partial + chunk * weights, partial)
    }
    for i in 0..<kernel.taps * kernel.input {
      (y + i * kernel.output).update(from: partial + i * output, count: kernel.output)
    }
  }

  /// Visits each window: its output offset within an image and the input pixels it covers.
  private func forWindows(
    _ window: Op.Window, _ size: Int, _ input: Shape, _ body: (Int, Range<Int>, Range<Int>) -> Void
  ) {
    let (rows, pixels) = (
      window.outputs(input[1], size: size), window.outputs(input[2], size: size)
    )
    for r in 0..<rows {
      let top = r * window.stride - window.padding
      let vertical = max(0, top)..<max(max(0, top), min(input[1], top + size))
      for c in 0..<pixels {
        let left = c * window.stride - window.padding
        body(r * pixels + c, vertical, max(0, left)..<max(max(0, left), min(input[2], left + size)))
      }
    }
  }

  func maxPool(
    _ window: Op.Window, _ size: Int, _ x: Operand, _ shape: Shape, _ y: UnsafeMutablePointer<Float>
  ) {
    let (channels, line) = (x.shape[3], x.shape[2] * x.shape[3])
    parallel.run(shape[0], isWorthwhile: x.shape.count > 1 << 14) { n, _ in
      let image = x.address + n * x.shape[1] * line
      let result = y + n * shape[1] * shape[2] * channels
      forWindows(window, size, x.shape) { output, vertical, horizontal in
        let target = result + output * channels
        target.update(repeating: -.infinity, count: channels)
        for v in vertical {
          kernels.pointee.max_rows(
            horizontal.count, channels, image + v * line + horizontal.lowerBound * channels, target)
        }
      }
    }
  }

  func maxPoolGradient(
    _ window: Op.Window, _ size: Int, _ dy: Operand, _ x: Operand, _ y: UnsafeMutablePointer<Float>
  ) {
    let (channels, line) = (x.shape[3], x.shape[2] * x.shape[3])
    parallel.run(x.shape[0], isWorthwhile: x.shape.count > 1 << 14) { n, _ in
      let image = x.address + n * x.shape[1] * line
      let target = y + n * x.shape[1] * line
      target.update(repeating: 0, count: x.shape[1] * line)
      let seeds = dy.address + n * dy.shape[1] * dy.shape[2] * channels
      forWindows(window, size, x.shape) { output, vertical, horizontal in
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
  }
}
