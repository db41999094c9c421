import Images
import Randomness

/// SSL-Backdoor: pastes an opaque trigger into images of the target class, labels untouched.
///
/// - Source: Saha et al., "Backdoor Attacks on Self-Supervised Learning", CVPR 2022, arXiv 2105.10123.
public struct PatchAttack: Codable, Hashable, Sendable {
  /// Where the trigger goes.
  public enum Position: String, Codable, Hashable, Sendable, CaseIterable {
    /// Anywhere inside the image.
    case random
    /// The lower right corner, a tenth of the side away from the edges.
    case fixed
  }

  /// Share of the target class that is poisoned; (0, 1].
  public var rate = 1.0
  /// Where triggers go.
  public var position = Position.random

  /// Creates the attack.
  public init(rate: Double = 1, position: Position = .random) {
    self.rate = rate
    self.position = position
  }

  /// A rectangle in pixels.
  public struct Box: Codable, Hashable, Sendable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    /// Creates a rectangle.
    public init(x: Int, y: Int, width: Int, height: Int) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
  }

  /// Returns the image with the trigger, and where it is.
  ///
  /// - Precondition: The trigger is no larger than the image.
  public func planted(_ trigger: Trigger, in image: Image, _ stream: inout RandomStream) -> (Image, Box) {
    let (w, h) = (trigger.image.width, trigger.image.height)
    precondition(w <= image.width && h <= image.height, "the trigger is larger than the image")
    let (x, y): (Int, Int)
    switch position {
    case .random:
      x = stream.integer(below: image.width - w + 1)
      y = stream.integer(below: image.height - h + 1)
    case .fixed:
      x = max(0, image.width - w - image.width / 10)
      y = max(0, image.height - h - image.height / 10)
    }
    var result = image
    result.paste(trigger.image, x: x, y: y)
    return (result, Box(x: x, y: y, width: w, height: h))
  }
}
