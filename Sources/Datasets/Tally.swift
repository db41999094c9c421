import Images

/// What the images of a dataset add up to, part by part.
public struct Tally: Sendable {
  /// Images so far.
  public private(set) var count = 0
  /// How often images have which extents before resizing, in pixels.
  public private(set) var sizes: [Size: Int] = [:]
  /// How many images have which remark, and the first of them.
  public private(set) var remarks: [ImageRemarks: Remark] = [:]
  /// Bytes of their files.
  public private(set) var bytes = 0
  private var grey = 0
  private let stream = Digest.Stream()

  /// Share of images without colour.
  public var greyShare: Double { Double(grey) / Double(max(1, count)) }

  /// Images that the same is odd about.
  public struct Remark: Sendable {
    public var count = 0
    public var examples: [Path] = []
  }

  /// Names that are kept for each remark, at most.
  static let mostExamples = 20

  /// Extents in pixels.
  public struct Size: Hashable, Sendable {
    public let width: Int
    public let height: Int
  }

  /// Begins.
  public init() {}

  /// Adds the next images.
  public mutating func add(_ part: ImageReader.Part) {
    count += part.records.count
    grey += part.grey
    bytes += part.bytes
    var own: [UInt8] = []
    for record in part.records {
      sizes[Size(width: record.width, height: record.height), default: 0] += 1
      own += record.digest.bytes + record.path.bytes + [0]
    }
    stream.append(own[...])
    for (path, own) in part.remarks {
      for bit in 0..<7 {
        let one = ImageRemarks(rawValue: 1 << bit)
        guard own.contains(one) else { continue }
        remarks[one, default: Remark()].count += 1
        if remarks[one]?.examples.count ?? 0 < Self.mostExamples { remarks[one]?.examples.append(path) }
      }
    }
  }

  /// Digest of the dataset: of the digests and paths of all images in order, then of what could not be read. Asked for once, at
  /// the end.
  public func digest(_ unreadable: [ImageSet.Exception]) -> Digest {
    for exception in unreadable {
      stream.append(((exception.digest?.bytes ?? []) + exception.path.bytes + [0])[...])
    }
    return stream.digest
  }
}
