/// Lists of paths as text: one a line, or each followed by a zero byte.
///
/// A path that cannot stand on a line by itself is quoted as Git and C do: `"new\nline.png"`, other bytes as `\ooo` in octal. So are
/// those that readers of lists would take for something else: a comment, a quoted path, one with spaces around it.
public enum PathList {
  /// Writes a list.
  ///
  /// - Parameters:
  ///   - isNullDelimited: Paths as they are, each followed by a zero byte.
  ///   - names: The whole dataset's. No quoted line is also a name among them, so that a reader that knows nothing of quotes finds
  ///     no file rather than another one.
  public static func encode(_ paths: some Sequence<Path>, isNullDelimited: Bool, of names: Listing) -> [UInt8] {
    var text: [UInt8] = []
    var index: Listing.Lookup?
    for path in paths {
      if isNullDelimited {
        text += path.bytes + [0]
      } else if standsAlone(path.bytes) {
        text += path.bytes + [newline]
      } else {
        let known = index ?? Listing.Lookup(names)
        index = known
        text += unmistakable(path.bytes, known) + [newline]
      }
    }
    return text
  }

  /// Reads a list of some of a dataset's images.
  ///
  /// - Parameters:
  ///   - file: As ``encode(_:isNullDelimited:of:)`` writes it, or with paths as they are; lines that start with `#` and name nothing are
  ///     comments, a label after a path is left out.
  ///   - isNullDelimited: Paths end with a zero byte.
  /// - Returns: Places in `dataset.entries`, ascending, each once.
  /// - Throws: ``DatasetError`` with code `.list` if it cannot be read or names what the dataset does not list.
  public static func places(
    _ file: String, isNullDelimited: Bool, in dataset: Dataset
  ) throws(DatasetError) -> [Int] {
    let path = Path(file)
    guard FileSystem.kind(path, followLinks: true) == .file else {
      throw DatasetError(.list, path, "there is no such list")
    }
    let index = Listing.Lookup(dataset.entries)
    var places: Set<Int> = []
    let bytes = try FileSystem.readInflated(path)
    for line in lines(bytes, isNullDelimited: isNullDelimited) {
      if let place = line.readings.lazy.compactMap({ index[$0.name] }).first {
        places.insert(place)
      } else if !line.isComment {
        throw DatasetError(
          .list, path,
          "line \(line.number) names \(Path(bytes: line.readings[0].name)), which the dataset does not list")
      }
    }
    return places.sorted()
  }

  /// A line that is not empty.
  struct Line {
    /// Counted from 1.
    let number: Int
    let bytes: ArraySlice<UInt8>
    /// How it may be meant, the likeliest first.
    let readings: [(name: [UInt8], label: String?)]
    /// True if it is a comment where it names nothing.
    let isComment: Bool
  }

  /// The lines of a list one after another, without a byte-order mark.
  static func lines(_ bytes: [UInt8], isNullDelimited: Bool) -> some Sequence<Line> {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let start = !isNullDelimited && bytes.starts(with: mark) ? mark.count : 0
    return sequence(state: (start: start, number: 0)) { state -> Line? in
      while state.start < bytes.count {
        let end = bytes[state.start...].firstIndex(of: isNullDelimited ? 0 : newline) ?? bytes.count
        let line = bytes[state.start..<end]
        state = (end + 1, state.number + 1)
        if line.isEmpty || !isNullDelimited && line.elementsEqual([0x0D]) { continue }
        return Line(
          number: state.number, bytes: line,
          readings: isNullDelimited ? [(name: Array(line), label: nil)] : readings(line),
          isComment: !isNullDelimited && line.first == UInt8(ascii: "#"))
      }
      return nil
    }
  }

  private static let (newline, quote, backslash) = (UInt8(0x0A), UInt8(0x22), UInt8(0x5C))

  /// True if every reader of lines gets these bytes back: UTF-8 without anything that ends or breaks a line, no space around it, no
  /// comment, no byte-order mark, no quoted path.
  static func standsAlone(_ name: [UInt8]) -> Bool {
    guard let text = String(validating: name, as: UTF8.self) else { return false }
    let scalars = text.unicodeScalars
    guard let first = scalars.first, let last = scalars.last else { return false }
    return !first.properties.isWhitespace && !last.properties.isWhitespace && !["#", "\"", "\u{FEFF}"].contains(first)
      && !scalars.contains { [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory) }
  }

  /// A quoted form that is no name of the dataset: what need not be escaped is escaped too until it is none.
  private static func unmistakable(_ name: [UInt8], _ names: Listing.Lookup) -> [UInt8] {
    var variant = 0
    while true {
      let line = quoted(name, variant)
      if names[line] == nil { return line }
      variant += 1
    }
  }

  /// - Parameter variant: Its bits say which bytes are escaped though they need not be.
  static func quoted(_ name: [UInt8], _ variant: Int = 0) -> [UInt8] {
    let isText = String(validating: name, as: UTF8.self) != nil
    var line = [quote]
    for (i, byte) in name.enumerated() {
      switch byte {
      case quote, backslash: line += [backslash, byte]
      case 0x09: line += [backslash, UInt8(ascii: "t")]
      case 0x0A: line += [backslash, UInt8(ascii: "n")]
      case 0x0D: line += [backslash, UInt8(ascii: "r")]
      case 0x21..<0x7F where i >= Int.bitWidth || variant >> i & 1 == 0, 0x20 where i > 0 && i < name.count - 1:
        line.append(byte)
      // Letters beyond ASCII stay; C1 controls and separators are told by their lead bytes.
      case 0x80... where isText && !Self.breaks(name, at: i): line.append(byte)
      default: line += [backslash] + [byte >> 6, byte >> 3 & 7, byte & 7].map { 0x30 + $0 }
      }
    }
    return line + [quote]
  }

  /// True for a byte of a character of UTF-8 that ends lines or is a space: U+0080 to U+00A0, those of U+2000 to U+207F, U+3000,
  /// U+1680, U+FEFF.
  private static func breaks(_ name: [UInt8], at i: Int) -> Bool {
    var start = i
    while start > 0, name[start] & 0xC0 == 0x80 { start -= 1 }
    let lead = Array(name[start..<min(start + 3, name.count)])
    return [[0xC2], [0xE2, 0x80], [0xE2, 0x81], [0xE3, 0x80, 0x80], [0xE1, 0x9A], [0xEF, 0xBB]].contains {
      lead.starts(with: $0)
    }
  }

  /// Reads a quoted path at the start of a line.
  ///
  /// - Returns: The path and what follows it; nil if the line does not start with one.
  package static func unquoted(_ line: ArraySlice<UInt8>) -> (name: [UInt8], rest: ArraySlice<UInt8>)? {
    guard line.first == quote else { return nil }
    var name: [UInt8] = []
    var i = line.startIndex + 1
    while i < line.endIndex {
      let byte = line[i]
      i += 1
      guard byte != quote else { return name.isEmpty ? nil : (name, line[i...]) }
      guard byte == backslash else {
        name.append(byte)
        continue
      }
      guard i < line.endIndex else { return nil }
      let next = line[i]
      i += 1
      switch next {
      case UInt8(ascii: "t"): name.append(0x09)
      case UInt8(ascii: "n"): name.append(0x0A)
      case UInt8(ascii: "r"): name.append(0x0D)
      case quote, backslash: name.append(next)
      case UInt8(ascii: "0")...UInt8(ascii: "3"):
        let digits = line[(i - 1)...].prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        let value = digits.reduce(0) { $0 << 3 | ($1 & 7) }
        guard value != 0 else { return nil }
        name.append(value)
        i += 2
      default: return nil
      }
    }
    return nil
  }

  /// A line of a list: how it may be meant, the likeliest first.
  ///
  /// What readers of lists may take it for. A quoted path first. Then the whole line is a path, if there is one of that name; then the line without the
  /// carriage return of Windows; then without a label after its last space, tab or comma; then its parts between carriage returns. A line that starts with `#` and names nothing is a comment.
  package static func readings(_ line: ArraySlice<UInt8>) -> [(name: [UInt8], label: String?)] {
    var trimmed = line
    if trimmed.last == 0x0D { trimmed.removeLast() }
    var all: [(name: [UInt8], label: String?)] = []
    if let (name, rest) = unquoted(trimmed), rest.isEmpty || rest.first == 0x20 {
      all.append((name, rest.isEmpty ? nil : String(decoding: rest.dropFirst(), as: UTF8.self)))
    }
    all.append((Array(line), nil))
    if trimmed.count < line.count, !trimmed.isEmpty { all.append((Array(trimmed), nil)) }
    for separator in [0x20, 0x09, 0x2C] as [UInt8] {
      if let cut = trimmed.lastIndex(of: separator), cut > trimmed.startIndex, cut + 1 < trimmed.endIndex {
        all.append((Array(trimmed[..<cut]), String(decoding: trimmed[(cut + 1)...], as: UTF8.self)))
      }
    }
    if trimmed.contains(0x0D) { all += trimmed.split(separator: 0x0D).map { (Array($0), nil) } }
    return all
  }
}
