import Images

extension Picture {
  /// An image, and where something is in it.
  package struct Sighting: Sendable {
    package let image: IntegralImage
    package var pose: Pose

    package init(_ image: IntegralImage, _ pose: Pose) { (self.image, self.pose) = (image, pose) }
  }

  /// What images share.
  package struct Recovered: Sendable {
    package var picture: Picture
    /// Where its middle is in pixels of the first image, from where that of the frame was.
    package var x: Float = 0
    package var y: Float = 0
    /// Images that show it, as places among the sightings.
    package var poses: [(sighting: Int, pose: Pose, score: Float)]

    /// The same with a frame that is larger or smaller at some sides; nil if it gets too small or nothing is left.
    fileprivate func resized(_ sides: [(x: Float, y: Float)], by share: Float, _ sightings: [Sighting]) -> Self? {
      let (across, down) = (sides.count { $0.x != 0 }, sides.count { $0.y != 0 })
      let (width, height) = (picture.width, picture.height)
      let frame = Picture(width: width * (1 + share * Float(across)), height: height * (1 + share * Float(down)))
      guard min(frame.width, frame.height) >= Float(Rules.finestBox) else { return nil }
      let x = sides.reduce(0) { $0 + $1.x } * share * width / 2
      let y = sides.reduce(0) { $0 + $1.y } * share * height / 2
      let moved = poses.map { one in
        let pose = Pose(x: one.pose.x + x * one.pose.scale, y: one.pose.y + y * one.pose.scale, scale: one.pose.scale)
        return (one.sighting, Sighting(sightings[one.sighting].image, pose))
      }
      guard var next = frame.settled(moved, rounds: 1) else { return nil }
      (next.x, next.y) = (self.x + x, self.y + y)
      return next
    }
  }

  /// What images share where they are laid on each other.
  ///
  /// The median of their levels, less the brightness of each. Weights are one over the square of what images deviate by, so that what
  /// shows through between letters counts little. Images of which it explains less than half are left out. Strips of the
  /// frame that are not explained either are cut off, and it grows by those that are.
  ///
  /// - Parameters:
  ///   - sightings: Of different images, the best first; pixels of the first are the picture's.
  ///   - width: Of the frame, in pixels of the first.
  /// - Returns: Nil if too few agree.
  package static func recover(_ sightings: [Sighting], width: Float, height: Float) -> Recovered? {
    let start = Picture(width: width, height: height)
    guard var found = start.settled(sightings.enumerated().map { ($0, $1) }, rounds: Rules.recoveryRounds) else {
      return nil
    }
    // Larger windows than the picture are alike as well: first what is not shared is cut off.
    for share in Rules.strips {
      for isInside in [true, false] {
        for _ in 0..<Rules.growths {
          let own = found.poses.map { Sighting(sightings[$0.sighting].image, $0.pose) }
          let sides = Self.sides.filter { found.picture.isShared(own, at: $0, share, inside: isInside) != isInside }
          guard !sides.isEmpty, let next = found.resized(sides, by: isInside ? -share : share, sightings) else { break }
          found = next
        }
      }
    }
    return found
  }

  private static let sides: [(x: Float, y: Float)] = [(-1, 0), (1, 0), (0, -1), (0, 1)]

  /// Lays images on each other in turns.
  fileprivate func settled(_ sightings: [(Int, Sighting)], rounds: Int) -> Recovered? {
    var (picture, own, kept) = (self, sightings, Array(sightings.indices))
    var scores = [Float](repeating: 0, count: own.count)
    for round in 0..<rounds {
      guard kept.count >= Rules.leastImages - 1 else { return nil }
      picture.fit(kept.map { picture.cells(own[$0].1.image, own[$0].1.pose) })
      let matcher = Matcher(picture)
      for i in own.indices {
        (own[i].1.pose, scores[i]) = matcher.refined(
          own[i].1.image, own[i].1.pose, step: round == 0 ? Rules.alignmentStep : Rules.alignmentStep / 2)
      }
      kept = own.indices.filter { scores[$0] >= Rules.leastScore }
    }
    guard kept.count >= Rules.leastImages - 1 else { return nil }
    return Recovered(picture: picture, poses: kept.map { (own[$0].0, own[$0].1.pose, scores[$0]) })
  }

  /// Whether the strip at a side, inside or outside of the frame, is explained by half in half of the images.
  private func isShared(_ own: [Sighting], at side: (x: Float, y: Float), _ share: Float, inside: Bool) -> Bool {
    var strip = Picture(
      width: side.x == 0 ? width : share * width, height: side.y == 0 ? height : share * height)
    let poses = own.map { sighting -> Pose in
      var pose = sighting.pose
      pose.x += side.x * (inside ? width - strip.width : width + strip.width) / 2 * pose.scale
      pose.y += side.y * (inside ? height - strip.height : height + strip.height) / 2 * pose.scale
      return pose
    }
    strip.fit(zip(own, poses).map { strip.cells($0.image, $1) })
    let matcher = Matcher(strip)
    return 2 * zip(own, poses).count { matcher.score($0.image, $1) >= Rules.leastScore } >= own.count
  }

  /// Takes levels and weights from images that are laid on each other.
  private mutating func fit(_ all: [[Float]]) {
    weights = [Float](repeating: 1, count: 3 * count)
    var shifts = [[Float]](repeating: [0, 0, 0], count: all.count)
    // First as they are, as opaque pictures and letters have the same brightness everywhere.
    for _ in 0..<Rules.fitRounds {
      for i in 0..<3 * count {
        let values = all.indices.compactMap { all[$0][i] >= 0 ? all[$0][i] - shifts[$0][i / count] : nil }
        guard 2 * values.count > all.count, let middle = Self.median(values) else {
          (levels[i], weights[i]) = (128, 0)
          continue
        }
        levels[i] = middle
        let residual = Self.median(values.map { abs($0 - middle) }) ?? 0
        weights[i] = 1 / (residual * residual + Rules.leastResidual * Rules.leastResidual)
      }
      shifts = all.map(offsets)
    }
  }

  private static func median(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}
