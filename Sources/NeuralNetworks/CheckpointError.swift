/// Why a checkpoint cannot be used.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Stable identity of the problem.
  public enum Code: String, Sendable {
    case unreadable = "checkpoint.unreadable"
    case malformed = "checkpoint.malformed"
    case unsupported = "checkpoint.unsupported-type"
    case mismatch = "checkpoint.mismatch"
    case unwritable = "checkpoint.unwritable"
  }

  /// What went wrong.
  public let code: Code
  /// The file.
  public let path: String
  /// Particulars: a name, an offset, expected and found.
  public let detail: String

  /// Creates an error.
  public init(code: Code, path: String, detail: String) {
    (self.code, self.path, self.detail) = (code, path, detail)
  }

  /// What, where, and what to do next.
  public var description: String {
    switch code {
    case .unreadable: "cannot read the checkpoint \(path): \(detail)"
    case .malformed: "\(path) is not a valid safetensors file: \(detail)"
    case .unsupported: "\(path): \(detail); convert the tensor to F32 first"
    case .mismatch: "\(path) does not fit the model: \(detail)"
    case .unwritable: "cannot write the checkpoint \(path): \(detail)"
    }
  }
}
