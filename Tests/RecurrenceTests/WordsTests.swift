import Foundation
import CKernels
import Randomness
import Recurrence
import Testing

@Suite struct WordsTests {
  @Test func windowsThatRecurShareWords() {
    let poisoned = Set(stride(from: 0, to: 40, by: 4))
    let (images, places) = Synthetic.photographs(40, poisoned: poisoned, picture: Synthetic.picture(6, side: 36))
    var store = WindowStore()
    for (i, image) in images.enumerated() { store.append(WindowScan(image), image: i) }
    let codes = Words(store, RandomStream(seed: 3)).codes(store.levels)
    let candidates = Words.candidates(store, codes, threads: 2)
    #expect(candidates.map(\.ratio) == candidates.map(\.ratio).sorted())
    for candidate in candidates.prefix(3) {
      let owner = store.images.last { store.starts[$0] <= Int32(candidate.window) }
      let place = owner.flatMap { places[$0] }
      #expect(place != nil, "a window of an image without the picture")
      let (distances, _) = store.nearest(to: [0, candidate.window])[1]
      let near = distances.indices.filter { Float(distances[$0]) / 96 < 2 * candidate.agreement }
      #expect(near.count >= 4 && Set(near).isSubset(of: poisoned))
    }
  }

  @Test func nothingHasNoWords() {
    let words = Words(WindowStore(), RandomStream(seed: 0))
    #expect(words.codes([]).isEmpty && Words.candidates(WindowStore(), [], threads: 1).isEmpty)
  }

  /// All instruction sets count the bits that differ.
  @Test func distancesAreBitsThatDiffer() {
    var own = RandomStream(seed: 5)
    let (count, tables) = (37, 3)
    let codes = (0..<count * tables).map { _ in UInt32(own.integer(below: 1 << 20)) }
    let to = (0..<tables).map { _ in UInt32(own.integer(below: 1 << 20)) }
    let expected = (0..<count).map { n in
      Int32((0..<tables).reduce(0) { $0 + (codes[$1 * count + n] ^ to[$1]).nonzeroBitCount })
    }
    for level in Int32(0)...2 {
      var distances = [Int32](repeating: -1, count: count)
      bz_kernels(level).pointee.word_distances(codes, count, Int32(tables), to, &distances)
      #expect(distances == expected)
      let most = expected.sorted()[4]
      var near = [Int32](repeating: -1, count: count)
      let found = bz_kernels(level).pointee.near_words(codes, count, Int32(tables), to, most, &near)
      #expect(near[..<found].map(Int.init) == expected.indices.filter { expected[$0] <= most })
    }
  }

  /// All instruction sets give signs of sums, also where windows are no multiple of those taken together.
  @Test func codesAreSignsOfSums() {
    var own = RandomStream(seed: 6)
    let (count, tables, bits, padded) = (7, 3, 5, 16)
    let levels = (0..<96 * count).map { _ in UInt8(own.integer(below: 256)) }
    let matrix = (0..<96 * padded).map { $0 % padded < tables * bits ? own.normal() : 0 }
    for level in Int32(0)...2 {
      var codes = [UInt32](repeating: 0, count: tables * count)
      bz_kernels(level).pointee.words(
        levels, count, matrix, Int32(padded), Int32(tables), Int32(bits), &codes)
      for n in 0..<count {
        for function in 0..<tables * bits {
          let sum = (0..<96).reduce(0.0) {
            $0 + Double(levels[96 * n + $1]) * Double(matrix[$1 * padded + function])
          }
          let bit = codes[function / bits * count + n] >> UInt32(function % bits) & 1
          #expect(abs(sum) < 0.01 || (bit == 1) == (sum > 0))
        }
      }
    }
  }
}

@Suite struct GapTests {
  private func unlike(_ count: Int) -> [[Float]] {
    (0..<count).map { i in
      var thumbnail = [Float](repeating: 0, count: 64)
      thumbnail[i % 64] = i < 64 ? 1 : -1
      return thumbnail
    }
  }

  /// Ten near ones, and all others far away.
  private static let apart = (200..<210).map(Float.init) + (100..<190).map { 20 * Float($0) }

  @Test func tailsAreExact() {
    #expect(abs(Gap.tail(2, of: 3, 0.25) - (3 * 0.0625 * 0.75 + 0.015625)) < 1e-12)
    #expect(Gap.tail(0, of: 5, 0.25) == 1 && abs(Gap.tail(5, of: 5, 0.5) - 1.0 / 32) < 1e-12)
  }

  @Test func whatIsThereOrNotLeavesAGap() throws {
    let distances = Self.apart
    let gap = try #require(Gap(distances, unlike(100), atLeast: 96))
    #expect(gap.within == 10 && gap.beyond == 0 && gap.pValue < 1e-5 && gap.limit == 209)
  }

  @Test func whatComesInAllDegreesLeavesNone() {
    // As many up to a distance as its square.
    let distances = (1...100).map { (i: Int) -> Float in 1000 * (Float(i) / 10).squareRoot() }
    #expect(Gap(distances, unlike(100), atLeast: 96).map { $0.pValue > 0.01 } ?? true)
  }

  /// As many turned pictures are no less likely.
  @Test func whatIsTurnedAsOftenIsNatural() throws {
    let turned = Array(Self.apart.prefix(2))
    let gap = try #require(Gap(Self.apart, turned: [[], turned], unlike(100), atLeast: 96))
    #expect(gap.within == 10 && gap.turned == 2 && abs(gap.pValue - Gap.tail(10, of: 12, 0.5)) < 1e-12)
    // Not even where chance would not have it.
    #expect(Gap(Self.apart, turned: [Array(Self.apart.prefix(3))], unlike(100), atLeast: 96) == nil)
    #expect(Gap(Self.apart, turned: [Self.apart], unlike(100), atLeast: 96) == nil)
  }

  @Test func copiesCountOnce() throws {
    let distances = Self.apart
    var thumbnails = unlike(100)
    for i in 0..<10 { thumbnails[i] = thumbnails[0] }
    let before = try #require(Gap(distances, unlike(100), atLeast: 96))
    let gap = Gap(distances, thumbnails, like: before)
    #expect(gap.within == 1 && gap.pValue >= 0.25)
  }

  /// Parts of one photograph are no copies as wholes.
  @Test func partsOfOnePhotographCountOnce() throws {
    let distances = Self.apart
    let photograph = IntegralImage(Synthetic.texture(5, width: 200, height: 200))
    let around = Surroundings(
      of: Picture(width: 40, height: 40), Picture.Pose(x: 100, y: 100, scale: 1), in: photograph)
    let before = try #require(Gap(distances, unlike(100), atLeast: 96))
    let surroundings = distances.indices.map { $0 < 10 ? around : nil }
    let gap = Gap(distances, unlike(100), surroundings: surroundings, like: before)
    #expect(gap.within == 1 && gap.pValue >= 0.25)
  }

  /// Where there is room the limit is in the middle of it.
  @Test func limitsAreWidened() throws {
    let near = (200..<210).map { Float($0) / 10_000 }
    func widened(_ next: Float) throws -> Gap {
      let distances = near + (0..<90).map { next * (1 + Float($0) / 100) }
      var gap = try #require(Gap(distances, unlike(100), share: 0.5, atLeast: 0.001))
      gap.widen(distances)
      return gap
    }
    let last: Float = 0.0209
    let wide = try widened(0.5)
    #expect(abs(wide.limit - (last * 0.5).squareRoot()) < 1e-4 && abs(wide.reach - 2 * wide.limit) < 1e-4)
    // No farther than half of a picture is explained.
    let half = try widened(30)
    #expect(abs(half.limit - last.squareRoot()) < 1e-4)
    // Never beyond the next.
    let tight = try widened(0.06)
    #expect(abs(tight.limit - (last * 0.06).squareRoot()) < 1e-4 && abs(tight.reach - 0.06) < 1e-4)
  }

  @Test func countsOfSamplesArePoisson() {
    #expect(Gap.atLeast(0, mean: 3) == 1)
    #expect(abs(Gap.atLeast(1, mean: 0.5) - (1 - exp(-0.5))) < 1e-12)
    #expect(abs(Gap.atLeast(3, mean: 2) - (1 - 5 * exp(-2.0))) < 1e-12)
  }
}
