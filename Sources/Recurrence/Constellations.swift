import CKernels
import Foundation
import Images
import Randomness

/// A move and a scale that take pixels of one image to those of another: scale * p + (x, y).
package struct Transform: Sendable {
  package var scale: Float
  package var x: Float
  package var y: Float

  /// That which takes one window to another.
  init(_ from: WindowScan.Place, _ to: WindowScan.Place) {
    scale = to.side / from.side
    (x, y) = (to.x - scale * from.x, to.y - scale * from.y)
  }

  /// That which fits several windows best, by their centres; nil where they have one centre.
  init?(_ pairs: [(from: WindowScan.Place, to: WindowScan.Place)]) {
    let n = Float(pairs.count)
    let from = (pairs.reduce(0) { $0 + $1.from.x } / n, pairs.reduce(0) { $0 + $1.from.y } / n)
    let to = (pairs.reduce(0) { $0 + $1.to.x } / n, pairs.reduce(0) { $0 + $1.to.y } / n)
    var (across, square): (Float, Float) = (0, 0)
    for pair in pairs {
      let (px, py) = (pair.from.x - from.0, pair.from.y - from.1)
      across += px * (pair.to.x - to.0) + py * (pair.to.y - to.1)
      square += px * px + py * py
    }
    guard square > 1, across > 0 else { return nil }
    scale = across / square
    (x, y) = (to.0 - scale * from.0, to.1 - scale * from.1)
  }

  /// Whether it takes a window to another, up to what sides and places of extrema differ by.
  func takes(_ from: WindowScan.Place, to: WindowScan.Place, anchor: WindowScan.Place? = nil) -> Bool {
    let ratio = to.side / from.side / scale
    guard ratio < Rules.sameScale, ratio > 1 / Rules.sameScale else { return false }
    let reach = anchor.map { abs(to.x - $0.x) + abs(to.y - $0.y) } ?? 0
    let tolerance = Rules.sameOffset * to.side + Rules.sameReach * reach
    return abs(scale * from.x + x - to.x) < tolerance && abs(scale * from.y + y - to.y) < tolerance
  }
}

/// An image that may show something, and images that seem to share it.
package struct Group: Sendable {
  /// Places in a ``WindowStore``.
  package var exemplar: Int
  /// Images, how they lie, and how many windows say so.
  package typealias Partner = (image: Int, transform: Transform, windows: Int)

  package var partners: [Partner]
  /// Windows of the exemplar by which they were found.
  package var windows: [Int]
}

/// Windows that lie in two images in the same way: each alike, and moved and scaled by one and the same.
///
/// One window alike says little in photographs, even if it has the same levels; several that keep their places say much, even if
/// levels differ, as where what is pasted is half-transparent or consists of letters.
///
/// - Source: Our own; votes as in Lowe, IJCV 2004, section 7.3, between all images at once.
package struct Constellations: Sendable {
  /// Two images that share windows.
  package struct Link: Sendable {
    package var a: Int32
    package var b: Int32
    /// Windows of both, places in the store.
    package var pairs: [(a: Int32, b: Int32)]

    /// The windows of one of the images, each once, and those that it shares them with.
    func pairs(of image: Int32) -> [(own: Int32, other: Int32)] {
      let sorted = pairs.map { a == image ? (own: $0.a, other: $0.b) : (own: $0.b, other: $0.a) }
        .sorted { ($0.own, $0.other) < ($1.own, $1.other) }
      return sorted.indices.filter { $0 == 0 || sorted[$0].own != sorted[$0 - 1].own }.map { sorted[$0] }
    }
  }

  package let links: [Link]

  /// Links images whose windows share words.
  package init(_ store: WindowStore, _ codes: [UInt32], _ stream: RandomStream, threads: Int) {
    let count = store.places.count
    let owner = store.owners
    // Of words that many windows have, those of images with the least ranks: what many images share keeps meeting.
    var own = stream
    let rank = own.permutation(store.images.count)
    let tables = concurrentMap(Rules.tables, threads: threads) { table in
      Words.Shared(codes, table, count, atMost: Rules.linkedWindows) { rank[Int(owner[Int($0)])] }
    }
    let votes = tables.reduce(0) { sum, words in
      sum + (0..<words.count).reduce(0) { $0 + words[$1].count * (words[$1].count - 1) / 2 }
    }
    let parts = max(threads, (votes + Rules.votesAtOnce - 1) / Rules.votesAtOnce)
    links = concurrentMap(parts, threads: threads) { part -> [Link] in
      var votes: [UInt64] = []
      for words in tables {
        for word in 0..<words.count {
          let windows = words[word]
          for (n, a) in windows.enumerated() {
            for b in windows.prefix(n) {
              let (low, high) = (min(a, b), max(a, b))
              let (i, j) = (Int(owner[Int(low)]), Int(owner[Int(high)]))
              guard i != j, (i + j) % parts == part else { continue }
              votes.append(
                UInt64(i) << 44 | UInt64(j) << 24 | UInt64(low - store.starts[i]) << 12
                  | UInt64(high - store.starts[j]))
            }
          }
        }
      }
      votes.sort()
      var links: [Link] = []
      var start = 0
      while start < votes.count {
        var end = start + 1
        while end < votes.count, votes[end] >> 24 == votes[start] >> 24 { end += 1 }
        if end - start >= Rules.linkedPlaces {
          let (i, j) = (Int(votes[start] >> 44), Int(votes[start] >> 24 & 0xFFFFF))
          var pairs: [(a: Int32, b: Int32)] = []
          for v in votes[start..<end] {
            let pair = (store.starts[i] + Int32(v >> 12 & 0xFFF), store.starts[j] + Int32(v & 0xFFF))
            if pairs.last.map({ $0 != pair }) ?? true { pairs.append(pair) }
          }
          if let link = Self.link(i, j, pairs, store) { links.append(link) }
        }
        start = end
      }
      return links
    }.flatMap(\.self)
  }

  /// The most pairs of windows that one transform takes to each other; nil if they lie at too few places.
  private static func link(_ i: Int, _ j: Int, _ pairs: [(a: Int32, b: Int32)], _ store: WindowStore) -> Link? {
    guard pairs.count >= Rules.linkedPlaces, !store.areCopies(i, j) else { return nil }
    let places = pairs.map { (from: store.places[Int($0.a)], to: store.places[Int($0.b)]) }
    let scales = places.map { $0.to.side / $0.from.side }
    // A little wider than what counts, for rounding.
    let nearScale = 1.001 * Rules.sameScale
    var best: [Int] = []
    var most = Rules.linkedPlaces - 1
    var (same, kept): ([Int], [Int]) = ([], [])
    for anchor in places.prefix(Rules.linkedPairs) {
      let transform = Transform(anchor.from, anchor.to)
      let (least, largest) = (transform.scale / nearScale, transform.scale * nearScale)
      same.removeAll(keepingCapacity: true)
      kept.removeAll(keepingCapacity: true)
      // As long as those that are left may make them more than before.
      for n in places.indices {
        if kept.count + places.count - n <= most { break }
        guard scales[n] > least, scales[n] < largest else { continue }
        let own = places[n]
        guard transform.takes(own.from, to: own.to, anchor: anchor.to) else { continue }
        same.append(n)
        let isApart = kept.allSatisfy { other in
          places[other].from.isApart(from: own.from) && places[other].to.isApart(from: own.to)
        }
        if isApart { kept.append(n) }
      }
      if kept.count > most { (most, best) = (kept.count, same) }
    }
    return best.isEmpty ? nil : Link(a: Int32(i), b: Int32(j), pairs: best.map { pairs[$0] })
  }

  /// Of the strongest links the images that have their windows at the same places, those first that are least likely by chance.
  ///
  /// Words are sure but rare: here windows are the same if few bits of all words differ. By chance as many images have the windows
  /// mirrored.
  ///
  /// - Parameters:
  ///   - codes: Of all windows, table by table.
  ///   - rate: Chance from which a group is none.
  ///   - most: Links that are looked at.
  package func groups(
    _ store: WindowStore, _ words: Words, _ codes: [UInt32], rate: Double, seeds most: Int, threads: Int
  ) -> [Group] {
    // The strongest of each image, so that images which share much do not fill the list.
    var strongest: [Int32: Int] = [:]
    for (n, link) in links.enumerated() {
      for image in [link.a, link.b] where link.pairs.count > strongest[image].map({ links[$0].pairs.count }) ?? 0 {
        strongest[image] = n
      }
    }
    let seeds = Set(strongest.values).sorted { (links[$1].pairs.count, $0) < (links[$0].pairs.count, $1) }
      .prefix(most).map { links[$0] }
    let owner = store.owners
    return concurrentMap(seeds.count, threads: threads) { n -> (group: Group, chance: Double)? in
      var marks: [Int] = []
      for pair in seeds[n].pairs(of: seeds[n].a)
      where marks.count < Rules.seedWindows && marks.allSatisfy({ store.areApart(Int32($0), pair.own) }) {
        marks.append(Int(pair.own))
      }
      let image = Int(seeds[n].a)
      func partners(_ turn: Picture.Turn) -> [Group.Partner] {
        let turned = marks.map { mark in
          (codes: words.codes(turn.window(store.window(mark))), place: turn.place(store.places[mark]))
        }
        return Self.partners(of: image, turned, store, codes, owner, sameBits: words.sameBits)
      }
      let (own, mirrored) = (partners(.none), partners(.mirrored))
      var chance = 1.0
      for least in Rules.linkedPlaces..<max(Rules.linkedPlaces, marks.count) + 1 {
        let (a, b) = (own.count { $0.windows >= least }, mirrored.count { $0.windows >= least })
        chance = min(chance, Gap.tail(a, of: a + b, Rules.evenChance))
      }
      guard own.count >= Rules.leastImages - 1, chance <= rate else { return nil }
      return (Group(exemplar: image, partners: own, windows: marks), chance)
    }.compactMap(\.self)
      .sorted { ($0.chance, $0.group.exemplar) < ($1.chance, $1.group.exemplar) }
      .map(\.group)
  }

  /// The images that have at least three of some windows at the same places, the surest first.
  private static func partners(
    of image: Int, _ marks: [(codes: [UInt32], place: WindowScan.Place)], _ store: WindowStore, _ codes: [UInt32],
    _ owner: [Int32], sameBits: Int
  ) -> [Group.Partner] {
    let count = store.places.count
    var hits: [Int32: [(mark: Int, window: Int)]] = [:]
    var near = [Int32](repeating: 0, count: count)
    for (m, mark) in marks.enumerated() {
      let found = bz_kernels(Int32.max).pointee.near_words(
        codes, count, Int32(Rules.tables), mark.codes, Int32(sameBits), &near)
      for n in near[..<found] { hits[owner[Int(n)], default: []].append((m, Int(n))) }
    }
    var partners: [Group.Partner] = []
    for (other, own) in hits where own.count >= Rules.linkedPlaces && !store.areCopies(image, Int(other)) {
      var best: [(from: WindowScan.Place, to: WindowScan.Place)] = []
      for anchor in own.prefix(Rules.linkedPairs) {
        let to = store.places[anchor.window]
        let transform = Transform(marks[anchor.mark].place, to)
        var kept: [(from: WindowScan.Place, to: WindowScan.Place)] = []
        var last = -1
        for hit in own where hit.mark != last {
          let (p, q) = (marks[hit.mark].place, store.places[hit.window])
          guard transform.takes(p, to: q, anchor: to), kept.allSatisfy({ $0.to.isApart(from: q) }) else { continue }
          kept.append((p, q))
          last = hit.mark
        }
        if kept.count > best.count { best = kept }
      }
      if best.count >= Rules.linkedPlaces, let transform = Transform(best) {
        partners.append((Int(other), transform, best.count))
      }
    }
    return partners.sorted { ($1.windows, $0.image) < ($0.windows, $1.image) }
  }
}

extension WindowStore {
  fileprivate func areApart(_ a: Int32, _ b: Int32) -> Bool { places[Int(a)].isApart(from: places[Int(b)]) }
}

extension WindowScan.Place {
  /// Whether windows are different parts of an image.
  func isApart(from other: Self) -> Bool {
    max(abs(x - other.x), abs(y - other.y)) >= 0.5 * max(side, other.side)
  }
}
