import Datasets
import Images
import Randomness

/// Windows of different images that show the same picture, and the picture they share.
package struct WindowFamily {
  /// Indices into the search's candidates; the seed first.
  package var members: [Int]
  /// The shared picture.
  package var recovered: PatchAlignment.Recovered
}

/// Groups the search's best windows by what they show.
///
/// A trigger is pasted, so it recurs pixel for pixel (up to compression) in images that have nothing
/// else in common; what classes share naturally only resembles itself. The centre of each window is
/// looked for in the other windows' images; where it is found again with a correlation of at least
/// `correlation`, while most images show nothing like it, the windows are one family. The trigger's
/// extent is where the aligned members agree.
///
/// - Source: Our own; see Reports for measurements.
/// - Limits: The same trigger at very different scales or angles falls apart into several families,
///   or is not grouped at all.
public struct FamilySearch: Sendable {
  /// Settings.
  public struct Configuration: Codable, Hashable, Sendable {
    /// Candidates that are compared, the best by score.
    public var candidates = 60
    /// Correlation from which two windows show the same.
    public var correlation: Float = 0.9
    /// Largest median correlation of the centre with images at random.
    public var commonness: Float = 0.7
    /// Smallest number of images in a family.
    public var minimumMembers = 4
    /// Shares of the window that are compared, along a side, (0, 1], one after the other: the smaller lies within the trigger where
    /// windows miss it by some pixels.
    public var centres = [0.8, 0.4]
    /// Smallest standard deviation of the centre's values, 0...255: flat pictures prove nothing.
    public var minimumContrast: Float = 12

    /// The defaults.
    public init() {}
  }

  private let configuration: Configuration
  private let set: ImageSet
  private let sample: [Int]
  private let threads: Int

  /// Prepares a search over a set.
  public init(_ configuration: Configuration, set: ImageSet, threads: Int, _ stream: RandomStream) {
    self.configuration = configuration
    self.set = set
    self.threads = threads
    var own = stream
    sample = Array(own.permutation(set.count).prefix(200))
  }

  /// Returns the families among candidates, the largest first; no image is in two.
  ///
  /// - Parameter ranked: Candidates in order of their score; the first ones are compared.
  package func families(_ ranked: [PatchSearch.Candidate]) -> [WindowFamily] {
    let pool = Array(ranked.prefix(configuration.candidates))
    var free = Set(pool.indices)
    return configuration.centres.flatMap { centre in
      families(pool, &free, inner: max(3, Int((centre * Double(pool.first?.window.side ?? 0)).rounded())))
    }
  }

  /// Families of which the inner squares of windows are alike; takes what is in one out of those that are free.
  private func families(_ pool: [PatchSearch.Candidate], _ free: inout Set<Int>, inner: Int) -> [WindowFamily] {
    let own = free.sorted()
    let matches = concurrentMap(own.count, threads: threads) { slot -> [PatchMatch.Place]? in
      let match = PatchMatch(centre(pool[own[slot]], inner))
      guard match.contrast >= configuration.minimumContrast else { return nil }
      let common = sample.map { match.best(in: set, $0).correlation }.sorted()
      guard let median = common.dropFirst(common.count / 2).first, median <= configuration.commonness else {
        return nil
      }
      return pool.map { match.best(in: set, $0.image) }
    }
    // Without those whose windows are alike but recover no picture.
    var (families, left): ([WindowFamily], Set<Int>) = ([], free)
    while true {
      let seeds = zip(own, matches).compactMap { i, places -> (places: [PatchMatch.Place], members: [Int])? in
        guard let places, left.contains(i) else { return nil }
        let members = left.filter { $0 != i && places[$0].correlation >= configuration.correlation }.sorted()
        return members.count + 1 >= configuration.minimumMembers ? (places, [i] + members) : nil
      }
      guard
        let (places, members) = seeds.max(by: {
          ($0.members.count, $1.members[0]) < ($1.members.count, $0.members[0])
        })
      else { return families }
      left.subtract(members)
      let aligned = members.map { (image: pool[$0].image, x: places[$0].x, y: places[$0].y) }
      guard let found = PatchAlignment.recover(set, aligned, inner: inner) else { continue }
      families.append(WindowFamily(members: members, recovered: found))
      free.subtract(members)
      // What resembles the family's trigger is of it, even if it was not aligned well enough to join.
      let trigger = PatchMatch(centred(found.picture.image, inner))
      free = free.filter { trigger.best(in: set, pool[$0].image).correlation < 0.75 }
      left.formIntersection(free)
    }
  }

  private func centre(_ candidate: PatchSearch.Candidate, _ inner: Int) -> Image {
    let offset = (candidate.window.side - inner) / 2
    return set.image(candidate.image)
      .cropped(x: candidate.window.x + offset, y: candidate.window.y + offset, width: inner, height: inner)
  }

  private func centred(_ image: Image, _ inner: Int) -> Image {
    let side = min(inner, image.width)
    let offset = (image.width - side) / 2
    return image.cropped(x: offset, y: offset, width: side, height: side)
  }
}
