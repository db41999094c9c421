import Auditing
import CPUDevice
import Datasets
import Findings
import Foundation
import Reporting
import Synchronization

/// The program: parses arguments, runs a command, and turns what happens into an exit code.
@main
struct Bezoar {
  static func main() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        // A second signal ends the program at once.
        if interruption.exchange(received, ordering: .relaxed) != 0 { _exit(128 + received) }
      }
    }
    signal(SIGPIPE, SIG_IGN)
    // A worker of this program's own: see DecoderPool.
    let words = CommandLine.arguments
    if words.count > 1, words[1] == DecoderPool.command, let code = DecoderPool.serve(words[2...]) { exit(code) }
    // A parent may have started this program from a thread that blocks signals.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    sigaddset(&wanted, SIGINT)
    sigaddset(&wanted, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &wanted, nil)
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  static func run(_ words: [String]) -> Int32 {
    guard let name = words.first, name != "--help", name != "-h", name != "help" else {
      print(Commands.help(), terminator: "")
      return words.isEmpty ? 64 : 0
    }
    if name == "--version" {
      print("bezoar \(Audit.version)")
      return 0
    }
    guard let command = Commands.all.first(where: { $0.name == name }) else {
      let near = nearest(name, to: Commands.all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
      return fail("unknown command \(name)\(near) See: bezoar --help", 64)
    }
    if words.contains("--help") || words.contains("-h") {
      print(Commands.help(command), terminator: "")
      return 0
    }
    do {
      return try Runner(command, try Arguments(command, words.dropFirst())).run()
    } catch let error as UsageError {
      return fail(error.description, 64)
    } catch let error as AuditError {
      let received = interruption.load(ordering: .relaxed)
      guard error.code == .interrupted, received != 0 else { return fail(error.description, error.exitCode) }
      let again = (["bezoar"] + words).map(Completions.quoted).joined(separator: " ")
      return fail("\(error.description)\n  resume with: \(again)", 128 + received)
    } catch {
      return fail("\(error)", Runner.exitCode(of: error))
    }
  }

  private static func fail(_ message: String, _ code: Int32) -> Int32 {
    FileHandle.standardError.write(Data("bezoar: \(terminalSafe(message))\n".utf8))
    return code
  }
}
