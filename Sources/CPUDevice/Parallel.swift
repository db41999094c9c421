import CKernels
import Foundation
import Synchronization

/// A pool of threads that run the tasks of one job at a time; which thread runs a task is not fixed,
/// what it does must be.
///
/// Workers spin for a while after a job, since the next one of a step follows within microseconds,
/// and sleep when none comes.
final class Parallel: Sendable {
  /// Threads a job may use, the calling one included; >= 1.
  let threads: Int
  private let state: State
  private let hasWorkers = Atomic<Bool>(false)

  init(threads: Int) {
    self.threads = max(1, threads)
    state = State(workers: max(0, threads - 1))
  }

  deinit { state.stop() }

  /// What a job does for one task; `lane` names the thread's own part of scratch memory.
  typealias Body = (_ task: Int, _ lane: Int) -> Void

  /// Runs `body(task, lane)` for every task; lanes are 0..<threads and never run twice at once.
  ///
  /// A body that is made once and run often allocates nothing.
  ///
  /// - Parameter isWorthwhile: False runs all on this thread: sharing a job costs some microseconds.
  func run(_ tasks: Int, isWorthwhile: Bool = true, _ body: @escaping Body) {
    // Another thread's job is not waited for: this one then does its own alone.
    guard tasks > 1, isWorthwhile, threads > 1,
      state.isBusy.compareExchange(
        expected: false, desired: true, ordering: .acquiring
      ).exchanged
    else {
      for task in 0..<tasks { body(task, 0) }
      return
    }
    if !hasWorkers.exchange(true, ordering: .relaxed) {
      for lane in 1..<threads { Thread.detachNewThread { [state] in state.work(lane) } }
    }
    state.run(tasks, body)
    state.isBusy.store(false, ordering: .releasing)
  }

  private final class State: Sendable {
    let isBusy = Atomic<Bool>(false)
    private let workers: Int
    private let next = Atomic<Int>(0)
    private let tasks = Atomic<Int>(0)
    /// Workers that have not finished the current job.
    private let running = Atomic<Int>(0)
    /// Counts jobs; negative once the pool is to end.
    private let generation = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let condition = NSCondition()
    /// The current job's body; written before `generation` moves and read after.
    nonisolated(unsafe) private var body: Body?

    init(workers: Int) { self.workers = workers }

    func run(_ count: Int, _ body: @escaping Body) {
      self.body = body
      next.store(0, ordering: .relaxed)
      tasks.store(count, ordering: .relaxed)
      running.store(workers, ordering: .relaxed)
      generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake() }
      share(body, 0)
      spin(until: { running.load(ordering: .acquiring) == 0 })
      self.body = nil
    }

    func stop() {
      generation.store(-1, ordering: .sequentiallyConsistent)
      wake()
    }

    func work(_ lane: Int) {
      var seen = 0
      while true {
        var now = seen
        for _ in 0..<20_000 {
          now = generation.load(ordering: .acquiring)
          if now != seen { break }
          bz_pause()
        }
        if now == seen { now = sleep(after: seen) }
        if now < 0 { return }
        seen = now
        if let body { share(body, lane) }
        running.wrappingSubtract(1, ordering: .releasing)
      }
    }

    private func share(_ body: Body, _ lane: Int) {
      let count = tasks.load(ordering: .relaxed)
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if task >= count { return }
        body(task, lane)
      }
    }

    /// Busy at first, then leaving the processor to others.
    private func spin(until isDone: () -> Bool) {
      var turns = 0
      while !isDone() {
        turns += 1
        if turns < 2_000 { bz_pause() } else { sched_yield() }
      }
    }

    private func sleep(after seen: Int) -> Int {
      condition.lock()
      defer { condition.unlock() }
      sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
      defer { sleepers.wrappingSubtract(1, ordering: .relaxed) }
      while true {
        let now = generation.load(ordering: .sequentiallyConsistent)
        if now != seen { return now }
        condition.wait()
      }
    }

    private func wake() {
      condition.lock()
      condition.broadcast()
      condition.unlock()
    }
  }
}
