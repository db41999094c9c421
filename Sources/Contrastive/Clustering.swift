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
  ///   - stream: Starts the iteration.
  /// - Complexity: O(N D² + iterations D² D').
  /// - Source: Principal components by orthogonal iteration; Golub and Van Loan, section 8.2.
  public init(_ features: Features, directions: Int, _ stream: RandomStream) {
    let d = features.width
    let k = min(directions, d)
    var mean = [Double](repeating: 0, count: d)
    for i in 0..<features.count { for (j, value) in features.row(i).enumerated() { mean[j] += Double(value) } }
    let n = Double(max(features.count, 1))
    let centre = mean.map { Float($0 / n) }
    var covariance = [Float](repeating: 0, count: d * d)
    var centred = [Float](repeating: 0, count: d)
    for i in 0..<features.count {
      let row = features.row(i)
      for j in 0..<d { centred[j] = row[row.startIndex + j] - centre[j] }
      for a in 0..<d where centred[a] != 0 {
        let value = centred[a]
        for b in 0..<d { covariance[a * d + b] += value * centred[b] }
      }
    }
    for i in covariance.indices { covariance[i] /= Float(n) }
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
    var projection = [Float](repeating: 0, count: d * k)
    for r in 0..<k { for a in 0..<d { projection[a * k + r] = basis[r][a] / max(scales[r], floor).squareRoot() } }
    self.projection = projection
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
    centroids = Self.seeds(rows, k, stream)
    assignments = []
    let similarity = Similarity(rows: rows, clusters: k, on: device)
    for _ in 0..<iterations {
      let (next, best) = similarity.nearest(centroids)
      if next == assignments { break }
      assignments = next
      var sums = [Float](repeating: 0, count: k * rows.width)
      var counts = [Int](repeating: 0, count: k)
      for (i, cluster) in next.enumerated() {
        counts[cluster] += 1
        for (j, value) in rows.row(i).enumerated() { sums[cluster * rows.width + j] += value }
      }
      // An empty cluster starts again at the row that fits its own worst.
      var worst = best.indices.sorted { (best[$0], $0) < (best[$1], $1) }[...]
      for cluster in 0..<k {
        if counts[cluster] == 0, let row = worst.popFirst() {
          sums.replaceSubrange(cluster * rows.width..<(cluster + 1) * rows.width, with: rows.row(row))
        }
        let own = cluster * rows.width..<(cluster + 1) * rows.width
        let size = max(sums[own].reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        for j in own { sums[j] /= size }
      }
      centroids = Features(width: rows.width, values: sums)
    }
    assignments = similarity.nearest(centroids).clusters
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

  private static func seeds(_ rows: Features, _ k: Int, _ stream: RandomStream) -> Features {
    var own = stream
    guard rows.count > 0 else { return Features(width: rows.width, values: []) }
    var chosen = [own.integer(below: rows.count)]
    var distance = [Float](repeating: .infinity, count: rows.count)
    while chosen.count < k {
      let last = rows.row(chosen[chosen.count - 1])
      var total = 0.0
      for i in 0..<rows.count {
        distance[i] = min(distance[i], max(0, 2 - 2 * dot(rows.row(i), last)))
        total += Double(distance[i])
      }
      var target = Double(own.uniform()) * total
      var pick = own.integer(below: rows.count)
      if total > 0 {
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

/// Rows by centroids as matrix products on a device.
private struct Similarity {
  private let rows: Features
  private let tile: Int
  private let executable: any Executable

  init(rows: Features, clusters: Int, on device: any Device) {
    self.rows = rows
    tile = min(4096, max(1, rows.count))
    let trace = Trace()
    let product = trace.feed("rows", [tile, rows.width])
      .matrixProduct(trace.feed("centroids", [clusters, rows.width]), transposeRight: true)
    executable = device.compile(trace.program(outputs: [product]))
  }

  func nearest(_ centroids: Features) -> (clusters: [Int], cosines: [Float]) {
    var (clusters, cosines): ([Int], [Float]) = ([], [])
    let k = centroids.count
    for start in stride(from: 0, to: rows.count, by: tile) {
      let size = min(tile, rows.count - start)
      var own = Array(rows.values[start * rows.width..<(start + size) * rows.width])
      own += [Float](repeating: 0, count: (tile - size) * rows.width)
      let out = executable.run(
        feeds: [Tensor([tile, rows.width], own), Tensor([k, rows.width], centroids.values)], state: [])[0].scalars
      for i in 0..<size {
        var (best, cosine) = (0, -Float.infinity)
        for c in 0..<k where out[i * k + c] > cosine { (best, cosine) = (c, out[i * k + c]) }
        clusters.append(best)
        cosines.append(cosine)
      }
    }
    return (clusters, cosines)
  }
}
