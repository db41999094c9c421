import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Conformance
import Tensors
import Testing

@Suite struct LossesTests {
  private func rows(_ n: Int, _ d: Int, _ seed: UInt64) -> [[Double]] {
    var stream = RandomStream(seed: seed)
    return (0..<n).map { _ in (0..<d).map { _ in Double(stream.uniform(-1, 1)) } }
  }

  private func unit(_ row: [Double]) -> [Double] {
    let size = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return row.map { $0 / size }
  }

  private func evaluate(_ values: [[[Double]]], _ build: (Trace, [Value]) -> Value) -> Double {
    let trace = Trace()
    let inputs = values.enumerated().map { trace.feed("x\($0)", [$1.count, $1[0].count]) }
    let program = trace.program(outputs: [build(trace, inputs)])
    return NaiveReference.run(program, inputs: values.map { $0.flatMap(\.self) })[0][0]
  }

  /// Written out from eq. 1 of SimCLR, one image and one view at a time.
  @Test(arguments: [2, 3, 4]) func ntXentAgreesWithItsDefinition(views: Int) {
    let (n, t) = (5, 0.5)
    let data = (0..<views).map { rows(n, 4, UInt64($0 + 1)) }
    let all = data.flatMap { $0.map(unit) }
    func similarity(_ a: Int, _ b: Int) -> Double { zip(all[a], all[b]).reduce(0) { $0 + $1.0 * $1.1 } / t }
    var loss = 0.0
    for i in all.indices {
      let denominator = all.indices.filter { $0 != i }.reduce(0.0) { $0 + exp(similarity(i, $1)) }
      let positives = (0..<views).map { $0 * n + i % n }.filter { $0 != i }
      loss -= positives.reduce(0.0) { $0 + log(exp(similarity(i, $1)) / denominator) } / Double(positives.count)
    }
    let actual = evaluate(data) { _, x in ntXentLoss(x, temperature: 0.5) }
    #expect(abs(actual - loss / Double(all.count)) < 1e-6)
  }

  @Test func ntXentOfEqualRowsIsTheLogarithmOfTheirNumber() {
    let same = [[Double]](repeating: [1, 2, 3], count: 4)
    let actual = evaluate([same, same]) { _, x in ntXentLoss(x, temperature: 0.3) }
    #expect(abs(actual - log(7)) < 1e-6)
  }

  @Test func ntXentIsSymmetricInItsViews() {
    let (a, b) = (rows(6, 3, 1), rows(6, 3, 2))
    let forward = evaluate([a, b]) { _, x in ntXentLoss(x, temperature: 0.2) }
    let backward = evaluate([b, a]) { _, x in ntXentLoss(x, temperature: 0.2) }
    #expect(abs(forward - backward) < 1e-9)
  }

  @Test func infoNCEAgreesWithItsDefinition() {
    let (q, k) = (rows(4, 3, 1), rows(4, 3, 2))
    let queue = rows(6, 3, 3).map(unit)
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / 0.2 }
    var loss = 0.0
    for i in 0..<4 {
      let positive = exp(dot(unit(q[i]), unit(k[i])))
      loss -= log(positive / (positive + queue.reduce(0) { $0 + exp(dot(unit(q[i]), $1)) }))
    }
    let actual = evaluate([q, k, queue]) { _, x in infoNCELoss(x[0], keys: x[1], queue: x[2], temperature: 0.2) }
    #expect(abs(actual - loss / 4) < 1e-6)
  }

  @Test func crossEntropyAgreesWithItsDefinition() {
    let logits = rows(5, 3, 4)
    let classes = [0, 2, 1, 1, 0]
    let trace = Trace()
    let (x, y) = (trace.feed("x", [5, 3]), trace.feed("y", [5]))
    let program = trace.program(outputs: [crossEntropyLoss(x, classes: y)])
    let actual = NaiveReference.run(program, inputs: [logits.flatMap(\.self), classes.map(Double.init)])[0][0]
    let loss = zip(logits, classes).reduce(0.0) { sum, item in
      sum - item.0[item.1] + log(item.0.reduce(0) { $0 + exp($1) })
    }
    #expect(abs(actual - loss / 5) < 1e-6)
  }
}
