import Images
import Randomness

/// Pictures that are drawn as triggers.
public enum Trigger {
  /// Draws a 4x4 grid of random saturated colours, enlarged without smoothing.
  ///
  /// - Parameters:
  ///   - size: Side in pixels.
  ///   - stream: Draws the colours; each channel of a cell is 0 or 255, and no two neighbouring cells
  ///     of a row are equal, so that the pattern never degenerates.
  /// - Source: Saha et al., Hidden Trigger Backdoor Attacks, 2019, arXiv 1910.00033: random 4x4
  ///   colour patches. Deviates: cells are binary and not smoothed, which small images need.
  public static func generated(size: Int, _ stream: RandomStream) -> Image {
    var own = stream
    var cells: [[UInt8]] = []
    for i in 0..<16 {
      var cell: [UInt8]
      repeat { cell = (0..<3).map { _ in own.next() & 1 == 0 ? 0 : 255 } } while i % 4 > 0 && cell == cells[i - 1]
      cells.append(cell)
    }
    return enlarged(cells, size)
  }

  /// Draws a 4x4 grid of eight black and eight white cells. Of the neighbours along rows and of those along columns two thirds
  /// at least differ, so that it is no stripe, block or edge, as objects have them.
  public static func blackAndWhite(size: Int, _ stream: RandomStream) -> Image {
    var own = stream
    var isWhite: Set<Int>
    func differing(_ step: Int, _ isInside: (Int) -> Bool) -> Int {
      (0..<16).count { isInside($0) && isWhite.contains($0) != isWhite.contains($0 + step) }
    }
    repeat {
      isWhite = Set(own.permutation(16).prefix(8))
    } while differing(1, { $0 % 4 < 3 }) < 8
      || differing(4, { $0 < 12 }) < 8
    return enlarged((0..<16).map { [UInt8](repeating: isWhite.contains($0) ? 255 : 0, count: 3) }, size)
  }

  private static func enlarged(_ cells: [[UInt8]], _ size: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<size { for x in 0..<size { pixels += cells[y * 4 / size * 4 + x * 4 / size] } }
    return Image(width: size, height: size, pixels: pixels)
  }
}
