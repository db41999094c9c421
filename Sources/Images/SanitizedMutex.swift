#if SANITIZE_THREAD
  import Foundation

  /// Stands for the standard library's `Mutex` in builds for the thread sanitizer, which sees the locks of pthread alone and would
  /// report everything that is guarded otherwise: `-Xswiftc -DSANITIZE_THREAD`.
  public final class Mutex<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = NSLock()

    /// Guards a value.
    public init(_ value: consuming sending Value) { self.value = value }

    /// Runs a body while no other does.
    public func withLock<Result>(_ body: (inout sending Value) throws -> sending Result) rethrows -> sending Result {
      lock.lock()
      defer { lock.unlock() }
      return try body(&value)
    }
  }
#endif
