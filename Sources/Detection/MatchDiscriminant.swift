import Contrastive
import Datasets
import Images
import Tensors

/// Tells windows that show a picture from windows that merely correlate with it, by their pixels.
///
/// A template's correlation weighs every pixel by how well the images it was recovered from agree there.
/// How chance matches in this dataset look is worth more: a linear discriminant learns it from the images
/// already recognised against the decoy's matches and the matches of all other images. It scores several
/// places in an image, so that the picture is also found where something else correlates better.
///
/// - Every image is scored by a discriminant that was fitted without it (three folds, by digest).
/// - It chooses among images; whether anything was planted at all is decided by the correlations, before.
/// - Source: Käll et al., "Semi-supervised learning for peptide identification", Nature Methods 2007, for
///   learning from targets and decoys; Hariharan, Malik and Ramanan, ECCV 2012, for windows whitened with the
///   statistics of all others. Deviates: features are the window's pixels and simple functions of them.
package struct MatchDiscriminant {
  /// Places in an image.
  private static let places = 5
  /// It is fitted to what correlates, then to what it recognised itself: largest shares of false ones, relative to the rate that
  /// is asked for, where the tail of the images' own scores goes on as it does below the cut. What it learns from has to be pure;
  /// in the end that tail has images in it that show the picture and are not recognised, and says too much.
  private static let ownTailRates = [0.5, 2]
  /// Images without the picture that are needed for a tail.
  static let fewestOthers = 200
  /// Members that are enough to learn from.
  private static let enoughMembers = 300
  /// Examples of each kind in a fold, and pixels of all these, at most.
  private static let examples = (count: 2000, pixels: 1_000_000)
  /// Pixels around what counts of the template.
  private static let margin = 1
  /// Added to each feature's variance, as a share of the mean variance.
  private static let ridge: Float = 0.5
  /// Quantiles of the decoys that their tail is laid through.
  private static let tail = (0.95, 0.99)

  private let set: ImageSet
  private let context: DetectionContext
  private let template: PatchTemplate
  private let frame: Frame
  /// Places of the template and of its decoy, [image][place].
  private let targets: [[TemplatePlace]]
  private let decoys: [[TemplatePlace]]
  /// Windows of other images into which the template was pasted, where few members are known.
  private let pasted: [(image: Int, match: Match)]

  private init(_ template: PatchTemplate, from members: [Int], _ context: DetectionContext) throws(PixelStorageError) {
    (set, self.context, self.template) = (context.set, context, template)
    let turn = template.decoyTurn
    let matcher = TemplateMatcher([template, template.turned(turn)], in: set, on: context.device)
    let all = matcher.peaks(Array(0..<set.count), count: Self.places)
    (targets, decoys) = (all[0], all[1])
    frame = Frame(template, turn, factor: matcher.factor, margin: Self.margin)
    let known = Set(members)
    let few = set.sample(
      among: (0..<set.count).filter { !known.contains($0) }, max(0, Self.enoughMembers - members.count))
    pasted = try Self.paste(template, into: few, frame, context)
  }

  /// Pastes the template at random places and returns the windows there, as the matcher finds them.
  private static func paste(
    _ template: PatchTemplate, into images: [Int], _ frame: Frame, _ context: DetectionContext
  ) throws(PixelStorageError) -> [(image: Int, match: Match)] {
    guard !images.isEmpty else { return [] }
    let (side, trigger) = (context.set.side, PlantedTrigger.patch(template))
    var (copies, windows): ([Int: Image], [Window]) = ([:], [])
    for (slot, image) in images.enumerated() {
      var draw = context.set.stream(image).stream("pasted")
      windows.append(trigger.place(side: side, &draw))
      var pixels = context.set.image(image).pixels.map { Float($0) * (1 / 255) }
      trigger.plant(into: &pixels, at: 0, side: side, windows[slot])
      copies[slot] = Image(width: side, height: side, pixels: pixels.map { UInt8(($0 * 255).rounded()) })
    }
    let set = try context.set.subset(images).replacing(copies)
    let peaks = TemplateMatcher([template], in: set, on: context.device)
      .peaks(Array(images.indices), count: Self.places)[0]
    return images.indices.compactMap { slot in
      peaks[slot].first {
        abs($0.x - windows[slot].x) <= frame.factor && abs($0.y - windows[slot].y) <= frame.factor
      }
      .map { (images[slot], frame.match(set.reduced(slot, by: frame.factor), side, $0, isDecoy: false)) }
    }
  }

  /// Looks again for the images that show a template.
  ///
  /// - Parameter members: Images in which it was recognised by correlation.
  /// - Returns: nil if it learnt nothing of use. Scores are standard deviations of chance matches.
  package static func members(
    of template: PatchTemplate, from members: [Int], _ context: DetectionContext
  ) throws(PixelStorageError) -> Recognition? {
    guard context.set.count - members.count >= fewestOthers else { return nil }
    return try MatchDiscriminant(template, from: members, context).decide(members)
  }

  /// What an image scores, and where.
  private struct Scored: Sendable {
    var target = Best()
    var decoy = Best()
  }

  /// The place that scores highest.
  private struct Best: Sendable {
    var score = MatchDiscriminant.nothing
    /// Index among the image's places.
    var place = 0

    init() {}

    init(_ scores: [Float]) {
      guard let best = scores.indices.max(by: { (scores[$0], $1) < (scores[$1], $0) }) else { return }
      (score, place) = (max(scores[best], MatchDiscriminant.nothing), best)
    }
  }

  private func decide(_ first: [Int]) -> Recognition? {
    var scored = [Scored](repeating: Scored(), count: set.count)
    var (scores, p, members): ([Float], [Double], Set<Int>) = ([], [], Set(first))
    var separation: Separation?
    for share in Self.ownTailRates {
      guard let next = score(members, scored) else { return nil }
      scored = next
      scores = next.map(\.target.score)
      let null = next.indices.filter { !members.contains($0) }.map { next[$0].decoy.score }
      guard null.count >= Self.fewestOthers else { return nil }
      var found = Separation(scores, decoys: null, members: Array(members), rate: context.falseDiscoveryRate)
      // The highest decoys lie in images that show the picture unrecognised, and resemble it: the tail of the
      // others tells.
      p = Calibration.tailPValues(scores, null: null, quantiles: Self.tail)
      guard let lowest = Calibration.threshold(scores, p, rate: context.falseDiscoveryRate) else { return nil }
      found.cut(at: Self.gap(scores, above: lowest) ?? lowest, scores, decoys: null)
      // Images that resemble the picture, as upright edges resemble letters, may have a longer tail than its decoy.
      guard let cut = found.beyondTail(scores, rate: share * context.falseDiscoveryRate, quantiles: Self.tail) else {
        return nil
      }
      found.cut(at: cut, scores, decoys: null)
      guard found.distance >= 4, found.above >= RecurringPatches.minimumMembers, 2 * found.above <= set.count else {
        return nil
      }
      members = Set(scores.indices.filter { scores[$0] >= found.threshold })
      separation = found
    }
    guard let separation else { return nil }
    let found = members.sorted { (scores[$0], $1) > (scores[$1], $0) }.map { i in
      Proposal.Member(
        image: i, score: scores[i], pValue: p[i],
        place: targets[i].isEmpty ? nil : targets[i][scored[i].target.place].window(template.side, in: set.side))
    }
    return Recognition(template: template, members: found, separation: separation)
  }

  /// The middle of the widest gap in the scores, if it is as wide as chance scores reach and has next to nothing
  /// below it: a tenth of what is above, and more, up to half, for wider gaps.
  private static func gap(_ scores: [Float], above lowest: Float) -> Float? {
    let high = scores.filter { $0 >= lowest }.sorted(by: >)
    let gaps = high.indices.dropLast().filter { i in
      let width = (high[i] - high[i + 1]) / lowest
      return width >= 1 && Float(10 * (high.count - 1 - i)) <= min(width, 5) * Float(i + 1)
    }
    return gaps.max { high[$0] - high[$0 + 1] < high[$1] - high[$1 + 1] }.map { (high[$0] + high[$0 + 1]) / 2 }
  }

  /// Score of an image in which nothing correlates at all.
  private static let nothing: Float = -5

  /// Fits a discriminant for each fold and scores the fold's images.
  private func score(_ members: Set<Int>, _ last: [Scored]) -> [Scored]? {
    var fits: [Fit] = []
    let most = min(Self.examples.count, max(100, Self.examples.pixels / frame.count))
    for own in 0..<ImageSet.folds {
      let others = (0..<set.count).filter { set.fold($0) != own }
      let positive = set.sample(among: others.filter(members.contains), most)
      let negative = set.sample(among: others.filter { !members.contains($0) }, most)
      let pictures =
        positive.compactMap { image in match(image, targets[image], last[image].target.place, isDecoy: false) }
        + pasted.filter { set.fold($0.image) != own }.map(\.match)
      let chance =
        negative.compactMap { image in match(image, targets[image], last[image].target.place, isDecoy: false) }
        + negative.compactMap { image in match(image, decoys[image], last[image].decoy.place, isDecoy: true) }
      guard pictures.count >= 3, chance.count >= 20 else { return nil }
      fits.append(Fit(pictures, chance, ridge: Self.ridge, on: context.device))
    }
    return concurrentMap(set.count, threads: context.threads) { [set, frame, targets, decoys, fits] image in
      let fit = fits[set.fold(image)]
      let pixels = set.reduced(image, by: frame.factor)
      return Scored(
        target: Best(targets[image].map { fit(frame.match(pixels, set.side, $0, isDecoy: false)) }),
        decoy: Best(decoys[image].map { fit(frame.match(pixels, set.side, $0, isDecoy: true)) }))
    }
  }

  private func match(_ image: Int, _ places: [TemplatePlace], _ k: Int, isDecoy: Bool) -> Match? {
    guard k < places.count else { return nil }
    return frame.match(set.reduced(image, by: frame.factor), set.side, places[k], isDecoy: isDecoy)
  }

  /// A window and how well the template fits it.
  private struct Match: Sendable {
    /// RGB of 0...1.
    let pixels: [Float]
    let correlation: Float
  }

  /// The pixels of a match: those that count of the template and some around them.
  private struct Frame: Sendable {
    let factor: Int
    /// Offsets from the place, in reduced pixels, of the template and of its decoy in the template's order.
    private let offsets: [(x: Int, y: Int)]
    private let turned: [(x: Int, y: Int)]
    /// Pixels of a window.
    var count: Int { offsets.count }

    init(_ template: PatchTemplate, _ turn: SquareTurn, factor: Int, margin: Int) {
      self.factor = factor
      let side = max(1, template.side / factor)
      let extent = template.extent ?? (0...template.side - 1, 0...template.side - 1)
      func range(_ own: ClosedRange<Int>) -> ClosedRange<Int> {
        max(-margin, own.lowerBound / factor - margin)...min(side - 1 + margin, own.upperBound / factor + margin)
      }
      let (rows, columns) = (range(extent.rows), range(extent.columns))
      var offsets: [(x: Int, y: Int)] = []
      for y in rows { for x in columns { offsets.append((x, y)) } }
      self.offsets = offsets
      var at = [(x: Int, y: Int)](repeating: (0, 0), count: offsets.count)
      for y in -margin..<side + margin {
        for x in -margin..<side + margin {
          let (u, v) = turn.source(x, y, side: side)
          if rows.contains(v) && columns.contains(u) {
            at[(v - rows.lowerBound) * columns.count + u - columns.lowerBound] = (x, y)
          }
        }
      }
      turned = at
    }

    /// The window at a place in a reduced image of levels; beyond the image its edge.
    func match(_ pixels: [Float], _ fullSide: Int, _ place: TemplatePlace, isDecoy: Bool) -> Match {
      let side = fullSide / factor
      var result: [Float] = []
      result.reserveCapacity(3 * offsets.count)
      for offset in isDecoy ? turned : offsets {
        let x = min(side - 1, max(0, place.x / factor + offset.x))
        let y = min(side - 1, max(0, place.y / factor + offset.y))
        let at = 3 * (y * side + x)
        for c in 0..<3 { result.append(pixels[at + c] * (1 / 255)) }
      }
      return Match(pixels: result, correlation: place.correlation)
    }
  }

  /// A linear discriminant over a window's pixels, the same centred and of norm 1, their deviations from the
  /// window's mean and from the mean window, and its correlation.
  private struct Fit: Sendable {
    private let centre: [Float]
    private let weights: [Float]
    private let mean: Float
    private let deviation: Float

    init(_ pictures: [Match], _ chance: [Match], ridge: Float, on device: any Device) {
      var centre = [Float](repeating: 0, count: chance[0].pixels.count)
      for one in chance { for (i, value) in one.pixels.enumerated() { centre[i] += value / Float(chance.count) } }
      self.centre = centre
      let (left, right) = (chance.map { Self.features($0, centre) }, pictures.map { Self.features($0, centre) })
      let width = left[0].count
      func mean(_ rows: [[Float]]) -> [Float] {
        var sums = [Float](repeating: 0, count: width)
        for row in rows { for i in 0..<width { sums[i] += row[i] } }
        return sums.map { $0 / Float(rows.count) }
      }
      let (low, high) = (mean(left), mean(right))
      // Rows of both kinds, centred: the mean of their covariances is rows' * rows.
      var rows: [Float] = []
      rows.reserveCapacity((left.count + right.count) * width)
      for (kind, centre) in [(left, low), (right, high)] {
        let scale = (0.5 / Float(kind.count)).squareRoot()
        for row in kind { for i in 0..<width { rows.append((row[i] - centre[i]) * scale) } }
      }
      let total = rows.reduce(Float(0)) { $0 + $1 * $1 }
      weights = Self.solve(
        rows, width, ridge: max(1e-9, ridge * total / Float(width)), zip(high, low).map { $0 - $1 }, on: device)
      let w = weights
      let scores = left.map { dot($0[...], w[...]) }
      let average = scores.reduce(0, +) / Float(scores.count)
      self.mean = average
      deviation = max(
        1e-9, (scores.reduce(Float(0)) { $0 + ($1 - average) * ($1 - average) } / Float(scores.count)).squareRoot())
    }

    /// Standard deviations above chance matches.
    func callAsFunction(_ match: Match) -> Float {
      let row = Self.features(match, centre)
      return (dot(row[...], weights[...]) - mean) / deviation
    }

    private static func features(_ match: Match, _ centre: [Float]) -> [Float] {
      let pixels = match.pixels
      let n = pixels.count
      var means = SIMD3<Float>.zero
      for i in 0..<n { means[i % 3] += pixels[i] * 3 / Float(n) }
      let centred = (0..<n).map { pixels[$0] - means[$0 % 3] }
      let norm = max(centred.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot(), 1e-3)
      var result = pixels
      result.reserveCapacity(4 * n + 1)
      for value in centred { result.append(value / norm) }
      for value in centred { result.append(abs(value)) }
      for i in 0..<n { result.append((pixels[i] - centre[i]) * (pixels[i] - centre[i])) }
      result.append(match.correlation)
      return result
    }

    /// Solves (rows' * rows + ridge) w = right by conjugate gradients.
    ///
    /// - Source: Hestenes and Stiefel, 1952.
    private static func solve(
      _ rows: [Float], _ width: Int, ridge: Float, _ right: [Float], on device: any Device
    ) -> [Float] {
      let trace = Trace()
      let matrix = trace.state("rows", [rows.count / width, width])
      let direction = trace.feed("direction", [width, 1])
      let product = matrix.matrixProduct(matrix.matrixProduct(direction), transposeLeft: true) + direction * ridge
      let executable = device.compile(trace.program(outputs: [product]))
      let state = [device.buffer(Tensor([rows.count / width, width], rows))]
      var solution = [Float](repeating: 0, count: width)
      var (residual, step) = (right, right)
      var size = dot(residual[...], residual[...])
      let enough = size * 1e-8
      for _ in 0..<200 where size > enough {
        let image = executable.run(feeds: [Tensor([width, 1], step)], state: state)[0].scalars
        let length = size / dot(step[...], image[...])
        for i in 0..<width {
          solution[i] += length * step[i]
          residual[i] -= length * image[i]
        }
        let next = dot(residual[...], residual[...])
        for i in 0..<width { step[i] = residual[i] + next / size * step[i] }
        size = next
      }
      return solution
    }
  }
}
