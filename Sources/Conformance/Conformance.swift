import Tensors

/// Runs every op case on a device, against the double-precision reference.
public struct Conformance: Sendable {
  /// Cases that were run.
  public let count: Int
  /// Names of those that were off, with the largest error in multiples of what is allowed.
  public let failures: [(name: String, error: Double)]

  /// Runs them all, results and gradients.
  public init(of device: any Device, _ cases: [OpCase] = OpCase.all) {
    count = cases.count
    failures = cases.compactMap { row in
      let program = row.program()
      let values = row.values()
      let expected = NaiveReference.run(program, inputs: values.map { $0.scalars.map(Double.init) })
      let actual = device.compile(program).run(feeds: values, state: [])
      let worst = zip(actual, expected).map { worstError($0.scalars, $1) }.max() ?? 0
      return worst <= 1 ? nil : (row.name, worst)
    }
  }
}
