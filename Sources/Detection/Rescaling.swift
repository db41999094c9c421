import Images

/// From pixels of images at one side to those of the same images at another.
///
/// What detectors propose and what a result says is in pixels of the images that are screened; a search looks at the images that
/// encoders see, which may be smaller. Nothing changes where both sides are the same.
public struct Rescaling: Sendable {
  private let from: Int
  private let to: Int

  /// Creates a conversion between two sides in pixels.
  public init(from: Int, to: Int) { (self.from, self.to) = (from, to) }

  private func length(_ pixels: Int) -> Int { Int((Double(pixels) * Double(to) / Double(from)).rounded()) }

  /// Returns a window inside the image, which is within a pixel of the same place.
  public func callAsFunction(_ window: Window) -> Window {
    guard from != to else { return window }
    let side = max(1, min(to, length(window.side)))
    func start(_ pixels: Int) -> Int { max(0, min(to - side, length(pixels))) }
    return Window(x: start(window.x), y: start(window.y), side: side)
  }

  /// Returns what the trigger looks like in the other images.
  public func callAsFunction(_ trigger: PlantedTrigger) -> PlantedTrigger {
    guard from != to else { return trigger }
    func resized(_ template: PatchTemplate) -> PatchTemplate {
      template.resized(max(1, min(to, length(template.side))))
    }
    switch trigger {
    case .patch(let template): return .patch(resized(template))
    case .object(let template): return .object(resized(template))
    case .pattern(let levels): return .pattern(Image.resized(levels: levels, from: from, to: to))
    }
  }

  /// Returns a search's state with its windows at the same places.
  public func callAsFunction(_ search: PatchSearch.State) -> PatchSearch.State {
    guard from != to else { return search }
    func rescaled(_ candidate: PatchSearch.Candidate) -> PatchSearch.Candidate {
      var own = candidate
      own.window = self(candidate.window)
      return own
    }
    var state = search
    state.candidates = search.candidates.map(rescaled)
    state.controls = search.controls.map(rescaled)
    return state
  }
}
