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

/// Computes values for 0..<count on up to `threads` threads and takes each in, in this order, while
/// others are computed.
///
/// - Determinism: As `concurrentMap`; `update` runs on one thread at a time.
public func concurrentReduce<T: Sendable, State: Sendable>(
  _ count: Int, threads: Int, into initial: consuming State, _ transform: @Sendable (Int) -> T,
  _ update: @Sendable (inout State, T) -> Void
) -> State {
  let progress = Mutex((state: initial, waiting: [Int: T](), taken: 0))
  _ = concurrentMap(count, threads: threads) { i in
    let value = transform(i)
    progress.withLock { progress in
      progress.waiting[i] = value
      while let value = progress.waiting.removeValue(forKey: progress.taken) {
        update(&progress.state, value)
        progress.taken += 1
      }
    }
  }
  return progress.withLock { $0.state }
}
