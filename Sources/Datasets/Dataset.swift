import Foundation
import Images

/// A dataset as it lies on disk: which images it lists, in which format. Never written to.
public struct Dataset: Sendable {
  /// Layouts that are read.
  public enum Format: String, Sendable, Codable { case folder, list, cifar10, cifar100, stl10, idx, archive }

  public typealias Entry = Listing.Entry

  /// Where it is.
  public private(set) var root: Path
  /// Its layout.
  public private(set) var format: Format
  /// Images in byte order of their paths (containers: in the order of the records).
  public private(set) var entries: Listing
  private var records: [Container]
  private var archives: [Archive]

  /// What names of entries are relative to: a folder, or the file or shards that hold the images.
  public private(set) var base: Path
  private var links: Links

  /// Symbolic links that are followed within a folder.
  public enum Links: String, Sendable, Codable, Hashable {
    case none
    /// To what lies in the folder itself.
    case inside
    case anywhere
  }

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

  /// Opens a folder, a file list, an archive or shards of one, a CIFAR or STL-10 binary (file or folder) or an IDX file
  /// (plain or gzip).
  ///
  /// - Parameters:
  ///   - root: What the user named; `-` is a list on standard input, `a-{000..012}.tar` stands for shards.
  ///   - listRoot: What a file list names images of: a folder that its relative paths start from, or any dataset. Default: the list's
  ///     own folder, for standard input the working folder.
  ///   - isPlainRoot: Whether that is a folder of files, whatever else lies in it.
  ///   - isNullDelimited: A list's paths end with a zero byte instead of a line feed, and carry no labels.
  ///   - links: Symbolic links that are followed within a folder. Paths of a list are always followed.
  /// - Throws: ``DatasetError`` with codes `.missing`, `.unreadable`, `.malformed`, `.unsupported`.
  public init(
    _ root: Path, listRoot: Path? = nil, isPlainRoot: Bool = false, isNullDelimited: Bool = false, links: Links = .none
  ) throws(DatasetError) {
    if root.bytes == [UInt8(ascii: "-")] {
      let bytes = Array((try? FileHandle.standardInput.readToEnd()) ?? Data())
      guard !bytes.isEmpty else { throw DatasetError(.missing, root, "standard input holds no list") }
      self = try Self.list(bytes, root, listRoot, isPlain: isPlainRoot, isNullDelimited, links)
      return
    }
    self.root = root
    self.links = links
    switch FileSystem.kind(root, followLinks: true) {
    case nil:
      let shards = Archive.shards(root)
      guard shards.count > 1, Archive.isNamedLikeOne(root) else {
        throw DatasetError(.missing, root, "no such file or folder")
      }
      (format, base, records) = (.archive, root, [])
      (archives, entries) = try Self.archives(shards)
    case .folder:
      base = root
      let names = try FileSystem.contents(of: root)
      switch Self.format(of: names) {
      case .archive:
        (format, records) = (.archive, [])
        (archives, entries) = try Self.archives(names.map { root.appending($0.name) })
      case .cifar10:
        let (batches, others) = (names.filter(Self.isBatch), names.filter { !Self.isBatch($0) })
        var found: Listing
        (format, records, found) = try Self.cifar(batches.map { root.appending($0.name) })
        for other in others { try found.append(other.name.bytes, Self.beside(other, in: root), of: root) }
        (archives, entries) = ([], found)
      default:
        (format, records, archives) = (.folder, [], [])
        entries = try FolderWalk.list(root, names, links)
      }
    case .file:
      let shards = Archive.shards(root)
      if shards.count > 1, shards.contains(where: { FileSystem.kind($0, followLinks: true) != nil }) {
        throw DatasetError(
          .unsupported, root,
          "is a file and stands for shards that are there too; rename it, or name the shards otherwise")
      }
      base = root
      if Archive.isNamedLikeOne(root) {
        (format, records) = (.archive, [])
        (archives, entries) = try Self.archives([root])
        return
      }
      archives = []
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
      if Self.isParquet(head), try FileSystem.read(root, at: size - 4, count: 4) == Array("PAR1".utf8) {
        throw DatasetError(
          .unsupported, root,
          "Parquet is not read by this version; write its images to a folder or a tar (WebDataset) and audit that")
      }
      let bytes = if let packed { packed } else { try FileSystem.read(root) }
      if bytes.contains(0) && !isNullDelimited || packed != nil && String(validating: bytes, as: UTF8.self) == nil {
        throw DatasetError(
          .malformed, root, "neither an IDX image file, a CIFAR or STL-10 .bin, an archive nor a text list")
      }
      self = try Self.list(bytes, root, listRoot, isPlain: isPlainRoot, isNullDelimited, links)
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
    case .file, .unusable, .ignored: nil
    }
  }

  /// How a folder of these names is read: as shards, as batches of CIFAR, or as files.
  private static func format(of names: [FileSystem.Name]) -> Format {
    if !names.isEmpty && names.allSatisfy({ $0.kind == .file && Archive.isNamedLikeOne($0.name) }) { return .archive }
    return names.contains(where: isBatch) ? .cifar10 : .folder
  }

  /// True for a folder that is read file by file.
  private static func isFolder(_ path: Path) throws(DatasetError) -> Bool {
    guard FileSystem.kind(path, followLinks: true) == .folder else { return false }
    return format(of: try FileSystem.contents(of: path)) == .folder
  }

  /// True for a training batch of CIFAR.
  private static func isBatch(_ one: FileSystem.Name) -> Bool {
    let text = one.name.description
    return one.kind == .file && text.hasSuffix(".bin") && (text.hasPrefix("data_batch_") || text == "train.bin")
  }

  /// What lies beside training batches of CIFAR: texts and the test batch, which belong there, and what does not.
  private static func beside(_ one: FileSystem.Name, in folder: Path) -> Listing.Source {
    guard one.kind == .file, let bytes = try? FileSystem.read(folder.appending(one.name), limit: largestFile) else {
      return .unusable(
        Unread(reason: "file.beside-batches: lies beside training batches", holdsMany: one.kind != .file))
    }
    let kind = FileKind(bytes, name: one.name)
    if case .harmless(let reason) = kind { return .ignored(reason) }
    let isWhole = bytes.count % 3073 == 0 || bytes.count % 3074 == 0
    if case .container = kind {
    } else if isWhole, ["test_batch.bin", "test.bin"].contains(one.name.description) {
      return .ignored("a test batch")
    }
    return .unusable(Unread(kind) ?? Unread(reason: "file.beside-batches: lies beside training batches"))
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
    /// Not read, its digest and its bytes if they are known.
    case unread(Unread, Digest?, size: Int)
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
    case .unread(let unread, let digest, _): return .unreadable(unread.reason, digest)
    case .ignored(let reason): return .ignored(reason)
    }
  }

  /// Reads and digests an entry.
  func content(of entry: Entry) -> Content {
    let bytes: [UInt8]
    switch entry.source {
    case .unusable(let unread): return .unread(unread, nil, size: 0)
    case .ignored(let reason): return .ignored(reason)
    case .record(let number, let ordinal):
      let container = records[number]
      let offset = container.offset + ordinal * container.stride
      let (width, count) = (container.width, container.width * container.height)
      if let held = container.bytes {
        bytes = Array(held[offset..<offset + count * container.planes])
      } else {
        do throws(DatasetError) {
          bytes = try FileSystem.read(container.path, at: offset, count: count * container.planes)
        } catch { return .unread(Unread(reason: "file.unreadable: \(error.detail)"), nil, size: 0) }
      }
      var pixels = [UInt8](repeating: 0, count: 3 * count)
      for i in 0..<count {
        let from = container.isTransposed ? i % width * container.height + i / width : i
        for c in 0..<3 { pixels[3 * i + c] = bytes[container.planes == 1 ? from : c * count + from] }
      }
      return .image(Image(width: width, height: container.height, pixels: pixels), Digest(of: bytes))
    case .member(let archive, let ordinal):
      do throws(DatasetError) { bytes = try archives[archive].read(ordinal) } catch {
        return .unread(Unread(reason: error.detail), nil, size: 0)
      }
    case .file:
      let path = Self.location(entry.path, base)
      do throws(DatasetError) {
        bytes = try FileSystem.read(path, limit: Self.largestFile, followLinks: format == .list || links != .none)
      } catch {
        return .unread(
          Unread(reason: "file.unreadable: \(error.detail)"), nil, size: (try? FileSystem.size(path)) ?? 0)
      }
    }
    if ImageFormat(magic: bytes) != nil { return .file(bytes, Digest(of: bytes)) }
    let kind = FileKind(bytes, name: entry.path.name)
    // What a list names is meant to be an image.
    let unread = Unread(kind) ?? (format == .list ? Unread(.picture(kind.words)) : nil)
    guard let unread else { return .ignored(kind.words) }
    return .unread(unread, Digest(of: bytes), size: bytes.count)
  }

  private static func isParquet(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "PAR1".utf8) }

  /// Where a file of a list or folder is.
  private static func location(_ path: Path, _ base: Path) -> Path {
    path.bytes.first == 0x2F ? path : base.appending(path)
  }

  /// Images that a list names, in its order; see ``PathList`` for its form.
  ///
  /// - Parameters:
  ///   - whole: What it names images of, if that was said. Then labels are those of that dataset.
  ///   - isPlain: Whether that is a folder of files, whatever else lies in it.
  private static func list(
    _ bytes: [UInt8], _ root: Path, _ whole: Path?, isPlain: Bool, _ isNullDelimited: Bool, _ links: Links
  ) throws(DatasetError) -> Dataset {
    let isFolder = if let whole, !isPlain { try isFolder(whole) } else { true }
    if let whole, !isFolder {
      let all = try Dataset(whole, links: links)
      let index = Listing.Lookup(all.entries)
      let entries = try lines(bytes, isNullDelimited, root, isExact: true) { path in
        index[path.bytes].map { (all.entries[$0].source, all.entries[$0].label) }
      }
      return Dataset(root, all.format, entries, base: all.base, all.records, all.archives, links)
    }
    let isInput = root.bytes == [UInt8(ascii: "-")]
    let base = whole ?? (isInput ? Path(".") : root.parent)
    let entries = try lines(bytes, isNullDelimited, root, isExact: whole != nil, foldersAreLabels: whole != nil) {
      path in
      switch FileSystem.kind(location(path, base), followLinks: true) {
      case .file: (.file, nil)
      case nil: nil
      default: (.unusable(Unread(reason: "file.unreadable: not a regular file", holdsMany: true)), nil)
      }
    }
    return Dataset(root, .list, entries, base: base, [], [], links)
  }

  private init(
    _ root: Path, _ format: Format, _ entries: Listing, base: Path, _ records: [Container], _ archives: [Archive],
    _ links: Links
  ) {
    (self.root, self.format, self.entries, self.base) = (root, format, entries, base)
    (self.records, self.archives, self.links) = (records, archives, links)
  }

  /// Reads the lines of a list.
  ///
  /// - Parameters:
  ///   - isExact: Whether the list is one of ours, so that a line means one name. In a list of others a line that may mean several files
  ///     that are there names all of them: nobody knows which of them another reader takes.
  ///   - find: Where an image of that name is, and the label that is known of it; nil if there is none.
  private static func lines(
    _ bytes: [UInt8], _ isNullDelimited: Bool, _ root: Path, isExact: Bool, foldersAreLabels: Bool = false,
    _ find: (Path) -> (Listing.Source, label: String?)?
  ) throws(DatasetError) -> Listing {
    var (entries, seen) = (Listing(foldersAreLabels: foldersAreLabels), NameTable())
    for line in PathList.lines(bytes, isNullDelimited: isNullDelimited) {
      var isFound = false
      for one in line.readings {
        guard let (source, label) = find(Path(bytes: one.name)) else { continue }
        isFound = true
        if seen.insert(one.name).isNew { try entries.append(one.name, label: one.label ?? label, source, of: root) }
        if isExact { break }
      }
      if isFound || line.isComment { continue }
      let name = (isExact ? line.readings.first : line.readings.last)?.name ?? Array(line.bytes)
      if seen.insert(name).isNew {
        try entries.append(name, .unusable(Unread(reason: "file.missing: no such file")), of: root)
      }
    }
    return entries
  }

  private static func cifar(_ files: [Path]) throws(DatasetError) -> (Format, [Container], Listing) {
    var (containers, entries): ([Container], Listing) = ([], Listing(foldersAreLabels: false))
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
    var entries = Listing(foldersAreLabels: false)
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
  private static func archives(_ paths: [Path]) throws(DatasetError) -> ([Archive], Listing) {
    var (archives, entries): ([Archive], Listing) = ([], Listing(foldersAreLabels: paths.count == 1))
    // Shards of one name in several folders are told by the folders too.
    let isShort = Set(paths.map(\.name)).count == paths.count
    for path in paths {
      let archive = Archive(path)
      func lose(_ reason: String) throws(DatasetError) {
        try entries.append(path.name.bytes, .unusable(Unread(reason: reason, holdsMany: true)), of: path)
      }
      do throws(DatasetError) {
        let damage = try archive.list(
          into: &entries, number: archives.count,
          prefix: paths.count == 1 ? [] : (isShort ? path.name : path).bytes + [0x2F])
        if let damage { try lose(damage) }
      } catch {
        if paths.count == 1 { throw error }
        try lose("archive.corrupt: \(error.detail)")
      }
      archives.append(archive)
    }
    return (archives, entries)
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
    var entries = Listing(foldersAreLabels: false)
    for i in 0..<count {
      try entries.append(path.name.bytes + Array("#\(i)".utf8), .record(container: 0, ordinal: i), of: path)
    }
    let container = Container(
      path: path, bytes: packed, offset: 16, stride: pixels, width: width, height: height, planes: 1)
    return ([container], entries)
  }
}
