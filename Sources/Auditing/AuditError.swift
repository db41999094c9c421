/// Why an audit, or a stage of one, did not complete.
public struct AuditError: Error, Sendable, CustomStringConvertible {
  /// Stable identity; decides the exit code.
  public enum Code: String, Sendable {
    case configuration = "audit.configuration"
    case usage = "audit.usage"
    case io = "audit.io"
    case state = "audit.state"
    case noImages = "audit.no-images"
    case interrupted = "audit.interrupted"
  }

  /// What went wrong.
  public let code: Code
  /// What, where, and what to do next.
  public let description: String

  /// Creates an error.
  public init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }

  /// The exit code of `contracts.md` for this error.
  public var exitCode: Int32 {
    switch code {
    case .configuration, .usage: 64
    case .io, .state: 2
    case .noImages: 3
    case .interrupted: 130
    }
  }
}
