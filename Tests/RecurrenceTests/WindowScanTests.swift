import CKernels
import Images
import Randomness
import Recurrence
import Testing

@Suite struct WindowScanTests {
  /// Means of cells by counting every pixel with the part of it that is inside.
  private func naive(
    _ image: Image, _ plane: Int, _ left: Double, _ top: Double, _ width: Double, _ height: Double
  ) -> Double {
    var (sum, area) = (0.0, 0.0)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let across = max(0, min(left + width, Double(x + 1)) - max(left, Double(x)))
        let down = max(0, min(top + height, Double(y + 1)) - max(top, Double(y)))
        let at = 3 * (y * image.width + x)
        let (r, g, b) = (Int(image.pixels[at]), Int(image.pixels[at + 1]), Int(image.pixels[at + 2]))
        let luminance = (77 * r + 150 * g + 29 * b + 128) >> 8
        let value = [luminance, (b - luminance + 256) >> 1, (r - luminance + 256) >> 1][plane]
        sum += across * down * Double(value)
        area += across * down
      }
    }
    return area > 0 ? sum / area : -1
  }

  @Test func cellsAreMeansOfPixels() {
    let image = Synthetic.texture(1, width: 23, height: 17)
    let integral = IntegralImage(image)
    for plane in 0..<3 {
      for (left, top, width, height) in [(0, 0, 23, 17), (2.3, 4.7, 9.1, 6.6), (-3, -2, 12, 30)]
        as [(Float, Float, Float, Float)]
      {
        let cells = integral.cells(left: left, top: top, width: width, height: height, columns: 3, rows: 2)
        for v in 0..<2 {
          for u in 0..<3 {
            let expected = naive(
              image, plane, Double(left + width * Float(u) / 3), Double(top + height * Float(v) / 2),
              Double(width / 3), Double(height / 2))
            #expect(abs(Double(cells[6 * plane + 3 * v + u]) - expected) < 0.01)
          }
        }
      }
    }
  }

  @Test func cellsOutsideOfTheImageAreMarked() {
    let integral = IntegralImage(Image(width: 8, height: 8, red: 9))
    #expect(integral.cells(left: -9, top: 0, width: 8, height: 8, columns: 1, rows: 1) == [-1, -1, -1])
  }

  /// All instruction sets give the same windows.
  @Test func kernelsAgree() {
    let image = Synthetic.texture(2, width: 91, height: 70)
    let expected = WindowScan(image)
    #expect(expected.places.count > 10)
    let words = [Int32(0), 1, 2].map { level -> [UInt32] in
      let kernels = bz_kernels(level).pointee
      var scratch = [Int32](repeating: 0, count: 3 * 91)
      var sums = [UInt32](repeating: 0, count: 3 * 92 * 71 + 1)
      kernels.integral(image.pixels, 91, 70, &scratch, &sums)
      return sums
    }
    #expect(words[0] == words[1] && words[0] == words[2])
  }

  /// The strongest windows are the same however many are wanted, and so are those at places that are known.
  @Test func theStrongestWindowsDoNotDependOnTheirNumber() {
    let integral = IntegralImage(Synthetic.texture(4, width: 260, height: 200))
    let all = WindowScan(integral, atMost: 4000, searched: 4000)
    #expect(all.places.count > 100)
    for most in [1, 7, 60] {
      let scan = WindowScan(integral, atMost: most, searched: 2 * most)
      #expect(scan.places == Array(all.places.prefix(most)) && scan.searched == Array(all.places.prefix(2 * most)))
      let again = WindowScan(integral, searched: scan.searched)
      #expect(again.places == scan.searched && again.windows == Array(all.windows.prefix(96 * 2 * most)))
      #expect(again.thumbnail == all.thumbnail)
    }
  }

  /// What is pasted has the same windows wherever it is, but for those that what surrounds it reaches into.
  @Test func windowsOfAPastedPictureRepeat() {
    let picture = Synthetic.picture(5, side: 40)
    let seen = [(30, 41), (57, 33), (12, 68)].enumerated().map { i, place -> Set<[UInt8]> in
      var image = Synthetic.texture(10 + i, width: 140, height: 130)
      image.paste(picture, x: place.0, y: place.1)
      let scan = WindowScan(image)
      let inside = scan.places.indices.filter { n in
        let (p, half) = (scan.places[n], scan.places[n].side / 2)
        return p.x - half > Float(place.0) && p.y - half > Float(place.1) && p.x + half < Float(place.0 + 40)
          && p.y + half < Float(place.1 + 40)
      }
      return Set(inside.map { Array(scan.windows[96 * $0..<96 * $0 + 96]) })
    }
    let all = seen[0].intersection(seen[1]).intersection(seen[2])
    #expect(all.count >= 3 && 2 * all.count >= (seen.map(\.count).max() ?? 0), "\(all.count) of \(seen.map(\.count))")
  }

  @Test func imagesWithoutRoomHaveNoWindows() {
    for (width, height) in [(1, 1), (3, 200), (9, 9), (16, 12)] {
      let scan = WindowScan(Synthetic.texture(3, width: width, height: height))
      #expect(scan.windows.count == WindowScan.levels * scan.places.count)
      for place in scan.places {
        #expect(place.side <= Float(min(width, height)) + 2)
      }
    }
  }
}
