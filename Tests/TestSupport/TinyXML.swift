/// Whether text is well-formed XML 1.0 as our writers produce it: declaration, elements, attributes in double quotes,
/// the five entities; no comments, no CDATA.
public struct TinyXML {
  /// What is wrong, or nil.
  public private(set) var problem: String?
  private var counts: [String: Int] = [:]

  /// How many elements have a name.
  public func count(_ name: String) -> Int { counts[name] ?? 0 }

  /// Reads a document.
  public init(_ text: String) {
    for scalar in text.unicodeScalars
    where scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || scalar.value & 0xFFFE == 0xFFFE {
      problem = "U+\(String(scalar.value, radix: 16)) is no character of XML"
      return
    }
    guard let body = text.wholeMatch(of: /<\?xml version="1.0" encoding="UTF-8"\?>\n([\s\S]*)/)?.1 else {
      problem = "no declaration"
      return
    }
    var (rest, open) = (body, [Substring]())
    while !rest.isEmpty {
      if let match = rest.prefixMatch(of: /<([A-Za-z-]+)((?: [A-Za-z]+="(?:[^<&"]|&(?:amp|lt|gt|quot|#39);)*")*)(\/?)>/)
      {
        counts[String(match.1), default: 0] += 1
        let names = match.2.matches(of: /([A-Za-z]+)="/).map(\.1)
        if Set(names).count != names.count { problem = "an attribute of \(match.1) is there twice" }
        if match.3.isEmpty { open.append(match.1) }
        rest = rest[match.range.upperBound...]
      } else if let match = rest.prefixMatch(of: /<\/([A-Za-z-]+)>/) {
        if open.popLast() != match.1 { problem = "</\(match.1)> closes nothing" }
        rest = rest[match.range.upperBound...]
      } else if let match = rest.prefixMatch(of: /(?:[^<&]|&(?:amp|lt|gt|quot|#39);)+/) {
        rest = rest[match.range.upperBound...]
      } else {
        problem = "not well-formed at: \(rest.prefix(40))"
      }
      if problem != nil { return }
    }
    if !open.isEmpty { problem = "\(open) are left open" }
  }
}
