import Findings
import Randomness
import Testing

@Suite struct PlacementTests {
  /// Boxes of 40 x 30 pixels in images of many sizes.
  private func placement(_ place: (_ width: Int, _ height: Int, _ own: inout RandomStream) -> (Int, Int)) -> String? {
    var own = RandomStream(seed: 3)
    let boxes = (0..<50).map { _ -> (box: Box, width: Int, height: Int) in
      let (width, height) = (300 + own.integer(below: 300), 250 + own.integer(below: 300))
      let (x, y) = place(width, height, &own)
      return (Box(x: x, y: y, width: 40, height: 30), width, height)
    }
    return Placement(boxes)?.place
  }

  @Test func placesAreTold() {
    #expect(placement { ($2.integer(below: $0 - 40), $2.integer(below: $1 - 30)) } == "anywhere")
    #expect(placement { width, height, _ in (width - 44, height - 36) } == "always in the bottom right corner")
    #expect(placement { _, _, own in (8 + own.integer(below: 5), 4) } == "always in the top left corner")
    #expect(placement { width, _, own in (own.integer(below: width - 40), 12) } == "always along the top edge")
    #expect(placement { width, height, _ in (width / 2 - 20, height / 2 - 15) } == "always at the same place")
    #expect(
      placement { width, height, own in (width / 2 - 20, own.integer(below: height - 30)) } == "always along one line")
  }

  /// A few that lie elsewhere, wrongly found, say nothing.
  @Test func someMayLieElsewhere() {
    #expect(
      placement { width, height, own in
        own.integer(below: 25) == 0 ? (own.integer(below: width - 40), 100) : (width - 44, height - 36)
      } == "always in the bottom right corner")
  }

  @Test func sizesAreThoseOfTheLongerSide() {
    let boxes = [30, 50, 20].map { (box: Box(x: 0, y: 0, width: $0, height: 10), width: 100, height: 100) }
    #expect(Placement(boxes)?.sizes == [20, 30, 50])
    #expect(Placement([]) == nil)
  }
}
