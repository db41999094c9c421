import Foundation
import Images
import Randomness
import TestSupport
import Testing

@Suite struct ImageTests {
  /// Values from Pillow; two levels for its 8-bit intermediate.
  @Test(arguments: [(7, 5), (32, 32)]) func resizesAsPillowDoes(_ width: Int, _ height: Int) throws {
    let image = try ImageCodec.decode(Fixtures.bytes("images/rgb.png"))
    let expected = String(decoding: Fixtures.bytes("images/resized-\(width)x\(height).txt"), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    let actual = image.resized(width: width, height: height).pixels.map(Int.init)
    #expect(actual.count == expected.count)
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 2 })
  }

  @Test(arguments: [7, 30, 60]) func levelsAreResizedAsImagesAre(_ side: Int) {
    var stream = RandomStream(seed: 4)
    let image = Image(width: 30, height: 30, pixels: (0..<2700).map { _ in UInt8(stream.integer(below: 256)) })
    let levels = Image.resized(levels: image.pixels.map { Float($0) - 128 }, from: 30, to: side)
    let expected = image.resized(width: side, height: side).pixels.map { Float($0) - 128 }
    #expect(levels.count == expected.count)
    #expect(zip(levels, expected).allSatisfy { abs($0 - $1) <= 0.51 })
  }

  /// Pixels at the far edges that fill no block are left out.
  @Test(arguments: [1, 3, 4]) func blocksHaveTheMeansOfTheirPixels(_ factor: Int) {
    let (width, height) = (14, 9)
    let image = Image(width: width, height: height, pixels: (0..<3 * width * height).map { UInt8($0 * 37 % 256) })
    let means = image.blockMeans(factor)
    let (columns, rows) = (width / factor, height / factor)
    #expect(means.count == 3 * columns * rows)
    for (i, mean) in means.enumerated() {
      let (c, column, row) = (i % 3, i / 3 % columns, i / 3 / columns)
      var sum = 0
      for y in row * factor..<(row + 1) * factor {
        for x in column * factor..<(column + 1) * factor { sum += Int(image.pixels[3 * (y * width + x) + c]) }
      }
      #expect(mean == Float(sum) * (1 / Float(factor * factor)))
    }
  }

  @Test func constantImagesStayConstant() {
    let image = Image(width: 11, height: 7, red: 9, green: 200, blue: 77)
    #expect(image.resized(width: 5, height: 19) == Image(width: 5, height: 19, red: 9, green: 200, blue: 77))
  }

  @Test func croppingUndoesPasting() {
    var image = Image(width: 9, height: 9)
    let patch = Image(width: 3, height: 2, red: 1, green: 2, blue: 3)
    image.paste(patch, x: 6, y: 7)
    #expect(image.cropped(x: 6, y: 7, width: 3, height: 2) == patch)
    #expect(image.pixels.filter { $0 != 0 }.count == 18)
  }

  @Test func viewsDependOnTheirStreamAlone() {
    var stream = RandomStream(seed: 1)
    let pixels = Pixels((0..<3 * 16 * 16).map { _ in UInt8(stream.integer(below: 256)) })
    var augmentation = Augmentation()
    augmentation.blur = 0.5
    func view(_ index: Int) -> [Float] {
      var own = RandomStream(seed: 2).stream(index)
      var target = [Float](repeating: 0, count: pixels.count)
      augmentation.view(pixels, at: 0, side: 16, &own, into: &target, at: 0)
      return target
    }
    #expect(view(3) == view(3))
    #expect(view(3) != view(4))
    for index in 0..<50 { #expect(view(index).allSatisfy { $0 >= 0 && $0 <= 1 }) }
  }

  @Test func withoutAugmentationAViewIsTheImage() {
    var augmentation = Augmentation()
    (augmentation.minimumCrop, augmentation.jitter, augmentation.greyscale, augmentation.flip) = (1, 0, 0, 0)
    var stream = RandomStream(seed: 1)
    let pixels = Pixels((0..<3 * 8 * 8).map { _ in UInt8(stream.integer(below: 256)) })
    var target = [Float](repeating: 0, count: pixels.count)
    // A full-area crop still has a random aspect; a square one is found after some tries.
    var best = Float.infinity
    for index in 0..<300 {
      var own = RandomStream(seed: 5).stream(index)
      augmentation.view(pixels, at: 0, side: 8, &own, into: &target, at: 0)
      best = min(best, zip(target, pixels).map { abs($0 - Float($1) / 255) }.max() ?? 1)
    }
    #expect(best < 0.05)
  }

  @Test func solarisedViewsHaveNothingBrighterThanAHalf() {
    var (plain, solarised) = (Augmentation(), Augmentation())
    solarised.solarize = 1
    plain.solarize = 0
    var stream = RandomStream(seed: 2)
    let pixels = Pixels((0..<3 * 8 * 8).map { _ in UInt8(stream.integer(below: 256)) })
    func view(_ augmentation: Augmentation, _ index: Int) -> [Float] {
      var (own, target) = (RandomStream(seed: 5).stream(index), [Float](repeating: 0, count: pixels.count))
      augmentation.view(pixels, at: 0, side: 8, &own, into: &target, at: 0)
      return target
    }
    // What else is drawn is the same.
    for index in 0..<20 { #expect(view(solarised, index) == view(plain, index).map { min($0, 1 - $0) }) }
  }

  /// A ramp stays a ramp: the value at a place is that of the crop there, whatever the side of the view.
  @Test func smallerViewsShowTheSameCrop() {
    var augmentation = Augmentation()
    (augmentation.jitter, augmentation.greyscale) = (0, 0)
    let side = 32
    let pixels = Pixels((0..<side * side).flatMap { i in [UInt8(4 * (i % side)), UInt8(4 * (i / side)), 0] })
    for index in 0..<20 {
      var own = RandomStream(seed: 5).stream(index)
      let parameters = augmentation.parameters(side: side, &own)
      for viewSide in [side, 20] {
        var view = [Float](repeating: 0, count: 3 * viewSide * viewSide)
        own = RandomStream(seed: 5).stream(index)
        augmentation.view(pixels, at: 0, side: side, viewSide: viewSide, &own, into: &view, at: 0)
        for y in 0..<viewSide {
          for x in 0..<viewSide {
            let column = parameters[Augmentation.Column.flip] == 1 ? viewSide - 1 - x : x
            func expected(_ start: Int, _ extent: Int, _ i: Int) -> Float {
              let at = parameters[start] + (Float(i) + 0.5) * parameters[extent] / Float(viewSide) - 0.5
              return 4 * max(0, min(Float(side - 1), at)) / 255
            }
            let i = 3 * (y * viewSide + x)
            #expect(abs(view[i] - expected(Augmentation.Column.x, Augmentation.Column.width, column)) < 1e-4)
            #expect(abs(view[i + 1] - expected(Augmentation.Column.y, Augmentation.Column.height, y)) < 1e-4)
          }
        }
      }
    }
  }

  @Test func greyscaleHasEqualChannels() {
    var augmentation = Augmentation()
    augmentation.greyscale = 1
    var own = RandomStream(seed: 3)
    var stream = RandomStream(seed: 1)
    let pixels = Pixels((0..<3 * 8 * 8).map { _ in UInt8(stream.integer(below: 256)) })
    var target = [Float](repeating: 0, count: pixels.count)
    augmentation.view(pixels, at: 0, side: 8, &own, into: &target, at: 0)
    for i in stride(from: 0, to: target.count, by: 3) {
      #expect(abs(target[i] - target[i + 1]) < 1e-5 && abs(target[i] - target[i + 2]) < 1e-5)
    }
  }

  /// Against a plain discrete Fourier transform over all bins.
  @Test(arguments: [(8, 2), (12, 3), (9, 3)]) func highPassAgreesWithTheTransform(_ side: Int, _ radius: Int) {
    var stream = RandomStream(seed: 9)
    let image = (0..<3 * side * side).map { _ in stream.uniform() }
    let actual = HighPass(side: side, radius: radius)(image)
    for channel in 0..<3 {
      var result = [Double](repeating: 0, count: side * side)
      for u in 0..<side {
        for v in 0..<side {
          let (fu, fv) = (u > side / 2 ? u - side : u, v > side / 2 ? v - side : v)
          guard Double(fu * fu + fv * fv).squareRoot() >= Double(radius) else { continue }
          var (re, im) = (0.0, 0.0)
          for y in 0..<side {
            for x in 0..<side {
              let angle = -2 * Double.pi * Double(u * x + v * y) / Double(side)
              re += Double(image[3 * (y * side + x) + channel]) * cos(angle)
              im += Double(image[3 * (y * side + x) + channel]) * sin(angle)
            }
          }
          for y in 0..<side {
            for x in 0..<side {
              let angle = 2 * Double.pi * Double(u * x + v * y) / Double(side)
              result[y * side + x] += (re * cos(angle) - im * sin(angle)) / Double(side * side)
            }
          }
        }
      }
      for i in 0..<side * side { #expect(abs(Double(actual[3 * i + channel]) - result[i]) < 1e-4) }
    }
  }

  @Test func concurrentMapKeepsOrder() {
    for threads in [1, 2, 5] { #expect(concurrentMap(1000, threads: threads) { $0 * 3 } == (0..<1000).map { $0 * 3 }) }
  }

  @Test func streamsDoNotDependOnWhatWasDrawn() {
    var a = RandomStream(seed: 4)
    let b = a
    _ = a.next()
    #expect(a.stream("x") == b.stream("x"))
    #expect(a.stream("x") != a.stream("y"))
    var c = RandomStream(seed: 4).stream(2)
    let draws = (0..<20_000).map { _ in c.normal() }
    let mean = draws.reduce(0, +) / 20_000
    #expect(abs(mean) < 0.03)
    #expect(abs(draws.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
  }
}
