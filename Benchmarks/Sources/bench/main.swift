import CPUDevice
import Foundation
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
