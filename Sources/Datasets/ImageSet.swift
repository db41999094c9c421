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
    /// Its place in the listing.
    public let entry: Int
    public let reason: String
    public let digest: Digest?
    /// Bytes of it, if they were read.
    public var size = 0
    /// True if it may hold any number of images: an archive, a folder, a link to one.
    public var holdsMany = false
  }

  /// Side in pixels that images are resized to, whatever their aspect ratio.
  public let side: Int
  /// Images one after another, 3 * side * side bytes each.
  public let pixels: Pixels
  private let storage: PixelStorage
  public let records: [Record]
  public let unreadable: [Exception]
  public let ignored: [Exception]
  /// What the images of the dataset add up to.
  public let tally: Tally
  /// Digest of the dataset: of all digests and paths in order.
  public let digest: Digest
  /// What draws of images follow, one an image; see ``stream(_:)``.
  private let keys: [UInt64]

  /// Share of what may hold images that was not read, by number or by bytes, whichever is larger; 1 if something that may hold
  /// any number of images is among it.
  public var unreadShare: Double {
    if unreadable.contains(where: \.holdsMany) { return 1 }
    let bytes = unreadable.reduce(0.0) { $0 + Double($1.size) }
    return max(
      Double(unreadable.count) / Double(max(1, count + unreadable.count)), bytes / max(1, Double(tally.bytes) + bytes))
  }

  /// Share of the dataset's images without colour.
  public var greyShare: Double { tally.greyShare }
  /// Bytes an image takes.
  public var stride: Int { 3 * side * side }
  /// Number of images.
  public var count: Int { records.count }

  /// What has been read.
  private struct Reading: Sendable {
    let pixels: PixelBuffer
    var records: [Record] = []
    var unreadable: [Exception] = []
    var ignored: [Exception] = []
    var tally = Tally()
  }

  /// Reads all images.
  ///
  /// - Parameters:
  ///   - storage: Where pixels are held; of what is derived from the set too.
  ///   - seed: The run's seed, for ``stream(_:)``.
  ///   - progress: Told how many entries are done, from time to time.
  public init(
    _ reader: ImageReader, storage: PixelStorage = .memory, seed: UInt64 = 0, progress: (Int) -> Void = { _ in }
  ) throws(PixelStorageError) {
    (side, self.storage) = (reader.side, storage)
    let start = Reading(pixels: try PixelBuffer(capacity: reader.mostPixels, storage))
    let all = reader.read(into: start, progress: progress) {
      $0.pixels.append($1.pixels)
      $0.records += $1.records
      $0.unreadable += $1.unreadable
      $0.ignored += $1.ignored
      $0.tally.add($1)
    }
    tally = all.tally
    digest = tally.digest(all.unreadable)
    (records, unreadable, ignored) = (all.records, all.unreadable, all.ignored)
    keys = all.records.map { Self.key($0.digest, seed) }
    pixels = try all.pixels.finish()
  }

  private init(_ set: ImageSet, side: Int? = nil, _ pixels: Pixels, _ records: [Record], _ keys: [UInt64]) {
    (self.side, storage, tally, digest, self.keys) = (side ?? set.side, set.storage, set.tally, set.digest, keys)
    (self.pixels, self.records, unreadable, ignored) = (pixels, records, [], [])
  }

  /// Returns the images at these indices, in this order.
  public func subset(_ indices: [Int]) throws(PixelStorageError) -> ImageSet {
    let buffer = try PixelBuffer(capacity: indices.count * stride, storage)
    for i in indices { buffer.append(pixels.array(i * stride..<(i + 1) * stride)) }
    return ImageSet(self, try buffer.finish(), indices.map { records[$0] }, indices.map { keys[$0] })
  }

  /// Returns the set with other pixels in some images, of the same size; records stay as they are.
  public func replacing(_ images: [Int: Image]) -> ImageSet {
    ImageSet(self, pixels.replacing(images.map { ($0.key * stride, $0.value.pixels) }), records, keys)
  }

  /// Returns the images at another side, resized with the filter that files are; itself where it has that side.
  public func resized(to side: Int, threads: Int) throws(PixelStorageError) -> ImageSet {
    guard side != self.side else { return self }
    let buffer = try PixelBuffer(capacity: 3 * side * side * count, storage)
    let block = 256
    for start in Swift.stride(from: 0, to: count, by: block) {
      let own = concurrentMap(min(block, count - start), threads: threads) {
        image(start + $0).resized(width: side, height: side).pixels
      }
      for pixels in own { buffer.append(pixels) }
    }
    return ImageSet(self, side: side, try buffer.finish(), records, keys)
  }

  /// Random numbers of an image: the same for copies of a file and in whatever order the files are, others for another seed.
  ///
  /// They follow a digest of the run's seed and of the file's digest. Whoever writes a file can choose its digest, by bytes that no
  /// decoder reads; without the seed that says nothing about what is drawn.
  public func stream(_ image: Int) -> RandomStream { RandomStream(seed: keys[image]) }

  private static func key(_ digest: Digest, _ seed: UInt64) -> UInt64 {
    let text = withUnsafeBytes(of: seed.littleEndian, Array.init) + digest.bytes
    return Digest(of: text).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Returns one image.
  public func image(_ i: Int) -> Image {
    Image(width: side, height: side, pixels: pixels.array(i * stride..<(i + 1) * stride))
  }

  /// Luminance of one image in levels, row-major; side * side values.
  public func luminance(_ i: Int) -> [Float] {
    image(i).luminance
  }
}
