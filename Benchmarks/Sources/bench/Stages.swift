import CPUDevice
import Contrastive
import Datasets
import Foundation
import Images
import Randomness

/// Parts of an audit beside the steps.
enum Stages {
  static func cases(on device: CPUDevice, folder: String?, side: Int) -> [Case] {
    [augmentation(on: device), kMeans(on: device)]
      + (folder.map { folder in
        [nil, bezoar].map { reading(folder, side: side, decoder: $0, on: device) }
      } ?? [])
  }

  /// Views as a training step of 256 images makes them: two each.
  private static func augmentation(on device: CPUDevice) -> Case {
    let (side, count, perTask) = (32, 512, 16)
    let stride = 3 * side * side
    return Case(name: "augmentation", work: Double(count), unit: "views/s") {
      var stream = RandomStream(seed: 4)
      let pixels = Pixels((0..<count * stride).map { _ in UInt8(stream.integer(below: 256)) })
      var settings = Augmentation()
      settings.minimumCrop = 0.08
      let augmentation = settings
      let make = { (threads: Int) in
        concurrentMap(count / perTask, threads: threads) { task -> [Float] in
          var target = [Float](repeating: 0, count: perTask * stride)
          for i in 0..<perTask {
            let image = task * perTask + i
            var own = RandomStream(seed: 1).stream(image)
            augmentation.view(pixels, at: image * stride, side: side, &own, into: &target, at: i * stride)
          }
          return target
        }
      }
      try check("augmentation", make(device.threads).flatMap(\.self), make(1).flatMap(\.self), tolerance: 0)
      return { _ = make(device.threads) }
    }
  }

  /// 100,000 x 128, K = 1000, 20 iterations; the objective has to reach that of faiss on such data.
  private static func kMeans(on device: CPUDevice) -> Case {
    Case(name: "k-means", work: 1, unit: "clusterings/s", runs: 3) {
      let (n, width, k) = (100_000, 128, 1000)
      var stream = RandomStream(seed: 5)
      let centres = (0..<k).map { _ in (0..<width).map { _ in stream.normal() } }
      var values: [Float] = []
      for _ in 0..<n {
        for value in centres[stream.integer(below: k)] { values.append(value + 0.7 * stream.normal()) }
      }
      let rows = Features(width: width, values: values).unitRows
      func cluster() -> KMeans { KMeans(rows, clusters: k, iterations: 20, on: device, RandomStream(seed: 6)) }
      let found = cluster()
      var total: Float = 0
      for i in 0..<n {
        for (a, b) in zip(rows.row(i), found.centroids.row(found.assignments[i])) { total += a * b }
      }
      if total / Float(n) < 0.786 { throw WrongResult(description: "k-means: mean cosine \(total / Float(n))") }
      return { _ = cluster() }
    }
  }

  /// The program whose decoders are measured.
  private static let bezoar = ProcessInfo.processInfo.environment["BEZOAR"] ?? "../.build/release/bezoar"

  /// A folder of images: read, digest, decode, resize.
  ///
  /// - Parameter decoder: Program that decodes in worker processes; nil decodes in this one.
  private static func reading(_ folder: String, side: Int, decoder: String?, on device: CPUDevice) -> Case {
    let dataset = try? Dataset(Path(folder))
    let name = decoder == nil ? "folder" : "folder-workers"
    return Case(name: name, work: Double(dataset?.entries.count ?? 0), unit: "images/s", runs: 5) {
      guard let dataset else { throw WrongResult(description: "\(folder) cannot be read") }
      let pool = decoder.map { DecoderPool(program: $0) }
      func read() throws -> Int {
        try ImageSet(ImageReader(dataset, side: side, decoders: pool, threads: device.threads)).count
      }
      if try read() != dataset.entries.count { throw WrongResult(description: "\(folder): not all files are images") }
      return { _ = try? read() }
    }
  }
}
