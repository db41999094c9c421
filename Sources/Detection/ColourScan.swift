import Contrastive
import Datasets
import Images
import Tensors

/// How much of each of 27 colours some pixels show: square roots of shares, which sum to 1.
package enum ColourHistogram {
  /// Levels a channel; a pixel counts for the two next to it in each, by nearness.
  private static let levels = 3
  package static let width = levels * levels * levels

  /// - Parameter pixels: RGB of 0...255.
  package static func values(_ pixels: [Float]) -> [Float] {
    var sum = [Float](repeating: 0, count: width)
    for i in stride(from: 0, to: pixels.count, by: 3) { add(pixels, i, to: &sum) }
    let scale = 1 / Float(max(1, pixels.count / 3))
    return sum.map { ($0 * scale).squareRoot() }
  }

  /// The colours of a window at full resolution.
  static func values(_ set: ImageSet, _ image: Int, _ window: Window) -> [Float] {
    values(set.crop(image, window).pixels.map { Float($0) })
  }

  /// Adds a pixel of weight 1.
  static func add(_ pixels: [Float], _ pixel: Int, to sums: inout [Float]) {
    func split(_ value: Float) -> (lower: Int, rest: Float) {
      let at = value * (Float(levels - 1) / 255)
      let lower = min(levels - 2, Int(at))
      return (lower, at - Float(lower))
    }
    let (r, g, b) = (split(pixels[pixel]), split(pixels[pixel + 1]), split(pixels[pixel + 2]))
    for i in 0...1 {
      for j in 0...1 {
        let at = ((r.lower + i) * levels + g.lower + j) * levels + b.lower
        let weight = (i == 0 ? 1 - r.rest : r.rest) * (j == 0 ? 1 - g.rest : g.rest)
        sums[at] += weight * (1 - b.rest)
        sums[at + 1] += weight * b.rest
      }
    }
  }

  /// Where each colour goes if channels are exchanged: all five ways.
  package static let exchanges = orders.dropFirst().map { moved($0, isInverted: false) }
  /// The same with levels inverted, and inverted alone.
  package static let inversions = orders.map { moved($0, isInverted: true) }

  private static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

  private static func moved(_ order: [Int], isInverted: Bool) -> [Int] {
    (0..<width).map { colour in
      let own = [colour / (levels * levels), colour / levels % levels, colour % levels]
      let next = order.map { isInverted ? levels - 1 - own[$0] : own[$0] }
      return (next[0] * levels + next[1]) * levels + next[2]
    }
  }
}

/// Looks for mixtures of colours in windows everywhere in images.
struct ColourScan {
  /// Where an image shows a mixture best.
  struct Place {
    /// -1...1.
    var cosine: Float = -1
    var window: Window
  }

  /// Images whose windows are compared at once, and directions that they are compared with.
  private static let batch = 16
  private static let directions = 2

  private let set: ImageSet
  private let threads: Int
  private let space: ClusterSpace
  private let windows: WindowColours
  /// Cosines of windows with directions.
  private let executable: any Executable

  init(_ set: ImageSet, _ space: ClusterSpace, shares: [Double], factor: Int, _ context: DetectionContext) {
    (self.set, self.space, threads) = (set, space, context.threads)
    windows = WindowColours(set, shares: shares, factor: factor)
    let trace = Trace()
    let colours = trace.feed("colours", [Self.batch * windows.all.count, ColourHistogram.width])
    let wanted = trace.feed("directions", [Self.directions, space.width])
    executable = context.device.compile(
      trace.program(outputs: [space.apply(colours).matrixProduct(wanted, transposeRight: true)]))
  }

  /// Directions of a mixture of colours and of its decoy, the same mixture of other colours: of the ways to exchange channels
  /// the one least like it, or where all are like it, as of greys, inverted.
  func directions(of colours: [Float]) -> [[Float]] {
    func direction(_ values: [Float]) -> [Float] {
      Array(space(Features(width: ColourHistogram.width, values: values)).row(0))
    }
    let own = direction(colours)
    func leastLike(_ exchanges: [[Int]]) -> (direction: [Float], likeness: Float) {
      exchanges.map { exchange in
        let other = direction(exchange.map { colours[$0] })
        return (other, dot(other[...], own[...]))
      }.min { $0.1 < $1.1 } ?? (own, 1)
    }
    let exchanged = leastLike(ColourHistogram.exchanges)
    return [
      own, exchanged.likeness < Self.likeDecoy ? exchanged.direction : leastLike(ColourHistogram.inversions).direction,
    ]
  }

  /// Cosine with its decoy below which a mixture is told from it.
  private static let likeDecoy: Float = 0.5

  /// The best place of a direction and its decoy in each of the images: [direction][image].
  func best(_ directions: [[Float]], _ images: [Int]) -> [[Place]] {
    let (width, count) = (ColourHistogram.width, windows.all.count)
    let wanted = Tensor([Self.directions, space.width], directions.flatMap { $0 })
    let parts = stride(from: 0, to: images.count, by: Self.batch).map {
      Array(images[$0..<min(images.count, $0 + Self.batch)])
    }
    var places = [[Place]](repeating: [], count: Self.directions)
    executable.run(times: parts.count, state: []) { i in
      var values = concurrentMap(parts[i].count, threads: threads) { [windows] in windows.colours(parts[i][$0]) }
        .flatMap { $0 }
      values += [Float](repeating: 0, count: Self.batch * count * width - values.count)
      return [Tensor([Self.batch * count, width], values), wanted]
    } take: { i, outputs in
      let cosines = outputs[0].scalars
      for slot in parts[i].indices {
        for d in 0..<Self.directions {
          var best = Place(window: windows.all[0])
          for k in 0..<count {
            let cosine = cosines[(slot * count + k) * Self.directions + d]
            if cosine > best.cosine { best = Place(cosine: cosine, window: windows.all[k]) }
          }
          places[d].append(best)
        }
      }
    }
    return places
  }

  /// What of an image shows a mixture.
  struct Region {
    /// Share of its small windows.
    var share: Float
    /// The square around those at least half way from the threshold to the best one.
    var window: Window
  }

  /// What of each of the images shows a mixture, of which they show at least `threshold` at a place.
  func regions(_ direction: [Float], _ places: [(image: Int, place: Place)], from threshold: Float) -> [Region] {
    let small = windows.all.filter { $0.side == windows.all[0].side }
    let width = ColourHistogram.width
    return concurrentMap(places.count, threads: threads) { [space, windows, set] slot in
      let (image, place) = places[slot]
      let rows = space(Features(width: width, values: Array(windows.colours(image)[..<(small.count * width)])))
      let cosines = small.indices.map { dot(rows.row($0), direction[...]) }
      let clear = small.indices.filter { cosines[$0] >= (threshold + place.cosine) / 2 }.map { small[$0] }
      let share = Float(cosines.count { $0 >= threshold }) / Float(small.count)
      guard let left = clear.map(\.x).min(), let right = clear.map({ $0.x + $0.side }).max(),
        let top = clear.map(\.y).min(), let bottom = clear.map({ $0.y + $0.side }).max()
      else { return Region(share: share, window: place.window) }
      let side = max(right - left, bottom - top)
      return Region(
        share: share, window: Window(x: min(left, set.side - side), y: min(top, set.side - side), side: side))
    }
  }

  /// The mean colours of windows.
  func mean(_ places: [(image: Int, window: Window)]) -> [Float] {
    let all = concurrentMap(places.count, threads: threads) { [set] k -> [Float] in
      ColourHistogram.values(set, places[k].image, places[k].window)
    }
    return (0..<ColourHistogram.width).map { c in all.reduce(0) { $0 + $1[c] } / Float(max(1, all.count)) }
  }
}

/// The colours of windows everywhere in images.
private struct WindowColours: Sendable {
  private let set: ImageSet
  private let factor: Int
  /// In full pixels.
  let all: [Window]

  init(_ set: ImageSet, shares: [Double], factor: Int) {
    (self.set, self.factor) = (set, factor)
    let side = set.side / factor
    all = shares.map { max(3, Int(($0 * Double(side)).rounded())) }.filter { $0 <= side }.flatMap { window in
      Self.starts(window, side).flatMap { y in
        Self.starts(window, side).map { Window(x: $0 * factor, y: y * factor, side: window * factor) }
      }
    }
  }

  /// Every quarter of a window, and the last place.
  private static func starts(_ window: Int, _ side: Int) -> [Int] {
    let last = side - window
    let places = Array(stride(from: 0, through: last, by: max(1, window / 4)))
    return places.last == last ? places : places + [last]
  }

  /// The colours of all windows of an image, [windows, colours].
  func colours(_ image: Int) -> [Float] {
    let plane = set.reduced(image, by: factor)
    let (side, width) = (set.side / factor, ColourHistogram.width)
    // Sums over everything above and to the left.
    let row = (side + 1) * width
    var sums = [Float](repeating: 0, count: (side + 1) * row)
    for y in 0..<side {
      var line = [Float](repeating: 0, count: width)
      for x in 0..<side {
        ColourHistogram.add(plane, 3 * (y * side + x), to: &line)
        let (to, above) = ((y + 1) * row + (x + 1) * width, y * row + (x + 1) * width)
        for c in 0..<width { sums[to + c] = sums[above + c] + line[c] }
      }
    }
    var result = [Float](repeating: 0, count: all.count * width)
    for (k, window) in all.enumerated() {
      let (x, y, extent) = (window.x / factor, window.y / factor, window.side / factor)
      let (top, bottom) = (y * row + x * width, (y + extent) * row + x * width)
      let share = 1 / Float(extent * extent)
      for c in 0..<width {
        let sum = sums[bottom + extent * width + c] - sums[bottom + c] - sums[top + extent * width + c] + sums[top + c]
        // Differences leave rounding.
        result[k * width + c] = max(0, sum * share).squareRoot()
      }
    }
    return result
  }
}
