import Datasets
import Foundation
import Images

/// Finds groups of images that are the same over again: copies, recompressed, resized or slightly changed.
///
/// A 64-bit hash of the signs of the lowest DCT coefficients of the luminance; images whose hashes differ
/// in at most 4 bits are compared as 16x16 thumbnails, and those that correlate 0.98 or more are one group.
/// Copies give whoever placed them a weight in training; they are reported, never removed.
///
/// - Source: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010 (pHash).
public struct NearDuplicates: Detector {
  public static let name = "near-duplicates"
  public static let limits =
    "near-duplicates sees whole images that recur, up to compression, size and small changes; not crops, mirror images or turned ones. It never removes an image by itself."

  private static let bits = 4
  private static let correlation: Float = 0.98
  /// Images in the largest group from which it is worth a word.
  private static let smallest = 5
  /// Images compared, at most.
  private static let sample = 20_000

  /// Creates the detector.
  public init() {}

  public func proposals(_ context: DetectionContext) -> [Proposal] {
    let set = context.set
    let images = set.sample(Self.sample)
    let prints = concurrentMap(images.count, threads: context.threads) { Self.print(set, images[$0]) }
    // Hashes that differ in at most 4 of 64 bits agree in at least one of five parts.
    var groups = DisjointSets(count: images.count)
    let parts: [(shift: UInt64, width: UInt64)] = [(0, 13), (13, 13), (26, 13), (39, 13), (52, 12)]
    for part in parts {
      var buckets: [UInt64: [Int]] = [:]
      for i in images.indices where prints[i].contrast >= 4 {
        let mask: UInt64 = (1 << part.width) - 1
        buckets[(prints[i].hash >> part.shift) & mask, default: []].append(i)
      }
      for (_, own) in buckets.sorted(by: { $0.key < $1.key }) where own.count > 1 {
        for (k, a) in own.enumerated() {
          for b in own[(k + 1)...] where (prints[a].hash ^ prints[b].hash).nonzeroBitCount <= Self.bits {
            guard groups.root(a) != groups.root(b) else { continue }
            let likeness = zip(prints[a].thumbnail, prints[b].thumbnail).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            if likeness >= Self.correlation { groups.join(a, b) }
          }
        }
      }
    }
    return groups.all(from: Self.smallest).prefix(20).map { group in
      let members = group.map { Proposal.Member(image: images[$0], score: 1, pValue: 1, place: nil) }
      return Proposal(detector: Self.name, trigger: nil, members: members, separation: nil, isPoison: false)
    }
  }

  /// How many of some images remain if of those that are the same picture over again only one counts; up to `most`.
  static func distinct(_ images: [Int], in set: ImageSet, upTo most: Int) -> Int {
    var kept: [[Float]] = []
    for image in images where kept.count < most {
      let own = print(set, image).thumbnail
      let isKnown = kept.contains { zip(own, $0).reduce(Float(0)) { $0 + $1.0 * $1.1 } >= correlation }
      if !isKnown { kept.append(own) }
    }
    return kept.count
  }

  private struct Print: Sendable {
    var hash: UInt64
    var contrast: Float
    var thumbnail: [Float]
  }

  private static let waves: [Float] = (0..<128).map { i in
    let (k, x) = (Float(i / 16 + 1), Float(2 * (i % 16) + 1))
    return cos(x * k * Float.pi / 32)
  }

  private static func print(_ set: ImageSet, _ image: Int) -> Print {
    let side = set.side
    var small = [Float](repeating: 0, count: 256)
    var counts = [Float](repeating: 0, count: 256)
    let plane = set.luminance(image)
    let columns = (0..<side).map { $0 * 16 / side }
    for y in 0..<side {
      let row = y * 16 / side * 16
      for x in 0..<side {
        let to = row + columns[x]
        small[to] += plane[y * side + x]
        counts[to] += 1
      }
    }
    for i in 0..<256 { small[i] /= max(1, counts[i]) }
    let mean = small.reduce(0, +) / 256
    let norm = small.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    var hash: UInt64 = 0
    for v in 0..<8 {
      for u in 0..<8 {
        var sum: Float = 0
        for y in 0..<16 { for x in 0..<16 { sum += small[y * 16 + x] * waves[u * 16 + x] * waves[v * 16 + y] } }
        hash = hash << 1 | (sum > 0 ? 1 : 0)
      }
    }
    return Print(hash: hash, contrast: norm / 16, thumbnail: small.map { ($0 - mean) / max(norm, 1e-6) })
  }
}
