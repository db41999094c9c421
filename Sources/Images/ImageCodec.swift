import CPNG
import CTurboJPEG

/// Formats that are recognised by their first bytes.
public enum ImageFormat: String, Sendable, Codable {
  case png, jpeg

  /// The format that a name's suffix in lower case stands for.
  public init?(suffix: String) {
    switch suffix {
    case "png": self = .png
    case "jpg", "jpeg": self = .jpeg
    default: return nil
    }
  }

  /// The format that the bytes begin like, whatever the file is called.
  public init?(magic bytes: [UInt8]) {
    // Spelled out: an array literal would be allocated for every file.
    func starts(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
      bytes.count >= 3 && bytes[0] == a && bytes[1] == b && bytes[2] == c
    }
    if bytes.count >= 8 && starts(0x89, 0x50, 0x4E) && bytes[3] == 0x47 && bytes[4] == 0x0D && bytes[5] == 0x0A
      && bytes[6] == 0x1A && bytes[7] == 0x0A
    {
      self = .png
    } else if starts(0xFF, 0xD8, 0xFF) {
      self = .jpeg
    } else {
      return nil
    }
  }
}

/// Decodes and encodes images through libpng and libjpeg-turbo.
///
/// Conversion to 8-bit RGB: palettes are expanded, grey is repeated, alpha is dropped as Pillow's
/// `convert("RGB")` does, 16-bit samples are taken as sRGB and reduced to 8 bits, CMYK and YCCK
/// (Adobe's inverted ones) become RGB by R = C K / 255. EXIF orientation is not applied, as in
/// torchvision's loader.
public enum ImageCodec {
  /// Largest number of pixels that is decoded: Pillow's error limit.
  public static let pixelLimit = 178_956_970

  /// Decodes a PNG or JPEG file; for many files, an ``ImageDecoder`` is quicker.
  ///
  /// - Throws: As ``ImageDecoder/decode(_:)``.
  public static func decode(_ bytes: [UInt8]) throws(ImageError) -> Image { try ImageDecoder().decode(bytes) }

  /// Largest number of scans of a progressive JPEG; real ones have about ten.
  public static let scanLimit = 500

  /// Largest number of chunks of a PNG; an image of the largest size has some ten thousand.
  public static let chunkLimit = 100_000

  /// Pixels above which a decoded image is remarked on: Pillow's warning.
  public static let largePixelCount = 89_478_485

  fileprivate static func checkSize(_ width: Int, _ height: Int) throws(ImageError) {
    guard width > 0, height > 0 else { throw ImageError(.corrupt, "an extent of \(width)x\(height)") }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= pixelLimit else {
      throw ImageError(.tooLarge, "\(width)x\(height) pixels; the limit is \(pixelLimit)")
    }
  }

  fileprivate static func decodePNG(_ bytes: [UInt8]) throws(ImageError) -> (Image, isOpaque: Bool) {
    var control = png_image()
    control.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&control) }
    func failure() -> ImageError {
      let message = withUnsafeBytes(of: control.message) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      // libpng says so when the stream ends early.
      let isTruncated =
        message.contains("read beyond end") || message.contains("Not enough") || message.contains("truncated")
      return ImageError(isTruncated ? .truncated : .corrupt, "libpng: \(message)")
    }
    // The control refers to the bytes until it is freed, so all of it happens inside.
    let result: Result<(Image, isOpaque: Bool), ImageError> = bytes.withUnsafeBytes { raw in
      guard png_image_begin_read_from_memory(&control, raw.baseAddress, raw.count) != 0 else {
        return .failure(failure())
      }
      let (width, height) = (Int(control.width), Int(control.height))
      do throws(ImageError) { try checkSize(width, height) } catch { return .failure(error) }
      control.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
      control.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      var samples = [UInt8](repeating: 0, count: 4 * width * height)
      guard png_image_finish_read(&control, nil, &samples, png_int_32(4 * width), nil) != 0,
        control.warning_or_error & png_uint_32(PNG_IMAGE_ERROR) == 0
      else { return .failure(failure()) }
      var pixels = [UInt8](repeating: 0, count: 3 * width * height)
      var alpha: UInt8 = 255
      for i in 0..<width * height {
        pixels[3 * i] = samples[4 * i]
        pixels[3 * i + 1] = samples[4 * i + 1]
        pixels[3 * i + 2] = samples[4 * i + 2]
        alpha &= samples[4 * i + 3]
      }
      return .success((Image(width: width, height: height, pixels: pixels), alpha == 255))
    }
    return try result.get()
  }

  /// Encodes a PNG file, 8-bit RGB.
  ///
  /// - Throws: ``ImageError`` with code `.encoding`.
  public static func encodePNG(_ image: Image) throws(ImageError) -> [UInt8] {
    var control = png_image()
    control.version = png_uint_32(PNG_IMAGE_VERSION)
    control.width = png_uint_32(image.width)
    control.height = png_uint_32(image.height)
    control.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&control) }
    var size = png_alloc_size_t(image.pixels.count + image.pixels.count / 8 + 4096)
    var bytes = [UInt8](repeating: 0, count: Int(size))
    guard png_image_write_to_memory(&control, &bytes, &size, 0, image.pixels, png_int_32(3 * image.width), nil) != 0
    else { throw ImageError(.encoding, "libpng could not write \(image.width)x\(image.height)") }
    bytes.removeLast(bytes.count - Int(size))
    return bytes
  }

  /// Encodes a JPEG file, 4:2:0, baseline.
  ///
  /// - Parameter quality: 1...100.
  /// - Throws: ``ImageError`` with code `.encoding`.
  public static func encodeJPEG(_ image: Image, quality: Int) throws(ImageError) -> [UInt8] {
    guard let handle = tjInitCompress() else { throw ImageError(.encoding, "libjpeg-turbo did not start") }
    defer { tjDestroy(handle) }
    var buffer: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { tjFree(buffer) }
    guard
      tjCompress2(
        handle, image.pixels, Int32(image.width), 0, Int32(image.height), Int32(TJPF_RGB.rawValue),
        &buffer, &size, Int32(TJSAMP_420.rawValue), Int32(quality), 0) == 0, let buffer
    else { throw ImageError(.encoding, "libjpeg: \(String(cString: tjGetErrorStr2(handle)))") }
    return Array(UnsafeBufferPointer(start: buffer, count: Int(size)))
  }
}

/// Decodes one file after another with one decompressor. Not to be used from two threads at once.
public final class ImageDecoder {
  private var handle: tjhandle?
  /// What is odd about the file that was decoded last.
  public private(set) var remarks: ImageRemarks = []

  /// Creates a decoder.
  public init() {}

  deinit { if let handle { tjDestroy(handle) } }

  /// Decodes a PNG or JPEG file.
  ///
  /// - Throws: ``ImageError`` with codes `.empty`, `.unsupportedFormat`, `.corrupt`, `.truncated`,
  ///   `.tooLarge`, `.bomb`.
  public func decode(_ bytes: [UInt8]) throws(ImageError) -> Image {
    if bytes.isEmpty { throw ImageError(.empty, "the file has no bytes") }
    let image: Image
    switch ImageFormat(magic: bytes) {
    case .png:
      let structure = PNGStructure(bytes)
      guard structure.chunks <= ImageCodec.chunkLimit else {
        throw ImageError(.bomb, "\(structure.chunks) chunks; the limit is \(ImageCodec.chunkLimit)")
      }
      let isOpaque: Bool
      (image, isOpaque) = try ImageCodec.decodePNG(bytes)
      remarks = isOpaque ? structure.remarks : structure.remarks.union(.transparency)
    case .jpeg:
      let structure = JPEGStructure(bytes)
      // libjpeg-turbo fills what is missing of a progressive file with grey and says nothing.
      guard structure.scans == 0 || structure.end != nil else {
        throw ImageError(.truncated, "no end-of-image marker after the last scan")
      }
      // Each scan may cost a pass over all pixels: "Two Issues with the JPEG Standard", 2015, has 80,000 of 100 bytes.
      guard !structure.isProgressive || structure.scans <= ImageCodec.scanLimit else {
        throw ImageError(.bomb, "\(structure.scans) scans; the limit is \(ImageCodec.scanLimit)")
      }
      do throws(ImageError) { image = try decodeJPEG(bytes) } catch {
        // A decompressor that met a header without an image takes the next file for its rest.
        if let handle { tjDestroy(handle) }
        handle = nil
        throw error
      }
      remarks = structure.remarks
    case nil: throw ImageError(.unsupportedFormat, "neither PNG nor JPEG by its first bytes")
    }
    if image.width * image.height > ImageCodec.largePixelCount { remarks.insert(.large) }
    return image
  }

  private func decodeJPEG(_ bytes: [UInt8]) throws(ImageError) -> Image {
    if handle == nil { handle = tjInitDecompress() }
    guard let handle else { throw ImageError(.corrupt, "libjpeg-turbo did not start") }
    func message() -> String { String(cString: tjGetErrorStr2(handle)) }
    var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &sampling, &space) == 0 else {
      throw ImageError(.corrupt, "libjpeg: \(message())")
    }
    try ImageCodec.checkSize(Int(width), Int(height))
    let count = Int(width) * Int(height)
    let isInk = space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
    let channels = isInk ? 4 : 3
    let format = Int32(isInk ? TJPF_CMYK.rawValue : TJPF_RGB.rawValue)
    var status: Int32 = 0
    let samples = [UInt8](unsafeUninitializedCapacity: channels * count) { buffer, filled in
      status = tjDecompress2(
        handle, bytes, UInt(bytes.count), buffer.baseAddress, width, width * Int32(channels), height, format, 0)
      // What an error leaves unwritten must not be read.
      if status != 0 && tjGetErrorCode(handle) != Int32(TJERR_WARNING.rawValue) { buffer.initialize(repeating: 0) }
      filled = channels * count
    }
    if status != 0 {
      let text = message()
      let isTruncated = text.contains("remature end")
      // Other warnings, such as stray bytes before a marker, leave a whole picture.
      if isTruncated || tjGetErrorCode(handle) != Int32(TJERR_WARNING.rawValue)
        || text.contains("Corrupt JPEG data: bad")
      {
        throw ImageError(isTruncated ? .truncated : .corrupt, "libjpeg: \(text)")
      }
    }
    guard isInk else { return Image(width: Int(width), height: Int(height), pixels: samples) }
    var pixels = [UInt8](repeating: 0, count: 3 * count)
    for i in 0..<count {
      let black = Int(samples[4 * i + 3])
      for c in 0..<3 { pixels[3 * i + c] = UInt8((Int(samples[4 * i + c]) * black + 127) / 255) }
    }
    return Image(width: Int(width), height: Int(height), pixels: pixels)
  }
}
