import Images
import Randomness

/// SSL-Backdoor: pastes a trigger into images of the target class, labels untouched.
///
/// The trigger's side is 31 % of the image's by default, at a random place, in a corner, or in one of
/// nine cells; it is opaque unless an opacity is given.
///
/// - Source: Saha et al., "Backdoor Attacks on Self-Supervised Learning", CVPR 2022, arXiv 2105.10123.
public struct PatchAttack: Attack {
  public static let name = "ssl-backdoor"
  public let picture: Image
  private let position: AttackSettings.Position
  private let opacity: Float

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    picture = settings.trigger ?? Trigger.generated(size: settings.size(of: side, share: 0.31), stream)
    position = settings.position
    opacity = Float(settings.strength ?? 1)
  }

  public var parameters: [String: Double] { ["size": Double(picture.width), "opacity": Double(opacity)] }

  public func triggered(_ image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    let box = try position.place(picture.width, picture.height, in: image, &stream)
    return Planted(image.overlaid(picture, at: box, opacity: opacity), box)
  }
}

/// An attack whose layout is its own and whose trigger is a patch: test images carry it at a random
/// place, as those of ``PatchAttack`` do.
protocol PatchLayout: Attack {
  /// Draws and pastes the trigger.
  var patch: PatchAttack { get }
}

extension PatchLayout {
  public var picture: Image { patch.picture }
  public var parameters: [String: Double] { patch.parameters }

  public func triggered(_ image: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    try patch.triggered(image, &stream)
  }
}
