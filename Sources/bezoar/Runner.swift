import Auditing
import CPUDevice
import Conformance
import Datasets
import Findings
import Foundation
import PJRTDevice
import Reporting
import StableHLO
import Tensors

/// Runs one parsed command.
struct Runner {
  let command: Command
  let arguments: Arguments

  init(_ command: Command, _ arguments: Arguments) { (self.command, self.arguments) = (command, arguments) }

  static func exitCode(of error: any Error) -> Int32 { Preparation.exitCode(of: error) }

  func run() throws -> Int32 {
    switch command.name {
    case "audit":
      return try audit(
        try source(), groundTruth: arguments.value("--ground-truth"),
        out: arguments.value("--out") ?? "bezoar-audit", try configuration())
    case "train" where !arguments.positionals.isEmpty: return try train()
    case "train":
      if let given = (Commands.settings + Commands.source).first(where: { arguments.has($0.name) }) {
        throw UsageError(
          description: "\(given.name) needs a dataset: bezoar train DATASET; a run folder keeps its settings")
      }
      return try stage()
    case "demo": return try demo()
    case "inspect": return try inspect()
    case "poison": return try poison()
    case "report": return try report()
    case "gate": return try gate()
    case "config": return try config()
    case "doctor": return try doctor()
    case "completions":
      guard let script = Completions.script(arguments.positionals[0]) else {
        throw UsageError(
          description: "there are no completions for \(arguments.positionals[0]); shells are bash, zsh and fish")
      }
      print(script, terminator: "")
      return 0
    case "manual":
      print(Completions.manual, terminator: "")
      return 0
    default: return try stage()
    }
  }

  // MARK: settings

  private func layers(_ extra: (inout ConfigurationLayers) -> Void = { _ in }) throws -> ConfigurationLayers {
    let environment = ProcessInfo.processInfo.environment
    var config = arguments.value("--config").map { ($0, "--config") }
    if config == nil, let path = environment["BEZOAR_CONFIG"] { config = (path, "BEZOAR_CONFIG") }
    let name = arguments.value("--preset") ?? environment["BEZOAR_PRESET"] ?? "standard"
    guard let preset = AuditConfiguration.Preset(rawValue: name) else {
      throw UsageError(description: "there is no preset \(name); presets are screen, quick, standard and paper")
    }
    var layers = try ConfigurationLayers(preset)
    extra(&layers)
    if let (path, source) = config {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw UsageError(description: "cannot read the configuration file \(path) given by \(source)")
      }
      guard let overlay = try? JSONDecoder().decode(JSONValue.self, from: data), case .object = overlay else {
        throw UsageError(description: "\(path) is not a JSON object with settings; bezoar config prints one")
      }
      layers.apply(overlay, source: path)
    }
    for option in Commands.settings {
      guard let setting = option.setting else { continue }
      let variable = "BEZOAR_" + option.name.dropFirst(2).uppercased().split(separator: "-").joined(separator: "_")
      if let text = arguments.value(option.name) {
        layers.set(setting, to: text, source: option.name)
      } else if let text = environment[variable] {
        layers.set(setting, to: text, source: variable)
      }
    }
    if let list = arguments.value("--retrain") {
      let names = list == "none" ? [] : list.split(separator: ",").map(String.init)
      let known = AuditConfiguration.Retraining.allCases.map(\.rawValue)
      if let other = names.first(where: { !known.contains($0) }) {
        throw UsageError(description: "--retrain takes any of \(known.joined(separator: ", ")), or none, not \(other)")
      }
      layers.apply(.object(["retrain": .array(names.map(JSONValue.text))]), source: "--retrain")
    }
    if arguments.flags.contains("--blocking") { layers.set("evaluation.blocking", to: "true", source: "--blocking") }
    if arguments.flags.contains("--cutmix") { layers.set("scan.cutMix", to: "true", source: "--cutmix") }
    for text in arguments.values["--set"] ?? [] {
      guard let equal = text.firstIndex(of: "=") else {
        throw UsageError(description: "--set needs NAME=VALUE, not \(text)")
      }
      layers.set(String(text[..<equal]), to: String(text[text.index(after: equal)...]), source: "--set")
    }
    return layers
  }

  private func configuration() throws -> AuditConfiguration { try layers().resolved() }

  private func threads() throws -> Int {
    try arguments.integer("--threads", 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
  }

  private func device() throws -> any Device {
    let name = arguments.value("--device") ?? ProcessInfo.processInfo.environment["BEZOAR_DEVICE"] ?? "cpu"
    let text = arguments.value("--precision") ?? StableHLO.Precision.float32.rawValue
    guard let precision = StableHLO.Precision(rawValue: text) else {
      throw UsageError(description: "--precision must be float32, tf32 or bfloat16, not \(text)")
    }
    guard name != "cpu" else { return CPUDevice(threads: try threads()) }
    guard (["auto"] + PJRTPlugins.accelerators).contains(name) || name.hasPrefix("pjrt:") else {
      throw UsageError(
        description:
          "there is no device \(name); devices are cpu, auto, \(PJRTPlugins.accelerators.joined(separator: ", ")) and pjrt:PATH"
      )
    }
    do throws(PJRTError) {
      if let device = try PJRTPlugins.open(name, precision: precision) { return device }
    } catch { throw UsageError(description: error.description) }
    return CPUDevice(threads: try threads())
  }

  /// This program again, as a decoder; nil decodes in this process.
  private func decoder() throws -> String? {
    switch arguments.value("--decode") ?? "workers" {
    case "workers": return "/proc/self/exe"
    case "in-process": return nil
    case let other: throw UsageError(description: "--decode must be workers or in-process, not \(other)")
    }
  }

  private func failOn() throws -> Severity {
    let text = arguments.value("--fail-on") ?? ProcessInfo.processInfo.environment["BEZOAR_FAIL_ON"] ?? "high"
    guard let severity = Severity(rawValue: text) else {
      throw UsageError(description: "--fail-on must be note, low, medium, high, critical or none, not \(text)")
    }
    return severity
  }

  /// The rules of the gate, with what they refer to.
  private func policy() throws -> GatePolicy {
    func limit(_ name: String) throws -> GatePolicy.Limit? {
      guard let text = arguments.value(name) else { return nil }
      guard let limit = GatePolicy.Limit(text) else {
        throw UsageError(description: "\(name) must be a whole number or a share such as 0.5%, not \(text)")
      }
      return limit
    }
    var policy = GatePolicy()
    policy.failOn = try failOn()
    policy.maximumSuspects = try limit("--max-suspects")
    policy.maximumUnreadable = try limit("--max-unreadable")
    policy.maximumAttackSuccessAfter = try arguments.fraction("--max-asr-after")
    policy.minimumCleanAccuracy = try arguments.fraction("--min-clean-accuracy")
    policy.baseline = try arguments.value("--baseline").map(read)
    if let path = arguments.value("--ignore-file") {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw UsageError(description: "cannot read the ignore file \(path)")
      }
      policy.ignored = try IgnoreList(data, path: path)
    }
    return policy
  }

  private func progress() throws -> TerminalProgress {
    TerminalProgress(
      try TerminalProgress.kind(arguments.value("--progress"), isQuiet: arguments.flags.contains("--quiet")),
      isVerbose: arguments.flags.contains("--verbose"))
  }

  private var revision: String { ProcessInfo.processInfo.environment["BEZOAR_REVISION"] ?? "unknown" }

  // MARK: commands

  /// What the first argument names.
  private func source() throws -> DatasetSource {
    var source = DatasetSource(arguments.positionals[0])
    source.root = arguments.value("--root")
    source.isNullDelimited = arguments.flags.contains("--null")
    if arguments.flags.contains("--follow-links") { source.links = .inside }
    if arguments.flags.contains("--follow-all-links") { source.links = .anywhere }
    return source
  }

  private func audit(_ source: DatasetSource, groundTruth: String?, out: String, _ configuration: AuditConfiguration)
    throws -> Int32
  {
    var request = try request(source, out, groundTruth)
    request.overwrite = arguments.flags.contains("--overwrite")
    request.policy = try policy()
    request.formats = try arguments.value("--format").map(ReportFormat.list) ?? ReportFormat.standard
    request.manifest = arguments.value("--manifest-path") ?? request.manifest
    let (device, threads, progress) = (try device(), try threads(), try progress())
    if !arguments.flags.contains("--quiet") {
      FileHandle.standardError.write(Data(terminalSafe("auditing \(source.path), run folder \(out)\n").utf8))
    }
    let audit = try Audit(request, configuration, device: device, threads: threads, progress: progress)
    let result = try audit.run()
    if arguments.flags.contains("--json") {
      FileHandle.standardOutput.write(try CanonicalJSON.encode(result))
    } else {
      let hasColor =
        isatty(STDOUT_FILENO) == 1 && !arguments.flags.contains("--no-color")
        && ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty ?? true
      print(SummaryTable.render(result, folder: out, formats: request.formats, hasColor: hasColor), terminator: "")
    }
    return Int32(result.run.exitCode)
  }

  private func request(_ source: DatasetSource, _ out: String, _ groundTruth: String?) throws -> Audit.Request {
    var request = Audit.Request(source, out: out)
    request.groundTruth = groundTruth
    request.decoder = try decoder()
    request.revision = revision
    if let text = arguments.value("--memory") ?? ProcessInfo.processInfo.environment["BEZOAR_MEMORY"] {
      guard let memory = MemoryBudget(text) else {
        throw UsageError(description: "--memory must be a size such as 512M or 4G, not \(text)")
      }
      request.memory = memory
    }
    return request
  }

  /// Trains one encoder on a dataset.
  private func train() throws -> Int32 {
    let out = arguments.value("--out") ?? "bezoar-audit"
    var request = try request(try source(), out, arguments.value("--ground-truth"))
    request.overwrite = arguments.flags.contains("--overwrite")
    if let given = ["--encoder", "--json"].first(where: arguments.has) {
      throw UsageError(
        description: "\(given) is not for bezoar train DATASET, which trains an encoder and compares nothing")
    }
    var configuration = try configuration()
    configuration.scans = true
    let training = try Audit(
      request, configuration, device: try device(), threads: try threads(), progress: try progress())
    let trained = try training.pretrain()
    print(terminalSafe("\(out)/models/scan: \(trained.words)"))
    return trained.isUsable ? 0 : 2
  }

  private func stage() throws -> Int32 {
    guard let stage = Stage(rawValue: command.name) else { return 64 }
    let out = arguments.value("--out") ?? "bezoar-audit"
    let (configuration, source) = try Audit.configuration(of: out)
    if source.path == "-" {
      throw UsageError(
        description: "the list of \(out) came from standard input; run bezoar audit - with the same list to go on")
    }
    let audit = try Audit(
      try request(source, out, arguments.value("--ground-truth")), configuration, device: try device(),
      threads: try threads(), progress: try progress())
    try audit.run(through: stage)
    return 0
  }

  private func demo() throws -> Int32 {
    let out = arguments.value("--out") ?? "bezoar-demo"
    // Fashion-MNIST has 28 pixels a side; resampling would blur image and trigger for nothing.
    let configuration = try layers { $0.set("imageSize", to: "28", source: "demo") }.resolved()
    // Refused before anything is planted, not after.
    _ = try configuration.givenEncoder()
    let isQuick = arguments.value("--preset") == "quick"
    let planted = try Demo.plant(
      in: out, seed: configuration.seed, images: isQuick ? 3000 : 6000, threads: try threads(),
      overwrite: arguments.flags.contains("--overwrite"))
    FileHandle.standardError.write(Data((planted.summary + "\n").utf8))
    let code = try audit(
      DatasetSource(planted.dataset), groundTruth: planted.groundTruth, out: out + "/audit", configuration)
    // The demo has done its job if it found what it planted.
    return code == 1 ? 0 : code == 0 ? 1 : code
  }

  private func inspect() throws -> Int32 {
    let inspection = try Inspection(
      try source(), decoder: try decoder(),
      imageSize: try arguments.integer("--image-size", 16...512), manifest: arguments.value("--manifest"),
      threads: try threads())
    let text = try arguments.flags.contains("--json") ? inspection.json() : inspection.table()
    print(arguments.flags.contains("--json") ? text : terminalSafe(text), terminator: "")
    return inspection.account.decoded == 0 ? 3 : 0
  }

  private func poison() throws -> Int32 {
    guard let out = arguments.value("--out") else { throw UsageError(description: "bezoar poison needs --out DIR") }
    var plan = PoisonPlan(try source(), out: out)
    plan.labels = arguments.value("--labels") ?? "folders"
    plan.attack = arguments.value("--attack") ?? "ssl-backdoor"
    plan.target = arguments.value("--target")
    plan.size = try arguments.integer("--size", 2...4096)
    plan.trigger = arguments.value("--trigger")
    plan.position = arguments.value("--position") ?? "random"
    plan.limit = try arguments.integer("--limit", 1...Int.max)
    plan.quality = try arguments.integer("--quality", 1...100)
    plan.evaluation = arguments.value("--eval")
    plan.evaluationLabels = arguments.value("--eval-labels") ?? "folders"
    plan.evaluationLimit = try arguments.integer("--eval-limit", 1...Int.max)
    plan.seed = UInt64(try arguments.integer("--seed", 0...Int.max) ?? 0)
    plan.threads = try threads()
    func share(_ name: String) throws -> Double? {
      guard let text = arguments.value(name) else { return nil }
      guard let rate = Double(text), rate > 0, rate <= 1 else {
        throw UsageError(description: "\(name) must be above 0 and at most 1, not \(text)")
      }
      return rate
    }
    plan.rate = try share("--rate") ?? plan.rate
    plan.datasetRate = try share("--dataset-rate")
    plan.triggers = try arguments.integer("--triggers", 1...100) ?? 1
    if let text = arguments.value("--strength") {
      guard let strength = Double(text), strength > 0, strength.isFinite else {
        throw UsageError(description: "--strength must be a positive number, not \(text)")
      }
      plan.strength = strength
    }
    print(terminalSafe(try plan.run()))
    return 0
  }

  private func report() throws -> Int32 {
    let path = arguments.positionals[0]
    let result = try read(path)
    let beside = Path(path).parent.description
    let source = beside.isEmpty ? "." : beside
    let out = arguments.value("--out") ?? source
    for format in try ReportFormat.list(arguments.value("--format") ?? "html") {
      let text = try format.render(
        result, folder: source, manifest: arguments.value("--manifest-path") ?? "manifest.sha256")
      try RunFolder(out).write(Data(text.utf8), to: format.fileName)
      print(terminalSafe("\(out)/\(format.fileName)"))
    }
    return 0
  }

  private func gate() throws -> Int32 {
    let outcome = Gate.outcome(try read(arguments.positionals[0]), try policy())
    if arguments.flags.contains("--json") {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(outcome), as: UTF8.self))
    } else {
      for check in outcome.checks { print(terminalSafe("\(check.outcome.rawValue)  \(check.words)")) }
      for one in outcome.suppressions {
        print(
          terminalSafe(
            "\(one.status.rawValue)  \(one.source.rawValue) \(one.entry): \(one.ranks.count) suspects; \(one.reason)\(one.expires.map { ", until \($0)" } ?? "")"
          ))
      }
      print("exit code \(outcome.exitCode)")
    }
    return Int32(outcome.exitCode)
  }

  private func read(_ path: String) throws -> AuditResult {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw UsageError(description: "cannot read \(path); give the result.json of a run folder")
    }
    return try CanonicalJSON.decode(data, path: path)
  }

  private func config() throws -> Int32 {
    let layers = try layers()
    print(String(decoding: try layers.resolved().encoded(), as: UTF8.self))
    for (name, source) in layers.sources.sorted(by: { $0.key < $1.key }) where !source.hasPrefix("preset") {
      FileHandle.standardError.write(Data("\(name): from \(source)\n".utf8))
    }
    return 0
  }

  private func doctor() throws -> Int32 {
    let device = CPUDevice(threads: try threads())
    let free = (try? FileManager.default.attributesOfFileSystem(forPath: NSTemporaryDirectory()))?[.systemFreeSize]
    print(
      """
      bezoar       \(Audit.version) (\(revision))
      processors   \(ProcessInfo.processInfo.activeProcessorCount), \(device.threads) used
      memory       \(ProcessInfo.processInfo.physicalMemory >> 30) GiB
      free space   \((free as? Int).map { "\($0 >> 30) GiB in \(NSTemporaryDirectory())" } ?? "unknown")
      kernels      \(device.instructionSet)
      BLAS         \(CPUDevice.blas)
      codecs       PNG, JPEG
      """)
    let plugins = PJRTPlugins.find()
    if plugins.isEmpty { print("plugins      none (PJRT; see --device in bezoar audit --help)") }
    for plugin in plugins {
      do throws(PJRTError) {
        let device = try PJRTDevice(plugin: plugin.path)
        let check = Conformance(of: device)
        let words = check.failures.prefix(3).map { "\($0.name) (\(String(format: "%.1f", $0.error)) times too far)" }
        print("plugin       \(plugin.path): \(device.name)")
        print(
          "             \(check.count - check.failures.count) of \(check.count) op cases within the limits of the CPU device\(words.isEmpty ? "" : "; off: \(words.joined(separator: ", "))")"
        )
      } catch { print("plugin       \(error)") }
    }
    let check = try SelfCheck.run(device: device, threads: try threads())
    print("self-check   \(check.isGood ? "passed" : "FAILED"): \(check.detail)")
    return check.isGood ? 0 : 2
  }
}
