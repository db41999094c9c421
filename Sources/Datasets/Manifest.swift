/// The files of a dataset with their digests, in the form of `sha256sum -c` run from the dataset's folder, one a line in the
/// order of the listing.
public struct Manifest: Sendable {
  /// The file's text.
  public private(set) var bytes: [UInt8] = []
  /// Lines that were written, here and before.
  public private(set) var count = 0
  private var lines: [Int] = []

  /// Lists what was read.
  ///
  /// - Throws: ``DatasetError`` if a container cannot be read again.
  public init(_ set: ImageSet, of dataset: Dataset) throws(DatasetError) {
    guard try !append(containersOf: dataset) else {
      lines = set.records.map { dataset.container(of: dataset.entries[$0.entry]) ?? 0 }.map { $0 + 1 }
      return
    }
    lines = append(set.records, set.unreadable)
  }

  /// Creates an empty one.
  public init() {}

  /// Lists the containers of a dataset, if it has some: their images have no digests of their own in a manifest.
  public mutating func append(containersOf dataset: Dataset) throws(DatasetError) -> Bool {
    for path in dataset.containers { append(path.name, try Digest(ofFile: path)) }
    return !dataset.containers.isEmpty
  }

  /// Lists files.
  ///
  /// - Returns: The line of each record, counted from 1.
  @discardableResult
  public mutating func append(_ records: [ImageSet.Record], _ unreadable: [ImageSet.Exception]) -> [Int] {
    var lines: [Int] = []
    lines.reserveCapacity(records.count)
    var other = unreadable[...]
    func isBefore(_ entry: Int) -> Bool { other.first.map { ($0.entry) < entry } ?? false }
    for record in records {
      while isBefore(record.entry) { append(other.removeFirst()) }
      append(record.path, record.digest)
      lines.append(count)
    }
    for item in other { append(item) }
    return lines
  }

  /// Hands over the text so far, so that it need not be held.
  public mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  private mutating func append(_ item: ImageSet.Exception) {
    if let digest = item.digest { append(item.path, digest) }
  }

  private mutating func append(_ path: Path, _ digest: Digest) {
    // coreutils escapes a backslash, line feed and carriage return, and says so by a backslash in front.
    if path.bytes.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x0D }) { bytes.append(0x5C) }
    bytes += digest.hexadecimal
    bytes += [0x20, 0x20]
    for byte in path.bytes {
      switch byte {
      case 0x5C: bytes += [0x5C, 0x5C]
      case 0x0A: bytes += [0x5C, UInt8(ascii: "n")]
      case 0x0D: bytes += [0x5C, UInt8(ascii: "r")]
      default: bytes.append(byte)
      }
    }
    bytes.append(0x0A)
    count += 1
  }

  /// Line that names a record of the set, counted from 1; for a record of a container the container's line.
  public func line(ofRecord i: Int) -> Int? { i < lines.count ? lines[i] : nil }
}
