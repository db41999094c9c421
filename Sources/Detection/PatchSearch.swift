import Contrastive
import Datasets
import Images
import NeuralNetworks
import Randomness
import Tensors

/// Iterative search for images whose most telling window pulls other images into their cluster.
///
/// - Source: Tejankar et al., "Defending Against Patch-based Backdoor Attacks on Self-Supervised
///   Learning", CVPR 2023, arXiv 2304.01482. Deviates: clusters in a whitened space, localisation on
///   an earlier map, ranking by the mean shift, and several windows an image that really differ; the
///   search goes on until every live cluster is used up or the number of rounds is reached, since a
///   quarter of three clusters rounds to zero.
/// - Limits: Finds triggers that are visible and local. Triggers spread over the image (blended,
///   spectral, warped) leave no window to cut out and are missed; so are those that the encoder has
///   not learnt.
public struct PatchSearch {
  /// Settings; nil chooses from the data.
  public struct Configuration: Codable, Hashable, Sendable {
    /// How the last map of the encoder that is searched becomes features. Maxima keep local evidence: with
    /// averages alone the encoder does not tie a trigger in half of a class to a cluster
    /// (`Benchmarks/Detection/NOTES.md`).
    public var pooling = ResNet.Configuration.Pooling.both
    /// Images in a batch of the search encoder's training, if its recipe has more. Images with a trigger that
    /// meet in a batch are each other's negatives and pushed apart: with 256 of which a twentieth is poisoned they are 13,
    /// with 32 one or two, as in published settings (`Benchmarks/Detection/NOTES.md`).
    public var batch = 32
    /// Epochs of the search encoder's training relative to its recipe's. With views of 0.7 a trigger of 22 % of the side on
    /// Fashion-MNIST is tied to a cluster after 90 epochs with three seeds of three, after 60 with one of two; with whole views
    /// after 60, as long a time, with two of three (`Benchmarks/Detection/NOTES.md`).
    public var epochFactor = 3
    /// Side of the search encoder's views relative to the images', (0, 1]; see ``ContrastiveConfiguration/viewScale``.
    public var viewScale: Float = 0.7
    /// Number of clusters; nil chooses from the data, see ``SearchSpace``.
    public var clusters: Int?
    /// Main directions that are kept and whitened.
    public var directions = 32
    /// See ``ClusterSpace``; 0 whitens fully.
    public var shrinkage: Float = 0.3
    /// Images that each patch is pasted into.
    public var flipImages = 256
    /// Flip images that every patch is screened on; those that could still be among the finalists are
    /// pasted into the others too.
    public var screeningImages = 64
    /// Candidates that must be scored on all flip images: the best ones, which are compared with each
    /// other afterwards.
    public var finalists = 30
    /// Side of the window in pixels of what encoders see; nil takes 0.36 of that side.
    public var windowPixels: Int?
    /// What windows are found by; nil takes gradient times activation for a ResNet and a rollout for a transformer.
    public var saliency: Saliency?
    /// Windows tried in an image.
    public var windowsPerImage = 2
    /// Images drawn from each live cluster a round.
    public var imagesPerRound = 2
    /// Share of the live clusters dropped after a round; [0, 1).
    public var pruned = 0.25
    /// Largest share of the dataset that is scored.
    public var budget = 0.1

    /// The defaults.
    public init() {}

    /// What windows of a network are found by.
    public func saliency(of network: BackboneConfiguration) -> Saliency {
      guard network.hasFixedSide else { return .gradient }
      return saliency ?? .gradientRollout
    }

    /// Side of a window in images of a side, in pixels.
    public func window(side: Int) -> Int { windowPixels ?? PatchSearch.automaticWindow(side) }

    /// Everything in these settings that cannot work, in words.
    public func problems(side: Int?) -> [String] {
      var found: [String] = []
      if batch < 8 { found.append("the search encoder's batch must be at least 8, not \(batch)") }
      if epochFactor < 1 { found.append("the search encoder's epoch factor must be at least 1, not \(epochFactor)") }
      if !(viewScale > 0 && viewScale <= 1) {
        found.append("the scale of the search encoder's views must be in (0, 1], not \(viewScale)")
      }
      if let clusters, clusters < 2 { found.append("clusters must be at least 2, not \(clusters)") }
      if let windowPixels, windowPixels < 2 || windowPixels > (side ?? .max) {
        found.append("window must be 2 pixels up to the image side, not \(windowPixels)")
      }
      if screeningImages < 8 { found.append("screening images must be at least 8, not \(screeningImages)") }
      if finalists < 1 { found.append("finalists must be at least 1, not \(finalists)") }
      if flipImages < 8 { found.append("flip images must be at least 8, not \(flipImages)") }
      if !(pruned >= 0 && pruned < 1) { found.append("pruned share must be in [0, 1), not \(pruned)") }
      if !(budget > 0 && budget <= 1) { found.append("budget must be in (0, 1], not \(budget)") }
      if imagesPerRound < 1 || windowsPerImage < 1 {
        found.append("images a round and windows an image must be at least 1")
      }
      return found
    }
  }

  /// One window that was tested.
  public struct Candidate: Codable, Hashable, Sendable {
    /// Index into the set.
    public var image: Int
    public var cluster: Int
    public var window: Window
    public var score: FlipTest.Score

    /// Creates a candidate.
    public init(image: Int, cluster: Int, window: Window, score: FlipTest.Score) {
      (self.image, self.cluster, self.window, self.score) = (image, cluster, window, score)
    }
  }

  /// What the search did; enough to go on after a round.
  public struct State: Codable, Sendable {
    /// Best window of each image scored, in the order of scoring.
    public var candidates: [Candidate] = []
    /// Control windows: as far from the telling one as the image allows, scored alike.
    public var controls: [Candidate] = []
    public var liveClusters: [Int] = []
    public var round = 0
    public var isFinished = false
    public var flipsEvaluated = 0

    /// The state before the first round.
    public init() {}
  }

  private let configuration: Configuration
  private let set: ImageSet
  private let clustering: KMeans
  private let localizer: Localizer
  private let test: FlipTest
  private let stream: RandomStream
  /// Side of the windows in pixels.
  public let windowPixels: Int
  /// Images that each patch was pasted into.
  public var flipImages: Int { test.images.count }

  /// Prepares the search over a clustered set.
  public init(
    _ configuration: Configuration, set: ImageSet, clusters: SearchSpace, embedder: Embedder, on device: any Device,
    _ stream: RandomStream
  ) {
    self.configuration = configuration
    self.set = set
    clustering = clusters.clustering
    self.stream = stream
    windowPixels = configuration.window(side: set.side)
    localizer = Localizer(
      embedder.encoder, configuration.saliency(of: embedder.encoder.configuration.network), space: clusters.space,
      set: set, on: device)
    test = FlipTest(
      embedder.encoder, space: clusters.space, clustering: clusters.clustering, rows: clusters.rows, set: set,
      count: configuration.flipImages, on: device, stream.stream("positions"))
  }

  /// The window for images of a side: 0.36 of it, a fifth more than the published trigger share.
  fileprivate static func automaticWindow(_ side: Int) -> Int { max(3, Int((0.36 * Double(side)).rounded())) }

  /// Runs the search to its end.
  ///
  /// - Parameters:
  ///   - state: Where to go on; nil starts.
  ///   - afterRound: Called with the state to keep; may throw to stop.
  public func run(from state: State? = nil, afterRound: (State) throws -> Void) rethrows -> State {
    var state = state ?? State()
    let members = queues()
    if state.round == 0 { state.liveClusters = members.indices.filter { !members[$0].isEmpty } }
    let most = max(1, Int(configuration.budget * Double(set.count)))
    while !state.isFinished {
      // The last cluster is searched to its end in any case, so its images come in fuller batches.
      let draw = state.liveClusters.count == 1 ? 16 : configuration.imagesPerRound
      var taken: [Int: Int] = [:]
      for candidate in state.candidates { taken[candidate.cluster, default: 0] += 1 }
      var images: [Int] = []
      for cluster in state.liveClusters { images += members[cluster].dropFirst(taken[cluster] ?? 0).prefix(draw) }
      images = Array(images.prefix(max(0, most - state.candidates.count)))
      if images.isEmpty {
        state.isFinished = true
      } else {
        score(images, &state)
        prune(&state)
        state.round += 1
      }
      try afterRound(state)
    }
    return state
  }

  /// Returns heat maps of images for their own clusters.
  public func heatMaps(_ images: [Int]) -> [Localizer.HeatMap] {
    localizer.heatMaps(images, targets: clustering.centroids.subset(images.map { clustering.assignments[$0] }))
  }

  /// What a recovered trigger does to other images.
  public struct Effect: Codable, Sendable, Hashable {
    /// The cluster of most members.
    public var cluster: Int
    public var score: FlipTest.Score
    /// Share of controls that pull as many images into the cluster; (0, 1].
    public var pValue: Double
  }

  /// Plants a trigger in the flip images; controls are windows of other images of the same size, and for
  /// patterns the pattern shifted cyclically.
  ///
  /// - Parameter members: Images that carry it.
  public func effect(of trigger: PlantedTrigger, members: [Int]) -> Effect {
    var votes: [Int: Int] = [:]
    for image in members { votes[clustering.assignments[image], default: 0] += 1 }
    let cluster = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    let planted = Set(members)
    var draw = stream.stream("effect controls")
    let controls = (0..<39).map { _ -> PlantedTrigger in
      switch trigger {
      case .patch(let template), .object(let template):
        var image = draw.integer(below: set.count)
        for _ in 0..<20 where planted.contains(image) { image = draw.integer(below: set.count) }
        let size = min(template.side, set.side)
        let span = set.side - size + 1
        let window = Window(x: draw.integer(below: span), y: draw.integer(below: span), side: size)
        return .patch(PatchTemplate(set.crop(image, window), weights: template.weights))
      case .pattern(let levels):
        let (side, dx, dy) = (set.side, draw.integer(below: set.side), draw.integer(below: set.side))
        return .pattern(
          levels.indices.map { k in
            let (x, y) = ((k / 3 % side + dx) % side, (k / 3 / side + dy) % side)
            return levels[3 * (y * side + x) + k % 3]
          })
      }
    }
    let trials = ([trigger] + controls).enumerated().map { FlipTest.Trial($1, cluster: cluster, key: $0) }
    let scores = test.tallies(trials, 0..<test.images.count).map(\.score)
    let p = Calibration.pValues([scores[0].shift], null: scores.dropFirst().map(\.shift))[0]
    return Effect(cluster: cluster, score: scores[0], pValue: p)
  }

  private func queues() -> [[Int]] {
    var members = [[Int]](repeating: [], count: clustering.centroids.count)
    for (i, cluster) in clustering.assignments.enumerated() { members[cluster].append(i) }
    return members.enumerated().map { k, own in
      var draw = stream.stream("queues").stream(k)
      return draw.permutation(own.count).map { own[$0] }
    }
  }

  private func score(_ images: [Int], _ state: inout State) {
    let maps = heatMaps(images)
    var tried: [(image: Int, window: Window, isControl: Bool)] = []
    for (image, map) in zip(images, maps) {
      let windows = Localizer.windows(map, side: set.side, window: windowPixels, count: configuration.windowsPerImage)
      tried += windows.map { (image, $0, false) }
      if let first = windows.first { tried.append((image, control(of: first), true)) }
    }
    let trials = tried.map { item in
      FlipTest.Trial(
        .patch(PatchTemplate(set.crop(item.image, item.window))),
        cluster: clustering.assignments[item.image],
        key: item.image * 4096 + item.window.y * 64 + item.window.x)
    }
    let scores = scores(trials, images: tried.map(\.image), isControl: tried.map(\.isControl), &state)
    let clusters = trials.map(\.cluster)
    for image in images {
      let own = tried.indices.filter { tried[$0].image == image }
      func candidate(_ i: Int) -> Candidate {
        Candidate(image: image, cluster: clusters[i], window: tried[i].window, score: scores[i])
      }
      let telling = own.filter { !tried[$0].isControl }.map(candidate)
      if let best = telling.max(by: { $0.score.shift < $1.score.shift }) { state.candidates.append(best) }
      state.controls += own.filter { tried[$0].isControl }.map(candidate)
    }
  }

  /// Scores patches on as many flip images as it takes to tell which are among the finalists.
  ///
  /// A sequential test in three looks, each against the score of the last finalist so far: after half
  /// the screening a patch is given up if its mean shift and three standard errors stay below it, after
  /// the whole screening if its mean does. One whose true score lies three standard errors of the
  /// screening above the last finalist is lost with a probability below 0.3 % (normal approximation);
  /// those nearer to it are as good as the finalist they don't replace. Control windows are treated
  /// alike, so that they remain a null distribution.
  private func scores(
    _ trials: [FlipTest.Trial], images: [Int], isControl: [Bool], _ state: inout State
  ) -> [FlipTest.Score] {
    let all = test.images.count
    let screening = min(configuration.screeningImages, all)
    var tallies = [FlipTest.Tally](repeating: .init(), count: trials.count)
    // Scores are compared less the mean of their cluster's control windows, as the filter does.
    var controls: [Int: [Float]] = [:]
    for control in state.controls { controls[control.cluster, default: []].append(control.score.shift) }
    func estimate(_ i: Int) -> Float { tallies[i].score.shift - (baseline[trials[i].cluster] ?? 0) }
    var baseline: [Int: Float] = [:]
    // The best window of every image that was pasted into all flip images.
    var best: [Int: Float] = [:]
    func limit() -> Float {
      best.count < configuration.finalists ? -.infinity : best.values.sorted(by: >)[configuration.finalists - 1]
    }
    func look(_ chosen: [Int], _ range: Range<Int>) {
      for (i, more) in zip(chosen, test.tallies(chosen.map { trials[$0] }, range)) {
        tallies[i] = tallies[i] + more
        if tallies[i].images == all && !isControl[i] {
          best[images[i]] = max(best[images[i]] ?? -.infinity, estimate(i))
        }
      }
      state.flipsEvaluated += chosen.count * range.count
    }

    look(Array(trials.indices), 0..<screening / 2)
    for i in trials.indices where isControl[i] {
      controls[trials[i].cluster, default: []].append(tallies[i].score.shift)
    }
    baseline = controls.mapValues { $0.reduce(0, +) / Float($0.count) }
    for done in state.candidates where done.score.images == all {
      best[done.image] = done.score.shift - (baseline[done.cluster] ?? 0)
    }
    let least = limit()
    look(
      trials.indices.filter { estimate($0) + 3 * tallies[$0].standardError(of: all) >= least },
      screening / 2..<screening)
    var waiting = trials.indices.filter { tallies[$0].images == screening }
      .sorted { (estimate($0), $1) > (estimate($1), $0) }
    while screening < all && !waiting.isEmpty {
      let least = limit()
      waiting = waiting.filter { estimate($0) >= least }
      // The most promising first: they raise the limit for the others.
      let next = Array(waiting.prefix(max(configuration.finalists - best.count, configuration.finalists / 4, 1)))
      look(next, screening..<all)
      waiting.removeFirst(next.count)
    }
    return tallies.map(\.score)
  }

  /// The window in the opposite corner.
  private func control(of window: Window) -> Window {
    let span = set.side - window.side
    return Window(
      x: window.x * 2 < span ? span : 0, y: window.y * 2 < span ? span : 0, side: window.side)
  }

  private func prune(_ state: inout State) {
    var best: [Int: Float] = [:]
    for candidate in state.candidates {
      best[candidate.cluster] = max(best[candidate.cluster] ?? -.infinity, candidate.score.shift)
    }
    let ranked = state.liveClusters.sorted { (best[$0] ?? -.infinity, $1) > (best[$1] ?? -.infinity, $0) }
    // Rounding up drops one of the last few as well, down to a single cluster that is searched to its end.
    let dropped = min(ranked.count - 1, Int((configuration.pruned * Double(ranked.count)).rounded(.up)))
    state.liveClusters = Array(ranked.prefix(max(1, ranked.count - dropped)))
  }
}

/// The features of a set, the space they are clustered in, and the clusters.
///
/// Their number, where none is given, is the smallest one whose silhouette is as good as the best: poisoned
/// images then lie in few clusters, and flips into them are many.
public struct SearchSpace: Sendable {
  public let space: ClusterSpace
  /// Unit rows of all images.
  public let rows: Features
  public let clustering: KMeans
  /// See ``Features/spread``; of the raw features.
  public let spread: Float
  /// What makes a search in this space pointless.
  public let warning: EncoderWarning?

  /// Embeds and clusters a set.
  public init(
    _ configuration: PatchSearch.Configuration, set: ImageSet, embedder: Embedder, on device: any Device,
    _ stream: RandomStream
  ) {
    var features = embedder.features(set)
    warning = features.warning
    // Zeros are one point: nothing is found in them, and nothing that follows meets a number that is not finite.
    if warning?.code == .notFinite {
      features = Features(width: features.width, values: features.values.map { _ in 0 })
    }
    spread = features.spread
    let space = ClusterSpace(
      features, directions: configuration.directions, shrinkage: configuration.shrinkage, on: device,
      stream.stream("space"))
    self.space = space
    let counts = configuration.clusters.map { [$0] } ?? Self.counts(set.count)
    let (rows, sample) = (space(features), set.sample(2000))
    let found = counts.map { KMeans(rows, clusters: $0, on: device, stream.stream("clusters")) }
    let silhouettes = found.map { $0.silhouette(rows, sample: sample) }
    let best = silhouettes.max() ?? 0
    let chosen = silhouettes.firstIndex { $0 >= best - Self.tolerance } ?? 0
    clustering = found[chosen]
    self.rows = rows
  }

  /// Silhouettes that differ by less are as good as equal.
  private static let tolerance: Float = 0.02

  /// Numbers of clusters that are compared: one per 200, 100 and 50 images, 10 to 1000.
  static func counts(_ images: Int) -> [Int] {
    var counts: [Int] = []
    for share in [200, 100, 50] {
      let count = max(10, min(1000, images / share))
      if counts.last != count { counts.append(count) }
    }
    return counts
  }
}
