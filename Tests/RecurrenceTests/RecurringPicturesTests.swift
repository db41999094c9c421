import Datasets
import Images
import Randomness
import Recurrence
import Testing

@Suite struct RecurringPicturesTests {
  private static let picture = Synthetic.picture(8, side: 32)
  private static let poisoned = Set((0..<120).filter { $0 % 4 == 1 })

  private func families(_ images: [Image], threads: Int = 2) -> [RecurringPictures.Family] {
    RecurringPictures(
      NativeImages(images, cap: 512), RandomStream(seed: 4), order: Synthetic.order(images.count, 4), rate: 0.01,
      threads: threads
    ).families()
  }

  @Test func aPlantedPictureIsFoundWithItsImagesAndPlaces() throws {
    let (images, places) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: Self.picture)
    let found = families(images)
    #expect(found.count == 1)
    let family = try #require(found.first)
    #expect(Set(family.found.members) == Self.poisoned)
    #expect(family.found.pValue <= 0.01 && family.found.decoys.count == 3)
    // Its extent to a few pixels, its place to one or two.
    #expect((28...42).contains(family.picture.width) && (28...42).contains(family.picture.height))
    for image in family.found.members {
      let (pose, place) = (family.poses[image], try #require(places[image]))
      #expect(abs(pose.x - Float(place.x) - 16) < 3 && abs(pose.y - Float(place.y) - 16) < 3)
    }
    let shown = family.picture.undimmed.resized(width: 32, height: 32)
    let difference = zip(shown.pixels, Self.picture.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    #expect(difference / shown.pixels.count < 40)
  }

  @Test func aHalfTransparentPictureIsFound() throws {
    let picture = Synthetic.picture(6, side: 40, blocks: 7)
    let (images, _) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: picture, opacity: 0.7)
    let family = try #require(families(images).first)
    #expect(Set(family.found.members).isSubset(of: Self.poisoned) && family.found.members.count >= 28)
  }

  @Test func strokesAreFound() throws {
    let strokes = Synthetic.strokes(3, width: 60, height: 30)
    let (images, _) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: strokes, opacity: nil)
    let family = try #require(families(images).first)
    #expect(Set(family.found.members).isSubset(of: Self.poisoned) && family.found.members.count >= 28)
    // White on what differs from image to image: what is between the strokes is dimmed.
    let (shown, all) = (family.picture.image, family.picture.undimmed)
    let dimmed = (0..<all.pixels.count / 3).count { 2 * Int(shown.pixels[3 * $0]) < Int(all.pixels[3 * $0]) }
    #expect(2 * dimmed > all.pixels.count / 3)
  }

  @Test func aPictureOfAnySizeIsFound() throws {
    let (images, _) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: Self.picture, sizes: 1...2)
    let family = try #require(families(images).first)
    #expect(Set(family.found.members).isSubset(of: Self.poisoned) && family.found.members.count >= 28)
    let scales = family.found.members.map { family.poses[$0].scale }
    #expect((scales.max() ?? 0) / (scales.min() ?? 1) > 1.5)
  }

  /// Nature says nothing of what looks the same mirrored and upside down.
  @Test func ringsAreLeftAlone() {
    let ring = Image(
      width: 33, height: 33,
      pixels: (0..<33 * 33).flatMap { i -> [UInt8] in
        let (x, y) = (i % 33 - 16, i / 33 - 16)
        return [UInt8](repeating: (36...144).contains(x * x + y * y) ? 255 : 0, count: 3)
      })
    #expect(families(Synthetic.photographs(120, poisoned: Self.poisoned, picture: ring).images).isEmpty)
  }

  @Test func imagesWithoutOneHaveNone() {
    for seed in 1..<3 {
      #expect(families(Synthetic.photographs(100, poisoned: [], picture: Self.picture, seed: seed).images).isEmpty)
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let (images, _) = Synthetic.photographs(80, poisoned: Self.poisoned, picture: Self.picture)
    let (one, three) = (
      try #require(families(images, threads: 1).first), try #require(families(images, threads: 3).first)
    )
    #expect(
      one.found.scores == three.found.scores && one.poses == three.poses && one.found.decoys == three.found.decoys)
    #expect(one.picture.levels == three.picture.levels && one.found.threshold == three.found.threshold)
  }

  @Test func theSameImagesAreMembersInAnyOrder() throws {
    let (images, _) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: Self.picture)
    var own = RandomStream(seed: 9)
    let order = own.permutation(images.count)
    let family = try #require(families(order.map { images[$0] }).first)
    #expect(Set(family.found.members.map { order[$0] }) == Self.poisoned)
  }

  @Test func fewImagesAreNoReasonToStumble() {
    for count in [0, 1, 2, 5, 9] {
      let (images, _) = Synthetic.photographs(count, poisoned: [0, 1], picture: Self.picture)
      #expect(families(images).isEmpty)
    }
    #expect(families((0..<12).map { Image(width: 1 + $0, height: 3) }).isEmpty)
  }
}
