import Images

/// What is wanted of images.
struct DecodingTask: Hashable, Sendable {
  /// What becomes of pixels.
  enum Kind: String, Sendable {
    /// Resized to a square.
    case pixels
    /// Nothing: what is known about the images is enough.
    case account
    /// Their own size and aspect ratio, with the longer side reduced to `side` where it is longer.
    case native
  }

  /// Side in pixels that images are resized to; 0 asks for extents alone.
  var side: Int
  var kind = Kind.pixels

  init(side: Int, keepsPixels: Bool = true) { (self.side, kind) = (side, keepsPixels ? .pixels : .account) }

  /// Images as they are, up to a longer side in pixels.
  init(nativeUpTo cap: Int) { (side, kind) = (cap, .native) }

  init(side: Int, kind: Kind) { (self.side, self.kind) = (side, kind) }

  /// Bytes of pixels that the answer for an image of these extents has; never more than 3 * side * side.
  func pixelBytes(width: Int, height: Int) -> Int {
    switch kind {
    case .pixels: return 3 * side * side
    case .account: return 0
    case .native:
      let extents = NativeImages.extents(width: width, height: height, cap: side)
      return 3 * extents.width * extents.height
    }
  }
}

/// An image as a set keeps it.
struct DecodedImage: Sendable {
  /// Extents before resizing, in pixels.
  var width: Int
  var height: Int
  var isGrey: Bool
  var remarks: ImageRemarks = []
  /// Levels, as many as ``DecodingTask/pixelBytes(width:height:)``; empty if they were not asked for.
  var pixels: [UInt8]

  /// Resizes an image.
  init(_ image: Image, _ task: DecodingTask, _ remarks: ImageRemarks = []) {
    self.remarks = remarks
    (width, height) = (image.width, image.height)
    if task.side == 0 {
      (isGrey, pixels) = (false, [])
    } else if task.kind == .native {
      let extents = NativeImages.extents(width: width, height: height, cap: task.side)
      (isGrey, pixels) = (false, image.resized(width: extents.width, height: extents.height).pixels)
    } else {
      let resized = image.resized(width: task.side, height: task.side)
      (isGrey, pixels) = (resized.isGrey(), task.kind == .pixels ? resized.pixels : [])
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
