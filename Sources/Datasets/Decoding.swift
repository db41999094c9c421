import Images

/// What is wanted of images.
struct DecodingTask: Hashable, Sendable {
  /// Side in pixels that they are resized to; 0 asks for extents alone.
  var side: Int
  /// False if what is known about the images is enough.
  var keepsPixels = true

  /// Bytes of pixels that an answer has.
  var pixelBytes: Int { keepsPixels ? 3 * side * side : 0 }
}

/// An image as a set keeps it.
struct DecodedImage: Sendable {
  /// Extents before resizing, in pixels.
  var width: Int
  var height: Int
  var isGrey: Bool
  var remarks: ImageRemarks = []
  /// 3 * side * side levels; empty if they were not asked for.
  var pixels: [UInt8]

  /// Resizes an image.
  init(_ image: Image, _ task: DecodingTask, _ remarks: ImageRemarks = []) {
    self.remarks = remarks
    (width, height) = (image.width, image.height)
    if task.side == 0 {
      (isGrey, pixels) = (false, [])
    } else {
      let resized = image.resized(width: task.side, height: task.side)
      (isGrey, pixels) = (resized.isGrey(), task.keepsPixels ? resized.pixels : [])
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
  init(_ bytes: [UInt8], _ task: DecodingTask, _ decoder: ImageDecoder) {
    do throws(ImageError) {
      let image = try decoder.decode(bytes)
      self = .image(DecodedImage(image, task, decoder.remarks))
    } catch {
      self = .unreadable(error.description)
    }
  }
}
