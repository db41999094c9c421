import Images

/// A picture that images share: levels of cells, and how surely each is the same in all of them.
package struct Picture: Sendable {
  /// Cells across and down, some ``Rules/frameCells`` in all.
  package let columns: Int
  package let rows: Int
  /// Extents in pixels at scale 1.
  package let width: Float
  package let height: Float
  /// Luminance, and blue and red less it, halved, around 128: three planes of columns * rows.
  package var levels: [Float]
  /// One over the variance of each level from image to image, in levels; 0 where there is none.
  package var weights: [Float]

  /// Where it is in an image.
  package struct Pose: Sendable, Hashable {
    /// Centre in pixels of the image.
    package var x: Float
    package var y: Float
    /// Size as a multiple of the picture's own.
    package var scale: Float

    package init(x: Float, y: Float, scale: Float) { (self.x, self.y, self.scale) = (x, y, scale) }
  }

  package var count: Int { columns * rows }

  /// A frame with nothing in it.
  package init(width: Float, height: Float) {
    (self.width, self.height) = (width, height)
    let cell = max(1, (width * height / Rules.frameCells).squareRoot())
    func cells(_ extent: Float) -> Int { max(Rules.leastSide, min(64, Int((extent / cell).rounded()))) }
    (columns, rows) = (cells(width), cells(height))
    levels = [Float](repeating: 0, count: 3 * columns * rows)
    weights = [Float](repeating: 1, count: 3 * columns * rows)
  }

  /// Cells of an image where a picture of this kind would be; -1 outside of it.
  package func cells(_ image: IntegralImage, _ pose: Pose) -> [Float] {
    let (w, h) = (width * pose.scale, height * pose.scale)
    return image.cells(left: pose.x - w / 2, top: pose.y - h / 2, width: w, height: h, columns: columns, rows: rows)
  }

  /// Whether a point of an image is in the picture.
  func holds(_ pose: Pose, _ x: Float, _ y: Float) -> Bool {
    2 * abs(x - pose.x) <= width * pose.scale && 2 * abs(y - pose.y) <= height * pose.scale
  }

  /// Weighted mean of how much brighter an image's cells are than the picture, one a plane.
  func offsets(_ own: [Float]) -> [Float] {
    (0..<3).map { plane in
      var (sum, weight): (Float, Float) = (0, 0)
      for i in plane * count..<(plane + 1) * count where own[i] >= 0 {
        sum += weights[i] * (own[i] - levels[i])
        weight += weights[i]
      }
      return weight > 0 ? sum / weight : 0
    }
  }

  /// Weighted standard deviation from the means, in levels.
  package var contrast: Float {
    var (sum, all): (Float, Float) = (0, 0)
    for plane in 0..<3 {
      let own = plane * count..<(plane + 1) * count
      let weight = own.reduce(Float(0)) { $0 + weights[$1] }
      guard weight > 0 else { continue }
      let mean = own.reduce(Float(0)) { $0 + weights[$1] * levels[$1] } / weight
      sum += own.reduce(Float(0)) { $0 + weights[$1] * (levels[$1] - mean) * (levels[$1] - mean) }
      all += weight
    }
    return all > 0 ? (sum / all).squareRoot() : 0
  }

  /// The ways to turn a picture over that leave its cells in place.
  package enum Turn: CaseIterable {
    case none, mirrored, upsideDown, both

    var isMirrored: Bool { self == .mirrored || self == .both }
    var isUpsideDown: Bool { self == .upsideDown || self == .both }

    /// Levels of a turned window.
    func window(_ levels: [UInt8]) -> [UInt8] {
      var turned = levels
      for (start, side) in [(0, 8), (64, 4), (80, 4)] {
        for y in 0..<side {
          for x in 0..<side {
            let from = (isUpsideDown ? side - 1 - y : y) * side + (isMirrored ? side - 1 - x : x)
            turned[start + y * side + x] = levels[start + from]
          }
        }
      }
      return turned
    }

    /// A place turned around the origin.
    func place(_ place: WindowScan.Place) -> WindowScan.Place {
      .init(x: isMirrored ? -place.x : place.x, y: isUpsideDown ? -place.y : place.y, side: place.side)
    }
  }

  /// The picture mirrored or turned: natural images hold it as often as itself, those it was pasted into don't.
  package func turned(_ turn: Turn) -> Picture {
    var own = self
    for y in 0..<rows {
      for x in 0..<columns {
        let fromX = turn.isMirrored ? columns - 1 - x : x
        let fromY = turn.isUpsideDown ? rows - 1 - y : y
        let (to, from) = (y * columns + x, fromY * columns + fromX)
        for plane in 0..<3 {
          own.weights[plane * count + to] = weights[plane * count + from]
          own.levels[plane * count + to] = levels[plane * count + from]
        }
      }
    }
    return own
  }

  /// As an image of one pixel a cell; what differs from image to image is dimmed.
  package var image: Image {
    let surest = weights.max() ?? 1
    return image { i in (0..<3).reduce(Float(0)) { $0 + weights[$1 * count + i] } / (3 * surest) }
  }

  /// As an image of one pixel a cell, with what surrounds the picture.
  package var undimmed: Image { image { _ in 1 } }

  private func image(_ brightness: (Int) -> Float) -> Image {
    var pixels = [UInt8](repeating: 0, count: 3 * count)
    for i in 0..<count {
      let (y, blue, red) = (levels[i], 2 * (levels[count + i] - 128), 2 * (levels[2 * count + i] - 128))
      // Green is what is left of the luminance.
      let colour = [y + red, y - (77 * red + 29 * blue) / 150, y + blue]
      let weight = Rules.dimmed + (1 - Rules.dimmed) * brightness(i)
      for c in 0..<3 { pixels[3 * i + c] = UInt8(max(0, min(255, (weight * colour[c]).rounded()))) }
    }
    return Image(width: columns, height: rows, pixels: pixels)
  }
}
