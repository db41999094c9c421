import Datasets
import Foundation
import Images
import Randomness
import Tensors

/// How good the features of an encoder in training are; nil for what cannot be told, as of features that are not finite.
public struct FeatureQuality: Codable, Hashable, Sendable {
  /// Share of images whose class their 20 nearest neighbours tell; nil without labels.
  public var neighbourAccuracy: Double?
  /// Mean squared distance of two views of an image, of unit length; 0...4, the lower the better.
  public var alignment: Double?
  /// log mean exp(-2 d^2) over pairs of images; the lower, the more evenly they lie on the sphere.
  public var uniformity: Double?
  /// Share of images whose rotation by a multiple of 90 degrees a linear classifier tells; 0.25 by chance.
  public var rotationAccuracy: Double?
}

/// Measures encoders while they train.
///
/// - Source: Neighbours: see ``nearestNeighbourLabels(_:among:labels:k:)``; alignment and uniformity: Wang and Isola, ICML 2020, arXiv
///   2005.10242; rotation: Reed et al., "SelfAugment", CVPR 2021, arXiv 2009.07724.
/// - Determinism: Depends on the images, the encoder and the stream alone.
public struct TrainingMonitor: Sendable {
  private let set: ImageSet
  private let classes: [Int]?
  private let augmentation: Augmentation
  private let stream: RandomStream
  /// Images that are looked at, in an order that is drawn.
  private let images: [Int]

  /// Images that neighbours are taken among, at most, and those that are rotated.
  private static let (most, rotated) = (4000, 1000)

  /// - Parameter classes: Of each image, -1 for none; nil without labels.
  public init(_ set: ImageSet, classes: [Int]?, _ augmentation: Augmentation, _ stream: RandomStream) {
    (self.set, self.classes, self.augmentation, self.stream) = (set, classes, augmentation, stream)
    var draw = stream.stream("images")
    images = Array(draw.permutation(set.count).prefix(Self.most))
  }

  /// Looks at an encoder.
  public func quality(_ encoder: Encoder, on device: any Device) -> FeatureQuality {
    let embedder = Embedder(encoder, on: device)
    let some = Array(images.prefix(Self.rotated))
    func viewed(_ k: Int) -> Features {
      embedder.features(some.count) { i, target, position in
        var own = stream.stream("views").stream(some[i]).stream(k)
        augmentation.view(set.pixels, at: some[i] * set.stride, side: set.side, &own, into: &target, at: position)
      }.unitRows
    }
    let rows = embedder.features(set, images).unitRows
    func told(_ number: Double) -> Double? { number.isFinite ? number : nil }
    return FeatureQuality(
      neighbourAccuracy: classes.flatMap { classes in neighbourAccuracy(rows, classes: images.map { classes[$0] }) },
      alignment: told(Self.alignment(viewed(0), viewed(1))),
      uniformity: told(Self.uniformity(rows.subset(Array(0..<some.count)))),
      rotationAccuracy: rotationAccuracy(embedder, some, on: device))
  }

  /// One half of the images told by the other, those without a class left out.
  private func neighbourAccuracy(_ rows: Features, classes: [Int]) -> Double? {
    let known = (0..<rows.count).filter { classes[$0] >= 0 }
    let (learnt, asked) = (known.indices.filter { $0 % 2 == 0 }, known.indices.filter { $0 % 2 == 1 })
    func labels(_ some: [Int]) -> [Int] { some.map { classes[known[$0]] } }
    func own(_ some: [Int]) -> Features { rows.subset(some.map { known[$0] }) }
    guard !asked.isEmpty else { return nil }
    let told = nearestNeighbourLabels(own(asked), among: own(learnt), labels: labels(learnt))
    return Double(zip(told, labels(asked)).count { $0 == $1 }) / Double(asked.count)
  }

  /// Of rows of unit length, one of each image in both.
  package static func alignment(_ first: Features, _ second: Features) -> Double {
    (0..<first.count).reduce(0.0) { $0 + Double(2 - 2 * dot(first.row($1), second.row($1))) } / Double(first.count)
  }

  /// Of rows of unit length.
  package static func uniformity(_ rows: Features) -> Double {
    var sum = 0.0
    for i in 0..<rows.count { for j in 0..<i { sum += exp(-2 * Double(2 - 2 * dot(rows.row(i), rows.row(j)))) } }
    return log(sum / Double(rows.count * (rows.count - 1) / 2))
  }

  /// The classifier learns from one half of the images and is asked about the other.
  private func rotationAccuracy(_ embedder: Embedder, _ some: [Int], on device: any Device) -> Double? {
    let (side, stride) = (set.side, set.stride)
    let rows = embedder.features(4 * some.count) { i, target, position in
      let from = some[i / 4] * stride
      for y in 0..<side {
        for x in 0..<side {
          let (u, v) = [(x, y), (y, side - 1 - x), (side - 1 - x, side - 1 - y), (side - 1 - y, x)][i % 4]
          for c in 0..<3 {
            target[position + 3 * (y * side + x) + c] = Float(set.pixels[from + 3 * (v * side + u) + c]) * (1 / 255)
          }
        }
      }
    }
    let half = 4 * (some.count / 2)
    let (learnt, asked) = (Array(0..<half), Array(half..<4 * some.count))
    guard !learnt.isEmpty, !asked.isEmpty else { return nil }
    let probe = LinearProbe(rows.subset(learnt), labels: learnt.map { $0 % 4 }, classes: 4, on: device)
    let told = probe.classify(rows.subset(asked))
    return Double(zip(asked, told).count { $0 % 4 == $1 }) / Double(asked.count)
  }
}
