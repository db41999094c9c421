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
    detector: String, _ found: Confirmed, picture: Image, planted: Image, places: [Box],
    _ context: DetectionContext
  ) {
    let (set, images) = (context.set, found.members)
    // Sides in the squeezed image, which need not be square there.
    let sides = zip(images, places).map { image, place in
      let record = set.records[image]
      return Double(set.side)
        * max(Double(place.width) / Double(record.width), Double(place.height) / Double(record.height))
    }.sorted()
    let side = max(Self.leastSide, min(set.side / 2, Int(sides[sides.count / 2].rounded())))
    let windows = zip(images, places).map { image, place -> Window in
      let record = set.records[image]
      func start(_ from: Int, _ count: Int, of extent: Int) -> Int {
        let middle = (Double(from) + Double(count) / 2) * Double(set.side) / Double(extent)
        return max(0, min(set.side - side, Int((middle - Double(side) / 2).rounded())))
      }
      return Window(
        x: start(place.x, place.width, of: record.width), y: start(place.y, place.height, of: record.height), side: side
      )
    }
    self.init(
      detector: detector, found, .patch(PatchTemplate(planted.resized(width: side, height: side))),
      places: zip(windows, places).map { ($0, $1) }, context)
    native = NativePicture(picture)
  }

  /// What was confirmed: its members are final.
  ///
  /// - Parameter places: Of each member, in the squeezed image and in the file; empty for what covers images.
  init(
    detector: String, _ found: Confirmed, _ trigger: PlantedTrigger, places: [(Window, Box)] = [],
    _ context: DetectionContext
  ) {
    let (images, decoys) = (found.members, found.decoys.flatMap(\.self))
    let p = Calibration.pValues(images.map { found.scores[$0] }, null: decoys)
    var separation = Separation(found.scores, decoys: decoys, members: images, rate: context.falseDiscoveryRate)
    separation.cut(at: found.threshold, found.scores, decoys: decoys)
    self.init(
      detector: detector, trigger: trigger,
      members: images.indices.map { i in
        .init(
          image: images[i], score: found.scores[images[i]], pValue: p[i], place: places.isEmpty ? nil : places[i].0,
          source: places.isEmpty ? nil : places[i].1)
      }, separation: separation, isPoison: true, isExact: true)
  }

  /// Side in pixels of the reduced image that a picture is given at least, so that it can be planted there.
  private static let leastSide = 3
}
