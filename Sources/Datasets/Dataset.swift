import Foundation
import Images

/// A dataset as it lies on disk: which images it lists, in which format. Never written to.
public struct Dataset: Sendable {
  /// Layouts that are read.
  public enum Format: String, Sendable, Codable { case folder, list, cifar10, cifar100, stl10, idx, archive }

  /// One image that the dataset lists.
  public struct Entry: Sendable {
    /// Its name within the dataset, unique.
    public let path: Path
    /// The label that the layout gives: first folder, number after the path in a list, label byte.
    public let label: String?
    fileprivate let source: Source
  }

  fileprivate enum Source: Sendable {
    case file(Path)
    /// Pixels at an offset in a container: planes are CIFAR's R, G, B; IDX has one grey plane; STL-10's planes are
    /// stored column by column.
    case record(container: Int, offset: Int, width: Int, height: Int, planes: Int, isTransposed: Bool)
    case member(archive: Int, ordinal: Int)
    /// Named, but not there or not a regular file.
    case unusable(String)
  }

  /// Where it is.
  public let root: Path
  /// Its layout.
  public let format: Format
  /// Images in byte order of their paths (containers: in the order of the records).
  public let entries: [Entry]
  /// What lies in the folder but is not taken for an image, with the reason.
  public let ignored: [(path: Path, reason: String)]
  private let containers: [Container]
  private let archives: [Archive]

  /// A file that holds many images; its bytes if they are kept, otherwise records are read where they lie.
  private struct Container {
    let path: Path
    let bytes: [UInt8]?
  }

  /// True if images are cheap to read only in their order.
  var isSequential: Bool { !archives.isEmpty }

  /// Bytes of an image file, at most.
  static let largestFile = 1 << 30

  static let imageSuffixes: Set<String> = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp", "gif",
  ]

  /// Opens a folder, a file list, an archive or shards of one, a CIFAR or STL-10 binary (file or folder) or an IDX file
  /// (plain or gzip).
  ///
  /// - Parameters:
  ///   - root: What the user named; `-` is a list on standard input, `a-{000..012}.tar` stands for shards.
  ///   - listRoot: Folder that relative paths of a file list start from; default: the list's own, for standard input
  ///     the working folder.
  ///   - isNullDelimited: A list's paths end with a zero byte instead of a line feed, and carry no labels.
  /// - Throws: ``DatasetError`` with codes `.missing`, `.unreadable`, `.malformed`.
  public init(_ root: Path, listRoot: Path? = nil, isNullDelimited: Bool = false) throws(DatasetError) {
    self.root = root
    if root.bytes == [UInt8(ascii: "-")] {
      let bytes = Array((try? FileHandle.standardInput.readToEnd()) ?? Data())
      guard !bytes.isEmpty else { throw DatasetError(.missing, root, "standard input holds no list") }
      entries = Self.list(bytes, listRoot ?? Path("."), isNullDelimited)
      (format, containers, archives, ignored) = (.list, [], [], [])
      return
    }
    switch FileSystem.kind(root, followLinks: true) {
    case nil:
      let shards = Archive.shards(root)
      guard shards.count > 1, Archive.isNamedLikeOne(root) else {
        throw DatasetError(.missing, root, "no such file or folder")
      }
      (format, containers) = (.archive, [])
      (archives, entries, ignored) = try Self.archives(shards)
    case .folder:
      let names = try FileSystem.names(in: root)
      let batches = names.filter {
        let text = $0.description
        return text.hasSuffix(".bin") && (text.hasPrefix("data_batch_") || text == "train.bin")
      }
      if !names.isEmpty && names.allSatisfy(Archive.isNamedLikeOne) {
        (format, containers) = (.archive, [])
        (archives, entries, ignored) = try Self.archives(names.map { root.appending($0) })
      } else if !batches.isEmpty {
        (format, containers, entries) = try Self.cifar(batches.map { root.appending($0) }, root)
        archives = []
        ignored = names.filter { !batches.contains($0) }.map { ($0, "not a training batch") }
      } else {
        var (found, passed): ([Entry], [(path: Path, reason: String)]) = ([], [])
        try Self.walk(root, Path(bytes: []), &found, &passed)
        (format, containers, archives, entries, ignored) = (.folder, [], [], found, passed)
      }
    case .file:
      if Archive.isNamedLikeOne(root) {
        (format, containers) = (.archive, [])
        (archives, entries, ignored) = try Self.archives([root])
        return
      }
      (archives, ignored) = ([], [])
      if root.name.description.hasSuffix("_X.bin") {
        (format, containers, entries) = try Self.stl10(root)
        return
      }
      let isGzip = root.suffix == "gz"
      let bytes = isGzip ? try FileSystem.readInflated(root) : try FileSystem.read(root)
      if bytes.starts(with: [0, 0, 8, 3]) {
        entries = try Self.idx(bytes, root)
        (format, containers) = (.idx, [Container(path: root, bytes: bytes)])
      } else if root.suffix == "bin" {
        (format, containers, entries) = try Self.cifar([root], root.parent)
      } else if bytes.contains(0) && !isNullDelimited || String(validating: bytes, as: UTF8.self) == nil && isGzip {
        throw DatasetError(
          .malformed, root, "neither an IDX image file, a CIFAR or STL-10 .bin, an archive nor a text list")
      } else {
        entries = Self.list(bytes, listRoot ?? root.parent, isNullDelimited)
        (format, containers) = (.list, [])
      }
    default: throw DatasetError(.missing, root, "not a regular file or folder")
    }
  }

  /// Container files and archives, whose digests stand in the manifest instead of their images'.
  public var containerDigests: [(path: Path, digest: Digest)] {
    get throws(DatasetError) {
      var result: [(path: Path, digest: Digest)] = []
      for path in containers.map(\.path) + archives.map(\.path) { result.append((path, try Digest(ofFile: path))) }
      return result
    }
  }

  /// The container or archive that holds an entry; nil for a file of its own.
  func container(of entry: Entry) -> Path? {
    switch entry.source {
    case .record(let container, _, _, _, _, _): containers[container].path
    case .member(let archive, _): archives[archive].path
    case .file, .unusable: nil
    }
  }

  /// What became of one entry.
  public enum Reading: Sendable {
    case image(Image, Digest)
    /// Cannot be decoded, with a coded reason; the digest if it could be read at all.
    case unreadable(String, Digest?)
    /// Not an image and not named like one.
    case ignored(String)
  }

  /// What lies at an entry before it is decoded.
  enum Content: Sendable {
    /// A file, with the digest of its bytes.
    case file([UInt8], Digest)
    /// Pixels that need no decoder.
    case image(Image, Digest)
    case unreadable(String)
    case ignored(String)
  }

  /// Reads, digests and decodes an entry; what is decoded is what was digested.
  ///
  /// - Parameter decoder: Used again and again by a thread that reads many entries.
  public func read(_ entry: Entry, _ decoder: ImageDecoder = ImageDecoder()) -> Reading {
    switch content(of: entry) {
    case .file(let bytes, let digest):
      do throws(ImageError) { return .image(try decoder.decode(bytes), digest) } catch {
        return .unreadable(error.description, digest)
      }
    case .image(let image, let digest): return .image(image, digest)
    case .unreadable(let reason): return .unreadable(reason, nil)
    case .ignored(let reason): return .ignored(reason)
    }
  }

  /// Reads and digests an entry.
  func content(of entry: Entry) -> Content {
    let bytes: [UInt8]
    switch entry.source {
    case .unusable(let reason): return .unreadable(reason)
    case .record(let container, let offset, let width, let height, let planes, let isTransposed):
      let count = width * height
      if let held = containers[container].bytes {
        bytes = Array(held[offset..<offset + count * planes])
      } else {
        do throws(DatasetError) {
          bytes = try FileSystem.read(containers[container].path, at: offset, count: count * planes)
        } catch { return .unreadable("file.unreadable: \(error.detail)") }
      }
      var pixels = [UInt8](repeating: 0, count: 3 * count)
      for i in 0..<count {
        let from = isTransposed ? i % width * height + i / width : i
        for c in 0..<3 { pixels[3 * i + c] = bytes[planes == 1 ? from : c * count + from] }
      }
      return .image(Image(width: width, height: height, pixels: pixels), Digest(of: bytes))
    case .member(let archive, let ordinal):
      do throws(DatasetError) { bytes = try archives[archive].read(ordinal) } catch {
        return .unreadable(error.detail)
      }
    case .file(let path):
      do throws(DatasetError) { bytes = try FileSystem.read(path, limit: Self.largestFile) } catch {
        return .unreadable("file.unreadable: \(error.detail)")
      }
    }
    if ImageFormat(magic: bytes) == nil && format != .list && !Self.imageSuffixes.contains(entry.path.suffix) {
      return .ignored("neither an image nor named like one")
    }
    return .file(bytes, Digest(of: bytes))
  }

  private static func walk(
    _ root: Path, _ relative: Path, _ entries: inout [Entry], _ ignored: inout [(path: Path, reason: String)]
  ) throws(DatasetError) {
    var folders: [Path] = []
    let here = relative.bytes.isEmpty ? root : root.appending(relative)
    let names: [Path]
    do throws(DatasetError) { names = try FileSystem.names(in: here) } catch {
      if relative.bytes.isEmpty { throw error }
      ignored.append((relative, "folder cannot be read: \(error.detail)"))
      return
    }
    for name in names {
      let path = relative.appending(name)
      switch FileSystem.kind(root.appending(path)) {
      case .file:
        let top = path.bytes.firstIndex(of: 0x2F).map { Path(bytes: Array(path.bytes[..<$0])) }
        entries.append(Entry(path: path, label: top?.description, source: .file(root.appending(path))))
      case .folder: folders.append(path)
      case .link: ignored.append((path, "symbolic link, not followed"))
      case .other: ignored.append((path, "not a regular file"))
      case nil: ignored.append((path, "vanished during the scan"))
      }
    }
    for folder in folders { try walk(root, folder, &entries, &ignored) }
    if relative.bytes.isEmpty { entries.sort { $0.path < $1.path } }
  }

  /// One path a line, optionally followed by a space and a label; the last space separates them.
  private static func list(_ bytes: [UInt8], _ base: Path, _ isNullDelimited: Bool) -> [Entry] {
    var entries: [Entry] = []
    var seen: Set<Path> = []
    for var line in bytes.split(separator: isNullDelimited ? 0 : 0x0A) {
      if !isNullDelimited {
        if line.last == 0x0D { line.removeLast() }
        if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      }
      func location(_ path: Path) -> Path { path.bytes.first == 0x2F ? path : base.appending(path) }
      var path = Path(bytes: Array(line))
      var label: String?
      if !isNullDelimited, FileSystem.kind(location(path), followLinks: true) == nil,
        let space = line.lastIndex(of: 0x20)
      {
        let text = String(decoding: line[(space + 1)...], as: UTF8.self)
        if !text.isEmpty {
          path = Path(bytes: Array(line[..<space]))
          label = text
        }
      }
      guard seen.insert(path).inserted else { continue }
      let kind = FileSystem.kind(location(path), followLinks: true)
      entries.append(
        Entry(
          path: path, label: label,
          source: kind == .file
            ? .file(location(path))
            : .unusable(kind == nil ? "file.missing: no such file" : "file.unreadable: not a regular file")))
    }
    return entries
  }

  private static func cifar(
    _ files: [Path], _ base: Path
  ) throws(DatasetError) -> (Format, [Container], [Entry]) {
    var (containers, entries): ([Container], [Entry]) = ([], [])
    var format: Format?
    for file in files {
      let bytes = try FileSystem.read(file)
      let own: Format
      switch (bytes.count % 3073, bytes.count % 3074) {
      case (0, _) where !bytes.isEmpty: own = .cifar10
      case (_, 0) where !bytes.isEmpty: own = .cifar100
      default:
        throw DatasetError(
          .malformed, file, "\(bytes.count) bytes are no whole number of CIFAR records (3073 or 3074 bytes each)")
      }
      if let format, format != own {
        throw DatasetError(.malformed, file, "its records differ from the batches before it")
      }
      format = own
      let record = own == .cifar10 ? 3073 : 3074
      for i in 0..<bytes.count / record {
        let pixels = i * record + record - 3072
        entries.append(
          Entry(
            path: Path(bytes: file.name.bytes + Array("#\(i)".utf8)), label: String(bytes[pixels - 1]),
            source: .record(
              container: containers.count, offset: pixels, width: 32, height: 32, planes: 3, isTransposed: false)))
      }
      containers.append(Container(path: file, bytes: bytes))
    }
    return (format ?? .cifar10, containers, entries)
  }

  /// Images of 96 x 96, planes column by column; labels of `train_X.bin` are in `train_y.bin`, one byte an image.
  private static func stl10(_ path: Path) throws(DatasetError) -> (Format, [Container], [Entry]) {
    let record = 3 * 96 * 96
    let size = try FileSystem.size(path)
    guard size > 0, size % record == 0 else {
      throw DatasetError(.malformed, path, "\(size) bytes are no whole number of STL-10 images (\(record) bytes each)")
    }
    let stem = path.bytes.dropLast("_X.bin".utf8.count)
    let beside = Path(bytes: Array(stem) + Array("_y.bin".utf8))
    let labels = FileSystem.kind(beside, followLinks: true) == .file ? try FileSystem.read(beside) : []
    guard labels.isEmpty || labels.count == size / record else {
      throw DatasetError(.malformed, beside, "\(labels.count) labels for \(size / record) images")
    }
    let entries = (0..<size / record).map { i in
      Entry(
        path: Path(bytes: path.name.bytes + Array("#\(i)".utf8)), label: labels.isEmpty ? nil : String(labels[i]),
        source: .record(
          container: 0, offset: i * record, width: 96, height: 96, planes: 3, isTransposed: true))
    }
    return (.stl10, [Container(path: path, bytes: nil)], entries)
  }

  /// Members of archives; with several their names start with the archive's. A damaged one is an unreadable entry,
  /// the others are read.
  private static func archives(
    _ paths: [Path]
  ) throws(DatasetError) -> ([Archive], [Entry], [(path: Path, reason: String)]) {
    var (archives, entries, ignored): ([Archive], [Entry], [(path: Path, reason: String)]) = ([], [], [])
    for path in paths {
      let archive = Archive(path)
      func named(_ name: Path) -> Path { paths.count == 1 ? name : path.name.appending(name) }
      let listing: Archive.Listing
      do throws(DatasetError) { listing = try archive.list() } catch {
        if paths.count == 1 { throw error }
        entries.append(Entry(path: path.name, label: nil, source: .unusable("archive.corrupt: \(error.detail)")))
        continue
      }
      for member in listing.members {
        let top = member.path.bytes.firstIndex(of: 0x2F).map { Path(bytes: Array(member.path.bytes[..<$0])) }
        entries.append(
          Entry(
            path: named(member.path), label: listing.labels[Archive.key(member.path)] ?? top?.description,
            source: member.problem.map(Source.unusable) ?? .member(archive: archives.count, ordinal: member.ordinal)))
      }
      ignored += listing.ignored.map { (named($0.path), $0.reason) }
      if let damage = listing.damage {
        entries.append(Entry(path: path.name, label: nil, source: .unusable(damage)))
      }
      archives.append(archive)
    }
    return (archives, entries, ignored)
  }

  private static func idx(_ bytes: [UInt8], _ path: Path) throws(DatasetError) -> [Entry] {
    guard bytes.count >= 16 else { throw DatasetError(.malformed, path, "the IDX header is cut off") }
    func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    let (count, height, width) = (number(4), number(8), number(12))
    let (pixels, a) = width.multipliedReportingOverflow(by: height)
    let (total, b) = pixels.multipliedReportingOverflow(by: count)
    guard !a, !b, width > 0, height > 0, total == bytes.count - 16 else {
      throw DatasetError(
        .malformed, path,
        "the header says \(count) images of \(width)x\(height), but \(bytes.count - 16) bytes follow")
    }
    let stem = path.name.bytes
    return (0..<count).map { i in
      Entry(
        path: Path(bytes: stem + Array("#\(i)".utf8)), label: nil,
        source: .record(
          container: 0, offset: 16 + i * pixels, width: width, height: height, planes: 1, isTransposed: false))
    }
  }
}
