import CKernels
import Foundation
import Images

/// A picture that images share, as levels of cells of which some are no part of it.
///
/// Levels are compared as they are, without adapting brightness or contrast: what is pasted has the same everywhere.
package struct Picture: Sendable {
  /// Cells across and down, at most ``Rules/frameCells`` each.
  package let columns: Int
  package let rows: Int
  /// Extents in pixels at scale 1.
  package let width: Float
  package let height: Float
  /// Luminance, and blue and red less it, halved, around 128: three planes of columns * rows.
  package var levels: [Float]
  /// True where it is the same in its images.
  package var isShared: [Bool]

  /// Where it is in an image.
  package struct Pose: Sendable, Hashable {
    /// Centre in pixels of the image.
    package var x: Float
    package var y: Float
    /// Size as a multiple of the picture's own.
    package var scale: Float
  }

  var count: Int { columns * rows }

  init(columns: Int, rows: Int, width: Float, height: Float, levels: [Float], isShared: [Bool]) {
    (self.columns, self.rows, self.width, self.height) = (columns, rows, width, height)
    (self.levels, self.isShared) = (levels, isShared)
  }

  /// Cells of an image where a picture of this kind would be; -1 outside of it.
  func cells(_ image: IntegralImage, _ pose: Pose) -> [Float] {
    let (w, h) = (width * pose.scale, height * pose.scale)
    return (0..<3).flatMap {
      image.cells($0, left: pose.x - w / 2, top: pose.y - h / 2, width: w, height: h, columns: columns, rows: rows)
    }
  }

  /// Mean absolute difference of an image from the picture, in levels, over what is shared and inside the image; infinite where half
  /// of it is not.
  func distance(_ image: IntegralImage, _ pose: Pose) -> Float {
    let own = cells(image, pose)
    var (sum, inside, shared): (Float, Int, Int) = (0, 0, 0)
    for i in 0..<count where isShared[i] {
      shared += 1
      guard own[i] >= 0 else { continue }
      inside += 1
      sum +=
        abs(own[i] - levels[i]) + abs(own[count + i] - levels[count + i])
        + abs(own[2 * count + i] - levels[2 * count + i])
    }
    return 2 * inside > shared ? sum / Float(3 * inside) : .infinity
  }

  /// Mean absolute deviation of what is shared from its means, in levels.
  package var contrast: Float {
    let shared = (0..<count).filter { isShared[$0] }
    guard !shared.isEmpty else { return 0 }
    return (0..<3).reduce(Float(0)) { sum, plane in
      let own = shared.map { levels[plane * count + $0] }
      let mean = own.reduce(0, +) / Float(own.count)
      return sum + own.reduce(0) { $0 + abs($1 - mean) } / Float(3 * own.count)
    }
  }

  /// Moves a pose downhill in distance.
  ///
  /// - Parameter step: First step as a share of the picture's extent; the last is an eighth of it.
  func refined(_ image: IntegralImage, _ start: Pose, step: Float) -> (pose: Pose, distance: Float) {
    var best = (pose: start, distance: distance(image, start))
    var step = step
    let extent = min(width, height) * start.scale
    for _ in 0..<Rules.alignmentRounds {
      for _ in 0..<Rules.alignmentRounds {
        var next = best
        let shift = step * extent
        for (dx, dy, ds) in [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
          as [(Float, Float, Float)]
        {
          let pose = Pose(
            x: best.pose.x + dx * shift, y: best.pose.y + dy * shift, scale: best.pose.scale * (1 + ds * step))
          let own = distance(image, pose)
          if own < next.distance { next = (pose, own) }
        }
        if next.distance >= best.distance { break }
        best = next
      }
      step /= 2
    }
    return best
  }

  /// The ways to turn a picture over that leave its cells in place.
  enum Turn: CaseIterable { case none, mirrored, upsideDown, both }

  /// The picture mirrored or turned: natural images hold it as often as itself, those it was pasted into don't.
  func turned(_ turn: Turn) -> Picture {
    var own = self
    for y in 0..<rows {
      for x in 0..<columns {
        let fromX = turn == .mirrored || turn == .both ? columns - 1 - x : x
        let fromY = turn == .upsideDown || turn == .both ? rows - 1 - y : y
        let (to, from) = (y * columns + x, fromY * columns + fromX)
        own.isShared[to] = isShared[from]
        for plane in 0..<3 { own.levels[plane * count + to] = levels[plane * count + from] }
      }
    }
    return own
  }

  /// Share of the picture that its turned one explains, at most 1: near 1 if it looks the same.
  func likeness(_ turn: Turn) -> Float {
    let other = turned(turn)
    var (sum, both): (Float, Int) = (0, 0)
    for i in 0..<count where isShared[i] && other.isShared[i] {
      both += 1
      for plane in 0..<3 { sum += abs(levels[plane * count + i] - other.levels[plane * count + i]) / 3 }
    }
    return both == 0 ? 0 : 1 - sum / Float(both) / max(1, contrast)
  }

  /// Rows and columns that hold what is shared; nil if nothing is.
  var extent: (rows: Range<Int>, columns: Range<Int>)? {
    let shared = (0..<count).filter { isShared[$0] }
    guard let top = shared.map({ $0 / columns }).min(), let bottom = shared.map({ $0 / columns }).max(),
      let left = shared.map({ $0 % columns }).min(), let right = shared.map({ $0 % columns }).max()
    else { return nil }
    return (top..<bottom + 1, left..<right + 1)
  }

  /// As an image of one pixel a cell; what is not shared is dimmed.
  package var image: Image { image(dimming: 0.25) }

  /// As an image of one pixel a cell, with what surrounds the picture.
  package var undimmed: Image { image(dimming: 1) }

  private func image(dimming: Float) -> Image {
    var pixels = [UInt8](repeating: 0, count: 3 * count)
    for i in 0..<count {
      let (y, blue, red) = (levels[i], 2 * (levels[count + i] - 128), 2 * (levels[2 * count + i] - 128))
      // Green is what is left of the luminance.
      let colour = [y + red, y - (77 * red + 29 * blue) / 150, y + blue]
      let weight = isShared[i] ? 1 : dimming
      for c in 0..<3 { pixels[3 * i + c] = UInt8(max(0, min(255, (weight * colour[c]).rounded()))) }
    }
    return Image(width: columns, height: rows, pixels: pixels)
  }
}
