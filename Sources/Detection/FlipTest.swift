import Contrastive
import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// Plants a trigger in images spread over all clusters and counts how many change to its cluster.
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
    /// Images it was pasted into.
    public var images: Int

    /// Creates a score.
    public init(flips: Int, shift: Float, images: Int) {
      (self.flips, self.shift, self.images) = (flips, shift, images)
    }
  }

  /// A patch to test.
  public struct Trial {
    /// What is planted; no larger than the images.
    public var trigger: PlantedTrigger
    /// The cluster it should pull into.
    public var cluster: Int
    /// Seeds the positions; the same key gives the same ones.
    public var key: Int

    /// Creates a trial.
    public init(_ trigger: PlantedTrigger, cluster: Int, key: Int) {
      (self.trigger, self.cluster, self.key) = (trigger, cluster, key)
    }
  }

  /// Sums over the images that a patch was pasted into so far.
  public struct Tally {
    public private(set) var images = 0
    private var flips = 0
    private var sum = 0.0
    private var squares = 0.0

    /// Nothing tested.
    public init() {}

    mutating func add(flips: Int, shift: Float) {
      images += 1
      self.flips += flips
      sum += Double(shift)
      squares += Double(shift) * Double(shift)
    }

    static func + (a: Tally, b: Tally) -> Tally {
      var both = a
      both.images += b.images
      both.flips += b.flips
      both.sum += b.sum
      both.squares += b.squares
      return both
    }

    /// The score so far.
    public var score: Score { Score(flips: flips, shift: Float(mean), images: images) }

    private var mean: Double { sum / Double(max(1, images)) }

    /// Standard error of the mean shift as an estimate of its value over `all` images.
    func standardError(of all: Int) -> Float {
      guard images > 1, all > images else { return 0 }
      let n = Double(images)
      let variance = max(0, squares - sum * sum / n) / (n - 1)
      return Float((variance / n * (1 - n / Double(all))).squareRoot())
    }
  }

  /// Images in one compiled batch.
  private static let batch = 256

  /// The images that patches are pasted into, as indices into the set; in random order, so that the
  /// first ones are a sample of all.
  public let images: [Int]
  private let executable: any Executable
  private let store: ParameterStore
  private let centroids: Features
  private let set: ImageSet
  private let before: Features
  private let clusters: [Int]
  private let stream: RandomStream
  /// A batch of flip images as floats; see `slots`.
  private var pixels: [Float]
  /// For every place in the batch: the flip image there, and the part of it that a patch covers.
  private var slots: [(image: Int, covered: Window)?]

  /// Prepares the test.
  ///
  /// - Parameters:
  ///   - rows: Unit rows of all images in the space.
  ///   - count: Number of images to paste into: the nearest to each centroid in turn.
  public init(
    _ encoder: Encoder, space: ClusterSpace, clustering: KMeans, rows: Features, set: ImageSet, count: Int,
    on device: any Device, _ stream: RandomStream
  ) {
    self.stream = stream
    self.set = set
    centroids = clustering.centroids
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
    var order = stream.stream("order")
    images = order.permutation(chosen.count).map { chosen[$0] }
    before = rows.subset(images)
    clusters = images.map { clustering.assignments[$0] }
    pixels = [Float](repeating: 0, count: Self.batch * set.stride)
    slots = Array(repeating: nil, count: Self.batch)

    let trace = Trace()
    let input = trace.feed("pixels", [Self.batch, set.side, set.side, 3])
    let targets = trace.feed("targets", [Self.batch, space.width])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let embedded = space.apply(encoder.activations(input, scope).features)
    let all = trace.constant(Tensor([centroids.count, space.width], centroids.values))
    executable = device.compile(
      trace.program(outputs: [
        embedded.matrixProduct(all, transposeRight: true).argMax(), (embedded * targets).sum([1]),
      ]))
    store = ParameterStore(encoder.weights, on: device)
  }

  /// Pastes each patch into some of the images.
  ///
  /// - Parameter range: Positions in `images`.
  public func tallies(_ trials: [Trial], _ range: Range<Int>) -> [Tally] {
    var tallies = [Tally](repeating: Tally(), count: trials.count)
    let total = trials.count * range.count
    let width = centroids.width
    var targets = [Float](repeating: 0, count: Self.batch * width)
    /// What is tested in a batch: the place there, the trial, the position in `images`.
    func tested(_ k: Int) -> [(slot: Int, trial: Int, image: Int)] {
      (0..<min(Self.batch, total - k * Self.batch)).map { slot in
        let i = k * Self.batch + slot
        return (slot, i / range.count, range.lowerBound + i % range.count)
      }
    }
    store.run(executable, times: (total + Self.batch - 1) / Self.batch) { k in
      for (slot, t, image) in tested(k) {
        paste(trials[t], into: image, slot)
        let centroid = centroids.row(trials[t].cluster)
        for j in 0..<width { targets[slot * width + j] = centroid[centroid.startIndex + j] }
      }
      return [Tensor([Self.batch, set.side, set.side, 3], pixels), Tensor([Self.batch, width], targets)]
    } take: { k, out in
      for (slot, t, image) in tested(k) {
        let target = trials[t].cluster
        tallies[t].add(
          flips: (Int(out[0].scalars[slot]) == target ? 1 : 0) - (clusters[image] == target ? 1 : 0),
          shift: out[1].scalars[slot] - dot(before.row(image), centroids.row(target)))
      }
    }
    return tallies
  }

  /// Puts a flip image with a patch into the batch; only what differs from what is there is written.
  private func paste(_ trial: Trial, into image: Int, _ slot: Int) {
    let side = set.side
    func restore(_ window: Window) {
      for row in window.y..<window.y + window.side {
        let (to, from) = (slot * set.stride + 3 * row * side, images[image] * set.stride + 3 * row * side)
        for k in 3 * window.x..<3 * (window.x + window.side) {
          pixels[to + k] = Float(set.pixels[from + k]) * (1 / 255)
        }
      }
    }
    if let held = slots[slot], held.image == image {
      restore(held.covered)
    } else {
      restore(Window(x: 0, y: 0, side: side))
    }
    var own = stream.stream(trial.key).stream(images[image])
    let window = trial.trigger.place(side: side, &own)
    trial.trigger.plant(into: &pixels, at: slot * set.stride, side: side, window)
    slots[slot] = (image, window)
  }
}
