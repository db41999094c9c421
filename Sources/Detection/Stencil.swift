import Contrastive
import Datasets
import Foundation
import Images

/// Pixels that are the same wherever a picture lies, cut out of whatever shows through and around it.
///
/// A picture that was recovered from the images found first still holds what these have around it: the black beside trousers,
/// or between letters. Correlation with it is low where the picture lies on something else. A stencil counts a pixel for how
/// much more often the images agree there than any two images do, and compares level for level:
///
///     score = Σ w [k(x, v) - mean of k(x', v) over the nearest pixels x' that the stencil has another colour for, or none] / Σ w
///     k(x, v) = max(0, 1 - |x - v|² / 8 t²)⁴,  w = α log(α / c) + (1 - α) log((1 - α) / (1 - c))
///
/// with v the images' median, α how well they agree with it, c how well any pixel does, and t as near as they agree. The
/// second term takes back what plain surroundings of the same colour would give: white letters on white say nothing.
///
/// - Source: Our own; k is nearly a Gaussian of deviation t that ends, as in the correntropy of Liu, Pokharel and Príncipe, IEEE Trans. Signal
///   Processing 2007, w the relative entropy of agreeing or not.
package struct Stencil: Sendable {
  /// A pixel of it.
  package struct Cell: Sendable {
    package var x: Int
    package var y: Int
    /// RGB of 0...255.
    package var colour: SIMD3<Float>
    package var weight: Float
  }

  /// A window of an image: its upper left corner.
  package struct Place: Sendable, Hashable {
    package var image: Int
    package var x: Int
    package var y: Int

    /// Creates a place.
    package init(image: Int, x: Int, y: Int) { (self.image, self.x, self.y) = (image, x, y) }
  }

  package let width: Int
  package let height: Int
  package let cells: [Cell]
  /// Standard deviation in levels at which a pixel still counts, root mean square of the channels.
  package let tolerance: Float

  /// Least and largest tolerance, and its ratio to the deviation of those pixels that agree best.
  private static let tolerances: ClosedRange<Float> = 8...32
  private static let slack: Float = 3
  /// Share of the frame's pixels that are taken for those that agree best.
  private static let best = 0.15
  /// Agreement from which a pixel counts, of at least this share of the images, whose frames may reach beyond their edges.
  private static let agreement: Float = 0.55
  private static let present: Float = 0.6
  /// Least weight relative to the largest.
  private static let leastWeight: Float = 0.15
  /// Pixels below which a stencil says too little.
  private static let fewestCells = 8
  private static let agreements: ClosedRange<Float> = 0.01...0.97
  private static let chances: ClosedRange<Float> = 0.005...0.97

  /// Cuts the pixels out that windows share.
  ///
  /// - Parameters:
  ///   - places: Windows of the same part of the picture.
  ///   - frame: Extents of that part, with margin more on each side that the picture may reach into.
  ///   - others: Pixels of any images, RGB of 0...255.
  /// - Returns: nil if next to nothing is shared.
  package init?(
    _ places: [Place], in set: ImageSet, frame: (width: Int, height: Int), margin: Int, others: [SIMD3<Float>],
    threads: Int
  ) {
    let (columns, rows) = (frame.width + 2 * margin, frame.height + 2 * margin)
    /// Where the images show a pixel of the frame: their median, and how far each is from it; nil where few have one.
    let pixels = concurrentMap(columns * rows, threads: threads) { i -> (median: SIMD3<Float>, distances: [Float])? in
      let (column, row) = (i % columns - margin, i / columns - margin)
      var values: [SIMD3<Float>] = []
      for place in places {
        let (x, y) = (place.x + column, place.y + row)
        if x >= 0, y >= 0, x < set.side, y < set.side { values.append(set.pixel(place.image, y * set.side + x)) }
      }
      guard Float(values.count) >= Self.present * Float(places.count), values.count >= 3 else { return nil }
      let median = SIMD3(values.map(\.x).median, values.map(\.y).median, values.map(\.z).median)
      return (median, values.map { Self.distance($0, median) })
    }
    let inner = (0..<frame.height).flatMap { y in
      (0..<frame.width).compactMap { x in pixels[(y + margin) * columns + x + margin]?.distances.median }
    }.sorted()
    guard !inner.isEmpty else { return nil }
    let nearest = inner[Int(Self.best * Double(inner.count))]
    let tolerance = min(max(Self.slack * nearest, Self.tolerances.lowerBound), Self.tolerances.upperBound)
    let weights = concurrentMap(pixels.count, threads: threads) { i -> Float in
      guard let pixel = pixels[i] else { return 0 }
      func mean(_ distances: [Float], in range: ClosedRange<Float>) -> Float {
        let sum = distances.reduce(Float(0)) { $0 + Self.likeness(SIMD16(repeating: $1 * $1), tolerance)[0] }
        return min(max(sum / Float(distances.count), range.lowerBound), range.upperBound)
      }
      let own = mean(pixel.distances, in: Self.agreements)
      let chance = mean(others.map { Self.distance($0, pixel.median) }, in: Self.chances)
      guard own >= Self.agreement, own > chance else { return 0 }
      return own * log(own / chance) + (1 - own) * log((1 - own) / (1 - chance))
    }
    let least = Self.leastWeight * (weights.max() ?? 0)
    let shared = weights.indices.filter { weights[$0] > 0 && weights[$0] >= least }
    guard shared.count >= Self.fewestCells else { return nil }
    let (xs, ys) = (shared.map { $0 % columns }, shared.map { $0 / columns })
    let (left, top) = (xs.min() ?? 0, ys.min() ?? 0)
    (width, height) = ((xs.max() ?? 0) - left + 1, (ys.max() ?? 0) - top + 1)
    self.tolerance = tolerance
    cells = shared.map {
      Cell(
        x: $0 % columns - left, y: $0 / columns - top, colour: pixels[$0]?.median ?? .zero, weight: weights[$0])
    }
  }

  /// Root mean square of the channels.
  private static func distance(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
    let difference = a - b
    return ((difference * difference).sum() / 3).squareRoot()
  }

  /// k of squared distances, a lane each.
  static func likeness(_ squared: SIMD16<Float>, _ tolerance: Float) -> SIMD16<Float> {
    var near = 1 - squared * (1 / (8 * tolerance * tolerance))
    near.replace(with: 0, where: near .< 0)
    near *= near
    return near * near
  }

  /// What a pixel counts for at a place.
  struct Term: Sendable {
    /// From the place, in rows of pixels behind one another, colour after colour.
    var offset: Int
    var weight: Float
  }

  /// A stencil as sums over its surroundings, one pixel more on each side: [row][column][colour].
  struct Kernel: Sendable {
    private(set) var colours: [SIMD3<Float>] = []
    private(set) var values: [Float] = []
    let rows: Int
    let columns: Int

    /// Colours that pixels are compared with, at most: those that tell most.
    private static let mostColours = 24
    /// Distance of colours that are one, and from which they are others, in tolerances.
    private static let (same, other): (Float, Float) = (0.5, 2.5)
    /// Correlation with its decoy up to which a stencil is told from it.
    private static let likeDecoy: Float = 0.65

    init(_ stencil: Stencil) {
      (rows, columns) = (stencil.height + 2, stencil.width + 2)
      var groups: [(sum: SIMD3<Float>, weight: Float, cells: [Cell])] = []
      for cell in stencil.cells.sorted(by: { ($0.weight, $1.y, $1.x) > ($1.weight, $0.y, $0.x) }) {
        let near = groups.firstIndex {
          Stencil.distance($0.sum / $0.weight, cell.colour) <= Self.same * stencil.tolerance
        }
        if let near {
          groups[near].sum += cell.weight * cell.colour
          groups[near].weight += cell.weight
          groups[near].cells.append(cell)
        } else {
          groups.append((cell.weight * cell.colour, cell.weight, [cell]))
        }
      }
      let most = groups.indices.sorted { (groups[$0].weight, $1) > (groups[$1].weight, $0) }.prefix(Self.mostColours)
      colours = most.map { groups[$0].sum / groups[$0].weight }
      let total = most.reduce(Float(0)) { $0 + groups[$1].weight }
      values = [Float](repeating: 0, count: rows * columns * colours.count)
      var known = [SIMD3<Float>?](repeating: nil, count: rows * columns)
      for cell in stencil.cells { known[(cell.y + 1) * columns + cell.x + 1] = cell.colour }
      for (colour, group) in most.enumerated() {
        for cell in groups[group].cells {
          let weight = cell.weight / total
          values[((cell.y + 1) * columns + cell.x + 1) * colours.count + colour] += weight
          var (nearest, distance): ([Int], Int) = ([], .max)
          for i in known.indices {
            if let own = known[i], Stencil.distance(own, cell.colour) <= Self.other * stencil.tolerance { continue }
            let (dx, dy) = (i % columns - cell.x - 1, i / columns - cell.y - 1)
            let own = dx * dx + dy * dy
            if own < distance { (nearest, distance) = ([], own) }
            if own == distance { nearest.append(i) }
          }
          for i in nearest { values[i * colours.count + colour] -= weight / Float(nearest.count) }
        }
      }
    }

    /// All that counts, in images of `extent` * `extent` pixels.
    func terms(in extent: Int) -> [Term] {
      values.indices.filter { values[$0] != 0 }.map { i in
        let (colour, place) = (i % colours.count, i / colours.count)
        return Term(offset: (colour * extent + place / columns) * extent + place % columns, weight: values[i])
      }
    }

    /// The same mirrored.
    func mirrored(rows isFlipped: Bool, columns isMirrored: Bool) -> Kernel {
      var result = self
      for y in 0..<rows {
        for x in 0..<columns {
          let from = (isFlipped ? rows - 1 - y : y) * columns + (isMirrored ? columns - 1 - x : x)
          for c in colours.indices {
            result.values[(y * columns + x) * colours.count + c] = values[from * colours.count + c]
          }
        }
      }
      return result
    }

    /// What no attacker planted: the mirror image that is least like it; nil if all are like it.
    var decoy: Kernel? {
      let all = [(true, false), (false, true), (true, true)].map { mirrored(rows: $0.0, columns: $0.1) }
      let likeness = all.map { dot($0.values[...], values[...]) / max(dot(values[...], values[...]), 1e-9) }
      let least = likeness.indices.min { (likeness[$0], $0) < (likeness[$1], $1) } ?? 0
      return likeness[least] <= Self.likeDecoy ? all[least] : nil
    }
  }
}

extension ImageSet {
  /// Levels of a pixel, by its index in row-major order.
  func pixel(_ image: Int, _ i: Int) -> SIMD3<Float> {
    let at = image * stride + 3 * i
    return SIMD3(Float(pixels[at]), Float(pixels[at + 1]), Float(pixels[at + 2]))
  }
}
