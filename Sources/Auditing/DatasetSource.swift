import Datasets
import Foundation

/// What a user names as a dataset, and how it is read.
public struct DatasetSource: Codable, Sendable {
  /// A folder, list, archive or container; `-` is a list on standard input.
  public var path: String
  /// What a list names images of, see ``Dataset``; nil takes the list's own folder, and for the `kept.txt` of a run folder the dataset
  /// that was audited.
  public var root: String?
  /// A list's paths end with a zero byte; so do those of the kept list.
  public var isNullDelimited = false
  /// Symbolic links that are followed within a folder.
  public var links = Dataset.Links.none

  /// Names a dataset.
  public init(_ path: String) { self.path = path }

  /// The list of kept images in a run folder.
  static let keptName = "kept.txt"

  /// Opens it.
  ///
  /// - Throws: ``DatasetError``, ``AuditError``.
  func open() throws -> Dataset {
    var source = self
    // Foundation's path functions trap on a name of one character.
    let (folder, name) = (Path(path).parent, Path(path).name)
    var isPlain = false
    if name == Path(Self.keptName), let run = try RunFolder(folder.bytes.isEmpty ? "." : folder.description).identity()
    {
      if root == nil { (source.root, isPlain) = (run.base, run.isPlain) }
      (source.isNullDelimited, source.links) = (run.source.isNullDelimited, run.source.links)
    }
    return try Dataset(
      Path(path), listRoot: source.root.map { Path($0) }, isPlainRoot: isPlain, isNullDelimited: source.isNullDelimited,
      links: source.links)
  }
}
