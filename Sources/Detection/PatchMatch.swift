import Datasets
import Images

/// Finds where a small picture recurs in other images, by normalised cross-correlation.
///
///     ncc = Σ (t - mean t)(w - mean w) / sqrt(Σ (t - mean t)² Σ (w - mean w)²)
///
/// Sums run over pixels and channels together, so colours count, brightness and contrast do not.
package struct PatchMatch {
  private let side: Int
  private let centred: [Float]
  /// Standard deviation of the template's values, 0...255.
  package let contrast: Float

  /// Prepares a square template.
  package init(_ template: Image) {
    side = template.width
    let values = template.pixels.map(Float.init)
    let mean = values.reduce(0, +) / Float(values.count)
    let shifted = values.map { $0 - mean }
    let squares = shifted.reduce(0) { $0 + $1 * $1 }
    contrast = (squares / Float(values.count)).squareRoot()
    let norm = max(squares.squareRoot(), 1e-6)
    centred = shifted.map { $0 / norm }
  }

  /// The best place in an image.
  package struct Place: Sendable {
    package var correlation: Float
    package var x: Int
    package var y: Int
  }

  /// Returns the best place of the template in an image of a set.
  package func best(in set: ImageSet, _ image: Int) -> Place {
    let span = set.side - side + 1
    let line = 3 * set.side
    let base = image * set.stride
    let count = Float(3 * side * side)
    var best = Place(correlation: -1, x: 0, y: 0)
    for y in 0..<span {
      for x in 0..<span {
        var (product, sum, squares): (Float, Float, Float) = (0, 0, 0)
        var k = 0
        for row in 0..<side {
          let from = base + (y + row) * line + 3 * x
          for i in from..<from + 3 * side {
            let value = Float(set.pixels[i])
            product += value * centred[k]
            sum += value
            squares += value * value
            k += 1
          }
        }
        // The template has mean 0, so the window's mean drops out of the product. A flat window
        // matches nothing.
        let variance = squares - sum * sum / count
        if variance < count { continue }
        let correlation = product / variance.squareRoot()
        if correlation > best.correlation { best = Place(correlation: correlation, x: x, y: y) }
      }
    }
    return best
  }
}
