import CKernels
import Images
import Randomness
import Recurrence
import Testing

@Suite struct RecurringPatternsTests {
  private static let side = 64
  private static let planted = Set(stride(from: 1, to: 120, by: 4))

  /// Images of noise over coloured grain; some with a pattern added.
  private func planes(_ count: Int, planted: Set<Int>, strength: Float, seed: Int = 0) -> [[Float]] {
    var own = RandomStream(seed: 9)
    let pattern = (0..<Self.side * Self.side).map { _ in own.normal() }
    return (0..<count).map { i in
      let image = Synthetic.texture(300 + i + 1000 * seed, width: Self.side, height: Self.side)
      var noise = RandomStream(seed: 4).stream(i)
      return pattern.indices.map {
        Float(image.pixels[3 * $0]) + 3 * noise.normal() + (planted.contains(i) ? strength * pattern[$0] : 0)
      }
    }
  }

  private func families(_ planes: [[Float]], threads: Int = 2, seed: UInt64 = 2) -> [Confirmed] {
    RecurringPatterns(order: Synthetic.order(planes.count, seed), rate: 0.01, threads: threads) { images in
      images.map { FineSigns([planes[$0]], side: Self.side, least: 1) }
    }.families()
  }

  @Test func imagesThatCarryAPatternAreAFamily() throws {
    let planes = planes(120, planted: Self.planted, strength: 2)
    let found = families(planes)
    #expect(found.count == 1)
    #expect(Set(try #require(found.first).members) == Self.planted)
    #expect(families(planes, threads: 1).map(\.members) == families(planes, threads: 3).map(\.members))
  }

  @Test func withoutAPatternThereIsNone() {
    for seed in 0..<3 {
      #expect(families(planes(120, planted: [], strength: 0, seed: seed), seed: UInt64(seed)).isEmpty)
    }
    #expect(families([]).isEmpty)
  }

  /// Copies of one image agree in all signs, which says nothing.
  @Test func copiesAreNone() {
    let one = planes(1, planted: [], strength: 0)[0]
    #expect(families([[Float]](repeating: one, count: 60)).isEmpty)
  }

  @Test func signsAreOfWhatDiffersFromItsNeighbourhood() {
    var plane = [Float](repeating: 10, count: 16 * 16)
    (plane[5 * 16 + 5], plane[9 * 16 + 9]) = (60, 0)
    let own = FineSigns([plane], side: 16, least: 1)
    #expect(own.signs[5 * 16 + 5] == 1 && own.signs[9 * 16 + 9] == -1 && own.signs[0] == 0)
    // 50 levels over 25 pixels: their mean is two more.
    #expect(own.signs[4 * 16 + 4] == -1)
  }

  @Test func kernelsAgree() {
    var own = RandomStream(seed: 6)
    let (n, rows) = (1003, 7)
    let x = (0..<n).map { _ in Int16(own.integer(below: 3) - 1) }
    let y = (0..<n * rows).map { _ in Int16(own.integer(below: 200) - 100) }
    let image = Synthetic.texture(2, width: 75, height: 41)
    let plane = (0..<24 * 24).map { _ in own.normal() * 3 }
    for level in 0...2 {
      let kernels = bz_kernels(Int32(level)).pointee
      for row in 0..<rows {
        let other = Array(y[row * n..<(row + 1) * n])
        #expect(Int(kernels.product(x, other, n)) == (0..<n).reduce(0) { $0 + Int(x[$1]) * Int(other[$1]) })
      }
      var sums = [UInt32](repeating: 1, count: 3 * 8 * 8)
      kernels.tile_sums(image.pixels, 75, 41, 8, &sums)
      var expected = [UInt32](repeating: 0, count: 3 * 8 * 8)
      for yy in 0..<40 {
        for xx in 0..<72 {
          for c in 0..<3 { expected[3 * (yy % 8 * 8 + xx % 8) + c] += UInt32(image.pixels[3 * (yy * 75 + xx) + c]) }
        }
      }
      #expect(sums == expected)
      var signs = [Int16](repeating: 5, count: 24 * 24)
      kernels.fine_signs(plane, 24, 1, &signs)
      for i in signs.indices {
        let (yy, xx) = (i / 24, i % 24)
        var (sum, count) = (0.0, 0.0)
        for v in max(0, yy - 2)...min(23, yy + 2) {
          for u in max(0, xx - 2)...min(23, xx + 2) { (sum, count) = (sum + Double(plane[v * 24 + u]), count + 1) }
        }
        let fine = Double(plane[i]) - sum / count
        if abs(abs(fine) - 1) > 1e-4 { #expect(Int(signs[i]) == (fine >= 1 ? 1 : fine <= -1 ? -1 : 0)) }
      }
    }
  }

  /// What is repeated in tiles adds up.
  @Test func tilesAreMeans() throws {
    var image = Image(width: 70, height: 40)
    for y in 0..<40 {
      for x in 0..<70 {
        for c in 0..<3 { image.pixels[3 * (y * 70 + x) + c] = UInt8(x % 16 + (x / 16 % 2 == 0 ? 2 : 0)) }
      }
    }
    let planes = try #require(FineSigns.tiles(image, side: 16))
    #expect(planes.count == 3 && abs(planes[0][5] - 6) < 1e-3 && abs(planes[1][5]) < 1e-3)
    #expect(FineSigns.tiles(Image(width: 9, height: 90), side: 16) == nil)
  }
}
