import CPUDevice
import Conformance
import Contrastive
import Foundation
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

/// Rows as sines, the same that `Benchmarks/peers/objectives.py` makes.
private func made(_ rows: Int, _ width: Int, _ seed: Double) -> [[Double]] {
  (0..<rows).map { i in
    (0..<width).map { j -> Double in
      let place = Double(i * width + j + 1)
      return sin(12.9898 * place + 4.1 * seed)
    }
  }
}

private func unit(_ row: [Double]) -> [Double] {
  let size = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return row.map { $0 / size }
}

private func cosine(_ a: [Double], _ b: [Double]) -> Double { zip(unit(a), unit(b)).reduce(0) { $0 + $1.0 * $1.1 } }

private let (n, width, q, t) = (6, 5, 14, 0.2)
private let classes = [0, 1, 0, 2, -1, 1]
private let banked = classes + [0, 0, 1, 2, -1, -1, 2, 1]

/// One loss: as a graph of two projections [n, width], and as its paper writes it, one image at a time.
private struct Case: Sendable, CustomTestStringConvertible {
  let name: String
  let graph: @Sendable (_ a: Value, _ b: Value) -> Value
  let definition: @Sendable (_ a: [[Double]], _ b: [[Double]]) -> Double
  var testDescription: String { name }
}

private func constant(_ trace: Trace, _ rows: [[Double]]) -> Value {
  trace.constant(Tensor([rows.count, rows[0].count], rows.flatMap { $0.map(Float.init) }))
}

private func numbers(_ trace: Trace, _ values: [Int]) -> Value {
  trace.constant(Tensor([values.count], values.map(Float.init)))
}

private let bank = made(q, width, 3).map(unit)
private let now = made(n, width, 4).map(unit)
private let before = made(q, width, 5).map(unit)

private func pushed(_ new: [[Double]], _ old: [[Double]]) -> [[Double]] {
  new.map(unit) + old.prefix(old.count - new.count)
}

private func pushed(_ new: Value, _ old: [[Double]]) -> Value {
  .concatenated([new.owner.detached(new.unitRows()), constant(new.owner, Array(old.prefix(old.count - n)))])
}

/// Mean shift to the nearest rows among those that are allowed.
private func shift(
  _ a: [[Double]], _ b: [[Double]], _ rows: [[Double]], _ isAllowed: (Int, Int) -> Bool
) -> Double {
  (0..<n).reduce(0.0) { sum, i in
    let near = rows.indices.filter { isAllowed(i, $0) }.sorted { cosine(b[i], rows[$0]) > cosine(b[i], rows[$1]) }
      .prefix(3)
    return sum + near.reduce(0.0) { $0 + 2 - 2 * cosine(a[i], rows[$1]) } / Double(near.count)
  } / Double(n)
}

/// -log of the share of each view's positives among others, of 2n views.
private func contrast(
  _ a: [[Double]], _ b: [[Double]], positives: (Int, Int) -> Bool, others: (Int, Int) -> Bool
) -> Double {
  let all = a + b
  return all.indices.reduce(0.0) { sum, i in
    let denominator = log(all.indices.filter { others(i, $0) }.reduce(0.0) { $0 + exp(cosine(all[i], all[$1]) / t) })
    let own = all.indices.filter { positives(i, $0) && $0 != i }
    return sum + denominator - own.reduce(0.0) { $0 + cosine(all[i], all[$1]) / t } / Double(own.count)
  } / Double(all.count)
}

private func isTwin(_ i: Int, _ j: Int) -> Bool { i % n == j % n }

private func covariance(_ rows: [[Double]], _ i: Int, _ j: Int) -> Double {
  func mean(_ k: Int) -> Double { rows.reduce(0) { $0 + $1[k] } / Double(n) }
  return rows.reduce(0) { $0 + ($1[i] - mean(i)) * ($1[j] - mean(j)) } / Double(n - 1)
}

private let cases: [Case] = [
  Case(name: "simclr") {
    ntXentLoss([$0, $1], temperature: 0.2)
  } definition: {
    contrast($0, $1, positives: isTwin, others: { $0 != $1 })
  },
  Case(name: "moco-v2") {
    infoNCELoss($0, keys: $1, queue: constant($0.owner, bank), temperature: 0.2)
  } definition: { a, b in
    (0..<n).reduce(0.0) { sum, i in
      let all = exp(cosine(a[i], b[i]) / t) + bank.reduce(0) { $0 + exp(cosine(a[i], $1) / t) }
      return sum + log(all) - cosine(a[i], b[i]) / t
    } / Double(n)
  },
  Case(name: "moco-v3") {
    MoCoV3.loss($0, $1, temperature: 0.2)
  } definition: { a, b in
    (0..<n).reduce(0.0) { sum, i in
      sum + 2 * t * (log(b.reduce(0) { $0 + exp(cosine(a[i], $1) / t) }) - cosine(a[i], b[i]) / t)
    } / Double(n)
  },
  Case(name: "byol") {
    BYOL.loss($0, $1)
  } definition: { a, b in
    zip(a, b).reduce(0) { $0 + 2 - 2 * cosine($1.0, $1.1) } / Double(n)
  },
  Case(name: "simsiam") {
    SimSiam.cosine($0, $1)
  } definition: { a, b in
    zip(a, b).reduce(0) { $0 + cosine($1.0, $1.1) } / Double(n)
  },
  Case(name: "barlow-twins") {
    BarlowTwins.loss($0, $1, lambda: 0.005)
  } definition: { a, b in
    func standardised(_ rows: [[Double]], _ k: Int) -> [Double] {
      let mean = rows.reduce(0) { $0 + $1[k] } / Double(n)
      let variance = rows.reduce(0) { $0 + ($1[k] - mean) * ($1[k] - mean) } / Double(n)
      return rows.map { ($0[k] - mean) / (variance + 1e-5).squareRoot() }
    }
    var sum = 0.0
    for i in 0..<width {
      for j in 0..<width {
        let c = zip(standardised(a, i), standardised(b, j)).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
        sum += i == j ? (1 - c) * (1 - c) : 0.005 * c * c
      }
    }
    return sum
  },
  Case(name: "vicreg") {
    VICReg().loss($0, $1)
  } definition: { a, b in
    var loss = 0.0
    for (x, y) in zip(a, b) { for (u, v) in zip(x, y) { loss += 25 * (u - v) * (u - v) / Double(n * width) } }
    for rows in [a, b] {
      for i in 0..<width {
        loss += 12.5 * max(0, 1 - (covariance(rows, i, i) + 1e-4).squareRoot()) / Double(width)
        for j in 0..<width where j != i { loss += pow(covariance(rows, i, j), 2) / Double(width) }
      }
    }
    return loss
  },
  Case(name: "msf") { a, b in
    MeanShift.loss(a, b, pushed(b, bank), among: a.owner.constant(0), neighbours: 3)
  } definition: { a, b in
    shift(a, b, pushed(b, bank)) { _, _ in true }
  },
  Case(name: "cmsf") { a, b in
    let (rows, any) = (pushed(b, bank), a.owner.constant(0))
    let related = ConstrainedMeanShift.constraint(
      b, .concatenated([constant(b.owner, now), constant(b.owner, Array(before.prefix(q - n)))]), candidates: 5)
    return
      (MeanShift.loss(a, b, rows, among: any, neighbours: 3)
      + MeanShift.loss(a, b, rows, among: related, neighbours: 3)) * 0.5
  } definition: { a, b in
    let (rows, past) = (pushed(b, bank), pushed(now, before))
    let related = (0..<n).map { i in
      Set(past.indices.sorted { cosine(b[i], past[$0]) > cosine(b[i], past[$1]) }.prefix(5) + [i])
    }
    return 0.5 * shift(a, b, rows) { _, _ in true } + 0.5 * shift(a, b, rows) { related[$0].contains($1) }
  },
  Case(name: "cmsf-labels") { a, b in
    let related = ConstrainedMeanShift.constraint(
      numbers(a.owner, classes), numbers(a.owner, banked).reshaped([q, 1]))
    return MeanShift.loss(a, b, pushed(b, bank), among: related, neighbours: 3)
  } definition: { a, b in
    shift(a, b, pushed(b, bank)) { $0 == $1 || classes[$0] >= 0 && classes[$0] == banked[$1] }
  },
  Case(name: "isd") { a, b in
    let anchors = constant(a.owner, bank)
    return similarityDistillationLoss(
      a, among: anchors, teacher: b, among: anchors, allowed: a.owner.constant(0), temperature: 0.2)
  } definition: { a, b in
    func shares(_ row: [Double]) -> [Double] {
      let all = bank.map { exp(cosine(row, $0) / t) }
      return all.map { $0 / all.reduce(0, +) }
    }
    return (0..<n).reduce(0.0) { sum, i in
      sum + zip(shares(b[i]), shares(a[i])).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    } / Double(n)
  },
  Case(name: "dcl") {
    DecoupledContrast.loss(.concatenated([$0, $1]), temperature: 0.2)
  } definition: {
    contrast($0, $1, positives: isTwin, others: { !isTwin($0, $1) })
  },
  Case(name: "debiased") {
    DebiasedContrast.loss(.concatenated([$0, $1]), temperature: 0.2, classShare: 0.1)
  } definition: { a, b in
    let (all, negatives) = (a + b, Double(2 * n - 2))
    return all.indices.reduce(0.0) { sum, i in
      let positive = exp(cosine(all[i], all[(i + n) % (2 * n)]) / t)
      let mean =
        all.indices.filter { !isTwin(i, $0) }.reduce(0.0) { $0 + exp(cosine(all[i], all[$1]) / t) } / negatives
      let g = max((mean - 0.1 * positive) / 0.9, exp(-1 / t))
      return sum - log(positive / (positive + negatives * g))
    } / Double(2 * n)
  },
  Case(name: "supcon") { a, b in
    SupervisedContrast.loss(.concatenated([a, b]), labels: numbers(a.owner, classes), temperature: 0.2)
  } definition: {
    contrast(
      $0, $1, positives: { isTwin($0, $1) || classes[$0 % n] >= 0 && classes[$0 % n] == classes[$1 % n] },
      others: { $0 != $1 })
  },
  Case(name: "compress") { a, b in
    similarityDistillationLoss(
      a, among: constant(a.owner, before), teacher: b, among: constant(a.owner, bank), allowed: a.owner.constant(0),
      temperature: 0.2)
  } definition: { a, b in
    func shares(_ row: [Double], _ rows: [[Double]]) -> [Double] {
      let all = rows.map { exp(cosine(row, $0) / t) }
      return all.map { $0 / all.reduce(0, +) }
    }
    return (0..<n).reduce(0.0) { sum, i in
      sum + zip(shares(b[i], bank), shares(a[i], before)).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    } / Double(n)
  },
  Case(name: "simreg") {
    BYOL.loss($0, $1)
  } definition: { a, b in
    zip(a, b).reduce(0) { $0 + 2 - 2 * cosine($1.0, $1.1) } / Double(n)
  },
  Case(name: "clusterfit") { a, _ in
    crossEntropyLoss(a, classes: numbers(a.owner, (0..<n).map { $0 % width }))
  } definition: { a, _ in
    (0..<n).reduce(0.0) { $0 + log(a[$1].reduce(0) { $0 + exp($1) }) - a[$1][$1 % width] } / Double(n)
  },
]

@Suite struct ObjectivesTests {
  private let a = made(n, width, 1)
  private let b = made(n, width, 2)

  /// Loss and gradient by `a`, in double precision.
  private func evaluated(_ one: Case, _ a: [[Double]]) -> (loss: Double, gradient: [Double]) {
    let trace = Trace()
    let (x, y) = (trace.feed("a", [n, width]), trace.feed("b", [n, width]))
    let loss = one.graph(x, y)
    let program = trace.program(outputs: [loss] + trace.gradients(of: loss, withRespectTo: [x]))
    let out = NaiveReference.run(program, inputs: [a.flatMap(\.self), b.flatMap(\.self)])
    return (out[0][0], out[1])
  }

  @Test(arguments: cases) private func lossesAgreeWithTheirDefinitions(_ one: Case) {
    #expect(abs(evaluated(one, a).loss - one.definition(a, b)) < 1e-5)
  }

  /// In the ways of `Benchmarks/peers/objectives.py`, and on the CPU device.
  @Test(arguments: cases) private func lossesAndGradientsAreThoseOfPyTorch(_ one: Case) throws {
    struct Expected: Decodable {
      var loss: Double
      var gradient: [Double]
    }
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("objectives.json")
    let all = try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: file))
    let expected = try #require(all[one.name])
    let own = evaluated(one, a)
    #expect(abs(own.loss - expected.loss) < 1e-5)
    #expect(zip(own.gradient, expected.gradient).allSatisfy { abs($0 - $1) < 1e-5 })

    let trace = Trace()
    let (x, y) = (trace.feed("a", [n, width]), trace.feed("b", [n, width]))
    let loss = one.graph(x, y)
    let program = trace.program(outputs: [loss] + trace.gradients(of: loss, withRespectTo: [x]))
    func tensor(_ rows: [[Double]]) -> Tensor { Tensor([n, width], rows.flatMap { $0.map(Float.init) }) }
    let out = CPUDevice(threads: 1).compile(program).run(feeds: [tensor(a), tensor(b)], state: [])
    #expect(abs(Double(out[0].item) - expected.loss) < 1e-5 * max(1, abs(expected.loss)))
    #expect(zip(out[1].scalars, expected.gradient).allSatisfy { abs(Double($0) - $1) < 1e-4 * max(1, abs($1)) })
  }

  @Test(arguments: cases) private func gradientsAreDifferences(_ one: Case) {
    let gradient = evaluated(one, a).gradient
    let step = 1e-6
    for k in 0..<n * width {
      func moved(_ by: Double) -> Double {
        var own = a
        own[k / width][k % width] += by
        return evaluated(one, own).loss
      }
      let difference = (moved(step) - moved(-step)) / (2 * step)
      #expect(abs(difference - gradient[k]) < 1e-5 * max(1, abs(difference)))
    }
  }

  @Test func everyObjectiveHasACase() {
    let distillations = Objectives.distillations.map { $0.name }
    #expect(Set(cases.map(\.name)) == Set(Objectives.names + distillations + ["cmsf-labels", ClusterFit.name]))
    #expect(Set(Objectives.names).count == Objectives.all.count)
  }

  @Test func objectivesComeBackFromTheirSettings() throws {
    for type in Objectives.all + Objectives.distillations {
      let chosen = ChosenObjective(type.init())
      let data = try JSONEncoder().encode(chosen)
      #expect(try JSONDecoder().decode(ChosenObjective.self, from: data) == chosen)
      #expect(try #require(Objectives.named(type.name)).problems(ContrastiveConfiguration()).isEmpty)
    }
    #expect(ChosenObjective(BYOL()) != ChosenObjective(SimCLR()))
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ChosenObjective.self, from: Data(#"{"best":{}}"#.utf8))
    }
  }

  @Test func momentumRisesToOne() {
    let target = MomentumTarget(0.9, rises: true)
    let steady = MomentumTarget(0.9)
    #expect(target.momentum(done: 0) == 0.9 && abs(target.momentum(done: 1) - 1) < 1e-6)
    #expect(abs(target.momentum(done: 0.5) - 0.95) < 1e-6 && steady.momentum(done: 0.5) == 0.9)
  }

  @Test func unwrittenRowsOfABankCountForNothing() {
    let trace = Trace()
    let (x, y) = (constant(trace, a), constant(trace, b))
    let empty = Array(repeating: [Double](repeating: 0, count: width), count: q)
    let written = Array(bank.prefix(4)) + empty.prefix(q - 4)
    func absence(_ rows: Value) -> Value { Bank.absence(of: rows) }
    let rows = constant(trace, written)
    let few = constant(trace, Array(bank.prefix(4)))
    func distilled(_ rows: Value, _ allowed: Value) -> Value {
      similarityDistillationLoss(x, among: rows, teacher: y, among: rows, allowed: allowed, temperature: 0.2)
    }
    let outputs = [
      infoNCELoss(x, keys: y, queue: rows, among: absence(rows), temperature: 0.2),
      infoNCELoss(x, keys: y, queue: few, temperature: 0.2),
      distilled(rows, absence(rows)), distilled(few, trace.constant(0)),
      MeanShift.loss(x, y, rows, among: absence(rows), neighbours: 5),
      MeanShift.loss(x, y, few, among: trace.constant(0), neighbours: 4),
    ]
    let out = NaiveReference.run(trace.program(outputs: outputs), inputs: [])
    for k in 0..<3 { #expect(abs(out[2 * k][0] - out[2 * k + 1][0]) < 1e-6) }
  }
}
