/// The images that a dataset lists: some thirty bytes and its name each.
public struct Listing: RandomAccessCollection, Sendable {
  /// One image that the dataset lists.
  public struct Entry: Sendable {
    /// Its name within the dataset, unique.
    public let path: Path
    /// The label that the layout gives: first folder, number after the path in a list, label byte.
    public let label: String?
    let source: Source
  }

  /// Where an image lies.
  package enum Source: Sendable {
    /// Passed over, with the reason.
    case ignored(String)
    /// A file of that name.
    case file
    case record(container: Int, ordinal: Int)
    case member(archive: Int, ordinal: Int)
    /// Named, but not there, not a regular file or not to be opened.
    case unusable(Unread)
  }

  private enum Place: Sendable {
    case ignored(Int32)
    case file
    case record(container: Int32, ordinal: Int32)
    case member(archive: Int32, ordinal: Int32)
    case unusable(Int32, holdsMany: Bool)
  }

  /// Images that are listed, at most.
  static let most = 100_000_000

  private var names = NameTable()
  private var labels: [Int32] = []
  private var places: [Place] = []
  private var labelNames = StringTable()
  private var reasons = StringTable()
  /// True if an image without a label of its own has that of its first folder.
  private let foldersAreLabels: Bool

  package init(foldersAreLabels: Bool) { self.foldersAreLabels = foldersAreLabels }

  public var startIndex: Int { 0 }
  public var endIndex: Int { places.count }

  public subscript(i: Int) -> Entry {
    let name = names[i]
    var label = labels[i] < 0 ? nil : labelNames.strings[Int(labels[i])]
    if label == nil, foldersAreLabels, let slash = name.firstIndex(of: 0x2F) {
      label = String(decoding: name[..<slash], as: UTF8.self)
    }
    let source: Source =
      switch places[i] {
      case .ignored(let reason): .ignored(reasons.strings[Int(reason)])
      case .file: .file
      case .record(let container, let ordinal): .record(container: Int(container), ordinal: Int(ordinal))
      case .member(let archive, let ordinal): .member(archive: Int(archive), ordinal: Int(ordinal))
      case .unusable(let reason, let holdsMany):
        .unusable(Unread(reason: reasons.strings[Int(reason)], holdsMany: holdsMany))
      }
    return Entry(path: Path(bytes: Array(name)), label: label, source: source)
  }

  /// Adds an image.
  ///
  /// - Throws: ``DatasetError`` with code `.malformed` if there are more than ``most``.
  package mutating func append(
    _ name: some Collection<UInt8>, label: String? = nil, _ source: Source, of root: Path
  ) throws(DatasetError) {
    guard count < Self.most else {
      throw DatasetError(.malformed, root, "more than \(Self.most) images; audit it in parts")
    }
    names.append(name)
    labels.append(label.map { labelNames.number(of: $0) } ?? -1)
    let place: Place =
      switch source {
      case .ignored(let reason): .ignored(reasons.number(of: reason))
      case .file: .file
      case .record(let container, let ordinal): .record(container: Int32(container), ordinal: Int32(ordinal))
      case .member(let archive, let ordinal): .member(archive: Int32(archive), ordinal: Int32(ordinal))
      case .unusable(let unread): .unusable(reasons.number(of: unread.reason), holdsMany: unread.holdsMany)
      }
    places.append(place)
  }

  /// Looks images up by their names.
  struct Lookup {
    private var table = NameTable()
    private var places: [Int32] = []

    /// Of entries with the same name the one that can be read counts.
    init(_ listing: Listing) {
      for i in listing.indices {
        let (number, isNew) = table.insert(listing.names[i])
        if isNew {
          places.append(Int32(i))
        } else if case .unusable = listing.places[Int(places[number])] {
          places[number] = Int32(i)
        }
      }
    }

    /// The place of an image in the listing.
    subscript(name: [UInt8]) -> Int? { table.number(of: name).map { Int(places[$0]) } }
  }

  /// Gives images a label after they were listed, where there is one.
  mutating func label(_ range: Range<Int>, _ label: (ArraySlice<UInt8>) -> String?) {
    for i in range { if let text = label(names[i]) { labels[i] = labelNames.number(of: text) } }
  }
}
