import Images
import Recurrence
import Testing

@Suite struct SurroundingsTests {
  /// A picture of the size of what is pasted at (100, 100), in the middle of it.
  private let picture = Picture(width: 40, height: 40)

  private func around(_ image: Image, x: Float, y: Float, scale: Float = 1) -> Surroundings {
    Surroundings(of: picture, .init(x: x, y: y, scale: scale), in: IntegralImage(image))
  }

  @Test func partsOfOnePhotographAreCopies() {
    let photograph = Synthetic.texture(5, width: 300, height: 260)
    let whole = around(photograph, x: 130, y: 120)
    let part = photograph.cropped(x: 40, y: 30, width: 200, height: 190)
    #expect(whole.isCopy(of: around(part, x: 90, y: 90)))
    // Larger by a half.
    let larger = part.resized(width: 300, height: 285)
    #expect(whole.isCopy(of: around(larger, x: 135, y: 135, scale: 1.5)))
    #expect(!whole.isCopy(of: around(part, x: 60, y: 90)))
  }

  /// What was pasted into both does not count.
  @Test func othersWithTheSamePictureAreNone() {
    let pasted = Synthetic.picture(3, side: 40)
    let all = (1...6).map { seed -> Surroundings in
      var image = Synthetic.texture(seed, width: 300, height: 260)
      image.paste(pasted, x: 110, y: 100)
      return around(image, x: 130, y: 120)
    }
    for i in all.indices { for j in 0..<i { #expect(!all[i].isCopy(of: all[j])) } }
  }

  @Test func tooLittleAroundSaysNothing() {
    // The picture is the image.
    let image = Synthetic.texture(5, width: 40, height: 40)
    #expect(!around(image, x: 20, y: 20).isCopy(of: around(image, x: 20, y: 20)))
  }
}
