/// Writes ustar archives, with whatever headers a test wants.
public struct TinyTar {
  /// The archive so far, without its end.
  public private(set) var bytes: [UInt8] = []

  /// An empty archive.
  public init() {}

  /// Adds a member.
  ///
  /// - Parameters:
  ///   - type: `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder, `6` pipe.
  ///   - size: What the header says; nil is the truth.
  public mutating func add(
    _ name: [UInt8], _ data: [UInt8] = [], type: Character = "0", link: String = "", size: [UInt8]? = nil
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: some Collection<UInt8>, at offset: Int) {
      for (i, byte) in text.enumerated() { header[offset + i] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> [UInt8] {
      let text = String(value, radix: 8)
      return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
    }
    put(name.prefix(100), at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(size ?? octal(data.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put(Array(String(type).utf8), at: 156)
    put(link.utf8, at: 157)
    put("ustar\u{0}00".utf8, at: 257)
    for i in 148..<156 { header[i] = 0x20 }
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], at: 148)
    bytes += header + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
  }

  /// Adds a file.
  public mutating func add(_ name: String, _ data: [UInt8] = []) { add(Array(name.utf8), data) }

  /// The whole archive.
  public var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
