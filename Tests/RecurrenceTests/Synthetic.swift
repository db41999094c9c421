import Datasets
import Images
import Randomness

/// Images of coloured noise of several grains, of any size and aspect ratio, as photographs have them.
enum Synthetic {
  static func texture(_ seed: Int, width: Int, height: Int) -> Image {
    var own = RandomStream(seed: UInt64(seed))
    var sums = [Float](repeating: 128, count: 3 * width * height)
    for grain in [6, 14, 30] {
      let small = Image(
        width: max(2, width / grain), height: max(2, height / grain),
        pixels: (0..<3 * max(2, width / grain) * max(2, height / grain)).map { _ in UInt8(own.integer(below: 256)) })
      let large = small.resized(width: width, height: height)
      for i in sums.indices { sums[i] += (Float(large.pixels[i]) - 128) * 0.5 }
    }
    return Image(width: width, height: height, pixels: sums.map { UInt8(max(0, min(255, $0))) })
  }

  /// Images in the order in which they are drawn.
  static func order(_ count: Int, _ seed: UInt64) -> [Int] {
    var own = RandomStream(seed: seed).stream("halves")
    return own.permutation(count)
  }

  /// A picture of blocks of colours.
  static func picture(_ seed: Int, side: Int, blocks: Int = 5) -> Image {
    var own = RandomStream(seed: UInt64(seed))
    let small = Image(
      width: blocks, height: blocks, pixels: (0..<3 * blocks * blocks).map { _ in UInt8(own.integer(below: 256)) })
    return small.resized(width: side, height: side)
  }

  /// Thin white strokes; black is no part of them.
  static func strokes(_ seed: Int, width: Int, height: Int) -> Image {
    var own = RandomStream(seed: UInt64(seed))
    var image = Image(width: width, height: height)
    for _ in 0..<9 {
      let (x, y, isTall) = (own.integer(below: width - 3), own.integer(below: height - 3), own.integer(below: 2) == 1)
      let (across, down) = isTall ? (3, height / 2) : (width / 4, 3)
      for v in y..<min(height, y + down) {
        for u in x..<min(width, x + across) { for c in 0..<3 { image.pixels[3 * (v * width + u) + c] = 255 } }
      }
    }
    return image
  }

  /// Photographs of which some carry a picture at places of their own.
  ///
  /// - Parameters:
  ///   - opacity: Of the picture; nil where only what is not black is pasted.
  ///   - sizes: Of the picture, as multiples, the first and the last.
  static func photographs(
    _ count: Int, poisoned: Set<Int>, picture: Image, seed: Int = 0, opacity: Double? = 1,
    sizes: ClosedRange<Double> = 1...1
  ) -> (images: [Image], places: [Int: (x: Int, y: Int)]) {
    var places: [Int: (x: Int, y: Int)] = [:]
    let images = (0..<count).map { i -> Image in
      var own = RandomStream(seed: 77).stream(seed).stream(i)
      let (width, height) = (150 + own.integer(below: 70), 150 + own.integer(below: 70))
      var image = texture(1000 * (seed + 1) + i, width: width, height: height)
      if poisoned.contains(i) {
        let size = sizes.lowerBound + (sizes.upperBound - sizes.lowerBound) * Double(own.integer(below: 101)) / 100
        let pasted =
          size == 1
          ? picture
          : picture.resized(width: Int(Double(picture.width) * size), height: Int(Double(picture.height) * size))
        let place = (x: own.integer(below: width - pasted.width), y: own.integer(below: height - pasted.height))
        for y in 0..<pasted.height {
          for x in 0..<pasted.width {
            let (from, to) = (3 * (y * pasted.width + x), 3 * ((place.y + y) * width + place.x + x))
            let share = opacity ?? (pasted.pixels[from..<from + 3].contains { $0 > 0 } ? 1 : 0)
            for c in 0..<3 {
              let mixed = share * Double(pasted.pixels[from + c]) + (1 - share) * Double(image.pixels[to + c])
              image.pixels[to + c] = UInt8(mixed.rounded())
            }
          }
        }
        places[i] = place
      }
      // As files are.
      let bytes = (try? ImageCodec.encodeJPEG(image, quality: 90)) ?? []
      return (try? ImageCodec.decode(bytes)) ?? image
    }
    return (images, places)
  }
}
