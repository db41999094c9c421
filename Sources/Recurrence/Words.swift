import CKernels
import Foundation
import Images
import Randomness

/// Windows of the images that something is discovered in.
package struct WindowStore: Sendable {
  /// Images that the windows are of, as places in the source.
  package private(set) var images: [Int] = []
  /// ``WindowScan/levels`` a window.
  package private(set) var levels: [UInt8] = []
  package private(set) var places: [WindowScan.Place] = []
  /// Windows of image k: starts[k]..<starts[k + 1].
  package private(set) var starts: [Int32] = [0]
  package private(set) var thumbnails: [[Float]] = []

  package init() {}

  /// Makes room for the windows of some images, so that they are never copied.
  mutating func reserve(_ count: Int) {
    levels.reserveCapacity(count * Rules.windowsPerImage * WindowScan.levels)
    places.reserveCapacity(count * Rules.windowsPerImage)
  }

  package mutating func append(_ scan: WindowScan, image: Int) {
    images.append(image)
    levels += scan.windows
    places += scan.places
    starts.append(Int32(places.count))
    thumbnails.append(scan.thumbnail)
  }

  /// The image of each window, as places in ``images``.
  package var owners: [Int32] {
    var owners = [Int32](repeating: 0, count: places.count)
    for k in images.indices { for n in starts[k]..<starts[k + 1] { owners[Int(n)] = Int32(k) } }
    return owners
  }

  /// Whether images are near-copies of each other.
  package func areCopies(_ i: Int, _ j: Int) -> Bool {
    thumbnails[i].isCopy(of: thumbnails[j])
  }

  package func window(_ n: Int) -> [UInt8] {
    Array(levels[WindowScan.levels * n..<WindowScan.levels * (n + 1)])
  }

  /// Distance of each image's nearest window to each of some windows, in sums of levels, and which it is.
  package func nearest(to windows: [Int]) -> [(distances: [Int32], windows: [Int32])] {
    let count = images.count
    var distances = [Int32](repeating: 0, count: windows.count * count)
    var nearest = distances
    bz_kernels(Int32.max).pointee.nearest_windows(
      levels, starts, Int32(count), windows.flatMap(window), Int32(windows.count), &distances, &nearest)
    return windows.indices.map {
      (Array(distances[$0 * count..<($0 + 1) * count]), Array(nearest[$0 * count..<($0 + 1) * count]))
    }
  }
}

/// Words of windows: signs of random directions, in several tables.
package struct Words: Sendable {
  /// Windows that share a word, and how alike they are.
  package struct Candidate: Sendable {
    /// The window in the middle of them.
    package var window: Int
    /// Distance to the nearest window of the last of the least number of images, in levels.
    package var agreement: Float
    /// Mean absolute deviation of the window from its means, in levels.
    package var contrast: Float
    package var ratio: Float { agreement / max(1, contrast) }
  }

  private let matrix: [Float]
  private let padded: Int
  private let bits: Int

  /// Fits directions to windows.
  package init(_ store: WindowStore, _ stream: RandomStream) {
    let count = store.places.count
    bits = max(12, min(24, Int(log2(Double(max(2, count))).rounded()) + Rules.spareBits))
    let directions = Self.directions()
    // Spread of each direction over some windows.
    var squares = [Double](repeating: 0, count: directions.count)
    let step = max(1, count / Rules.fittedWindows)
    for n in Swift.stride(from: 0, to: count, by: step) {
      for (d, direction) in directions.enumerated() {
        var sum: Float = 0
        for i in 0..<WindowScan.levels { sum += direction[i] * Float(store.levels[WindowScan.levels * n + i]) }
        squares[d] += Double(sum * sum)
      }
    }
    let spreads = squares.map { Float(($0 / Double(max(1, count / step))).squareRoot()) }
    let largest = spreads.max() ?? 1
    padded = (Rules.tables * bits + 15) / 16 * 16
    var matrix = [Float](repeating: 0, count: WindowScan.levels * padded)
    for function in 0..<Rules.tables * bits {
      var own = stream.stream(function)
      for (d, direction) in directions.enumerated() {
        let weight = own.normal() / (spreads[d] * spreads[d] + Rules.whiteningFloor * largest * largest).squareRoot()
        for i in 0..<WindowScan.levels { matrix[i * padded + function] += weight * direction[i] }
      }
    }
    self.matrix = matrix
  }

  /// Low frequencies of the cosine transform of luminance and colours, without means: near the main directions of natural windows.
  private static func directions() -> [[Float]] {
    func low(_ side: Int, _ count: Int, at start: Int) -> [[Float]] {
      var waves: [(u: Int, v: Int)] = []
      for v in 0..<side { for u in 0..<side where u + v > 0 { waves.append((u, v)) } }
      waves.sort { a, b in (a.u * a.u + a.v * a.v, a.u) < (b.u * b.u + b.v * b.v, b.u) }
      func values(_ wave: Int) -> [Float] {
        (0..<side).map { x in
          let norm = (wave > 0 ? 2 : 1) / Double(side)
          return Float(norm.squareRoot() * cos(.pi * Double(wave) * (Double(x) + 0.5) / Double(side)))
        }
      }
      return waves.prefix(count).map { wave in
        let (across, down) = (values(wave.u), values(wave.v))
        var direction = [Float](repeating: 0, count: WindowScan.levels)
        for y in 0..<side { for x in 0..<side { direction[start + y * side + x] = across[x] * down[y] } }
        return direction
      }
    }
    return low(8, Rules.lumaDirections, at: 0) + low(4, Rules.colourDirections, at: 64)
      + low(4, Rules.colourDirections, at: 80)
  }

  /// Words of windows, table by table.
  ///
  /// - Parameter levels: ``WindowScan/levels`` a window.
  /// - Returns: ``Rules/tables`` times as many as windows.
  package func codes(_ levels: [UInt8]) -> [UInt32] {
    let count = levels.count / WindowScan.levels
    var codes = [UInt32](repeating: 0, count: Rules.tables * count)
    guard count > 0 else { return codes }
    bz_kernels(Int32.max).pointee.words(
      levels, count, matrix, Int32(padded), Int32(Rules.tables), Int32(bits), &codes)
    return codes
  }

  /// Bits of all words in which windows of one picture differ at most; unrelated ones differ in half of them.
  package var sameBits: Int { Int(Rules.sameBits * Double(Rules.tables * bits)) }

  /// Windows that share words of a table, two or more each, word by word.
  struct Shared: Sendable {
    fileprivate(set) var windows: [Int32] = []
    fileprivate var ends: [Int32] = []

    var count: Int { ends.count }

    subscript(word: Int) -> ArraySlice<Int32> { windows[Int(word == 0 ? 0 : ends[word - 1])..<Int(ends[word])] }

    /// - Parameters:
    ///   - most: Windows of a word that are kept, those of the lowest ranks.
    ///   - rank: Of windows.
    init(_ codes: [UInt32], _ table: Int, _ count: Int, atMost most: Int = .max, rank: (Int32) -> Int = { _ in 0 }) {
      var order = (0..<count).map { UInt64(codes[table * count + $0]) << 32 | UInt64($0) }
      order.sort()
      var start = 0
      while start < count {
        var end = start + 1
        while end < count, order[end] >> 32 == order[start] >> 32 { end += 1 }
        if end - start >= 2 {
          var own = order[start..<end].map { Int32($0 & 0xFFFF_FFFF) }
          if own.count > most {
            own.sort { (rank($0), $0) < (rank($1), $1) }
            own.removeLast(own.count - most)
          }
          windows += own
          ends.append(Int32(windows.count))
        }
        start = end
      }
    }
  }

  /// Windows that share a word with windows of other images, the most alike first.
  package static func candidates(_ store: WindowStore, _ codes: [UInt32], threads: Int) -> [Candidate] {
    let owner = store.owners
    let found = concurrentMap(Rules.tables, threads: threads) { table -> [Candidate] in
      let shared = Shared(codes, table, store.places.count)
      return (0..<shared.count).compactMap { word in
        let windows = shared[word]
        guard windows.count >= Rules.leastImages else { return nil }
        let step = max(1, windows.count / Rules.windowsPerWord)
        return closest(
          Swift.stride(from: windows.startIndex, to: windows.endIndex, by: step).map { Int(windows[$0]) }, owner, store)
      }
    }.flatMap(\.self)
    // The same window may be found in several tables.
    var best: [Int: Candidate] = [:]
    for candidate in found where candidate.ratio < best[candidate.window]?.ratio ?? .infinity {
      best[candidate.window] = candidate
    }
    return best.values.sorted { ($0.ratio, $0.window) < ($1.ratio, $1.window) }
  }

  /// Of windows that share a word the one that is nearest to those of other images.
  private static func closest(_ windows: [Int], _ owner: [Int32], _ store: WindowStore) -> Candidate? {
    let kernels = bz_kernels(Int32.max).pointee
    var best: Candidate?
    var nearest: [(distance: Int32, image: Int32)] = []
    for a in windows {
      // Distances to the nearest of other images, as many as are needed, ascending.
      nearest.removeAll(keepingCapacity: true)
      for b in windows where owner[b] != owner[a] {
        let distance = kernels.window_distance(store.levels, a, b)
        if nearest.count == Rules.leastImages - 1, distance >= nearest[nearest.count - 1].distance { continue }
        if let same = nearest.firstIndex(where: { $0.image == owner[b] }) {
          if distance >= nearest[same].distance { continue }
          nearest.remove(at: same)
        }
        nearest.insert((distance, owner[b]), at: nearest.firstIndex { $0.distance > distance } ?? nearest.count)
        if nearest.count == Rules.leastImages { nearest.removeLast() }
      }
      guard nearest.count == Rules.leastImages - 1 else { continue }
      let own = Candidate(
        window: a, agreement: Float(nearest[Rules.leastImages - 2].distance) / Float(WindowScan.levels),
        contrast: contrast(store.window(a)))
      if own.ratio < best?.ratio ?? .infinity { best = own }
    }
    return best
  }

  /// Mean absolute deviation from the means of luminance and colours, in levels.
  package static func contrast(_ window: [UInt8]) -> Float {
    var sum: Float = 0
    for (start, end) in [(0, 64), (64, 80), (80, 96)] {
      let mean = Float(window[start..<end].reduce(0) { $0 + Int($1) }) / Float(end - start)
      for value in window[start..<end] { sum += abs(Float(value) - mean) }
    }
    return sum / Float(window.count)
  }
}
