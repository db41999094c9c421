import Contrastive
import Datasets
import Images
import Tensors

/// Recognises the images that show a picture by what stays the same of it: see ``Stencil``.
///
/// From the images found first a stencil is cut, looked for everywhere, and cut again from all that show it, until these stay
/// the same. Images and their decoys, where it lies mirrored, must be separated (see ``Separation``).
///
/// - Limits: A picture that is lit differently, half transparent, turned or scaled is nowhere the same, and one that looks the same
///   mirrored has no decoy; images of 64 pixels and more are looked at reduced. There nothing is said.
package enum StencilMatch {
  /// Images that a stencil is cut from, and that chance is measured in, at most; and pixels of each of these.
  private static let examples = 200
  private static let others = (images: 400, pixels: 16)
  /// Times that it is cut.
  private static let rounds = 5
  /// Deviations of the decoys' scores that the seeds have to be away from these.
  private static let leastDistance: Float = 3.5
  /// Median score of images that show the same pixels, at least: objects of changing size had 0.38 and 0.46, a patch in JPEG files 0.78, letters 0.92 to 1.
  private static let leastSameness: Float = 0.6
  /// Images that correlation finds beside those that a stencil finds, at most, relative to these.
  private static let mostMissed = 0.25
  /// Pixels around a picture that it may turn out to reach into, at least.
  private static let margin = 3
  /// Largest valley of scores that settle which images show it, or in images, and the one from which on the tail of all others tells
  /// where to cut.
  private static let (settledValley, settledImages, emptyValley) = (0.02, 1.5, 0.01)
  /// Quantiles that tails are laid through.
  private static let tail = (0.95, 0.99)

  /// Looks for the images that show what windows share.
  ///
  /// - Parameter windows: Upper left corners of the same `size` * `size` pixels of a picture, one an image.
  /// - Returns: nil if what they share does not stand apart.
  static func members(
    _ windows: [(image: Int, x: Int, y: Int)], size: Int, _ context: DetectionContext
  ) -> Recognition? {
    let set = context.set
    guard canLook(at: set) else { return nil }
    let seeds = windows.map(\.image)
    let examined = Set(set.sample(among: seeds, examples))
    var places = windows.filter { examined.contains($0.image) }.map { Stencil.Place(image: $0.image, x: $0.x, y: $0.y) }
    var frame = (width: size, height: size)
    let chance = pixels(of: set)
    // Some images tell whether to look at all.
    var images = FirstLook(set, seeds: seeds).images
    var known = Set(seeds)
    var last: (scan: StencilScan, separation: Separation)?
    for round in 0..<rounds {
      let margin = round == 0 ? max(margin, frame.width / 3) : margin
      guard
        let stencil = Stencil(places, in: set, frame: frame, margin: margin, others: chance, threads: context.threads),
        let scan = StencilScan(stencil, in: set, images, threads: context.threads),
        let separation = separation(scan, known, context), separation.distance >= leastDistance
      else { return nil }
      let own = scan.places.indices.filter { scan.scores[$0] >= separation.threshold }
      guard own.count >= RecurringPatches.minimumMembers, 2 * own.count <= images.count else { return nil }
      last = (scan, separation)
      let found = Set(own.map { scan.places[$0].image })
      let isSame = found == known && images.count == set.count
      if isSame { break }
      known = found
      let some = Set(set.sample(among: Array(found), examples))
      places = own.map { scan.places[$0] }.filter { some.contains($0.image) }
      frame = (stencil.width, stencil.height)
      images = Array(0..<set.count)
    }
    guard let last, last.separation.isPlanted, last.separation.decoysAbove * 50 <= last.separation.above,
      2 * seeds.count(where: known.contains) >= seeds.count
    else { return nil }
    return recognition(last.scan, last.separation, known, context)
  }

  /// Looks for the images that show a template.
  ///
  /// - Parameter members: Images in which it was recognised by correlation.
  /// - Returns: nil if what they share does not stand apart.
  package static func members(
    of template: PatchTemplate, from members: [Int], _ context: DetectionContext
  ) -> Recognition? {
    guard canLook(at: context.set) else { return nil }
    let places = TemplateMatcher([template], in: context.set, on: context.device).best(members)[0]
    return self.members(
      zip(members, places).map { (image: $0, x: $1.x, y: $1.y) }, size: template.side, context)
  }

  /// Reduced pixels are not the same wherever a picture lies.
  private static func canLook(at set: ImageSet) -> Bool { set.screeningFactor == 1 }

  /// Pixels of any images.
  private static func pixels(of set: ImageSet) -> [SIMD3<Float>] {
    set.sample(others.images).flatMap { image in
      (0..<others.pixels).map { k in set.pixel(image, (2 * k + 1) * set.side * set.side / (2 * others.pixels)) }
    }
  }

  /// How those that show a stencil part from the others; nil if nothing tells where to cut.
  private static func separation(_ scan: StencilScan, _ known: Set<Int>, _ context: DetectionContext) -> Separation? {
    let null = scan.null(without: known)
    let members = scan.places.indices.filter { known.contains(scan.places[$0].image) }
    var found = Separation(scan.scores, decoys: null, members: members, rate: context.falseDiscoveryRate)
    guard found.valley > emptyValley else { return found }
    guard let cut = found.beyondTail(scan.scores, rate: context.falseDiscoveryRate, quantiles: tail) else { return nil }
    found.cut(at: cut, scan.scores, decoys: null)
    return found
  }

  /// True if next to nothing lies between them.
  private static func isSettled(_ separation: Separation) -> Bool {
    separation.decoysAbove * 100 <= separation.above
      && separation.valley <= max(settledValley, settledImages / Double(separation.above))
  }

  /// - Returns: nil if other images show something like the picture, or those that were found hardly the same of it.
  private static func recognition(
    _ scan: StencilScan, _ separation: Separation, _ known: Set<Int>, _ context: DetectionContext
  ) -> Recognition? {
    let set = context.set
    let p = Calibration.tailPValues(scan.scores, null: scan.null(without: known), quantiles: tail)
    let size = min(set.side, max(scan.stencil.width, scan.stencil.height))
    let order = known.sorted { (scan.scores[$0], $1) > (scan.scores[$1], $0) }
    guard order.map({ scan.scores[$0] }).median >= leastSameness else { return nil }
    let places = order.map { (image: $0, x: scan.places[$0].x, y: scan.places[$0].y) }
    let examples = Array(places.prefix(examples))
    guard
      let picture = PatchAlignment.recover(set, examples, inner: size, agreement: 0, grows: false)?.picture,
      isComplete(known, picture, context)
    else { return nil }
    let isSettled = isSettled(separation)
    return Recognition(
      // What is looked for again is told by what lies between, too.
      template: isSettled ? picture : picture.filled,
      members: places.map {
        .init(
          image: $0.image, score: scan.scores[$0.image], pValue: p[$0.image],
          place: TemplatePlace(correlation: 0, x: $0.x, y: $0.y).window(size, in: set.side))
      }, separation: separation, isSettled: isSettled)
  }

  /// True if correlation finds hardly any more: where images show a picture more or less, those that show the same of it are but
  /// some. Told by a sample.
  private static func isComplete(_ known: Set<Int>, _ picture: PatchTemplate, _ context: DetectionContext) -> Bool {
    let first = FirstLook(context.set, seeds: Array(known))
    let sampled = TemplateMatcher([picture, picture.decoy], in: context.set, on: context.device).best(first.images)
    let scores = sampled[0].map(\.correlation)
    let others = first.sample.filter { !known.contains(first.images[$0]) }
    let separation = Separation(
      scores, decoys: others.map { sampled[1][$0].correlation }, members: first.seeds, rate: context.falseDiscoveryRate)
    guard separation.isPlantedPicture else { return true }
    let more = others.count { scores[$0] >= separation.threshold }
    return Double(more) <= mostMissed * Double(first.sample.count - others.count)
  }
}

/// Which images show a picture.
package struct Recognition {
  /// What they show.
  package var template: PatchTemplate
  /// The best first.
  package var members: [Proposal.Member]
  package var separation: Separation
  /// True if next to nothing lies between those that show it and the others, so that nobody has to look again.
  package var isSettled = false
}

/// A stencil laid on every place of every image, and its decoy.
package struct StencilScan {
  /// As many images are looked at at once.
  private typealias Lanes = SIMD16<Float>

  let stencil: Stencil
  /// The best place of each image, its score, and that of the decoy's best one.
  package private(set) var places: [Stencil.Place] = []
  package private(set) var scores: [Float] = []
  package private(set) var decoys: [Float] = []

  /// Decoys of all images but some.
  func null(without images: Set<Int>) -> [Float] {
    decoys.indices.filter { !images.contains(places[$0].image) }.map { decoys[$0] }
  }

  /// The best place for each of some images.
  private struct Best: Sendable {
    var score = Lanes(repeating: -.infinity)
    var place = Lanes.zero
  }

  /// - Returns: nil for a stencil that has no decoy, or no place in an image.
  package init?(_ stencil: Stencil, in set: ImageSet, _ images: [Int], threads: Int) {
    let side = set.side
    let kernel = Stencil.Kernel(stencil)
    guard stencil.width <= side, stencil.height <= side, let decoy = kernel.decoy else { return nil }
    self.stencil = stencil
    let (rows, columns) = (side - stencil.height + 1, side - stencil.width + 1)
    let terms = [kernel.terms(in: side + 2), decoy.terms(in: side + 2)]
    let colours = kernel.colours
    let tolerance = stencil.tolerance
    let groups = (images.count + Lanes.scalarCount - 1) / Lanes.scalarCount
    let found = concurrentMap(groups, threads: threads) { group -> [Best] in
      let own = images.dropFirst(group * Lanes.scalarCount).prefix(Lanes.scalarCount)
      let likeness = Self.likeness(Array(own), in: set, colours, tolerance)
      return terms.map { Self.best($0, in: likeness, side + 2, rows: rows, columns: columns) }
    }
    for (slot, image) in images.enumerated() {
      let own = found[slot / Lanes.scalarCount]
      let lane = slot % Lanes.scalarCount
      scores.append(own[0].score[lane])
      decoys.append(own[1].score[lane])
      let place = Int(own[0].place[lane])
      places.append(Stencil.Place(image: image, x: place % columns, y: place / columns))
    }
  }

  /// How like each of some colours every pixel is, [colour][row][column], with a border one pixel wide that is like none.
  private static func likeness(
    _ images: [Int], in set: ImageSet, _ colours: [SIMD3<Float>], _ tolerance: Float
  ) -> [Lanes] {
    let side = set.side
    var pixels = [(red: Lanes, green: Lanes, blue: Lanes)](
      repeating: (.zero, .zero, .zero), count: side * side)
    for (lane, image) in images.enumerated() {
      for i in pixels.indices {
        let pixel = set.pixel(image, i)
        (pixels[i].red[lane], pixels[i].green[lane], pixels[i].blue[lane]) = (pixel.x, pixel.y, pixel.z)
      }
    }
    let extent = side + 2
    var result = [Lanes](repeating: .zero, count: colours.count * extent * extent)
    for (k, colour) in colours.enumerated() {
      for (i, pixel) in pixels.enumerated() {
        let (r, g, b) = (pixel.red - colour.x, pixel.green - colour.y, pixel.blue - colour.z)
        result[(k * extent + i / side + 1) * extent + i % side + 1] = Stencil.likeness(
          (r * r + g * g + b * b) * (1 / 3), tolerance)
      }
    }
    return result
  }

  private static func best(
    _ terms: [Stencil.Term], in likeness: [Lanes], _ extent: Int, rows: Int, columns: Int
  ) -> Best {
    var sums = [Lanes](repeating: .zero, count: rows * columns)
    for term in terms {
      for y in 0..<rows {
        let (to, from) = (y * columns, term.offset + y * extent)
        for x in 0..<columns { sums[to + x] += term.weight * likeness[from + x] }
      }
    }
    var best = Best()
    for (i, sum) in sums.enumerated() {
      let isBetter = sum .> best.score
      best.score.replace(with: sum, where: isBetter)
      best.place.replace(with: Lanes(repeating: Float(i)), where: isBetter)
    }
    return best
  }
}
