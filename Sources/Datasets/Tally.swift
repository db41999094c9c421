/// What the images of a dataset add up to, part by part.
public struct Tally: Sendable {
  /// Images so far.
  public private(set) var count = 0
  /// How often images have which extents before resizing, in pixels.
  public private(set) var sizes: [Size: Int] = [:]
  private let stream = Digest.Stream()

  /// Extents in pixels.
  public struct Size: Hashable, Sendable {
    public let width: Int
    public let height: Int
  }

  /// Begins.
  public init() {}

  /// Adds the next images.
  public mutating func add(_ records: [ImageSet.Record]) {
    count += records.count
    var bytes: [UInt8] = []
    for record in records {
      sizes[Size(width: record.width, height: record.height), default: 0] += 1
      bytes += record.digest.bytes + record.path.bytes + [0]
    }
    stream.append(bytes[...])
  }

  /// Digest of the dataset: of the digests and paths of all images in order, then of what could not be read.
  public func digest(_ unreadable: [ImageSet.Exception]) -> Digest {
    for exception in unreadable {
      stream.append(((exception.digest?.bytes ?? []) + exception.path.bytes + [0])[...])
    }
    return stream.digest
  }
}
