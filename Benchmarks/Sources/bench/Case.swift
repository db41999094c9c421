import Foundation

/// One thing that is timed.
struct Case {
  let name: String
  /// What one run does, in units of `unit`.
  let work: Double
  let unit: String
  /// Floating-point operations and bytes of one run where a roofline is known; direct convolutions
  /// count, so Winograd may exceed the ceiling.
  var operations: Double?
  var bytes: Double?
  var runs = 5
  /// Makes what is timed; throws if its result is wrong.
  let prepare: () throws -> () -> Void
}

/// A result that is not what it has to be.
struct WrongResult: Error, CustomStringConvertible {
  let description: String
}

/// Throws if two arrays differ by more than `tolerance` of the second's largest value.
func check(_ name: String, _ actual: [Float], _ expected: [Float], tolerance: Float = 1e-3) throws {
  let size = expected.reduce(0) { max($0, abs($1)) }
  let worst = zip(actual, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  if actual.count != expected.count || !(worst <= tolerance * size) {
    throw WrongResult(description: "\(name): off by \(worst) of \(size)")
  }
}

/// Median seconds of some runs after one that does not count.
func median(_ runs: Int, _ body: () -> Void) -> Double {
  body()
  let times = (0..<runs).map { _ in
    let time = ContinuousClock().measure(body).components
    return Double(time.seconds) + Double(time.attoseconds) * 1e-18
  }.sorted()
  return times[runs / 2]
}
