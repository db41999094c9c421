import Foundation
import Randomness
import Tensors

/// Where features are clustered: centred, projected to the main directions, optionally whitened, and
/// scaled to unit length.
///
/// Features that are averages of rectified maps have a mean cosine near 0.9 between any two images;
/// whitening takes that common part out, and poisoned images form purer clusters.
public struct ClusterSpace: Sendable {
  /// Mean feature, [D].
  public let mean: [Float]
  /// Directions as columns, scaled; [D, D'].
  public let projection: [Float]
  /// D'.
  public let width: Int

  /// Fits the space to features.
  ///
  /// - Parameters:
  ///   - features: [N, D].
  ///   - directions: Number of main directions kept; at most D.
  ///   - shrinkage: Part of the mean deviation that is added to each direction's before dividing by it:
  ///     0 whitens fully, more leaves weak directions weak.
  ///   - device: Multiplies the features.
  ///   - stream: Starts the iteration.
  /// - Complexity: O(N D² + iterations D² D').
  /// - Source: Principal components by orthogonal iteration; Golub and Van Loan, section 8.2.
  public init(
    _ features: Features, directions: Int, shrinkage: Float = 0, on device: any Device, _ stream: RandomStream
  ) {
    let d = features.width
    let k = min(directions, d)
    var mean = [Double](repeating: 0, count: d)
    for i in 0..<features.count { for (j, value) in features.row(i).enumerated() { mean[j] += Double(value) } }
    let n = Double(max(features.count, 1))
    let centre = mean.map { Float($0 / n) }
    let covariance = Self.covariance(features, centre, on: device)
    var own = stream
    // Rows are directions; each round multiplies by the covariance and makes them orthonormal.
    var basis = (0..<k).map { _ in (0..<d).map { _ in own.normal() } }
    var scales = [Float](repeating: 0, count: k)
    for _ in 0..<60 {
      for r in 0..<k {
        var next = [Float](repeating: 0, count: d)
        for a in 0..<d {
          let value = basis[r][a]
          for b in 0..<d { next[b] += value * covariance[a * d + b] }
        }
        basis[r] = next
      }
      for r in 0..<k {
        for q in 0..<r {
          let dot = zip(basis[r], basis[q]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
          for a in 0..<d { basis[r][a] -= dot * basis[q][a] }
        }
        scales[r] = basis[r].reduce(0) { $0 + $1 * $1 }.squareRoot()
        for a in 0..<d { basis[r][a] /= max(scales[r], 1e-20) }
      }
    }
    // The norm after multiplication is the eigenvalue. Directions below a floor are not blown up.
    let floor = (scales.max() ?? 0) * 1e-4 + 1e-12
    self.mean = centre
    width = k
    let deviations = scales.map { max($0, floor).squareRoot() }
    let added = shrinkage * deviations.reduce(0, +) / Float(max(1, k))
    var projection = [Float](repeating: 0, count: d * k)
    for r in 0..<k { for a in 0..<d { projection[a * k + r] = basis[r][a] / (deviations[r] + added) } }
    self.projection = projection
  }

  /// Mean product of two features' deviations from the centre, [D, D].
  private static func covariance(_ features: Features, _ centre: [Float], on device: any Device) -> [Float] {
    let (d, rowsAtOnce) = (features.width, 4096)
    let trace = Trace()
    let rows = trace.feed("rows", [rowsAtOnce, d])
    let executable = device.compile(trace.program(outputs: [rows.matrixProduct(rows, transposeLeft: true)]))
    var covariance = [Float](repeating: 0, count: d * d)
    let parts = (features.count + rowsAtOnce - 1) / rowsAtOnce
    executable.run(times: parts, state: []) { part in
      // Rows that are missing in the last part are zero.
      var centred = [Float](repeating: 0, count: rowsAtOnce * d)
      let start = part * rowsAtOnce
      for i in start..<min(features.count, start + rowsAtOnce) {
        let (from, to) = (features.row(i), (i - start) * d)
        for j in 0..<d { centred[to + j] = from[from.startIndex + j] - centre[j] }
      }
      return [Tensor([rowsAtOnce, d], centred)]
    } take: { _, products in
      for k in covariance.indices { covariance[k] += products[0].scalars[k] / Float(features.count) }
    }
    return covariance
  }

  /// Maps features to unit rows of this space, [N, D'].
  public func callAsFunction(_ features: Features) -> Features {
    var values = [Float](repeating: 0, count: features.count * width)
    var sums = [Float](repeating: 0, count: width)
    for i in 0..<features.count {
      for r in 0..<width { sums[r] = 0 }
      for (j, value) in features.row(i).enumerated() {
        let x = value - mean[j]
        for r in 0..<width { sums[r] += x * projection[j * width + r] }
      }
      let size = max(sums.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      for r in 0..<width { values[i * width + r] = sums[r] / size }
    }
    return Features(width: width, values: values)
  }

  /// The same map in a trace.
  package func apply(_ features: Value) -> Value {
    let trace = features.owner
    let d = mean.count
    return (features - trace.constant(Tensor([d], mean)))
      .matrixProduct(trace.constant(Tensor([d, width], projection))).unitRows()
  }
}

/// Spherical k-means: clusters of unit rows by cosine.
public struct KMeans: Sendable {
  /// Unit rows, [K, D].
  public private(set) var centroids: Features
  /// Cluster of every row.
  public private(set) var assignments: [Int]

  /// Clusters unit rows.
  ///
  /// - Parameters:
  ///   - rows: [N, D], unit length.
  ///   - clusters: K; at most N.
  ///   - iterations: Rounds of Lloyd's algorithm at most.
  ///   - device: Multiplies rows by centroids.
  /// - Source: Arthur and Vassilvitskii, k-means++, SODA 2007; Dhillon and Modha, spherical k-means, 2001.
  public init(_ rows: Features, clusters: Int, iterations: Int = 25, on device: any Device, _ stream: RandomStream) {
    let k = max(1, min(clusters, rows.count))
    centroids = Self.seeds(rows, k, on: device, stream)
    assignments = []
    let nearest = NearestCentroid(rows, clusters: k, on: device)
    for _ in 0..<iterations {
      let next = nearest(centroids)
      if next == assignments { break }
      assignments = next
      centroids = Self.means(rows, next, k)
    }
    assignments = nearest(centroids)
  }

  /// The same clusters, moved until they are about equally large.
  ///
  /// In turns rows are shared out and clusters take the direction of their rows. Of all ways to share rows out evenly, Sinkhorn's iteration
  /// finds the one that fits best but for an entropy of weight 1/25:
  ///
  ///     Q = diag(a) exp(25 cos) diag(b),  rows of Q sum to 1, columns to N / K;  a row's cluster is the largest of its shares
  ///
  /// - Complexity: O(turns N K (D + iterations)), at most 10 turns and 100 iterations.
  /// - Source: Asano, Rupprecht, Vedaldi, "Self-labelling via simultaneous clustering and representation learning", ICLR 2020, eq. 5 to 7
  ///   and its weight of 25, arXiv 1911.05371; Cuturi, "Sinkhorn distances", 2013. Deviates: shares follow the cosine to clusters of frozen
  ///   features, where self-labelling trains a network in between.
  public func balanced(_ rows: Features) -> KMeans {
    var own = self
    for _ in 0..<10 {
      let next = own.shared(rows)
      let isDone = next == own.assignments
      own.assignments = next
      own.centroids = Self.means(rows, next, centroids.count)
      if isDone { break }
    }
    return own
  }

  /// The cluster with the largest share of each row.
  private func shared(_ rows: Features) -> [Int] {
    let (n, k) = (rows.count, centroids.count)
    var shares = [Float](repeating: 0, count: n * k)
    for i in 0..<n {
      let row = rows.row(i)
      for c in 0..<k { shares[i * k + c] = exp(25 * (dot(row, centroids.row(c)) - 1)) }
    }
    var (ofRows, ofColumns) = ([Double](repeating: 1, count: n), [Double](repeating: 1, count: k))
    for _ in 0..<100 {
      var sums = [Double](repeating: 0, count: k)
      for i in 0..<n {
        var sum = 0.0
        for c in 0..<k { sum += Double(shares[i * k + c]) * ofColumns[c] }
        ofRows[i] = 1 / max(sum, 1e-300)
        for c in 0..<k { sums[c] += Double(shares[i * k + c]) * ofRows[i] }
      }
      // How far columns are from N / K before they are scaled once more.
      let even = Double(n) / Double(k)
      var error = 0.0
      for c in 0..<k {
        error = max(error, abs(sums[c] * ofColumns[c] / even - 1))
        ofColumns[c] = even / max(sums[c], 1e-300)
      }
      if error < 0.01 { break }
    }
    return (0..<n).map { i in
      func share(_ c: Int) -> Double { Double(shares[i * k + c]) * ofColumns[c] }
      return (0..<k).max { share($0) < share($1) } ?? 0
    }
  }

  /// Mean simplified silhouette, -1...1: how much nearer rows are to their own centroid than to the next.
  ///
  ///     (b - a) / max(a, b), with a and b one less the cosine to the own and to the next centroid
  ///
  /// - Parameter sample: Rows that are looked at.
  /// - Source: Rousseeuw, "Silhouettes", 1987, with distances to centroids as in Hruschka, de Castro and
  ///   Campello, "Evolutionary algorithms for clustering gene-expression data", ICDM 2004.
  public func silhouette(_ rows: Features, sample: [Int]) -> Float {
    guard centroids.count > 1, !sample.isEmpty else { return 0 }
    var sum: Float = 0
    for i in sample {
      var (own, next): (Float, Float) = (0, .infinity)
      for c in 0..<centroids.count {
        let distance = 1 - dot(rows.row(i), centroids.row(c))
        if c == assignments[i] { own = distance } else { next = min(next, distance) }
      }
      sum += (next - own) / max(own, next, 1e-12)
    }
    return sum / Float(sample.count)
  }

  /// Directions of the clusters' sums. An empty cluster starts again at the row that fits its own worst.
  private static func means(_ rows: Features, _ assignments: [Int], _ k: Int) -> Features {
    let width = rows.width
    var sums = [Float](repeating: 0, count: k * width)
    var counts = [Int](repeating: 0, count: k)
    for i in 0..<rows.count {
      let (to, from) = (assignments[i] * width, i * width)
      counts[assignments[i]] += 1
      for j in 0..<width { sums[to + j] += rows.values[from + j] }
    }
    func normalize(_ cluster: Int) {
      let own = cluster * width..<(cluster + 1) * width
      let size = max(sums[own].reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      for j in own { sums[j] /= size }
    }
    for cluster in 0..<k { normalize(cluster) }
    if counts.contains(0) {
      let fits = (0..<rows.count).map { i in
        dot(rows.row(i), sums[assignments[i] * width..<(assignments[i] + 1) * width])
      }
      var worst = fits.indices.sorted { (fits[$0], $0) < (fits[$1], $1) }[...]
      for cluster in 0..<k where counts[cluster] == 0 {
        guard let row = worst.popFirst() else { break }
        sums.replaceSubrange(cluster * width..<(cluster + 1) * width, with: rows.row(row))
        normalize(cluster)
      }
    }
    return Features(width: width, values: sums)
  }

  /// Returns the nearest cluster of each row and its cosine.
  public static func assign(_ rows: Features, to centroids: Features) -> [(cluster: Int, cosine: Float)] {
    (0..<rows.count).map { i in
      let row = rows.row(i)
      var best = (cluster: 0, cosine: -Float.infinity)
      for c in 0..<centroids.count {
        let cosine = dot(row, centroids.row(c))
        if cosine > best.cosine { best = (c, cosine) }
      }
      return best
    }
  }

  /// k-means++ on at most 16 rows a cluster, drawn at random: each seed is drawn with a probability in
  /// proportion to its squared distance from the nearest seed before it.
  private static func seeds(_ all: Features, _ k: Int, on device: any Device, _ stream: RandomStream) -> Features {
    guard all.count > 0 else { return Features(width: all.width, values: []) }
    var own = stream
    let rows = all.count > 16 * k ? all.subset(Array(own.permutation(all.count)[..<(16 * k)])) : all
    let trace = Trace()
    let shape: Shape = [rows.count, 1]
    let distance = trace.state("distance", shape)
    let cosines = trace.state("rows", [rows.count, rows.width])
      .matrixProduct(trace.feed("seed", [1, rows.width]), transposeRight: true)
    let moved = distance.minimum((cosines * -2 + 2).maximum(trace.constant(0)))
    trace.update(distance, to: moved)
    let executable = device.compile(trace.program(outputs: [moved]))
    let state = [
      device.buffer(Tensor(shape, repeating: .infinity)),
      device.buffer(Tensor([rows.count, rows.width], rows.values)),
    ]
    var chosen = [own.integer(below: rows.count)]
    while chosen.count < k {
      let seed = Tensor([1, rows.width], Array(rows.row(chosen[chosen.count - 1])))
      let distance = executable.run(feeds: [seed], state: state)[0].scalars
      var target = Double(own.uniform()) * distance.reduce(0.0) { $0 + Double($1) }
      var pick = own.integer(below: rows.count)
      if target > 0 {
        for i in 0..<rows.count {
          target -= Double(distance[i])
          if target <= 0 && distance[i] > 0 {
            pick = i
            break
          }
        }
      }
      chosen.append(pick)
    }
    return rows.subset(chosen)
  }
}

/// Returns the dot product of two rows.
package func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
  var sum: Float = 0
  var (i, j) = (a.startIndex, b.startIndex)
  while i < a.endIndex {
    sum += a[i] * b[j]
    i += 1
    j += 1
  }
  return sum
}

/// The nearest of some centroids for every row, on a device that holds the rows.
private struct NearestCentroid {
  private let rows: any DeviceBuffer
  private let executable: any Executable

  init(_ rows: Features, clusters: Int, on device: any Device) {
    let shape: Shape = [rows.count, rows.width]
    let trace = Trace()
    let nearest = trace.state("rows", shape)
      .matrixProduct(trace.feed("centroids", [clusters, rows.width]), transposeRight: true).argMax()
    executable = device.compile(trace.program(outputs: [nearest]))
    self.rows = device.buffer(Tensor(shape, rows.values))
  }

  func callAsFunction(_ centroids: Features) -> [Int] {
    executable.run(feeds: [Tensor([centroids.count, centroids.width], centroids.values)], state: [rows])[0]
      .scalars.map { Int($0) }
  }
}
