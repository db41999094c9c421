import Foundation

/// A kind of file that is taken for a safetensors file, told by its first bytes; nothing in it is run or unpacked.
struct ForeignFile {
  /// What it is, with its article.
  let what: String
  /// What to do about it.
  let next: String

  /// Bytes that ``init(_:)`` looks at, at most.
  static let length = 512

  /// Recognises a file by its first bytes; nil if it is of no known kind.
  init?(_ data: Data) {
    let start = [UInt8](data.prefix(Self.length))
    let text = String(decoding: start, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
    func begins(_ word: String, at offset: Int = 0) -> Bool { begins(Array(word.utf8), at: offset) }
    func among(_ words: [String]) -> Bool { words.contains { text.hasPrefix($0) } }

    if start.isEmpty {
      (what, next) = ("empty", "copy or download it again")
    } else if begins("version https://git-lfs") {
      (what, next) = (
        "a Git LFS pointer: its content was never downloaded", "fetch it by running git lfs pull in its repository"
      )
    } else if among(["<!doctype html", "<html"]) {
      (what, next) = (
        "an HTML page: the download ended at a web page",
        "download the file itself; on Hugging Face its address has /resolve/ where that of the page has /blob/"
      )
    } else if begins("PK\u{3}\u{4}") {
      (what, next) = ("a ZIP archive, which is what PyTorch writes", Self.conversion)
    } else if start[0] == 0x80, start.count > 1, (2...5).contains(start[1]) {
      (what, next) = ("a Python pickle, which is what old PyTorch writes and can run code", Self.conversion)
    } else if begins("GGUF") {
      (what, next) = ("a GGUF file, which is what llama.cpp reads", "give an encoder of images")
    } else if begins([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      (what, next) = ("an HDF5 file, which is what Keras writes", Self.export)
    } else if begins("TFL3", at: 4) {
      (what, next) = ("a TensorFlow Lite model", Self.export)
    } else if start[0] == 0x08, start.count > 2, (1...32).contains(start[1]),
      [0x12, 0x1A, 0x22, 0x3A].contains(start[2])
    {
      (what, next) = ("an ONNX model", Self.export)
    } else if begins([0x93] + Array("NUMPY".utf8)) {
      (what, next) = ("a NumPy array", Self.export)
    } else if begins([0x1F, 0x8B]) || begins([0x28, 0xB5, 0x2F, 0xFD]) || begins([0xFD] + Array("7zXZ".utf8))
      || begins("BZh") || begins("ustar", at: 257)
    {
      (what, next) = ("a packed file (gzip, zstd, xz, bzip2 or tar)", "unpack it first")
    } else if begins([0x89] + Array("PNG".utf8)) || begins([0xFF, 0xD8, 0xFF]) {
      (what, next) = ("a picture", "give the encoder's weights")
    } else if among(["{"]) {
      (what, next) = (
        "JSON text, such as a configuration or the index of a model in several files", "give the file with the weights"
      )
    } else {
      return nil
    }
  }

  private static let export = "write the model's weights with safetensors, from the program that made it"
  private static let conversion = """
    convert it in Python, which runs nothing from it:
        w = torch.load("model.pth", map_location="cpu", weights_only=True); w = w.get("state_dict", w.get("model", w))
        safetensors.torch.save_file({k: v.float().clone() for k, v in w.items() if torch.is_tensor(v)}, "model.safetensors")
    """
}
