import Tensors

/// A network from images to features: what is pretrained, searched, probed and exported.
public protocol Backbone: Layer {
  /// Width of the features, D.
  var featureWidth: Int { get }
  /// Maps images [N, side, side, 3], normalised by the caller, to maps and features.
  func callAsFunction(_ x: Value, _ scope: Scope) -> Activations
}

/// The maps and the features of one pass.
public struct Activations {
  /// Maps on the way, [N, H, W, C], at least one; all features depend on them.
  public let stages: [Value]
  /// What each token takes of each, one a block, [N * heads, T, T] with the class token first; none in a network without attention.
  public let attention: [Value]
  /// [N, D]; not normalised.
  public let features: Value

  init(stages: [Value], attention: [Value] = [], features: Value) {
    (self.stages, self.attention, self.features) = (stages, attention, features)
  }
}

/// Which backbone, with all that distinguishes it from others; as JSON the object of its own settings.
public enum BackboneConfiguration: Codable, Hashable, Sendable {
  case resNet(ResNet.Configuration)
  case transformer(VisionTransformer.Configuration)

  /// Names that stand for one, the standard first.
  public static let named: [(name: String, configuration: BackboneConfiguration)] = [
    ("resnet-small", .resNet(.init(width: 32, blocks: [1, 1, 1], stemStride: 2))),
    ("resnet18", .resNet(.resNet18)), ("resnet50", .resNet(.resNet50)),
    ("vit-tiny", .transformer(.init(width: 192, heads: 3))), ("vit-small", .transformer(.init(width: 384, heads: 6))),
    ("vit-base", .transformer(.init(width: 768, heads: 12))),
  ]

  private enum Key: CodingKey { case depth }

  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription:
            "there is no backbone \(name); backbones are \(Self.named.map(\.name).joined(separator: ", "))"))
    }
    // A ResNet has blocks a stage instead.
    let isTransformer = (try? decoder.container(keyedBy: Key.self))?.contains(.depth) == true
    self =
      try isTransformer
      ? .transformer(VisionTransformer.Configuration(from: decoder)) : .resNet(ResNet.Configuration(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .resNet(let own): try own.encode(to: encoder)
    case .transformer(let own): try own.encode(to: encoder)
    }
  }

  /// The network for images of a side in pixels.
  public func backbone(side: Int) -> any Backbone {
    switch self {
    case .resNet(let own): ResNet(own)
    case .transformer(let own): VisionTransformer(own, side: side)
    }
  }

  /// Width of the features, D.
  public var featureWidth: Int {
    switch self {
    case .resNet(let own): own.featureWidth
    case .transformer(let own): own.width
    }
  }

  /// How the last map becomes features; a transformer's are its class token, whatever is asked for.
  public var pooling: ResNet.Configuration.Pooling {
    get { if case .resNet(let own) = self { own.pooling } else { .average } }
    set {
      guard case .resNet(var own) = self else { return }
      own.pooling = newValue
      self = .resNet(own)
    }
  }

  /// Batch-norm branches; a transformer has no batch norm.
  public var branches: Int {
    get { if case .resNet(let own) = self { own.branches } else { 1 } }
    set {
      guard case .resNet(var own) = self else { return }
      own.branches = newValue
      self = .resNet(own)
    }
  }

  /// True if it sees images of one side only, as its positions are counted.
  public var hasFixedSide: Bool { if case .transformer = self { true } else { false } }

  /// With patches that suit a side, where none were asked for.
  public func suiting(side: Int) -> BackboneConfiguration {
    guard case .transformer(var own) = self, own.patch == nil else { return self }
    own.patch = side <= 48 ? 4 : side <= 128 ? 8 : 16
    return .transformer(own)
  }

  /// Everything in it that cannot work, in words.
  ///
  /// - Parameter side: Of the images, in pixels; nil if that is not known yet.
  public func problems(side: Int? = nil) -> [String] {
    switch self {
    case .resNet(let own): own.problems()
    case .transformer(let own): own.problems(side: side)
    }
  }

  /// In one line.
  public var words: String {
    switch self {
    case .resNet(let own):
      "\(own.block.rawValue) ResNet, blocks \(own.blocks.map(String.init).joined(separator: "-")), width \(own.width)"
    case .transformer(let own):
      "vision transformer, \(own.depth) blocks, width \(own.width), \(own.heads) heads, patches of \(own.patch.map { "\($0) px" } ?? "the side's")"
    }
  }
}
