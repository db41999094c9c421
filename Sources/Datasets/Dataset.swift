import Foundation
import Images

/// A dataset as it lies on disk: which images it lists, in which format. Never written to.
public struct Dataset: Sendable {
  /// Layouts that are read.
  public enum Format: String, Sendable, Codable { case folder, list, cifar10, cifar100, stl10, idx, archive }

  public typealias Entry = Listing.Entry

  /// Where it is.
  public let root: Path
  /// Its layout.
  public let format: Format
  /// Images in byte order of their paths (containers: in the order of the records).
  public let entries: Listing
  /// What lies in the folder but is not taken for an image, with the reason.
  public let ignored: [(path: Path, reason: String)]
  private let records: [Container]
  private let archives: [Archive]

  /// What files of entries are relative to.
  private let base: Path

  /// A file that holds many images of one size, one record after another.
  private struct Container {
    let path: Path
    /// Kept where the file is packed; otherwise records are read where they lie.
    var bytes: [UInt8]?
    /// Where the pixels of the first record begin, and how far the next ones are.
    let offset: Int
    let stride: Int
    let width: Int
    let height: Int
    /// CIFAR's planes are R, G, B; IDX has one grey plane; STL-10's planes are stored column by column.
    let planes: Int
    var isTransposed = false
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
  /// - Throws: ``DatasetError`` with codes `.missing`, `.unreadable`, `.malformed`, `.unsupported`.
  public init(_ root: Path, listRoot: Path? = nil, isNullDelimited: Bool = false) throws(DatasetError) {
    self.root = root
    func list(_ bytes: [UInt8], _ base: Path) throws(DatasetError) -> Listing {
      try Self.list(bytes, base, isNullDelimited, root)
    }
    if root.bytes == [UInt8(ascii: "-")] {
      let bytes = Array((try? FileHandle.standardInput.readToEnd()) ?? Data())
      guard !bytes.isEmpty else { throw DatasetError(.missing, root, "standard input holds no list") }
      base = listRoot ?? Path(".")
      entries = try list(bytes, base)
      (format, records, archives, ignored) = (.list, [], [], [])
      return
    }
    switch FileSystem.kind(root, followLinks: true) {
    case nil:
      let shards = Archive.shards(root)
      guard shards.count > 1, Archive.isNamedLikeOne(root) else {
        throw DatasetError(.missing, root, "no such file or folder")
      }
      (format, base, records) = (.archive, root, [])
      (archives, entries, ignored) = try Self.archives(shards)
    case .folder:
      base = root
      let names = try FileSystem.contents(of: root)
      let batches = names.map(\.name).filter {
        let text = $0.description
        return text.hasSuffix(".bin") && (text.hasPrefix("data_batch_") || text == "train.bin")
      }
      if !names.isEmpty && names.allSatisfy({ Archive.isNamedLikeOne($0.name) }) {
        (format, records) = (.archive, [])
        (archives, entries, ignored) = try Self.archives(names.map { root.appending($0.name) })
      } else if !batches.isEmpty {
        (format, records, entries) = try Self.cifar(batches.map { root.appending($0) })
        archives = []
        ignored = names.filter { !batches.contains($0.name) }.map { ($0.name, "not a training batch") }
      } else {
        var (found, passed) = (Listing(foldersAreLabels: true), [(path: Path, reason: String)]())
        try Self.walk(root, Path(bytes: []), names, &found, &passed)
        (format, records, archives, entries, ignored) = (.folder, [], [], found, passed)
      }
    case .file:
      base = listRoot ?? root.parent
      if Archive.isNamedLikeOne(root) {
        (format, records) = (.archive, [])
        (archives, entries, ignored) = try Self.archives([root])
        return
      }
      (archives, ignored) = ([], [])
      if root.name.description.hasSuffix("_X.bin") {
        (format, records, entries) = try Self.stl10(root)
        return
      }
      let packed = root.suffix == "gz" ? try FileSystem.readInflated(root) : nil
      // `??` would lose the type of the error.
      let size = if let packed { packed.count } else { try FileSystem.size(root) }
      let head = if let packed { packed } else { try FileSystem.read(root, at: 0, count: min(16, size)) }
      if head.starts(with: [0, 0, 8, 3]) {
        (records, entries) = try Self.idx(head, size, root, packed)
        format = .idx
        return
      } else if root.suffix == "bin" {
        (format, records, entries) = try Self.cifar([root])
        return
      }
      if Self.isParquet(head) {
        throw DatasetError(
          .unsupported, root,
          "Parquet is not read by this version; write its images to a folder or a tar (WebDataset) and audit that")
      }
      let bytes = if let packed { packed } else { try FileSystem.read(root) }
      if bytes.contains(0) && !isNullDelimited || packed != nil && String(validating: bytes, as: UTF8.self) == nil {
        throw DatasetError(
          .malformed, root, "neither an IDX image file, a CIFAR or STL-10 .bin, an archive nor a text list")
      }
      entries = try list(bytes, base)
      (format, records) = (.list, [])
    default: throw DatasetError(.missing, root, "not a regular file or folder")
    }
  }

  /// Container files and archives, whose digests stand in the manifest instead of their images'.
  var containers: [Path] { records.map(\.path) + archives.map(\.path) }

  /// The place of an entry's container or archive among ``containers``; nil for a file of its own.
  func container(of entry: Entry) -> Int? {
    switch entry.source {
    case .record(let container, _): container
    case .member(let archive, _): records.count + archive
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
    case .record(let number, let ordinal):
      let container = records[number]
      let offset = container.offset + ordinal * container.stride
      let (width, count) = (container.width, container.width * container.height)
      if let held = container.bytes {
        bytes = Array(held[offset..<offset + count * container.planes])
      } else {
        do throws(DatasetError) {
          bytes = try FileSystem.read(container.path, at: offset, count: count * container.planes)
        } catch { return .unreadable("file.unreadable: \(error.detail)") }
      }
      var pixels = [UInt8](repeating: 0, count: 3 * count)
      for i in 0..<count {
        let from = container.isTransposed ? i % width * container.height + i / width : i
        for c in 0..<3 { pixels[3 * i + c] = bytes[container.planes == 1 ? from : c * count + from] }
      }
      return .image(Image(width: width, height: container.height, pixels: pixels), Digest(of: bytes))
    case .member(let archive, let ordinal):
      do throws(DatasetError) { bytes = try archives[archive].read(ordinal) } catch {
        return .unreadable(error.detail)
      }
    case .file:
      do throws(DatasetError) {
        bytes = try FileSystem.read(Self.location(entry.path, base), limit: Self.largestFile)
      } catch {
        return .unreadable("file.unreadable: \(error.detail)")
      }
    }
    if ImageFormat(magic: bytes) == nil && format != .list && !Self.imageSuffixes.contains(entry.path.suffix) {
      return .ignored(
        Self.isParquet(bytes) ? "Parquet, which is not read by this version" : "neither an image nor named like one")
    }
    return .file(bytes, Digest(of: bytes))
  }

  private static func isParquet(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "PAR1".utf8) }

  /// Where a file of a list or folder is.
  private static func location(_ path: Path, _ base: Path) -> Path {
    path.bytes.first == 0x2F ? path : base.appending(path)
  }

  /// Lists a folder in byte order of the whole paths: a folder's place is that of its name with a slash.
  private static func walk(
    _ root: Path, _ relative: Path, _ names: [FileSystem.Name], _ entries: inout Listing,
    _ ignored: inout [(path: Path, reason: String)]
  ) throws(DatasetError) {
    for one in names {
      let path = relative.appending(one.name)
      switch one.kind {
      case .file: try entries.append(path.bytes, .file, of: root)
      case .folder:
        do throws(DatasetError) {
          try walk(root, path, FileSystem.contents(of: root.appending(path)), &entries, &ignored)
        } catch {
          guard error.code == .unreadable else { throw error }
          ignored.append((path, "folder cannot be read: \(error.detail)"))
        }
      case .link: ignored.append((path, "symbolic link, not followed"))
      case .other: ignored.append((path, "not a regular file"))
      case nil: ignored.append((path, "vanished during the scan"))
      }
    }
  }

  /// One path a line, optionally followed by a space and a label; the last space separates them.
  private static func list(
    _ bytes: [UInt8], _ base: Path, _ isNullDelimited: Bool, _ root: Path
  ) throws(DatasetError) -> Listing {
    var (entries, seen) = (Listing(), NameTable())
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: isNullDelimited ? 0 : 0x0A) ?? bytes.count
      var line = bytes[start..<end]
      start = end + 1
      if !isNullDelimited, line.last == 0x0D { line.removeLast() }
      if line.isEmpty || !isNullDelimited && line.first == UInt8(ascii: "#") { continue }
      var path = Path(bytes: Array(line))
      var label: String?
      var kind = FileSystem.kind(location(path, base), followLinks: true)
      if !isNullDelimited, kind == nil, let space = line.lastIndex(of: 0x20) {
        let text = String(decoding: line[(space + 1)...], as: UTF8.self)
        if !text.isEmpty {
          path = Path(bytes: Array(line[..<space]))
          label = text
          kind = FileSystem.kind(location(path, base), followLinks: true)
        }
      }
      guard seen.insert(path.bytes).isNew else { continue }
      let problem = kind == nil ? "file.missing: no such file" : "file.unreadable: not a regular file"
      try entries.append(path.bytes, label: label, kind == .file ? .file : .unusable(problem), of: root)
    }
    return entries
  }

  private static func cifar(_ files: [Path]) throws(DatasetError) -> (Format, [Container], Listing) {
    var (containers, entries): ([Container], Listing) = ([], Listing())
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
        try entries.append(
          file.name.bytes + Array("#\(i)".utf8), label: String(bytes[(i + 1) * record - 3073]),
          .record(container: containers.count, ordinal: i), of: file)
      }
      containers.append(
        Container(path: file, offset: record - 3072, stride: record, width: 32, height: 32, planes: 3))
    }
    return (format ?? .cifar10, containers, entries)
  }

  /// Images of 96 x 96, planes column by column; labels of `train_X.bin` are in `train_y.bin`, one byte an image.
  private static func stl10(_ path: Path) throws(DatasetError) -> (Format, [Container], Listing) {
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
    var entries = Listing()
    for i in 0..<size / record {
      try entries.append(
        path.name.bytes + Array("#\(i)".utf8), label: labels.isEmpty ? nil : String(labels[i]),
        .record(container: 0, ordinal: i), of: path)
    }
    let container = Container(
      path: path, offset: 0, stride: record, width: 96, height: 96, planes: 3, isTransposed: true)
    return (.stl10, [container], entries)
  }

  /// Members of archives; with several their names start with the archive's. A damaged one is an unreadable entry,
  /// the others are read.
  private static func archives(
    _ paths: [Path]
  ) throws(DatasetError) -> ([Archive], Listing, [(path: Path, reason: String)]) {
    var (archives, entries): ([Archive], Listing) = ([], Listing(foldersAreLabels: paths.count == 1))
    var ignored: [(path: Path, reason: String)] = []
    for path in paths {
      let archive = Archive(path)
      do throws(DatasetError) {
        let damage = try archive.list(
          into: &entries, &ignored, number: archives.count, prefix: paths.count == 1 ? [] : path.name.bytes + [0x2F])
        if let damage { try entries.append(path.name.bytes, .unusable(damage), of: path) }
      } catch {
        if paths.count == 1 { throw error }
        try entries.append(path.name.bytes, .unusable("archive.corrupt: \(error.detail)"), of: path)
      }
      archives.append(archive)
    }
    return (archives, entries, ignored)
  }

  private static func idx(
    _ head: [UInt8], _ size: Int, _ path: Path, _ packed: [UInt8]?
  ) throws(DatasetError) -> ([Container], Listing) {
    guard head.count >= 16 else { throw DatasetError(.malformed, path, "the IDX header is cut off") }
    func number(_ at: Int) -> Int { head[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    let (count, height, width) = (number(4), number(8), number(12))
    let (pixels, a) = width.multipliedReportingOverflow(by: height)
    let (total, b) = pixels.multipliedReportingOverflow(by: count)
    guard !a, !b, width > 0, height > 0, total == size - 16 else {
      throw DatasetError(
        .malformed, path, "the header says \(count) images of \(width)x\(height), but \(size - 16) bytes follow")
    }
    var entries = Listing()
    for i in 0..<count {
      try entries.append(path.name.bytes + Array("#\(i)".utf8), .record(container: 0, ordinal: i), of: path)
    }
    let container = Container(
      path: path, bytes: packed, offset: 16, stride: pixels, width: width, height: height, planes: 1)
    return ([container], entries)
  }
}
