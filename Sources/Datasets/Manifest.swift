/// The files of a dataset with their digests, in the form of `sha256sum -c` run from the dataset's folder.
public struct Manifest: Sendable {
  /// The file's text; a line a file, in byte order of the paths.
  public let bytes: [UInt8]
  private let lines: [Path: Int]

  /// Lists what was read.
  ///
  /// - Throws: ``DatasetError`` if a container cannot be read again.
  public init(_ set: ImageSet, of dataset: Dataset) throws(DatasetError) {
    var entries = try dataset.containerDigests.map { ($0.path.name, $0.digest) }
    if entries.isEmpty {
      entries =
        set.records.map { ($0.path, $0.digest) }
        + set.unreadable.compactMap { item in item.digest.map { (item.path, $0) } }
    }
    entries.sort { $0.0 < $1.0 }
    var lines = Dictionary(entries.enumerated().map { ($1.0, $0 + 1) }) { first, _ in first }
    for entry in dataset.entries {
      if let container = dataset.container(of: entry) { lines[entry.path] = lines[container.name] }
    }
    self.lines = lines
    var text: [UInt8] = []
    for (path, digest) in entries {
      // coreutils escapes a backslash, line feed and carriage return, and says so by a backslash in front.
      let escapes = path.bytes.contains { $0 == 0x5C || $0 == 0x0A || $0 == 0x0D }
      if escapes { text.append(0x5C) }
      text += Array(digest.description.utf8) + [0x20, 0x20]
      for byte in path.bytes {
        switch byte {
        case 0x5C: text += Array("\\\\".utf8)
        case 0x0A: text += Array("\\n".utf8)
        case 0x0D: text += Array("\\r".utf8)
        default: text.append(byte)
        }
      }
      text.append(0x0A)
    }
    bytes = text
  }

  /// Line that names an image, counted from 1; for a record of a container the container's line.
  public func line(of path: Path) -> Int? { lines[path] }
}
