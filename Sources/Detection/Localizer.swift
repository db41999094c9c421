import Contrastive
import Datasets
import Images
import NeuralNetworks
import Tensors

/// What an image's heat map is made of.
public enum Saliency: String, Codable, Hashable, Sendable, CaseIterable {
  /// Gradient times activation on a map of the network.
  case gradient
  /// What the class token takes of each patch through all blocks.
  ///
  /// - Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, arXiv 2005.00928.
  case attentionRollout = "attention-rollout"
  /// The same where attention counts as far as it raises what is aimed at.
  ///
  /// - Source: Subramanya, Saha, Koohpayegani, Tejankar, Pirsiavash, "Backdoor Attacks on Vision Transformers", 2022, section 4, arXiv
  ///   2206.08477.
  case gradientRollout = "gradient-rollout"

  /// True if it needs a network with attention.
  public var isRollout: Bool { self != .gradient }
}

/// Finds the window of an image that ties it to its cluster, or to its class.
///
/// Gradient times activation of the cosine to the image's own centroid, or of the logit of its class, summed over channels and
/// rectified, on the map of the last stage but one (8x8 for 32 pixels: twice as fine as the last),
/// enlarged to the image; then the square window with the largest sum.
///
/// Of a vision transformer it may also be a rollout. Every block's attention (for ``Saliency/gradientRollout`` the positive part of it times
/// its gradient) is averaged over heads, the lowest nine tenths are set to 0, the identity is added, rows are scaled to a sum of 1, and
/// the blocks are multiplied: the class token's row of the product is the map.
///
/// - Source: Selvaraju et al., Grad-CAM, 2016, arXiv 1610.02391; Tejankar et al., PatchSearch, CVPR
///   2023, section 3, arXiv 2304.01482. Deviates: an earlier map, and gradients per position instead
///   of their average, since the last map of a small encoder has 4x4 positions.
public final class Localizer {
  /// Share of a block's attention that a rollout leaves out, the lowest: that of the authors' code.
  private static let discarded = 0.9
  /// Images in one compiled batch.
  private let batch: Int
  private let set: ImageSet
  private let saliency: Saliency
  private let executable: any Executable
  private let store: ParameterStore
  private let map: Shape
  private let aimWidth: Int

  /// Compiles the saliency of an encoder's clusters for a set's images; what is aimed at are centroids.
  ///
  /// - Precondition: A rollout needs an encoder with attention.
  public convenience init(
    _ encoder: Encoder, _ saliency: Saliency, space: ClusterSpace, set: ImageSet, on device: any Device
  ) {
    self.init(encoder, saliency, set: set, aimWidth: space.width, on: device) { (space.apply($0) * $1).sum() }
  }

  /// The same of a probe's classes; what is aimed at are rows with 1 at a class.
  public convenience init(
    _ encoder: Encoder, _ saliency: Saliency, probe: LinearProbe, set: ImageSet, on device: any Device
  ) {
    self.init(encoder, saliency, set: set, aimWidth: probe.classes, on: device) { (probe.logits($0) * $1).sum() }
  }

  private init(
    _ encoder: Encoder, _ saliency: Saliency, set: ImageSet, aimWidth: Int, on device: any Device,
    _ scalar: (_ features: Value, _ aims: Value) -> Value
  ) {
    (self.set, self.saliency, self.aimWidth) = (set, saliency, aimWidth)
    // A rollout brings every block's tokens by tokens back.
    batch = saliency.isRollout ? 16 : 64
    let trace = Trace()
    let pixels = trace.feed("pixels", [batch, set.side, set.side, 3])
    let aims = trace.feed("aims", [batch, aimWidth])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let activations = encoder.activations(pixels, scope)
    let outputs: [Value]
    if saliency.isRollout {
      precondition(!activations.attention.isEmpty, "a rollout needs a network with attention")
      var shares = activations.attention
      // Attention alone aims at nothing; what is fed to it does not count.
      if saliency == .gradientRollout {
        let gradients = trace.gradients(of: scalar(activations.features, aims), withRespectTo: shares)
        shares = zip(shares, gradients).map { ($0 * $1).relu() }
      }
      outputs = shares.map { [batch] shares in
        let (heads, tokens) = (shares.shape[0] / batch, shares.shape[1])
        return shares.reshaped([batch, heads, tokens * tokens]).mean([1]).reshaped([batch, tokens, tokens])
      }
      let grid = Int(Double(activations.attention[0].shape[1] - 1).squareRoot())
      map = [batch, grid, grid]
    } else {
      let stage = activations.stages[max(0, activations.stages.count - 2)]
      let gradient = trace.gradients(of: scalar(activations.features, aims), withRespectTo: [stage])[0]
      outputs = [(gradient * stage).sum([3]).relu()]
      map = outputs[0].shape
    }
    executable = device.compile(trace.program(outputs: outputs))
    store = ParameterStore(encoder.weights, on: device)
  }

  /// A heat map over an image, row-major, side * side values >= 0.
  public typealias HeatMap = [Float]

  /// Returns heat maps of images.
  ///
  /// - Parameters:
  ///   - images: Indices into the set.
  ///   - targets: What each image is tied to: a centroid, [N, D'], or a row with 1 at its class, [N, K].
  public func heatMaps(_ images: [Int], targets: Features) -> [HeatMap] {
    var maps: [HeatMap] = []
    let (side, h, w) = (set.side, map[1], map[2])
    for start in stride(from: 0, to: images.count, by: batch) {
      let own = Array(images[start..<min(start + batch, images.count)])
      var pixels = [Float](repeating: 0, count: batch * set.stride)
      for (slot, i) in own.enumerated() {
        for k in 0..<set.stride { pixels[slot * set.stride + k] = Float(set.pixels[i * set.stride + k]) * (1 / 255) }
      }
      var aims = Array(targets.values[start * aimWidth..<(start + own.count) * aimWidth])
      aims += [Float](repeating: 0, count: (batch - own.count) * aimWidth)
      let out = store.run(
        executable, [Tensor([batch, side, side, 3], pixels), Tensor([batch, aimWidth], aims)]
      ).map(\.scalars)
      for slot in own.indices {
        let map =
          saliency.isRollout
          ? Self.rollout(out.map { $0[slot * $0.count / batch..<(slot + 1) * $0.count / batch] })
          : Array(out[0][slot * h * w..<(slot + 1) * h * w])
        maps.append(enlarged(map, width: w, height: h, side: side))
      }
    }
    return maps
  }

  /// The class token's row of the blocks' product, without the class token.
  ///
  /// - Parameter blocks: Tokens by tokens each, the first block first.
  package static func rollout(_ blocks: [ArraySlice<Float>]) -> [Float] {
    guard let size = blocks.first?.count else { return [] }
    let tokens = Int(Double(size).squareRoot().rounded())
    var row = [Float](repeating: 0, count: tokens)
    row[0] = 1
    for block in blocks.reversed() {
      let limit = block.sorted()[min(size - 1, Int(discarded * Double(size)))]
      var next = [Float](repeating: 0, count: tokens)
      for i in 0..<tokens where row[i] != 0 {
        let own = block[block.startIndex + i * tokens..<block.startIndex + (i + 1) * tokens]
        // What the class token takes of itself is never left out.
        var kept = own.enumerated().map { j, value in value >= limit || i + j == 0 ? value : 0 }
        kept[i] += 1
        let sum = kept.reduce(0, +)
        for j in 0..<tokens { next[j] += row[i] * kept[j] / sum }
      }
      row = next
    }
    return Array(row.dropFirst())
  }

  /// Returns the `count` windows with the largest sums that do not overlap by half or more.
  ///
  /// - Parameters:
  ///   - map: A heat map.
  ///   - window: Side of the window in pixels.
  public static func windows(_ map: HeatMap, side: Int, window: Int, count: Int) -> [Window] {
    let span = side - window + 1
    var integral = [Double](repeating: 0, count: (side + 1) * (side + 1))
    for y in 0..<side {
      var row = 0.0
      for x in 0..<side {
        row += Double(map[y * side + x])
        integral[(y + 1) * (side + 1) + x + 1] = integral[y * (side + 1) + x + 1] + row
      }
    }
    func sum(_ x: Int, _ y: Int) -> Double {
      let (a, b) = (y * (side + 1), (y + window) * (side + 1))
      return integral[b + x + window] - integral[b + x] - integral[a + x + window] + integral[a + x]
    }
    var sums: [(sum: Double, x: Int, y: Int)] = []
    for y in 0..<span { for x in 0..<span { sums.append((sum(x, y), x, y)) } }
    sums.sort { ($0.sum, $1.y, $1.x) > ($1.sum, $0.y, $0.x) }
    var chosen: [Window] = []
    for candidate in sums {
      let isFar = chosen.allSatisfy { other in
        let (dx, dy) = (abs(other.x - candidate.x), abs(other.y - candidate.y))
        return max(0, window - dx) * max(0, window - dy) * 2 < window * window
      }
      if isFar { chosen.append(Window(x: candidate.x, y: candidate.y, side: window)) }
      if chosen.count == count { break }
    }
    return chosen
  }

  private func enlarged(_ map: [Float], width: Int, height: Int, side: Int) -> HeatMap {
    func taps(_ extent: Int) -> [(Int, Int, Float)] {
      (0..<side).map { i in
        let at = max(0, min(Float(extent - 1), (Float(i) + 0.5) * Float(extent) / Float(side) - 0.5))
        return (Int(at), min(Int(at) + 1, extent - 1), at - Float(Int(at)))
      }
    }
    let (columns, rows) = (taps(width), taps(height))
    var result = HeatMap(repeating: 0, count: side * side)
    for y in 0..<side {
      let (a, b, t) = rows[y]
      for x in 0..<side {
        let (c, d, s) = columns[x]
        let upper = map[a * width + c] + s * (map[a * width + d] - map[a * width + c])
        let lower = map[b * width + c] + s * (map[b * width + d] - map[b * width + c])
        result[y * side + x] = upper + t * (lower - upper)
      }
    }
    return result
  }
}

/// A square window of an image, in pixels of the resized image: of a search that of its set, elsewhere that of the set that is screened.
public struct Window: Codable, Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var side: Int

  /// Creates a window.
  public init(x: Int, y: Int, side: Int) { (self.x, self.y, self.side) = (x, y, side) }
}

extension ImageSet {
  /// The pixels of a window.
  func crop(_ image: Int, _ window: Window) -> Image {
    self.image(image).cropped(x: window.x, y: window.y, width: window.side, height: window.side)
  }
}
