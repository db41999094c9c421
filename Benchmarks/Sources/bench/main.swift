import CPUDevice
import Contrastive
import Datasets
import Foundation
import Images
import Randomness
import Tensors

let device = CPUDevice(
  instructions: CommandLine.arguments.contains("--avx2") ? .avx2 : .avx512)

/// Median seconds of `runs` calls after one that does not count.
func median(_ runs: Int, _ body: () -> Void) -> Double {
  body()
  let clock = ContinuousClock()
  let times = (0..<runs).map { _ in
    let time = clock.measure(body).components
    return Double(time.seconds) + Double(time.attoseconds) * 1e-18
  }.sorted()
  return times[runs / 2]
}

let filter = CommandLine.arguments.dropFirst().first ?? ""
for network in Network.all {
  if "train-\(network.name)".hasPrefix(filter) {
    let step = network.train(on: device)
    let t = median(5) { step.run() }
    print("train-\(network.name) \(Int(Double(network.batch) / t)) images/s  arena \(step.arenaMebibytes) MiB")
  }
  if "embed-\(network.name)".hasPrefix(filter) {
    let step = network.embed(on: device)
    let t = median(5) { step.run() }
    print("embed-\(network.name) \(Int(Double(network.batch) / t)) images/s")
  }
}
if "embed-r18-224".hasPrefix(filter) {
  let step = Network.large.embed(on: device)
  let t = median(3) { step.run() }
  print("embed-r18-224 \(Double(Network.large.batch) / t) images/s")
}
for network in Network.all[..<2] {
  if "advcl-\(network.name)".hasPrefix(filter) {
    let step = network.advCL(batch: 128, on: device)
    let t = median(3) { step.run() }
    print("advcl-\(network.name) \(128 / t) images/s arena \(step.arenaMebibytes) MiB")
  }
}
if "augmentation".hasPrefix(filter) {
  let side = 32
  var stream = RandomStream(seed: 4)
  let pixels = (0..<512 * 3 * side * side).map { _ in UInt8(stream.integer(below: 256)) }
  var augmentation = Augmentation()
  augmentation.minimumCrop = 0.08
  let views = augmentation
  let t = median(5) {
    _ = concurrentMap(32, threads: device.threads) { task -> [Float] in
      var target = [Float](repeating: 0, count: 16 * 3 * side * side)
      for i in 0..<16 {
        let image = task * 16 + i
        var own = RandomStream(seed: 1).stream(image)
        views.view(pixels, at: image * 3 * side * side, side: side, &own, into: &target, at: i * 3 * side * side)
      }
      return target
    }
  }
  print("augmentation \(Int(512 / t)) views/s")
}
if let folder = CommandLine.arguments.dropFirst().first(where: { $0.hasPrefix("folder=") }) {
  let dataset = try Dataset(Path(String(folder.dropFirst(7))))
  var images = 0
  let side = CommandLine.arguments.compactMap { $0.hasPrefix("side=") ? Int($0.dropFirst(5)) : nil }.first ?? 32
  let t = median(3) { images = ImageSet(dataset, side: side, threads: device.threads).count }
  print("folder \(Int(Double(images) / t)) images/s")
}
if "k-means".hasPrefix(filter) {
  var stream = RandomStream(seed: 5)
  let centres = (0..<1000).map { _ in (0..<128).map { _ in stream.normal() } }
  var values: [Float] = []
  for _ in 0..<100_000 {
    let centre = centres[stream.integer(below: 1000)]
    values += centre.map { $0 + 0.7 * stream.normal() }
  }
  let rows = Features(width: 128, values: values).unitRows
  var result: KMeans?
  let t = median(3) { result = KMeans(rows, clusters: 1000, iterations: 20, on: device, RandomStream(seed: 6)) }
  if let result {
    var total = 0.0
    for i in 0..<rows.count {
      let centroid = result.centroids.row(result.assignments[i])
      total += Double(zip(rows.row(i), centroid).reduce(Float(0)) { $0 + $1.0 * $1.1 })
    }
    print("k-means \(t) s, mean cosine \(total / Double(rows.count))")
  }
}
