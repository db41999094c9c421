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
