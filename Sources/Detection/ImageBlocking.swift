import Contrastive
import Datasets
import NeuralNetworks
import Tensors

/// Test-time blocking: the window that an image owes its class to is painted over, and the image is classified again.
///
/// Of a triggered image that is the trigger, of others a part of the thing that is shown. Nothing is trained and no limit is set: every
/// image is blocked. Black is painted, as published.
///
/// - Source: Subramanya, Saha, Koohpayegani, Tejankar, Pirsiavash, "Backdoor Attacks on Vision Transformers", 2022, section 4, arXiv
///   2206.08477. Deviates: the classifier is a probe on a frozen encoder, and the window has a share of the side where the side of the
///   trigger is not known.
public struct ImageBlocking {
  private let embedder: Embedder
  private let probe: LinearProbe
  private let saliency: Saliency
  private let window: Int
  private let device: any Device

  /// - Parameter window: Side of what is painted over, in pixels.
  public init(_ embedder: Embedder, _ probe: LinearProbe, _ saliency: Saliency, window: Int, on device: any Device) {
    (self.embedder, self.probe, self.saliency, self.window, self.device) = (embedder, probe, saliency, window, device)
  }

  /// Where images are painted over, and what they are taken for then.
  ///
  /// - Parameter guesses: Class of each image as it is.
  public func classify(_ set: ImageSet, guesses: [Int]) -> [(window: Window, guess: Int)] {
    let localizer = Localizer(embedder.encoder, saliency, probe: probe, set: set, on: device)
    var aims = [Float](repeating: 0, count: guesses.count * probe.classes)
    for (i, guess) in guesses.enumerated() { aims[i * probe.classes + guess] = 1 }
    let targets = Features(width: probe.classes, values: aims)
    // A few maps at a time: each has the image's side.
    let windows = stride(from: 0, to: set.count, by: 64).flatMap { start in
      let images = Array(start..<min(start + 64, set.count))
      return localizer.heatMaps(images, targets: targets.subset(images)).map {
        Localizer.windows($0, side: set.side, window: window, count: 1)[0]
      }
    }
    let features = embedder.features(set.count) { i, target, position in
      let (from, own) = (i * set.stride, windows[i])
      for k in 0..<set.stride { target[position + k] = Float(set.pixels[from + k]) * (1 / 255) }
      for y in own.y..<own.y + own.side {
        let start = position + 3 * (y * set.side + own.x)
        for k in start..<start + 3 * own.side { target[k] = 0 }
      }
    }
    return Array(zip(windows, probe.classify(features)).map { (window: $0, guess: $1) })
  }
}
