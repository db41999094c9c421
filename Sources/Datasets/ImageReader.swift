import Images

/// Reads a dataset's entries in their order, on several threads, and hands them over part by part.
public struct ImageReader: Sendable {
  /// What became of some neighbouring entries.
  public struct Part: Sendable {
    /// Images one after another; empty if they are not kept.
    public internal(set) var pixels: [UInt8] = []
    public internal(set) var records: [ImageSet.Record] = []
    public internal(set) var unreadable: [ImageSet.Exception] = []
    public internal(set) var ignored: [ImageSet.Exception] = []
    /// Bytes of the images' files.
    public internal(set) var bytes = 0
    /// Images without colour.
    public internal(set) var grey = 0
    /// Images that something is odd about.
    public internal(set) var remarks: [(path: Path, ImageRemarks)] = []
  }

  let dataset: Dataset
  let labels: [String?]?
  /// Side in pixels that images are resized to, whatever their aspect ratio.
  public let side: Int
  let keepsPixels: Bool
  let decoders: DecoderPool?
  let threads: Int

  /// Prepares to read.
  ///
  /// - Parameters:
  ///   - dataset: What to read.
  ///   - labels: One an entry.
  ///   - side: Side to resize to; nil chooses from the data.
  ///   - keepsPixels: False if only the account of the images is wanted.
  ///   - decoders: Worker processes that decode; nil decodes in this process.
  ///   - threads: Threads that decode.
  public init(
    _ dataset: Dataset, labels: [String?]? = nil, side: Int? = nil, keepsPixels: Bool = true,
    decoders: DecoderPool? = nil, threads: Int
  ) {
    (self.dataset, self.labels, self.keepsPixels) = (dataset, labels, keepsPixels)
    (self.decoders, self.threads) = (decoders, threads)
    self.side = side ?? Self.automaticSide(dataset, decoders: decoders, threads: threads)
  }

  private var task: DecodingTask { .init(side: side, keepsPixels: keepsPixels) }

  /// Bytes that the pixels of all images take at most.
  public var mostPixels: Int { 3 * side * side * dataset.entries.count }

  /// Reads everything.
  ///
  /// - Parameters:
  ///   - progress: Told how many entries are done, from time to time.
  ///   - take: Takes in the parts, in the order of the entries.
  public func read<State: Sendable>(
    into initial: consuming State, progress: (Int) -> Void = { _ in }, _ take: @Sendable (inout State, Part) -> Void
  ) -> State {
    var state = initial
    // Some hundred KiB of pixels a part, so that they are still in the cache when they are gathered; more where each
    // part wakes a worker.
    let bytes = 3 * side * side
    let (most, size) = decoders == nil ? (32, 1 << 18) : (128, 1 << 19)
    let perTask = max(1, min(most, size / bytes))
    // Parts wait for those before them, so that no more than this is held whatever one takes.
    let batch = max(4 * threads * perTask, min(4096, (1 << 26) / bytes))
    // A thread waits while its worker decodes: one more keeps all processors at work.
    let lanes = decoders == nil || threads == 1 ? threads : threads + 1
    let count = dataset.entries.count
    for start in stride(from: 0, to: count, by: batch) {
      let end = min(start + batch, count)
      // Handed over and back, so that it is never copied.
      state = concurrentReduce((end - start + perTask - 1) / perTask, threads: lanes, into: consume state) { task in
        let first = start + task * perTask
        return part(first..<min(first + perTask, end))
      } _: {
        take(&$0, $1)
      }
      progress(end)
    }
    return state
  }

  /// Entries that one thread reads.
  private func part(_ range: Range<Int>) -> Part {
    var part = Part()
    part.pixels.reserveCapacity(range.count * task.pixelBytes(width: side, height: side))
    let decoder = ImageDecoder()
    var (waiting, bytes) = ([(Int, Dataset.Entry, Dataset.Content)](), 0)
    for i in range {
      let entry = dataset.entries[i]
      let content = dataset.content(of: entry)
      waiting.append((i, entry, content))
      if case .file(let file, _) = content { bytes += file.count }
      // Some large photographs are as much work as many small ones, and should not all be held at once.
      if bytes >= 1 << 22 || i == range.upperBound - 1 {
        let files = waiting.compactMap { if case .file(let bytes, _) = $0.2 { bytes } else { nil } }
        take(
          waiting, decoders?.decode(files, task) ?? files.map { Decoding($0, task, decoder) }, into: &part)
        (waiting, bytes) = ([], 0)
      }
    }
    return part
  }

  /// Takes in entries.
  ///
  /// - Parameter decoded: One a file among the contents.
  private func take(_ contents: [(Int, Dataset.Entry, Dataset.Content)], _ decoded: [Decoding], into part: inout Part) {
    var next = decoded.makeIterator()
    for (i, entry, content) in contents {
      func exception(_ reason: String, _ digest: Digest? = nil, size: Int = 0) -> ImageSet.Exception {
        .init(path: entry.path, entry: i, reason: reason, digest: digest, size: size)
      }
      var (image, digest): (DecodedImage, Digest)
      switch content {
      case .file(let bytes, let own):
        switch next.next() {
        case .image(let decoded):
          (image, digest) = (decoded, own)
          let named = ImageFormat(suffix: entry.path.suffix)
          if let named, named != ImageFormat(magic: bytes) { image.remarks.insert(.suffix) }
          part.bytes += bytes.count
        case .unreadable(let reason):
          part.unreadable.append(exception(reason, own, size: bytes.count))
          continue
        case nil: preconditionFailure("a decoding a file")
        }
      case .image(let own, let ownDigest):
        (image, digest) = (DecodedImage(own, task), ownDigest)
        part.bytes += own.pixels.count
      case .unread(let unread, let digest, let size):
        var one = exception(unread.reason, digest, size: size)
        one.holdsMany = unread.holdsMany
        part.unreadable.append(one)
        continue
      case .ignored(let reason):
        part.ignored.append(exception(reason))
        continue
      }
      part.pixels += image.pixels
      part.grey += image.isGrey ? 1 : 0
      if !image.remarks.isEmpty { part.remarks.append((entry.path, image.remarks)) }
      part.records.append(
        .init(
          path: entry.path, entry: i, digest: digest, width: image.width, height: image.height, label: labels?[i]))
    }
  }

  /// The sides that `automaticSide` chooses from.
  static let sides = [32, 64, 96, 224]

  /// The images' own side where they all are the same square of 16 to 32 pixels: resampling would only blur
  /// them. Otherwise the smallest of `sides` that is not much below the median shorter side of a sample.
  static func automaticSide(_ dataset: Dataset, decoders: DecoderPool?, threads: Int) -> Int {
    let step = dataset.isSequential ? 1 : max(1, dataset.entries.count / 64)
    let end = dataset.isSequential ? min(64, dataset.entries.count) : dataset.entries.count
    let sample = stride(from: 0, to: end, by: step).map { dataset.entries[$0] }
    let headers = DecodingTask(side: 0)
    let sizes = concurrentMap((sample.count + 7) / 8, threads: threads) { task -> [[Int]] in
      let contents = sample[8 * task..<min(8 * task + 8, sample.count)].map(dataset.content)
      let files = contents.compactMap { if case .file(let bytes, _) = $0 { bytes } else { nil } }
      let decoder = ImageDecoder()
      let decoded = decoders?.decode(files, headers) ?? files.map { Decoding($0, headers, decoder) }
      return decoded.compactMap { if case .image(let image) = $0 { [image.width, image.height] } else { nil } }
        + contents.compactMap { if case .image(let image, _) = $0 { [image.width, image.height] } else { nil } }
    }.flatMap(\.self)
    guard let first = sizes.first else { return sides[0] }
    if first[0] == first[1], (16...32).contains(first[0]), sizes.allSatisfy({ $0 == first }) { return first[0] }
    let extents = sizes.map { min($0[0], $0[1]) }.sorted()
    let median = extents[extents.count / 2]
    return sides.first { Double($0) >= 0.75 * Double(median) } ?? 224
  }
}
