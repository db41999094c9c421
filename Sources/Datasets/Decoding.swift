import Images

/// An image as a set keeps it.
struct DecodedImage: Sendable {
  /// Extents before resizing, in pixels.
  var width: Int
  var height: Int
  var isGrey: Bool
  var remarks: ImageRemarks = []
  /// 3 * side * side levels; empty if no side was asked for.
  var pixels: [UInt8]

  /// Resizes an image; a side of 0 keeps its extents alone.
  init(_ image: Image, side: Int, _ remarks: ImageRemarks = []) {
    self.remarks = remarks
    (width, height) = (image.width, image.height)
    if side == 0 {
      (isGrey, pixels) = (false, [])
    } else {
      let resized = image.resized(width: side, height: side)
      (isGrey, pixels) = (resized.isGrey(), resized.pixels)
    }
  }

  init(width: Int, height: Int, isGrey: Bool, remarks: ImageRemarks, pixels: [UInt8]) {
    (self.width, self.height, self.isGrey, self.pixels) = (width, height, isGrey, pixels)
    self.remarks = remarks
  }
}

/// An image, or a coded reason why there is none.
enum Decoding: Sendable {
  case image(DecodedImage)
  case unreadable(String)

  /// Decodes in this process.
  init(_ bytes: [UInt8], side: Int, _ decoder: ImageDecoder) {
    do throws(ImageError) {
      let image = try decoder.decode(bytes)
      self = .image(DecodedImage(image, side: side, decoder.remarks))
    } catch {
      self = .unreadable(error.description)
    }
  }
}
