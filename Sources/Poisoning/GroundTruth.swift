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
