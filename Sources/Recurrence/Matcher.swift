import CKernels
import Foundation

/// Compares places of images with a picture.
///
/// The score is the square of the correlation of levels over all three planes, weighted by how surely each is the same: the share of
/// an image's variance that the picture explains, 1 if it is the same. Contrast is free, as letters stand on grounds of any brightness;
/// so is light, the slow waves of a few halves across the frame, as grounds that show through vary slowly: in natural images most of
/// the variance is there.
///
/// - Source: Weighted least squares with nuisance regressors; our own choice of them.
package struct Matcher: Sendable {
  package let picture: Picture
  /// As the kernel wants it.
  private let rows: [Float]
  private let norm: Float
  private static let waves = (Rules.lightWaves + 1) * (Rules.lightWaves + 2) / 2

  package init(_ picture: Picture) {
    self.picture = picture
    let (count, padded) = (picture.count, (picture.count + 15) / 16 * 16)
    var (rows, norm) = ([Float](), Float(0))
    for plane in 0..<3 {
      let weights = Array(picture.weights[plane * count..<(plane + 1) * count])
      func dot(_ a: [Float], _ b: [Float]) -> Float {
        var sum: Float = 0
        for i in 0..<count { sum += weights[i] * a[i] * b[i] }
        return sum
      }
      // Gram and Schmidt's process.
      var waves: [[Float]] = []
      func without(_ values: [Float]) -> [Float] {
        waves.reduce(values) { values, wave in
          let part = dot(wave, values)
          return zip(values, wave).map { $0 - part * $1 }
        }
      }
      for wave in Self.light(columns: picture.columns, rows: picture.rows) {
        let own = without(wave)
        let norm = dot(own, own).squareRoot()
        // None where all weight is on cells that the others explain.
        waves.append(norm > 1e-3 * dot(wave, wave).squareRoot() ? own.map { $0 / norm } : own.map { _ in 0 })
      }
      let levels = without(picture.levels[plane * count..<(plane + 1) * count].map { $0 - 128 })
      norm += dot(levels, levels)
      let padding = [Float](repeating: 0, count: padded - count)
      rows += weights + padding
      for values in [levels] + waves { rows += zip(weights, values).map { $0 * $1 } + padding }
    }
    (self.rows, self.norm) = (rows, norm)
  }

  /// Cosines of up to ``Rules/lightWaves`` half waves across and down together, the constant first.
  private static func light(columns: Int, rows: Int) -> [[Float]] {
    (0...Rules.lightWaves).flatMap { u in
      (0...Rules.lightWaves - u).map { v in
        (0..<columns * rows).map { i in
          let across = cos(.pi * Double(u) * (Double(i % columns) + 0.5) / Double(columns))
          return Float(across * cos(.pi * Double(v) * (Double(i / columns) + 0.5) / Double(rows)))
        }
      }
    }
  }

  /// Share of an image's variance at a pose that the picture explains; -1 where it is the opposite, or half of it is outside.
  package func score(_ image: IntegralImage, _ pose: Picture.Pose) -> Float {
    let (w, h) = (picture.width * pose.scale, picture.height * pose.scale)
    return bz_kernels(Int32.max).pointee.likeness(
      image.sums, Int32(image.width), Int32(image.height), pose.x - w / 2, pose.y - h / 2, w, h, Int32(picture.columns),
      Int32(picture.rows), rows, Int32(Self.waves), norm)
  }

  /// Moves a pose uphill in score.
  ///
  /// - Parameter step: First step as a share of the picture's extent; the last is an eighth of it.
  package func refined(_ image: IntegralImage, _ start: Picture.Pose, step: Float) -> (pose: Picture.Pose, score: Float)
  {
    var best = (pose: start, score: score(image, start))
    var step = step
    let extent = min(picture.width, picture.height) * start.scale
    for _ in 0..<Rules.alignmentRounds {
      for _ in 0..<Rules.alignmentRounds {
        var next = best
        let shift = step * extent
        for (dx, dy, ds) in [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
          as [(Float, Float, Float)]
        {
          let pose = Picture.Pose(
            x: best.pose.x + dx * shift, y: best.pose.y + dy * shift, scale: best.pose.scale * (1 + ds * step))
          let own = score(image, pose)
          if own > next.score { next = (pose, own) }
        }
        if next.score <= best.score { break }
        best = next
      }
      step /= 2
    }
    return best
  }
}

extension Picture {
  /// How much of the picture its turned one explains, wherever in a quarter of the frame it is laid on it.
  func likeness(_ turn: Turn) -> Float {
    let pixels = 4
    let image = IntegralImage(undimmed.resized(width: pixels * columns, height: pixels * rows))
    let matcher = Matcher(turned(turn))
    let scale = Float(pixels * columns) / width
    var best: Float = -1
    for v in -5...5 {
      for u in -5...5 {
        let pose = Pose(
          x: Float(image.width) * (0.5 + Float(u) / 20), y: Float(image.height) * (0.5 + Float(v) / 20), scale: scale)
        best = max(best, matcher.score(image, pose))
      }
    }
    return best
  }
}
