/// A file's name as bytes, which need not be UTF-8; two names are equal only if their bytes are.
public struct Path: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The bytes, without a terminating zero.
  public let bytes: [UInt8]

  /// The bytes as C wants them.
  var cString: [CChar] {
    [CChar](unsafeUninitializedCapacity: bytes.count + 1) { buffer, count in
      for byte in bytes {
        buffer[count] = CChar(bitPattern: byte)
        count += 1
      }
      buffer[count] = 0
      count += 1
    }
  }

  /// Creates a path from bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }
  /// Creates a path from text.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The path as text; bytes that are not UTF-8 are replaced.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
  /// False if `description` had to replace bytes.
  public var isUTF8: Bool { Array(description.utf8) == bytes }

  /// Returns this path followed by a slash and another.
  public func appending(_ name: Path) -> Path {
    if bytes.isEmpty { return name }
    return Path(bytes: bytes + (bytes.last == 0x2F ? [] : [0x2F]) + name.bytes)
  }

  /// The part before the last slash; empty if there is none.
  public var parent: Path {
    guard let slash = bytes.lastIndex(of: 0x2F) else { return Path(bytes: []) }
    return Path(bytes: Array(bytes[..<slash]))
  }

  /// The part after the last slash.
  public var name: Path {
    guard let slash = bytes.lastIndex(of: 0x2F) else { return self }
    return Path(bytes: Array(bytes[(slash + 1)...]))
  }

  /// The suffix after the last dot of the name, in lower case; empty if there is none.
  public var suffix: String {
    let name = name.bytes
    guard let dot = name.lastIndex(of: 0x2E), dot > 0 else { return "" }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
  }

  /// Orders by bytes.
  public static func < (a: Path, b: Path) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
