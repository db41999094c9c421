import Dispatch
import Synchronization

/// Returns the results of a function for 0..<count, computed on up to `threads` threads.
///
/// - Determinism: The result does not depend on threads if the function depends on its index alone.
public func concurrentMap<T: Sendable>(_ count: Int, threads: Int, _ transform: @Sendable (Int) -> T) -> [T] {
  let lanes = min(threads, count)
  if lanes <= 1 { return (0..<count).map(transform) }
  let next = Atomic<Int>(0)
  let gathered = Mutex<[(Int, T)]>([])
  withoutActuallyEscaping(transform) { transform in
    DispatchQueue.concurrentPerform(iterations: lanes) { _ in
      var own: [(Int, T)] = []
      while true {
        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if i >= count { break }
        own.append((i, transform(i)))
      }
      gathered.withLock { $0 += own }
    }
  }
  return gathered.withLock { all in
    all.sort { $0.0 < $1.0 }
    return all.map(\.1)
  }
}
