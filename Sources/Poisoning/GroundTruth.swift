/// What was planted where: `ground-truth.json` beside a poisoned copy.
public struct GroundTruth: Codable, Sendable {
  /// The attack with all it takes to repeat it.
  public struct Attack: Codable, Sendable {
    public var name: String
    public var rate: Double
    public var position: PatchAttack.Position
    public var triggerPixels: Int
    public var jpegQuality: Int?
    public var seed: UInt64
  }

  /// One poisoned image.
  public struct Poisoned: Codable, Sendable {
    /// Relative to `dataset/`.
    public var path: String
    /// Its name in the dataset that was copied.
    public var source: String
    public var box: PatchAttack.Box
  }

  /// Folders of the evaluation images, relative to this file, one folder a class in each.
  public struct Evaluation: Codable, Sendable {
    public var clean: String
    public var triggered: String
  }

  public var schemaVersion: String
  public var attack: Attack
  public var targetClass: String
  public var trigger: String
  public var poisoned: [Poisoned]
  public var evaluation: Evaluation?

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case attack
    case targetClass = "target_class"
    case trigger, poisoned, evaluation
  }
}
