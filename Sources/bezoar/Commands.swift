import Auditing
import PJRTDevice
import Poisoning
import Reporting
import StableHLO

/// The commands and their options: what `--help` prints and the parser accepts.
enum Commands {
  static let out = Option.value("--out", "DIR", "run folder (default ./bezoar-audit)")
  static let threads = Option.value("--threads", "N", "threads (default: all processors)")
  static let source: [Option] = [
    .flag("--null", "paths of a list, and of kept.txt, end with a zero byte, as find -print0 writes them"),
    .value("--root", "DATASET", "what a list names images of: a folder or any dataset (default: the list's folder)"),
    .flag("--follow-links", "read what symbolic links in a folder lead to, if it lies in the folder too"),
    .flag("--follow-all-links", "read what symbolic links in a folder lead to, wherever it lies"),
  ]
  static let (objectives, backbones) = (AuditConfiguration.objectives, AuditConfiguration.backbones)
  static let settings: [Option] = [
    .value("--config", "FILE", "JSON file with settings, as bezoar config prints them"),
    .value(
      "--preset", "NAME", "screen, quick, standard (default) or paper",
      choices: ["screen", "quick", "standard", "paper"]),
    .value(
      "--objective", "NAME", "what encoders are trained with, and its recipe: \(objectives.joined(separator: ", "))",
      setting: "scan.objective", choices: objectives),
    .value(
      "--backbone", "NAME",
      "the network of the encoders: \(backbones.joined(separator: ", "))",
      setting: "network", choices: backbones),
    .value("--set", "NAME=VALUE", "one setting by its dotted name, e.g. search.clusters=100; may be repeated"),
    .value("--seed", "N", "seed of everything random", setting: "seed"),
    .value(
      "--image-size", "N",
      "side in pixels that images are resized to (default: from the data; encoders trained on the CPU see 96 at most)",
      setting: "imageSize"),
    .value(
      "--labels", "SOURCE", "none (default), folders, or a label file; never used for detection", setting: "labels"),
    .value(
      "--encoder", "FILE", "search this safetensors encoder (a run folder's, or with torchvision's names), train none",
      setting: "encoder"),
    .value(
      "--encoder-normalization", "NAME",
      "imagenet, cifar10, half, none or M,M,M/D,D,D: how it was trained (default: what bezoar's config.json beside it says)",
      setting: "encoderNormalization"),
    .value(
      "--fdr", "X", "largest expected share of false ones among the images removed (default 0.01)",
      setting: "filter.falseDiscoveryRate"),
    .value(
      "--retrain", "LIST",
      "encoders to train on what is kept: any of plain, advcl, compress, simreg, or none (default plain,advcl)"),
    .value(
      "--trusted", "LIST", "images that you vouch for, as kept.txt lists them: what compress and simreg are trained on",
      setting: "trusted"),
    .flag("--blocking", "also measure images whose most telling window is painted over"),
    .flag("--cutmix", "mix views of different images when plain is retrained (i-CutMix)"),
  ]
  static let decode = Option.value(
    "--decode", "WHERE", "workers (default: restricted processes) or in-process", choices: ["workers", "in-process"])
  static let run: [Option] = [
    threads, decode,
    .value("--memory", "SIZE", "memory to use, e.g. 4G (default: three quarters of it); pixels beyond go to a file"),
    .value(
      "--device", "NAME", "cpu (default), auto, cuda, rocm, tpu, oneapi, or pjrt:PATH of a plugin",
      choices: ["cpu", "auto"] + PJRTPlugins.accelerators),
    .value(
      "--precision", "NAME", "of convolutions on such a device: float32 (default), tf32 or bfloat16",
      choices: StableHLO.Precision.allCases.map(\.rawValue)),
    .value("--ground-truth", "FILE", "ground-truth.json of a planted attack, to compare the result with"),
    .flag("--overwrite", "replace an existing run folder"),
    .flag("--json", "print result.json instead of the table"),
    .flag("--quiet", "print no progress"),
    .flag("--verbose", "print every progress line"),
    .flag("--no-color", "no colours (NO_COLOR does the same)"),
    .value("--progress", "KIND", "auto (default), plain or none", choices: ["auto", "plain", "none"]),
  ]

  /// Rules of the gate.
  static let policy: [Option] = [
    .value(
      "--fail-on", "SEVERITY", "note, low, medium, high (default), critical or none",
      choices: ["note", "low", "medium", "high", "critical", "none"]),
    .value("--max-suspects", "N|N%", "fail with more suspects than that, of the images read"),
    .value("--max-unreadable", "N|N%", "fail with more unreadable files than that"),
    .value("--max-asr-after", "X", "fail if attack success after retraining is above X, 0 to 1"),
    .value("--min-clean-accuracy", "X", "fail if clean accuracy after retraining is below X, 0 to 1"),
    .value(
      "--baseline", "RESULT.json", "an earlier result: its suspects (SHA-256 and rule) are known and do not count"),
    .value("--ignore-file", "FILE", "accepted findings with reason and expiry, as JSON; they stay visible"),
  ]
  static let formats = [
    Option.value(
      "--format", "LIST", "\(ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")), or all (default html,csv)",
      choices: ReportFormat.allCases.map(\.rawValue) + ["all"]),
    Option.value(
      "--manifest-path", "PATH",
      "where manifest.sha256 is committed, from the root of the repository: what SARIF points at"),
  ]

  static let attack: [Option] = [
    .value(
      "--attack", "NAME", "\(Attacks.names.joined(separator: ", ")) (default ssl-backdoor), or none for a clean copy"),
    .value("--target", "CLASS", "class to poison (default: drawn from the seed)"),
    .value("--rate", "X", "share of the target class, above 0 up to 1 (default 1)"),
    .value("--dataset-rate", "X", "share of all images instead, e.g. 0.005"),
    .value("--triggers", "N", "different triggers, each with a class of its own (default 1)"),
    .value("--size", "N", "trigger side in pixels (default: 31 to 34 % of the image side)"),
    .value(
      "--strength", "X", "opacity (ssl-backdoor, text, blended), amplitude (sig), magnitude (ctrl) or strength (warp)"),
    .value("--trigger", "FILE", "PNG or JPEG to paste (default: a drawn 4x4 colour pattern)"),
    .value("--position", "WHERE", "random (default), fixed or grid"),
    .value("--limit", "N", "images taken from the dataset (default: all)"),
    .value("--quality", "N", "write JPEG of this quality, 1 to 100 (default: PNG)"),
    .value("--eval", "DATASET", "labelled images for the evaluation sets"),
    .value("--eval-labels", "SOURCE", "their labels: folders (default) or a label file"),
    .value("--eval-limit", "N", "evaluation images taken (default: all)"),
  ]

  static let all: [Command] = [
    .init(
      name: "audit", summary: "audits a dataset: trains, searches, filters, retrains, measures, reports",
      positionals: ["DATASET"], options: [out] + source + settings + policy + formats + run),
    .init(
      name: "demo", summary: "plants a known attack in Fashion-MNIST, audits it, compares with the truth",
      positionals: [],
      options: [.value("--out", "DIR", "folder (default ./bezoar-demo)")] + settings.filter { $0.name != "--labels" }
        + policy + formats + run.filter { !["--ground-truth"].contains($0.name) }),
    .init(
      name: "inspect", summary: "reads and accounts for every file; trains nothing", positionals: ["DATASET"],
      options: [
        .value("--manifest", "FILE", "write digests for sha256sum -c"),
        .value("--image-size", "N", "side to resize to"), decode,
        threads, .flag("--json", "print the account as JSON"),
      ] + source),
    .init(
      name: "poison", summary: "writes a poisoned copy of a labelled dataset with its ground truth",
      positionals: ["DATASET"],
      options: [
        .value("--out", "DIR", "folder to create"), .value("--labels", "SOURCE", "folders (default) or a label file"),
        .value("--seed", "N", "seed of everything drawn (default 0)"), threads,
      ] + source + attack),
    stage("screen", "runs the detectors that need no training"),
    .init(
      name: "train",
      summary: "trains an encoder on a dataset and nothing else; without one, the encoders of a run folder",
      positionals: ["[DATASET]"], options: [out] + source + settings + run),
    stage("search", "searches for triggers"),
    stage("filter", "decides which images to remove"), stage("retrain", "trains encoders on the kept images"),
    stage("evaluate", "measures the encoders"),
    .init(
      name: "report", summary: "renders a result again", positionals: ["RESULT.json"],
      options: formats + [.value("--out", "DIR", "folder to write to (default: beside the result)")]),
    .init(
      name: "gate", summary: "decides over a result again; the exit code is the answer", positionals: ["RESULT.json"],
      options: policy + [.flag("--json", "print the checks as JSON")]),
    .init(
      name: "config", summary: "prints the effective configuration and where each value came from", positionals: [],
      options: settings),
    .init(
      name: "doctor", summary: "says what this machine offers, plants a small attack and finds it", positionals: [],
      options: [threads]),
    .init(
      name: "completions", summary: "prints completions for a shell: bash, zsh or fish", positionals: ["SHELL"],
      options: []),
    .init(name: "manual", summary: "prints the manual page (roff)", positionals: [], options: []),
  ]

  private static func stage(_ name: String, _ summary: String) -> Command {
    .init(name: name, summary: "\(summary) (one stage of a run folder)", positionals: [], options: [out] + run)
  }

  static let exitCodes: [(Int, String)] = [
    (0, "completed; nothing at or above --fail-on"), (1, "completed; a check of the gate failed"),
    (2, "could not complete; outranks findings"), (3, "no image found"),
    (4, "completed, but the verdict is inconclusive or a check could not be decided"),
    (64, "wrong usage or configuration"), (130, "interrupted; the same command goes on"),
  ]

  static func help() -> String {
    let width = all.map(\.name.count).max() ?? 0
    let rows = all.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.summary)" }
    return """
      bezoar: audits unlabeled image datasets for poisoning and backdoors before anybody pretrains on them

      usage: bezoar COMMAND [ARGUMENTS]

      \(rows.joined(separator: "\n"))

      bezoar COMMAND --help explains a command; bezoar --version prints the version.
      Exit codes: 0 nothing found, 1 finding at or above --fail-on, 2 could not complete, 3 no image,
      4 inconclusive, 64 wrong usage, 130 interrupted (the same command goes on).

      """
  }

  static func help(_ command: Command) -> String {
    let names = command.options.map(\.usage)
    let width = names.map(\.count).max() ?? 0
    let rows = zip(names, command.options).map {
      "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1.help)"
    }
    let positionals = command.positionals.isEmpty ? "" : " " + command.positionals.joined(separator: " ")
    return """
      bezoar \(command.name): \(command.summary)

      usage: bezoar \(command.name)\(positionals) [OPTIONS]

      \(rows.joined(separator: "\n"))

      """
  }
}
