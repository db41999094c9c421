import Contrastive
import Datasets
import Foundation
import Images
import Randomness
import Tensors

/// A score of a family beside that of other images; never removes an image by itself.
public struct SecondaryScore: Codable, Sendable, Hashable {
  public var name: String
  /// Mean over members of the family, or the value of its cluster.
  public var members: Double
  /// Mean over other images, or the median over the other clusters.
  public var others: Double
}

/// Model-based complements: how members of a family behave in the encoder.
///
/// - blur-consistency, chroma-consistency: cosine between the features of an image and of its 3x3 mean, and
///   of its luminance. Triggers of high frequency or in the chroma are lost with them. After Satpathy,
///   arXiv 2403.15918.
/// - mixing-entropy: entropy over clusters, in bits, of an image blended half and half with 8 others. A
///   trigger that survives the blend keeps the cluster: low. STRIP: Gao et al., ACSAC 2019, arXiv 1902.06531.
/// - spectral-signature: mean squared projection of members on the first direction of their cluster over
///   that of the cluster's other images. Tran et al., NeurIPS 2018, arXiv 1811.00636.
/// - scan: share of variance in the family's cluster that is between two halves of it (2-means), against the
///   median of the other clusters: two groups in one cluster. After SCAn, Tang et al., USENIX Security
///   2021, arXiv 1908.00686; a cluster stands for its class, and 2-means for its untangling.
/// - Limits: Weak by themselves; context for a reader.
public struct SecondaryScores {
  private let set: ImageSet
  private let embedder: Embedder
  private let space: SearchSpace
  private let stream: RandomStream
  private static let most = 64

  /// Prepares the scores with the encoder that was searched.
  public init(set: ImageSet, embedder: Embedder, space: SearchSpace, _ stream: RandomStream) {
    (self.set, self.embedder, self.space, self.stream) = (set, embedder, space, stream)
  }

  /// Scores a family.
  public func scores(members: [Int], cluster: Int) -> [SecondaryScore] {
    let planted = Set(members)
    var draw = stream.stream("others")
    let others = draw.permutation(set.count).lazy.filter { !planted.contains($0) }.prefix(Self.most).sorted()
    let own = Array(members.prefix(Self.most))
    guard !own.isEmpty, others.count >= 8 else { return [] }
    func score(_ name: String, _ value: ([Int]) -> Double) -> SecondaryScore {
      SecondaryScore(name: name, members: value(own), others: value(others))
    }
    return [
      score("blur-consistency") { consistency($0, blurred) },
      score("chroma-consistency") { consistency($0, greyed) },
      score("mixing-entropy") { entropy($0, others) },
      signature(planted, cluster), twoGroups(cluster),
    ]
  }

  private func consistency(_ images: [Int], _ change: (Int) -> [Float]) -> Double {
    let before = space.space(embedder.features(set, images))
    let after = space.space(
      embedder.features(images.count) { i, target, position in
        for (k, value) in change(images[i]).enumerated() { target[position + k] = value }
      })
    return images.indices.reduce(0.0) { $0 + Double(dot(before.row($1), after.row($1))) } / Double(images.count)
  }

  private func value(_ image: Int, _ k: Int) -> Float { Float(set.pixels[image * set.stride + k]) * (1 / 255) }

  private func blurred(_ image: Int) -> [Float] {
    let side = set.side
    return (0..<set.stride).map { k in
      let (x, y, c) = (k / 3 % side, k / 3 / side, k % 3)
      var (sum, count): (Float, Float) = (0, 0)
      for v in max(0, y - 1)...min(side - 1, y + 1) {
        for u in max(0, x - 1)...min(side - 1, x + 1) {
          sum += value(image, 3 * (v * side + u) + c)
          count += 1
        }
      }
      return sum / count
    }
  }

  private func greyed(_ image: Int) -> [Float] {
    (0..<set.stride).map { k in
      let at = k / 3 * 3
      return luminance(value(image, at), value(image, at + 1), value(image, at + 2))
    }
  }

  private func entropy(_ images: [Int], _ others: [Int]) -> Double {
    let blends = 8
    let features = embedder.features(images.count * blends) { i, target, position in
      let (a, b) = (images[i / blends], others[(i / blends + 5 * (i % blends) + 1) % others.count])
      for k in 0..<set.stride { target[position + k] = 0.5 * (value(a, k) + value(b, k)) }
    }
    let clusters = KMeans.assign(space.space(features), to: space.clustering.centroids).map(\.cluster)
    var sum = 0.0
    for i in images.indices {
      var counts: [Int: Double] = [:]
      for k in 0..<blends { counts[clusters[i * blends + k], default: 0] += 1 }
      for count in counts.values { sum -= count / Double(blends) * log2(count / Double(blends)) }
    }
    return sum / Double(images.count)
  }

  private func members(_ cluster: Int) -> [Int] {
    space.clustering.assignments.indices.filter { space.clustering.assignments[$0] == cluster }
  }

  private func signature(_ planted: Set<Int>, _ cluster: Int) -> SecondaryScore {
    let own = members(cluster)
    let projections = Self.main(space.rows.subset(own), stream.stream("signature"))
    func mean(_ isMember: Bool) -> Double {
      let some = own.indices.filter { planted.contains(own[$0]) == isMember }
      return some.reduce(0.0) { $0 + Double(projections[$1] * projections[$1]) } / Double(max(1, some.count))
    }
    return SecondaryScore(name: "spectral-signature", members: mean(true), others: mean(false))
  }

  /// Centred rows projected on their main direction (power iteration).
  private static func main(_ rows: Features, _ stream: RandomStream) -> [Float] {
    guard rows.count > 1 else { return [Float](repeating: 0, count: rows.count) }
    let d = rows.width
    var mean = [Float](repeating: 0, count: d)
    for i in 0..<rows.count { for (j, v) in rows.row(i).enumerated() { mean[j] += v / Float(rows.count) } }
    var own = stream
    var direction = (0..<d).map { _ in own.normal() }
    var projections = [Float](repeating: 0, count: rows.count)
    for _ in 0..<30 {
      var next = [Float](repeating: 0, count: d)
      for i in 0..<rows.count {
        let row = rows.row(i)
        var sum: Float = 0
        for j in 0..<d { sum += (row[row.startIndex + j] - mean[j]) * direction[j] }
        projections[i] = sum
        for j in 0..<d { next[j] += sum * (row[row.startIndex + j] - mean[j]) }
      }
      let size = max(next.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      direction = next.map { $0 / size }
    }
    return projections
  }

  private func twoGroups(_ cluster: Int) -> SecondaryScore {
    func share(_ cluster: Int) -> Double {
      let p = Self.main(space.rows.subset(members(cluster)), stream.stream("scan")).map(Double.init)
      guard p.count >= 4 else { return 0 }
      let total = p.reduce(0) { $0 + $1 * $1 }
      let (high, low) = (p.filter { $0 > 0 }, p.filter { $0 <= 0 })
      func between(_ group: [Double]) -> Double {
        let sum = group.reduce(0, +)
        return group.isEmpty ? 0 : sum * sum / Double(group.count)
      }
      return total > 0 ? (between(high) + between(low)) / total : 0
    }
    let count = space.clustering.centroids.count
    let others = (0..<count).filter { $0 != cluster }.map(share).sorted()
    return SecondaryScore(
      name: "scan", members: share(cluster), others: others.isEmpty ? 0 : others[others.count / 2])
  }
}
