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

  /// A picture of blocks of colours.
  static func picture(_ seed: Int, side: Int, blocks: Int = 5) -> Image {
    var own = RandomStream(seed: UInt64(seed))
    let small = Image(
      width: blocks, height: blocks, pixels: (0..<3 * blocks * blocks).map { _ in UInt8(own.integer(below: 256)) })
    return small.resized(width: side, height: side)
  }

  /// Photographs of which some carry a picture at places of their own.
  static func photographs(
    _ count: Int, poisoned: Set<Int>, picture: Image, seed: Int = 0
  ) -> (images: [Image], places: [Int: (x: Int, y: Int)]) {
    var places: [Int: (x: Int, y: Int)] = [:]
    let images = (0..<count).map { i -> Image in
      var own = RandomStream(seed: 77).stream(seed).stream(i)
      let (width, height) = (150 + own.integer(below: 70), 150 + own.integer(below: 70))
      var image = texture(1000 * (seed + 1) + i, width: width, height: height)
      if poisoned.contains(i) {
        let place = (
          x: own.integer(below: width - picture.width), y: own.integer(below: height - picture.height)
        )
        image.paste(picture, x: place.x, y: place.y)
        places[i] = place
      }
      // As files are.
      let bytes = (try? ImageCodec.encodeJPEG(image, quality: 90)) ?? []
      return (try? ImageCodec.decode(bytes)) ?? image
    }
    return (images, places)
  }
}
