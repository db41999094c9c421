import Foundation

/// Lists a folder in byte order of the whole paths: a folder's place is that of its name with a slash.
///
/// Whatever is in it becomes an entry: what cannot be read says why.
struct FolderWalk {
  /// A folder, by what no name can change.
  private struct Identity: Hashable { let device, number: UInt64 }

  private let root: Path
  private let links: Dataset.Links
  /// The root without links on the way to it, with a slash behind.
  private let realRoot: [UInt8]?
  private var entries = Listing(foldersAreLabels: true)
  /// Folders that were listed through a link. Each is once, so that links to each other come to an end.
  private var linked: Set<Identity> = []

  /// Lists everything.
  ///
  /// - Parameter names: What is in the folder.
  static func list(_ root: Path, _ names: [FileSystem.Name], _ links: Dataset.Links) throws(DatasetError) -> Listing {
    var walk = FolderWalk(
      root: root, links: links, realRoot: FileSystem.real(root).map { $0 == [0x2F] ? $0 : $0 + [0x2F] })
    try walk.list(Path(bytes: []), names, isLinked: false)
    return walk.entries
  }

  private init(root: Path, links: Dataset.Links, realRoot: [UInt8]?) {
    (self.root, self.links, self.realRoot) = (root, links, realRoot)
  }

  private mutating func list(_ folder: Path, _ names: [FileSystem.Name], isLinked: Bool) throws(DatasetError) {
    for one in names {
      let path = folder.appending(one.name)
      switch one.kind {
      case .file: try entries.append(path.bytes, .file, of: root)
      case .folder: try enter(path, isLinked: isLinked)
      case .link: try follow(path)
      case .other: try lose(path, "file.special: a pipe, socket or device")
      case nil: try lose(path, "file.vanished: vanished during the scan")
      }
    }
  }

  private mutating func enter(_ path: Path, isLinked: Bool) throws(DatasetError) {
    if isLinked, let identity = identity(path), !linked.insert(identity).inserted {
      try entries.append(path.bytes, .ignored("a folder that another link leads to"), of: root)
      return
    }
    let names: [FileSystem.Name]
    do throws(DatasetError) { names = try FileSystem.contents(of: root.appending(path)) } catch {
      try lose(path, "folder.unreadable: \(error.detail)", holdsMany: true)
      return
    }
    try list(path, names, isLinked: isLinked)
  }

  private mutating func follow(_ path: Path) throws(DatasetError) {
    let kind = FileSystem.kind(root.appending(path), followLinks: true)
    let isFolder = kind == .folder
    guard links != .none else {
      try lose(path, "link.not-followed: a symbolic link\(isFolder ? " to a folder" : "")", holdsMany: isFolder)
      return
    }
    guard let kind, let real = FileSystem.real(root.appending(path)) else {
      try lose(path, "link.dangling: a symbolic link to nothing")
      return
    }
    guard links == .anywhere || realRoot.map(real.starts(with:)) == true || real + [0x2F] == realRoot else {
      try lose(path, "link.leaves-dataset: a symbolic link out of the folder", holdsMany: isFolder)
      return
    }
    switch kind {
    case .file: try entries.append(path.bytes, .file, of: root)
    case .folder: try enter(path, isLinked: true)
    case .link, .other: try lose(path, "file.special: a symbolic link to a pipe, socket or device")
    }
  }

  private mutating func lose(_ path: Path, _ reason: String, holdsMany: Bool = false) throws(DatasetError) {
    try entries.append(path.bytes, .unusable(Unread(reason: reason, holdsMany: holdsMany)), of: root)
  }

  private func identity(_ path: Path) -> Identity? {
    var status = stat()
    guard stat(root.appending(path).cString, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
  }
}
