import Datasets
import Findings
import Images
import Recurrence

extension SolidPatches {
  /// Plain rectangles of the files themselves.
  func proposals(in photographs: NativeImages, _ context: DetectionContext) -> [Proposal] {
    let (set, threads) = (context.set, context.threads)
    @Sendable func looked(_ photographs: NativeImages, _ images: [Int]) -> [RecurringRectangles.Sight?] {
      photographs.map(images, threads: threads) { RecurringRectangles.Sight($0.image, scale: $0.scale) }
    }
    return RecurringRectangles(
      looked(photographs, Array(0..<set.count)), controls: context.controls?.inFiles ?? [],
      plain: { looked(photographs.unchanged, $0) }, order: set.order("solid patches"),
      rate: context.falseDiscoveryRate, threads: threads
    ).families().compactMap { family in
      guard let first = family.found.members.first, family.found.members.count >= Rules.leastImages else { return nil }
      let places = family.found.members.compactMap { image -> Box? in
        guard let own = family.rectangles[image] else { return nil }
        let record = set.records[image]
        let scale = photographs.scale(width: record.width, height: record.height)
        func scaled(_ value: Int, upTo most: Int) -> Int { min(most, Int((Double(value) * scale).rounded())) }
        let (x, y) = (scaled(own.x, upTo: record.width - 1), scaled(own.y, upTo: record.height - 1))
        return Box(
          x: x, y: y, width: max(1, scaled(own.x + own.width, upTo: record.width) - x),
          height: max(1, scaled(own.y + own.height, upTo: record.height) - y))
      }
      guard let shown = family.rectangles[first], places.count == family.found.members.count else { return nil }
      let colour = shown.rgb
      let picture = Image(width: shown.width, height: shown.height, red: colour.x, green: colour.y, blue: colour.z)
      return Proposal(
        detector: Self.name, family.found, picture: picture, planted: picture, places: places, context)
    }
  }
}
