/// placeholder, filled with the filter
public struct SearchedPatches: Detector {
  public static let name = "patch-search"
  public static let limits = ""
  public init() {}
  public func proposals(_ context: DetectionContext) -> [Proposal] { [] }
}
