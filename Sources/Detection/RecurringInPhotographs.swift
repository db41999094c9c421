import Datasets
import Findings
import Images
import Recurrence

/// Looks for what recurs in photographs at their own size, where a picture of some pixels is still there.
///
/// Beside what looks at the reduced, square images of a set: see ``RecurringPictures``, which finds, confirms and tells members.
/// Datasets of small images are left to those.
///
/// - Source: Our own.
/// - Limits: As ``limits`` says.
struct RecurringInPhotographs: Detector {
  static let name = "recurring-in-photographs"
  static let limits =
    "recurring-in-photographs sees a picture, letters or an overlay with some texture, of at least some 12 pixels of the file, upright and of any size, in about 14 unrelated images or more and in less than half of all; what is half transparent only in more, found in 90 of 1,800 and missed in 30; what looks the same in a mirror only where it is opaque, and not what looks the same upside down as well."
  /// It looks into the files.
  static let isControlled = false

  func proposals(_ context: DetectionContext) -> [Proposal] {
    guard let photographs = context.largePhotographs else { return [] }
    return RecurringPictures(
      photographs, context.stream.stream("recurring in photographs"),
      order: context.set.order("recurring in photographs"), rate: context.falseDiscoveryRate,
      threads: context.threads,
      controls: context.controls?.inFiles ?? []
    ).families().compactMap { family in
      guard family.found.members.count >= Rules.leastImages else { return nil }
      let picture = family.picture
      let (width, height) = (max(1, Int(picture.width.rounded())), max(1, Int(picture.height.rounded())))
      return Proposal(
        detector: Self.name, family.found, picture: picture.image.resized(width: width, height: height),
        planted: picture.undimmed,
        places: family.found.members.map { place(family, $0, context.set.records[$0], photographs) }, context)
    }
  }

  /// Where the picture is, in pixels of the file.
  private func place(
    _ family: RecurringPictures.Family, _ image: Int, _ record: ImageSet.Record, _ photographs: NativeImages
  ) -> Box {
    let pose = family.poses[image]
    let scale = Float(photographs.scale(width: record.width, height: record.height))
    func span(_ centre: Float, _ extent: Float, of most: Int) -> (Int, Int) {
      let start = max(0, min(most - 1, Int(((centre - extent * pose.scale / 2) * scale).rounded())))
      let end = max(start + 1, min(most, Int(((centre + extent * pose.scale / 2) * scale).rounded())))
      return (start, end - start)
    }
    let (x, width) = span(pose.x, family.picture.width, of: record.width)
    let (y, height) = span(pose.y, family.picture.height, of: record.height)
    return Box(x: x, y: y, width: width, height: height)
  }
}
