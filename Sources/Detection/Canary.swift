import Datasets
import Images
import Randomness

/// A positive control: a private trigger in the training copy of a few images.
///
/// Everything before the decision works on the copy. If the detectors don't find what was put there for
/// them, they would not have found an attacker's trigger either. The decision, the kept list and every
/// encoder that is trained afterwards use the images as they are.
///
/// - Limits: It is an opaque picture of about a third of the image side. That it is found says nothing about
///   triggers of other kinds.
public struct Canary: Sendable {
  /// Images that carry it, ascending.
  public let images: [Int]
  /// The picture.
  public let picture: Image
  /// The set with the picture in these images.
  public let set: ImageSet

  /// Images below which there is no room for a control.
  public static let minimumImages = 200

  /// Plants a picture in one of 200 images, at least 12, at random places; nil for a set too small.
  public init?(_ set: ImageSet, picture: Image, _ stream: RandomStream) {
    guard set.count >= Self.minimumImages, picture.width < set.side else { return nil }
    var draw = stream.stream("images")
    images = draw.permutation(set.count).prefix(max(12, set.count / 200)).sorted()
    self.picture = picture
    var planted: [Int: Image] = [:]
    for i in images {
      var own = stream.stream("places").stream(i)
      var image = set.image(i)
      let span = set.side - picture.width + 1
      image.paste(picture, x: own.integer(below: span), y: own.integer(below: span))
      planted[i] = image
    }
    self.set = set.replacing(planted)
  }

}
