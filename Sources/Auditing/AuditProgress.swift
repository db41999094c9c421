/// What an audit tells while it runs; the executable prints it.
public protocol AuditProgress: AnyObject {
  /// A stage begins.
  func begin(_ stage: String)
  /// A share of the stage is done, with particulars such as rate and loss.
  func update(_ share: Double, _ detail: String)
  /// The stage is done, or was done before.
  func end(_ stage: String, _ summary: String)
  /// True if the user asked to stop; checked between steps.
  var isInterrupted: Bool { get }
}

/// Stages in their order; the names of the subcommands.
public enum Stage: String, CaseIterable, Codable, Sendable {
  case inspect, screen, train, search, filter, retrain, evaluate, report
}
