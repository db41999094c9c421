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
    "recurring-in-photographs sees a picture, letters or an overlay that is at least half opaque, with some texture, of at least some 12 pixels of the file, upright and of any size, in about 14 unrelated images or more and in less than half of all; what looks the same in a mirror only where it is opaque, and not what looks the same upside down as well."
  /// It looks into the files.
  static let isControlled = false

  func proposals(_ context: DetectionContext) -> [Proposal] {
    guard let photographs = context.photographs else { return [] }
    let set = context.set
    guard set.records.contains(where: { max($0.width, $0.height) > Rules.smallImages }) else { return [] }
    return RecurringPictures(
      photographs, context.stream.stream("recurring in photographs"), rate: context.falseDiscoveryRate,
      threads: context.threads
    ).families().compactMap { proposal($0, photographs, set, context) }
  }

  private func proposal(
    _ family: RecurringPictures.Family, _ photographs: NativeImages, _ set: ImageSet, _ context: DetectionContext
  ) -> Proposal? {
    let images = family.members
    guard images.count >= Rules.leastImages else { return nil }
    let decoys = family.decoys.flatMap(\.self)
    let p = Calibration.pValues(images.map { family.scores[$0] }, null: decoys)
    // Sides in the squeezed image, which need not be square there.
    let sides = images.map { image in
      let (record, pose) = (set.records[image], family.poses[image])
      let scale = photographs.scale(width: record.width, height: record.height)
      let across = Double(family.picture.width * pose.scale) * scale / Double(record.width)
      let down = Double(family.picture.height * pose.scale) * scale / Double(record.height)
      return max(across, down) * Double(set.side)
    }.sorted()
    let side = max(Self.leastSide, min(set.side / 2, Int(sides[sides.count / 2].rounded())))
    let members = images.indices.map { i -> Proposal.Member in
      let record = set.records[images[i]]
      let source = place(family, images[i], record, photographs)
      func start(_ from: Int, _ count: Int, of extent: Int) -> Int {
        let middle = (Double(from) + Double(count) / 2) * Double(set.side) / Double(extent)
        return max(0, min(set.side - side, Int((middle - Double(side) / 2).rounded())))
      }
      let window = Window(
        x: start(source.x, source.width, of: record.width), y: start(source.y, source.height, of: record.height),
        side: side)
      return .init(image: images[i], score: family.scores[images[i]], pValue: p[i], place: window, source: source)
    }
    var separation = Separation(
      family.scores, decoys: decoys, members: images, rate: context.falseDiscoveryRate)
    separation.cut(at: family.threshold, family.scores, decoys: decoys)
    let picture = family.picture
    let shown = picture.image
    var proposal = Proposal(
      detector: Self.name,
      trigger: .patch(PatchTemplate(picture.undimmed.resized(width: side, height: side))), members: members,
      separation: separation, isPoison: true, isExact: true)
    let size = (max(1, Int(picture.width.rounded())), max(1, Int(picture.height.rounded())))
    proposal.native = NativePicture(shown.resized(width: size.0, height: size.1))
    return proposal
  }

  /// Side in pixels of the reduced image that a picture is given at least, so that it can be planted there.
  private static let leastSide = 3

  /// Where the picture is, in pixels of the file.
  private func place(
    _ family: RecurringPictures.Family, _ image: Int, _ record: ImageSet.Record, _ photographs: NativeImages
  ) -> SourcePlace {
    let pose = family.poses[image]
    let scale = Float(photographs.scale(width: record.width, height: record.height))
    func span(_ centre: Float, _ extent: Float, of most: Int) -> (Int, Int) {
      let start = max(0, min(most - 1, Int(((centre - extent * pose.scale / 2) * scale).rounded())))
      let end = max(start + 1, min(most, Int(((centre + extent * pose.scale / 2) * scale).rounded())))
      return (start, end - start)
    }
    let (x, width) = span(pose.x, family.picture.width, of: record.width)
    let (y, height) = span(pose.y, family.picture.height, of: record.height)
    return SourcePlace(x: x, y: y, width: width, height: height)
  }
}
