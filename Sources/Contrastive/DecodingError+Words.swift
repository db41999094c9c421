extension DecodingError {
  /// What is wrong and where, for a user who wrote the JSON.
  package var words: String {
    func path(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
    switch self {
    case .typeMismatch(let type, let context): return "\(path(context)) must be a \(type)"
    case .valueNotFound(let type, let context): return "\(path(context)) must be a \(type), not null"
    case .keyNotFound(let key, let context): return "\(path(context)) lacks \(key.stringValue)"
    case .dataCorrupted(let context):
      return [path(context), context.debugDescription].filter { !$0.isEmpty }.joined(separator: ": ")
    @unknown default: return "\(self)"
    }
  }
}
