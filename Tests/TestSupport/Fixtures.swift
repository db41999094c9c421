import Foundation

/// Finds files of the repository from the place of this source file.
public enum Fixtures {
  /// The repository.
  public static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Path of a file below `Fixtures`.
  public static func path(_ name: String) -> String { repository.path + "/Fixtures/" + name }

  /// Bytes of a file below `Fixtures`.
  public static func bytes(_ name: String) -> [UInt8] {
    Array(FileManager.default.contents(atPath: path(name)) ?? Data())
  }

  /// Runs a body with a new folder, which is removed afterwards.
  public static func withFolder<T>(_ body: (String) throws -> T) throws -> T {
    let path = NSTemporaryDirectory() + "/bezoar-test-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}

/// What a program did.
public struct Execution: Sendable {
  public let code: Int32
  public let output: String
  public let errors: String

  /// Runs a program to its end.
  public init(_ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil)
    throws
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BEZOAR_") }
    all.merge(environment) { $1 }
    process.environment = all
    // Files, not pipes: nothing to drain, nothing to deadlock.
    let stem = NSTemporaryDirectory() + "/bezoar-run-\(UInt64.random(in: 0 ... .max))"
    let names = (stem + ".out", stem + ".err")
    for name in [names.0, names.1] { _ = FileManager.default.createFile(atPath: name, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: names.0)
    process.standardError = FileHandle(forWritingAtPath: names.1)
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) -> String {
      String(decoding: FileManager.default.contents(atPath: name) ?? Data(), as: UTF8.self)
    }
    (code, output, errors) = (process.terminationStatus, text(names.0), text(names.1))
    for name in [names.0, names.1] { try? FileManager.default.removeItem(atPath: name) }
  }

  /// Runs the built `bezoar`, which lies beside the test bundle.
  public static func bezoar(_ arguments: String..., environment: [String: String] = [:]) throws -> Execution {
    try Execution(bezoarPath, arguments, environment: environment)
  }

  /// Path of the built `bezoar`.
  public static var bezoarPath: String {
    if let path = ProcessInfo.processInfo.environment["BEZOAR_BINARY"] { return path }
    let candidates = CommandLine.arguments.prefix(1) + [Bundle.main.executablePath ?? ""]
    for start in candidates {
      let beside = URL(fileURLWithPath: start).deletingLastPathComponent().path + "/bezoar"
      if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    }
    return Fixtures.repository.path + "/.build/release/bezoar"
  }
}
