/// The canonical result of an audit: `result.json`. Every other format is rendered from it.
///
/// Everything that varies between two identical runs is under `run`. Fractions are 0...1.
public struct AuditResult: Codable, Equatable, Sendable {
  /// Version of this layout.
  public static let schemaVersion = "1.0.0"

  public var schemaVersion = Self.schemaVersion
  public var tool: Tool
  public var run: Run
  public var config: JSONValue
  public var configDigest: String
  public var seed: UInt64
  public var dataset: DatasetAccount
  public var verdict: Verdict
  public var families: [TriggerFamily]
  public var suspects: [Suspect]
  /// Worth a look; nothing here was removed.
  @Listed public var notes: [Note]
  public var counts: Counts
  public var metrics: Metrics
  public var scores: ScoreSummary?
  /// Clusters of the search encoder, those with most suspects first; empty without a search.
  @Listed public var clusters: [ImageCluster]
  public var map: EmbeddingMap?
  public var groundTruth: GroundTruthComparison?

  /// Creates a result.
  public init(
    tool: Tool, run: Run, config: JSONValue, configDigest: String, seed: UInt64, dataset: DatasetAccount,
    verdict: Verdict, families: [TriggerFamily], suspects: [Suspect], notes: [Note], counts: Counts,
    metrics: Metrics, scores: ScoreSummary?, clusters: [ImageCluster], map: EmbeddingMap?,
    groundTruth: GroundTruthComparison?
  ) {
    _clusters = Listed(wrappedValue: clusters)
    self.map = map
    (self.tool, self.run, self.config, self.configDigest, self.seed) = (tool, run, config, configDigest, seed)
    (self.dataset, self.verdict, self.families, self.suspects) = (dataset, verdict, families, suspects)
    _notes = Listed(wrappedValue: notes)
    (self.counts, self.metrics, self.scores, self.groundTruth) = (counts, metrics, scores, groundTruth)
  }

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case tool, run, config
    case configDigest = "config_digest"
    case seed, dataset, verdict, families, suspects, notes, counts, metrics, scores, clusters, map
    case groundTruth = "ground_truth"
  }

  /// The program that made the result.
  public struct Tool: Codable, Equatable, Sendable {
    public var name = "bezoar"
    public var version: String
    public var revision: String
    /// Creates the description.
    public init(version: String, revision: String) { (self.version, self.revision) = (version, revision) }
  }

  /// What varies between identical runs.
  public struct Run: Codable, Equatable, Sendable {
    public var started: String
    public var finished: String
    public var seconds: Double
    public var host: String
    public var threads: Int
    public var device: String
    /// Where images were decoded; results of earlier versions lack it.
    public var decoding: String?
    public var exitCode: Int
    public var exitReason: String
    /// What the gate checked; results of earlier versions lack it.
    public var gate: GateOutcome?
    public var stages: [Stage]

    /// One stage's time.
    public struct Stage: Codable, Equatable, Sendable {
      public var name: String
      public var seconds: Double
      @Nullable public var imagesPerSecond: Double?
      /// Creates a row.
      public init(name: String, seconds: Double, imagesPerSecond: Double?) {
        (self.name, self.seconds) = (name, seconds)
        _imagesPerSecond = Nullable(wrappedValue: imagesPerSecond)
      }
      enum CodingKeys: String, CodingKey {
        case name, seconds
        case imagesPerSecond = "images_per_second"
      }
    }

    /// Creates the record.
    public init(
      started: String, finished: String, seconds: Double, host: String, threads: Int, device: String,
      decoding: String, gate: GateOutcome, stages: [Stage]
    ) {
      (self.started, self.finished, self.seconds, self.host) = (started, finished, seconds, host)
      (self.threads, self.device, self.gate) = (threads, device, gate)
      (self.decoding, exitCode, exitReason) = (decoding, gate.exitCode, gate.reason)
      self.stages = stages
    }

    enum CodingKeys: String, CodingKey {
      case started, finished, seconds, host, threads, device, decoding, gate, stages
      case exitCode = "exit_code"
      case exitReason = "exit_reason"
    }
  }

  /// How much was looked at.
  public struct Counts: Codable, Equatable, Sendable {
    public var suspects: Int
    public var kept: Int
    public var candidatesScored: Int
    public var flipsEvaluated: Int
    /// Creates the counts.
    public init(suspects: Int, kept: Int, candidatesScored: Int, flipsEvaluated: Int) {
      (self.suspects, self.kept) = (suspects, kept)
      (self.candidatesScored, self.flipsEvaluated) = (candidatesScored, flipsEvaluated)
    }
    enum CodingKeys: String, CodingKey {
      case suspects, kept
      case candidatesScored = "candidates_scored"
      case flipsEvaluated = "flips_evaluated"
    }
  }
}

/// Encodes nil as `null` instead of leaving the key out.
@propertyWrapper
public struct Nullable<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  public var wrappedValue: Value?
  /// Wraps a value.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
  /// Reads a value or `null`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }
  /// Writes the value or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

/// A list that results of earlier versions lack: missing is empty.
@propertyWrapper
public struct Listed<Element: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  public var wrappedValue: [Element]
  /// Wraps a list.
  public init(wrappedValue: [Element]) { self.wrappedValue = wrappedValue }
  /// Reads a list.
  public init(from decoder: any Decoder) throws {
    wrappedValue = try decoder.singleValueContainer().decode([Element].self)
  }
  /// Writes the list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

extension KeyedDecodingContainer {
  /// Reads a value that may be missing as well as null.
  public func decode<Value>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value> {
    try decodeIfPresent(type, forKey: key) ?? Nullable(wrappedValue: nil)
  }

  /// Reads a list that may be missing.
  public func decode<Element>(_ type: Listed<Element>.Type, forKey key: Key) throws -> Listed<Element> {
    try decodeIfPresent(type, forKey: key) ?? Listed(wrappedValue: [])
  }
}

/// Any JSON value; holds the resolved configuration, whose types belong to other targets.
public enum JSONValue: Codable, Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Reads any JSON value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// The value of a name; nil if there is none, or this is no object.
  public subscript(name: String) -> JSONValue? { if case .object(let items) = self { items[name] } else { nil } }

  /// Rounds every number to six significant digits, so that what is written has a fixed form.
  public var rounded: JSONValue {
    switch self {
    case .number(let value):
      guard value.isFinite, let short = Double(sixDigits(value)) else { return .null }
      return .number(short)
    case .array(let items): return .array(items.map(\.rounded))
    case .object(let items): return .object(items.mapValues(\.rounded))
    default: return self
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}

/// Six significant digits in a form that `Double.init` reads.
private func sixDigits(_ value: Double) -> String {
  if value == 0 { return "0" }
  var scale = 1.0
  var size = abs(value)
  while size >= 1_000_000 {
    size /= 10
    scale *= 10
  }
  var power = 1.0
  while size < 100_000 && power < 1e300 {
    size *= 10
    power *= 10
  }
  return String(size.rounded() / power * scale * (value < 0 ? -1 : 1))
}
