import Datasets
import Images
import Recurrence

/// Looks for one pattern that was added to the whole of many photographs: in the squeezed images of a set, where patterns that were
/// stretched over images of any size lie on each other, and in the means over tiles of the files, where those do that fill a file in blocks.
///
/// Small images are left to ``SpectralOutliers``, which needs their low frequencies.
///
/// - Source: Our own, see ``RecurringPatterns``; the attacks are Chen et al., 2017, arXiv 1712.05526 (blended), and Li et al., CTRL,
///   ICCV 2023.
/// - Limits: As ``limits`` says.
struct RecurringPatternsInPhotographs: Detector {
  static let name = "recurring-pattern"
  static let limits =
    "recurring-pattern sees one fixed pattern added to whole photographs, stretched over them or repeated in blocks of up to 32 pixels of the file, in some 14 up to half of them; only what changes within five pixels of the squeezed image, and nothing in files that were resized after blocks were added."
  /// The canary is no pattern; noise is hidden for it.
  static let isControlled = false

  /// Pixels; side of sets from which squeezed images show more than what ``SpectralOutliers`` looks at.
  private static let leastSide = 96

  func proposals(_ context: DetectionContext) -> [Proposal] {
    let (set, threads) = (context.set, context.threads)
    func found(
      _ name: StaticString, controls: [Int: Image] = [:], _ look: @escaping @Sendable ([Int]) -> [FineSigns?]
    ) -> [Confirmed] {
      RecurringPatterns(
        order: set.order(name), rate: context.falseDiscoveryRate / 2, threads: threads,
        controls: controls.mapValues { FineSigns([$0.luminance], side: set.side, least: Rules.fineLevels) }, look: look
      ).families()
    }
    var all: [Confirmed] = []
    if set.side >= Self.leastSide {
      all += found("squeezed", controls: context.controls?.noisy ?? [:]) { images in
        concurrentMap(images.count, threads: threads) {
          FineSigns([set.luminance(images[$0])], side: set.side, least: Rules.fineLevels)
        }
      }
    }
    // Controls are no blocks.
    if let photographs = context.largePhotographs?.unchanged {
      all += found("tiles") { images in
        photographs.map(images, threads: threads) { photograph -> FineSigns? in
          // A pattern in blocks does not survive a reduction.
          guard photograph.scale == 1 else { return nil }
          return FineSigns.tiles(photograph.image, side: Rules.tileSide).map {
            FineSigns($0, side: Rules.tileSide, least: Rules.fineTileLevels)
          }
        }.map { $0 ?? nil }
      }
    }
    return all.compactMap { proposal($0, context) }
  }

  private func proposal(_ found: Confirmed, _ context: DetectionContext) -> Proposal? {
    guard found.members.count >= Rules.leastImages else { return nil }
    return Proposal(
      detector: Self.name, found, .pattern(pattern(found.members, context.set, context.threads)), context)
  }

  /// Images that a pattern is taken from, and others that it is taken against, at most: their mean is known to less than a level.
  private static let shownImages = 500

  /// Mean of what members have finer than their neighbourhood, less that of others, in levels.
  private func pattern(_ members: [Int], _ set: ImageSet, _ threads: Int) -> [Float] {
    let planted = Set(members)
    func mean(_ images: [Int]) -> [Float] {
      set.mean(set.sample(among: images, Self.shownImages), threads: threads) { set.detail($0) }
    }
    let (own, others) = (mean(members.sorted()), mean((0..<set.count).filter { !planted.contains($0) }))
    let plane = set.side * set.side
    return (0..<set.stride).map { own[$0 % 3 * plane + $0 / 3] - others[$0 % 3 * plane + $0 / 3] }
  }
}
