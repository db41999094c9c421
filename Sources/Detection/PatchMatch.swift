import Datasets
import Images

/// Finds where a small picture recurs in other images, by normalised cross-correlation.
///
///     ncc = Σ (t - mean t)(w - mean w) / sqrt(Σ (t - mean t)² Σ (w - mean w)²)
///
/// Sums run over pixels and channels, means over the pixels of each channel: what counts is where
/// each colour goes up and down, not the tint, brightness or contrast of the whole. (With one mean
/// for all channels any two patches of blue sky are alike.)
/// Large templates are looked for at a reduced scale first, and the best places refined at full scale.
package struct PatchMatch {
  /// Templates are reduced to about this many pixels for the first look.
  private static let coarseSide = 12
  /// Places that are refined.
  private static let refined = 4

  private let fine: Template
  private let coarse: Template?
  private let factor: Int
  /// Standard deviation of the template's values, 0...255.
  package var contrast: Float { fine.contrast }

  /// Prepares a square template.
  package init(_ image: Image) {
    fine = Template(Plane(image))
    factor = max(1, image.width / Self.coarseSide)
    coarse = factor > 1 ? Template(Plane(image).reduced(by: factor)) : nil
  }

  /// The best place in an image.
  package struct Place: Sendable {
    package var correlation: Float
    package var x: Int
    package var y: Int
  }

  /// Returns the best place of the template in an image of a set.
  package func best(in set: ImageSet, _ image: Int) -> Place {
    let plane = Plane(set.image(image))
    let span = plane.side - fine.side
    var best = Place(correlation: -1, x: 0, y: 0)
    func look(_ xs: ClosedRange<Int>, _ ys: ClosedRange<Int>) {
      for y in ys {
        for x in xs {
          let correlation = fine.correlation(with: plane, x, y)
          if correlation > best.correlation { best = Place(correlation: correlation, x: x, y: y) }
        }
      }
    }
    guard let coarse else {
      look(0...span, 0...span)
      return best
    }
    let small = plane.reduced(by: factor)
    var places: [Place] = []
    for y in 0...small.side - coarse.side {
      for x in 0...small.side - coarse.side {
        let correlation = coarse.correlation(with: small, x, y)
        if places.count < Self.refined || correlation > places[places.count - 1].correlation {
          let at = places.firstIndex { $0.correlation < correlation } ?? places.count
          places.insert(Place(correlation: correlation, x: x, y: y), at: at)
          if places.count > Self.refined { places.removeLast() }
        }
      }
    }
    for place in places {
      func around(_ at: Int) -> ClosedRange<Int> {
        let low = min(span, max(0, at * factor - factor))
        return low...min(span, at * factor + factor)
      }
      look(around(place.x), around(place.y))
    }
    return best
  }
}

/// Values of a square RGB image, row-major.
private struct Plane {
  let side: Int
  let values: [Float]

  init(_ image: Image) {
    side = image.width
    values = image.pixels.map(Float.init)
  }

  private init(side: Int, values: [Float]) { (self.side, self.values) = (side, values) }

  /// Means of blocks of `factor` pixels; what is left at the far edges is dropped.
  func reduced(by factor: Int) -> Plane {
    let small = side / factor
    var sums = [Float](repeating: 0, count: 3 * small * small)
    for y in 0..<small * factor {
      for x in 0..<small * factor {
        let (from, to) = (3 * (y * side + x), 3 * (y / factor * small + x / factor))
        for c in 0..<3 { sums[to + c] += values[from + c] }
      }
    }
    return Plane(side: small, values: sums.map { $0 / Float(factor * factor) })
  }
}

/// A picture with mean 0 and norm 1.
private struct Template {
  let side: Int
  let contrast: Float
  private let centred: [Float]

  init(_ plane: Plane) {
    side = plane.side
    let pixels = side * side
    var means = SIMD3<Float>.zero
    for i in 0..<pixels { for c in 0..<3 { means[c] += plane.values[3 * i + c] } }
    means /= Float(pixels)
    let shifted = plane.values.indices.map { plane.values[$0] - means[$0 % 3] }
    let squares = shifted.reduce(0) { $0 + $1 * $1 }
    contrast = (squares / Float(shifted.count)).squareRoot()
    let norm = max(squares.squareRoot(), 1e-6)
    centred = shifted.map { $0 / norm }
  }

  /// Correlation with the window at a place; a flat window matches nothing.
  func correlation(with plane: Plane, _ x: Int, _ y: Int) -> Float {
    var (product, squares): (Float, Float) = (0, 0)
    var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
    var k = 0
    for row in 0..<side {
      var i = 3 * ((y + row) * plane.side + x)
      for _ in 0..<side {
        let (r, g, b) = (plane.values[i], plane.values[i + 1], plane.values[i + 2])
        product += r * centred[k] + g * centred[k + 1] + b * centred[k + 2]
        squares += r * r + g * g + b * b
        red += r
        green += g
        blue += b
        i += 3
        k += 3
      }
    }
    // The template's channels have mean 0, so the window's means drop out of the product.
    let pixels = Float(side * side)
    let variance = squares - (red * red + green * green + blue * blue) / pixels
    return variance < 3 * pixels ? -1 : product / variance.squareRoot()
  }
}
