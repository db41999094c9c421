import Foundation
import Tensors

/// Reads and writes the safetensors format: float32 tensors; float16 and bfloat16 are widened when they are read.
///
/// Convolution weights are stored as PyTorch does, [O, C, KH, KW], and linear weights [O, I], so
/// that files move between Bezoar, torchvision and timm.
///
/// - Source: github.com/huggingface/safetensors, format section of its README.
public enum SafeTensors {

  /// Returns a file's bytes: 8 bytes of header length, JSON header padded to 8, data by name.
  public static func encode(_ tensors: [String: Tensor], metadata: [String: String] = [:]) -> Data {
    var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var body = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let stored = tensor.shape.rank == 4 ? permuted(tensor, [3, 2, 0, 1]) : tensor
      let start = body.count
      stored.scalars.withUnsafeBytes { body.append(contentsOf: $0) }
      header[name] = [
        "dtype": "F32", "shape": stored.shape.extents, "data_offsets": [start, body.count],
      ]
    }
    var text =
      (try? JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])) ?? Data("{}".utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    var result = Data()
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { result.append(contentsOf: $0) }
    return result + text + body
  }

  /// Returns the tensors of a file, convolution weights as [KH, KW, C, O].
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - path: For messages.
  /// - Throws: ``CheckpointError`` with codes `.foreign`, `.malformed`, `.unsupported`.
  public static func decode(_ data: Data, path: String) throws(CheckpointError) -> [String: Tensor] {
    func malformed(_ detail: String) -> CheckpointError { .init(code: .malformed, path: path, detail: detail) }
    let (object, start) = try header(data, path: path)
    var tensors: [String: Tensor] = [:]
    var spans: [Range<Int>] = []
    for (name, value) in object.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
      guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
        let extents = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int],
        offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1]
      else { throw malformed("the entry \(name) is not valid") }
      guard offsets[1] <= data.count - start else {
        throw malformed(
          "it is cut off: \(name) ends at byte \(offsets[1]) of the data, of which \(data.count - start) are there")
      }
      var count = 1
      for extent in extents {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow, product <= data.count else {
          throw malformed("\(name) has the shape \(extents)")
        }
        count = product
      }
      spans.append(offsets[0]..<offsets[1])
      if type == "I64" { continue }  // num_batches_tracked, which nothing here reads
      guard let width = ["F32": 4, "F16": 2, "BF16": 2][type] else {
        throw CheckpointError(code: .unsupported, path: path, detail: "\(name) has the type \(type)")
      }
      guard offsets[1] - offsets[0] == width * count else {
        throw malformed("\(name) has \(offsets[1] - offsets[0]) bytes for the shape \(extents)")
      }
      let bytes = data.startIndex + start + offsets[0]..<data.startIndex + start + offsets[1]
      var scalars = [Float](repeating: 0, count: count)
      if width == 4 {
        _ = scalars.withUnsafeMutableBytes { data.copyBytes(to: $0, from: bytes) }
      } else {
        var halves = [UInt16](repeating: 0, count: count)
        _ = halves.withUnsafeMutableBytes { data.copyBytes(to: $0, from: bytes) }
        scalars = halves.map {
          type == "F16" ? Float(Float16(bitPattern: $0)) : Float(bitPattern: UInt32($0) << 16)
        }
      }
      let tensor = Tensor(Shape(extents), scalars)
      tensors[name] = extents.count == 4 ? permuted(tensor, [2, 3, 1, 0]) : tensor
    }
    var end = 0
    for span in spans.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard span.lowerBound == end else { throw malformed("holes or overlaps at data offset \(end)") }
      end = span.upperBound
    }
    guard end == data.count - start else { throw malformed("\(data.count - start - end) bytes after the data") }
    return tensors
  }

  /// Returns the text entries of a file's header; empty if there are none or the file is no checkpoint.
  public static func metadata(_ data: Data) -> [String: String] {
    (try? header(data, path: ""))?.entries["__metadata__"] as? [String: String] ?? [:]
  }

  /// Returns the names of a file's tensors, sorted, whatever their types.
  ///
  /// - Throws: ``CheckpointError`` with codes `.foreign`, `.malformed`.
  public static func names(_ data: Data, path: String) throws(CheckpointError) -> [String] {
    try header(data, path: path).entries.keys.filter { $0 != "__metadata__" }.sorted()
  }

  /// Reads the header, and says where the data begins.
  private static func header(_ data: Data, path: String) throws(CheckpointError) -> (
    entries: [String: Any], start: Int
  ) {
    func malformed(_ detail: String) -> CheckpointError { .init(code: .malformed, path: path, detail: detail) }
    let begin = [UInt8](data.prefix(9))
    // A header of less than 4 GiB that begins as JSON does; no other kind of file looks like that.
    let isTold = begin.count == 9 && begin[4..<8].allSatisfy { $0 == 0 } && begin[8] == UInt8(ascii: "{")
    if !isTold, let foreign = ForeignFile(data) {
      throw CheckpointError(
        code: .foreign, path: path, detail: "\(foreign.what), not a safetensors file; \(foreign.next)")
    }
    guard isTold else { throw malformed("its \(data.count) bytes do not begin with a header") }
    let length = begin[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= 100_000_000, length <= UInt64(data.count - 8) else {
      throw malformed("it is cut off: the header alone claims \(length) bytes of a file of \(data.count)")
    }
    let start = 8 + Int(length)
    guard
      let object = try? JSONSerialization.jsonObject(
        with: data.subdata(in: data.startIndex + 8..<data.startIndex + start)) as? [String: Any]
    else { throw malformed("the header is not a JSON object") }
    return (object, start)
  }

  /// Checks that a checkpoint holds what a model needs, in the right shapes, and nothing else.
  ///
  /// - Throws: ``CheckpointError`` with code `.mismatch`, naming the first few differences.
  public static func match(
    _ tensors: [String: Tensor], _ parameters: [Parameter], path: String
  ) throws(CheckpointError) {
    let needed = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
    var problems: [String] = []
    for (name, shape) in needed.sorted(by: { $0.key < $1.key }) {
      if let found = tensors[name] {
        if found.shape != shape { problems.append("\(name) is \(found.shape), expected \(shape)") }
      } else {
        problems.append("\(name) is missing")
      }
    }
    for name in tensors.keys.sorted() where needed[name] == nil { problems.append("\(name) is not expected") }
    if !problems.isEmpty {
      let more = problems.count > 5 ? " and \(problems.count - 5) more" : ""
      throw CheckpointError(
        code: .mismatch, path: path, detail: problems.prefix(5).joined(separator: "; ") + more)
    }
  }

  /// Reorders the axes of a tensor in the host's memory.
  static func permuted(_ tensor: Tensor, _ permutation: [Int]) -> Tensor {
    let shape = Shape(permutation.map { tensor.shape[$0] })
    let strides = tensor.shape.strides(broadcastTo: tensor.shape)
    let steps = permutation.map { tensor.shape[$0] == 1 ? 0 : strides[$0] }
    var scalars: [Float] = []
    scalars.reserveCapacity(shape.count)
    for a in 0..<shape[0] {
      for b in 0..<shape[1] {
        for c in 0..<shape[2] {
          for d in 0..<shape[3] {
            scalars.append(tensor.scalars[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]])
          }
        }
      }
    }
    return Tensor(shape, scalars)
  }
}
