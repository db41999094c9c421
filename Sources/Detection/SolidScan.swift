import Datasets
import Foundation
import Images

/// Sides of a rectangle in pixels of a reduced image.
struct SolidSize: Sendable {
  var width: Int
  var height: Int
  /// Pixels by which either side may be larger: where images are reduced, edges fall between pixels.
  var slack = 0

  /// True for sides that are this size.
  func contains(_ width: Int, _ height: Int) -> Bool {
    (self.width...self.width + slack).contains(width) && (self.height...self.height + slack).contains(height)
  }

  /// All sizes without slack that it contains.
  var exact: [SolidSize] {
    (0...slack).flatMap { i in (0...slack).map { SolidSize(width: width + i, height: height + $0) } }
  }

  /// Wider and lower, narrower and higher, smaller and larger ones.
  var decoys: [SolidSize] {
    let step = max(1 + slack, min(width, height) / 4)
    return [(step, -step), (-step, step), (-step, -step), (step, step)].map {
      SolidSize(width: max(1, width + $0), height: max(1, height + $1), slack: slack)
    }
  }
}

/// A plain rectangle in a reduced image.
struct SolidRectangle: Sendable {
  var x = 0
  var y = 0
  var width = 0
  var height = 0
  /// Mean inside, 0...255.
  var colour = SIMD3<Float>.zero
  /// Logarithm of the mean squared distance to its colour of what borders it, on the two sides where that is nearest, over that
  /// of its own pixels: one side may lie on nearly its own colour.
  var clearness: Float = 0

  /// True if no channel differs by more levels.
  func isColoured(like other: SolidRectangle, _ levels: Float) -> Bool {
    let difference = colour - other.colour
    return max(abs(difference.x), abs(difference.y), abs(difference.z)) <= levels
  }

  /// The square around it, in full pixels.
  func window(in side: Int, factor: Int) -> Window {
    let extent = max(width, height) * factor
    return Window(x: min(x * factor, side - extent), y: min(y * factor, side - extent), side: extent)
  }

  /// What an image shows there, the rest of the square left out.
  func template(_ set: ImageSet, _ image: Int, factor: Int) -> PatchTemplate {
    let window = window(in: set.side, factor: factor)
    let (columns, rows) = (x * factor..<(x + width) * factor, y * factor..<(y + height) * factor)
    let weights = (0..<window.side * window.side).map { i -> Float in
      rows.contains(window.y + i / window.side) && columns.contains(window.x + i % window.side) ? 1 : 0
    }
    return PatchTemplate(set.crop(image, window), weights: weights)
  }
}

/// Sums over a reduced image, from which those over any rectangle follow.
struct SolidScan {
  private let side: Int
  /// Red, green, blue and the sum of their squares over everything above and to the left, [side + 1, side + 1].
  private let sums: [SIMD4<Int32>]

  /// Sides of the smallest rectangle, and of the corners that larger ones start from.
  static let smallest = 3
  /// Largest squared distance between colours, per channel.
  private static let farthest: Float = 255 * 255
  /// Squared levels that count as noise.
  private static let noise: Float = 9
  /// Of a rectangle to start from: squared levels that its pixels are from its colour at most, and what borders it at least;
  /// and how many times further the latter is.
  private static let plain: Float = 40 * 40
  private static let visible: Float = 12 * 12
  private static let clear: Float = 2.7

  init(_ set: ImageSet, _ image: Int, factor: Int) {
    side = set.side / factor
    let plane = set.reduced(image, by: factor)
    var sums = [SIMD4<Int32>](repeating: .zero, count: (side + 1) * (side + 1))
    for y in 0..<side {
      var line = SIMD4<Int32>.zero
      for x in 0..<side {
        let i = 3 * (y * side + x)
        let pixel = SIMD3(Int32(plane[i].rounded()), Int32(plane[i + 1].rounded()), Int32(plane[i + 2].rounded()))
        line &+= SIMD4(pixel, (pixel &* pixel).wrappedSum())
        sums[(y + 1) * (side + 1) + x + 1] = sums[y * (side + 1) + x + 1] &+ line
      }
    }
    self.sums = sums
  }

  private func sum(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> SIMD4<Float> {
    let (top, bottom) = (y * (side + 1) + x, (y + height) * (side + 1) + x)
    return SIMD4<Float>(sums[bottom + width] &- sums[bottom] &- sums[top + width] &+ sums[top])
  }

  private func mean(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> SIMD3<Float> {
    let sum = sum(x, y, width, height) / Float(width * height)
    return SIMD3(sum.x, sum.y, sum.z)
  }

  /// Mean squared distance of pixels to a colour, per channel.
  private func distance(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ colour: SIMD3<Float>) -> Float {
    let (sum, pixels) = (sum(x, y, width, height), Float(width * height))
    let products = (pixels * colour - 2 * SIMD3(sum.x, sum.y, sum.z)) * colour
    return max(0, sum.w + products.sum()) / (3 * pixels)
  }

  /// Distances to a colour of what borders a rectangle on the two sides where that is nearest, the nearest first; of fewer sides
  /// where one is nearer than `least`, or where the product that ``ratio(_:_:)`` is made of is below `product`: it only falls. The
  /// image's edge borders on nothing.
  private func border(
    _ x: Int, _ y: Int, _ width: Int, _ height: Int, _ colour: SIMD3<Float>, least: Float = 0, product: Float = 0,
    isCorner: Bool = false
  ) -> SIMD2<Float> {
    var nearest = SIMD2<Float>(repeating: Self.farthest)
    func isFar(_ distance: Float) -> Bool {
      nearest = distance < nearest.x ? SIMD2(distance, nearest.x) : SIMD2(nearest.x, min(nearest.y, distance))
      return nearest.x >= least && (nearest.x + Self.noise) * (nearest.y + Self.noise) >= product
    }
    if !isCorner {
      if x + width < side, !isFar(distance(x + width, y, 1, height, colour)) { return nearest }
      if y + height < side, !isFar(distance(x, y + height, width, 1, colour)) { return nearest }
    }
    if x > 0, !isFar(distance(x - 1, y, 1, height, colour)) { return nearest }
    if y > 0 { _ = isFar(distance(x, y - 1, width, 1, colour)) }
    // In an image's corner there are only two: a background that the image is cut from is bordered by both.
    let isInCorner = (x == 0 || x + width == side) && (y == 0 || y + height == side)
    return isInCorner ? SIMD2(nearest.x, nearest.x) : nearest
  }

  /// Ratio of the geometric mean of two sides' distances to that of the pixels inside.
  private func ratio(_ border: SIMD2<Float>, _ inside: Float) -> Float {
    ((border.x + Self.noise) * (border.y + Self.noise)).squareRoot() / (inside + Self.noise)
  }

  /// The rectangle of any colour with sides of up to `largest` pixels that is clearest for its size; nil if none is clear.
  func clearest(upTo largest: Int) -> SolidRectangle? {
    var best: (rank: Float, rectangle: SolidRectangle)?
    let small = Self.smallest
    guard largest >= small else { return nil }
    for y in 0...side - small {
      for x in 0...side - small {
        let corner = mean(x, y, small, small)
        let inside = distance(x, y, small, small, corner)
        guard inside <= Self.plain else { continue }
        let least = max(Self.visible, 2 * inside)
        guard border(x, y, small, small, corner, least: least, isCorner: true).x >= least else { continue }
        for width in small...min(largest, side - x) {
          for height in small...min(largest, side - y) {
            let colour = mean(x, y, width, height)
            let inside = distance(x, y, width, height, colour)
            // Taller ones are no plainer.
            guard inside <= Self.plain else { break }
            let least = max(Self.visible, Self.clear * (inside + Self.noise))
            let border = border(x, y, width, height, colour, least: least)
            guard border.x >= least else { continue }
            let clearness = log(ratio(border, inside))
            // Small plain parts are common.
            let rank = clearness * Float(width * height).squareRoot()
            if rank > best?.rank ?? 0 {
              best = (
                rank,
                SolidRectangle(x: x, y: y, width: width, height: height, colour: colour, clearness: clearness)
              )
            }
          }
        }
      }
    }
    return best?.rectangle
  }

  /// The clearest rectangle of a size and colour.
  func clearest(_ size: SolidSize, _ colour: SIMD3<Float>) -> SolidRectangle {
    var best = SolidRectangle()
    var most: Float = 0
    for size in size.exact {
      for y in 0...side - size.height {
        for x in 0...side - size.width {
          let inside = distance(x, y, size.width, size.height, colour)
          // No border is far enough.
          guard Self.farthest + Self.noise > most * (inside + Self.noise) else { continue }
          // A little less, for rounding.
          let product = 0.999 * (most * (inside + Self.noise)) * (most * (inside + Self.noise))
          let value = ratio(border(x, y, size.width, size.height, colour, product: product), inside)
          guard value > most else { continue }
          most = value
          (best.x, best.y, best.width, best.height) = (x, y, size.width, size.height)
        }
      }
    }
    best.colour = mean(best.x, best.y, best.width, best.height)
    best.clearness = log(most)
    return best
  }
}
