/// Something that makes a training's result doubtful; coded, so that reports and gates can act on it.
public struct TrainingWarning: Codable, Hashable, Sendable {
  /// Stable identity.
  public enum Code: String, Codable, Sendable {
    /// Loss or weights are not finite. The training stops; its encoder must not be used.
    case notFinite = "training.not-finite"
    /// Features hardly differ between images. Train longer, or with a lower learning rate.
    case collapsed = "training.collapsed"
    /// Fewer images than a batch needs for contrast. Audit a larger dataset.
    case fewImages = "training.few-images"
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
