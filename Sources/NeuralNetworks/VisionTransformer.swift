import Foundation
import Tensors

/// A vision transformer: patches and a class token, layer norm before attention and before the perceptron, features from the class token.
///
/// - Source: Dosovitskiy et al., ICLR 2021, arXiv 2010.11929; sizes of tiny and small: Touvron et al., DeiT, 2020, arXiv 2012.12877.
///   Parameter names are timm's.
public struct VisionTransformer: Backbone {
  /// What distinguishes one transformer from another.
  public struct Configuration: Codable, Hashable, Sendable {
    /// Where positions come from.
    public enum Positions: String, Codable, Hashable, Sendable, CaseIterable {
      case learned
      /// Fixed sines and cosines of both axes, of the class token 0 (Chen, Xie and He, MoCo v3, 2021, arXiv 2104.02057).
      case sines
    }

    /// Side of a patch in pixels; nil where it follows from the side of the images.
    public var patch: Int?
    /// Width of tokens and features.
    public var width = 192
    /// Blocks.
    public var depth = 12
    /// Attention heads a block.
    public var heads = 3
    /// Hidden width of a block's perceptron as a multiple of the width.
    public var expansion = 4
    public var positions = Positions.learned

    /// Creates a configuration.
    public init(patch: Int? = nil, width: Int = 192, depth: Int = 12, heads: Int = 3) {
      (self.patch, self.width, self.depth, self.heads) = (patch, width, depth, heads)
    }

    /// Patches along a side, at most: a bound of memory, as every token attends to every other.
    static let largestGrid = 64

    /// Everything in it that cannot work, in words; sizes are bounded, since a file may name them.
    public func problems(side: Int? = nil) -> [String] {
      var found: [String] = []
      if !(4...4096).contains(width) || !(1...64).contains(depth) || !(1...16).contains(expansion) {
        found.append("the transformer needs a width of 4 to 4096, 1 to 64 blocks and an expansion of 1 to 16")
      }
      if heads < 1 || width % max(1, heads) != 0 {
        found.append("the width \(width) must be a multiple of the heads, not of \(heads)")
      }
      if positions == .sines, width % 4 != 0 {
        found.append("sines need a width that is a multiple of 4, not \(width)")
      }
      if let patch, !(1...64).contains(patch) { found.append("patches must be 1 to 64 pixels, not \(patch)") }
      if let patch, let side, patch > 0, side % patch != 0 {
        found.append("the image side \(side) must be a multiple of the patch side \(patch)")
      }
      if let patch, let side, patch > 0, side / patch > Self.largestGrid {
        found.append(
          "patches of \(patch) pixels in \(side) are more than \(Self.largestGrid) along a side; take larger ones")
      }
      return found
    }
  }

  /// The configuration it was made from.
  public let configuration: Configuration
  /// Patches along a side.
  private let grid: Int
  private let patch: Int
  private let blocks: [Block]
  private let norm: LayerNormalization

  /// Creates the network's description; weights live elsewhere.
  ///
  /// - Precondition: The side is a multiple of the patch.
  public init(_ configuration: Configuration, side: Int) {
    self.configuration = configuration
    patch = configuration.patch ?? 4
    precondition(side % patch == 0, "images of \(side) pixels in patches of \(patch)")
    grid = side / patch
    blocks = (0..<configuration.depth).map { Block("blocks.\($0)", configuration) }
    norm = LayerNormalization("norm", configuration.width)
  }

  public var featureWidth: Int { configuration.width }

  /// All parameters with timm's names.
  public var parameters: [Parameter] {
    let width = configuration.width
    let count = 1 + grid * grid
    let bound = 1 / Float(3 * patch * patch).squareRoot()
    return [
      .init("cls_token", [1, 1, width], .bias, .normal(1e-6)),
      configuration.positions == .learned
        ? .init("pos_embed", [1, count, width], .bias, .normal(0.02))
        : .init("pos_embed", [1, count, width], .statistic, .table(sines())),
      .init("patch_embed.proj.weight", [patch, patch, 3, width], .weight, .uniform(bound)),
      .init("patch_embed.proj.bias", [width], .bias, .uniform(bound)),
    ] + blocks.flatMap(\.parameters) + norm.parameters
  }

  /// Half of the components for each axis, half of these sines; the class token has 0.
  private func sines() -> [Float] {
    let (width, quarter) = (configuration.width, configuration.width / 4)
    var table = [Float](repeating: 0, count: width)
    for y in 0..<grid {
      for x in 0..<grid {
        for place in [x, y] {
          let angles = (0..<quarter).map { Double(place) / pow(10_000, Double($0) / Double(quarter)) }
          table += angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
        }
      }
    }
    return table
  }

  public func callAsFunction(_ x: Value, _ scope: Scope) -> Activations {
    let (n, width, trace) = (x.shape[0], configuration.width, scope.trace)
    let count = grid * grid
    // Patches do not overlap: a product does what the convolution would.
    let cut = x.reshaped([n, grid, patch, grid, patch * 3]).transposed([0, 1, 3, 2, 4])
    let patches =
      cut.reshaped([n * count, patch * patch * 3]).matrixProduct(
        scope["patch_embed.proj.weight"].reshaped([patch * patch * 3, width])) + scope["patch_embed.proj.bias"]
    let token = scope["cls_token"] + trace.constant(0, [n, 1, width])
    var tokens =
      Value.concatenated([token, patches.reshaped([n, count, width])], axis: 1) + scope["pos_embed"]
    var attention: [Value] = []
    for block in blocks.dropLast() { tokens = block(tokens, scope, &attention) }
    // What the last block takes of patches is the last that the class token sees of them: a map that all features depend on.
    let map = tokens.slice(axis: 1, start: 1, count: count).reshaped([n, grid, grid, width])
    tokens = .concatenated([tokens.slice(axis: 1, start: 0, count: 1), map.reshaped([n, count, width])], axis: 1)
    for block in blocks.suffix(1) { tokens = block(tokens, scope, &attention) }
    let last = tokens.slice(axis: 1, start: 0, count: 1).reshaped([n, width])
    return Activations(stages: [map], attention: attention, features: norm(last, scope))
  }

  /// Attention and a perceptron, each on normalised tokens and added to them.
  private struct Block: Layer {
    let norms: [LayerNormalization]
    let (qkv, projection): (Linear, Linear)
    let (expansion, contraction): (Linear, Linear)
    let heads: Int

    init(_ name: String, _ configuration: Configuration) {
      let width = configuration.width
      norms = [LayerNormalization("\(name).norm1", width), LayerNormalization("\(name).norm2", width)]
      qkv = Linear("\(name).attn.qkv", width, 3 * width)
      projection = Linear("\(name).attn.proj", width, width)
      expansion = Linear("\(name).mlp.fc1", width, configuration.expansion * width)
      contraction = Linear("\(name).mlp.fc2", configuration.expansion * width, width)
      heads = configuration.heads
    }

    var parameters: [Parameter] {
      norms[0].parameters + qkv.parameters + projection.parameters + norms[1].parameters + expansion.parameters
        + contraction.parameters
    }

    /// - Parameter seen: The block's attention is appended to it.
    func callAsFunction(_ tokens: Value, _ scope: Scope, _ seen: inout [Value]) -> Value {
      let (n, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
      let rows = tokens.reshaped([n * count, width])
      let after = rows + projection(attention(qkv(norms[0](rows, scope), scope), n, count, &seen), scope)
      let hidden = expansion(norms[1](after, scope), scope).gelu()
      return (after + contraction(hidden, scope)).reshaped([n, count, width])
    }

    /// softmax(q k' / sqrt(d)) v of every head; from [N * T, 3 D] to [N * T, D].
    private func attention(_ rows: Value, _ n: Int, _ count: Int, _ seen: inout [Value]) -> Value {
      let width = rows.shape[1] / 3
      let each = width / heads
      let parts = rows.reshaped([n, count, 3, heads, each]).transposed([2, 0, 3, 1, 4])
        .reshaped([3, n * heads, count, each])
      func part(_ k: Int) -> Value { parts.slice(start: k, count: 1).reshaped([n * heads, count, each]) }
      let logits = part(0).matrixProduct(part(1), transposeRight: true) * (1 / Float(each).squareRoot())
      let weights = (logits - logits.owner.detached(logits.max([-1]))).exponential()
      let shares = weights / weights.sum([-1])
      seen.append(shares)
      let mixed = shares.matrixProduct(part(2))
      return mixed.reshaped([n, heads, count, each]).transposed([0, 2, 1, 3]).reshaped([n * count, width])
    }
  }
}

/// Layer normalisation over the last axis.
///
/// - Source: Ba et al., 2016, arXiv 1607.06450; epsilon as in timm's transformers.
public struct LayerNormalization: Layer {
  let name: String
  let width: Int
  static let epsilon: Float = 1e-6

  /// Creates the layer.
  public init(_ name: String, _ width: Int) { (self.name, self.width) = (name, width) }

  public var parameters: [Parameter] {
    [
      .init("\(name).weight", [width], .normalization, .constant(1)),
      .init("\(name).bias", [width], .normalization, .constant(0)),
    ]
  }

  /// Normalises [.., C] over the last axis.
  public func callAsFunction(_ x: Value, _ scope: Scope) -> Value {
    let centred = x - x.mean([-1])
    let variance = (centred * centred).mean([-1])
    return centred / (variance + Self.epsilon).squareRoot() * scope["\(name).weight"] + scope["\(name).bias"]
  }
}

extension Value {
  /// x times the normal distribution's share below x.
  ///
  /// - Source: Hendrycks and Gimpel, 2016, arXiv 1606.08415.
  public func gelu() -> Value { self * ((self * Float(0.5).squareRoot()).errorFunction() + 1) * 0.5 }
}
