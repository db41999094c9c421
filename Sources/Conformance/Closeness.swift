/// Returns the largest difference relative to `absolute + relative * |expected|`; 1 is the limit.
public func worstError(
  _ actual: [Float], _ expected: [Double], absolute: Double, relative: Double
) -> Double {
  precondition(actual.count == expected.count, "\(actual.count) values, expected \(expected.count)")
  var worst = 0.0
  for (a, e) in zip(actual, expected) {
    let error = abs(Double(a) - e) / (absolute + relative * abs(e))
    worst = error.isNaN ? .infinity : max(worst, error)
  }
  return worst
}

/// The same with the engine's limits: float32 errors relative to the result's size, as sums have up to some thousand
/// terms.
public func worstError(_ actual: [Float], _ expected: [Double]) -> Double {
  let size = (expected.reduce(0) { $0 + $1 * $1 } / Double(max(expected.count, 1))).squareRoot()
  return worstError(actual, expected, absolute: 2e-5 * max(1, size), relative: 2e-5)
}
