import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Conformance
import Tensors
import Testing

@Suite struct SafeTensorsTests {
  @Test func everythingComesBack() throws {
    let tensors = [
      "conv": Tensor([3, 2, 4, 5], (0..<120).map(Float.init)), "bias": Tensor([2], [1, -2]), "scalar": Tensor([], [7]),
    ]
    let data = SafeTensors.encode(tensors, metadata: ["format": "pt"])
    #expect(try SafeTensors.decode(data, path: "x") == tensors)
    #expect(SafeTensors.metadata(data) == ["format": "pt"])
  }

  @Test func convolutionsAreStoredOutputFirst() throws {
    let data = SafeTensors.encode(["w": Tensor([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])])
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"shape\":[3,2,1,1]"))
    let floats = data.suffix(24).withUnsafeBytes { raw in
      (0..<6).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    #expect(floats == [1, 4, 2, 5, 3, 6])
  }

  private func file(_ header: String, _ body: Int) -> Data {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(count: body)
  }

  @Test(arguments: [
    ("[]", 0), ("{", 0), (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#, 4),
  ]) func malformedFilesAreRefused(_ header: String, _ body: Int) {
    #expect(throws: CheckpointError.self) { try SafeTensors.decode(file(header, body), path: "x") }
  }

  @Test func truncatedFilesAreRefusedAtEveryLength() {
    let data = SafeTensors.encode(["a": Tensor([3], [1, 2, 3])])
    for length in 0..<data.count {
      #expect(throws: CheckpointError.self) { try SafeTensors.decode(data.prefix(length), path: "x") }
    }
  }

  @Test func matchingNamesWhatIsWrong() throws {
    let network = ResNet(.init(width: 2, blocks: [1]))
    var weights = network.initialWeights(RandomStream(seed: 0))
    try SafeTensors.match(weights, network.parameters, path: "x")
    weights["encoder.conv1.weight"] = weights.removeValue(forKey: "conv1.weight")
    let error = #expect(throws: CheckpointError.self) { try SafeTensors.match(weights, network.parameters, path: "x") }
    #expect(error?.description.contains("conv1.weight is missing") == true)
  }

  /// A Python with torch and safetensors: the system's, or the one that BEZOAR_TEST_PYTHON names.
  private static let python = [
    ProcessInfo.processInfo.environment["BEZOAR_TEST_PYTHON"] ?? "/usr/bin/python3", "/usr/local/bin/python3",
  ].first { path in
    FileManager.default.isExecutableFile(atPath: path)
      && (try? Execution(path, ["-c", "import torch, safetensors"]))?.code == 0
  }

  /// Loads an encoder in PyTorch, repeats the first layers there, and compares the numbers.
  @Test(.enabled(if: SafeTensorsTests.python != nil, "needs Python with torch and safetensors"))
  func pyTorchReadsCheckpoints() throws {
    guard let python = Self.python else { return }
    try Fixtures.withFolder { folder in
      let network = ResNet(.init(width: 3, blocks: [1]))
      let weights = network.initialWeights(RandomStream(seed: 5))
      try SafeTensors.encode(weights, metadata: ["format": "pt"]).write(
        to: URL(fileURLWithPath: folder + "/m.safetensors"))
      let trace = Trace()
      let x = trace.feed("x", [1, 6, 6, 3])
      let w = trace.feed("w", [3, 3, 3, 3])
      let program = trace.program(outputs: [x.convolution(w, stride: 1, padding: 1).sum([1, 2]).reshaped([3])])
      let ramp = (0..<108).map { Double($0) / 108 }
      let expected = NaiveReference.run(program, inputs: [ramp, weights["conv1.weight"]!.scalars.map(Double.init)])[0]
      let script = """
        import sys, torch
        from safetensors.torch import load_file
        w = load_file(sys.argv[1])
        assert w["conv1.weight"].shape == (3, 3, 3, 3) and w["layer1.0.bn2.running_var"].shape == (3,)
        x = (torch.arange(108) / 108).reshape(1, 6, 6, 3).permute(0, 3, 1, 2)
        print(*torch.nn.functional.conv2d(x, w["conv1.weight"], padding=1).sum((0, 2, 3)).tolist())
        """
      let run = try Execution(python, ["-c", script, folder + "/m.safetensors"])
      let actual = run.output.split(separator: " ").compactMap {
        Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      #expect(run.code == 0 && actual.count == 3, "\(run.errors)")
      #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test func halvesAreWidened() throws {
    func file(_ type: String, _ halves: [UInt16]) -> Data {
      let header = Data(
        #"{"x":{"dtype":"\#(type)","shape":[\#(halves.count)],"data_offsets":[0,\#(2 * halves.count)]}}"#.utf8)
      var data = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
      for half in halves { data += withUnsafeBytes(of: half.littleEndian) { Data($0) } }
      return data
    }
    // 1, -2, the largest, the least above 0, infinity.
    #expect(
      try SafeTensors.decode(file("F16", [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00]), path: "x")["x"]?.scalars
        == [1, -2, 65504, 5.960_464_5e-8, .infinity])
    #expect(
      try SafeTensors.decode(file("BF16", [0x3F80, 0xC000, 0x4049]), path: "x")["x"]?.scalars == [1, -2, 3.140_625])
    #expect(throws: CheckpointError.self) { try SafeTensors.decode(file("F8", [1]), path: "x") }
  }
}
