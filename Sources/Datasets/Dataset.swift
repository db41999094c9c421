import Foundation
import Images

/// A dataset as it lies on disk: which images it lists, in which format. Never written to.
public struct Dataset: Sendable {
  /// Layouts that are read.
  public enum Format: String, Sendable, Codable { case folder, list, cifar10, cifar100, idx }

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
    /// Pixels at an offset in a container: planes are CIFAR's R, G, B; IDX has one grey plane.
    case record(container: Int, offset: Int, width: Int, height: Int, planes: Int)
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
  private let containers: [(path: Path, bytes: [UInt8])]

  static let imageSuffixes: Set<String> = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp", "gif",
  ]

  /// Opens a folder, a file list, a CIFAR binary (file or folder) or an IDX file (plain or gzip).
  ///
  /// - Parameters:
  ///   - root: What the user named.
  ///   - listRoot: Folder that relative paths of a file list start from; default: the list's own.
  /// - Throws: ``DatasetError`` with codes `.missing`, `.unreadable`, `.malformed`.
  public init(_ root: Path, listRoot: Path? = nil) throws(DatasetError) {
    self.root = root
    switch FileSystem.kind(root, followLinks: true) {
    case nil: throw DatasetError(.missing, root, "no such file or folder")
    case .folder:
      let names = try FileSystem.names(in: root)
      let batches = names.filter {
        let text = $0.description
        return text.hasSuffix(".bin") && (text.hasPrefix("data_batch_") || text == "train.bin")
      }
      if !batches.isEmpty {
        (format, containers, entries) = try Self.cifar(batches.map { root.appending($0) }, root)
        ignored = names.filter { !batches.contains($0) }.map { ($0, "not a training batch") }
      } else {
        var (found, passed): ([Entry], [(path: Path, reason: String)]) = ([], [])
        try Self.walk(root, Path(bytes: []), &found, &passed)
        (format, containers, entries, ignored) = (.folder, [], found, passed)
      }
    case .file:
      ignored = []
      let isGzip = root.suffix == "gz"
      let bytes = isGzip ? try FileSystem.readInflated(root) : try FileSystem.read(root)
      if bytes.starts(with: [0, 0, 8, 3]) {
        entries = try Self.idx(bytes, root)
        (format, containers) = (.idx, [(root, bytes)])
      } else if root.suffix == "bin" {
        (format, containers, entries) = try Self.cifar([root], root.parent)
      } else if bytes.contains(0) || String(validating: bytes, as: UTF8.self) == nil && isGzip {
        throw DatasetError(.malformed, root, "neither an IDX image file, a CIFAR .bin nor a text list")
      } else {
        entries = Self.list(bytes, listRoot ?? root.parent)
        (format, containers) = (.list, [])
      }
    default: throw DatasetError(.missing, root, "not a regular file or folder")
    }
  }

  /// Container files, whose digests stand in the manifest instead of their records'.
  public var containerDigests: [(path: Path, digest: Digest)] {
    get throws(DatasetError) {
      var result: [(path: Path, digest: Digest)] = []
      for container in containers { result.append((container.path, Digest(of: try FileSystem.read(container.path)))) }
      return result
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

  /// Reads, digests and decodes an entry; what is decoded is what was digested.
  ///
  /// - Parameter decoder: Used again and again by a thread that reads many entries.
  public func read(_ entry: Entry, _ decoder: ImageDecoder = ImageDecoder()) -> Reading {
    switch entry.source {
    case .unusable(let reason): return .unreadable(reason, nil)
    case .record(let container, let offset, let width, let height, let planes):
      let count = width * height
      let bytes = Array(containers[container].bytes[offset..<offset + count * planes])
      var pixels = [UInt8](repeating: 0, count: 3 * count)
      for i in 0..<count {
        for c in 0..<3 { pixels[3 * i + c] = bytes[planes == 1 ? i : c * count + i] }
      }
      return .image(Image(width: width, height: height, pixels: pixels), Digest(of: bytes))
    case .file(let path):
      let bytes: [UInt8]
      do throws(DatasetError) { bytes = try FileSystem.read(path) } catch {
        return .unreadable("file.unreadable: \(error.detail)", nil)
      }
      if ImageFormat(magic: bytes) == nil && format == .folder && !Self.imageSuffixes.contains(path.suffix) {
        return .ignored("neither an image nor named like one")
      }
      let digest = Digest(of: bytes)
      do throws(ImageError) { return .image(try decoder.decode(bytes), digest) } catch {
        return .unreadable(error.description, digest)
      }
    }
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
  private static func list(_ bytes: [UInt8], _ base: Path) -> [Entry] {
    var entries: [Entry] = []
    var seen: Set<Path> = []
    for var line in bytes.split(separator: 0x0A) {
      if line.last == 0x0D { line.removeLast() }
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      func location(_ path: Path) -> Path { path.bytes.first == 0x2F ? path : base.appending(path) }
      var path = Path(bytes: Array(line))
      var label: String?
      if FileSystem.kind(location(path), followLinks: true) == nil, let space = line.lastIndex(of: 0x20) {
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
  ) throws(DatasetError) -> (Format, [(path: Path, bytes: [UInt8])], [Entry]) {
    var (containers, entries): ([(path: Path, bytes: [UInt8])], [Entry]) = ([], [])
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
            source: .record(container: containers.count, offset: pixels, width: 32, height: 32, planes: 3)))
      }
      containers.append((file, bytes))
    }
    return (format ?? .cifar10, containers, entries)
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
        source: .record(container: 0, offset: 16 + i * pixels, width: width, height: height, planes: 1))
    }
  }
}
