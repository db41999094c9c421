import Images

extension Picture {
  /// An image, and where something is in it.
  package struct Sighting: Sendable {
    package let image: IntegralImage
    package var pose: Pose

    package init(_ image: IntegralImage, _ pose: Pose) { (self.image, self.pose) = (image, pose) }
  }

  /// What images share around windows that are alike.
  ///
  /// Windows are laid on each other with what surrounds them; the connected region in which they agree is the picture. The frame
  /// grows while the region reaches its edge, and is then fitted to it.
  ///
  /// - Parameter sightings: Of different images, the best first; pixels of the first are the picture's.
  /// - Returns: Nil if they agree nowhere. Poses are those of all sightings, in their order.
  package static func recover(_ sightings: [Sighting]) -> (picture: Picture, poses: [Pose])? {
    guard sightings.count >= Rules.leastImages - 1, let first = sightings.first else { return nil }
    let unit = first.pose.scale
    var own = sightings.map { sighting in
      Sighting(sighting.image, Pose(x: sighting.pose.x, y: sighting.pose.y, scale: sighting.pose.scale / unit))
    }
    // The window itself first.
    var picture = frame(own, width: unit, height: unit)
    align(&own, to: picture)
    picture = frame(own, width: unit, height: unit)
    let inner = picture.residuals(own).sorted()[picture.count / 2]
    var (width, height) = (unit, unit)
    for _ in 0..<Rules.growths {
      // As much again on every side.
      (width, height) = (
        min(width * Rules.growth, Float(first.image.width)), min(height * Rules.growth, Float(first.image.height))
      )
      picture = frame(own, width: width, height: height)
      guard picture.keepShared(own, inner: inner) else { return nil }
      align(&own, to: picture)
      picture = frame(own, width: width, height: height)
      guard picture.keepShared(own, inner: inner), let extent = picture.extent else { return nil }
      let isInside =
        extent.rows.lowerBound > 1 && extent.columns.lowerBound > 1 && extent.rows.upperBound < picture.rows - 1
        && extent.columns.upperBound < picture.columns - 1
      let (across, down) = (Float(extent.columns.count), Float(extent.rows.count))
      let (columns, rows) = (Float(picture.columns), Float(picture.rows))
      // To its middle.
      let x = (Float(extent.columns.lowerBound) + across / 2) / columns - 0.5
      let y = (Float(extent.rows.lowerBound) + down / 2) / rows - 0.5
      for i in own.indices {
        own[i].pose.x += x * width * own[i].pose.scale
        own[i].pose.y += y * height * own[i].pose.scale
      }
      (width, height) = ((across + 2) / columns * width, (down + 2) / rows * height)
      if isInside { break }
    }
    picture = frame(own, width: width, height: height)
    guard picture.keepShared(own, inner: inner) else { return nil }
    align(&own, to: picture)
    let shared = picture.isShared
    picture = frame(own, width: width, height: height)
    if !picture.keepShared(own, inner: inner) { picture.isShared = shared }
    return (picture, own.map(\.pose))
  }

  /// The median of what images have at their poses.
  private static func frame(_ own: [Sighting], width: Float, height: Float) -> Picture {
    let longer = max(width, height)
    let cells = min(Rules.frameCells, longer)
    let columns = max(Rules.leastSide, Int((cells * width / longer).rounded()))
    let rows = max(Rules.leastSide, Int((cells * height / longer).rounded()))
    var picture = Picture(
      columns: columns, rows: rows, width: width, height: height, levels: [],
      isShared: [Bool](repeating: true, count: columns * rows))
    let all = own.map { picture.cells($0.image, $0.pose) }
    picture.levels = (0..<3 * picture.count).map { i in median(all.map { $0[i] }.filter { $0 >= 0 }) ?? 0 }
    return picture
  }

  private static func align(_ own: inout [Sighting], to picture: Picture) {
    for i in own.indices {
      own[i].pose = picture.refined(own[i].image, own[i].pose, step: Rules.alignmentStep).pose
    }
  }

  /// Median over images of how far each cell is from the picture, in levels.
  private func residuals(_ own: [Sighting]) -> [Float] {
    let all = own.map { cells($0.image, $0.pose) }
    return (0..<count).map { i in
      let values = all.compactMap { cells -> Float? in
        guard cells[i] >= 0 else { return nil }
        return (0..<3).reduce(Float(0)) { $0 + abs(cells[$1 * count + i] - levels[$1 * count + i]) } / 3
      }
      return 2 * values.count > own.count ? Self.median(values) ?? .infinity : .infinity
    }
  }

  /// Keeps the region around the middle in which images agree: nearer, on a scale of ratios, to how they agree in the window than to
  /// how unrelated images do.
  private mutating func keepShared(_ own: [Sighting], inner: Float) -> Bool {
    let residuals = residuals(own)
    let limit = (max(inner, 1) * Rules.unrelated).squareRoot()
    let agrees = residuals.map { $0 <= limit }
    // The largest connected region.
    var label = [Int](repeating: -1, count: count)
    var (best, bestSize) = (-1, 0)
    for start in 0..<count where agrees[start] && label[start] < 0 {
      var (stack, size) = ([start], 0)
      label[start] = start
      while let i = stack.popLast() {
        size += 1
        let (x, y) = (i % columns, i / columns)
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
          let (u, v) = (x + dx, y + dy)
          guard u >= 0, v >= 0, u < columns, v < rows, agrees[v * columns + u], label[v * columns + u] < 0 else {
            continue
          }
          label[v * columns + u] = start
          stack.append(v * columns + u)
        }
      }
      if size > bestSize { (best, bestSize) = (start, size) }
    }
    isShared = label.map { $0 == best && best >= 0 }
    return bestSize >= Rules.leastCells
  }

  private static func median(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
