import Images

/// Images of a dataset at their own size and aspect ratio, decoded as often as they are asked for and never all held.
///
/// What an image set squeezes to a square is here as it is in the file, with the longer side reduced to ``cap`` where it is longer.
/// Decoding happens in the workers of a ``DecoderPool``, as for image sets.
///
/// - Limits: Memory is that of some images a thread, whatever the number of images.
public struct NativeImages: Sendable {
  /// An image and how much it was reduced.
  public struct Photograph: Sendable {
    /// Its place in the order of this source.
    public let index: Int
    public let image: Image
    /// Pixels of the file for one of the image; 1 unless it was reduced.
    public let scale: Double

    /// Creates one.
    public init(index: Int, image: Image, scale: Double) {
      (self.index, self.image, self.scale) = (index, image, scale)
    }
  }

  private enum Source: Sendable {
    case files(Dataset, entries: [Int], DecoderPool?)
    case held([Image])
  }

  /// What becomes of an image before it is looked at; of its index, itself and the pixels of the file for one of it.
  public typealias Change = @Sendable (_ index: Int, _ image: Image, _ scale: Double) -> Image

  private let source: Source
  private var change: Change?
  /// Longer side in pixels from which images are reduced.
  public let cap: Int

  /// Images of a dataset.
  ///
  /// - Parameters:
  ///   - dataset: What to read.
  ///   - entries: Places in its listing, in the order of this source.
  ///   - cap: Longer side in pixels from which images are reduced; 1...4096.
  ///   - decoders: Worker processes that decode; nil decodes in this process.
  public init(_ dataset: Dataset, entries: [Int], cap: Int, decoders: DecoderPool?) {
    precondition((1...4096).contains(cap), "a cap of \(cap) pixels")
    (source, self.cap) = (.files(dataset, entries: entries, decoders), cap)
  }

  /// Images in memory, for tests.
  package init(_ images: [Image], cap: Int) { (source, self.cap) = (.held(images), cap) }

  /// The same images changed, each to one of the same extents.
  public func changing(_ change: @escaping Change) -> NativeImages {
    var own = self
    own.change = change
    return own
  }

  /// The images as they are in the files.
  public var unchanged: NativeImages {
    var own = self
    own.change = nil
    return own
  }

  /// Pixels of a file for one of its image here.
  public func scale(width: Int, height: Int) -> Double {
    Double(width) / Double(Self.extents(width: width, height: height, cap: cap).width)
  }

  /// Number of images.
  public var count: Int {
    switch source {
    case .files(_, let entries, _): entries.count
    case .held(let images): images.count
    }
  }

  /// Images decoded by one thread before any of them is looked at.
  private static let batch = 8

  /// Decodes images and looks at each, on several threads.
  ///
  /// - Parameters:
  ///   - images: Places in this source; in ascending order archives are read once.
  ///   - body: Called once an image, on any thread.
  /// - Returns: One value an image, in their order; nil for one that cannot be decoded.
  /// - Determinism: The result does not depend on threads if `body` depends on its argument alone.
  public func map<T: Sendable>(
    _ images: [Int], threads: Int, _ body: @Sendable (Photograph) -> T
  ) -> [T?] {
    let batches = (images.count + Self.batch - 1) / Self.batch
    // A thread waits while its worker decodes: one more keeps all processors at work.
    let lanes = threads + (usesWorkers && threads > 1 ? 1 : 0)
    return concurrentMap(batches, threads: lanes) { batch in
      let part = images[batch * Self.batch..<min(images.count, (batch + 1) * Self.batch)]
      return decoded(Array(part)).map { $0.map(body) }
    }.flatMap(\.self)
  }

  private var usesWorkers: Bool {
    if case .files(_, _, .some) = source { return true }
    return false
  }

  private func decoded(_ images: [Int]) -> [Photograph?] {
    let task = DecodingTask(nativeUpTo: cap)
    switch source {
    case .held(let held):
      return images.map { photograph($0, DecodedImage(held[$0], task)) }
    case .files(let dataset, let entries, let decoders):
      let contents = images.map { dataset.content(of: dataset.entries[entries[$0]]) }
      let files = contents.compactMap { if case .file(let bytes, _) = $0 { bytes } else { nil } }
      let decoder = ImageDecoder()
      var answers = (decoders?.decode(files, task) ?? files.map { Decoding($0, task, decoder) }).makeIterator()
      return zip(images, contents).map { index, content in
        switch content {
        case .file:
          guard case .image(let image) = answers.next() else { return nil }
          return photograph(index, image)
        case .image(let image, _): return photograph(index, DecodedImage(image, task))
        case .unread, .ignored: return nil
        }
      }
    }
  }

  private func photograph(_ index: Int, _ decoded: DecodedImage) -> Photograph {
    let extents = Self.extents(width: decoded.width, height: decoded.height, cap: cap)
    let scale = Double(decoded.width) / Double(extents.width)
    let image = Image(width: extents.width, height: extents.height, pixels: decoded.pixels)
    return Photograph(index: index, image: change?(index, image, scale) ?? image, scale: scale)
  }

  /// Extents of an image whose longer side is at most `cap` pixels.
  static func extents(width: Int, height: Int, cap: Int) -> (width: Int, height: Int) {
    let longer = max(width, height)
    guard longer > cap else { return (width, height) }
    return (max(1, width * cap / longer), max(1, height * cap / longer))
  }
}
