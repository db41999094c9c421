import Images

/// An image as a set keeps it.
struct DecodedImage: Sendable {
  /// Extents before resizing, in pixels.
  var width: Int
  var height: Int
  var isGrey: Bool
  /// 3 * side * side levels; empty if no side was asked for.
  var pixels: [UInt8]

  /// Resizes an image; a side of 0 keeps its extents alone.
  init(_ image: Image, side: Int) {
    (width, height) = (image.width, image.height)
    if side == 0 {
      (isGrey, pixels) = (false, [])
    } else {
      let resized = image.resized(width: side, height: side)
      (isGrey, pixels) = (resized.isGrey(), resized.pixels)
    }
  }

  init(width: Int, height: Int, isGrey: Bool, pixels: [UInt8]) {
    (self.width, self.height, self.isGrey, self.pixels) = (width, height, isGrey, pixels)
  }
}

/// An image, or a coded reason why there is none.
enum Decoding: Sendable {
  case image(DecodedImage)
  case unreadable(String)

  /// Decodes in this process.
  init(_ bytes: [UInt8], side: Int, _ decoder: ImageDecoder) {
    do throws(ImageError) { self = .image(DecodedImage(try decoder.decode(bytes), side: side)) } catch {
      self = .unreadable(error.description)
    }
  }
}
