import Auditing
import Foundation
import Synchronization

/// Set by the signal handler; read between steps.
let interruption = Atomic<Int32>(0)

/// Prints progress to standard error: one live line on a terminal, a plain line now and then elsewhere.
final class TerminalProgress: AuditProgress {
  enum Kind { case live, plain, none }
  private let kind: Kind
  private let interval: TimeInterval
  private var stage = ""
  private var began = Date()
  private var last = Date.distantPast

  init(_ kind: Kind, isVerbose: Bool) {
    self.kind = kind
    interval = kind == .live || isVerbose ? 0.2 : 30
  }

  static func kind(_ name: String?, isQuiet: Bool) throws -> Kind {
    if isQuiet { return .none }
    switch name ?? "auto" {
    case "auto": return isatty(STDERR_FILENO) == 1 ? .live : .plain
    case "plain": return .plain
    case "none": return .none
    case let other: throw UsageError(description: "--progress must be auto, plain or none, not \(other)")
    }
  }

  var isInterrupted: Bool { interruption.load(ordering: .relaxed) != 0 }

  func begin(_ stage: String) {
    self.stage = stage
    began = Date()
    last = Date()
    if kind == .live { write("\r\u{1B}[K\(stage) ...") }
  }

  func update(_ share: Double, _ detail: String) {
    guard kind != .none, Date().timeIntervalSince(last) >= interval else { return }
    last = Date()
    let elapsed = Date().timeIntervalSince(began)
    let left = share > 0.01 ? elapsed / share - elapsed : 0
    let line = "\(stage) \(Int(100 * min(1, share))) %  \(detail)" + (left > 0 ? "  \(Int(left)) s left" : "")
    write(kind == .live ? "\r\u{1B}[K\(line)" : line + "\n")
  }

  func end(_ stage: String, _ summary: String) {
    guard kind != .none else { return }
    let line = "\(stage): \(summary) (\(String(format: "%.1f", Date().timeIntervalSince(began))) s)\n"
    write(kind == .live ? "\r\u{1B}[K\(line)" : line)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
