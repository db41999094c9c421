import Datasets
import Foundation
import Images
import Randomness
import Tensors

/// Makes the feeds of two views of each image: the views themselves on worker threads, or what a device needs to make them,
/// see ``DeviceViews``.
struct ViewMaker: Sendable {
  private let set: ImageSet
  /// Of first and of second views.
  private let augmentations: [Augmentation]
  private let stream: RandomStream
  private let threads: Int
  /// Of a view, in pixels.
  private let side: Int
  private let isOnDevice: Bool

  init(
    _ set: ImageSet, _ augmentation: Augmentation, second: Augmentation? = nil, _ stream: RandomStream, side: Int,
    threads: Int, onDevice: Bool = false
  ) {
    (self.set, self.stream, self.side) = (set, stream, side)
    augmentations = [augmentation, second ?? augmentation]
    (self.threads, isOnDevice) = (threads, onDevice)
  }

  /// Views [2N, side, side, 3], all first ones before all second ones; or images as bytes [N, image side, image side, 3]
  /// and parameters [2N, 26].
  func feeds(_ images: [Int], epoch: Int) -> [Tensor] {
    let total = 2 * images.count
    let epochStream = stream.stream(epoch)
    @Sendable func drawn(_ i: Int) -> RandomStream {
      epochStream.stream(images[i % images.count]).stream(i / images.count)
    }
    if isOnDevice {
      let bytes = gather(images.count, set.stride) { i, target in
        let from = images[i] * set.stride
        for byte in set.pixels[from..<from + set.stride] { target.append(Float(byte)) }
      }
      let parameters = gather(total, Augmentation.Column.count) { i, target in
        var own = drawn(i)
        target += augmentations[i / images.count].parameters(side: set.side, &own)
      }
      return [
        Tensor([images.count, set.side, set.side, 3], bytes), Tensor([total, Augmentation.Column.count], parameters),
      ]
    }
    let views = gather(total, 3 * side * side) { i, target in
      let position = target.count
      target += repeatElement(0, count: 3 * side * side)
      var own = drawn(i)
      augmentations[i / images.count].view(
        set.pixels, at: images[i % images.count] * set.stride, side: set.side, viewSide: side, &own, into: &target,
        at: position)
    }
    return [Tensor([total, side, side, 3], views)]
  }

  /// Rows one after another, some of them a task.
  private func gather(_ rows: Int, _ width: Int, _ append: @Sendable (Int, inout [Float]) -> Void) -> [Float] {
    let perTask = 16
    let pieces = concurrentMap((rows + perTask - 1) / perTask, threads: threads) { task in
      var own: [Float] = []
      own.reserveCapacity(perTask * width)
      for i in task * perTask..<min((task + 1) * perTask, rows) { append(i, &own) }
      return own
    }
    var all: [Float] = []
    all.reserveCapacity(rows * width)
    for piece in pieces { all += piece }
    return all
  }
}

/// Views as part of a step, for a device that a few processors would leave waiting: from the bytes of images and from
/// ``Augmentation/parameters(side:_:)``.
///
/// Rows and columns are resampled by batched products with matrices of two weights a row, colours by one affine map an image.
/// What comes out is what ``Augmentation/view(_:at:side:_:into:at:)`` and ``HighPass`` make, but for the rounding of sums.
public struct DeviceViews {
  /// The images in 0...1; [N, side, side, 3].
  public let pixels: Value
  /// Two views each, all first ones before all second ones; [2N, view side, view side, 3].
  public let views: Value

  /// Adds the feeds "images" and "view parameters" and what makes views of them.
  ///
  /// - Parameters:
  ///   - viewSide: Side of a view in pixels; nil for the images'.
  ///   - second: How second views are drawn; nil as the first.
  public init(
    _ trace: Trace, batch: Int, side: Int, viewSide: Int? = nil, _ augmentation: Augmentation,
    second: Augmentation? = nil
  ) {
    let images = trace.feed("images", [batch, side, side, 3])
    let parameters = trace.feed("view parameters", [2 * batch, Augmentation.Column.count])
    pixels = images * (1 / 255)
    func column(_ k: Int, count: Int = 1) -> Value { parameters.slice(axis: 1, start: k, count: count) }
    let n = 2 * batch

    let viewSide = viewSide ?? side
    func positions(_ values: some Collection<Int>) -> Value {
      trace.constant(Tensor([1, values.count], values.map(Float.init)))
    }
    let sources = positions(0..<side).reshaped([1, 1, side])
    let (places, mirrored) = (positions(0..<viewSide), positions((0..<viewSide).reversed()))
    /// Weights of source positions for every position of the view; [2N, view side, side].
    func weights(_ start: Int, _ extent: Int, _ position: Value) -> Value {
      let at = column(start) + (position + 0.5) * column(extent) / trace.constant(Float(viewSide)) - 0.5
      let distance = at.clamped(0, Float(side - 1)).reshaped([n, viewSide, 1]) - sources
      return (-distance.absolute() + 1).relu()
    }
    let isFlipped = column(Augmentation.Column.flip)
    let across = places * (-isFlipped + 1) + mirrored * isFlipped
    var result = Self.resampled(
      .concatenated([images, images]), rows: weights(Augmentation.Column.y, Augmentation.Column.height, places),
      columns: weights(Augmentation.Column.x, Augmentation.Column.width, across))
    result = result * (1 / 255)

    // A v + B m, one colour of the source at a time.
    func term(_ source: Value, _ first: Int) -> Value {
      let matrix = column(first, count: 9).reshaped([n, 1, 3, 3])
      return (0..<3).map { k in
        source.slice(axis: 3, start: k, count: 1) * matrix.slice(axis: 3, start: k, count: 1).reshaped([n, 1, 1, 3])
      }.reduce(trace.constant(0), +)
    }
    let mean = result.mean([1, 2])
    result = (term(result, Augmentation.Column.matrix) + term(mean, Augmentation.Column.shift)).clamped(0, 1)

    let kinds = [augmentation, second ?? augmentation]
    if kinds.contains(where: { $0.blur > 0 }) {
      let kernels = Self.blur(
        deviation: column(Augmentation.Column.deviation), radius: column(Augmentation.Column.radius), side: viewSide)
      result = Self.resampled(result, rows: kernels, columns: kernels)
    }
    if kinds.contains(where: { $0.solarize > 0 }) {
      let isInverted = column(Augmentation.Column.solarize).reshaped([n, 1, 1, 1])
      result = result + (result.minimum(-result + 1) - result) * isInverted
    }
    views = result
  }

  /// Each image's rows and columns mixed by a matrix of its own.
  ///
  /// - Parameters:
  ///   - images: [N, side, side, 3].
  ///   - rows: [N, new side, side]; row i of the result is the sum of the image's rows j times weight [i, j].
  ///   - columns: The same for columns.
  private static func resampled(_ images: Value, rows: Value, columns: Value) -> Value {
    let n = images.shape[0]
    func mixed(_ x: Value, _ weights: Value) -> Value {
      weights.matrixProduct(x.reshaped([n, x.shape[1], 3 * x.shape[2]])).reshaped([n, weights.shape[1], x.shape[2], 3])
    }
    let turned = mixed(images, rows).transposed([0, 2, 1, 3])
    return mixed(turned, columns).transposed([0, 2, 1, 3])
  }

  /// Gaussian kernels as matrices, edges repeated; [N, side, side] of columns [N, 1].
  private static func blur(deviation: Value, radius: Value, side: Int) -> Value {
    let (n, trace) = (deviation.shape[0], deviation.owner)
    let reach = 6
    let width = side + 2 * reach
    let distance = trace.constant(
      Tensor(
        [1, side, width], (0..<side).flatMap { i in (0..<width).map { Float(abs($0 - reach - i)) } }))
    func single(_ x: Value) -> Value { x.reshaped([n, 1, 1]) }
    let isNear = -distance.isGreater(than: single(radius)) + 1
    let bell = (-(distance * distance) / single(deviation * deviation * 2)).exponential() * isNear
    let kernel = bell / bell.sum([2])
    // What reaches beyond an edge falls on the edge.
    func part(_ start: Int, _ count: Int) -> Value { kernel.slice(axis: 2, start: start, count: count) }
    let (first, last) = (part(0, reach + 1).sum([2]), part(reach + side - 1, reach + 1).sum([2]))
    return .concatenated([first, part(reach + 1, side - 2), last], axis: 2)
  }

  /// Images [N, side, side, 3] without their low frequencies, as ``HighPass`` makes them.
  ///
  /// The real Fourier basis of a side times that of the other spans the same frequencies as the disc of the complex one, whose
  /// radius knows no signs: low = B (M * (Bᵀ x B)) Bᵀ, with M 1 inside the disc.
  public static func highFrequencies(of images: Value, radius: Int) -> Value {
    let (n, side, trace) = (images.shape[0], images.shape[1], images.owner)
    let radius = min(radius, side / 2)
    // Frequency 0, then cosine and sine of each further one; columns of unit length.
    let frequencies = (0..<2 * radius - 1).map { ($0 + 1) / 2 }
    let count = frequencies.count
    var basis: [Float] = []
    for x in 0..<side {
      for (k, u) in frequencies.enumerated() {
        let angle = 2 * Double.pi * Double(u * x % side) / Double(side)
        let scale = ((u == 0 ? 1 : 2) / Double(side)).squareRoot()
        basis.append(Float(scale * (k % 2 == 0 && k > 0 ? sin(angle) : cos(angle))))
      }
    }
    let inside = frequencies.flatMap { u in
      frequencies.map { v -> Float in u * u + v * v < radius * radius ? 1 : 0 }
    }
    let (waves, mask) = (trace.constant(Tensor([side, count], basis)), trace.constant(Tensor([count, count], inside)))
    /// The last axis by the basis or back, and that axis and the one before it exchanged; [M, a, b] to [M, b', a].
    func along(_ x: Value, _ back: Bool) -> Value {
      let (m, rows, to) = (x.shape[0], x.shape[1], back ? side : count)
      return x.reshaped([m * rows, x.shape[2]]).matrixProduct(waves, transposeRight: back).reshaped([m, rows, to])
        .transposed([0, 2, 1])
    }
    let planes = images.transposed([0, 3, 1, 2]).reshaped([3 * n, side, side])
    let spectrum = along(along(planes, false), false) * mask
    let low = along(along(spectrum, true), true)
    return images - low.reshaped([n, 3, side, side]).transposed([0, 2, 3, 1])
  }
}
