import Datasets
import Detection
import Foundation
import Images
import Randomness
import TestSupport
import Testing

/// Places and triggers in pixels of the images that are screened mean the same in those that encoders see.
@Suite struct RescalingTests {
  private let screened = 224
  private let seen = 96

  private func noise(_ side: Int, _ seed: UInt64) -> Image {
    var stream = RandomStream(seed: seed)
    return Image(
      width: side, height: side, pixels: (0..<3 * side * side).map { _ in UInt8(stream.integer(below: 256)) })
  }

  @Test(arguments: [(224, 96), (96, 224), (33, 32), (28, 96)])
  func windowsStayInsideAndInPlace(_ from: Int, _ to: Int) {
    let (there, back) = (Rescaling(from: from, to: to), Rescaling(from: to, to: from))
    let ratio = Double(to) / Double(from)
    for side in [1, 2, 9, from / 3, from] {
      for x in stride(from: 0, through: from - side, by: 3) {
        let window = Window(x: x, y: from - side - x, side: side)
        let other = there(window)
        #expect(other.side >= 1 && other.x >= 0 && other.y >= 0)
        #expect(other.x + other.side <= to && other.y + other.side <= to)
        #expect(abs(Double(other.x) - Double(x) * ratio) <= 1.01, "\(window) \(other)")
        #expect(abs(Double(other.side) - Double(side) * ratio) <= max(0.51, 1 - ratio))
        let again = back(other)
        let most = Int((1 / ratio).rounded(.up))
        #expect(abs(again.x - x) <= most && abs(again.y - window.y) <= most && abs(again.side - side) <= most)
      }
    }
    #expect(there(Window(x: 0, y: 0, side: from)) == Window(x: 0, y: 0, side: to))
  }

  @Test func oneSideChangesNothing() {
    let same = Rescaling(from: 28, to: 28)
    let (window, trigger) = (Window(x: 3, y: 5, side: 7), PlantedTrigger.pattern([Float](repeating: 2, count: 12)))
    #expect(same(window) == window && same(trigger) == trigger)
  }

  /// Planted in a smaller image it looks as the smaller image of what it was planted in.
  @Test(arguments: [true, false]) func triggersLookTheSame(isPattern: Bool) {
    let image = noise(screened, 1)
    var stream = RandomStream(seed: 2)
    let window = Window(x: 70, y: 28, side: 49)
    let trigger =
      isPattern
      ? PlantedTrigger.pattern((0..<3 * screened * screened).map { _ in 8 * stream.normal() })
      : .patch(PatchTemplate(noise(window.side, 3)))
    // Away from black and white, where patterns are cut off.
    func floats(_ image: Image) -> [Float] { image.pixels.map { 0.3 + 0.4 * Float($0) * (1 / 255) } }
    func bytes(_ pixels: [Float], _ side: Int) -> Image {
      Image(width: side, height: side, pixels: pixels.map { UInt8(($0 * 255).rounded()) })
    }
    var planted = floats(image)
    let plain = bytes(planted, screened).resized(width: seen, height: seen)
    trigger.plant(into: &planted, at: 0, side: screened, window)
    let expected = bytes(planted, screened).resized(width: seen, height: seen)

    let convert = Rescaling(from: screened, to: seen)
    var pixels = plain.pixels.map { Float($0) * (1 / 255) }
    let place = convert(window)
    #expect(place == Window(x: 30, y: 12, side: 21))
    convert(trigger).plant(into: &pixels, at: 0, side: seen, place)
    let actual = bytes(pixels, seen)
    let inner = isPattern ? 0..<seen : 2..<place.side - 2
    var (error, change): (Double, Double) = (0, 0)
    for y in inner {
      for x in inner {
        let k = 3 * (((isPattern ? 0 : place.y) + y) * seen + (isPattern ? 0 : place.x) + x)
        for c in k..<k + 3 {
          error += abs(Double(actual.pixels[c]) - Double(expected.pixels[c]))
          change += abs(Double(plain.pixels[c]) - Double(expected.pixels[c]))
        }
      }
    }
    #expect(error < 0.2 * change, "\(error) \(change)")
  }

  @Test func windowsOfASearchAreMoved() {
    var state = PatchSearch.State()
    let score = FlipTest.Score(flips: 3, shift: 0.5, images: 64)
    state.candidates = [.init(image: 1, cluster: 2, window: Window(x: 9, y: 0, side: 36), score: score)]
    state.controls = [.init(image: 1, cluster: 2, window: Window(x: 60, y: 60, side: 36), score: score)]
    let moved = Rescaling(from: seen, to: screened)(state)
    #expect(moved.candidates == [.init(image: 1, cluster: 2, window: Window(x: 21, y: 0, side: 84), score: score)])
    #expect(moved.controls == [.init(image: 1, cluster: 2, window: Window(x: 140, y: 140, side: 84), score: score)])
  }
}
