/// Byte strings one after another: twelve bytes beside its own for each, where an array of arrays takes sixty.
package struct NameTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Open addressing by the hash of a name: its number + 1, or 0 where nothing is. Empty if nothing is looked up.
  private var slots: [UInt32] = []

  /// Number of names.
  package var count: Int { ends.count }

  /// Creates an empty table.
  package init() {}

  /// A name's bytes.
  package subscript(i: Int) -> ArraySlice<UInt8> { bytes[(i == 0 ? 0 : ends[i - 1])..<ends[i]] }

  /// Adds a name that is not looked up.
  package mutating func append(_ name: some Collection<UInt8>) {
    bytes += name
    ends.append(bytes.count)
  }

  /// Adds a name unless it is there. A table is filled either by this or by `append`.
  ///
  /// - Returns: Its number, and whether it is new.
  @discardableResult
  package mutating func insert(_ name: some Collection<UInt8>) -> (number: Int, isNew: Bool) {
    if 2 * (count + 1) > slots.count { grow() }
    append(name)
    let last = count - 1
    let at = slot(of: self[last])
    if slots[at] == 0 {
      slots[at] = UInt32(last + 1)
      return (last, true)
    }
    bytes.removeLast(bytes.count - (last == 0 ? 0 : ends[last - 1]))
    ends.removeLast()
    return (Int(slots[at]) - 1, false)
  }

  /// Returns the number of a name that was inserted.
  package func number(of name: [UInt8]) -> Int? {
    guard !slots.isEmpty else { return nil }
    let found = slots[slot(of: name[...])]
    return found == 0 ? nil : Int(found) - 1
  }

  /// Where a name is, or would be.
  private func slot(of name: ArraySlice<UInt8>) -> Int {
    var hasher = Hasher()
    for byte in name { hasher.combine(byte) }
    var at = hasher.finalize() & (slots.count - 1)
    while slots[at] != 0, self[Int(slots[at]) - 1] != name { at = (at + 1) & (slots.count - 1) }
    return at
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: max(64, 2 * slots.count))
    for i in 0..<count { slots[slot(of: self[i])] = UInt32(i + 1) }
  }
}

/// Few strings that stand for many.
struct StringTable: Sendable {
  private(set) var strings: [String] = []
  private var numbers: [String: Int32] = [:]

  /// Returns the number of a string, which is the same for equal ones.
  mutating func number(of text: String) -> Int32 {
    if let number = numbers[text] { return number }
    let number = Int32(strings.count)
    strings.append(text)
    numbers[text] = number
    return number
  }
}
