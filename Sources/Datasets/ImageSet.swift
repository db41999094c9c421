import Images
import Randomness

/// A dataset in memory: every decodable image resized to one side, with the account of all files.
public struct ImageSet: Sendable {
  /// One image and where it came from.
  public struct Record: Sendable, Hashable {
    public let path: Path
    /// Its place in the listing.
    public let entry: Int
    public let digest: Digest
    /// Extents before resizing, in pixels.
    public let width: Int
    public let height: Int
    public let label: String?
  }

  /// A file that is not among the images, and why.
  public struct Exception: Sendable, Hashable {
    public let path: Path
    /// Its place in the listing, if it is there.
    public let entry: Int?
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

  /// Reads a dataset; the parameters are those of ``ImageReader``.
  public init(
    _ dataset: Dataset, labels: [String?]? = nil, side: Int? = nil, decoders: DecoderPool? = nil, threads: Int,
    progress: (Int) -> Void = { _ in }
  ) {
    let reader = ImageReader(dataset, labels: labels, side: side, decoders: decoders, threads: threads)
    self.side = reader.side
    var all = ImageReader.Part()
    // Up to 1 GiB: untouched memory costs nothing, but a listing may be long and hold few images.
    all.pixels.reserveCapacity(min(3 * reader.side * reader.side * dataset.entries.count, 1 << 30))
    all = reader.read(into: all, progress: progress) {
      $0.pixels += $1.pixels
      $0.records += $1.records
      $0.unreadable += $1.unreadable
      $0.ignored += $1.ignored
      $0.grey += $1.grey
    }
    (pixels, records, unreadable, ignored) = (all.pixels, all.records, all.unreadable, all.ignored)
    greyShare = records.isEmpty ? 0 : Double(all.grey) / Double(records.count)
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

  /// Digest of the dataset: of all digests and paths in order.
  public var digest: Digest {
    var tally = Tally()
    tally.add(records)
    return tally.digest(unreadable)
  }
}
