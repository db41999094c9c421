import Auditing
import Reporting

/// What shells and `man` want to know, from the same table that the parser uses.
enum Completions {
  static let shells = ["bash", "zsh", "fish"]

  /// Returns the script for a shell, or nil if it is not known.
  static func script(_ shell: String) -> String? {
    switch shell {
    case "bash": bash
    case "zsh": zsh
    case "fish": fish
    default: nil
    }
  }

  /// A word as a shell reads it back.
  static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./=,:%+@".unicodeScalars.contains($0))
    }
    return plain && !word.isEmpty ? word : shellQuoted(word)
  }

  private static var bash: String {
    let cases = Commands.all.map { command in
      "    \(command.name)) words=\"\((command.options.map(\.name) + ["--help"]).joined(separator: " "))\";;"
    }.joined(separator: "\n")
    return """
      # bash completion for bezoar; load with: source <(bezoar completions bash)
      _bezoar() {
        local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words=""
        if [ "$COMP_CWORD" = 1 ]; then
          COMPREPLY=($(compgen -W "\(Commands.all.map(\.name).joined(separator: " ")) --help --version" -- "$current"))
          return
        fi
        case "$previous" in
      \(choices.map { "    \($0.name)) COMPREPLY=($(compgen -W \"\($0.choices.joined(separator: " "))\" -- \"$current\")); return;;" }.joined(separator: "\n"))
        esac
        case "${COMP_WORDS[1]}" in
          completions) words="\(shells.joined(separator: " "))";;
      \(cases)
        esac
        if [[ "$current" == -* || "${COMP_WORDS[1]}" == completions ]]; then
          COMPREPLY=($(compgen -W "$words" -- "$current"))
        else
          COMPREPLY=($(compgen -f -- "$current"))
        fi
      }
      complete -o filenames -F _bezoar bezoar

      """
  }

  private static var zsh: String {
    func text(_ help: String) -> String {
      help.replacing("\\", with: "").replacing("'", with: "").replacing("[", with: "(").replacing("]", with: ")")
        .replacing(":", with: " ").replacing("`", with: "")
    }
    let commands = Commands.all.map { "    '\($0.name):\(text($0.summary))'" }.joined(separator: "\n")
    let cases = Commands.all.map { command in
      let options = command.options.map { option -> String in
        guard case .value(let placeholder) = option.kind else { return "'\(option.name)[\(text(option.help))]'" }
        let action = option.choices.isEmpty ? "_files" : "(\(option.choices.joined(separator: " ")))"
        return "'\(option.name)[\(text(option.help))]:\(text(placeholder)):\(action)'"
      }
      let positional =
        command.name == "completions" ? ["'1:shell:(\(shells.joined(separator: " ")))'"] : ["'*:file:_files'"]
      return "    \(command.name)) _arguments \((options + positional).joined(separator: " "));;"
    }.joined(separator: "\n")
    return """
      #compdef bezoar
      # zsh completion for bezoar; put it as _bezoar into a folder of $fpath
      _bezoar() {
        local -a commands
        commands=(
      \(commands)
        )
        if (( CURRENT == 2 )); then
          _describe command commands
          return
        fi
        local command=$words[2]
        shift words
        (( CURRENT-- ))
        case $command in
      \(cases)
        esac
      }
      if [ "$funcstack[1]" = "_bezoar" ]; then _bezoar "$@"; else compdef _bezoar bezoar; fi

      """
  }

  private static var fish: String {
    func text(_ help: String) -> String { help.replacing("\\", with: "").replacing("'", with: "") }
    var lines = ["# fish completion for bezoar; load with: bezoar completions fish | source"]
    for command in Commands.all {
      lines.append("complete -c bezoar -n __fish_use_subcommand -f -a \(command.name) -d '\(text(command.summary))'")
      for option in command.options {
        var line =
          "complete -c bezoar -n '__fish_seen_subcommand_from \(command.name)' -l \(option.name.dropFirst(2)) -d '\(text(option.help))'"
        if case .value = option.kind { line += " -r" }
        if !option.choices.isEmpty { line += " -f -a '\(option.choices.joined(separator: " "))'" }
        lines.append(line)
      }
    }
    lines.append(
      "complete -c bezoar -n '__fish_seen_subcommand_from completions' -f -a '\(shells.joined(separator: " "))'")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Options with a fixed set of values, once each.
  private static var choices: [Option] {
    var seen: Set<String> = []
    return Commands.all.flatMap(\.options).filter { !$0.choices.isEmpty && seen.insert($0.name).inserted }
  }

  /// The manual page.
  static var manual: String {
    func roff(_ text: String) -> String {
      text.replacing("\\", with: "\\e").replacing("-", with: "\\-").split(
        separator: "\n", omittingEmptySubsequences: false
      ).map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : String($0) }.joined(separator: "\n")
    }
    var lines = [
      ".TH BEZOAR 1 \"\" \"bezoar \(Audit.version)\" \"User Commands\"", ".SH NAME",
      "bezoar \\- audits unlabeled image datasets for poisoning and backdoors", ".SH SYNOPSIS",
      ".B bezoar", ".I COMMAND", "[ARGUMENTS] [OPTIONS]", ".SH DESCRIPTION",
      roff(
        "Reads a dataset, looks for what recurs in unrelated images, trains a contrastive encoder, localises triggers, removes suspects, retrains a robust encoder on what is left and writes a report. No network, nothing is ever written into the dataset."
      ), ".SH COMMANDS",
    ]
    for command in Commands.all {
      let positionals = command.positionals.map { " \($0)" }.joined()
      lines += [".SS \"bezoar \(roff(command.name + positionals))\"", roff(command.summary + ".")]
      for option in command.options {
        lines += [".TP", ".B \(roff(option.usage))", roff(option.help)]
      }
    }
    lines += [".SH EXIT STATUS"]
    for (code, meaning) in Commands.exitCodes { lines += [".TP", ".B \(code)", roff(meaning)] }
    lines += [
      ".SH ENVIRONMENT", ".TP", ".B NO_COLOR", "No colours.", ".TP",
      ".B BEZOAR_PRESET, BEZOAR_CONFIG, BEZOAR_SEED, BEZOAR_LABELS, BEZOAR_FAIL_ON, BEZOAR_DEVICE",
      "As the options of the same names; a flag wins over a variable, a variable over a file.", ".SH FILES",
      roff(
        "A run folder holds result.json, report.html, suspects.csv, kept.txt, manifest.sha256, evidence, models, state."
      ),
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
