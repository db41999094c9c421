import Datasets
import Images
import Recurrence

extension SolidPatches {
  /// Plain rectangles of the files themselves.
  func proposals(in photographs: NativeImages, _ context: DetectionContext) -> [Proposal] {
    let set = context.set
    let sights = photographs.map(Array(0..<set.count), threads: context.threads) {
      RecurringRectangles.Sight($0.image, scale: $0.scale)
    }
    let controls = context.controls?.inFiles ?? []
    let hidden = Set(controls.joined()).sorted()
    let plain = photographs.unchanged.map(hidden, threads: context.threads) {
      RecurringRectangles.Sight($0.image, scale: $0.scale)
    }
    return RecurringRectangles(
      sights, controls: controls,
      plain: Dictionary(
        uniqueKeysWithValues: zip(hidden, plain).compactMap { image, sight in sight.map { (image, $0) } }),
      order: set.order("solid patches"), rate: context.falseDiscoveryRate, threads: context.threads
    ).families().compactMap { family in
      guard let first = family.found.members.first, family.found.members.count >= Rules.leastImages else { return nil }
      let places = family.found.members.compactMap { image -> SourcePlace? in
        guard let own = family.rectangles[image] else { return nil }
        let record = set.records[image]
        let scale = photographs.scale(width: record.width, height: record.height)
        func scaled(_ value: Int, upTo most: Int) -> Int { min(most, Int((Double(value) * scale).rounded())) }
        let (x, y) = (scaled(own.x, upTo: record.width - 1), scaled(own.y, upTo: record.height - 1))
        return SourcePlace(
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
