import Auditing

/// One option of a command.
struct Option {
  enum Kind { case flag, value(String) }
  let name: String
  let kind: Kind
  let help: String
  /// Dotted name of the setting it overrides, if that is all it does.
  var setting: String?
  /// What it can be, where that is a fixed set; for completions.
  var choices: [String] = []

  static func flag(_ name: String, _ help: String) -> Option { .init(name: name, kind: .flag, help: help) }
  static func value(
    _ name: String, _ placeholder: String, _ help: String, setting: String? = nil, choices: [String] = []
  ) -> Option {
    .init(name: name, kind: .value(placeholder), help: help, setting: setting, choices: choices)
  }

  /// Name and placeholder.
  var usage: String {
    if case .value(let placeholder) = kind { return "\(name) \(placeholder)" }
    return name
  }
}

/// A command's name, arguments and options.
struct Command {
  let name: String
  let summary: String
  /// Names of positional arguments; those in brackets may be left out.
  let positionals: [String]
  let options: [Option]
}

/// Wrong usage, with what to do next.
struct UsageError: Error, CustomStringConvertible {
  let description: String
}

/// Parsed arguments of one command.
struct Arguments {
  private(set) var positionals: [String] = []
  private(set) var values: [String: [String]] = [:]
  private(set) var flags: Set<String> = []

  /// Parses `--name value`, `--name=value`, flags and `--`.
  init(_ command: Command, _ words: ArraySlice<String>) throws {
    var rest = words
    var isOpen = true
    while let word = rest.popFirst() {
      guard isOpen, word.hasPrefix("-"), word != "-" else {
        positionals.append(word)
        continue
      }
      if word == "--" {
        isOpen = false
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = command.options.first(where: { $0.name == parts[0] }) else {
        let near = nearest(parts[0], to: command.options.map(\.name) + ["--help"]).map { "; did you mean \($0)?" } ?? ""
        throw UsageError(description: "unknown option \(parts[0])\(near) See: bezoar \(command.name) --help")
      }
      switch option.kind {
      case .flag:
        guard parts.count == 1 else { throw UsageError(description: "\(option.name) takes no value") }
        flags.insert(option.name)
      case .value(let placeholder):
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
          throw UsageError(description: "\(option.name) needs a value: \(option.name) \(placeholder)")
        }
        values[option.name, default: []].append(value)
      }
    }
    let required = command.positionals.count { !$0.hasPrefix("[") }
    guard (required...command.positionals.count).contains(positionals.count) else {
      let wanted = command.positionals.joined(separator: " ")
      throw UsageError(
        description: positionals.count < required
          ? "missing argument: bezoar \(command.name) \(wanted)"
          : "unexpected argument \(positionals[command.positionals.count]). See: bezoar \(command.name) --help")
    }
  }

  /// Whether an option was given.
  func has(_ name: String) -> Bool { values[name] != nil || flags.contains(name) }

  func value(_ name: String) -> String? { values[name]?.last }

  /// Reads a number of 0...1.
  func fraction(_ name: String) throws -> Double? {
    guard let text = value(name) else { return nil }
    guard let number = Double(text), (0...1).contains(number) else {
      throw UsageError(description: "\(name) must be a number from 0 to 1, not \(text)")
    }
    return number
  }

  /// Reads a whole number.
  func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        description: "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)")
    }
    return number
  }
}
