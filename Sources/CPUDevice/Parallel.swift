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
    state = State()
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
    private let next = Atomic<Int>(0)
    private let tasks = Atomic<Int>(0)
    /// The job: its number, whether workers may still join it, and how many have; negative once the pool is to end.
    ///
    /// A worker that has no processor joins no job, and nobody waits for it: several programs on the same processors would
    /// otherwise wait for each other's at the end of every job.
    private let job = Atomic<Int>(0)
    private static let (numberShift, open, joined) = (20, 1 << 19, 1 << 19 - 1)
    private let sleepers = Atomic<Int>(0)
    private let condition = NSCondition()
    /// The current job's body; written before `job` moves and read after joining it.
    nonisolated(unsafe) private var body: Body?

    func run(_ count: Int, _ body: @escaping Body) {
      self.body = body
      next.store(0, ordering: .relaxed)
      tasks.store(count, ordering: .relaxed)
      let number = job.load(ordering: .relaxed) >> Self.numberShift + 1
      job.store(number << Self.numberShift | Self.open, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake() }
      share(body, 0)
      job.wrappingSubtract(Self.open, ordering: .relaxed)
      spin(until: { job.load(ordering: .acquiring) & Self.joined == 0 })
      self.body = nil
    }

    func stop() {
      job.store(-1, ordering: .sequentiallyConsistent)
      wake()
    }

    func work(_ lane: Int) {
      var seen = 0
      while true {
        var now = seen
        for _ in 0..<20_000 {
          now = job.load(ordering: .relaxed) >> Self.numberShift
          if now != seen { break }
          bz_pause()
        }
        if now == seen { now = sleep(after: seen) }
        if now < 0 { return }
        seen = now
        if join(seen), let body {
          share(body, lane)
          job.wrappingSubtract(1, ordering: .releasing)
        }
      }
    }

    /// Joins a job unless it is over.
    private func join(_ number: Int) -> Bool {
      var now = job.load(ordering: .relaxed)
      while now >> Self.numberShift == number, now & Self.open != 0 {
        let (exchanged, original) = job.weakCompareExchange(
          expected: now, desired: now + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
        if exchanged { return true }
        now = original
      }
      return false
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
        let now = job.load(ordering: .sequentiallyConsistent) >> Self.numberShift
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
