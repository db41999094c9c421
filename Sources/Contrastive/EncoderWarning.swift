/// Something that makes an encoder doubtful; coded, so that reports and gates can act on it.
public struct EncoderWarning: Codable, Hashable, Sendable {
  /// Stable identity.
  public enum Code: String, Codable, Sendable {
    /// Loss or weights are not finite. The training stops; its encoder must not be used.
    case trainingNotFinite = "training.not-finite"
    /// Features hardly differ between images of the last batch. Train longer, or with a lower learning rate.
    case trainingCollapsed = "training.collapsed"
    /// Fewer images than a batch needs for contrast, or a search. Audit a larger dataset.
    case fewImages = "training.few-images"
    /// Features of the dataset are not finite, or so large that their squares are not. Give another encoder.
    case notFinite = "encoder.not-finite"
    /// Features of the dataset hardly differ between images. Give another encoder.
    case collapsed = "encoder.collapsed"

    /// True if nothing can be looked for with such an encoder.
    public var isFatal: Bool { [.trainingNotFinite, .fewImages, .notFinite].contains(self) }
  }

  public var code: Code
  public var detail: String

  /// Creates a warning.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}

/// Spread of features below which an encoder counts as collapsed.
public let collapseThreshold: Float = 0.1

extension Features {
  /// Largest magnitude whose products can still be summed.
  private static let largest: Float = 1e6
  /// Share of images in one point above which the few others don't make an encoder useful.
  private static let largestShare = 0.9

  /// What makes an encoder with these features of a dataset useless for a search; nil if nothing does.
  public var warning: EncoderWarning? {
    let broken = (0..<count).count { !row($0).allSatisfy { $0.magnitude <= Self.largest } }
    if broken > 0 {
      return .init(
        .notFinite,
        "the encoder gives features that are not finite or beyond a million for \(broken) of \(count) images")
    }
    let spread = spread
    if spread < collapseThreshold {
      return .init(
        .collapsed, "the encoder hardly tells images apart: feature spread \(spread), below \(collapseThreshold)")
    }
    // A few images elsewhere spread the features, but nothing can be searched among the others.
    let together = largestGroup
    guard Double(together) > Self.largestShare * Double(count) else { return nil }
    return .init(.collapsed, "the encoder maps \(together) of \(count) images to one point")
  }

  /// The largest number of rows in the direction of one row, of eight that are tried; a group of nine tenths is hardly missed.
  private var largestGroup: Int {
    let lengths = (0..<count).map { dot(row($0), row($0)).squareRoot() }
    let most = collapseThreshold * collapseThreshold
    return (0..<min(8, count)).map { k in
      let chosen = k * count / min(8, count)
      return (0..<count).count { i in
        // Between unit rows; a row of zeros stays one.
        let cosine = dot(row(i), row(chosen)) / max(lengths[i] * lengths[chosen], .leastNormalMagnitude)
        return (lengths[i] > 0 ? 1 : 0) + (lengths[chosen] > 0 ? 1 : 0) - 2 * cosine < most
      }
    }.max() ?? 0
  }
}
