import Datasets
import Findings
import Images
import Recurrence

extension DetectionContext {
  /// The images at their own size, where some are larger than what small images are for; else nil.
  var largePhotographs: NativeImages? {
    Self.hasPhotographs(set) ? photographs : nil
  }

  /// True if some images are larger than what small images are for.
  static func hasPhotographs(_ set: ImageSet) -> Bool { set.records.contains(where: isLarge) }

  /// True if all are.
  static func isOfPhotographs(_ set: ImageSet) -> Bool { set.count > 0 && set.records.allSatisfy(isLarge) }

  private static func isLarge(_ record: ImageSet.Record) -> Bool {
    max(record.width, record.height) > Rules.smallImages
  }
}

extension Proposal {
  /// What was found and confirmed in the files themselves: its members are final.
  ///
  /// - Parameters:
  ///   - picture: As it is in files, dimmed where its images differ.
  ///   - planted: The same without that.
  ///   - places: Where it is in the file of each member.
  init(
    detector: String, _ found: Confirmed, picture: Image, planted: Image, places: [SourcePlace],
    _ context: DetectionContext
  ) {
    let (set, images, decoys) = (context.set, found.members, found.decoys.flatMap(\.self))
    let p = Calibration.pValues(images.map { found.scores[$0] }, null: decoys)
    // Sides in the squeezed image, which need not be square there.
    let sides = zip(images, places).map { image, place in
      let record = set.records[image]
      return Double(set.side)
        * max(Double(place.width) / Double(record.width), Double(place.height) / Double(record.height))
    }.sorted()
    let side = max(Self.leastSide, min(set.side / 2, Int(sides[sides.count / 2].rounded())))
    let members = images.indices.map { i -> Proposal.Member in
      let (record, source) = (set.records[images[i]], places[i])
      func start(_ from: Int, _ count: Int, of extent: Int) -> Int {
        let middle = (Double(from) + Double(count) / 2) * Double(set.side) / Double(extent)
        return max(0, min(set.side - side, Int((middle - Double(side) / 2).rounded())))
      }
      let window = Window(
        x: start(source.x, source.width, of: record.width), y: start(source.y, source.height, of: record.height),
        side: side)
      return .init(image: images[i], score: found.scores[images[i]], pValue: p[i], place: window, source: source)
    }
    var separation = Separation(found.scores, decoys: decoys, members: images, rate: context.falseDiscoveryRate)
    separation.cut(at: found.threshold, found.scores, decoys: decoys)
    self.init(
      detector: detector, trigger: .patch(PatchTemplate(planted.resized(width: side, height: side))), members: members,
      separation: separation, isPoison: true, isExact: true)
    native = NativePicture(picture)
  }

  /// Side in pixels of the reduced image that a picture is given at least, so that it can be planted there.
  private static let leastSide = 3
}
