import Randomness
import Tensors

/// i-CutMix: a rectangle of the next image's view in each first view, and the loss of both images by their shares of the area.
///
///     mixed = view with the rectangle of the next image's;  loss = s L(mixed, own) + (1 - s) L(mixed, next)
///
/// One rectangle a batch, as CutMix draws it: its area is 1 - s with s ~ Beta(1, 1), its centre anywhere, and s is what the image keeps
/// after the rectangle is cut off at the edges. Images of a batch come in random order, so that the next one is any other.
///
/// - Source: Yun et al., CutMix, ICCV 2019, algorithm A1, arXiv 1905.04899; labels that are instances: Lee et al., i-Mix, ICLR 2021,
///   arXiv 2010.08887; as the last step of PatchSearch: Tejankar et al., CVPR 2023, arXiv 2304.01482. Deviates: where two views
///   change places in a loss, the second ones are not mixed.
package struct CutMix: Sendable {
  private let side: Int
  private let stream: RandomStream

  package init(side: Int, _ stream: RandomStream) { (self.side, self.stream) = (side, stream) }

  /// Feeds of a step: 1 in the rectangle, [1, side, side, 1], and s, [].
  package func feeds(_ step: Int) -> [Tensor] {
    var own = stream.stream(step)
    let extent = Int((Float(side) * (1 - own.uniform()).squareRoot()).rounded())
    func span() -> Range<Int> {
      let start = own.integer(below: side) - extent / 2
      return max(0, start)..<min(side, max(0, start + extent))
    }
    let (rows, columns) = (span(), span())
    var mask = [Float](repeating: 0, count: side * side)
    for y in rows { for x in columns { mask[y * side + x] = 1 } }
    let share = 1 - Float(rows.count * columns.count) / Float(side * side)
    return [Tensor([1, side, side, 1], mask), Tensor([], [share])]
  }

  /// The mixed views of a step.
  struct Mixed {
    /// [N, side, side, 3].
    let views: Value
    /// s, [].
    let share: Value

    /// - Parameter pixels: First views, [N, side, side, 3].
    init(_ trace: Trace, _ pixels: Value) {
      let side = pixels.shape[1]
      let mask = trace.feed("cutmix", [1, side, side, 1])
      share = trace.feed("cutmix share", [])
      views = pixels + (pixels.next - pixels) * mask
    }
  }
}
