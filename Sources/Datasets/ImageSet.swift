import Images
import Randomness

/// A dataset in memory: every decodable image resized to one side, with the account of all files.
public struct ImageSet: Sendable {
  /// One image and where it came from.
  public struct Record: Sendable, Hashable {
    public let path: Path
    public let digest: Digest
    /// Extents before resizing, in pixels.
    public let width: Int
    public let height: Int
    public let label: String?
  }

  /// A file that is not among the images, and why.
  public struct Exception: Sendable, Hashable {
    public let path: Path
    public let reason: String
    public let digest: Digest?
  }

  /// Side in pixels that images are resized to, whatever their aspect ratio.
  public let side: Int
  /// Images one after another, 3 * side * side bytes each.
  public let pixels: [UInt8]
  public let records: [Record]
  public let unreadable: [Exception]
  public let ignored: [Exception]
  /// Share of images without colour.
  public let greyShare: Double

  /// Bytes an image takes.
  public var stride: Int { 3 * side * side }
  /// Number of images.
  public var count: Int { records.count }

  /// The sides that `automaticSide` chooses from.
  public static let sides = [32, 64, 96, 224]

  /// Reads a dataset.
  ///
  /// - Parameters:
  ///   - dataset: What to read.
  ///   - labels: One an entry.
  ///   - side: Side to resize to; nil chooses from the data.
  ///   - decoders: Worker processes that decode; nil decodes in this process.
  ///   - threads: Threads that decode.
  ///   - progress: Told how many entries are done, from time to time.
  public init(
    _ dataset: Dataset, labels: [String?]? = nil, side: Int? = nil, decoders: DecoderPool? = nil, threads: Int,
    progress: (Int) -> Void = { _ in }
  ) {
    let chosen = side ?? Self.automaticSide(dataset, decoders: decoders, threads: threads)
    self.side = chosen
    var all = Part()
    // Up to 1 GiB: untouched memory costs nothing, but a listing may be long and hold few images.
    all.pixels.reserveCapacity(min(3 * chosen * chosen * dataset.entries.count, 1 << 30))
    all.ignored = dataset.ignored.map { Exception(path: $0.path, reason: $0.reason, digest: nil) }
    let batch = 4096
    // Some hundred KiB of pixels a part, so that they are still in the cache when they are gathered; more where each
    // part wakes a worker.
    let (most, bytes) = decoders == nil ? (32, 1 << 18) : (128, 1 << 19)
    let perTask = max(1, min(most, bytes / (3 * chosen * chosen)))
    for start in Swift.stride(from: 0, to: dataset.entries.count, by: batch) {
      let end = min(start + batch, dataset.entries.count)
      // What was read so far is handed over and back, so that it is never copied.
      all = concurrentReduce((end - start + perTask - 1) / perTask, threads: threads, into: Self.take(&all)) { task in
        let first = start + task * perTask
        return Part(dataset, labels, first..<min(first + perTask, end), side: chosen, decoders)
      } _: {
        $0.append($1)
      }
      progress(end)
    }
    (pixels, records, unreadable, ignored) = (all.pixels, all.records, all.unreadable, all.ignored)
    greyShare = records.isEmpty ? 0 : Double(all.grey) / Double(records.count)
  }

  /// Some neighbouring entries, read by one thread.
  private struct Part: Sendable {
    var pixels: [UInt8] = []
    var records: [Record] = []
    var unreadable: [Exception] = []
    var ignored: [Exception] = []
    var grey = 0

    init() {}

    mutating func append(_ part: Part) {
      pixels += part.pixels
      records += part.records
      unreadable += part.unreadable
      ignored += part.ignored
      grey += part.grey
    }

    init(
      _ dataset: Dataset, _ labels: [String?]?, _ range: Range<Int>, side: Int, _ decoders: DecoderPool?
    ) {
      pixels.reserveCapacity(range.count * 3 * side * side)
      let decoder = ImageDecoder()
      var (first, waiting, bytes) = (range.lowerBound, [Dataset.Content](), 0)
      for i in range {
        let content = dataset.content(of: dataset.entries[i])
        waiting.append(content)
        if case .file(let file, _) = content { bytes += file.count }
        // Some large photographs are as much work as many small ones, and should not all be held at once.
        if bytes >= 1 << 22 || i == range.upperBound - 1 {
          let files = waiting.compactMap { if case .file(let bytes, _) = $0 { bytes } else { nil } }
          let decoded = decoders?.decode(files, side: side) ?? files.map { Decoding($0, side: side, decoder) }
          take(waiting, decoded, dataset, labels, from: first, side: side)
          (first, waiting, bytes) = (i + 1, [], 0)
        }
      }
    }

    /// Takes in the entries from `first` on.
    ///
    /// - Parameter decoded: One a file among the contents.
    private mutating func take(
      _ contents: [Dataset.Content], _ decoded: [Decoding], _ dataset: Dataset, _ labels: [String?]?, from first: Int,
      side: Int
    ) {
      var next = decoded.makeIterator()
      for (i, content) in zip(first..., contents) {
        let path = dataset.entries[i].path
        let (image, digest): (DecodedImage, Digest)
        switch content {
        case .file(_, let own):
          switch next.next() {
          case .image(let decoded): (image, digest) = (decoded, own)
          case .unreadable(let reason):
            unreadable.append(Exception(path: path, reason: reason, digest: own))
            continue
          case nil: preconditionFailure("a decoding a file")
          }
        case .image(let own, let ownDigest): (image, digest) = (DecodedImage(own, side: side), ownDigest)
        case .unreadable(let reason):
          unreadable.append(Exception(path: path, reason: reason, digest: nil))
          continue
        case .ignored(let reason):
          ignored.append(Exception(path: path, reason: reason, digest: nil))
          continue
        }
        pixels += image.pixels
        grey += image.isGrey ? 1 : 0
        records.append(
          Record(path: path, digest: digest, width: image.width, height: image.height, label: labels?[i]))
      }
    }
  }

  private static func take(_ part: inout Part) -> Part {
    defer { part = Part() }
    return part
  }

  private init(
    side: Int, pixels: [UInt8], records: [Record], greyShare: Double
  ) {
    (self.side, self.pixels, self.records, self.greyShare) = (side, pixels, records, greyShare)
    (unreadable, ignored) = ([], [])
  }

  /// Returns the images at these indices, in this order.
  public func subset(_ indices: [Int]) -> ImageSet {
    var own: [UInt8] = []
    own.reserveCapacity(indices.count * stride)
    for i in indices { own += pixels[i * stride..<(i + 1) * stride] }
    return ImageSet(side: side, pixels: own, records: indices.map { records[$0] }, greyShare: greyShare)
  }

  /// Returns the set with other pixels in some images, of the same size; records stay as they are.
  public func replacing(_ images: [Int: Image]) -> ImageSet {
    var own = pixels
    for (i, image) in images { own.replaceSubrange(i * stride..<(i + 1) * stride, with: image.pixels) }
    return ImageSet(side: side, pixels: own, records: records, greyShare: greyShare)
  }

  /// Returns the set with every image turned by half a turn.
  public func turned() -> ImageSet {
    var own = [UInt8](repeating: 0, count: pixels.count)
    let last = side * side - 1
    for start in Swift.stride(from: 0, to: pixels.count, by: stride) {
      for i in 0...last { for c in 0..<3 { own[start + 3 * (last - i) + c] = pixels[start + 3 * i + c] } }
    }
    return ImageSet(side: side, pixels: own, records: records, greyShare: greyShare)
  }

  /// Returns one image.
  public func image(_ i: Int) -> Image {
    Image(width: side, height: side, pixels: Array(pixels[i * stride..<(i + 1) * stride]))
  }

  /// Luminance of one image in levels, row-major; side * side values.
  public func luminance(_ i: Int) -> [Float] {
    Swift.stride(from: i * stride, to: (i + 1) * stride, by: 3).map { at in
      Images.luminance(Float(pixels[at]), Float(pixels[at + 1]), Float(pixels[at + 2]))
    }
  }

  /// The images' own side where they all are the same square of 16 to 32 pixels: resampling would only blur
  /// them. Otherwise the smallest of `sides` that is not much below the median shorter side of a sample.
  public static func automaticSide(_ dataset: Dataset, decoders: DecoderPool? = nil, threads: Int) -> Int {
    let step = dataset.isSequential ? 1 : max(1, dataset.entries.count / 64)
    let end = dataset.isSequential ? min(64, dataset.entries.count) : dataset.entries.count
    let sample = Swift.stride(from: 0, to: end, by: step).map { dataset.entries[$0] }
    let sizes = concurrentMap((sample.count + 7) / 8, threads: threads) { task -> [[Int]] in
      let contents = sample[8 * task..<min(8 * task + 8, sample.count)].map(dataset.content)
      let files = contents.compactMap { if case .file(let bytes, _) = $0 { bytes } else { nil } }
      let decoder = ImageDecoder()
      let decoded = decoders?.decode(files, side: 0) ?? files.map { Decoding($0, side: 0, decoder) }
      return decoded.compactMap { if case .image(let image) = $0 { [image.width, image.height] } else { nil } }
        + contents.compactMap { if case .image(let image, _) = $0 { [image.width, image.height] } else { nil } }
    }.flatMap(\.self)
    guard let first = sizes.first else { return sides[0] }
    if first[0] == first[1], (16...32).contains(first[0]), sizes.allSatisfy({ $0 == first }) { return first[0] }
    let extents = sizes.map { min($0[0], $0[1]) }.sorted()
    let median = extents[extents.count / 2]
    return sides.first { Double($0) >= 0.75 * Double(median) } ?? 224
  }

  /// Digest of the dataset: of all digests and paths in order.
  public var digest: Digest {
    var all: [UInt8] = []
    for record in records { all += record.digest.bytes + record.path.bytes + [0] }
    for exception in unreadable { all += (exception.digest?.bytes ?? []) + exception.path.bytes + [0] }
    return Digest(of: all)
  }
}
