/// Why a dataset, or a file of one, cannot be read.
public struct DatasetError: Error, Sendable, CustomStringConvertible {
  /// Stable identity of the problem.
  public enum Code: String, Sendable {
    case missing = "dataset.missing"
    case unreadable = "dataset.unreadable"
    case malformed = "dataset.malformed"
    case unsupported = "dataset.unsupported"
    case labels = "dataset.labels"
    case list = "dataset.list"
    case noImages = "dataset.no-images"
  }

  /// What went wrong.
  public let code: Code
  /// The file or folder.
  public let path: Path
  /// Particulars.
  public let detail: String

  /// Creates an error.
  public init(_ code: Code, _ path: Path, _ detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }

  /// What, where, and what to do next.
  public var description: String {
    switch code {
    case .missing:
      "there is no dataset at \(path): \(detail); give a folder, a file list, a tar or zip archive, a CIFAR or STL-10 .bin or an IDX file"
    case .unreadable: "cannot read \(path): \(detail); check the permissions"
    case .malformed: "\(path) is damaged: \(detail); fetch the file again"
    case .unsupported: "\(path): \(detail)"
    case .labels: "\(path): \(detail); correct the label file or use --labels none"
    case .list: "\(path): \(detail); a list has one path from the dataset's root a line, as kept.txt has them"
    case .noImages: "no image found in \(path): \(detail)"
    }
  }
}
