import Contrastive
import Datasets
import Images
import NeuralNetworks
import Tensors

/// Finds the window of an image that ties it to its cluster.
///
/// Gradient times activation of the cosine to the image's own centroid, summed over channels and
/// rectified, on the map of the last stage but one (8x8 for 32 pixels: twice as fine as the last),
/// enlarged to the image; then the square window with the largest sum.
///
/// - Source: Selvaraju et al., Grad-CAM, 2016, arXiv 1610.02391; Tejankar et al., PatchSearch, CVPR
///   2023, section 3, arXiv 2304.01482. Deviates: an earlier map, and gradients per position instead
///   of their average, since the last map of a small encoder has 4x4 positions.
public final class Localizer {
  /// Images in one compiled batch.
  private static let batch = 64
  private let set: ImageSet
  private let executable: any Executable
  private let store: ParameterStore
  private let map: Shape
  private let directions: Int

  /// Compiles the saliency of an encoder's clusters for a set's images.
  public init(_ encoder: Encoder, space: ClusterSpace, set: ImageSet, on device: any Device) {
    self.set = set
    directions = space.width
    let trace = Trace()
    let pixels = trace.feed("pixels", [Self.batch, set.side, set.side, 3])
    let centroids = trace.feed("centroids", [Self.batch, space.width])
    let scope = Scope(trace, encoder.network.parameters, mode: .evaluation)
    let activations = encoder.activations(pixels, scope)
    let stage = activations.stages[max(0, activations.stages.count - 2)]
    let cosine = (space.apply(activations.features) * centroids).sum()
    let gradient = trace.gradients(of: cosine, withRespectTo: [stage])[0]
    let saliency = (gradient * stage).sum([3]).relu()
    map = saliency.shape
    executable = device.compile(trace.program(outputs: [saliency]))
    store = ParameterStore(encoder.weights, on: device)
  }

  /// A heat map over an image, row-major, side * side values >= 0.
  public typealias HeatMap = [Float]

  /// Returns heat maps of images.
  ///
  /// - Parameters:
  ///   - images: Indices into the set.
  ///   - targets: The centroid that each image is tied to; [N, D'].
  public func heatMaps(_ images: [Int], targets: Features) -> [HeatMap] {
    var maps: [HeatMap] = []
    let side = set.side
    for start in stride(from: 0, to: images.count, by: Self.batch) {
      let own = Array(images[start..<min(start + Self.batch, images.count)])
      var pixels = [Float](repeating: 0, count: Self.batch * set.stride)
      for (slot, i) in own.enumerated() {
        for k in 0..<set.stride { pixels[slot * set.stride + k] = Float(set.pixels[i * set.stride + k]) * (1 / 255) }
      }
      var centroids = Array(targets.values[start * directions..<(start + own.count) * directions])
      centroids += [Float](repeating: 0, count: (Self.batch - own.count) * directions)
      let out = store.run(
        executable,
        [Tensor([Self.batch, side, side, 3], pixels), Tensor([Self.batch, directions], centroids)])[0].scalars
      let (h, w) = (map[1], map[2])
      for slot in own.indices {
        maps.append(enlarged(Array(out[slot * h * w..<(slot + 1) * h * w]), width: w, height: h, side: side))
      }
    }
    return maps
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
