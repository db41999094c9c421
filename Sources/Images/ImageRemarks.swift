/// What is odd about a file that was decoded: other programs may see another picture in it, or it holds more than one.
public struct ImageRemarks: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  /// Creates a set of remarks from their bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Bytes follow the end of the image.
  public static let trailingData = ImageRemarks(rawValue: 1)
  /// Only the first of several frames is read.
  public static let animated = ImageRemarks(rawValue: 2)
  /// EXIF says that the image is turned or mirrored; that is not applied.
  public static let orientation = ImageRemarks(rawValue: 4)
  /// Some pixels are not opaque; alpha is dropped.
  public static let transparency = ImageRemarks(rawValue: 8)
  /// A colour profile or a gamma other than that of sRGB, which is not applied.
  public static let colorProfile = ImageRemarks(rawValue: 16)
  /// More pixels than ``ImageCodec/largePixelCount``.
  public static let large = ImageRemarks(rawValue: 32)
  /// The name is that of another format.
  public static let suffix = ImageRemarks(rawValue: 64)
}

/// Markers of a JPEG file.
struct JPEGStructure {
  private(set) var isProgressive = false
  private(set) var scans = 0
  /// Where the end-of-image marker ends; nil if a scan has none after it.
  private(set) var end: Int?
  private(set) var remarks: ImageRemarks = []

  /// Walks over a file that begins with a start-of-image marker.
  init(_ bytes: [UInt8]) {
    var i = 2
    while i + 1 < bytes.count {
      guard bytes[i] == 0xFF else {
        i += 1
        continue
      }
      let marker = bytes[i + 1]
      switch marker {
      case 0xD9:
        end = i + 2
        if bytes.count > i + 2 { remarks.insert(.trailingData) }
        return
      // Stuffed bytes, fillers and markers without a length.
      case 0x00, 0x01, 0xD0...0xD8: i += 2
      case 0xFF: i += 1
      default:
        guard i + 4 <= bytes.count else { return }
        let length = Int(bytes[i + 2]) << 8 + Int(bytes[i + 3])
        let segment = min(i + 4, bytes.count)..<min(i + 2 + max(length, 2), bytes.count)
        switch marker {
        case 0xC2, 0xC6, 0xCA, 0xCE: isProgressive = true
        case 0xDA: scans += 1
        case 0xE1: if Self.isTurned(bytes[segment]) { remarks.insert(.orientation) }
        case 0xE2: if bytes[segment].starts(with: "ICC_PROFILE".utf8) { remarks.insert(.colorProfile) }
        default: break
        }
        i += 2 + max(length, 2)
      }
    }
  }

  /// True if an EXIF segment has an orientation other than upright.
  private static func isTurned(_ segment: ArraySlice<UInt8>) -> Bool {
    guard segment.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) else { return false }
    let tiff = Array(segment.dropFirst(6))
    guard tiff.count >= 8 else { return false }
    let isLittle = tiff[0] == 0x49
    func number(_ at: Int, _ size: Int) -> Int? {
      guard at >= 0, at + size <= tiff.count else { return nil }
      return (0..<size).reduce(0) { $0 << 8 | Int(tiff[at + (isLittle ? size - 1 - $1 : $1)]) }
    }
    guard let first = number(4, 4), let count = number(first, 2) else { return false }
    for k in 0..<count {
      guard let tag = number(first + 2 + 12 * k, 2) else { return false }
      if tag == 0x0112 { return number(first + 10 + 12 * k, 2).map { (2...8).contains($0) } ?? false }
    }
    return false
  }
}

/// Chunks of a PNG file.
struct PNGStructure {
  private(set) var chunks = 0
  private(set) var remarks: ImageRemarks = []

  /// Walks over a file that begins with the signature.
  init(_ bytes: [UInt8]) {
    var (i, gamma, isStandard) = (8, false, false)
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + $1]) } }
    walk: while i + 8 <= bytes.count {
      let length = number(i)
      chunks += 1
      switch String(decoding: bytes[i + 4..<i + 8], as: UTF8.self) {
      case "acTL": remarks.insert(.animated)
      case "iCCP": remarks.insert(.colorProfile)
      case "sRGB": isStandard = true
      // 1 / 2.2 in units of 1 / 100,000.
      case "gAMA": gamma = i + 12 <= bytes.count && length == 4 && abs(number(i + 8) - 45455) > 500
      case "IEND":
        if bytes.count > i + 12 + length { remarks.insert(.trailingData) }
        break walk
      default: break
      }
      i += 12 + length
    }
    if gamma && !isStandard { remarks.insert(.colorProfile) }
  }
}
