/// Why a checkpoint cannot be used.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Stable identity of the problem.
  public enum Code: String, Sendable {
    case unreadable = "checkpoint.unreadable"
    /// A file of another kind.
    case foreign = "checkpoint.foreign"
    case malformed = "checkpoint.malformed"
    case unsupported = "checkpoint.unsupported-type"
    /// A network that is not the one expected, or of another family.
    case mismatch = "checkpoint.mismatch"
    case notFinite = "checkpoint.not-finite"
    /// What is beside the weights or was said about them is missing, damaged or contradicts them.
    case configuration = "checkpoint.configuration"
  }

  /// What went wrong.
  public let code: Code
  /// The file.
  public let path: String
  /// Particulars: a name, an offset, expected and found; what to do next.
  public let detail: String

  /// Creates an error.
  public init(code: Code, path: String, detail: String) {
    (self.code, self.path, self.detail) = (code, path, detail)
  }

  /// What, where, and what to do next.
  public var description: String {
    switch code {
    case .unreadable: "cannot read \(path): \(detail)"
    case .foreign: "\(path) is \(detail)"
    case .malformed: "\(path) is not a valid safetensors file: \(detail); copy or download it again"
    case .unsupported: "\(path): \(detail); convert its arrays to F32 first, in Python with .float()"
    case .mismatch: "\(path) does not fit the model: \(detail)"
    case .notFinite: "\(path) cannot be computed with: \(detail); its training went wrong, take an earlier checkpoint"
    case .configuration: "\(path): \(detail)"
    }
  }
}
