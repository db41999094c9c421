import CCrypto
import CZlib
import Foundation

/// The few file operations that must work on names that are not UTF-8.
public enum FileSystem {
  /// What a name refers to; symbolic links are not followed.
  public enum Kind: Sendable { case file, folder, link, other }

  /// Returns what a path is, or nil if there is nothing.
  public static func kind(_ path: Path, followLinks: Bool = false) -> Kind? {
    var status = stat()
    let text = path.cString
    guard (followLinks ? stat(text, &status) : lstat(text, &status)) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// The path without links and dots, absolute; nil if there is nothing.
  public static func real(_ path: Path) -> [UInt8]? {
    guard let text = realpath(path.bytes.isEmpty ? [0x2E, 0] : path.cString, nil) else { return nil }
    defer { free(text) }
    return (0..<strlen(text)).map { UInt8(bitPattern: text[$0]) }
  }

  /// Something in a folder; no kind if it has vanished.
  typealias Name = (name: Path, kind: Kind?)

  /// Returns what is in a folder, in byte order of the names, those of folders with a slash behind them.
  ///
  /// - Throws: ``DatasetError`` with code `.unreadable`.
  static func contents(of folder: Path) throws(DatasetError) -> [Name] {
    guard let stream = opendir(folder.cString) else {
      throw DatasetError(.unreadable, folder, String(cString: strerror(errno)))
    }
    defer { closedir(stream) }
    var names: [Name] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in Array(raw.prefix { $0 != 0 }) }
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      let kind: Kind? =
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): .file
        case Int(DT_DIR): .folder
        case Int(DT_LNK): .link
        case Int(DT_UNKNOWN): kind(folder.appending(Path(bytes: name)))
        default: .other
        }
      names.append((Path(bytes: name), kind))
    }
    func key(_ one: Name) -> [UInt8] { one.kind == .folder ? one.name.bytes + [0x2F] : one.name.bytes }
    names.sort { a, b in
      a.kind == .folder || b.kind == .folder ? key(a).lexicographicallyPrecedes(key(b)) : a.name < b.name
    }
    return names
  }

  /// Returns the contents of a regular file.
  ///
  /// - Parameters:
  ///   - limit: Bytes above which nothing is read.
  ///   - followLinks: False refuses a symbolic link in the place of the file.
  /// - Throws: ``DatasetError`` with code `.unreadable`.
  public static func read(_ path: Path, limit: Int = .max, followLinks: Bool = true) throws(DatasetError) -> [UInt8] {
    let descriptor = open(path.cString, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followLinks ? 0 : O_NOFOLLOW))
    guard descriptor >= 0 else { throw DatasetError(.unreadable, path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError(.unreadable, path, "not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw DatasetError(.unreadable, path, "\(size) bytes; at most \(limit) are read") }
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      while count < size {
        let got = Foundation.read(descriptor, base + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        count += got
      }
    }
    if let failure { throw DatasetError(.unreadable, path, String(cString: strerror(failure))) }
    return bytes
  }

  /// Returns the size of a regular file in bytes.
  ///
  /// - Throws: ``DatasetError`` with code `.unreadable`.
  static func size(_ path: Path) throws(DatasetError) -> Int {
    var status = stat()
    guard stat(path.cString, &status) == 0 else {
      throw DatasetError(.unreadable, path, String(cString: strerror(errno)))
    }
    return Int(status.st_size)
  }

  /// Returns a part of a file.
  ///
  /// - Throws: ``DatasetError`` with code `.unreadable` if it ends before.
  static func read(_ path: Path, at offset: Int, count: Int) throws(DatasetError) -> [UInt8] {
    let descriptor = open(path.cString, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw DatasetError(.unreadable, path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        buffer.baseAddress.map { pread(descriptor, $0 + done, count - done, off_t(offset + done)) } ?? 0
      }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        throw DatasetError(.unreadable, path, got == 0 ? "shorter than before" : String(cString: strerror(errno)))
      }
      done += got
    }
    return bytes
  }

  /// Returns the contents of a file, decompressed if it is gzip.
  ///
  /// - Parameter limit: Bytes after decompression.
  /// - Throws: ``DatasetError`` with codes `.unreadable`, `.malformed`.
  public static func readInflated(_ path: Path, limit: Int = 1 << 32) throws(DatasetError) -> [UInt8] {
    guard let file = gzopen(path.cString, "rb") else {
      throw DatasetError(.unreadable, path, String(cString: strerror(errno)))
    }
    defer { gzclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = gzread(file, &chunk, UInt32(chunk.count))
      guard got >= 0 else { throw DatasetError(.malformed, path, "the gzip stream is corrupt or cut off") }
      if got == 0 { break }
      bytes += chunk[..<Int(got)]
      guard bytes.count <= limit else { throw DatasetError(.malformed, path, "more than \(limit) bytes") }
    }
    var status: Int32 = 0
    _ = gzerror(file, &status)
    guard status == Z_OK || status == Z_STREAM_END else {
      throw DatasetError(.malformed, path, "the gzip stream is cut off")
    }
    return bytes
  }
}

/// A SHA-256 digest.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  private let value: SIMD32<UInt8>

  /// 32 bytes.
  public var bytes: [UInt8] { (0..<32).map { value[$0] } }

  /// Looked up once: each look-up by name takes as long as digesting a small image. Never freed or changed.
  nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  /// Digests bytes.
  public init(of data: [UInt8]) {
    var value = SIMD32<UInt8>()
    let isDone = withUnsafeMutableBytes(of: &value) { target in
      EVP_Digest(data, data.count, target.baseAddress, nil, Self.algorithm, nil)
    }
    precondition(isDone == 1, "libcrypto has no SHA-256")
    self.value = value
  }

  /// Digests a file of any size.
  ///
  /// - Throws: ``DatasetError`` with code `.unreadable`.
  init(ofFile path: Path) throws(DatasetError) {
    guard let file = fopen(path.cString, "rbe") else {
      throw DatasetError(.unreadable, path, String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    let stream = Stream()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = fread(&chunk, 1, chunk.count, file)
      if got == 0 { break }
      stream.append(chunk[..<got])
    }
    guard ferror(file) == 0 else { throw DatasetError(.unreadable, path, "cannot be read to its end") }
    self = stream.digest
  }

  /// Digests what comes piece by piece, from one thread at a time.
  public final class Stream: @unchecked Sendable {
    private let context = EVP_MD_CTX_new()

    /// Begins.
    public init() { precondition(EVP_DigestInit_ex(context, Digest.algorithm, nil) == 1, "libcrypto has no SHA-256") }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes the next bytes.
    public func append(_ bytes: ArraySlice<UInt8>) {
      bytes.withUnsafeBytes { raw in _ = EVP_DigestUpdate(context, raw.baseAddress, raw.count) }
    }

    /// The digest of all; nothing can be appended afterwards.
    public var digest: Digest {
      var value = SIMD32<UInt8>()
      withUnsafeMutableBytes(of: &value) { target in
        _ = EVP_DigestFinal_ex(context, target.bindMemory(to: UInt8.self).baseAddress, nil)
      }
      return Digest(value: value)
    }
  }

  private init(value: SIMD32<UInt8>) { self.value = value }

  /// 64 hexadecimal digits.
  public var description: String { String(decoding: hexadecimal, as: UTF8.self) }

  /// 64 hexadecimal digits in ASCII.
  var hexadecimal: [UInt8] {
    func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
    return (0..<64).map { digit($0 % 2 == 0 ? value[$0 / 2] >> 4 : value[$0 / 2] & 15) }
  }
}
