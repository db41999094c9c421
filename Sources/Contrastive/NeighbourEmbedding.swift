import Foundation

/// Places rows on a plane so that neighbours stay neighbours.
///
/// - Source: van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008; the exact form. Starts from the
///   two first columns instead of noise, so that the same rows give the same plane.
public enum NeighbourEmbedding {
  /// Returns x and y of every row, scaled to 0...1.
  ///
  /// - Parameters:
  ///   - rows: [N, D], D at least 2.
  ///   - perplexity: Neighbours that count for a row, in effect.
  ///   - iterations: Steps of gradient descent.
  /// - Complexity: O(N² (D + iterations)) time and N² numbers; meant for up to about a thousand rows.
  public static func plane(_ rows: Features, perplexity: Double = 30, iterations: Int = 400) -> (
    x: [Double], y: [Double]
  ) {
    let n = rows.count
    guard n > 2, rows.width >= 2 else {
      return ((0..<n).map { n > 1 ? Double($0) / Double(n - 1) : 0.5 }, [Double](repeating: 0.5, count: n))
    }
    let affinities = affinities(rows, perplexity: min(perplexity, Double(n - 1) / 3))
    // The first main directions at a small scale.
    var y = [Double](repeating: 0, count: 2 * n)
    for i in 0..<n {
      let row = rows.row(i)
      for c in 0..<2 { y[2 * i + c] = 1e-2 * Double(row[row.startIndex + c]) + 1e-6 * Double((i * (c + 7)) % 101) }
    }
    var step = [Double](repeating: 0, count: 2 * n)
    var gains = [Double](repeating: 1, count: 2 * n)
    var weights = [Double](repeating: 0, count: n * n)
    let rate = max(50, Double(n) / 12)
    for iteration in 0..<iterations {
      let exaggeration = iteration < iterations / 4 ? 12.0 : 1
      let momentum = iteration < iterations / 4 ? 0.5 : 0.8
      var total = 0.0
      for i in 0..<n {
        for j in i + 1..<n {
          let (dx, dy) = (y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1])
          let w = 1 / (1 + dx * dx + dy * dy)
          weights[i * n + j] = w
          total += 2 * w
        }
      }
      var gradient = [Double](repeating: 0, count: 2 * n)
      for i in 0..<n {
        for j in i + 1..<n {
          let w = weights[i * n + j]
          let pull = 4 * (exaggeration * affinities[i * n + j] - w / total) * w
          for c in 0..<2 {
            let part = pull * (y[2 * i + c] - y[2 * j + c])
            gradient[2 * i + c] += part
            gradient[2 * j + c] -= part
          }
        }
      }
      for k in 0..<2 * n {
        gains[k] = max(0.01, (gradient[k] > 0) == (step[k] > 0) ? gains[k] * 0.8 : gains[k] + 0.2)
        step[k] = momentum * step[k] - rate * gains[k] * gradient[k]
        y[k] += step[k]
      }
    }
    func scaled(_ c: Int) -> [Double] {
      let values = (0..<n).map { y[2 * $0 + c] }
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      return values.map { high > low ? ($0 - low) / (high - low) : 0.5 }
    }
    return (scaled(0), scaled(1))
  }

  /// Symmetric probabilities that sum to 1; the width of each row's bell is chosen for the perplexity.
  private static func affinities(_ rows: Features, perplexity: Double) -> [Double] {
    let n = rows.count
    var distances = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in i + 1..<n {
        var sum = 0.0
        for (a, b) in zip(rows.row(i), rows.row(j)) { sum += Double((a - b) * (a - b)) }
        (distances[i * n + j], distances[j * n + i]) = (sum, sum)
      }
    }
    let wanted = log(perplexity)
    var shares = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      var (low, high, precision) = (0.0, Double.infinity, 1.0)
      var own = [Double](repeating: 0, count: n)
      for _ in 0..<60 {
        var (sum, weighted) = (0.0, 0.0)
        for j in 0..<n where j != i {
          own[j] = exp(-precision * distances[i * n + j])
          sum += own[j]
          weighted += own[j] * distances[i * n + j]
        }
        sum = max(sum, 1e-300)
        let entropy = log(sum) + precision * weighted / sum
        for j in 0..<n { own[j] /= sum }
        if abs(entropy - wanted) < 1e-4 { break }
        if entropy > wanted {
          low = precision
          precision = high.isFinite ? (low + high) / 2 : 2 * precision
        } else {
          high = precision
          precision = (low + high) / 2
        }
      }
      for j in 0..<n { shares[i * n + j] = own[j] }
    }
    var result = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n { result[i * n + j] = (shares[i * n + j] + shares[j * n + i]) / Double(2 * n) }
    }
    return result
  }
}
