import Foundation

/// What a file is that is no image this program decodes, by its first bytes.
///
/// Only text, nothing at all and what systems leave in folders is passed over. Everything else could feed a trainer that reads more
/// than this program does, so it counts as not read.
///
/// - Limits: Text that encodes images otherwise than in base64 is text. Signatures are those of the formats' own
///   specifications and of file(1).
package enum FileKind: Equatable {
  /// Text, no bytes, or a system's own file: no trainer takes it for images.
  case harmless(String)
  /// One picture, or one film.
  case picture(String)
  /// May hold any number of images: archives and tables.
  case container(String)
  /// Neither text nor known.
  case data(String)

  /// What it is, in words.
  var words: String {
    switch self {
    case .harmless(let words), .picture(let words), .container(let words), .data(let words): words
    }
  }

  /// Names that say image, whatever the content is.
  static let pictureSuffixes: Set<String> = [
    "apng", "arw", "avif", "bmp", "cr2", "cr3", "dcm", "dds", "dib", "dng", "emf", "eps", "exr", "fits", "gif", "hdr",
    "heic", "heif", "icns", "ico", "j2k", "jfif", "jp2", "jpe", "jpeg", "jpg", "jxl", "mng", "mpo", "nef", "orf", "pam",
    "pbm", "pcx", "pfm", "pgm", "png", "pnm", "ppm", "psd", "qoi", "raf", "ras", "raw", "rw2", "sgi", "svg", "tga",
    "tif", "tiff", "webp", "wmf", "xbm", "xcf", "xpm",
  ]

  /// Names that say archive or table, whatever the content is.
  private static let containerSuffixes: Set<String> = [
    "7z", "arrow", "beton", "bz2", "cab", "cpio", "gz", "h5", "hdf5", "iso", "lmdb", "lz4", "mdb", "npz", "parquet",
    "rar",
    "rec", "squashfs", "sqlite", "tar", "tfrecord", "tfrecords", "tgz", "tzst", "xz", "zip", "zst",
  ]

  /// Looks at a file.
  ///
  /// - Parameters:
  ///   - bytes: All of it.
  ///   - name: Its name, without the folder.
  package init(_ bytes: [UInt8], name: Path) {
    let suffix = name.suffix
    if let known = Self.signature(bytes) {
      let isCache = ["thumbs.db", "ehthumbs.db"].contains(name.description.lowercased())
      self = isCache && known == .data(Self.ole) ? .harmless("a cache of Windows") : known
      return
    }
    if let litter = Self.litter(bytes, name) {
      self = .harmless(litter)
      return
    }
    let isText = Self.isText(bytes)
    let found = isText ? "text" : bytes.isEmpty ? "nothing" : "unknown data"
    if Self.pictureSuffixes.contains(suffix) {
      self = .picture("\(found) under the name of an image")
    } else if Self.containerSuffixes.contains(suffix) {
      self = .container("\(found) under the name of an archive")
    } else if bytes.isEmpty {
      self = .harmless("empty")
    } else {
      self = isText ? Self.text(bytes) : .data("unknown data")
    }
  }

  private static let ole = "an OLE file"

  /// What systems and Git leave in folders, by its bytes and its name: no trainer takes these for images.
  private static func litter(_ bytes: [UInt8], _ name: Path) -> String? {
    func begins(_ start: [UInt8]) -> Bool { bytes.starts(with: start) }
    let text = name.description
    if begins([0, 5, 0x16, 7]) && text.hasPrefix("._")
      || begins([0, 0, 0, 1] + Array("Bud1".utf8)) && text == ".DS_Store"
    {
      return "a file of macOS"
    }
    let isObject = bytes.first == 0x78 && [0x01, 0x5E, 0x9C, 0xDA].contains(bytes.dropFirst().first ?? 0)
    if isObject && text.utf8.count == 38 && text.allSatisfy(\.isHexDigit)
      || begins(Array("PACK".utf8)) && name.suffix == "pack"
      || begins(Array("\u{FF}tOc".unicodeScalars.map { UInt8($0.value) }))
      || begins(Array("RIDX".utf8)) && name.suffix == "rev" || begins(Array("DIRC".utf8)) && text == "index"
    {
      return "a file of Git"
    }
    return nil
  }

  /// True for UTF-8 without control characters beside those of lines, tabs and the end of a file of DOS. Other codes are not text:
  /// pixels could pass for them.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    func isControl(_ byte: UInt8) -> Bool {
      byte < 0x20 && !(0x08...0x0D).contains(byte) && byte != 0x1A && byte != 0x1B
    }
    return !bytes.isEmpty && !bytes.contains(where: isControl) && String(validating: bytes, as: UTF8.self) != nil
  }

  /// What a text stands for.
  private static func text(_ bytes: [UInt8]) -> FileKind {
    let head = String(decoding: bytes.prefix(4096), as: UTF8.self)
    let start = head.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if head.hasPrefix("version https://git-lfs.github.com/spec/") { return .data("a Git LFS pointer") }
    if head.hasPrefix("/annex/objects/") { return .data("a git-annex pointer") }
    if start.first == "<" && contains(bytes, "<svg") { return .picture("SVG") }
    if head.hasPrefix("/* XPM") { return .picture("XPM") }
    if head.hasPrefix("#define "), head.contains("_width ") { return .picture("XBM") }
    if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), "1234567Ff".utf8.contains(bytes[1]), bytes[2] <= 0x20 {
      return .picture("PNM")
    }
    if head.hasPrefix("%!PS") { return .picture("PostScript") }
    return encodedImages.contains { contains(bytes, $0) } ? .data("text that encodes images") : .harmless("text")
  }

  /// How images begin in base64 (PNG, JPEG, GIF, WebP, AVIF and HEIF), and where pages say so.
  private static let encodedImages = [
    "iVBORw0KGgo", "/9j/4", "/9j/2", "/9j/7", "\\/9j\\/", "_9j_4", "_9j_2", "R0lGODdh", "R0lGODlh", "UklGR",
    "AAAAIGZ0eX", "AAAAHGZ0eX", "AAAAGGZ0eX",
    "data:image/",
  ]

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    bytes.firstRange(of: Array(text.utf8)) != nil
  }

  /// Bytes at a place, and what they mean.
  private static let signatures: [(at: Int, bytes: [UInt8], kind: FileKind)] = {
    func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
    return [
      (0, ascii("GIF8"), .picture("GIF")), (8, ascii("WEBP"), .picture("WebP")), (0, ascii("BM"), .picture("BMP")),
      (0, [0x49, 0x49, 0x2A, 0], .picture("TIFF")), (0, [0x4D, 0x4D, 0, 0x2A], .picture("TIFF")),
      (0, [0x49, 0x49, 0x2B, 0], .picture("TIFF")), (0, [0x4D, 0x4D, 0, 0x2B], .picture("TIFF")),
      (4, ascii("ftypavi"), .picture("AVIF")), (4, ascii("ftyphe"), .picture("HEIF")),
      (4, ascii("ftypmif1"), .picture("HEIF or AVIF")), (4, ascii("ftypmsf1"), .picture("HEIF")),
      (4, ascii("ftypcrx"), .picture("Canon raw")), (4, ascii("ftyp"), .picture("MP4")),
      (4, ascii("JXL "), .picture("JPEG XL")), (0, [0xFF, 0x0A], .picture("JPEG XL")),
      (4, ascii("jP  "), .picture("JPEG 2000")), (0, [0xFF, 0x4F, 0xFF, 0x51], .picture("JPEG 2000")),
      (0, [0, 0, 1, 0], .picture("ICO")), (0, [0, 0, 2, 0], .picture("CUR")), (0, ascii("8BPS"), .picture("PSD")),
      (0, [0x76, 0x2F, 0x31, 1], .picture("OpenEXR")), (0, ascii("#?RADIANCE"), .picture("Radiance HDR")),
      (0, ascii("#?RGBE"), .picture("Radiance HDR")), (0, ascii("DDS "), .picture("DDS")),
      (0, ascii("qoif"), .picture("QOI")), (0, ascii("SIMPLE  ="), .picture("FITS")),
      (128, ascii("DICM"), .picture("DICOM")),
      (0, [0x8A, 0x4D, 0x4E, 0x47], .picture("MNG")), (0, [0x8B, 0x4A, 0x4E, 0x47], .picture("JNG")),
      (0, ascii("gimp xcf"), .picture("XCF")), (0, ascii("icns"), .picture("ICNS")),
      (0, [0x0A, 5, 1], .picture("PCX")),
      (0, [0x59, 0xA6, 0x6A, 0x95], .picture("Sun raster")), (0, [1, 0xDA], .picture("SGI")),
      (0, [0x42, 0x50, 0x47, 0xFB], .picture("BPG")), (0, ascii("FLIF"), .picture("FLIF")),
      (0, ascii("AT&TFORM"), .picture("DjVu")), (0, [0xD7, 0xCD, 0xC6, 0x9A], .picture("WMF")),
      (40, ascii(" EMF"), .picture("EMF")), (0, ascii("%PDF"), .picture("PDF")), (0, ascii("FORM"), .picture("IFF")),
      (8, ascii("AVI "), .picture("AVI")), (0, [0x1A, 0x45, 0xDF, 0xA3], .picture("Matroska or WebM")),
      (0, [0, 0, 1, 0xBA], .picture("MPEG")), (0, [0, 0, 1, 0xB3], .picture("MPEG")),
      (0, ascii("FLV"), .picture("FLV")),
      (257, ascii("ustar"), .container("tar")), (0, [0x50, 0x4B, 3, 4], .container("zip")),
      (0, [0x1F, 0x8B], .container("gzip")), (0, ascii("BZh"), .container("bzip2")),
      (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .container("xz")), (0, [0x5D, 0, 0], .container("lzma")),
      (0, [0x28, 0xB5, 0x2F, 0xFD], .container("zstd")), (1, [0x2A, 0x4D, 0x18], .container("zstd")),
      (0, [4, 0x22, 0x4D, 0x18], .container("lz4")), (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .container("7z")),
      (0, ascii("Rar!\u{1A}\u{7}"), .container("rar")), (0, ascii("MSCF"), .container("cab")),
      (32769, ascii("CD001"), .container("ISO 9660")), (0, ascii("hsqs"), .container("squashfs")),
      (0, ascii("!<arch>\n"), .container("ar")), (0, ascii("07070"), .container("cpio")),
      (0, [0xC7, 0x71], .container("cpio")), (0, ascii("PAR1"), .container("Parquet")),
      (0, ascii("ARROW1"), .container("Arrow")),
      (0, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], .container("HDF5")),
      (0, ascii("SQLite format 3\0"), .container("SQLite")), (16, [0xDE, 0xC0, 0xEF, 0xBE], .container("LMDB")),
      (0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], .data(ole)),
      (0, [0x93] + ascii("NUMPY"), .data("a NumPy array")),
      (0, ascii("MATLAB 5.0"), .data("a MATLAB file")), (0, [0x80, 2], .data("a pickle")),
      (0, [0x80, 3], .data("a pickle")),
      (0, [0x80, 4], .data("a pickle")), (0, [0x80, 5], .data("a pickle")), (0, [0, 0, 8], .data("IDX")),
    ]
  }()

  /// What the bytes begin like, unless all of the file is text: then two letters are no signature.
  private static func signature(_ bytes: [UInt8]) -> FileKind? {
    // A zip is found from its end: whatever stands before it.
    let tail = bytes.suffix(22 + 65_535)
    let isZip =
      zip(tail, tail.dropFirst()).contains { $0 == 0x50 && $1 == 0x4B }
      && tail.indices.contains { tail[$0...].starts(with: [0x50, 0x4B, 5, 6]) }
    if isZip { return .container("zip") }
    if isTar(bytes) { return .container("tar") }
    let match = signatures.first { sign in
      bytes.count >= sign.at + sign.bytes.count && bytes[sign.at..<sign.at + sign.bytes.count].elementsEqual(sign.bytes)
    }
    if let match { return isText(bytes) ? nil : match.kind }
    if bytes.first == UInt8(ascii: "P"), bytes.count > 2, bytes[2] <= 0x20, !isText(bytes),
      "1234567Ff".utf8.contains(bytes[1])
    {
      return .picture("PNM")
    }
    return nil
  }

  /// True if the first block has the checksum of a tar header, which the oldest kind shows by nothing else.
  private static func isTar(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 512 else { return false }
    let digits = bytes[148..<156].drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    guard !digits.isEmpty else { return false }
    let sum = bytes[..<148].reduce(0) { $0 + Int($1) } + 8 * 0x20 + bytes[156..<512].reduce(0) { $0 + Int($1) }
    return digits.reduce(0) { $0 << 3 | Int($1 & 7) } == sum
  }
}

/// Why something that may hold images was not read.
package struct Unread: Equatable, Sendable {
  /// Coded, in words.
  package var reason: String
  /// True if it may hold any number of images: an archive, a folder, a link to one.
  package var holdsMany = false
}

extension Unread {
  /// What becomes of a file that no decoder of this program reads; nil if it is passed over.
  init?(_ kind: FileKind) {
    switch kind {
    case .harmless: return nil
    case .picture("nothing under the name of an image"): reason = "image.empty: the file has no bytes"
    case .picture(let name):
      reason = "image.unsupported-format: \(name), neither PNG nor JPEG by its first bytes"
    case .container(let name):
      reason = "container.not-read: \(name), which is not looked into here; audit it by itself"
      holdsMany = true
    case .data(let name): reason = "file.unknown: \(name), neither text nor an image that is read"
    }
  }
}
