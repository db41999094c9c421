import CPUDevice
import Contrastive
import Findings
import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Tensors
import Testing

/// Encoders that go out of a run folder and into another, and files that are none.
@Suite(.serialized) struct EncoderCommandTests {
  /// Runs an audit that writes every kind of model, and hands over its folder and that of its images.
  private static func withRun(_ body: (_ folder: String, _ run: String, _ models: [String]) throws -> Void) throws {
    try Fixtures.withFolder { folder in
      try CommandTests.makeImages(40, in: folder + "/images")
      let run = try CommandTests.audit(
        folder + "/images", folder + "/run", ["--set", "network.blocks=[1,1,1]", "--set", "network.stemStride=2"])
      #expect(run.code == 4, "\(run.errors)")
      let models = try FileManager.default.contentsOfDirectory(atPath: folder + "/run/models").sorted()
      #expect(models == ["clean", "plain", "scan", "search"])
      try body(folder, folder + "/run", models)
    }
  }

  private static func pixels(side: Int) -> [Float] {
    var own = RandomStream(seed: 8)
    return (0..<6 * side * side * 3).map { _ in own.uniform() }
  }

  private static func features(_ encoder: Encoder) -> Features {
    let stride = 3 * encoder.configuration.side * encoder.configuration.side
    let pixels = pixels(side: encoder.configuration.side)
    return Embedder(encoder, on: CPUDevice(threads: 2)).features(6) { i, target, position in
      for k in 0..<stride { target[position + k] = pixels[i * stride + k] }
    }
  }

  /// Every model is taken without a word about its input, and gives the same features to the last bit.
  @Test func everyModelGoesBackIn() throws {
    try Self.withRun { folder, run, models in
      for name in models {
        let path = "\(run)/models/\(name)/model.safetensors"
        let out = "\(folder)/with-\(name)"
        // No --image-size: the side is that of config.json.
        let again = try Execution.bezoar(
          "audit", folder + "/images", "--out", out, "--encoder", path, "--retrain", "none", "--threads", "2",
          "--progress", "none")
        #expect(again.code == 4, "\(name): \(again.errors)")
        #expect(!FileManager.default.fileExists(atPath: out + "/state/search.training"))
        for file in ["model.safetensors", "config.json"] {
          #expect(
            FileManager.default.contents(atPath: "\(out)/models/scan/\(file)")
              == FileManager.default.contents(atPath: "\(run)/models/\(name)/\(file)"), "\(name): \(file)")
        }
        let (before, after) = (
          Self.features(try Encoder.load("\(run)/models/\(name)")),
          Self.features(try EncoderImport(path).encoder(side: 16))
        )
        #expect(before == after && before.values.contains { $0 != 0 }, "\(name)")
        // It goes on where it stopped, with that encoder and no other.
        try FileManager.default.removeItem(atPath: out + "/state/evaluation.json")
        let resumed = try Execution.bezoar(
          "audit", folder + "/images", "--out", out, "--encoder", path, "--retrain", "none", "--progress", "none")
        #expect(resumed.code == 4, "\(name): \(resumed.errors)")
      }
      let file = URL(fileURLWithPath: run + "/models/clean/model.safetensors")
      try FileManager.default.removeItem(at: file)
      try FileManager.default.copyItem(at: URL(fileURLWithPath: run + "/models/plain/model.safetensors"), to: file)
      let other = try Execution.bezoar(
        "audit", folder + "/images", "--out", folder + "/with-clean", "--encoder", file.path, "--retrain", "none",
        "--progress", "none")
      #expect(other.code == 64 && other.errors.contains("another encoder"), "\(other.errors)")
    }
  }

  /// A Python with torchvision: the system's, or the one that BEZOAR_TEST_PYTHON names.
  private static let python = [
    ProcessInfo.processInfo.environment["BEZOAR_TEST_PYTHON"] ?? "/usr/bin/python3", "/usr/local/bin/python3",
  ].first { path in
    FileManager.default.isExecutableFile(atPath: path)
      && (try? Execution(path, ["-c", "import torchvision, safetensors"]))?.code == 0
  }

  @Test(.enabled(if: EncoderCommandTests.python != nil, "needs Python with torchvision and safetensors"))
  func torchvisionLoadsEveryModel() throws {
    guard let python = Self.python else { return }
    try Self.withRun { folder, run, models in
      // What a run with the preset paper writes, and what a run does not.
      var others = [
        ResNet.Configuration(width: 8, blocks: [2, 2, 2, 2]), .init(width: 8, blocks: [1, 2], pooling: .max),
      ]
      (others[1].block, others[1].stem) = (.bottleneck, .large)
      for (i, network) in others.enumerated() {
        var weights = ResNet(network).initialWeights(RandomStream(seed: 1))
        var draw = RandomStream(seed: 2)
        for name in weights.keys.sorted() where name.contains("bn") || name.contains("downsample.1") {
          for k in 0..<(weights[name]?.scalars.count ?? 0) { weights[name]?.scalars[k] = draw.uniform(0.5, 1.5) }
        }
        let files = try Encoder(.init(network: network, side: 16), weights: weights).files()
        let path = "\(run)/models/other-\(i)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try files.weights.write(to: URL(fileURLWithPath: path + "/model.safetensors"))
        try files.configuration.write(to: URL(fileURLWithPath: path + "/config.json"))
      }
      var arrays = ["pixels": Tensor([6, 3 * 16 * 16], Self.pixels(side: 16))]
      for name in models + ["other-0", "other-1"] {
        let own = Self.features(try Encoder.load("\(run)/models/\(name)"))
        arrays[name] = Tensor([own.count, own.width], own.values)
      }
      try SafeTensors.encode(arrays).write(to: URL(fileURLWithPath: folder + "/features.safetensors"))
      let script = Fixtures.repository.path + "/Benchmarks/peers/load_in_torchvision.py"
      let compared = try Execution(python, [script, run, folder + "/features.safetensors"])
      #expect(compared.code == 0, "\(compared.output)\(compared.errors)")
      #expect(compared.output.split(separator: "\n").count == 6, "\(compared.output)")
    }
  }

  /// Files that are no usable encoder, and what has to be said about each.
  enum Unusable: String, CaseIterable {
    case missing, folder, empty, pickle, archive, pointer, page, text, cutOff, vision, notFinite, double, otherConfig

    var says: String {
      switch self {
      case .missing: "no such file"
      case .folder: "is a folder"
      case .empty: "is empty"
      case .pickle: "is a Python pickle"
      case .archive: "is a ZIP archive, which is what PyTorch writes"
      case .pointer: "git lfs pull"
      case .page: "is an HTML page"
      case .text: "is not a valid safetensors file"
      case .cutOff: "cut off"
      case .vision: "it seems of a vision transformer"
      case .notFinite: "1 of 108 values of conv1.weight are not finite"
      case .double: "has the type F64"
      case .otherConfig: "another network"
      }
    }

    func write(_ path: String) throws {
      func put(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
      var weights = ResNet(.init(width: 4, blocks: [1])).initialWeights(RandomStream(seed: 1))
      switch self {
      case .missing: break
      case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      case .empty: try put([])
      case .pickle: try put([0x80, 2, 0x63, 0x6F, 0x73, 0x0A])
      case .archive: try put(Array("PK\u{3}\u{4}\0\0\0\0archive/data.pkl".utf8))
      case .pointer: try put(Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".utf8))
      case .page: try put(Array("<!doctype html><html></html>".utf8))
      case .text: try put(Array("no".utf8))
      case .cutOff: try put([UInt8](SafeTensors.encode(weights).dropLast(40)))
      case .vision: try put([UInt8](SafeTensors.encode(["blocks.0.attn.qkv.weight": Tensor([1], [0])])))
      case .notFinite:
        weights["conv1.weight"]?.scalars[7] = .nan
        try put([UInt8](SafeTensors.encode(weights)))
      case .double:
        let header = #"{"conv1.weight":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#
        try put(
          withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: 8))
      case .otherConfig:
        try put([UInt8](SafeTensors.encode(weights)))
        let other = Encoder(.init(network: .init(width: 8, blocks: [1]), side: 16), weights: [:])
        try other.files().configuration.write(
          to: URL(fileURLWithPath: (path as NSString).deletingLastPathComponent + "/config.json"))
      }
    }
  }

  /// Refused before a dataset is read, which there is none here, and before a folder is made.
  @Test(arguments: Unusable.allCases) func unusableEncodersAreRefusedFirst(_ kind: Unusable) throws {
    try Fixtures.withFolder { folder in
      let path = folder + "/model.pth"
      try kind.write(path)
      let run = try Execution.bezoar(
        "audit", folder + "/no-images", "--out", folder + "/out", "--encoder", path, "--encoder-normalization",
        "imagenet",
        "--preset", "quick")
      #expect(run.code == 64, "\(run.errors)")
      for word in [path, kind.says, kind == .otherConfig ? "config.json" : "--encoder takes a safetensors file"] {
        #expect(run.errors.contains(word), "\(kind): \(run.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
      let demo = try Execution.bezoar(
        "demo", "--out", folder + "/demo", "--encoder", path, "--encoder-normalization", "imagenet")
      #expect(demo.code == 64 && demo.errors.contains(kind.says), "\(demo.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/demo"))
    }
  }

  /// An encoder that says nothing about these images, though nothing is wrong with its file, leaves the question open.
  @Test(arguments: ["encoder.not-finite", "encoder.collapsed"]) func encodersThatSayNothingAreInconclusive(
    _ code: String
  )
    throws
  {
    try Fixtures.withFolder { folder in
      try CommandTests.makeImages(60, in: folder + "/images")
      let network = ResNet.Configuration(width: 4, blocks: [1, 1])
      var weights = ResNet(network).initialWeights(RandomStream(seed: 1))
      if code == "encoder.not-finite" {
        weights["layer2.0.bn2.bias"]?.scalars = [Float](repeating: 3e38, count: 8)
      } else {
        for (name, old) in weights where name.hasSuffix("conv1.weight") {
          weights[name] = Tensor(old.shape, repeating: 0)
        }
        weights["bn1.bias"]?.scalars = [1, 2, 3, 4]
      }
      let path = folder + "/model.safetensors"
      try SafeTensors.encode(weights).write(to: URL(fileURLWithPath: path))
      let own = [
        "--encoder", path, "--encoder-normalization", "half", "--set", "minimumImages=10", "--labels", "folders",
        "--retrain", "plain,advcl",
      ]
      for _ in 0..<2 {  // The second time everything is read back.
        let run = try CommandTests.audit(folder + "/images", folder + "/out", own)
        #expect(run.code == 4, "\(run.errors)")
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/result.json"))
        let result = try JSONDecoder().decode(AuditResult.self, from: data)
        #expect(result.verdict.value == .inconclusive)
        #expect(result.verdict.reasons.map(\.code).contains(code), "\(result.verdict.reasons)")
      }
    }
  }
}
