import Foundation
import NeuralNetworks
import Tensors
import Testing

@Suite struct ForeignFileTests {
  /// First bytes, and what the message has to say.
  static let kinds: [(bytes: [UInt8], says: [String])] = [
    ([], ["empty", "again"]),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8),
      ["Git LFS", "git lfs pull"]
    ),
    (Array("\n <!DOCTYPE HTML><html><title>Sign in</title>".utf8), ["HTML page", "/resolve/"]),
    (Array("PK\u{3}\u{4}\0\0archive/data.pkl".utf8), ["ZIP archive", "PyTorch", "weights_only=True", "save_file"]),
    ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], ["Python pickle", "weights_only=True", "save_file"]),
    ([0x80, 4, 0x95], ["Python pickle", "weights_only=True"]),
    (Array("GGUF".utf8) + [3, 0, 0, 0], ["GGUF"]), ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], ["HDF5"]),
    ([0x08, 0x07, 0x12, 0x07] + Array("pytorch".utf8), ["ONNX"]),
    ([0x1C, 0, 0, 0] + Array("TFL3".utf8), ["TensorFlow"]),
    ([0x93] + Array("NUMPY".utf8), ["NumPy"]), ([0x1F, 0x8B, 8, 0], ["packed", "unpack"]),
    ([UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8), ["packed", "unpack"]),
    ([0x89] + Array("PNG\r\n".utf8), ["picture"]), ([0xFF, 0xD8, 0xFF, 0xE0], ["picture"]),
    (Array(#"{"weight_map": {}}"#.utf8), ["JSON text"]),
  ]

  @Test(arguments: kinds) func filesOfOtherKindsAreNamed(_ bytes: [UInt8], _ says: [String]) {
    let error = #expect(throws: CheckpointError.self) { try SafeTensors.decode(Data(bytes), path: "the/file") }
    #expect(error?.code == .foreign)
    for word in ["the/file is", "not a safetensors file"] + says {
      #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
    #expect(throws: CheckpointError.self) { try SafeTensors.names(Data(bytes), path: "x") }
    #expect(SafeTensors.metadata(Data(bytes)).isEmpty)
  }

  /// The length of a header may begin like the mark of a pickle or of an ONNX model.
  @Test(arguments: [0x280, 0x0480, 0x12_0708]) func headersOfAnyLengthAreRead(_ length: Int) throws {
    let plain = SafeTensors.encode(["a": Tensor([1], [2])])
    let header = plain.dropFirst(8).prefix { $0 != 0x7D } + Data("}}".utf8)
    #expect(header.count < length)
    let data =
      withUnsafeBytes(of: UInt64(length).littleEndian) { Data($0) } + header
      + Data(repeating: 0x20, count: length - header.count) + plain.suffix(4)
    #expect(try SafeTensors.decode(data, path: "x") == ["a": Tensor([1], [2])])
  }

  @Test func whatIsCutOffIsSaidToBe() {
    let data = SafeTensors.encode(["a": Tensor([3], [1, 2, 3])])
    for length in [20, data.count - 1] {
      let error = #expect(throws: CheckpointError.self) { try SafeTensors.decode(data.prefix(length), path: "x") }
      #expect(
        error?.code == .malformed && error?.description.contains("cut off") == true, "\(error?.description ?? "")")
    }
  }
}
