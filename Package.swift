// swift-tools-version: 6.1
import PackageDescription

/// One row a target: its name and what it may import. Arrows go down only.
let table: [(name: String, imports: [String])] = [
  ("Randomness", []),
  ("Findings", []),
  ("Tensors", []),
  ("CPUDevice", ["Tensors", "CKernels", "COpenBLAS"]),
  ("Conformance", ["Tensors", "Randomness"]),
  ("StableHLO", ["Tensors"]),
  ("PJRTDevice", ["Tensors", "StableHLO", "CPJRT", "CCrypto"]),
  ("NeuralNetworks", ["Tensors", "Randomness"]),
  ("Images", ["CKernels", "CPNG", "CTurboJPEG", "CZlib", "Randomness"]),
  ("Datasets", ["Images", "Randomness", "CZlib", "CCrypto", "CArchive", "CSandbox"]),
  ("Contrastive", ["NeuralNetworks", "Tensors", "Datasets", "Images", "Randomness", "Findings"]),
  ("Poisoning", ["Datasets", "Images", "Randomness"]),
  ("Recurrence", ["CKernels", "Datasets", "Images", "Randomness"]),
  (
    "Detection",
    ["Recurrence", "Contrastive", "Findings", "NeuralNetworks", "Tensors", "Datasets", "Images", "Randomness"]
  ),
  ("Reporting", ["Findings"]),
  (
    "Auditing",
    [
      "Detection", "Poisoning", "Reporting", "Contrastive", "Datasets", "Findings", "Images",
      "NeuralNetworks", "Tensors", "Randomness",
    ]
  ),
]

/// Targets with a README of their own.
let documented = ["CPUDevice", "Images", "Datasets"]

/// One row a test target; each may import the library targets it names.
let tests: [(name: String, imports: [String])] = [
  ("TensorsTests", ["Conformance", "Tensors", "CPUDevice", "TestSupport"]),
  ("StableHLOTests", ["Conformance", "Tensors", "StableHLO", "TestSupport"]),
  ("PJRTDeviceTests", ["Conformance", "Tensors", "PJRTDevice", "CPUDevice", "TestSupport"]),
  ("CPUDeviceTests", ["Conformance", "Tensors", "CPUDevice", "Randomness", "TestSupport", "AllocationCounter"]),
  ("NeuralNetworksTests", ["Conformance", "NeuralNetworks", "Tensors", "CPUDevice", "Randomness", "TestSupport"]),
  ("ImagesTests", ["Images", "Randomness", "TestSupport"]),
  ("DatasetsTests", ["Datasets", "Images", "Poisoning", "Randomness", "TestSupport"]),
  (
    "ContrastiveTests",
    [
      "Contrastive", "Conformance", "NeuralNetworks", "Tensors", "CPUDevice", "Datasets", "Images", "Randomness",
      "TestSupport",
    ]
  ),
  ("RecurrenceTests", ["Recurrence", "CKernels", "Datasets", "Images", "Randomness"]),
  (
    "DetectionTests",
    [
      "Detection", "Contrastive", "CPUDevice", "Datasets", "Images", "NeuralNetworks", "Randomness", "Tensors",
      "TestSupport",
    ]
  ),
  ("AuditingTests", ["Auditing", "Contrastive", "CPUDevice", "Findings", "Tensors", "TestSupport"]),
  ("ReportingTests", ["Reporting", "Findings", "Randomness", "TestSupport"]),
  (
    "EndToEndTests",
    ["Findings", "Images", "Contrastive", "NeuralNetworks", "Tensors", "CPUDevice", "Randomness", "TestSupport"]
  ),
]

/// Files beside tests that are no sources.
let resources = [
  "PJRTDeviceTests": ["same_audit.py", "lost_device.py"], "ContrastiveTests": ["objectives.json"],
  "NeuralNetworksTests": ["transformer.json", "transformer.safetensors"],
]

let package = Package(
  name: "bezoar",
  products: [.executable(name: "bezoar", targets: ["bezoar"])]
    + table.map { row in .library(name: row.name, targets: [row.name]) },
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas"),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg"),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive"),
    .target(name: "CKernels"),
    .target(name: "CSandbox"),
    .target(name: "CPJRT"),
    .executableTarget(
      name: "bezoar",
      dependencies: [
        "Auditing", "Conformance", "CPUDevice", "Datasets", "Findings", "PJRTDevice", "Poisoning", "Reporting",
        "StableHLO", "Tensors",
      ]),
    .target(
      name: "TestSupport", path: "Tests/TestSupport"),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
  ]
    + table.map { row in
      .target(
        name: row.name, dependencies: row.imports.map { .byName(name: $0) },
        exclude: documented.contains(row.name) ? ["README.md"] : [])
    }
    + tests.map { row in
      .testTarget(
        name: row.name, dependencies: row.imports.map { .byName(name: $0) },
        exclude: resources[row.name] ?? [])
    },
  swiftLanguageModes: [.v6]
)
