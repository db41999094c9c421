import Dispatch
import Synchronization

/// Runs tasks on up to `threads` threads; which thread runs a task is not fixed, what it does must be.
struct Parallel {
  let threads: Int

  /// Runs `body(task, lane)` for every task; lanes are 0..<threads and never run twice at once.
  ///
  /// - Parameter isWorthwhile: False runs all on this thread: starting others costs some 10 µs.
  func run(_ tasks: Int, isWorthwhile: Bool = true, _ body: (_ task: Int, _ lane: Int) -> Void) {
    let lanes = min(threads, tasks)
    guard lanes > 1, isWorthwhile else {
      for task in 0..<tasks { body(task, 0) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      // concurrentPerform returns after the last task, and tasks touch disjoint memory.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: lanes) { lane in
        while true {
          let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if task >= tasks { break }
          body(task, lane)
        }
      }
    }
  }
}
