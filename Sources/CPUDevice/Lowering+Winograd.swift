import CKernels
import Tensors

/// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): a quarter of the multiplications.
///
/// A tile of 4x4 results becomes 36 products a pair of channels, gathered over many tiles into 36
/// matrix products. All three passes use the same points, so the weight gradient is the exact adjoint
/// of the forward pass.
///
/// - Source: Lavin and Gray, 2015, arXiv 1509.09308.
extension Lowering {
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
    /// Pixels that whole rows of tiles cover, counted over all images.
    func rows(_ range: Range<Int>) -> Range<Int> {
      func start(_ tile: Int) -> Int {
        let (height, width) = (Int(kernel.height), Int(kernel.width))
        return (tile / each * height + min(height, tile % each / columns * 4)) * width
      }
      return start(range.lowerBound)..<start(range.upperBound)
    }
    /// Floats from one plane to the next: not a multiple of a page, or 36 streams meet in one set.
    func plane(_ tiles: Int) -> Int { tiles * channels + 16 }
  }

  /// Tiles in tasks of whole images, or of whole rows of tiles where one image has too many.
  private struct TileTasks {
    let count: Int
    let largest: Int
    private let each: Int
    private let bands: Int
    private let total: Int

    init(_ tiles: Tiles, most: Int) {
      each = tiles.each
      total = tiles.count
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

    func range(_ task: Int) -> Range<Int> {
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
  ///   - x: [N, H, W, C]; y is [N, H', W', O].
  ///   - w: [3, 3, C, O], or [3, 3, O, C] if mirrored.
  func winograd(
    _ x: Operand, _ w: Operand, mirrored: Bool, padding: Int, _ y: Operand, _ epilogue: Epilogue?
  ) -> Task {
    let (input, output) = (x.shape[3], y.shape[3])
    let extents = (height: y.shape[1], width: y.shape[2])
    let from = Tiles(y.shape[0], height: x.shape[1], width: x.shape[2], channels: input, output: extents)
    let to = Tiles(y.shape[0], height: y.shape[1], width: y.shape[2], channels: output, output: extents)
    let tasks = TileTasks(from, most: max(32, (1 << 17) / (Self.planes * (input + output))))
    let weights = bz_packed_count(kernels, 1, Int32(input), Int32(output))
    let (planeIn, planeOut) = (from.plane(tasks.largest), to.plane(tasks.largest))
    let lane = Self.planes * (planeIn + planeOut)
    workspace.reserve(Self.planes * weights + parallel.threads * lane)
    epilogue?.prepare(tasks.count)
    let pieces = max(1, min(input, input * output / 4096))
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)
    let pack: Parallel.Body = { piece, _ in
      kernels.pointee.winograd_weights(
        w.address, mirrored ? 1 : 0, input * output, Int32(input), mirrored ? 1 : output, Int32(output),
        mirrored ? input : 1, Int32(input * piece / pieces), Int32(input * (piece + 1) / pieces), workspace.base)
    }
    let body: Parallel.Body = { task, slot in
      let packed = workspace.base
      var (source, target) = (from.kernel, to.kernel)
      let v = packed + Self.planes * weights + slot * lane
      let m = v + Self.planes * planeIn
      let range = tasks.range(task)
      kernels.pointee.winograd_input(
        &source, x.address, Int32(padding), range.lowerBound, range.upperBound, v, planeIn)
      for plane in 0..<Self.planes {
        Self.multiply(
          kernels, v + plane * planeIn, range.count, input, packed + plane * weights, output, m + plane * planeOut)
      }
      kernels.pointee.winograd_output(&target, m, planeOut, range.lowerBound, range.upperBound, y.address)
      if let epilogue {
        let rows = to.rows(range)
        epilogue.run(task, y.address, rows.lowerBound, rows.count)
      }
    }
    return {
      parallel.run(pieces, pack)
      epilogue?.begin()
      parallel.run(tasks.count, body)
    }
  }

  /// dw[3, 3, C, O] from dy [N, H', W', O] and x [N, H, W, C].
  ///
  /// Small kernels: each group of tiles sums into planes of its own, then groups are added. Large
  /// ones: all tiles are transformed first and the 36 planes are the tasks.
  func winogradWeightGradient(_ dy: Operand, _ x: Operand, padding: Int, _ y: Operand) -> Task {
    let (input, output) = (x.shape[3], dy.shape[3])
    let extents = (height: dy.shape[1], width: dy.shape[2])
    let from = Tiles(x.shape[0], height: x.shape[1], width: x.shape[2], channels: input, output: extents)
    let to = Tiles(x.shape[0], height: dy.shape[1], width: dy.shape[2], channels: output, output: extents)
    let weights = input * output
    let total = from.count
    let isLarge = weights > 1 << 13
    let tasks = TileTasks(from, most: max(24, (1 << 17) / (Self.planes * (input + output))))
    let resident = isLarge ? min(total, max(64, (1 << 23) / (Self.planes * (input + output)))) : tasks.largest
    let (planeIn, planeOut) = (from.plane(resident), to.plane(resident))
    let lane = Self.planes * (planeIn + planeOut)
    let groups = isLarge ? 1 : max(1, min(16, tasks.count))
    let all = groups * Self.planes * weights
    workspace.reserve(all + (isLarge ? 1 : parallel.threads) * lane)
    let vectors = weights / Int(kernels.pointee.lanes)
    let pieces = max(1, min(vectors, weights / 4096))
    let (parallel, kernels, workspace) = (parallel, kernels, workspace)

    /// Planes of x's and dy's tiles, from `v` and `seeds`.
    func transform(_ range: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ seeds: UnsafeMutablePointer<Float>) {
      var (source, target) = (from.kernel, to.kernel)
      kernels.pointee.winograd_input(
        &source, x.address, Int32(padding), range.lowerBound, range.upperBound, v, planeIn)
      kernels.pointee.winograd_seed(&target, dy.address, range.lowerBound, range.upperBound, seeds, planeOut)
    }
    func accumulate(
      _ plane: Int, _ count: Int, _ v: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>
    ) {
      kernels.pointee.outer(
        v + plane * planeIn, 0, input, Int32(input), v + Self.planes * planeIn + plane * planeOut, 0, output,
        Int32(output), 1, Int32(count), sums + plane * weights, output)
    }
    let lanes = weights / vectors
    let finish: Parallel.Body = { piece, _ in
      kernels.pointee.winograd_weight_gradient(
        workspace.base, weights, vectors * piece / pieces * lanes, vectors * (piece + 1) / pieces * lanes, y.address)
    }
    if isLarge {
      let rounds = stride(from: 0, to: total, by: resident).map { start -> (Int, Parallel.Body, Parallel.Body) in
        let count = min(resident, total - start)
        return (
          (count + 15) / 16,
          { piece, _ in
            let v = workspace.base + all
            let range = 16 * piece..<min(count, 16 * piece + 16)
            transform(
              start + range.lowerBound..<start + range.upperBound, v + range.lowerBound * input,
              v + Self.planes * planeIn + range.lowerBound * output)
          }, { plane, _ in accumulate(plane, count, workspace.base + all, workspace.base) }
        )
      }
      return {
        workspace.base.update(repeating: 0, count: all)
        for (pieces, transform, accumulate) in rounds {
          parallel.run(pieces, transform)
          parallel.run(Self.planes, accumulate)
        }
        parallel.run(pieces, finish)
      }
    }
    let body: Parallel.Body = { group, slot in
      let sums = workspace.base
      let own = sums + group * Self.planes * weights
      own.update(repeating: 0, count: Self.planes * weights)
      let v = sums + all + slot * lane
      for task in tasks.count * group / groups..<tasks.count * (group + 1) / groups {
        let range = tasks.range(task)
        transform(range, v, v + Self.planes * planeIn)
        for plane in 0..<Self.planes { accumulate(plane, range.count, v, own) }
      }
    }
    return {
      let sums = workspace.base
      parallel.run(groups, body)
      for group in 1..<max(groups, 1) {
        kernels.pointee.sum_rows(1, Self.planes * weights, sums + group * Self.planes * weights, sums)
      }
      parallel.run(pieces, finish)
    }
  }
}
