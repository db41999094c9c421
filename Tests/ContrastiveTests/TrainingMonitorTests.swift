import CPUDevice
import Contrastive
import Foundation
import Images
import NeuralNetworks
import Randomness
import Testing

@Suite struct TrainingMonitorTests {
  private func rows(_ count: Int, _ row: (Int) -> [Float]) -> Features {
    Features(width: 2, values: (0..<count).flatMap(row))
  }

  @Test func alignmentIsTheSquaredDistance() {
    let (first, second) = (rows(3) { _ in [1, 0] }, rows(3) { $0 == 0 ? [0, 1] : $0 == 1 ? [-1, 0] : [1, 0] })
    #expect(TrainingMonitor.alignment(first, first) == 0)
    #expect(abs(TrainingMonitor.alignment(first, second) - (2 + 4 + 0) / 3) < 1e-6)
  }

  @Test func uniformityIsThatOfPairs() {
    #expect(TrainingMonitor.uniformity(rows(5) { _ in [1, 0] }) == 0)
    let cross = rows(4) { [[1, 0], [0, 1], [-1, 0], [0, -1]][$0] }
    // Four pairs at distance 2 squared, two at 4.
    #expect(abs(TrainingMonitor.uniformity(cross) - log((4 * exp(-4.0) + 2 * exp(-8.0)) / 6)) < 1e-6)
  }

  /// Colours are told by any network; images of one colour look the same when they are turned.
  @Test func qualityIsThatOfTheImages() throws {
    let set = try madeSet(240) { colouredImage($0) }
    let configuration = Encoder.Configuration(network: .init(width: 4, blocks: [1, 1], stemStride: 2), side: 16)
    let encoder = Encoder(configuration, weights: configuration.backbone.initialWeights(RandomStream(seed: 4)))
    var still = Augmentation()
    (still.jitter, still.greyscale, still.flip, still.minimumCrop) = (0, 0, 0, 1)
    func quality(_ classes: [Int]?) -> FeatureQuality {
      TrainingMonitor(set, classes: classes, still, RandomStream(seed: 1)).quality(encoder, on: CPUDevice(threads: 2))
    }
    let (told, untold) = (quality((0..<240).map { $0 % 4 }), quality(nil))
    #expect((told.neighbourAccuracy ?? 0) > 0.9 && untold.neighbourAccuracy == nil)
    #expect(told.alignment == untold.alignment && (told.alignment ?? 9) < 0.05)
    #expect((told.uniformity ?? 9) < 0 && (0.1...0.6).contains(told.rotationAccuracy ?? 9))
    #expect(quality((0..<240).map { $0 == 7 ? 0 : -1 }).neighbourAccuracy == nil)
    // Some have no class, and those that have one are told all the same.
    #expect((quality((0..<240).map { $0 % 5 == 0 ? -1 : $0 % 4 }).neighbourAccuracy ?? 0) > 0.9)
  }
}
