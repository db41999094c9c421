import Foundation

/// Levels of many images one after another: in memory, or in a file without a name, of which the system keeps in memory what
/// there is room for.
///
/// Not an array, since an array cannot be larger than the memory.
@frozen
public struct Pixels: RandomAccessCollection, Equatable, @unchecked Sendable {
  @usableFromInline let base: UnsafePointer<UInt8>
  /// Number of levels.
  public let count: Int
  /// Owns the memory at `base`. Nothing writes to it any more.
  private let owner: PixelMemory

  fileprivate init(_ owner: PixelMemory, count: Int) {
    (base, self.count, self.owner) = (UnsafePointer(owner.base), count, owner)
  }

  /// Copies an array, into memory.
  public init(_ levels: [UInt8]) {
    guard let memory = PixelMemory.inMemory(levels.count) else { preconditionFailure("no memory") }
    memory.copy(levels, to: 0)
    self.init(memory, count: levels.count)
  }

  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

  @inlinable public subscript(i: Int) -> UInt8 {
    precondition(i >= 0 && i < count, "no such level")
    return base[i]
  }

  @inlinable
  public func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
    try body(UnsafeBufferPointer(start: base, count: count))
  }

  /// Returns some levels as an array.
  public func array(_ range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "no such levels")
    return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Returns a copy with other levels at some places. Of a file only the pages that differ take memory.
  public func replacing(_ parts: [(offset: Int, levels: [UInt8])]) -> Pixels {
    let copy = owner.copy(count)
    for part in parts { copy.copy(part.levels, to: part.offset) }
    return Pixels(copy, count: count)
  }

  public static func == (a: Pixels, b: Pixels) -> Bool {
    a.count == b.count && memcmp(a.base, b.base, a.count) == 0
  }

  /// True if they are in a file.
  public var isOnDisk: Bool { owner.descriptor >= 0 }
}

/// Where pixels are held.
public struct PixelStorage: Sendable {
  /// Bytes above which they are held in a file.
  public var mostInMemory: Int
  /// Folder of that file, which has no name there.
  public var folder: String

  /// Everything in memory.
  public static let memory = PixelStorage(mostInMemory: .max, folder: "")

  /// Creates a rule.
  public init(mostInMemory: Int, folder: String) { (self.mostInMemory, self.folder) = (mostInMemory, folder) }
}

/// Pixels could not be kept in a file.
public struct PixelStorageError: Error, Sendable, CustomStringConvertible {
  /// What, where, why, and what to do next.
  public let description: String

  /// Describes the last error of the system.
  fileprivate init(_ what: String) {
    description =
      "cannot keep \(what): \(String(cString: strerror(errno))); free space there or allow more memory with --memory"
  }
}

/// Takes pixels one image after another.
public final class PixelBuffer: @unchecked Sendable {
  private let memory: PixelMemory
  private let capacity: Int
  private var filled = 0
  /// What went wrong, once.
  public private(set) var failure: PixelStorageError?

  /// Makes room.
  ///
  /// - Parameter capacity: Bytes at most; what is not filled takes no room.
  /// - Throws: ``PixelStorageError`` if there is no such room.
  public init(capacity: Int, _ storage: PixelStorage = .memory) throws(PixelStorageError) {
    self.capacity = capacity
    if capacity > storage.mostInMemory {
      memory = try PixelMemory(capacity, fileIn: storage.folder)
    } else if let memory = PixelMemory.inMemory(capacity) {
      self.memory = memory
    } else {
      throw PixelStorageError("\(capacity >> 20) MiB of pixels in memory")
    }
  }

  /// Adds levels; after a failure nothing happens.
  public func append(_ levels: [UInt8]) {
    guard failure == nil else { return }
    precondition(filled + levels.count <= capacity, "more pixels than there is room for")
    // Through the mapping a full disk would end the process.
    failure = memory.write(levels, at: filled)
    filled += levels.count
  }

  /// What was added.
  ///
  /// - Throws: ``PixelStorageError`` if it could not all be written.
  public func finish() throws(PixelStorageError) -> Pixels {
    if let failure { throw failure }
    return Pixels(memory, count: filled)
  }
}

/// Mapped memory, with the file behind it if there is one.
@usableFromInline
final class PixelMemory: @unchecked Sendable {
  let base: UnsafeMutablePointer<UInt8>
  /// Of the file; -1 in memory.
  let descriptor: Int32
  private let size: Int
  /// True if the memory may differ from the file.
  private let isCopy: Bool

  private init(_ raw: UnsafeMutableRawPointer, _ size: Int, _ descriptor: Int32, isCopy: Bool = false) {
    base = raw.bindMemory(to: UInt8.self, capacity: size)
    (self.size, self.descriptor, self.isCopy) = (size, descriptor, isCopy)
  }

  deinit {
    munmap(base, size)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Pages that nothing was written to take no memory.
  static func inMemory(_ count: Int) -> PixelMemory? {
    let size = max(count, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let raw = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), raw != MAP_FAILED else { return nil }
    return PixelMemory(raw, size, -1)
  }

  convenience init(_ count: Int, fileIn folder: String) throws(PixelStorageError) {
    func fail() -> PixelStorageError { PixelStorageError("\(count >> 20) MiB of pixels in \(folder)") }
    var name = Array("\(folder)/.bezoar-pixels-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw fail() }
    // Gone with the process, however that ends.
    unlink(name)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    guard ftruncate(descriptor, off_t(count)) == 0,
      let raw = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), raw != MAP_FAILED
    else {
      let error = fail()
      close(descriptor)
      throw error
    }
    self.init(raw, count, descriptor)
  }

  func copy(_ levels: [UInt8], to offset: Int) {
    levels.withUnsafeBytes { raw in
      if let source = raw.baseAddress { memcpy(base + offset, source, raw.count) }
    }
  }

  func write(_ levels: [UInt8], at offset: Int) -> PixelStorageError? {
    guard descriptor >= 0 else {
      copy(levels, to: offset)
      return nil
    }
    var done = 0
    while done < levels.count {
      let put = levels.withUnsafeBytes { raw in
        raw.baseAddress.map { pwrite(descriptor, $0 + done, raw.count - done, off_t(offset + done)) } ?? 0
      }
      if put < 0 && errno == EINTR { continue }
      guard put > 0 else { return PixelStorageError("pixels in a temporary file") }
      done += put
    }
    return nil
  }

  /// A copy that can be written to.
  func copy(_ count: Int) -> PixelMemory {
    guard descriptor >= 0 && !isCopy else {
      guard let copy = Self.inMemory(count) else { preconditionFailure("no memory for a copy of the pixels") }
      memcpy(copy.base, base, count)
      return copy
    }
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    let flags = MAP_PRIVATE | MAP_NORESERVE
    guard own >= 0, let raw = mmap(nil, size, PROT_READ | PROT_WRITE, flags, own, 0), raw != MAP_FAILED else {
      preconditionFailure("cannot map pixels again: \(String(cString: strerror(errno)))")
    }
    return PixelMemory(raw, size, own, isCopy: true)
  }
}
