/// Text that is safe inside an element or a quoted attribute.
///
/// Control and bidirectional-override characters are shown as code points, so that a file name cannot
/// hide or reorder what stands around it.
public func escapedHTML(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default:
      let value = scalar.value
      if value < 0x20 || (0x7F...0x9F).contains(value) {
        result += "\\x" + (value < 16 ? "0" : "") + String(value, radix: 16)
      } else if (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
        || (0x200E...0x200F).contains(value)
      {
        result += "\\u" + String(value, radix: 16)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}
