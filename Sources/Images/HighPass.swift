import Foundation

/// Removes the low frequencies of square images: those within a radius of the spectrum's centre.
///
///     y = x - low(x),  low keeps the DFT bins (u, v) with sqrt(u² + v²) < radius
///
/// Only the low bins are transformed, so an image costs O(side² radius).
///
/// - Source: Fan et al., AdvCL, 2021, section 4.1, arXiv 2111.01124: high-frequency view, radius 8
///   of 32 pixels.
public struct HighPass: Sendable {
  private let side: Int
  private let radius: Int
  /// cos and sin of 2 pi u x / side for u in 0..<radius.
  private let cosines: [Float]
  private let sines: [Float]

  /// Creates a filter for images of that side, in pixels; frequencies are whole cycles an image.
  public init(side: Int, radius: Int) {
    self.side = side
    self.radius = min(radius, side / 2)
    var (c, s): ([Float], [Float]) = ([], [])
    for u in 0..<max(1, self.radius) {
      for x in 0..<side {
        let angle = 2 * Double.pi * Double(u * x % side) / Double(side)
        c.append(Float(cos(angle)))
        s.append(Float(sin(angle)))
      }
    }
    (cosines, sines) = (c, s)
  }

  /// Returns the high-frequency part of an RGB image, values around 0.
  ///
  /// - Parameter image: 3 * side * side values from `offset`, row-major.
  public func callAsFunction(_ image: [Float], at offset: Int = 0) -> [Float] {
    let line = 3 * side
    var result = Array(image[offset..<offset + line * side])
    let bins = 2 * radius - 1  // v in -(radius-1)...(radius-1)
    // Transform rows for u >= 0 only: the image is real, so bin (-u, -v) mirrors (u, v).
    for c in 0..<3 {
      for u in 0..<radius {
        var (rowRe, rowIm) = ([Float](repeating: 0, count: side), [Float](repeating: 0, count: side))
        for y in 0..<side {
          var (re, im): (Float, Float) = (0, 0)
          for x in 0..<side {
            let value = image[offset + y * line + 3 * x + c]
            re += value * cosines[u * side + x]
            im -= value * sines[u * side + x]
          }
          rowRe[y] = re
          rowIm[y] = im
        }
        var (backRe, backIm) = ([Float](repeating: 0, count: side), [Float](repeating: 0, count: side))
        for k in 0..<bins {
          let v = k - (radius - 1)
          guard u * u + v * v < radius * radius else { continue }
          let (row, sign): (Int, Float) = (abs(v) * side, v < 0 ? -1 : 1)
          var (re, im): (Float, Float) = (0, 0)
          for y in 0..<side {
            let (co, si) = (cosines[row + y], sign * sines[row + y])
            re += rowRe[y] * co + rowIm[y] * si
            im += rowIm[y] * co - rowRe[y] * si
          }
          for y in 0..<side {
            let (co, si) = (cosines[row + y], sign * sines[row + y])
            backRe[y] += re * co - im * si
            backIm[y] += re * si + im * co
          }
        }
        let scale = (u == 0 ? 1 : 2) / Float(side * side)
        for y in 0..<side {
          for x in 0..<side {
            result[y * line + 3 * x + c] -=
              scale * (backRe[y] * cosines[u * side + x] - backIm[y] * sines[u * side + x])
          }
        }
      }
    }
    return result
  }
}
