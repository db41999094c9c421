// swift-tools-version: 6.1
import PackageDescription

let libraries = [
  "Tensors", "CPUDevice", "PJRTDevice", "StableHLO", "NeuralNetworks", "Contrastive", "Datasets", "Images",
  "Randomness", "Detection",
]

let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "bezoar", path: "..")],
  targets: [
    .executableTarget(name: "bench", dependencies: libraries.map { .product(name: $0, package: "bezoar") })
  ],
  swiftLanguageModes: [.v6]
)
