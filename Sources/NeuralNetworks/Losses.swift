import Tensors

/// Returns the multi-view NT-Xent loss: each view's positives are the other views of its image.
///
///     -1/|P(i)| Σ_{p in P(i)} log( exp(z_i·z_p / t) / Σ_{a ≠ i} exp(z_i·z_a / t) ), averaged over i
///
/// - Parameters:
///   - views: One projection a view, [N, D] each, in the same order of images; any scale.
///   - temperature: Divides similarities; dimensionless, > 0. SimCLR: 0.5.
/// - Returns: Mean loss in nats; shape [].
/// - Precondition: At least two views of equal shape.
/// - Source: Chen et al., 2020, eq. 1, arXiv 2002.05709; several positives: Khosla et al., 2020,
///   eq. 2, arXiv 2004.11362.
public func ntXentLoss(_ views: [Value], temperature: Float) -> Value {
  precondition(views.count >= 2, "NT-Xent needs two views, got \(views.count)")
  let images = views[0].shape[0]
  let total = images * views.count
  let z = Value.concatenated(views).unitRows()
  let trace = z.owner
  let own = trace.identity(total)
  let image = trace.oneHot((0..<total).map { $0 % images }, depth: images)
  let positives = Value.concatenated(views.map { _ in image }, axis: 1) - own
  let similarity = z.matrixProduct(z, transposeRight: true) * (1 / temperature) + own * -1e9
  let attraction = (similarity * (positives * (1 / Float(views.count - 1)))).sum([1])
  return (similarity.logSumExp() - attraction).mean()
}

/// Returns the InfoNCE loss of MoCo: each query's positive is its key, negatives come from a queue.
///
/// - Parameters:
///   - queries: [N, D]; any scale.
///   - keys: [N, D] of the momentum encoder; no gradient flows into them.
///   - queue: [Q, D], rows of unit length; no gradient.
///   - allowed: Added to similarities with the queue, so that some rows count for nothing; broadcast to [N, Q].
///   - temperature: Divides similarities, > 0. MoCo v2: 0.2.
/// - Returns: Mean loss in nats; shape [].
/// - Source: He et al., 2019, eq. 1, arXiv 1911.05722.
public func infoNCELoss(
  _ queries: Value, keys: Value, queue: Value, among allowed: Value? = nil, temperature: Float
) -> Value {
  let trace = queries.owner
  let (q, k) = (queries.unitRows(), trace.detached(keys.unitRows()))
  let positive = (q * k).sum([1])
  let all = q.matrixProduct(trace.detached(queue), transposeRight: true)
  let negatives = allowed.map { all + $0 } ?? all
  let logits = Value.concatenated([positive, negatives], axis: 1) * (1 / temperature)
  return (logits.logSumExp() - positive * (1 / temperature)).mean()
}

/// Returns the mean cross-entropy of a softmax against integer classes.
///
/// - Parameters:
///   - logits: [N, K].
///   - classes: [N], integers stored as float32; rows with a class outside 0..<K add only their
///     normaliser.
/// - Returns: Nats; shape [].
public func crossEntropyLoss(_ logits: Value, classes: Value) -> Value {
  let truth = classes.oneHot(logits.shape[1])
  return (logits.logSumExp() - (logits * truth).sum([1])).mean()
}
