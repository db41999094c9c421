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
  public var labels: Value? { passes.labels.map(ordered) }
  /// Each image's target of the epoch before, of unit length, [N, W]; zeros in the first. Nil unless it is remembered.
  public var previous: Value? { passes.previous.map(ordered) }
  /// See ``Bank``; nil for none.
  public var bank: Bank? { passes.bank }

  /// What passed through the networks once, for both orders of the images.
  private let passes: Passes
  /// True if what belongs to image i is that of the image after it, but for the mixed view: see ``CutMix``.
  private let isNext: Bool

  init(_ recipe: ContrastiveConfiguration, batch: Int, _ passes: Passes, isNext: Bool = false) {
    (self.recipe, self.batch, self.passes, self.isNext) = (recipe, batch, passes, isNext)
  }

  /// This step as the second images of a mix see it.
  func next() -> ObjectiveStep { ObjectiveStep(recipe, batch: batch, passes, isNext: true) }

  private func ordered(_ rows: Value) -> Value { isNext ? rows.next : rows }

  /// The first view is mixed of image and next one: row i belongs to both.
  private func isMixed(_ k: Int) -> Bool { k == 0 && passes.mixed != nil }

  /// g(f(view)) of what is trained, [N, W]; not of unit length.
  public func projections(_ k: Int) -> Value {
    let rows = passes.projections(k)
    return isMixed(k) ? rows : ordered(rows)
  }

  /// Those of both views in one pass, the first ones first, [2N, W].
  public var together: Value {
    let rows = passes.together
    guard isNext else { return rows }
    let second = rows.slice(start: batch, count: batch).next
    let first = rows.slice(start: 0, count: batch)
    return .concatenated([isMixed(0) ? first : first.next, second])
  }

  /// h(g(f(view))), [N, W].
  public func predictions(_ k: Int) -> Value {
    let rows = passes.predictions(k)
    return isMixed(k) ? rows : ordered(rows)
  }

  /// g(f(view)) of the target, or of what is trained where there is none, [N, W]; no gradient flows into it. A target sees views
  /// that are not mixed.
  public func targets(_ k: Int) -> Value {
    let rows = passes.targets(k)
    return isMixed(k) && !passes.hasTarget ? rows : ordered(rows)
  }

  /// Features of both views by the frozen teacher, the first ones first, [2N, D]; not of unit length.
  public var teacher: Value { passes.teacher }

  /// Puts rows into the bank when the step ends, in the place of the oldest.
  ///
  /// - Parameters:
  ///   - rows: [N, W]; scaled to unit length.
  ///   - previous: What is remembered of the same images, [N, W'].
  public func enqueue(_ rows: Value, previous: Value? = nil) {
    // The other order has the same rows.
    if !isNext { passes.enqueue(rows, previous: previous) }
  }
}

/// The passes of a step, each traced once, however often a loss asks for it.
final class Passes {
  let labels: Value?
  let previous: Value?
  let bank: Bank?
  /// First views with a rectangle of the next image's, [N, side, side, 3]; nil for none.
  let mixed: Value?
  private(set) var features: Value?

  private let trace: Trace
  private let pixels: Value
  private let batch: Int
  private let encoder: Encoder
  private let (projector, predictor): (Perceptron?, Perceptron?)
  private let scope: Scope
  private let targetScope: Scope?
  private let frozen: (encoder: Encoder, scope: Scope)?
  private var known: [String: Value] = [:]

  init(
    _ trace: Trace, pixels: Value, mixed: Value?, batch: Int, encoder: Encoder, projector: Perceptron?,
    predictor: Perceptron?, scope: Scope, target: Scope?, teacher: (encoder: Encoder, scope: Scope)?, labels: Value?,
    previous: Value?, bank: Bank?
  ) {
    (self.trace, self.pixels, self.mixed, self.batch, self.encoder) = (trace, pixels, mixed, batch, encoder)
    (self.projector, self.predictor, self.scope) = (projector, predictor, scope)
    (targetScope, frozen, self.labels, self.previous, self.bank) = (target, teacher, labels, previous, bank)
  }

  var hasTarget: Bool { targetScope != nil }

  private func once(_ name: String, _ make: () -> Value) -> Value {
    if let value = known[name] { return value }
    let value = make()
    known[name] = value
    return value
  }

  private func view(_ k: Int) -> Value { pixels.slice(start: k * batch, count: batch) }

  private func projection(_ pixels: Value, _ scope: Scope) -> (features: Value, rows: Value) {
    let features = encoder.activations(pixels, scope).features
    return (features, projector?(features, scope) ?? features)
  }

  func projections(_ k: Int) -> Value {
    once("projections \(k)") {
      let (own, rows) = projection(k == 0 ? mixed ?? view(0) : view(k), scope)
      features = features ?? own
      return rows
    }
  }

  var together: Value {
    once("together") {
      let (own, rows) = projection(mixed.map { .concatenated([$0, view(1)]) } ?? pixels, scope)
      features = own
      return rows
    }
  }

  func predictions(_ k: Int) -> Value {
    once("predictions \(k)") {
      let rows = projections(k)
      return predictor?(rows, scope) ?? rows
    }
  }

  func targets(_ k: Int) -> Value {
    once("targets \(k)") { trace.detached(targetScope.map { projection(view(k), $0).rows } ?? projections(k)) }
  }

  var teacher: Value {
    once("teacher") {
      guard let frozen else { preconditionFailure("no teacher was given") }
      return trace.detached(frozen.encoder.activations(pixels, frozen.scope).features)
    }
  }

  func enqueue(_ rows: Value, previous: Value?) {
    guard let bank else { return }
    let next = bank.with(rows, labels: labels, previous: previous)
    for (old, new) in zip(bank.states, next.states) { trace.update(old, to: new) }
  }
}

extension Value {
  /// Row i + 1 in the place of row i, the first one last.
  var next: Value {
    let count = shape[0]
    return count < 2 ? self : .concatenated([slice(start: 1, count: count - 1), slice(start: 0, count: 1)])
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
  /// What was remembered of the same images when they were put in, [Q, W'].
  public let previous: Value?

  /// - Parameter remembered: Width of what is remembered beside the rows; nil for nothing.
  init(_ trace: Trace, rows count: Int, width: Int, remembered: Int?) {
    rows = trace.state("bank.rows", [count, width])
    labels = trace.state("bank.labels", [count, 1])
    previous = remembered.map { trace.state("bank.previous", [count, $0]) }
  }

  private init(rows: Value, labels: Value, previous: Value?) {
    (self.rows, self.labels, self.previous) = (rows, labels, previous)
  }

  var states: [Value] { [rows, labels] + (previous.map { [$0] } ?? []) }

  /// Names and values that it starts with.
  static func initial(rows: Int, width: Int, remembered: Int?) -> [String: Tensor] {
    var arrays = [
      "bank.rows": Tensor([rows, width], repeating: 0), "bank.labels": Tensor([rows, 1], repeating: -1),
    ]
    if let remembered { arrays["bank.previous"] = Tensor([rows, remembered], repeating: 0) }
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
      previous: previous.map { pushed(before ?? trace.constant(0, [batch, $0.shape[1]]), $0) })
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
