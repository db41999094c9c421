import Findings
import Foundation

/// Text in which nothing hides: control characters, line separators, bidirectional overrides, characters without
/// width and noncharacters are shown as code points, so that a file name cannot end a line, colour a terminal,
/// reorder what stands around it, or be no XML.
public func visible(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    let value = scalar.value
    switch value {
    case 0..<0x20, 0x7F...0x9F: result += "\\x" + (value < 16 ? "0" : "") + String(value, radix: 16)
    case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xFFFE, 0xFFFF:
      result += "\\u{" + String(value, radix: 16) + "}"
    case 0x1_0000... where value & 0xFFFE == 0xFFFE || (0xE0000...0xE0FFF).contains(value):
      result += "\\u{" + String(value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Text for a terminal or the log of a CI system: visible, but its own line breaks stay; what such systems take for
/// a command within a line (`##[`, `##vso[`) is broken. No line of ours starts with text from a dataset, which is
/// where `::command::` would count.
public func terminalSafe(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { visible(String($0)).replacing("##", with: "#\\x23") }.joined(separator: "\n")
}

/// Visible text that is safe inside an element or a quoted attribute of HTML and XML.
public func escapedHTML(_ text: String) -> String {
  var result = ""
  for scalar in visible(text).unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A word in single quotes, as a shell reads it back.
public func shellQuoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }

/// A relative reference: every byte that is not unreserved or a slash percent-encoded (RFC 3986).
func percentEncoded(_ bytes: [UInt8]) -> String {
  var text = ""
  for byte in bytes {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "/"):
      text.unicodeScalars.append(Unicode.Scalar(byte))
    default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
  return text
}

/// A share in percent with one digit.
func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }

/// A number with at most three significant digits.
func number(_ value: Double) -> String { String(format: "%.3g", value) }

/// Two-space indented JSON with sorted keys.
func canonical(_ value: JSONValue) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value.rounded) else { return "null\n" }
  return String(decoding: data, as: UTF8.self) + "\n"
}
