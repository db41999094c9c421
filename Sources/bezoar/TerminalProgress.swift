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
  /// When the part of the stage began that is running, and how far it was.
  private var part = (began: Date(), share: 0.0)

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
    part = (began, 0)
    if kind == .live { write("\r\u{1B}[K\(stage) ...") }
  }

  func update(_ share: Double, _ detail: String) {
    // A stage may train two encoders, one after the other.
    if share < part.share { part.began = Date() }
    part.share = share
    guard kind != .none, Date().timeIntervalSince(last) >= interval else { return }
    last = Date()
    let elapsed = Date().timeIntervalSince(part.began)
    let left = share > 0.01 ? elapsed / share - elapsed : 0
    let line = "\(stage) \(Int(100 * min(1, share))) %  \(detail)" + (left > 0 ? "  \(Int(left)) s left" : "")
    // A live line that wraps could not be wiped.
    write(kind == .live ? "\r\u{1B}[K\(line.prefix(Self.columns - 1))" : line + "\n")
  }

  /// Width of the terminal.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
  }

  func end(_ stage: String, _ summary: String) {
    guard kind != .none else { return }
    let line = "\(stage): \(summary) (\(String(format: "%.1f", Date().timeIntervalSince(began))) s)\n"
    write(kind == .live ? "\r\u{1B}[K\(line)" : line)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
