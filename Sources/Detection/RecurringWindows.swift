import Contrastive
import Datasets
import Images
import Tensors

/// Windows of high local contrast and what they look like.
struct RecurringWindows {
  /// What windows are compared by.
  enum Likeness {
    /// Their pixels less the mean of each channel, of norm 1.
    case pixels
    /// Which colours they show, wherever.
    case colours
  }

  /// Windows described in an image.
  private static let perImage = 8
  /// Images that windows are taken from, at most.
  private static let sample = 20_000
  /// Windows whose neighbours are counted, at most.
  private static let queries = 12_000
  /// Images that windows have to recur in.
  static let minimumMembers = 4
  /// Thumbnails that correlate more than this are the same image over again.
  private static let duplicate: Float = 0.98

  /// Image of each window, and its place in full pixels.
  private let image: [Int]
  private let x: [Int]
  private let y: [Int]
  private let likeness: Likeness
  private let described: Features
  private let rows: Features
  /// Whitened main directions that windows are compared in; nil without windows.
  let space: ClusterSpace?
  private let thumbnails: [Int: [Float]]
  /// Side of a window in full pixels.
  let fullSide: Int
  /// Images are reduced by this factor.
  let factor: Int
  private var count: Int { image.count }

  private struct Found: Sendable {
    var places: [(x: Int, y: Int)]
    var pixels: [Float]
    var thumbnail: [Float]
  }

  /// Describes windows of the images.
  ///
  /// - Parameter share: Side of a window relative to the image's.
  init(share: Double, by likeness: Likeness, _ context: DetectionContext) {
    let set = context.set
    let images = set.sample(Self.sample)
    let factor = set.screeningFactor
    self.factor = factor
    let side = set.side / factor
    let window = max(5, Int((share * Double(side)).rounded()))
    fullSide = window * factor
    self.likeness = likeness
    let found = concurrentMap(images.count, threads: context.threads) { slot -> Found in
      Self.find(set.reduced(images[slot], by: factor), side, window, likeness)
    }
    var (image, x, y): ([Int], [Int], [Int]) = ([], [], [])
    var pixels: [Float] = []
    var thumbnails: [Int: [Float]] = [:]
    for (slot, own) in found.enumerated() {
      thumbnails[images[slot]] = own.thumbnail
      pixels += own.pixels
      for place in own.places {
        image.append(images[slot])
        x.append(place.x * factor)
        y.append(place.y * factor)
      }
    }
    (self.image, self.x, self.y, self.thumbnails) = (image, x, y, thumbnails)
    let width = likeness == .pixels ? 3 * window * window : ColourHistogram.width
    described = Features(width: width, values: pixels)
    space =
      described.count == 0
      ? nil
      : ClusterSpace(
        described, directions: min(64, width), shrinkage: 0.3, on: context.device,
        context.stream.stream("windows"))
    rows = space?(described) ?? described
  }

  /// Windows at the local maxima of their variance.
  private static func find(
    _ plane: [Float], _ side: Int, _ window: Int, _ likeness: Likeness
  ) -> Found {
    let span = side - window + 1
    let pixels = Float(window * window)
    // Sums over rows of a window, then over columns, of each channel and of the squares.
    var across = [SIMD4<Float>](repeating: .zero, count: side * span)
    for y in 0..<side {
      for x in 0..<span {
        var sum = SIMD4<Float>.zero
        for k in x..<x + window {
          let i = 3 * (y * side + k)
          let (r, g, b) = (plane[i], plane[i + 1], plane[i + 2])
          sum += SIMD4(r, g, b, r * r + g * g + b * b)
        }
        across[y * span + x] = sum
      }
    }
    var variance = [Float](repeating: 0, count: span * span)
    for y in 0..<span {
      for x in 0..<span {
        var sum = SIMD4<Float>.zero
        for k in y..<y + window { sum += across[k * span + x] }
        let squares = sum * sum
        variance[y * span + x] = sum.w - (squares.x + squares.y + squares.z) / pixels
      }
    }
    var peaks: [(value: Float, x: Int, y: Int)] = []
    for y in 0..<span {
      for x in 0..<span {
        let value = variance[y * span + x]
        // 12 levels of deviation: flat windows prove nothing.
        guard value > 3 * pixels * 144 else { continue }
        var isPeak = true
        for v in max(0, y - 2)...min(span - 1, y + 2) where isPeak {
          for u in max(0, x - 2)...min(span - 1, x + 2) where variance[v * span + u] > value { isPeak = false }
        }
        if isPeak { peaks.append((value, x, y)) }
      }
    }
    peaks.sort { ($0.value, $1.y, $1.x) > ($1.value, $0.y, $0.x) }
    var found = Found(places: [], pixels: [], thumbnail: [])
    for peak in peaks.prefix(perImage) {
      found.places.append((peak.x, peak.y))
      var own: [Float] = []
      own.reserveCapacity(3 * window * window)
      for row in peak.y..<peak.y + window {
        own += plane[3 * (row * side + peak.x)..<3 * (row * side + peak.x + window)]
      }
      switch likeness {
      case .pixels: found.pixels += centred(own)
      case .colours: found.pixels += ColourHistogram.values(own)
      }
    }
    // 8x8 luminance, centred, of norm 1.
    var small = [Float](repeating: 0, count: 64)
    for y in 0..<side {
      for x in 0..<side {
        let i = 3 * (y * side + x)
        small[y * 8 / side * 8 + x * 8 / side] += plane[i] + plane[i + 1] + plane[i + 2]
      }
    }
    let mean = small.reduce(0, +) / 64
    let norm = max(small.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot(), 1e-6)
    found.thumbnail = small.map { ($0 - mean) / norm }
    return found
  }

  /// Pixels less the mean of each channel, of norm 1.
  private static func centred(_ pixels: [Float]) -> [Float] {
    var means = SIMD3<Float>.zero
    for i in pixels.indices { means[i % 3] += pixels[i] }
    means /= Float(pixels.count / 3)
    let own = pixels.indices.map { pixels[$0] - means[$0 % 3] }
    let norm = max(own.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-6)
    return own.map { $0 / norm }
  }

  /// Looks closely at groups of near windows of which hardly any more are merely alike.
  ///
  /// - Parameters:
  ///   - radii: Cosines from which windows are of one group, and from which they count against it.
  ///   - attempts: Groups that are looked at, at most.
  ///   - taken: Images that show something already; gets those of what is found.
  ///   - examine: Gets the windows of a group, of those one an image, and the cosine from which they are of the group.
  func proposals(
    _ radii: [(near: Float, alike: Float)], attempts: Int, taken: inout Set<Int>, on device: any Device,
    examine: (_ group: [Int], _ members: [(image: Int, x: Int, y: Int)], _ near: Float) -> Proposal?
  ) -> [Proposal] {
    var (found, tried, examined): ([Proposal], Set<Int>, Int) = ([], [], 0)
    guard count >= 2 * Self.minimumMembers else { return [] }
    for (seed, near) in seeds(device, radii) where examined < attempts && !tried.contains(seed) {
      let group = group(of: seed, near: near)
      tried.formUnion(group)
      guard !taken.contains(image[seed]) else { continue }
      let members = unrelated(group)
      guard members.count >= Self.minimumMembers else { continue }
      examined += 1
      guard let proposal = examine(group, members, near) else { continue }
      taken.formUnion(proposal.members.map(\.image))
      found.append(proposal)
    }
    return found
  }

  /// Windows of whose neighbours most are near, those with the surest share first.
  private func seeds(_ device: any Device, _ radii: [(near: Float, alike: Float)]) -> [(window: Int, near: Float)] {
    let step = Swift.max(1, (count + Self.queries - 1) / Self.queries)
    var queries = Swift.stride(from: 0, to: count, by: step).map(\.self)
    // Most windows have no near pictures at all; nearly all have near colours.
    if likeness == .pixels, let widest = radii.map(\.near).min() {
      let near = neighbours(of: queries, from: [widest], on: device)
      queries = zip(queries, near).filter { $1[0] >= Float(Self.minimumMembers - 1) }.map(\.0)
    }
    let counts = neighbours(of: queries, from: radii.flatMap { [$0.near, $0.alike] }, on: device)
    // What a fifth of all images show is no trigger but what they are. The colours of an object are in many windows of an image.
    let largest = Float(likeness == .pixels ? thumbnails.count : count) / 5
    var scored: [(seed: Int, near: Float, share: Float)] = []
    for (seed, own) in zip(queries, counts) {
      let shares = radii.indices.compactMap { i -> (near: Float, share: Float)? in
        let (few, many) = (own[2 * i], own[2 * i + 1])
        guard few >= Float(Self.minimumMembers - 1), few <= largest, few >= 0.5 * many else { return nil }
        return (radii[i].near, Self.lowerBound(few, of: many))
      }
      if let best = shares.max(by: { $0.share < $1.share }) { scored.append((seed, best.near, best.share)) }
    }
    return scored.sorted { ($0.share, $1.seed) > ($1.share, $0.seed) }.map { ($0.seed, $0.near) }
  }

  /// How many other windows are nearer to each of some than each of some cosines: [window][cosine].
  private func neighbours(of queries: [Int], from cosines: [Float], on device: any Device) -> [[Float]] {
    let (rowsAtOnce, columnsAtOnce) = (256, 1024)
    let d = rows.width
    let trace = Trace()
    let left = trace.feed("queries", [rowsAtOnce, d])
    let right = trace.feed("windows", [columnsAtOnce, d])
    let cosine = left.matrixProduct(right, transposeRight: true)
    let executable = device.compile(
      trace.program(outputs: cosines.map { cosine.isGreater(than: trace.constant($0)).sum([1]) }))
    func part(_ indices: some RandomAccessCollection<Int>, _ size: Int) -> Tensor {
      var values: [Float] = []
      values.reserveCapacity(size * d)
      for i in indices { values += rows.row(i) }
      values += [Float](repeating: 0, count: size * d - values.count)
      return Tensor([size, d], values)
    }
    let columns = Swift.stride(from: 0, to: count, by: columnsAtOnce).map {
      part($0..<min(count, $0 + columnsAtOnce), columnsAtOnce)
    }
    // The window itself is among them.
    var counts = [[Float]](repeating: [Float](repeating: -1, count: cosines.count), count: queries.count)
    for start in Swift.stride(from: 0, to: queries.count, by: rowsAtOnce) {
      let own = start..<min(queries.count, start + rowsAtOnce)
      let query = part(queries[own], rowsAtOnce)
      for column in columns {
        let out = executable.run(feeds: [query, column], state: [])
        for k in own { for i in cosines.indices { counts[k][i] += out[i].scalars[k - start] } }
      }
    }
    return counts
  }

  /// The mean of what some windows are described by.
  func description(of group: [Int]) -> [Float] {
    var sum = [Float](repeating: 0, count: described.width)
    for window in group { for (i, value) in described.row(window).enumerated() { sum[i] += value } }
    return sum.map { $0 / Float(max(1, group.count)) }
  }

  /// Lower end of Wilson's 95 % interval of a share.
  private static func lowerBound(_ hits: Float, of n: Float) -> Float {
    let (p, z) = (hits / n, Float(1.96))
    return (p + z * z / (2 * n) - z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()) / (1 + z * z / n)
  }

  /// Windows nearly equal to a seed, the seed first, then by likeness.
  private func group(of seed: Int, near: Float) -> [Int] {
    let own = rows.row(seed)
    var found: [(cosine: Float, window: Int)] = []
    for i in 0..<count {
      let cosine = dot(own, rows.row(i))
      if cosine >= near { found.append((cosine, i)) }
    }
    found.sort { ($0.cosine, $1.window) > ($1.cosine, $0.window) }
    return found.map(\.window)
  }

  /// One window an image, and of images that are the same over again only the first.
  private func unrelated(_ group: [Int]) -> [(image: Int, x: Int, y: Int)] {
    var (result, seen): ([(image: Int, x: Int, y: Int)], [Int]) = ([], [])
    for window in group where !seen.contains(image[window]) {
      let own = thumbnails[image[window]] ?? []
      let isDuplicate = seen.prefix(100).contains { other in
        zip(own, thumbnails[other] ?? []).reduce(Float(0)) { $0 + $1.0 * $1.1 } > Self.duplicate
      }
      if isDuplicate { continue }
      seen.append(image[window])
      result.append((image[window], x[window], y[window]))
    }
    return result
  }
}
