import Randomness
import Recurrence
import Testing

@Suite struct WordsTests {
  @Test func windowsThatRecurShareWords() {
    let poisoned = Set(stride(from: 0, to: 40, by: 4))
    let (images, places) = Synthetic.photographs(40, poisoned: poisoned, picture: Synthetic.picture(6, side: 36))
    var store = WindowStore()
    for (i, image) in images.enumerated() { store.append(WindowScan(image), image: i) }
    let candidates = Words(store, RandomStream(seed: 3)).candidates(store, threads: 2)
    #expect(candidates.map(\.ratio) == candidates.map(\.ratio).sorted())
    for candidate in candidates.prefix(3) {
      let owner = store.images.last { store.starts[$0] <= Int32(candidate.window) }
      let place = owner.flatMap { places[$0] }
      #expect(place != nil, "a window of an image without the picture")
      let (distances, _) = store.nearest(to: store.window(candidate.window))
      let near = distances.indices.filter { Float(distances[$0]) / 96 < 2 * candidate.agreement }
      #expect(near.count >= 4 && Set(near).isSubset(of: poisoned))
    }
  }

  @Test func nothingHasNoWords() {
    #expect(Words(WindowStore(), RandomStream(seed: 0)).candidates(WindowStore(), threads: 1).isEmpty)
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
  private static let apart: [Int32] = (200..<210).map { Int32($0) } + (100..<190).map { 20 * Int32($0) }

  @Test func tailsAreExact() {
    #expect(abs(Gap.tail(2, of: 3, 0.25) - (3 * 0.0625 * 0.75 + 0.015625)) < 1e-12)
    #expect(Gap.tail(0, of: 5, 0.25) == 1 && abs(Gap.tail(5, of: 5, 0.5) - 1.0 / 32) < 1e-12)
  }

  @Test func whatIsThereOrNotLeavesAGap() throws {
    let distances = Self.apart
    let gap = try #require(Gap(distances, unlike(100)))
    #expect(gap.within == 10 && gap.beyond == 0 && gap.pValue < 1e-5 && gap.limit == 209)
  }

  @Test func whatComesInAllDegreesLeavesNone() {
    // As many up to a distance as its square.
    let distances = (1...100).map { (i: Int) -> Int32 in Int32(1000 * (Double(i) / 10).squareRoot()) }
    #expect(Gap(distances, unlike(100)).map { $0.pValue > 0.01 } ?? true)
  }

  @Test func copiesCountOnce() {
    let distances = Self.apart
    var thumbnails = unlike(100)
    for i in 0..<10 { thumbnails[i] = thumbnails[0] }
    let gap = Gap(distances, thumbnails, limit: 209)
    #expect(gap.within == 1 && gap.pValue >= 0.25)
  }
}
