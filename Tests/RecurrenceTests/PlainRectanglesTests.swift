import Images
import Randomness
import Recurrence
import Testing

@Suite struct PlainRectanglesTests {
  /// Images with a rectangle of a colour in some, as large as `size` says.
  private func images(
    _ count: Int, planted: Set<Int>, size: (Image, inout RandomStream) -> (width: Int, height: Int)
  ) -> (images: [Image], places: [Int: SIMD4<Int>]) {
    var places: [Int: SIMD4<Int>] = [:]
    let images = (0..<count).map { i -> Image in
      var own = RandomStream(seed: 31).stream(i)
      var image = Synthetic.texture(
        500 + i, width: 150 + own.integer(below: 80), height: 150 + own.integer(below: 80))
      guard planted.contains(i) else { return image }
      let (width, height) = size(image, &own)
      let (x, y) = (own.integer(below: image.width - width), own.integer(below: image.height - height))
      image.paste(Image(width: width, height: height, red: 250, green: 250, blue: 240), x: x, y: y)
      places[i] = SIMD4(x, y, width, height)
      return image
    }
    return (images, places)
  }

  private func families(_ images: [Image], threads: Int = 2) -> [RecurringRectangles.Family] {
    RecurringRectangles(
      images.map { RecurringRectangles.Sight($0) }, order: Synthetic.order(images.count, 5), rate: 0.01,
      threads: threads
    ).families()
  }

  private static let planted = Set(stride(from: 0, to: 90, by: 3))

  @Test func aRectangleIsFoundWhereItIs() throws {
    let (images, places) = images(12, planted: Set(0..<12)) { _, own in
      (12 + own.integer(below: 40), 12 + own.integer(below: 40))
    }
    for (i, image) in images.enumerated() {
      let (own, at) = (try #require(PlainRectangle.all(in: image).first), try #require(places[i]))
      #expect(abs(own.x - at.x) <= 1 && abs(own.y - at.y) <= 1)
      #expect(abs(own.width - at.z) <= 1 && abs(own.height - at.w) <= 1)
      #expect(own.rgb.x > 240 && own.rgb.z > 230)
    }
  }

  /// In a corner of the image it is bordered on two sides; a bar across is a ground, not a mark.
  @Test func edgesOfTheImageBorderOnNothing() {
    var image = Synthetic.texture(3, width: 120, height: 100)
    image.paste(Image(width: 20, height: 20, red: 255, green: 255, blue: 255), x: 100, y: 80)
    let own = PlainRectangle.all(in: image)
    #expect(own.contains { abs($0.x - 100) <= 1 && abs($0.y - 80) <= 1 && abs($0.width - 20) <= 1 })
    var bar = Synthetic.texture(3, width: 120, height: 100)
    bar.paste(Image(width: 120, height: 20, red: 255, green: 255, blue: 255), x: 0, y: 80)
    #expect(!PlainRectangle.all(in: bar).contains { $0.y >= 70 && $0.width > 30 })
    #expect(PlainRectangle.all(in: Image(width: 9, height: 300, red: 3)).isEmpty)
    #expect(PlainRectangle.all(in: Image(width: 90, height: 30, red: 3)).isEmpty)
  }

  @Test func oneSizeInPixelsIsAFamily() throws {
    let (images, _) = images(90, planted: Self.planted) { _, _ in (24, 18) }
    let found = try #require(families(images).first)
    #expect(Set(found.found.members).isSubset(of: Self.planted) && found.found.members.count >= 28)
  }

  @Test func oneShareOfTheImageIsAFamily() throws {
    let (images, _) = images(90, planted: Self.planted) { image, _ in
      let side = min(image.width, image.height) / 6
      return (side, side)
    }
    let found = try #require(families(images).first)
    #expect(Set(found.found.members).isSubset(of: Self.planted) && found.found.members.count >= 28)
    #expect(families(images, threads: 1).map(\.found.members) == families(images, threads: 3).map(\.found.members))
  }

  /// What nature has comes in all sizes.
  @Test func allSizesAreNone() {
    let (images, _) = images(90, planted: Self.planted) { _, own in
      (10 + own.integer(below: 50), 10 + own.integer(below: 50))
    }
    #expect(families(images).isEmpty)
  }

  @Test func copiesAreNone() {
    let (images, _) = images(1, planted: [0]) { _, _ in (24, 18) }
    #expect(families([Image](repeating: images[0], count: 60)).isEmpty)
    #expect(families([]).isEmpty)
  }
}
