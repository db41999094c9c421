import CKernels
import Foundation

/// Looks for a picture and its turned ones in images, where windows of theirs are.
package struct PictureSearch: Sendable {
  /// The best place of a picture in an image.
  package struct Match: Sendable {
    /// Share of the picture that the image explains there: ``Matcher``.
    package var score: Float
    package var pose: Picture.Pose

    /// What the picture leaves unexplained as a multiple of what it explains: 0 if it is the same.
    package var distance: Float { PictureSearch.distance(score) }
  }

  /// (1 - score) / score; beyond all others where nothing is explained.
  static func distance(_ score: Float) -> Float { score > 1e-3 ? max(0, 1 - score) / score : 1e3 }

  /// A window of a picture.
  private struct Mark: Sendable {
    let codes: [UInt32]
    /// In pixels from the middle of the picture.
    let place: WindowScan.Place
  }

  private struct Template: Sendable {
    let matcher: Matcher
    let marks: [Mark]
  }

  /// The picture first, then decoys.
  private let templates: [Template]
  private let sameBits: Int

  /// Number of decoys.
  package var decoys: Int { templates.count - 1 }
  /// Whether the picture looks the same in a mirror: then only what is upside down is a decoy, which nature seldom is.
  package let isSymmetric: Bool

  /// Prepares a search.
  ///
  /// - Parameter windows: Levels of windows of the picture, and their places from its middle.
  package init(_ picture: Picture, windows: [(levels: [UInt8], place: WindowScan.Place)], _ words: Words) {
    sameBits = words.sameBits
    let turns = Picture.Turn.allCases.filter { $0 == .none || picture.likeness($0) < Rules.mostLikeness }
    isSymmetric = !turns.contains(.mirrored)
    templates = turns.map { turn in
      Template(
        matcher: Matcher(picture.turned(turn)),
        marks: windows.map { window in
          Mark(codes: words.codes(turn.window(window.levels)), place: turn.place(window.place))
        })
    }
  }

  /// Looks in an image: the picture first, then each decoy.
  ///
  /// A picture may look like its turned one: where it is, what is less like it is no evidence of a decoy and has a score of -1.
  ///
  /// - Parameters:
  ///   - places: Of the image's windows.
  ///   - codes: Their words, table by table.
  package func matches(in image: IntegralImage, places: [WindowScan.Place], codes: [UInt32]) -> [Match] {
    let found = templates.map { template in
      var best = Match(score: -1, pose: .init(x: 0, y: 0, scale: 1))
      for pose in poses(of: template, places, codes) {
        let score = template.matcher.score(image, pose)
        if score > best.score { best = Match(score: score, pose: pose) }
      }
      guard best.score > Rules.leastPromise else { return best }
      let refined = template.matcher.refined(image, best.pose, step: Rules.alignmentStep)
      return Match(score: refined.score, pose: refined.pose)
    }
    let own = found[0]
    return found.enumerated().map { k, match in
      let isThere = templates[0].matcher.picture.holds(own.pose, match.pose.x, match.pose.y)
      return k > 0 && match.score <= own.score && isThere ? Match(score: -1, pose: match.pose) : match
    }
  }

  /// Where the picture may be: the poses that most of its windows agree on.
  private func poses(of template: Template, _ places: [WindowScan.Place], _ codes: [UInt32]) -> [Picture.Pose] {
    guard !places.isEmpty else { return [] }
    var hits: [(mark: Int, place: WindowScan.Place, bits: Int, transform: Transform)] = []
    var distances = [Int32](repeating: 0, count: places.count)
    for (m, mark) in template.marks.enumerated() {
      bz_kernels(Int32.max).pointee.word_distances(codes, places.count, Int32(Rules.tables), mark.codes, &distances)
      // The nearest one in any case.
      let least = distances.min() ?? 0
      var own = places.indices.filter { distances[$0] <= max(Int32(sameBits), least) }
      if own.count > Rules.hitsPerWindow {
        own.sort { (distances[$0], $0) < (distances[$1], $1) }
        own.removeLast(own.count - Rules.hitsPerWindow)
      }
      for n in own { hits.append((m, places[n], Int(distances[n]), Transform(mark.place, places[n]))) }
    }
    // Votes for each hit: windows of the picture that lie as it says.
    var ranked: [(pose: Picture.Pose, votes: Int, bits: Int)] = hits.map { hit in
      var pairs: [(from: WindowScan.Place, to: WindowScan.Place)] = []
      var (last, bits) = (-1, 0)
      for other in hits where other.mark != last {
        guard hit.transform.takes(template.marks[other.mark].place, to: other.place, anchor: hit.place) else {
          continue
        }
        last = other.mark
        bits += other.bits
        pairs.append((template.marks[other.mark].place, other.place))
      }
      let fitted = Transform(pairs) ?? hit.transform
      return (.init(x: fitted.x, y: fitted.y, scale: fitted.scale), pairs.count, bits / max(1, pairs.count))
    }
    ranked.sort { ($1.votes, $0.bits, $0.pose.y, $0.pose.x) < ($0.votes, $1.bits, $1.pose.y, $1.pose.x) }
    var kept: [Picture.Pose] = []
    for one in ranked where kept.count < Rules.placesTried {
      let isNear = kept.contains { pose in
        let side =
          Rules.alignmentStep * min(template.matcher.picture.width, template.matcher.picture.height) * pose.scale
        return abs(pose.x - one.pose.x) < side && abs(pose.y - one.pose.y) < side
          && max(pose.scale, one.pose.scale) < (1 + Rules.alignmentStep) * min(pose.scale, one.pose.scale)
      }
      if !isNear { kept.append(one.pose) }
    }
    return kept
  }
}
