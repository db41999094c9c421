import Foundation

/// The part of JSON Schema 2020-12 that our schemas use: type, required, properties,
/// additionalProperties, items, minItems, maxItems, enum, const, pattern, minLength, maxLength, minimum, maximum and
/// $ref into $defs.
public struct JSONSchema {
  private let root: [String: Any]

  /// Reads a schema.
  public init(_ bytes: [UInt8]) throws {
    guard let root = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      throw CocoaError(.fileReadCorruptFile)
    }
    self.root = root
  }

  /// Returns every place where a document breaks the schema.
  public func problems(_ data: Data) -> [String] {
    guard let document = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) else {
      return ["not JSON"]
    }
    return check(document, root, "$")
  }

  private func check(_ value: Any, _ given: [String: Any], _ path: String) -> [String] {
    var schema = given
    if let reference = given["$ref"] as? String, let name = reference.split(separator: "/").last,
      let own = (root["$defs"] as? [String: Any])?[String(name)] as? [String: Any]
    {
      schema = own
    }
    var found: [String] = []
    if let type = schema["type"] {
      let types = type as? [String] ?? [type as? String ?? ""]
      if !types.contains(where: { isOf($0, value) }) {
        found.append("\(path) is not \(types.joined(separator: " or "))")
      }
    }
    if let values = schema["enum"] as? [String], let text = value as? String, !values.contains(text) {
      found.append("\(path) is \(text)")
    }
    if let text = value as? String {
      if let wanted = schema["const"] as? String, text != wanted { found.append("\(path) is not \(wanted)") }
      if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
        found.append("\(path) does not match \(pattern): \(text)")
      }
      if text.count < schema["minLength"] as? Int ?? 0 { found.append("\(path) is too short") }
      if text.count > schema["maxLength"] as? Int ?? .max { found.append("\(path) is too long") }
    }
    if let number = value as? NSNumber {
      if let least = schema["minimum"] as? Double, number.doubleValue < least {
        found.append("\(path) is below \(least)")
      }
      if let most = schema["maximum"] as? Double, number.doubleValue > most { found.append("\(path) is above \(most)") }
    }
    if let object = value as? [String: Any] {
      let properties = schema["properties"] as? [String: Any] ?? [:]
      for name in schema["required"] as? [String] ?? [] where object[name] == nil {
        found.append("\(path).\(name) is missing")
      }
      for (name, item) in object.sorted(by: { $0.key < $1.key }) {
        if let own = properties[name] as? [String: Any] {
          found += check(item, own, "\(path).\(name)")
        } else if let rest = schema["additionalProperties"] as? [String: Any] {
          found += check(item, rest, "\(path).\(name)")
        } else if schema["additionalProperties"] as? Bool == false {
          found.append("\(path).\(name) is not expected")
        }
      }
    }
    if let array = value as? [Any] {
      if array.count < schema["minItems"] as? Int ?? 0 { found.append("\(path) has too few items") }
      if array.count > schema["maxItems"] as? Int ?? .max { found.append("\(path) has too many items") }
    }
    if let array = value as? [Any], let items = schema["items"] as? [String: Any] {
      for (i, item) in array.enumerated() { found += check(item, items, "\(path)[\(i)]") }
    }
    return found
  }

  private func isOf(_ type: String, _ value: Any) -> Bool {
    switch type {
    case "null": return value is NSNull
    case "object": return value is [String: Any]
    case "array": return value is [Any]
    case "string": return value is String
    case "boolean": return (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    case "integer": return (value as? NSNumber).map { $0.doubleValue.rounded() == $0.doubleValue } ?? false
    default: return value is NSNumber
    }
  }
}
