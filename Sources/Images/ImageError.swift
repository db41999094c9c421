/// Why bytes could not be turned into an image, or an image into bytes.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Stable identity of the problem; recorded in results.
  public enum Code: String, Sendable, Codable {
    case empty = "image.empty"
    case unsupportedFormat = "image.unsupported-format"
    case corrupt = "image.corrupt"
    case truncated = "image.truncated"
    case tooLarge = "image.too-large"
    case bomb = "image.bomb"
    case encoding = "image.encoding"
  }

  /// What went wrong.
  public let code: Code
  /// Particulars, such as the codec's own words.
  public let detail: String

  /// Creates an error.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// The code and the particulars in one line.
  public var description: String { detail.isEmpty ? code.rawValue : "\(code.rawValue): \(detail)" }
}
