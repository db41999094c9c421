import CArchive
import Foundation
#if SANITIZE_THREAD
  import Images
#else
  import Synchronization
#endif

/// The members of a tar (plain, gzip, zstd) or zip archive, read in their order without unpacking: names are only
/// labels, and nothing is ever written.
///
/// Members can be asked for in any order; those near each other are cheap, since what is passed over is kept for a
/// while. Going far back starts again from the front.
final class Archive: Sendable {
  /// Bytes of one member, at most.
  static let largestMember = 1 << 28
  /// An archive may grow to this size whatever its ratio, and beyond it by this factor.
  private static let largestUnquestioned: Int64 = 1 << 30
  private static let largestRatio: Int64 = 200
  /// Bytes that were passed over and kept.
  private static let largestCache = 1 << 28
  private static let largestLabel = 1 << 16

  let path: Path
  private let reading: Mutex<Reading>

  private struct Reading {
    var handle: OpaquePointer?
    /// Ordinal of the next header.
    var next = 0
    var kept: [Int: [UInt8]] = [:]
    var bytesKept = 0
  }

  init(_ path: Path) {
    self.path = path
    reading = Mutex(Reading())
  }

  deinit {
    reading.withLock { state in
      if let handle = state.handle { archive_read_free(handle) }
    }
  }

  /// libarchive gives names that a zip marks as UTF-8 only where the locale can hold them.
  private static let hasUTF8 = setlocale(LC_CTYPE, "C.UTF-8") != nil

  /// True for names of archives.
  static func isNamedLikeOne(_ path: Path) -> Bool {
    let name = path.name.description.lowercased()
    return [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".zip"].contains { name.hasSuffix($0) }
  }

  private func open() throws(DatasetError) -> OpaquePointer {
    _ = Self.hasUTF8
    guard let handle = archive_read_new() else { throw DatasetError(.unreadable, path, "no memory") }
    archive_read_support_filter_gzip(handle)
    archive_read_support_filter_zstd(handle)
    archive_read_support_format_tar(handle)
    archive_read_support_format_zip(handle)
    // Names are bytes.
    archive_read_set_options(handle, "hdrcharset=BINARY")
    // What stands behind the end of a tar is read by readers that pass over zeros.
    archive_read_set_options(handle, "tar:read_concatenated_archives")
    guard archive_read_open_filename(handle, path.cString, 1 << 16) == ARCHIVE_OK else {
      let reason = Self.reason(handle)
      archive_read_free(handle)
      throw DatasetError(FileSystem.kind(path, followLinks: true) == .file ? .malformed : .missing, path, reason)
    }
    return handle
  }

  private static func reason(_ handle: OpaquePointer) -> String {
    archive_error_string(handle).map { String(cString: $0) } ?? "unknown problem"
  }

  /// Passes over all headers and lists the regular files. What small companions (`.cls`, `.json`) say becomes the label
  /// of their sample.
  ///
  /// - Parameters:
  ///   - number: The archive's, for its entries.
  ///   - prefix: Stands before its names.
  /// - Returns: Why the rest could not be read.
  /// - Throws: ``DatasetError`` if it cannot be opened, or nothing in it can be read.
  func list(into entries: inout Listing, number: Int, prefix: [UInt8]) throws(DatasetError) -> String? {
    let handle = try open()
    defer { archive_read_free(handle) }
    let first = entries.count
    var seen = NameTable()
    var (keys, labels, words) = (NameTable(), [Int32](), StringTable())
    var damage: String?
    var ordinal = 0
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(handle, &entry)
      if status == ARCHIVE_EOF { break }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
        damage = "archive.corrupt: \(Self.reason(handle))"
        break
      }
      defer { ordinal += 1 }
      if let bomb = Self.bomb(handle) {
        damage = bomb
        break
      }
      let name = Path(bytes: Self.name(entry))
      // Readers differ in whether a body follows what has none: it may be anything.
      let hasBody = !Self.isZip(handle) && archive_entry_size(entry) > 0
      func passOver(_ reason: String) throws(DatasetError) {
        try entries.append(prefix + name.bytes, .unusable(Unread(reason: reason, holdsMany: hasBody)), of: path)
      }
      if archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil {
        try passOver("link.not-followed: a link in an archive")
        continue
      }
      let type = archive_entry_filetype(entry)
      if type == S_IFDIR {
        if archive_entry_size(entry) > 0 { try passOver("file.special: a folder with a body in an archive") }
        continue
      }
      guard type == S_IFREG else {
        try passOver("file.special: a pipe, socket or device in an archive")
        continue
      }
      // What is named like a text beside an image, and is none or is long, is an entry as any other.
      if Self.isCompanion(name), let text = Self.text(handle, name) {
        if let label = Self.label(text, name) {
          let (at, isNew) = keys.insert(Self.key(name.bytes[...]))
          let word = words.number(of: label)
          if isNew { labels.append(word) } else { labels[at] = word }
        }
        continue
      }
      let size = archive_entry_size(entry)
      var problem: String?
      if name.bytes.isEmpty {
        problem = "archive.name: a member without a name"
      } else if Self.escapes(name) {
        problem = "archive.path-traversal: the name leaves the folder of the archive"
      } else if !seen.insert(Self.canonical(name)).isNew {
        problem = "archive.duplicate: another member is unpacked to the same name"
      } else if archive_entry_sparse_count(entry) > 0 {
        problem = "archive.sparse: a sparse member"
      } else if size < 0 || size > Self.largestMember {
        problem = "archive.too-large: \(size) bytes; at most \(Self.largestMember) are read"
      }
      // Behind a prefix the first folder is not the name's own.
      let folder = prefix.isEmpty ? nil : name.bytes.firstIndex(of: 0x2F).map { Path(bytes: Array(name.bytes[..<$0])) }
      try entries.append(
        prefix + name.bytes, label: folder?.description,
        problem.map { .unusable(Unread(reason: $0)) } ?? .member(archive: number, ordinal: ordinal), of: path)
      // Going on to the next header would unpack all of it unseen.
      if size > Self.largestMember, let bomb = Self.passOver(handle) {
        damage = bomb
        break
      }
    }
    if damage == nil, Self.isZip(handle),
      let members = membersOfZip, members == 65_535 ? ordinal < members : ordinal != members
    {
      damage = "archive.corrupt: its directory names \(members) members, of which \(ordinal) were found"
    }
    if entries.count == first, let damage {
      throw DatasetError(.malformed, path, damage)
    }
    if keys.count > 0 {
      entries.label(first..<entries.count) { name in
        keys.number(of: Array(Self.key(name.dropFirst(prefix.count)))).map { words.strings[Int(labels[$0])] }
      }
    }
    return damage
  }

  private static func isZip(_ handle: OpaquePointer) -> Bool {
    archive_format(handle) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_ZIP
  }

  /// How many members the directory of a zip names at its end, or 65,535 for as many and more; -1 where a comment is so long that readers
  /// look in different places; nil if there is no directory.
  private var membersOfZip: Int? {
    guard let size = try? FileSystem.size(path) else { return nil }
    let count = min(size, 22 + 65_535)
    guard let tail = try? FileSystem.read(path, at: size - count, count: count) else { return nil }
    let end = stride(from: tail.count - 22, through: 0, by: -1).first { tail[$0...].starts(with: [0x50, 0x4B, 5, 6]) }
    guard let end else { return nil }
    // libarchive looks as far back.
    guard tail.count - end <= 1 << 14 else { return -1 }
    return Int(tail[end + 10]) | Int(tail[end + 11]) << 8
  }

  /// What makes the stream so far a bomb, if it is one.
  private static func bomb(_ handle: OpaquePointer) -> String? {
    let (packed, unpacked) = (archive_filter_bytes(handle, -1), archive_filter_bytes(handle, 0))
    guard unpacked > largestUnquestioned && unpacked / max(1, packed) > largestRatio else { return nil }
    return "archive.bomb: \(unpacked) bytes out of \(packed)"
  }

  /// Unpacks the rest of a member into nothing, as long as the stream is no bomb.
  private static func passOver(_ handle: OpaquePointer) -> String? {
    // Of a stream that is not packed nothing has to be read.
    guard archive_filter_count(handle) > 1 else { return nil }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while archive_read_data(handle, &chunk, chunk.count) > 0 {
      if let bomb = bomb(handle) { return bomb }
    }
    return nil
  }

  /// Returns the bytes of a member.
  ///
  /// - Throws: ``DatasetError`` if it is cut off, or the archive has changed.
  func read(_ ordinal: Int) throws(DatasetError) -> [UInt8] {
    // A Mutex's body cannot throw a typed error.
    let result: Result<[UInt8], DatasetError> = reading.withLock { state in
      do throws(DatasetError) { return .success(try read(ordinal, &state)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func read(_ ordinal: Int, _ state: inout Reading) throws(DatasetError) -> [UInt8] {
    if let bytes = state.kept.removeValue(forKey: ordinal) {
      state.bytesKept -= bytes.count
      return bytes
    }
    if state.handle == nil || state.next > ordinal {
      if let handle = state.handle { archive_read_free(handle) }
      state.handle = nil
      (state.handle, state.next) = (try open(), 0)
    }
    guard let handle = state.handle else { throw DatasetError(.unreadable, path, "closed") }
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(handle, &entry)
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
        throw DatasetError(.unreadable, path, "archive.corrupt: \(Self.reason(handle))")
      }
      let at = state.next
      state.next += 1
      if at == ordinal { return try Self.data(handle, path) }
      let size = archive_entry_size(entry)
      guard archive_entry_filetype(entry) == S_IFREG, size > 0, size <= Self.largestMember / 8,
        !Self.isCompanion(Path(bytes: Self.name(entry)))
      else { continue }
      // Another thread will ask for it soon. What is damaged is found out when it is asked for.
      if let bytes = try? Self.data(handle, path) {
        state.kept[at] = bytes
        state.bytesKept += bytes.count
      }
      while state.bytesKept > Self.largestCache, let oldest = state.kept.keys.min() {
        state.bytesKept -= state.kept.removeValue(forKey: oldest)?.count ?? 0
      }
    }
  }

  /// The data of the member whose header was read last; what the header says about its size is not believed.
  private static func data(_ handle: OpaquePointer, _ path: Path, limit: Int = largestMember) throws(DatasetError)
    -> [UInt8]
  {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = archive_read_data(handle, &chunk, chunk.count)
      if got == 0 { return bytes }
      guard got > 0 else { throw DatasetError(.unreadable, path, "archive.truncated: \(reason(handle))") }
      guard bytes.count + got <= limit else {
        throw DatasetError(.unreadable, path, "archive.too-large: more than \(limit) bytes")
      }
      bytes += chunk[..<got]
    }
  }

  private static func name(_ entry: OpaquePointer) -> [UInt8] {
    guard let text = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry) else { return [] }
    var bytes = Array(UnsafeBufferPointer(start: text, count: strlen(text))).map { UInt8(bitPattern: $0) }
    while bytes.starts(with: [0x2E, 0x2F]) { bytes.removeFirst(2) }
    return bytes
  }

  private static func escapes(_ name: Path) -> Bool {
    name.bytes.first == 0x2F || name.bytes.split(separator: 0x2F).contains([0x2E, 0x2E])
  }

  /// The name as a file system has it: without empty parts and those that stay where they are.
  private static func canonical(_ name: Path) -> [UInt8] {
    Array(name.bytes.split(separator: 0x2F).filter { $0 != [0x2E] }.joined(separator: [0x2F]))
  }

  /// A label or metadata beside an image, as WebDataset has them.
  private static func isCompanion(_ name: Path) -> Bool {
    ["cls", "json", "txt"].contains(name.suffix)
      || (name.bytes.starts(with: [0x5F, 0x5F]) && name.bytes.suffix(2) == [0x5F, 0x5F])
  }

  /// Key of a sample: the path up to the first dot of its last part.
  static func key(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let start = name.lastIndex(of: 0x2F).map { $0 + 1 } ?? name.startIndex
    return name[..<(name[start...].firstIndex(of: 0x2E) ?? name.endIndex)]
  }

  /// The member whose header was read last, if it is a short text that holds no image.
  private static func text(_ handle: OpaquePointer, _ name: Path) -> [UInt8]? {
    guard let bytes = try? data(handle, name, limit: largestLabel), case .harmless = FileKind(bytes, name: name.name)
    else {
      return nil
    }
    return bytes
  }

  /// What a `.cls` says, or the entry `label` of a `.json`.
  private static func label(_ bytes: [UInt8], _ name: Path) -> String? {
    guard name.suffix != "txt" else { return nil }
    if name.suffix == "cls" {
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      return text.isEmpty || text.utf8.count > 200 ? nil : text
    }
    struct Metadata: Decodable {
      var label: Value?
      enum Value: Decodable {
        case number(Int), text(String)
        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let number = try? container.decode(Int.self) {
            self = .number(number)
          } else {
            self = .text(try container.decode(String.self))
          }
        }
      }
    }
    switch (try? JSONDecoder().decode(Metadata.self, from: Data(bytes)))?.label {
    case .number(let number): return String(number)
    case .text(let text): return text.utf8.count > 200 ? nil : text
    case nil: return nil
    }
  }

  /// Names of shards: `a-{000..012}.tar` stands for thirteen of them; a name without braces for itself.
  static func shards(_ pattern: Path) -> [Path] {
    let text = pattern.description
    guard pattern.isUTF8, let match = text.firstMatch(of: /\{(\d{1,9})\.\.(\d{1,9})\}/), let first = Int(match.1),
      let last = Int(match.2), first <= last, last - first < 1_000_000
    else { return [pattern] }
    return (first...last).map { number in
      let digits = String(number)
      let zeros = String(repeating: "0", count: max(0, match.1.count - digits.count))
      return Path(text.replacingCharacters(in: match.range, with: zeros + digits))
    }
  }
}
