import Images
import Randomness

/// CorruptEncoder's layout: an object of the target class, at half its size, and a trigger in opposite
/// quarters of a background from another class.
///
/// Objects are rectangles: the dataset has no masks. Test images carry the trigger at a random place.
///
/// - Source: Zhang et al., "Data Poisoning based Backdoor Attacks to Contrastive Learning", CVPR 2024,
///   arXiv 2211.08229.
public struct CorruptEncoderAttack: PatchLayout {
  public static let name = "corrupt-encoder"
  let patch: PatchAttack

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    patch = PatchAttack(settings, side: side, stream)
  }

  public func poisoned(_ image: Image, donor: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    var result = donor.resized(width: image.width, height: image.height)
    let (w, h) = (image.width / 2, image.height / 2)
    let corner = (stream.integer(below: 2), stream.integer(below: 2))
    result.paste(
      image.resized(width: w, height: h), x: corner.0 == 0 ? 0 : image.width - w,
      y: corner.1 == 0 ? 0 : image.height - h)
    let quarter = Image(width: image.width - w, height: image.height - h)
    let box = try AttackSettings.Position.random.place(picture.width, picture.height, in: quarter, &stream)
    let (x, y) = (box.x + (corner.0 == 0 ? w : 0), box.y + (corner.1 == 0 ? h : 0))
    result.paste(picture, x: x, y: y)
    return Planted(result, Box(x: x, y: y, width: box.width, height: box.height))
  }
}
