/// What was planted where: `ground-truth.json` beside a poisoned copy.
public struct GroundTruth: Codable, Sendable {
  /// The attack with all it takes to repeat it.
  public struct Attack: Codable, Sendable {
    public var name: String
    /// Poisoned images as a share of the target class, as asked for; of all images if `ofDataset`.
    public var rate: Double
    public var ofDataset: Bool
    public var position: AttackSettings.Position
    public var parameters: [String: Double]
    public var jpegQuality: Int?
    public var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case name, rate, position, parameters, seed
      case ofDataset = "of_dataset"
      case jpegQuality = "jpeg_quality"
    }
  }

  /// One trigger and the class it stands for.
  public struct Planted: Codable, Sendable {
    /// PNG relative to this file.
    public var picture: String
    public var targetClass: String

    enum CodingKeys: String, CodingKey {
      case picture
      case targetClass = "target_class"
    }
  }

  /// One poisoned image.
  public struct Poisoned: Codable, Sendable {
    /// Relative to `dataset/`.
    public var path: String
    /// Its name in the dataset that was copied.
    public var source: String
    public var box: Box
    /// Index into `triggers`.
    public var trigger: Int
  }

  /// Folders of the evaluation images, relative to this file, one folder a class in each; the
  /// triggered ones carry the first trigger.
  public struct Evaluation: Codable, Sendable {
    public var clean: String
    public var triggered: String
  }

  public var schemaVersion: String
  public var attack: Attack
  /// Of the first trigger.
  public var targetClass: String
  /// Of the first trigger.
  public var trigger: String
  public var triggers: [Planted]
  public var poisoned: [Poisoned]
  public var evaluation: Evaluation?

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case attack
    case targetClass = "target_class"
    case trigger, triggers, poisoned, evaluation
  }
}

// What a comparison needs is the poisoned paths; files written by hand or by earlier builds may lack the rest.

extension GroundTruth {
  /// Reads a file with at least `poisoned[].path`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    poisoned = try values.decode([Poisoned].self, forKey: .poisoned)
    schemaVersion = try values.decodeIfPresent(String.self, forKey: .schemaVersion) ?? "1.0.0"
    attack = try values.decodeIfPresent(Attack.self, forKey: .attack) ?? Attack(name: "unknown", seed: 0)
    targetClass = try values.decodeIfPresent(String.self, forKey: .targetClass) ?? ""
    trigger = try values.decodeIfPresent(String.self, forKey: .trigger) ?? "trigger.png"
    triggers =
      try values.decodeIfPresent([Planted].self, forKey: .triggers)
      ?? [Planted(picture: trigger, targetClass: targetClass)]
    evaluation = try values.decodeIfPresent(Evaluation.self, forKey: .evaluation)
  }
}

extension GroundTruth.Attack {
  /// An attack of which little is known.
  init(name: String, seed: UInt64) {
    self.init(name: name, rate: 1, ofDataset: false, position: .random, parameters: [:], jpegQuality: nil, seed: seed)
  }

  /// Reads what is there.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try values.decodeIfPresent(String.self, forKey: .name) ?? "unknown",
      seed: try values.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0)
    rate = try values.decodeIfPresent(Double.self, forKey: .rate) ?? rate
    ofDataset = try values.decodeIfPresent(Bool.self, forKey: .ofDataset) ?? ofDataset
    position = try values.decodeIfPresent(AttackSettings.Position.self, forKey: .position) ?? position
    parameters = try values.decodeIfPresent([String: Double].self, forKey: .parameters) ?? parameters
    jpegQuality = try values.decodeIfPresent(Int.self, forKey: .jpegQuality)
  }
}

extension GroundTruth.Poisoned {
  /// Reads at least a path.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    path = try values.decode(String.self, forKey: .path)
    source = try values.decodeIfPresent(String.self, forKey: .source) ?? ""
    box = try values.decodeIfPresent(Box.self, forKey: .box) ?? Box(x: 0, y: 0, width: 0, height: 0)
    trigger = try values.decodeIfPresent(Int.self, forKey: .trigger) ?? 0
  }
}
