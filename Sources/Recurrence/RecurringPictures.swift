import Datasets
import Foundation
import Images
import Randomness

/// Finds pictures that recur in photographs that have nothing else in common.
///
/// 1. In half of the images, drawn by the run's seed, windows at extrema of box filters are turned into words. Images that share
///    several windows at the same places (``Constellations``), or one window with far more images alike than a little less alike
///    (``Gap``), are laid on each other, and what they share is recovered.
/// 2. A sample of images tells which of those nature has in all degrees; the rest is looked for in all of that half, where windows of
///    theirs are, and so are pictures turned over. What has no limit there that few others are within twice of is dropped.
/// 3. In the other half that limit is tested, twice: natural things come in all degrees, so that few are within the limit for those
///    within twice as much; and they come turned over as often. Both have to be ruled out. Holm's correction accounts for the number
///    of candidates. Near-copies count once, and so do parts of one photograph, which are alike around the picture as well
///    (``Surroundings``).
/// 4. Members are told by competition with the turned pictures, at the false-discovery rate.
///
/// - Source: Our own; scale-space extrema as in Lowe, IJCV 2004, with boxes as in Agrawal et al., CenSurE, ECCV 2008; signs of random
///   directions: Charikar, STOC 2002.
/// - Limits: What has no texture, or looks the same turned over; what is smaller than some nine pixels, or turned by an angle that
///   differs from image to image.
package struct RecurringPictures: Sendable {
  /// Images that show the same picture.
  package struct Family: Sendable {
    package var picture: Picture
    /// Scores are those of the picture, then those of each turned one; next to 0 for images without.
    package var found: Confirmed
    /// One an image.
    package var poses: [Picture.Pose]

    /// True if half of some places lie in what its members show.
    func holds(_ places: [(image: Int, pose: Picture.Pose)]) -> Bool {
      2
        * places.count {
          found.scores[$0.image] >= found.threshold && picture.holds(poses[$0.image], $0.pose.x, $0.pose.y)
        } >= places.count
    }
  }

  private let source: NativeImages
  private let stream: RandomStream
  private let threads: Int
  private let rate: Double
  private let report: @Sendable (String) -> Void
  private let controls: [[Int]]
  private let order: [Int]

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - source: The images.
  ///   - stream: Draws the words.
  ///   - order: All images, drawn by the run's seed: pictures are discovered in the first half.
  ///   - rate: Largest share of false ones among families, and among the members of each.
  ///   - controls: Images that controls are hidden in, for each of these: room is added for them, so that they take it from nothing else.
  ///   - report: Told what is seen on the way, in words, for developers.
  package init(
    _ source: NativeImages, _ stream: RandomStream, order: [Int], rate: Double, threads: Int, controls: [[Int]] = [],
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.source, self.stream, self.rate, self.threads, self.report) = (source, stream, rate, threads, report)
    (self.controls, self.order) = (controls, order)
  }

  /// A picture that images of the discovery half share, and how to look for it.
  private struct Candidate: Sendable {
    var picture: Picture
    var search: PictureSearch
    /// Images that it was recovered from, and where it is in them.
    var places: [(image: Int, pose: Picture.Pose)]
    /// In half of them it is at most this.
    var distance: Float
  }

  /// What is known of an image: for each candidate the place of its picture, and the scores of its decoys.
  private struct Sight: Sendable {
    var thumbnail: [Float]
    var matches: [[PictureSearch.Match]]
    /// What is around each candidate's picture, where it may be.
    var surroundings: [Surroundings?]
  }

  /// Looks through all images.
  package func families() -> [Family] {
    let discovery = order.prefix(min(source.count / 2, Rules.discoveryImages)).sorted()
    var store = WindowStore()
    store.reserve(discovery.count)
    // Where windows are, so that they are looked for once.
    var places: [Int: [WindowScan.Place]] = [:]
    for start in stride(from: 0, to: discovery.count, by: Rules.imagesAtOnce) {
      let part = Array(discovery[start..<min(discovery.count, start + Rules.imagesAtOnce)])
      for (image, scan) in zip(part, source.map(part, threads: threads) { WindowScan($0.image) }) {
        guard let scan else { continue }
        store.append(scan, image: image)
        if places.count < Rules.keptImages { places[image] = scan.searched }
      }
    }
    report("\(store.places.count) windows of \(discovery.count) images")
    guard !store.places.isEmpty else { return [] }
    let words = Words(store, stream.stream("words"))
    var candidates = discovered(store, words, places)
    store = WindowStore()
    guard !candidates.isEmpty else { return [] }
    // In the other half only for those that hold in the first one: most don't.
    let first = sights(of: candidates, in: discovery, words, places)
    report("\(discovery.count) images looked at for \(candidates.count)")
    let gaps = gaps(candidates, first.compactMap(\.self))
    guard !gaps.isEmpty else { return [] }
    candidates = gaps.map { candidates[$0.candidate] }
    let before = first.map { sight in
      sight.map { own in
        Sight(
          thumbnail: own.thumbnail, matches: gaps.map { own.matches[$0.candidate] },
          surroundings: gaps.map { own.surroundings[$0.candidate] })
      }
    }
    let rest = order.dropFirst(discovery.count).sorted()
    let after = sights(of: candidates, in: rest, words, places)
    report("\(rest.count) more looked at for \(candidates.count)")
    var sights = [Sight?](repeating: nil, count: source.count)
    for (image, sight) in zip(discovery + rest, before + after) { sights[image] = sight }
    // What images show under a control.
    let hidden = Set(controls.joined()).sorted()
    let confirmed = confirmed(candidates, gaps.map(\.gap), before.compactMap(\.self), sights, rest)
    let plain =
      confirmed.allSatisfy { $0.isControl(controls) }
      ? [] : self.sights(of: candidates, in: hidden, words, [:], source.unchanged)
    var families: [Family] = []
    for found in confirmed {
      let none = Picture.Pose(x: 0, y: 0, scale: 1)
      var family = Family(
        picture: candidates[found.index].picture, found: found,
        poses: sights.map { $0?.matches[found.index][0].pose ?? none })
      if !found.isControl(controls) {
        for (image, sight) in zip(hidden, plain) {
          guard let own = sight?.matches[found.index] else { continue }
          family.found.replace(image, distance: own[0].distance, decoys: own.dropFirst().map(\.distance))
          family.poses[image] = own[0].pose
        }
      }
      if !families.contains(where: { $0.holds(candidates[found.index].places) }) { families.append(family) }
    }
    return families
  }

  /// Looks for candidates in images.
  ///
  /// - Parameters:
  ///   - places: Of windows, for images where they are known.
  ///   - other: Where images are taken from; nil for the source.
  private func sights(
    of candidates: [Candidate], in images: [Int], _ words: Words, _ places: [Int: [WindowScan.Place]],
    _ other: NativeImages? = nil
  ) -> [Sight?] {
    (other ?? source).map(images, threads: threads) { photograph in
      let integral = IntegralImage(photograph.image)
      let scan =
        places[photograph.index].map { WindowScan(integral, searched: $0) }
        ?? WindowScan(integral, atMost: Rules.windowsSearched)
      let codes = words.codes(scan.windows)
      let matches = candidates.map { $0.search.matches(in: integral, places: scan.places, codes: codes) }
      return Sight(
        thumbnail: scan.thumbnail, matches: matches,
        surroundings: zip(candidates, matches).map { candidate, matches in
          matches[0].score >= Rules.leastScore
            ? Surroundings(of: candidate.picture, matches[0].pose, in: integral) : nil
        })
    }
  }

  // MARK: discovery

  /// Pictures that images seem to share: by windows that keep their places, then by single ones that have the same levels.
  private func discovered(_ store: WindowStore, _ words: Words, _ places: [Int: [WindowScan.Place]]) -> [Candidate] {
    let codes = words.codes(store.levels)
    let constellations = Constellations(store, codes, stream.stream("links"), threads: threads)
    let hidden = Set(controls.joined())
    let groups = constellations.groups(
      store, words, codes, rate: rate, seeds: Rules.seeds + store.images.count(where: hidden.contains), threads: threads
    )
    let room = Rules.tests + controls.count
    report("\(constellations.links.count) links; support \(groups.map(\.partners.count))")
    var candidates: [Candidate] = []
    // Nature says nothing of what looks the same turned over: dots, rings, lines.
    var even: [Candidate] = []
    func add(_ group: Group) {
      guard let candidate = recovered(group, store, codes, words, known: candidates + even) else { return }
      if candidate.search.decoys > 0 { candidates.append(candidate) } else { even.append(candidate) }
    }
    for group in groups where candidates.count < room { add(group) }
    let before = candidates.count
    for group in alike(store, codes, words) where candidates.count < before + room { add(group) }
    return rare(candidates, store, words, places)
  }

  /// Those that may be confirmed, as a sample of images tells early: nature has others, and them turned over, in all degrees. The
  /// share is that of windows, as members may be among the few that are beyond.
  private func rare(
    _ candidates: [Candidate], _ store: WindowStore, _ words: Words, _ places: [Int: [WindowScan.Place]]
  ) -> [Candidate] {
    guard !candidates.isEmpty else { return [] }
    let step = max(1, store.images.count / Rules.sampledImages)
    let sample = stride(from: 0, to: store.images.count, by: step).map { store.images[$0] }
    let seen = sights(of: candidates, in: sample, words, places).compactMap(\.self)
    return candidates.indices.filter { k in
      let own = candidates[k]
      let turned = seen.count { $0.matches[k].dropFirst().contains { $0.distance <= own.distance } }
      let beyond = seen.count {
        $0.matches[k][0].distance > own.distance && $0.matches[k][0].distance <= 2 * own.distance
      }
      report("candidate \(k): turned \(turned) and beyond \(beyond) of \(seen.count) at \(own.distance)")
      // As many in the sample, were there as many in all as there may be at most.
      func isLikely(_ count: Int, _ most: Double) -> Bool {
        Gap.atLeast(count, mean: most * Double(own.places.count) / Double(step)) > rate
      }
      return isLikely(turned, 1) && isLikely(beyond, 1 / Rules.windowShare - 1)
    }.map { candidates[$0] }
  }

  /// Single windows with far more images near than a little farther, those first that have most others around them at the same places, and
  /// then those that are most alike for their contrast: corners of line art stand alone.
  private func alike(_ store: WindowStore, _ codes: [UInt32], _ words: Words) -> [Group] {
    let shared = Words.candidates(store, codes, threads: threads)
    report("\(shared.count) candidates, the best ratios \(shared.prefix(4).map { $0.ratio })")
    let (looked, owners) = (Array(shared.prefix(Rules.candidates)), store.owners)
    let parts = (looked.count + Rules.candidatesAtOnce - 1) / Rules.candidatesAtOnce
    let groups = concurrentMap(parts, threads: threads) { part -> [Group] in
      let windows = looked.dropFirst(part * Rules.candidatesAtOnce).prefix(Rules.candidatesAtOnce).map(\.window)
      return zip(windows, store.nearest(to: windows)).compactMap { group(of: $0, $1, store, owners) }
    }.flatMap(\.self)
    let windows = concurrentMap(groups.count, threads: threads) {
      self.windows(sharedBy: groups[$0], store, codes, words).count
    }
    return groups.indices.sorted { (windows[$1], $0) < (windows[$0], $1) }.map { groups[$0] }
  }

  /// Images with windows near one of them, if there is a gap behind these.
  private func group(
    of window: Int, _ all: (distances: [Int32], windows: [Int32]), _ store: WindowStore, _ owners: [Int32]
  ) -> Group? {
    let (distances, nearest) = all
    guard
      let gap = Gap(
        distances.map(Float.init), store.thumbnails, atLeast: Rules.leastLimit * Float(WindowScan.levels)),
      gap.pValue <= rate
    else { return nil }
    let own = Int(owners[window])
    let members = distances.indices.filter { Float(distances[$0]) <= gap.limit && $0 != own }
      .sorted { (distances[$0], $0) < (distances[$1], $1) }
    return Group(
      exemplar: own,
      partners: members.map { ($0, Transform(store.places[window], store.places[Int(nearest[$0])]), 1) },
      windows: [window])
  }

  /// True if half of some images show one and the same of some candidates where something was found in them.
  private func isKnown(
    _ sightings: [(image: Int, sighting: Picture.Sighting)], _ known: [Candidate], _ store: WindowStore, _ words: Words
  ) -> Bool {
    guard !known.isEmpty else { return false }
    let looked = sightings.prefix(Rules.partImages).map { image, sighting in
      let own = Int(store.starts[image])..<Int(store.starts[image + 1])
      let levels = store.levels[WindowScan.levels * own.lowerBound..<WindowScan.levels * own.upperBound]
      return (sighting: sighting, places: Array(store.places[own]), codes: words.codes(Array(levels)))
    }
    return known.contains { candidate in
      let showing = looked.count { image in
        let matches = candidate.search.matches(in: image.sighting.image, places: image.places, codes: image.codes)
        let decoy = matches.dropFirst().map(\.score).max() ?? Rules.leastScore
        let pose = image.sighting.pose
        return decoy < matches[0].score && candidate.picture.holds(matches[0].pose, pose.x, pose.y)
      }
      return 2 * showing >= looked.count
    }
  }

  /// Windows of a group's exemplar that half of the others have at the same place, and those by which the group was found.
  private func windows(
    sharedBy group: Group, _ store: WindowStore, _ codes: [UInt32], _ words: Words
  ) -> [(window: Int, partners: Int)] {
    let count = store.places.count
    func bits(_ a: Int, _ b: Int) -> Int {
      (0..<Rules.tables).reduce(0) { $0 + (codes[$1 * count + a] ^ codes[$1 * count + b]).nonzeroBitCount }
    }
    let partners = group.partners.prefix(Rules.recoveryImages - 1)
    return (Int(store.starts[group.exemplar])..<Int(store.starts[group.exemplar + 1])).compactMap { window in
      let place = store.places[window]
      let having = partners.count { partner in
        (Int(store.starts[partner.image])..<Int(store.starts[partner.image + 1])).contains {
          partner.transform.takes(place, to: store.places[$0]) && bits(window, $0) <= words.sameBits
        }
      }
      return 2 * having >= partners.count || group.windows.contains(window) ? (window, having) : nil
    }
  }

  /// What a group's images share.
  ///
  /// - Parameter known: Candidates: what shows one of these is none again.
  private func recovered(
    _ group: Group, _ store: WindowStore, _ codes: [UInt32], _ words: Words, known: [Candidate]
  ) -> Candidate? {
    let partners = Array(group.partners.prefix(Rules.recoveryImages - 1))
    var shared = windows(sharedBy: group, store, codes, words)
    let places = shared.map { store.places[$0.window] }
    let (left, right) = (places.map { $0.x - $0.side / 2 }.min() ?? 0, places.map { $0.x + $0.side / 2 }.max() ?? 0)
    let (top, bottom) = (places.map { $0.y - $0.side / 2 }.min() ?? 0, places.map { $0.y + $0.side / 2 }.max() ?? 0)
    let (x, y) = ((left + right) / 2, (top + bottom) / 2)
    let chosen =
      ([(group.exemplar, Picture.Pose(x: x, y: y, scale: 1))]
      + partners.map { partner in
        let t = partner.transform
        return (partner.image, Picture.Pose(x: t.scale * x + t.x, y: t.scale * y + t.y, scale: t.scale))
      }).sorted { $0.0 < $1.0 }
    let integrals = source.map(chosen.map { store.images[$0.0] }, threads: threads) { IntegralImage($0.image) }
    let sightings = zip(chosen, integrals).compactMap { chosen, integral in
      integral.map { (image: chosen.0, sighting: Picture.Sighting($0, chosen.1)) }
    }
    guard !isKnown(sightings, known, store, words) else { return nil }
    guard
      let recovered = Picture.recover(
        sightings.map(\.sighting), width: right - left, height: bottom - top)
    else {
      report("nothing recovered of \(sightings.count)")
      return nil
    }
    let (picture, poses) = (recovered.picture, recovered.poses)
    // Images of one kind are alike as wholes.
    let large = poses.count { one in
      let image = sightings[one.sighting].sighting.image
      return picture.width * picture.height * one.pose.scale * one.pose.scale
        > Rules.largestShare * Float(image.width * image.height)
    }
    guard 2 * large <= poses.count else {
      report("\(picture.width)x\(picture.height) is more than half of the images")
      return nil
    }
    shared.sort { ($1.partners, $0.window) < ($0.partners, $1.window) }
    let windows = shared.prefix(Rules.searchedWindows).map { window, _ in
      var place = store.places[window]
      (place.x, place.y) = (place.x - x - recovered.x, place.y - y - recovered.y)
      return (levels: store.window(window), place: place)
    }
    let search = PictureSearch(picture, windows: windows, words)
    report(
      "candidate with \(search.decoys) decoys, \(picture.width)x\(picture.height), \(picture.columns)x\(picture.rows) cells, \(poses.count) of \(sightings.count) images, \(shared.count) windows, contrast \(picture.contrast), scores \(poses.map(\.score).sorted().map { Int(100 * $0) })"
    )
    return Candidate(
      picture: picture, search: search,
      places: poses.map { (store.images[sightings[$0.sighting].image], $0.pose) },
      distance: PictureSearch.distance(poses.map(\.score).sorted()[poses.count / 2]))
  }

  // MARK: confirmation

  /// Candidates that hold in the images that they are from, and up to which distance.
  private func gaps(_ candidates: [Candidate], _ before: [Sight]) -> [(candidate: Int, gap: Gap)] {
    candidates.indices.compactMap { k in
      let distances = distances(k, before)
      guard
        let gap = Gap(
          distances, turned: turned(k, candidates, before), before.map(\.thumbnail),
          surroundings: before.map { $0.surroundings[k] }, share: Rules.naturalShare,
          atLeast: Rules.leastDistance, atMost: candidates[k].search.isSymmetric ? Rules.equalDistance : .infinity),
        gap.pValue <= pow(Rules.evenChance, Double(Rules.leastImages))
      else {
        report("candidate \(k): no gap; \(distances.sorted().prefix(40).map { Int(100 * $0) })")
        return nil
      }
      return (k, gap)
    }
  }

  private func distances(_ k: Int, _ sights: [Sight]) -> [Float] { sights.map { $0.matches[k][0].distance } }

  /// Distances to each turned picture.
  private func turned(_ k: Int, _ candidates: [Candidate], _ sights: [Sight]) -> [[Float]] {
    (1..<candidates[k].search.decoys + 1).map { decoy in sights.map { $0.matches[k][decoy].distance } }
  }

  /// Candidates that hold in other images, the surest first.
  ///
  /// - Parameters:
  ///   - gaps: Of the images that candidates are from, which are `before`.
  ///   - sights: Of all images.
  private func confirmed(
    _ candidates: [Candidate], _ gaps: [Gap], _ before: [Sight], _ sights: [Sight?], _ rest: [Int]
  ) -> [Confirmed] {
    let hypotheses = candidates.indices.map { k -> Hypothesis in
      var gap = gaps[k]
      gap.widen(distances(k, before))
      func all(_ turn: Int) -> [Float] { sights.map { $0?.matches[k][turn].distance ?? .infinity } }
      return Hypothesis(
        gap: gap, distances: all(0), decoys: (1..<candidates[k].search.decoys + 1).map(all),
        surroundings: sights.map { $0?.surroundings[k] })
    }
    return Confirmed.all(
      hypotheses, others: rest, thumbnails: sights.map { $0?.thumbnail },
      rate: rate, report: report)
  }
}
