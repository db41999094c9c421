import Contrastive
import Datasets
import Images

/// Recovers the picture that windows of different images share.
package enum PatchAlignment {
  /// Largest deviation of the members from their median, in levels, at which a pixel counts as shared.
  private static let tolerance: Float = 24
  /// The same where members are brought to the same brightness and contrast: relative to the median of all deviations in the
  /// centre, and at most.
  private static let looseTolerance: (share: Float, most: Float) = (1.25, 40)

  /// How images show a picture.
  package enum Light {
    /// Level for level.
    case same
    /// Up to brightness and contrast: lit differently, or partly transparent.
    case any
  }

  /// What windows share.
  package struct Recovered {
    package var picture: PatchTemplate
    package var light: Light
  }

  /// Brings the levels of a member to the brightness and contrast of most.
  private struct Levels {
    let means: SIMD3<Float>
    let contrast: Float
    let common: (means: SIMD3<Float>, contrast: Float)

    func callAsFunction(_ value: Int, _ channel: Int) -> Int {
      let scaled = (Float(value) - means[channel]) * common.contrast / contrast + common.means[channel]
      return Int(min(max(scaled.rounded(), 0), 255))
    }

    /// One a member, by the means and the deviation of its inner square.
    static func matched(_ set: ImageSet, _ members: [(image: Int, x: Int, y: Int)], inner: Int) -> [Levels] {
      let measured = members.map { member in
        var (sum, squares, count) = (SIMD3<Float>.zero, SIMD3<Float>.zero, Float(0))
        for y in max(0, member.y)..<min(set.side, member.y + inner) {
          for x in max(0, member.x)..<min(set.side, member.x + inner) {
            let at = member.image * set.stride + 3 * (y * set.side + x)
            let pixel = SIMD3(Float(set.pixels[at]), Float(set.pixels[at + 1]), Float(set.pixels[at + 2]))
            sum += pixel
            squares += pixel * pixel
            count += 1
          }
        }
        let means = sum / max(1, count)
        return (means: means, contrast: max(1, (squares / max(1, count) - means * means).sum().squareRoot()))
      }
      let common = (SIMD3((0..<3).map { c in measured.map { $0.means[c] }.median }), measured.map(\.contrast).median)
      return measured.map { Levels(means: $0.means, contrast: $0.contrast, common: common) }
    }
  }

  /// Moves places that were found in reduced images to where the pixels are most like a picture's.
  ///
  /// - Parameter reach: Pixels that a place may be off; with 0 nothing moves.
  static func refined(
    _ set: ImageSet, _ members: [(image: Int, x: Int, y: Int)], to picture: PatchTemplate, reach: Int
  ) -> [(image: Int, x: Int, y: Int)] {
    guard reach > 0 else { return members }
    let span = set.side - picture.side
    func around(_ at: Int) -> ClosedRange<Int> {
      let middle = min(max(0, at), span)
      return max(0, middle - reach)...min(span, middle + reach)
    }
    return members.map { member in
      let start = member.image * set.stride
      var (best, place) = (Float.infinity, member)
      for y in around(member.y) {
        for x in around(member.x) {
          var sum: Float = 0
          for row in 0..<picture.side where sum < best {
            let (from, to) = (row * picture.side, start + 3 * ((y + row) * set.side + x))
            for column in 0..<picture.side {
              let weight = picture.weights[from + column]
              for c in 0..<3 {
                let difference = Float(set.pixels[to + 3 * column + c]) - Float(picture.pixels[3 * (from + column) + c])
                sum += weight * difference * difference
              }
            }
          }
          if sum < best { (best, place.x, place.y) = (sum, x, y) }
        }
      }
      return place
    }
  }

  /// Median of the cosines of windows with a picture, both less their mean in each channel.
  ///
  /// - Parameter members: Upper left corner of a window of the picture's size in each image.
  static func likeness(_ set: ImageSet, _ members: [(image: Int, x: Int, y: Int)], to picture: Image) -> Float {
    func centred(_ image: Image) -> [Float] {
      var values = image.pixels.map { Float($0) }
      for c in 0..<3 {
        let places = stride(from: c, to: values.count, by: 3)
        let mean = places.reduce(Float(0)) { $0 + values[$1] } / Float(values.count / 3)
        for k in places { values[k] -= mean }
      }
      return values
    }
    let own = centred(picture)
    let size = dot(own[...], own[...]).squareRoot()
    return members.map { member in
      let window = centred(set.crop(member.image, Window(x: member.x, y: member.y, side: picture.width)))
      return dot(window[...], own[...]) / max(size * dot(window[...], window[...]).squareRoot(), 1e-6)
    }.median
  }

  /// Aligns images on places and keeps the square around them in which they agree.
  ///
  /// The picture is the per-pixel median; a pixel's weight falls with the 90 % quantile of the
  /// members' deviations from it, so that what shows through between letters counts little. Members that do not agree
  /// level for level are brought to the same brightness and contrast.
  ///
  /// - Parameters:
  ///   - places: Upper left corner of the same `inner` pixels in each image.
  ///   - agreement: Share of pixels that must agree in the centre, and in a row or column to join it. JPEG halves the resolution of
  ///     colours, so that more than half of a trigger's pixels can differ with where it lies.
  ///   - grows: Whether what surrounds the inner pixels may join them.
  /// - Returns: nil if the members do not agree.
  static func recover(
    _ set: ImageSet, _ members: [(image: Int, x: Int, y: Int)], inner: Int, agreement: Double = 0.4,
    grows: Bool = true
  ) -> Recovered? {
    [Light.same, .any].lazy.compactMap { light in
      recover(set, members, inner: inner, agreement: agreement, grows: grows, in: light)
        .map { Recovered(picture: $0, light: light) }
    }.first
  }

  private static func recover(
    _ set: ImageSet, _ members: [(image: Int, x: Int, y: Int)], inner: Int, agreement: Double, grows: Bool,
    in light: Light
  ) -> PatchTemplate? {
    let margin = inner
    let extent = inner + 2 * margin
    let stride = set.stride
    let levels = light == .any ? Levels.matched(set, members, inner: inner) : nil
    var median = [UInt8](repeating: 0, count: 3 * extent * extent)
    var deviation = [Float](repeating: 255, count: extent * extent)
    for y in 0..<extent {
      for x in 0..<extent {
        var spread: Float = 0
        for c in 0..<3 {
          var values: [Int] = []
          for (slot, member) in members.enumerated() {
            let (px, py) = (member.x + x - margin, member.y + y - margin)
            if px >= 0, py >= 0, px < set.side, py < set.side {
              let value = Int(set.pixels[member.image * stride + 3 * (py * set.side + px) + c])
              values.append(levels?[slot](value, c) ?? value)
            }
          }
          guard values.count * 2 >= members.count, values.count >= 2 else {
            spread = 255
            continue
          }
          values.sort()
          let middle = values[values.count / 2]
          median[3 * (y * extent + x) + c] = UInt8(middle)
          let deviations = values.map { abs($0 - middle) }.sorted()
          spread = max(spread, Float(deviations[deviations.count * 9 / 10]))
        }
        deviation[y * extent + x] = spread
      }
    }
    let centre = (margin..<margin + inner).flatMap { y in
      (margin..<margin + inner).map { deviation[y * extent + $0] }
    }
    let tolerance =
      light == .same
      ? Self.tolerance
      : min(max(Self.tolerance, Self.looseTolerance.share * centre.median), Self.looseTolerance.most)
    // Grow from the centre while a new row or column agrees, then make it square.
    var (left, top, right, bottom) = (margin, margin, margin + inner, margin + inner)
    func agrees(_ xs: Range<Int>, _ ys: Range<Int>) -> Bool {
      let cells = ys.flatMap { y in xs.map { deviation[y * extent + $0] } }
      return Double(cells.count { $0 <= tolerance }) >= agreement * Double(cells.count)
    }
    guard agrees(left..<right, top..<bottom) else { return nil }
    // A gap of one, as between letters, is no end.
    func step(_ isThere: (_ distance: Int) -> Bool) -> Int { (1...2).first(where: isThere) ?? 0 }
    var grew = grows
    while grew {
      let l = step { left >= $0 && agrees(left - $0..<left - $0 + 1, top..<bottom) }
      left -= l
      let r = step { right + $0 <= extent && agrees(right + $0 - 1..<right + $0, top..<bottom) }
      right += r
      let t = step { top >= $0 && agrees(left..<right, top - $0..<top - $0 + 1) }
      top -= t
      let b = step { bottom + $0 <= extent && agrees(left..<right, bottom + $0 - 1..<bottom + $0) }
      bottom += b
      grew = l + r + t + b > 0
    }
    // What surrounds triggers agrees too where images have a common background: flat edges go.
    func isFlat(_ xs: Range<Int>, _ ys: Range<Int>) -> Bool {
      let values = ys.flatMap { y in xs.flatMap { x in (0..<3).map { Int(median[3 * (y * extent + x) + $0]) } } }
      return Float((values.max() ?? 0) - (values.min() ?? 0)) <= tolerance
    }
    while right - left > 3, isFlat(left..<left + 1, top..<bottom) { left += 1 }
    while right - left > 3, isFlat(right - 1..<right, top..<bottom) { right -= 1 }
    while bottom - top > 3, isFlat(left..<right, top..<top + 1) { top += 1 }
    while bottom - top > 3, isFlat(left..<right, bottom - 1..<bottom) { bottom -= 1 }
    let side = min(max(right - left, bottom - top), set.side, extent)
    left = max(0, min(left, extent - side))
    top = max(0, min(top, extent - side))
    var (pixels, weights): ([UInt8], [Float]) = ([], [])
    for y in top..<top + side {
      pixels += median[3 * (y * extent + left)..<3 * (y * extent + left + side)]
      weights += deviation[y * extent + left..<y * extent + left + side].map { 1 / (1 + $0 * $0 / 256) }
    }
    return PatchTemplate(Image(width: side, height: side, pixels: pixels), weights: weights)
  }
}
