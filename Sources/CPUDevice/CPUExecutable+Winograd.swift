import CKernels
import Tensors

/// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): a quarter of the multiplications.
///
/// A tile of 4x4 results becomes 36 products a pair of channels, gathered over many tiles into 36
/// matrix products. All three passes use the same points, so the weight gradient is the exact adjoint
/// of the forward pass.
///
/// - Source: Lavin and Gray, 2015, arXiv 1509.09308.
extension CPUExecutable {
  private static let planes = Int(BZ_WINOGRAD_PLANES)

  /// The maps of one side of a convolution and their tiles.
  private struct Tiles {
    let images: Int
    var kernel: bz_tiles

    /// - Parameter output: Extents of the results, which decide the tiles.
    init(_ images: Int, height: Int, width: Int, channels: Int, output: (height: Int, width: Int)) {
      self.images = images
      kernel = bz_tiles(
        height: Int32(height), width: Int32(width), channels: Int32(channels),
        rows: Int32((output.height + 3) / 4), columns: Int32((output.width + 3) / 4))
    }

    var channels: Int { Int(kernel.channels) }
    var columns: Int { Int(kernel.columns) }
    var each: Int { Int(kernel.rows) * columns }
    var count: Int { images * each }
    /// Floats from one plane to the next: not a multiple of a page, or 36 streams meet in one set.
    func plane(_ tiles: Int) -> Int { tiles * channels + 16 }
  }

  /// Tiles in tasks of whole images, or of whole rows of tiles where one image has too many.
  private struct TileTasks {
    let count: Int
    let largest: Int
    private let each: Int
    private let bands: Int

    init(_ tiles: Tiles, most: Int) {
      each = tiles.each
      if each <= most {
        largest = min(tiles.count, most / each * each)
        bands = 0
        count = (tiles.count + largest - 1) / max(largest, 1)
      } else {
        largest = max(1, most / tiles.columns) * tiles.columns
        bands = (each + largest - 1) / largest
        count = tiles.images * bands
      }
    }

    func range(_ task: Int, of total: Int) -> Range<Int> {
      if bands == 0 { return task * largest..<min(total, (task + 1) * largest) }
      let (image, band) = (task / bands, task % bands)
      return image * each + band * largest..<image * each + min(each, (band + 1) * largest)
    }
  }

  /// True where Winograd does fewer multiplications and its kernels know the shape.
  func usesWinograd(_ window: Op.Window, _ weights: Shape, height: Int, width: Int) -> Bool {
    let lanes = Int(kernels.pointee.lanes)
    let tiles = ((height + 3) / 4) * ((width + 3) / 4)
    return window.stride == 1 && window.padding <= 2 && weights[0] == 3 && weights[1] == 3
      && weights[2] % lanes == 0 && weights[3] % lanes == 0 && tiles * 3 * Self.planes < height * width * 9 * 2
  }

  /// y = x * w, or the input gradient: dy * mirrored, transposed w.
  ///
  /// - Parameters:
  ///   - x: [N, H, W, C]; `shape` is that of y, [N, H', W', O].
  ///   - w: [3, 3, C, O], or [3, 3, O, C] if mirrored.
  func winograd(
    _ x: Operand, _ w: UnsafePointer<Float>, mirrored: Bool, padding: Int, _ shape: Shape,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let (input, output) = (x.shape[3], shape[3])
    let extents = (height: shape[1], width: shape[2])
    var from = Tiles(shape[0], height: x.shape[1], width: x.shape[2], channels: input, output: extents)
    var to = Tiles(shape[0], height: shape[1], width: shape[2], channels: output, output: extents)
    let tasks = TileTasks(from, most: max(32, (1 << 17) / (Self.planes * (input + output))))
    let weights = bz_packed_count(kernels, 1, Int32(input), Int32(output))
    let (planeIn, planeOut) = (from.plane(tasks.largest), to.plane(tasks.largest))
    let lane = Self.planes * (planeIn + planeOut)
    let packed = scratch(Self.planes * weights + parallel.threads * lane)
    let table = kernels.pointee
    let pieces = max(1, min(input, input * output / 4096))
    parallel.run(pieces) { piece, _ in
      table.winograd_weights(
        w, mirrored ? 1 : 0, input * output, Int32(input), mirrored ? 1 : output, Int32(output),
        mirrored ? input : 1, Int32(input * piece / pieces), Int32(input * (piece + 1) / pieces), packed)
    }
    var zero = 0
    withUnsafePointer(to: &zero) { zero in
      withUnsafePointer(to: &from.kernel) { from in
        withUnsafePointer(to: &to.kernel) { to in
          let count = Int(shape[0]) * Int(from.pointee.rows) * Int(from.pointee.columns)
          parallel.run(tasks.count) { task, slot in
            let v = packed + Self.planes * weights + slot * lane
            let m = v + Self.planes * planeIn
            let range = tasks.range(task, of: count)
            table.winograd_input(from, x.address, Int32(padding), range.lowerBound, range.upperBound, v, planeIn)
            for plane in 0..<Self.planes {
              var product = bz_convolution(
                x: v + plane * planeIn, x_row: 0, x_pixel: input, offsets: zero, taps: 1,
                in_channels: Int32(input), out_channels: Int32(output), packed: packed + plane * weights,
                y: m + plane * planeOut, y_row: 0, y_pixel: output, rows: 1, pixels: Int32(range.count))
              table.convolve(&product)
            }
            table.winograd_output(to, m, planeOut, range.lowerBound, range.upperBound, y)
          }
        }
      }
    }
  }

  /// dw[3, 3, C, O] from dy [N, H', W', O] and x [N, H, W, C].
  ///
  /// Small kernels: each group of tiles sums into planes of its own, then groups are added. Large
  /// ones: all tiles are transformed first and the 36 planes are the tasks.
  func winogradWeightGradient(
    _ dy: Operand, _ x: Operand, padding: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    let (input, output) = (x.shape[3], dy.shape[3])
    let extents = (height: dy.shape[1], width: dy.shape[2])
    var from = Tiles(x.shape[0], height: x.shape[1], width: x.shape[2], channels: input, output: extents)
    var to = Tiles(x.shape[0], height: dy.shape[1], width: dy.shape[2], channels: output, output: extents)
    let table = kernels.pointee
    let weights = input * output
    let total = from.count
    let isLarge = weights > 1 << 13
    let tasks = TileTasks(from, most: max(24, (1 << 17) / (Self.planes * (input + output))))
    let resident = isLarge ? min(total, max(64, (1 << 23) / (Self.planes * (input + output)))) : tasks.largest
    let (planeIn, planeOut) = (from.plane(resident), to.plane(resident))
    let lane = Self.planes * (planeIn + planeOut)
    let groups = isLarge ? 1 : max(1, min(16, tasks.count))
    let sums = scratch(groups * Self.planes * weights + (isLarge ? 1 : parallel.threads) * lane)
    let lanes = sums + groups * Self.planes * weights
    sums.update(repeating: 0, count: groups * Self.planes * weights)

    func transform(
      _ range: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ seeds: UnsafeMutablePointer<Float>
    ) {
      withUnsafePointer(to: &from.kernel) {
        table.winograd_input($0, x.address, Int32(padding), range.lowerBound, range.upperBound, v, planeIn)
      }
      withUnsafePointer(to: &to.kernel) {
        table.winograd_seed($0, dy.address, range.lowerBound, range.upperBound, seeds, planeOut)
      }
    }
    func accumulate(
      _ plane: Int, _ count: Int, _ v: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>
    ) {
      table.outer(
        v + plane * planeIn, 0, input, Int32(input), v + Self.planes * planeIn + plane * planeOut, 0, output,
        Int32(output), 1, Int32(count), sums + plane * weights, output)
    }
    if isLarge {
      for start in stride(from: 0, to: total, by: resident) {
        let count = min(resident, total - start)
        let pieces = (count + 15) / 16
        parallel.run(pieces) { piece, _ in
          let range = 16 * piece..<min(count, 16 * piece + 16)
          transform(
            start + range.lowerBound..<start + range.upperBound, lanes + range.lowerBound * input,
            lanes + Self.planes * planeIn + range.lowerBound * output)
        }
        parallel.run(Self.planes) { plane, _ in accumulate(plane, count, lanes, sums) }
      }
    } else {
      parallel.run(groups) { group, slot in
        let v = lanes + slot * lane
        for task in tasks.count * group / groups..<tasks.count * (group + 1) / groups {
          let range = tasks.range(task, of: total)
          transform(range, v, v + Self.planes * planeIn)
          for plane in 0..<Self.planes {
            accumulate(plane, range.count, v, sums + group * Self.planes * weights)
          }
        }
      }
      for group in 1..<max(groups, 1) {
        table.sum_rows(1, Self.planes * weights, sums + group * Self.planes * weights, sums)
      }
    }
    let lanesWide = Int(table.lanes)
    let pieces = max(1, min(weights / lanesWide, weights / 4096))
    parallel.run(pieces) { piece, _ in
      let vectors = weights / lanesWide
      table.winograd_weight_gradient(
        sums, weights, vectors * piece / pieces * lanesWide, vectors * (piece + 1) / pieces * lanesWide, y)
    }
  }
}
