import Foundation

/// Removes the low frequencies of square images: those within a radius of the spectrum's centre.
///
///     y = x - low(x),  low keeps the DFT bins (u, v) with sqrt(u² + v²) < radius
///
/// Only the low bins are transformed, eight at a time, so an image costs O(side² radius).
///
/// - Source: Fan et al., AdvCL, 2021, section 4.1, arXiv 2111.01124: high-frequency view, radius 8
///   of 32 pixels.
public struct HighPass: Sendable {
  private let side: Int
  private let radius: Int
  /// Horizontal frequencies, eight at a time.
  private let groups: [Group]
  /// cos and sin of 2 pi v y / side, [v][y].
  private let cosines: [Float]
  private let sines: [Float]

  /// Eight neighbouring horizontal frequencies.
  private struct Group: Sendable {
    /// Squares of the frequencies.
    let squares: SIMD8<Float>
    /// 1 / side² for frequency 0 and 2 / side² for others, which stand for their mirror image too; 0 for
    /// those beyond the radius.
    let scale: SIMD8<Float>
    /// cos and sin of 2 pi u x / side, one entry for every x.
    let cosines: [SIMD8<Float>]
    let sines: [SIMD8<Float>]
  }

  /// Creates a filter for images of that side, in pixels; frequencies are whole cycles an image.
  public init(side: Int, radius: Int) {
    let radius = min(radius, side / 2)
    self.side = side
    self.radius = radius
    func wave(_ function: (Double) -> Double, _ u: Int, _ x: Int) -> Float {
      Float(function(2 * Double.pi * Double(u * x % side) / Double(side)))
    }
    func wide(_ value: (Int) -> Float) -> SIMD8<Float> {
      var result = SIMD8<Float>()
      for lane in 0..<8 { result[lane] = value(lane) }
      return result
    }
    groups = stride(from: 0, to: radius, by: 8).map { first in
      Group(
        squares: wide { Float((first + $0) * (first + $0)) },
        scale: wide { first + $0 >= radius ? 0 : (first + $0 == 0 ? 1 : 2) / Float(side * side) },
        cosines: (0..<side).map { x in wide { wave(cos, first + $0, x) } },
        sines: (0..<side).map { x in wide { wave(sin, first + $0, x) } })
    }
    cosines = (0..<radius).flatMap { v in (0..<side).map { wave(cos, v, $0) } }
    sines = (0..<radius).flatMap { v in (0..<side).map { wave(sin, v, $0) } }
  }

  /// Returns the high-frequency part of an RGB image, values around 0.
  ///
  /// - Parameter image: 3 * side * side values from `offset`, row-major.
  public func callAsFunction(_ image: [Float], at offset: Int = 0) -> [Float] {
    let line = 3 * side
    var result = Array(image[offset..<offset + line * side])
    var rows = [(re: SIMD8<Float>, im: SIMD8<Float>)](repeating: (.zero, .zero), count: side)
    var back = rows
    // Rows are transformed for u >= 0 only: the image is real, so bin (-u, -v) mirrors (u, v).
    for c in 0..<3 {
      for group in groups {
        for y in 0..<side {
          var (re, im) = (SIMD8<Float>(), SIMD8<Float>())
          for x in 0..<side {
            let value = image[offset + y * line + 3 * x + c]
            re += value * group.cosines[x]
            im -= value * group.sines[x]
          }
          rows[y] = (re, im)
          back[y] = (.zero, .zero)
        }
        for v in 1 - radius..<radius {
          let inside = group.squares .< Float(radius * radius - v * v)
          guard any(inside) else { continue }
          let (row, sign): (Int, Float) = (abs(v) * side, v < 0 ? -1 : 1)
          var (re, im) = (SIMD8<Float>(), SIMD8<Float>())
          for y in 0..<side {
            let (co, si) = (cosines[row + y], sign * sines[row + y])
            re += rows[y].re * co + rows[y].im * si
            im += rows[y].im * co - rows[y].re * si
          }
          re.replace(with: 0, where: .!inside)
          im.replace(with: 0, where: .!inside)
          for y in 0..<side {
            let (co, si) = (cosines[row + y], sign * sines[row + y])
            back[y].re += re * co - im * si
            back[y].im += re * si + im * co
          }
        }
        for y in 0..<side {
          let (re, im) = (back[y].re * group.scale, back[y].im * group.scale)
          for x in 0..<side {
            result[y * line + 3 * x + c] -= (re * group.cosines[x] - im * group.sines[x]).sum()
          }
        }
      }
    }
    return result
  }
}
