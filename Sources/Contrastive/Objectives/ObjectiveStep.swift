import NeuralNetworks
import Tensors

/// What a loss is made of: projections of two views of each image by what is trained and by its target.
///
/// Every view passes on its own, so that batch normalisation sees one view at a time, as the published codes have it; of
/// ``together`` both pass at once.
public final class ObjectiveStep {
  public let recipe: ContrastiveConfiguration
  /// Images of the batch, N.
  public let batch: Int
  /// Class of each image, [N], -1 where it has none; nil where the training has no labels.
  public let labels: Value?
  /// Each image's target of the epoch before, of unit length, [N, W]; zeros in the first. Nil unless it is remembered.
  public let previous: Value?
  /// See ``Bank``; nil for none.
  public private(set) var bank: Bank?

  private let trace: Trace
  private let pixels: Value
  private let encoder: Encoder
  private let (projector, predictor): (Perceptron?, Perceptron?)
  private let scope: Scope
  private let targetScope: Scope?
  private(set) var features: Value?
  private var projected: [Int: Value] = [:]
  private var targeted: [Int: Value] = [:]

  init(
    _ trace: Trace, _ recipe: ContrastiveConfiguration, pixels: Value, batch: Int, encoder: Encoder,
    projector: Perceptron?, predictor: Perceptron?, scope: Scope, target: Scope?, labels: Value?, previous: Value?,
    bank: Bank?
  ) {
    (self.trace, self.recipe, self.pixels, self.batch, self.encoder) = (trace, recipe, pixels, batch, encoder)
    (self.projector, self.predictor, self.scope) = (projector, predictor, scope)
    (targetScope, self.labels, self.previous, self.bank) = (target, labels, previous, bank)
  }

  private func view(_ k: Int) -> Value { pixels.slice(start: k * batch, count: batch) }

  private func projection(_ pixels: Value, _ scope: Scope) -> (features: Value, rows: Value) {
    let features = encoder.activations(pixels, scope).features
    return (features, projector?(features, scope) ?? features)
  }

  /// g(f(view)) of what is trained, [N, W]; not of unit length.
  public func projections(_ k: Int) -> Value {
    if let known = projected[k] { return known }
    let (own, rows) = projection(view(k), scope)
    features = features ?? own
    projected[k] = rows
    return rows
  }

  /// Those of both views in one pass, the first ones first, [2N, W].
  public var together: Value {
    let (own, rows) = projection(pixels, scope)
    features = own
    return rows
  }

  /// h(g(f(view))), [N, W].
  public func predictions(_ k: Int) -> Value {
    let rows = projections(k)
    return predictor?(rows, scope) ?? rows
  }

  /// g(f(view)) of the target, or of what is trained where there is none, [N, W]; no gradient flows into it.
  public func targets(_ k: Int) -> Value {
    if let known = targeted[k] { return known }
    let rows = trace.detached(targetScope.map { projection(view(k), $0).rows } ?? projections(k))
    targeted[k] = rows
    return rows
  }

  /// Puts rows into the bank when the step ends, in the place of the oldest.
  ///
  /// - Parameters:
  ///   - rows: [N, W]; scaled to unit length.
  ///   - previous: What is remembered of the same images.
  public func enqueue(_ rows: Value, previous: Value? = nil) {
    guard let bank else { return }
    let next = bank.with(rows, labels: labels, previous: previous)
    for (old, new) in zip(bank.states, next.states) { trace.update(old, to: new) }
  }
}

/// Past targets, the newest first: rows of unit length, and zeros where none was put yet.
///
/// Deviates from published codes, which start with random rows: those dominate the first steps of a short training. What was never
/// written counts for nothing here.
public struct Bank {
  /// [Q, W].
  public let rows: Value
  /// Class of each image, [Q, 1]; -1 for none.
  public let labels: Value
  /// What was remembered of the same images when they were put in, [Q, W].
  public let previous: Value?

  init(_ trace: Trace, rows count: Int, width: Int, remembers: Bool) {
    rows = trace.state("bank.rows", [count, width])
    labels = trace.state("bank.labels", [count, 1])
    previous = remembers ? trace.state("bank.previous", [count, width]) : nil
  }

  private init(rows: Value, labels: Value, previous: Value?) {
    (self.rows, self.labels, self.previous) = (rows, labels, previous)
  }

  var states: [Value] { [rows, labels] + (previous.map { [$0] } ?? []) }

  /// Names and values that it starts with.
  static func initial(rows: Int, width: Int, remembers: Bool) -> [String: Tensor] {
    var arrays = [
      "bank.rows": Tensor([rows, width], repeating: 0), "bank.labels": Tensor([rows, 1], repeating: -1),
    ]
    if remembers { arrays["bank.previous"] = Tensor([rows, width], repeating: 0) }
    return arrays
  }

  /// With new rows before the others, of which as many are left out.
  func with(_ new: Value, labels own: Value?, previous before: Value?) -> Bank {
    let (count, batch, trace) = (rows.shape[0], new.shape[0], rows.owner)
    func pushed(_ value: Value, _ old: Value) -> Value {
      .concatenated([value, old.slice(start: 0, count: count - batch)])
    }
    let none = trace.constant(-1, [batch, 1])
    return Bank(
      rows: pushed(trace.detached(new.unitRows()), rows),
      labels: pushed(own?.reshaped([batch, 1]) ?? none, labels),
      previous: previous.map { pushed(before ?? trace.constant(0, [batch, rows.shape[1]]), $0) })
  }

  /// What is added to similarities with each row so that unwritten ones are none, [1, Q].
  public var absence: Value { Self.absence(of: rows) }

  /// 0 for rows that were written, a large negative number for others; [1, Q].
  package static func absence(of rows: Value) -> Value {
    ((rows * rows).sum([1]).isGreater(than: rows.owner.constant(0.5)) - 1).reshaped([1, rows.shape[0]]) * 1e9
  }
}

extension Value {
  /// 1 at the k largest entries of each row, 0 elsewhere; of equal ones the first. No derivative.
  package func largest(_ k: Int) -> Value {
    let depth = shape[1]
    var (rest, chosen) = (owner.detached(self), owner.constant(0, shape))
    for _ in 0..<min(k, depth) {
      let hot = rest.argMax().reshaped([shape[0]]).oneHot(depth)
      chosen = chosen + hot
      rest = rest - hot * 1e12
    }
    return chosen
  }
}
