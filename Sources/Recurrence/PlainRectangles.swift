import CKernels
import Foundation
import Images
import Randomness

/// An upright rectangle of one colour that differs from what borders it on every side: a mark without a picture, as the square of BadNets.
package struct PlainRectangle: Sendable, Hashable {
  /// In pixels of the image.
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int
  /// Luminance, and blue and red less it, halved, around 128; levels.
  package var colour: SIMD3<Float>
  /// Contrast of the nearest side over the deviation inside, its logarithm.
  package var clearness: Float

  /// The clearest ones of an image for their size, the best first.
  package static func all(in image: Image) -> [Self] { all(in: image, IntegralImage(image)) }

  static func all(in image: Image, _ integral: IntegralImage) -> [Self] {
    guard min(image.width, image.height) >= 2 * Rules.leastRectangle else { return [] }
    let scan = Scan(image, integral)
    let (starts, ends) = scan.corners()
    guard !starts.isEmpty, !ends.isEmpty else { return [] }
    var pairs: [(rank: Float, start: bz_corner, end: bz_corner)] = []
    let inside = ends.map { scan.mean(Int($0.x) - 7, Int($0.y) - 7, Int($0.x) - 1, Int($0.y) - 1) }
    for start in starts {
      let own = scan.mean(Int(start.x) + 1, Int(start.y) + 1, Int(start.x) + 7, Int(start.y) + 7)
      for (end, colour) in zip(ends, inside) {
        let (width, height) = (Int(end.x - start.x), Int(end.y - start.y))
        guard min(width, height) >= Rules.leastRectangle, 2 * width <= image.width, 2 * height <= image.height,
          scan.contrast(own, colour) < Rules.leastContrast
        else { continue }
        pairs.append((min(start.contrast, end.contrast) * Float(width * height).squareRoot(), start, end))
      }
    }
    pairs.sort { ($0.rank, $1.start.y, $1.start.x) > ($1.rank, $0.start.y, $0.start.x) }
    var found: [(rank: Float, rectangle: Self)] = []
    for pair in pairs.prefix(Rules.rectanglesTried) {
      guard let own = scan.rectangle(pair.start, pair.end) else { continue }
      found.append((own.clearness * Float(own.width * own.height).squareRoot(), own))
    }
    found.sort { ($0.rank, $1.rectangle.y, $1.rectangle.x) > ($1.rank, $0.rectangle.y, $0.rectangle.x) }
    var kept: [Self] = []
    for (_, own) in found where kept.count < Rules.rectanglesPerImage {
      if !kept.contains(where: own.overlaps) { kept.append(own) }
    }
    return kept
  }

  /// Its colour, 0...255.
  package var rgb: SIMD3<UInt8> {
    let (blue, red) = (colour.x + 2 * (colour.y - 128), colour.x + 2 * (colour.z - 128))
    let green = (256 * colour.x - 77 * red - 29 * blue) / 150
    func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, value.rounded()))) }
    return SIMD3(byte(red), byte(green), byte(blue))
  }

  /// True if they have a half of the smaller one in common.
  private func overlaps(_ other: Self) -> Bool {
    let across = min(x + width, other.x + other.width) - max(x, other.x)
    let down = min(y + height, other.y + other.height) - max(y, other.y)
    return across > 0 && down > 0 && 2 * across * down >= min(width * height, other.width * other.height)
  }

  private struct Scan {
    let image: Image
    let integral: IntegralImage

    init(_ image: Image, _ integral: IntegralImage) { (self.image, self.integral) = (image, integral) }

    /// Upper left and lower right corners of most contrast, each the best of its neighbourhood.
    func corners() -> (starts: [bz_corner], ends: [bz_corner]) {
      var luma = [UInt32](repeating: 0, count: (integral.width + 1) * (integral.height + 1))
      let none = [bz_corner](repeating: .init(), count: (integral.width + 8) / 8 * ((integral.height + 8) / 8))
      var (starts, ends) = (none, none)
      bz_kernels(Int32.max).pointee.plain_corners(
        integral.sums, Int32(integral.width), Int32(integral.height), Rules.leastResidual, Rules.leastContrast, &luma,
        &starts, &ends)
      return (strongest(starts), strongest(ends))
    }

    private func strongest(_ all: [bz_corner]) -> [bz_corner] {
      let found = all.filter { $0.contrast > 0 }
        .sorted { (-$0.contrast, $0.y, $0.x) < (-$1.contrast, $1.y, $1.x) }
      var kept: [bz_corner] = []
      for own in found where kept.count < Rules.cornersPerImage {
        let isKnown = kept.contains { abs($0.x - own.x) <= Rules.cornerReach && abs($0.y - own.y) <= Rules.cornerReach }
        if !isKnown { kept.append(own) }
      }
      return kept
    }

    func mean(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) -> SIMD3<Float> {
      let row = 3 * (integral.width + 1)
      var sums = SIMD3<Float>()
      for c in 0..<3 {
        let (top, bottom) = (y0 * row + c, y1 * row + c)
        sums[c] = Float(
          integral.sums[bottom + 3 * x1] &- integral.sums[bottom + 3 * x0] &- integral.sums[top + 3 * x1]
            &+ integral.sums[top + 3 * x0])
      }
      return sums / Float((x1 - x0) * (y1 - y0))
    }

    func contrast(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
      max(abs(a.x - b.x), 2 * abs(a.y - b.y), 2 * abs(a.z - b.z))
    }

    /// What two corners span, if it is plain and bordered; its sides where the edges are sharpest.
    func rectangle(_ start: bz_corner, _ end: bz_corner) -> PlainRectangle? {
      var sides = [Int(start.x), Int(start.y), Int(end.x), Int(end.y)]
      let middle = mean(sides[0] + 1, sides[1] + 1, sides[2] - 1, sides[3] - 1)
      // The two other corners, before anything that costs more.
      for (x, y) in [(sides[0] + 1, sides[3] - 7), (sides[2] - 7, sides[1] + 1)] {
        guard contrast(mean(x, y, x + 6, y + 6), middle) < Rules.leastContrast else { return nil }
      }
      for side in 0..<4 { sides[side] = sharpest(side, sides) }
      let (x0, y0, x1, y1) = (sides[0], sides[1], sides[2], sides[3])
      guard min(x1 - x0, y1 - y0) >= Rules.leastRectangle else { return nil }
      let colour = mean(x0 + 1, y0 + 1, x1 - 1, y1 - 1)
      var (least, hidden) = (Float.infinity, [Bool](repeating: false, count: 4))
      for side in 0..<4 {
        guard let border = border(side, x0, y0, x1, y1) else {
          hidden[side] = true
          continue
        }
        least = min(least, contrast(border, colour))
      }
      // A bar or a ground that the image ends in.
      guard least >= Rules.leastContrast, !(hidden[0] && hidden[2]), !(hidden[1] && hidden[3]), least.isFinite else {
        return nil
      }
      let deviation = deviation(x0 + 1, y0 + 1, x1 - 1, y1 - 1, colour)
      guard deviation <= 2 * Rules.leastResidual else { return nil }
      return PlainRectangle(
        x: x0, y: y0, width: x1 - x0, height: y1 - y0, colour: colour, clearness: log(least / (deviation + 1)))
    }

    /// Two pixels beyond a side; nil where the image ends.
    private func border(_ side: Int, _ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) -> SIMD3<Float>? {
      let reach = Rules.cornerReach
      switch side {
      case 0: return x0 > 1 ? mean(max(0, x0 - reach), y0 + 1, x0 - 1, y1 - 1) : nil
      case 1: return y0 > 1 ? mean(x0 + 1, max(0, y0 - reach), x1 - 1, y0 - 1) : nil
      case 2: return x1 < integral.width - 1 ? mean(x1 + 1, y0 + 1, min(integral.width, x1 + reach), y1 - 1) : nil
      default: return y1 < integral.height - 1 ? mean(x0 + 1, y1 + 1, x1 - 1, min(integral.height, y1 + reach)) : nil
      }
    }

    /// Where, near a side, neighbouring lines of pixels differ most.
    private func sharpest(_ side: Int, _ sides: [Int]) -> Int {
      let isAcross = side % 2 == 0
      let extent = isAcross ? integral.width : integral.height
      let at = sides[side]
      guard at > 0, at < extent else { return at }
      func line(_ k: Int) -> SIMD3<Float> {
        isAcross ? mean(k, sides[1] + 1, k + 1, sides[3] - 1) : mean(sides[0] + 1, k, sides[2] - 1, k + 1)
      }
      var best: (step: Float, at: Int) = (-1, at)
      for k in max(1, at - Rules.cornerReach)...min(extent - 1, at + Rules.cornerReach) {
        let step = contrast(line(k - 1), line(k))
        if step > best.step { best = (step, k) }
      }
      return best.at
    }

    /// Deviation of luminance from a rectangle's, of some thousand pixels.
    private func deviation(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int, _ colour: SIMD3<Float>) -> Float {
      let step = max(1, Int((Float((x1 - x0) * (y1 - y0)) / 1024).squareRoot()))
      var (sum, count): (Float, Float) = (0, 0)
      for y in stride(from: y0, to: y1, by: step) {
        for x in stride(from: x0, to: x1, by: step) {
          let i = 3 * (y * image.width + x)
          let own = luminance(Float(image.pixels[i]), Float(image.pixels[i + 1]), Float(image.pixels[i + 2])) - colour.x
          sum += own * own
          count += 1
        }
      }
      return (sum / max(1, count)).squareRoot()
    }
  }
}

/// Finds plain rectangles of one colour and one size, in pixels or relative to the image, in images that have nothing else in common.
///
/// Natural rectangles come in all sizes: as many in sizes next to one as in it. What was pasted has one. Sizes that are wider and lower,
/// narrower and higher, smaller and larger are the decoys; what was found in half of the images is tested in the other half.
///
/// - Source: Our own; the mark is that of Gu et al., BadNets, arXiv 1708.06733, at any place.
package struct RecurringRectangles: Sendable {
  /// What is known of an image.
  package struct Sight: Sendable {
    package var rectangles: [PlainRectangle]
    /// Shorter side in pixels.
    var shorter: Float
    /// Pixels of the file for one of the image.
    var scale: Float
    var thumbnail: [Float]

    /// Looks at an image.
    ///
    /// - Parameter scale: Pixels of the file for one of it.
    package init(_ image: Image, scale: Double = 1) {
      self.scale = Float(scale)
      let integral = IntegralImage(image)
      rectangles = PlainRectangle.all(in: image, integral)
      shorter = Float(min(image.width, image.height))
      thumbnail = integral.thumbnail
    }
  }

  /// Images that show the same rectangle.
  package struct Family: Sendable {
    package var found: Confirmed
    /// Each image's nearest rectangle; nil where there is none.
    package var rectangles: [PlainRectangle?]
  }

  /// Logarithms of sides and levels; how far two are apart is the largest difference.
  private struct Shape: Sendable {
    var values: SIMD8<Float>

    init(_ rectangle: PlainRectangle, _ unit: Float) {
      values = .zero
      (values[0], values[1]) = (log(Float(rectangle.width) / unit), log(Float(rectangle.height) / unit))
      for c in 0..<3 { values[2 + c] = rectangle.colour[c] * (c == 0 ? 1 : 2) / 128 }
    }

    init(median shapes: [Shape]) {
      values = .zero
      for k in 0..<5 { values[k] = shapes.map { $0.values[k] }.sorted()[shapes.count / 2] }
    }

    func distance(_ other: Shape) -> Float {
      let apart = values - other.values
      return Swift.max(apart.max(), -apart.min())
    }

    func resized(_ across: Float, _ down: Float) -> Shape {
      var own = self
      own.values[0] += across
      own.values[1] += down
      return own
    }
  }

  private let sights: [Sight?]
  private let plain: @Sendable ([Int]) -> [Sight?]
  private let controls: [[Int]]
  private let order: [Int]
  private let rate: Double
  private let threads: Int
  private let report: @Sendable (String) -> Void

  /// - Parameters:
  ///   - sights: One an image; nil for one that cannot be read.
  ///   - order: All images, drawn by the run's seed: something is discovered in the first half.
  ///   - controls: Images that controls are hidden in, for each of these.
  ///   - plain: What such images show without; called where something else than controls was found.
  package init(
    _ sights: [Sight?], controls: [[Int]] = [],
    plain: @escaping @Sendable ([Int]) -> [Sight?] = { $0.map { _ in nil } },
    order: [Int], rate: Double, threads: Int,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.sights, self.order, self.rate, self.threads, self.report) = (sights, order, rate, threads, report)
    (self.controls, self.plain) = (controls, plain)
  }

  /// Looks through all images.
  package func families() -> [Family] {
    let half = min(order.count / 2, Rules.discoveryImages)
    let discovery = order.prefix(half).filter { sights[$0] != nil }
    let rest = order.dropFirst(half).filter { sights[$0] != nil }
    let thumbnails = sights.map { $0?.thumbnail }
    var hypotheses: [Hypothesis] = []
    var targets: [(shape: Shape, isRelative: Bool)] = []
    func shapes(_ sight: Sight, _ isRelative: Bool) -> [Shape] {
      sight.rectangles.map { Shape($0, isRelative ? sight.shorter : 1 / sight.scale) }
    }
    for isRelative in [false, true] {
      let shapes = sights.map { sight in sight.map { shapes($0, isRelative) } ?? [] }
      for (target, gap) in discovered(shapes, discovery, thumbnails) {
        targets.append((target, isRelative))
        hypotheses.append(
          Hypothesis(
            gap: gap, distances: shapes.map { Self.nearest(to: target, $0).distance },
            decoys: Self.decoys(target).map { decoy in shapes.map { Self.nearest(to: decoy, $0).distance } }))
      }
    }
    let confirmed = Confirmed.all(
      hypotheses, others: rest, thumbnails: thumbnails, strictness: Rules.decoyReach, isSharp: true, rate: rate,
      report: report)
    // What images show under a control.
    let hidden = Set(controls.joined()).sorted()
    let plain =
      confirmed.allSatisfy { $0.isControl(controls) }
      ? [:]
      : Dictionary(uniqueKeysWithValues: zip(hidden, self.plain(hidden)).compactMap { at, own in own.map { (at, $0) } })
    // The same in both units.
    var taken: Set<Int> = []
    return confirmed.compactMap { own in
      let (target, isRelative) = targets[own.index]
      var family = Family(found: own, rectangles: [])
      let isControl = own.isControl(controls)
      family.rectangles = sights.indices.map { image in
        guard let sight = isControl ? sights[image] : plain[image] ?? sights[image] else { return nil }
        let own = shapes(sight, isRelative)
        let nearest = Self.nearest(to: target, own)
        if !isControl, plain[image] != nil {
          family.found.replace(
            image, distance: nearest.distance,
            decoys: Self.decoys(target).map { Self.nearest(to: $0, own).distance })
        }
        return nearest.index < 0 ? nil : sight.rectangles[nearest.index]
      }
      let members = family.found.members
      guard 2 * members.count(where: taken.contains) <= members.count else { return nil }
      taken.formUnion(members)
      return family
    }
  }

  private static func nearest(to target: Shape, _ shapes: [Shape]) -> (index: Int, distance: Float) {
    var best: (index: Int, distance: Float) = (-1, .infinity)
    for (i, shape) in shapes.enumerated() {
      let distance = target.distance(shape)
      if distance < best.distance { best = (i, distance) }
    }
    return best
  }

  /// Wider and lower, narrower and higher, smaller and larger ones: four times as far off as members may be.
  private static func decoys(_ target: Shape) -> [Shape] {
    let step = 4 * Rules.sameSides
    return [(step, -step), (-step, step), (-step, -step), (step, step)].map { target.resized($0, $1) }
  }

  /// Shapes that far more images of the half have than have similar ones.
  private func discovered(
    _ shapes: [[Shape]], _ discovery: [Int], _ thumbnails: [[Float]?]
  ) -> [(target: Shape, gap: Gap)] {
    @Sendable func gap(_ target: Shape) -> (gap: Gap, distances: [Float])? {
      let distances = discovery.map { Self.nearest(to: target, shapes[$0]).distance }
      guard distances.count(where: { $0 <= Rules.sameSides }) >= Rules.leastImages else { return nil }
      let turned = Self.decoys(target).map { decoy in
        discovery.map { Self.nearest(to: decoy, shapes[$0]).distance / Rules.decoyReach }
      }
      guard
        let gap = Gap(
          distances, turned: turned, discovery.compactMap { thumbnails[$0] }, share: Rules.windowShare,
          atLeast: Rules.leastSides, atMost: Rules.sameSides), gap.pValue <= rate
      else { return nil }
      return (gap, distances)
    }
    let exemplars = discovery.prefix(Rules.patternImages).flatMap { shapes[$0] }
    let found = concurrentMap(exemplars.count, threads: threads) { i in gap(exemplars[i])?.gap.pValue }
    let order = found.indices.filter { found[$0] != nil }.sorted { (found[$0] ?? 1, $0) < (found[$1] ?? 1, $1) }
    var chosen: [(target: Shape, gap: Gap)] = []
    var tried = 0
    for i in order where tried < Rules.tests {
      guard !chosen.contains(where: { $0.target.distance(exemplars[i]) <= 2 * Rules.sameSides }),
        let first = gap(exemplars[i])
      else { continue }
      tried += 1
      // Again, around the middle of those within.
      let within = discovery.indices.filter { first.distances[$0] <= first.gap.limit }
      let centre = Shape(
        median: within.map { shapes[discovery[$0]][Self.nearest(to: exemplars[i], shapes[discovery[$0]]).index] })
      guard let gap = gap(centre)?.gap else { continue }
      report("shape \(centre.values): limit \(gap.limit), \(gap.within) within \(gap.beyond) beyond, p \(gap.pValue)")
      chosen.append((centre, gap))
    }
    return chosen
  }
}
