import Datasets
import Images

/// Finds images put together from two: a straight edge across the whole image at the middle.
///
/// A seam's strength is the 25 % quantile, over the rows it crosses, of the step across it divided by the
/// steps beside it: nearly every row must jump. Lines elsewhere in the same images are the decoys; only an
/// excess at one line counts. Such images are worth a look; what removes them is a trigger they share.
///
/// - Source: Our own; the layout is that of Noisy Alignment, ICCV 2025.
public struct CollageSeams: Detector {
  public static let name = "collage-seam"
  public static let limits =
    "collage-seam sees images joined along a straight line through the middle; not blended joints, and none where the halves are of like colour. It never removes an image by itself."

  private static let strong: Float = 3

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    guard set.count >= 60 else { return [] }
    // The line at the middle against one elsewhere.
    let middle = set.side / 2
    let others = (set.side / 4...set.side * 3 / 4).filter { abs($0 - middle) >= 2 }
    let strengths = concurrentMap(set.count, threads: context.threads) { i -> [(own: Float, decoy: Float)] in
      let plane = set.luminance(i)
      // Which line is drawn from the image itself, so that the order of images does not matter.
      let other = others[set.draw(i, "decoy", below: others.count)]
      return [true, false].map { isVertical in
        (Self.strength(plane, set.side, middle, isVertical), Self.strength(plane, set.side, other, isVertical))
      }
    }
    var found: [Proposal] = []
    for axis in 0..<2 {
      let (scores, decoys) = (strengths.map { $0[axis].own }, strengths.map { $0[axis].decoy })
      let hits = scores.indices.filter { scores[$0] >= Self.strong }
      let chance = decoys.count { $0 >= Self.strong }
      let excess = Double(hits.count - chance) / Double(hits.count + chance + 1).squareRoot()
      guard hits.count >= 10, excess >= 5, chance * 4 <= hits.count else { continue }
      let p = Calibration.pValues(scores, null: decoys)
      found.append(
        Proposal(
          detector: Self.name, trigger: nil,
          members: hits.sorted { (scores[$0], $1) > (scores[$1], $0) }
            .map { .init(image: $0, score: scores[$0], pValue: p[$0], place: nil) }, separation: nil, isPoison: false))
    }
    return found
  }

  /// Strength of the line before column or row `line`.
  private static func strength(_ plane: [Float], _ side: Int, _ line: Int, _ isVertical: Bool) -> Float {
    func value(_ along: Int, _ across: Int) -> Float {
      isVertical ? plane[along * side + across] : plane[across * side + along]
    }
    var ratios: [Float] = []
    ratios.reserveCapacity(side)
    for along in 0..<side {
      let step = abs(value(along, line) - value(along, line - 1))
      let beside =
        abs(value(along, line - 1) - value(along, line - 2)) + abs(value(along, line + 1) - value(along, line))
      ratios.append(step / (beside / 2 + 4))
    }
    ratios.sort()
    return ratios[side / 4]
  }
}
