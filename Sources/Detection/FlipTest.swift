import Contrastive
import Datasets
import Images
import Randomness

/// Pastes a patch into images spread over all clusters and counts how many change to its cluster.
///
/// - Source: Tejankar et al., PatchSearch, CVPR 2023, section 3.2, arXiv 2304.01482. The mean shift of
///   the cosine is ours: a continuous score that still speaks where few images flip.
public final class FlipTest {
  /// The outcome for one patch.
  public struct Score: Codable, Hashable, Sendable {
    /// Images whose cluster changed to the patch's, less those that left it.
    public var flips: Int
    /// Mean increase of the cosine to the patch's centroid.
    public var shift: Float

    /// Creates a score.
    public init(flips: Int, shift: Float) { (self.flips, self.shift) = (flips, shift) }
  }

  /// The images that patches are pasted into, as indices into the set.
  public let images: [Int]
  private let embedder: Embedder
  private let space: ClusterSpace
  private let centroids: Features
  private let pixels: [[Float]]
  private let before: Features
  private let clusters: [Int]
  private let side: Int
  private let stream: RandomStream

  /// Prepares the test.
  ///
  /// - Parameters:
  ///   - rows: Unit rows of all images in the space.
  ///   - count: Number of images to paste into: the nearest to each centroid in turn.
  public init(
    _ embedder: Embedder, space: ClusterSpace, clustering: KMeans, rows: Features, set: ImageSet, count: Int,
    _ stream: RandomStream
  ) {
    self.embedder = embedder
    self.space = space
    self.stream = stream
    centroids = clustering.centroids
    side = set.side
    var members = [[(cosine: Float, image: Int)]](repeating: [], count: clustering.centroids.count)
    for (i, cluster) in clustering.assignments.enumerated() {
      members[cluster].append((dot(rows.row(i), clustering.centroids.row(cluster)), i))
    }
    for k in members.indices { members[k].sort { ($0.cosine, $1.image) > ($1.cosine, $0.image) } }
    var chosen: [Int] = []
    var rank = 0
    while chosen.count < min(count, set.count) {
      for own in members where rank < own.count && chosen.count < count { chosen.append(own[rank].image) }
      rank += 1
    }
    images = chosen
    pixels = chosen.map { i in set.pixels[i * set.stride..<(i + 1) * set.stride].map { Float($0) * (1 / 255) } }
    before = rows.subset(chosen)
    clusters = chosen.map { clustering.assignments[$0] }
  }

  /// Returns the score of each patch.
  ///
  /// - Parameters:
  ///   - patches: Square pictures no larger than the images.
  ///   - targets: The cluster of each patch's image.
  ///   - keys: Seeds the positions, one a patch; the same key gives the same positions.
  public func scores(_ patches: [Image], targets: [Int], keys: [Int]) -> [Score] {
    let n = images.count
    let floats = patches.map { $0.pixels.map { Float($0) * (1 / 255) } }
    let after = space(
      embedder.features(patches.count * n) { i, target, position in
        let (p, image) = (i / n, i % n)
        for (k, value) in self.pixels[image].enumerated() { target[position + k] = value }
        let patch = patches[p]
        var own = self.stream.stream(keys[p]).stream(image)
        let x = own.integer(below: self.side - patch.width + 1)
        let y = own.integer(below: self.side - patch.height + 1)
        for row in 0..<patch.height {
          let to = position + 3 * ((y + row) * self.side + x)
          for k in 0..<3 * patch.width { target[to + k] = floats[p][row * 3 * patch.width + k] }
        }
      })
    let assigned = KMeans.assign(after, to: centroids)
    return patches.indices.map { p in
      let target = targets[p]
      let centroid = centroids.row(target)
      var (flips, shift) = (0, Float(0))
      for image in 0..<n {
        flips += (assigned[p * n + image].cluster == target ? 1 : 0) - (clusters[image] == target ? 1 : 0)
        shift += dot(after.row(p * n + image), centroid) - dot(before.row(image), centroid)
      }
      return Score(flips: flips, shift: shift / Float(n))
    }
  }
}
