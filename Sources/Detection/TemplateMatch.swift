import Datasets
import Images
import Tensors

/// A way to lay a square on itself other than as it is: turned, mirrored or both.
struct SquareTurn: Sendable {
  /// The seven turns and mirror images.
  static let turns = (1..<8).map(SquareTurn.init)
  /// The eight with opposite quarters exchanged, for squares that look the same turned.
  static let exchanges = (8..<16).map(SquareTurn.init)

  /// Bits: across the diagonal, left to right, top to bottom, quarters.
  private let bits: Int

  private init(bits: Int) { self.bits = bits }

  /// Where in the square what comes to lie at (x, y) is taken from.
  func source(_ x: Int, _ y: Int, side: Int) -> (x: Int, y: Int) {
    var (u, v) = bits & 1 == 0 ? (x, y) : (y, x)
    if bits & 8 != 0 { (u, v) = ((u + side / 2) % side, (v + side / 2) % side) }
    return (bits & 2 == 0 ? u : side - 1 - u, bits & 4 == 0 ? v : side - 1 - v)
  }
}

/// A small square picture of which some pixels count more than others.
public struct PatchTemplate: Codable, Sendable, Hashable {
  public var side: Int
  /// RGB, row-major.
  public var pixels: [UInt8]
  /// One a pixel, 0...1: how well the images it was recovered from agree there.
  public var weights: [Float]

  /// Creates a template.
  public init(_ image: Image, weights: [Float]? = nil) {
    side = image.width
    pixels = image.pixels
    self.weights = weights ?? [Float](repeating: 1, count: image.width * image.width)
  }

  /// Weight from which a pixel is the same in all images: 0.05 and less where they differ, 0.08 and more where JPEG moves the
  /// colours of a trigger by up to 50 levels, as its halved resolution of colours falls on another pixel.
  private static let shared: Float = 0.08

  /// Of each pixel whether it is of the trigger: the same in all images or, where they show through all of it, as nearly so as the
  /// best.
  package var isShared: [Bool] {
    let limit = min(Self.shared, 0.7 * (weights.max() ?? 0))
    return weights.map { $0 >= limit }
  }

  /// Rows and columns from the first shared pixel to the last; nil if none is shared.
  var extent: (rows: ClosedRange<Int>, columns: ClosedRange<Int>)? {
    let isShared = isShared
    let rows = (0..<side).filter { row in (0..<side).contains { isShared[row * side + $0] } }
    let columns = (0..<side).filter { column in (0..<side).contains { isShared[$0 * side + column] } }
    guard let top = rows.first, let bottom = rows.last, let left = columns.first, let right = columns.last else {
      return nil
    }
    return (top...bottom, left...right)
  }

  /// The smallest square around all shared pixels: its upper left corner and its side.
  var core: (x: Int, y: Int, side: Int) {
    guard let extent else { return (0, 0, side) }
    let size = max(extent.rows.count, extent.columns.count)
    func corner(_ range: ClosedRange<Int>) -> Int {
      max(0, min(range.lowerBound - (size - range.count) / 2, side - size))
    }
    return (corner(extent.columns), corner(extent.rows), size)
  }

  /// Share of the variance of its shared pixels that is the same all along its columns, or its rows; 1 for an upright edge or bar,
  /// of which natural images are full.
  package var straightness: Float {
    var (total, along): (Float, [Float]) = (0, [0, 0])
    let isShared = isShared
    let places = weights.indices.filter { isShared[$0] }
    for channel in 0..<3 {
      func mean(_ places: [Int]) -> (weight: Float, mean: Float) {
        let weight = places.reduce(Float(0)) { $0 + weights[$1] }
        let sum = places.reduce(Float(0)) { $0 + weights[$1] * Float(pixels[3 * $1 + channel]) }
        return (weight, sum / max(weight, 1e-6))
      }
      let middle = mean(places).mean
      for place in places {
        let deviation = Float(pixels[3 * place + channel]) - middle
        total += weights[place] * deviation * deviation
      }
      for line in 0..<side {
        for (direction, own) in [places.filter { $0 % side == line }, places.filter { $0 / side == line }].enumerated()
        {
          let part = mean(own)
          along[direction] += part.weight * (part.mean - middle) * (part.mean - middle)
        }
      }
    }
    return max(along[0], along[1]) / max(total, 1e-6)
  }

  /// The picture.
  public var image: Image { Image(width: side, height: side, pixels: pixels) }

  /// The same with what lies between shared pixels counted a little.
  var filled: PatchTemplate {
    guard let extent else { return self }
    var result = self
    for row in extent.rows {
      for column in extent.columns {
        result.weights[row * side + column] = max(weights[row * side + column], Self.between)
      }
    }
    return result
  }

  /// Weight of what lies between shared pixels in a ``filled`` template.
  private static let between: Float = 0.25

  /// The same at another size.
  func resized(_ size: Int) -> PatchTemplate {
    let scale = Float(side) / Float(size)
    func nearest(_ i: Int) -> Int { min(side - 1, Int((Float(i) + 0.5) * scale)) }
    return PatchTemplate(
      image.resized(width: size, height: size),
      weights: (0..<size * size).map { weights[nearest($0 / size) * side + nearest($0 % size)] })
  }

  /// The template turned and mirrored: a decoy that no attacker planted.
  var decoy: PatchTemplate { turned(decoyTurn) }

  /// Of the ways to turn and mirror the template the one that resembles it least. Where that one does when it is shifted, the one
  /// that resembles it least wherever it is laid; and where all do, as of rings and crosses, with quarters exchanged.
  var decoyTurn: SquareTurn {
    let own = Matched(self, factor: 1)
    func leastLike(_ ways: [SquareTurn], reach: Int) -> SquareTurn {
      let likeness = ways.map { own.likeness(to: Matched(turned($0), factor: 1), reach: reach) }
      return ways[likeness.indices.min { (likeness[$0], $0) < (likeness[$1], $1) } ?? 0]
    }
    func isTold(_ way: SquareTurn) -> Bool {
      own.likeness(to: Matched(turned(way), factor: 1), reach: side / 3) <= Self.likeDecoy
    }
    let least = leastLike(SquareTurn.turns, reach: 0)
    if isTold(least) { return least }
    let anywhere = leastLike(SquareTurn.turns, reach: side / 3)
    return isTold(anywhere) ? anywhere : leastLike(SquareTurn.exchanges, reach: side / 3)
  }

  /// Correlation with its decoy up to which a template is told from it. Letters resemble letters on their heads up to this.
  private static let likeDecoy: Float = 0.65

  /// The template laid on itself another way.
  func turned(_ turn: SquareTurn) -> PatchTemplate {
    var result = self
    for y in 0..<side {
      for x in 0..<side {
        let (u, v) = turn.source(x, y, side: side)
        let (to, from) = (y * side + x, v * side + u)
        result.weights[to] = weights[from]
        for c in 0..<3 { result.pixels[3 * to + c] = pixels[3 * from + c] }
      }
    }
    return result
  }

  /// Standard deviation of the pixels that count, 0...255.
  var contrast: Float { Matched(self, factor: 1).contrast }
}

/// Where a template fits an image best.
public struct TemplatePlace: Sendable {
  /// Weighted normalised cross-correlation, -1...1.
  public var correlation: Float
  /// Upper left corner; outside the image where what counts of the template lies inside.
  public var x: Int
  public var y: Int

  /// The window of a template's size, moved into the image.
  func window(_ size: Int, in side: Int) -> Window {
    let last = max(0, side - size)
    return Window(x: min(max(0, x), last), y: min(max(0, y), last), side: size)
  }
}

/// Weighted normalised cross-correlation of templates with images, as convolutions on a device.
///
///     ncc = Σ w (t - mean t)(x - mean x) / sqrt(Σ w (t - mean t)² Σ w (x - mean x)²)
///
/// Sums run over pixels and channels, weighted means over the pixels of each channel: what counts is
/// where each colour goes up and down, not the tint, brightness or contrast of the whole. Images and
/// templates of more than some 40 pixels are reduced first.
package final class TemplateMatcher {
  private static let batch = 64
  private let set: ImageSet
  private let templates: [Matched]
  /// Images are reduced by this factor.
  let factor: Int
  private let side: Int
  private let span: Int
  /// Pixels around the image that templates may reach into with what does not count of them.
  private let margin: Int
  private let executable: any Executable

  /// - Parameter templates: All of one side.
  package init(_ templates: [PatchTemplate], in set: ImageSet, on device: any Device) {
    self.set = set
    let size = templates[0].side
    let factor = max(1, min(set.side / 32, size / 8))
    self.factor = factor
    self.templates = templates.map { Matched($0, factor: factor) }
    side = set.side / factor
    let own = self.templates[0].side
    let counted = self.templates.flatMap { [$0.counted.x, $0.counted.y] }
    margin = counted.map { max($0.lowerBound, own - $0.upperBound) }.max() ?? 0
    let extent = side + 2 * margin
    span = extent - own + 1
    let outputs = 5 * templates.count
    // Inputs are pixels and their length squared; outputs a template: product, three sums, one sum of squares.
    var kernel = [Float](repeating: 0, count: own * own * 4 * outputs)
    for (t, template) in self.templates.enumerated() {
      for i in 0..<own * own {
        for c in 0..<3 {
          kernel[(i * 4 + c) * outputs + 5 * t] = template.kernel[3 * i + c]
          kernel[(i * 4 + c) * outputs + 5 * t + 1 + c] = template.weights[i]
        }
        kernel[(i * 4 + 3) * outputs + 5 * t + 4] = template.weights[i]
      }
    }
    let trace = Trace()
    let pixels = trace.feed("pixels", [Self.batch, extent, extent, 4])
    let weights = trace.constant(Tensor([own, own, 4, outputs], kernel))
    executable = device.compile(trace.program(outputs: [pixels.convolution(weights, stride: 1, padding: 0)]))
  }

  /// Returns the best place of every template in each of the images: [template][image].
  package func best(_ images: [Int]) -> [[TemplatePlace]] {
    peaks(images, count: 1).map { $0.map { $0.first ?? TemplatePlace(correlation: -1, x: 0, y: 0) } }
  }

  /// Returns the highest local maxima of every template in each of the images, up to `count`, the highest
  /// first: [template][image][place].
  func peaks(_ images: [Int], count: Int) -> [[[TemplatePlace]]] {
    var result = [[[TemplatePlace]]](repeating: [], count: templates.count)
    let extent = side + 2 * margin
    var pixels = [Float](repeating: 0, count: Self.batch * extent * extent * 4)
    for start in stride(from: 0, to: images.count, by: Self.batch) {
      let own = images[start..<min(start + Self.batch, images.count)]
      for (slot, image) in own.enumerated() { fill(image, &pixels, slot * extent * extent * 4) }
      let out = executable.run(feeds: [Tensor([Self.batch, extent, extent, 4], pixels)], state: [])[0].scalars
      for slot in own.indices.map({ $0 - own.startIndex }) {
        for t in templates.indices { result[t].append(peaks(out, slot, t, count)) }
      }
    }
    return result
  }

  /// The highest local maxima in one image of a batch.
  private func peaks(_ out: [Float], _ slot: Int, _ t: Int, _ count: Int) -> [TemplatePlace] {
    let template = templates[t]
    let outputs = 5 * templates.count
    // Wherever what counts of the template lies inside the image.
    let (left, top) = (-template.counted.x.lowerBound, -template.counted.y.lowerBound)
    let (columns, rows) = (
      side - template.counted.x.upperBound - left + 1, side - template.counted.y.upperBound - top + 1
    )
    var map = [Float](repeating: -1, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let at = ((slot * span + row + top + margin) * span + column + left + margin) * outputs + 5 * t
        let sums = out[at + 1] * out[at + 1] + out[at + 2] * out[at + 2] + out[at + 3] * out[at + 3]
        let variance = out[at + 4] - sums / template.total
        // A flat window matches nothing; levels are 0...1 here.
        if variance > template.total * 4.6e-5 { map[row * columns + column] = out[at] / variance.squareRoot() }
      }
    }
    var peaks: [TemplatePlace] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let own = map[row * columns + column]
        guard own > (peaks.count == count ? peaks[count - 1].correlation : -1) else { continue }
        var isPeak = true
        for v in max(0, row - 1)...min(rows - 1, row + 1) where isPeak {
          for u in max(0, column - 1)...min(columns - 1, column + 1) where map[v * columns + u] > own { isPeak = false }
        }
        guard isPeak else { continue }
        let place = TemplatePlace(correlation: own, x: (column + left) * factor, y: (row + top) * factor)
        peaks.insert(place, at: peaks.firstIndex { $0.correlation < own } ?? peaks.count)
        if peaks.count > count { peaks.removeLast() }
      }
    }
    return peaks
  }

  private func fill(_ image: Int, _ pixels: inout [Float], _ position: Int) {
    let small = set.reduced(image, by: factor)
    for y in 0..<side {
      for x in 0..<side {
        let to = position + ((y + margin) * (side + 2 * margin) + x + margin) * 4
        var squares: Float = 0
        for c in 0..<3 {
          let value = small[3 * (y * side + x) + c] * (1 / 255)
          pixels[to + c] = value
          squares += value * value
        }
        pixels[to + 3] = squares
      }
    }
  }
}

/// A template made ready: reduced, centred, of norm 1.
private struct Matched {
  /// The largest correlation with the same turned, shifted by up to `reach` pixels.
  func likeness(to other: Matched, reach: Int) -> Float {
    let step = max(1, side / 12)
    var best = -Float.infinity
    for dy in stride(from: -reach, through: reach, by: step) {
      for dx in stride(from: -reach, through: reach, by: step) {
        var sum: Float = 0
        for y in max(0, -dy)..<min(side, side - dy) {
          for i in 3 * (y * side + max(0, -dx))..<3 * (y * side + min(side, side - dx)) {
            sum += kernel[i] * other.kernel[i + 3 * (dy * side + dx)]
          }
        }
        best = max(best, sum)
      }
    }
    // A turned kernel is as long.
    return best / max(kernel.reduce(0) { $0 + $1 * $1 }, 1e-6)
  }

  /// Mean weight from which a row or column counts.
  private static let counting: Float = 0.1

  let side: Int
  let weights: [Float]
  /// Sum of the weights.
  let total: Float
  /// w (t - mean) / norm, 3 a pixel.
  let kernel: [Float]
  let contrast: Float
  /// From the first to the last column and row that count: these must lie in the image.
  let counted: (x: Range<Int>, y: Range<Int>)

  init(_ template: PatchTemplate, factor: Int) {
    let small = max(1, template.side / factor)
    var (values, weights) = (
      [Float](repeating: 0, count: 3 * small * small), [Float](repeating: 0, count: small * small)
    )
    for y in 0..<small * factor {
      for x in 0..<small * factor {
        let (from, to) = (y * template.side + x, y / factor * small + x / factor)
        weights[to] += template.weights[from] / Float(factor * factor)
        for c in 0..<3 { values[3 * to + c] += Float(template.pixels[3 * from + c]) / Float(255 * factor * factor) }
      }
    }
    let total = max(weights.reduce(0, +), 1e-6)
    var means = SIMD3<Float>.zero
    for i in weights.indices { for c in 0..<3 { means[c] += weights[i] * values[3 * i + c] / total } }
    let shifted = values.indices.map { values[$0] - means[$0 % 3] }
    let squares = shifted.indices.reduce(Float(0)) { $0 + weights[$1 / 3] * shifted[$1] * shifted[$1] }
    let norm = max(squares.squareRoot(), 1e-6)
    side = small
    self.weights = weights
    self.total = total
    contrast = 255 * (squares / (3 * total)).squareRoot()
    kernel = shifted.indices.map { weights[$0 / 3] * shifted[$0] / norm }
    func extent(_ weight: (_ line: Int, _ along: Int) -> Float) -> Range<Int> {
      let lines = (0..<small).filter { line in
        (0..<small).reduce(Float(0)) { $0 + weight(line, $1) } >= Self.counting * Float(small)
      }
      return (lines.first ?? 0)..<(lines.last ?? small - 1) + 1
    }
    counted = (extent { weights[$1 * small + $0] }, extent { weights[$0 * small + $1] })
  }
}
