import Foundation

/// Where class labels come from; labels are never used for detection.
public enum LabelSource: Hashable, Sendable {
  case none
  /// First folder of the path, or what the container stores.
  case layout
  /// A text file of "PATH LABEL" or "PATH,LABEL" lines, or an IDX label file.
  case file(String)

  /// Reads `--labels`.
  public init(_ text: String) {
    switch text {
    case "none": self = .none
    case "folders": self = .layout
    default: self = .file(text)
    }
  }

  /// Returns a label for each entry, nil where there is none.
  ///
  /// - Throws: ``DatasetError`` with code `.labels` if the file names an image that the dataset does
  ///   not list, or does not fit it.
  public func labels(for dataset: Dataset) throws(DatasetError) -> [String?] {
    switch self {
    case .none: return dataset.entries.map { _ in nil }
    case .layout:
      let labels = dataset.entries.map(\.label)
      guard labels.contains(where: { $0 != nil }) else {
        throw DatasetError(.labels, dataset.root, "its layout holds no labels")
      }
      return labels
    case .file(let name):
      let path = Path(name)
      guard FileSystem.kind(path, followLinks: true) == .file else {
        throw DatasetError(.labels, path, "there is no such label file")
      }
      let bytes = try FileSystem.readInflated(path)
      return bytes.starts(with: [0, 0, 8, 1]) ? try idx(bytes, path, dataset) : try text(bytes, path, dataset)
    }
  }

  private func idx(_ bytes: [UInt8], _ path: Path, _ dataset: Dataset) throws(DatasetError) -> [String?] {
    guard bytes.count == 8 + dataset.entries.count else {
      throw DatasetError(
        .labels, path, "\(max(0, bytes.count - 8)) labels for \(dataset.entries.count) images")
    }
    return bytes.dropFirst(8).map { String($0) }
  }

  private func text(_ bytes: [UInt8], _ path: Path, _ dataset: Dataset) throws(DatasetError) -> [String?] {
    let index = Listing.Lookup(dataset.entries)
    var labels = [String?](repeating: nil, count: dataset.entries.count)
    for (number, var line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.last == 0x0D { line.removeLast() }
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      func isBetween(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x2C || byte == 0x09 }
      let quoted = PathList.unquoted(line).flatMap { $0.rest.first.map(isBetween) == true ? $0 : nil }
      guard let cut = quoted?.rest.startIndex ?? line.lastIndex(where: isBetween) else {
        throw DatasetError(.labels, path, "line \(number + 1) has no label")
      }
      let name = Path(bytes: quoted?.name ?? Array(line[..<cut]))
      guard let i = index[name.bytes] else {
        throw DatasetError(.labels, path, "line \(number + 1) names \(name), which the dataset does not list")
      }
      labels[i] = String(decoding: line[(cut + 1)...], as: UTF8.self)
    }
    return labels
  }
}
