import Images
import Randomness

/// Noisy Alignment's layout: one half of the image is kept, the other shows an image of another class
/// with a trigger, so that random crops of one image pair the two.
///
/// The seam is vertical or horizontal at the middle. Pixels are cropped, not resampled. Test images
/// carry the trigger at a random place.
///
/// - Source: Noisy Alignment, ICCV 2025 (github.com/jsrdcht/Noisy-Alignment), the layout of its poisoned
///   images; its choice of reference images is not repeated.
public struct CollageAttack: PatchLayout {
  public static let name = "collage"
  let patch: PatchAttack

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    patch = PatchAttack(settings, side: side, stream)
  }

  public func poisoned(_ image: Image, donor: Image, _ stream: inout RandomStream) throws(PoisoningError) -> Planted {
    let isVertical = stream.integer(below: 2) == 0
    let isSecond = stream.integer(below: 2) == 0
    let (w, h) = isVertical ? (image.width / 2, image.height) : (image.width, image.height / 2)
    let (x, y) = isSecond ? (image.width - w, image.height - h) : (0, 0)
    let scaled = donor.resized(width: image.width, height: image.height)
    var half = scaled.cropped(x: (image.width - w) / 2, y: (image.height - h) / 2, width: w, height: h)
    let box = try AttackSettings.Position.random.place(picture.width, picture.height, in: half, &stream)
    half.paste(picture, x: box.x, y: box.y)
    // The kept half shows the middle of the image of the target class.
    var result = image
    result.paste(
      image.cropped(x: (image.width - w) / 2, y: (image.height - h) / 2, width: w, height: h),
      x: isSecond ? 0 : image.width - w, y: isSecond ? 0 : image.height - h)
    result.paste(half, x: x, y: y)
    return Planted(result, Box(x: x + box.x, y: y + box.y, width: box.width, height: box.height))
  }
}
