import Foundation
import NeuralNetworks
import Tensors

/// What a pretraining minimises, and what it needs beside the backbone.
///
/// An objective is one file and one row of ``Objectives/all``. Its properties are its settings: they stand in every result under
/// `scan.objective`. N is the number of images of a batch, D the width of the backbone's features, W that of projections.
///
/// - Determinism: A loss depends on its inputs alone.
public protocol Objective: Codable, Hashable, Sendable {
  /// In settings, and after `--objective`.
  static var name: String { get }
  /// The published settings; banks are as large as some thousand images ask for.
  init()
  /// Sets the rest of a recipe: temperature, learning rate, widths, views.
  func adapt(_ recipe: inout ContrastiveConfiguration)
  /// Everything that cannot work, in words.
  func problems(_ recipe: ContrastiveConfiguration) -> [String]

  /// What follows the backbone, in the target as well; nil for nothing.
  func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron?
  /// What follows that, where the gradient flows alone; nil for nothing.
  func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron?
  /// True if the predictor's learning rate does not fall.
  var predictorKeepsRate: Bool { get }
  /// A slowly following copy of backbone and projector; nil for none.
  var target: MomentumTarget? { get }
  /// Past targets that are kept; 0 for none.
  var bankRows: Int { get }
  /// True if each image's target of the epoch before is asked for.
  var remembersViews: Bool { get }
  /// Whether images have to have labels, or may have.
  var labels: LabelUse { get }
  /// True for a distillation: a frozen encoder says what features to aim at. Projections are as wide as its features.
  var needsTeacher: Bool { get }

  /// The loss of a step; shape [].
  func loss(_ step: ObjectiveStep) -> Value
}

/// What an objective does with labels.
public enum LabelUse: Sendable {
  case ignored, used, needed
}

/// How a target follows: in each step target = m target + (1 - m) trained, for weights and biases alike.
///
/// Trained are those that the step began with, as in MoCo's code; BYOL takes those that it ends with, a step later. Running statistics are
/// the target's own, of what passes through it.
public struct MomentumTarget: Codable, Hashable, Sendable {
  /// m in the first step, [0, 1).
  public var momentum: Float
  /// True if m rises to 1 by half a cosine: 1 - (1 - m) (cos(pi done) + 1) / 2.
  ///
  /// - Source: Grill et al., BYOL, 2020, section 3.2, arXiv 2006.07733.
  public var rises: Bool

  /// Creates one.
  public init(_ momentum: Float, rises: Bool = false) { (self.momentum, self.rises) = (momentum, rises) }

  /// m where a share of the steps is done.
  package func momentum(done: Float) -> Float {
    rises ? 1 - (1 - momentum) * (cos(.pi * done) + 1) / 2 : momentum
  }

  var problems: [String] {
    momentum >= 0 && momentum < 1 ? [] : ["momentum must be in [0, 1), not \(momentum)"]
  }
}

extension Objective {
  public func problems(_ recipe: ContrastiveConfiguration) -> [String] { [] }
  /// What an objective cannot do without that follows a target, and one that keeps past targets.
  var problemsOfTarget: [String] { target == nil ? ["\(Self.name) needs a target"] : [] }
  func problemsOfBank(neighbours: Int = 1) -> [String] {
    var found = needsTeacher ? [] : problemsOfTarget
    if !(1...1 << 20).contains(bankRows) { found.append("a bank has 1 to \(1 << 20) rows, not \(bankRows)") }
    if !(1...64).contains(neighbours) || neighbours > bankRows {
      found.append("neighbours must be 1 to \(max(1, min(64, bankRows))), not \(neighbours)")
    }
    return found
  }
  /// Two layers, as in SimCLR.
  public func projector(_ features: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? {
    Perceptron("head", [features, recipe.projectionHidden, recipe.projectionWidth])
  }
  public func predictor(_ width: Int, _ recipe: ContrastiveConfiguration) -> Perceptron? { nil }
  public var predictorKeepsRate: Bool { false }
  public var target: MomentumTarget? { nil }
  public var bankRows: Int { 0 }
  public var remembersViews: Bool { false }
  public var labels: LabelUse { .ignored }
  public var needsTeacher: Bool { false }
}

/// Every objective, in the order in which they are listed.
public enum Objectives {
  public static let all: [any Objective.Type] = [
    SimCLR.self, MoCoV2.self, MoCoV3.self, BYOL.self, SimSiam.self, BarlowTwins.self, VICReg.self, MeanShift.self,
    ConstrainedMeanShift.self, SimilarityDistillation.self, DecoupledContrast.self, DebiasedContrast.self,
    SupervisedContrast.self,
  ]

  /// Those that an encoder is retrained with, from one that is there.
  public static let distillations: [any Objective.Type] = [CompRess.self, SimReg.self]

  /// After `--objective`.
  public static var names: [String] { all.map { $0.name } }

  /// Of all and of distillations.
  static func type(named name: String) -> (any Objective.Type)? {
    (all + distillations).first { $0.name == name }
  }

  /// That of a name with its published settings.
  public static func named(_ name: String) -> (any Objective)? { type(named: name)?.init() }
}

/// An objective with its settings, as JSON: `{"byol": {...}}`.
public struct ChosenObjective: Codable, Hashable, Sendable {
  public var objective: any Objective

  /// Wraps one.
  public init(_ objective: any Objective) { self.objective = objective }

  /// Its name.
  public var name: String { type(of: objective).name }

  public static func == (a: Self, b: Self) -> Bool { AnyHashable(a.objective) == AnyHashable(b.objective) }
  public func hash(into hasher: inout Hasher) { AnyHashable(objective).hash(into: &hasher) }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Name.self)
    guard let key = values.allKeys.first, values.allKeys.count == 1,
      let type = Objectives.type(named: key.stringValue)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "an objective is one of \(Objectives.names.joined(separator: ", ")), as {\"NAME\": {...}}"))
    }
    objective = try values.decode(type, forKey: key)
  }

  public func encode(to encoder: any Swift.Encoder) throws {
    var values = encoder.container(keyedBy: Name.self)
    try values.encode(objective, forKey: Name(stringValue: name))
  }
}
