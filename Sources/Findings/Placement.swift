/// Where in images something lies, and how large it is there: what tells a logo or a time stamp that came with the data from a trigger
/// that somebody scattered.
public struct Placement: Codable, Equatable, Sendable {
  /// In words: "anywhere", "always in the bottom right corner", "always along the left edge", "always at the same place".
  public var place: String
  /// Least, median and largest longer side, in pixels of the files.
  public var sizes: [Int]

  enum CodingKeys: String, CodingKey {
    case place = "where"
    case sizes = "sizes_px"
  }

  /// Describes where boxes lie.
  ///
  /// A coordinate is always the same if the middle 80 % of its distances to one edge, or of its share of the extent, differ by less
  /// than half of the box, and by less than an eighth of the extent.
  ///
  /// - Returns: Nil without boxes.
  public init?(_ boxes: [(box: Box, width: Int, height: Int)]) {
    guard !boxes.isEmpty else { return nil }
    let across = Self.edge(boxes.map { (Double($0.box.x), Double($0.box.width), Double($0.width)) }, ["left", "right"])
    let down = Self.edge(boxes.map { (Double($0.box.y), Double($0.box.height), Double($0.height)) }, ["top", "bottom"])
    place =
      switch (down, across) {
      case (nil, nil): "anywhere"
      case (let vertical?, let horizontal?) where vertical != "" && horizontal != "":
        "always in the \(vertical) \(horizontal) corner"
      case (_?, _?): "always at the same place"
      case (let edge?, nil), (nil, let edge?): edge == "" ? "always along one line" : "always along the \(edge) edge"
      }
    let sorted = boxes.map { max($0.box.width, $0.box.height) }.sorted()
    sizes = [sorted[0], sorted[sorted.count / 2], sorted[sorted.count - 1]]
  }

  /// The edge that boxes lie at; "" if they are fixed elsewhere, nil if they are not.
  private static func edge(_ spans: [(start: Double, count: Double, extent: Double)], _ names: [String]) -> String? {
    func middle(_ values: [Double]) -> (spread: Double, median: Double) {
      let sorted = values.sorted()
      let trimmed = sorted.count / 10
      return (sorted[sorted.count - 1 - trimmed] - sorted[trimmed], sorted[sorted.count / 2])
    }
    let (count, extent) = (middle(spans.map(\.count)).median, middle(spans.map(\.extent)).median)
    let limit = min(count / 2, extent / 8)
    let near = middle(spans.map(\.start))
    let far = middle(spans.map { $0.extent - $0.start - $0.count })
    let share = middle(spans.map { ($0.start + $0.count / 2) / $0.extent })
    guard min(near.spread, far.spread, share.spread * extent) < limit else { return nil }
    // At an edge: nearer to it than an eighth of the extent.
    let (edge, distance) = near.median <= far.median ? (names[0], near) : (names[1], far)
    return distance.median < extent / 8 ? edge : ""
  }
}
