// swift-tools-version: 6.1
import PackageDescription

// Build and run with Benchmarks/Fuzz/run.sh: the libraries have to be instrumented too.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "bezoar", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Auditing", "Contrastive", "Datasets", "Findings", "Images", "NeuralNetworks", "Poisoning", "Reporting",
      ].map {
        .product(name: $0, package: "bezoar")
      })
  ],
  swiftLanguageModes: [.v6]
)
