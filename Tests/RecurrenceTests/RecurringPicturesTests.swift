import Datasets
import Images
import Randomness
import Recurrence
import Testing

@Suite struct RecurringPicturesTests {
  private static let picture = Synthetic.picture(8, side: 32)
  private static let poisoned = Set((0..<120).filter { $0 % 4 == 1 })

  private func families(_ images: [Image], threads: Int = 2) -> [RecurringPictures.Family] {
    RecurringPictures(NativeImages(images, cap: 512), RandomStream(seed: 4), rate: 0.01, threads: threads).families()
  }

  @Test func aPlantedPictureIsFoundWithItsImagesAndPlaces() throws {
    let (images, places) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: Self.picture)
    let found = families(images)
    #expect(found.count == 1)
    let family = try #require(found.first)
    #expect(Set(family.members) == Self.poisoned)
    #expect(family.pValue <= 0.01 && family.decoys.count == 3)
    // Its extent to a few pixels, its place to one or two.
    #expect((28...42).contains(family.picture.width) && (28...42).contains(family.picture.height))
    for image in family.members {
      let (pose, place) = (family.poses[image], try #require(places[image]))
      #expect(abs(pose.x - Float(place.x) - 16) < 3 && abs(pose.y - Float(place.y) - 16) < 3)
    }
    let shown = family.picture.undimmed.resized(width: 32, height: 32)
    let difference = zip(shown.pixels, Self.picture.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    #expect(difference / shown.pixels.count < 40)
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
    #expect(one.scores == three.scores && one.poses == three.poses && one.decoys == three.decoys)
    #expect(one.picture.levels == three.picture.levels && one.threshold == three.threshold)
  }

  @Test func theSameImagesAreMembersInAnyOrder() throws {
    let (images, _) = Synthetic.photographs(120, poisoned: Self.poisoned, picture: Self.picture)
    var own = RandomStream(seed: 9)
    let order = own.permutation(images.count)
    let family = try #require(families(order.map { images[$0] }).first)
    #expect(Set(family.members.map { order[$0] }) == Self.poisoned)
  }

  @Test func fewImagesAreNoReasonToStumble() {
    for count in [0, 1, 2, 5, 9] {
      let (images, _) = Synthetic.photographs(count, poisoned: [0, 1], picture: Self.picture)
      #expect(families(images).isEmpty)
    }
    #expect(families((0..<12).map { Image(width: 1 + $0, height: 3) }).isEmpty)
  }
}
