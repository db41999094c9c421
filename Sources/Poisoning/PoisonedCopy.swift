import Datasets
import Foundation
import Images
import Randomness

/// Why a poisoned copy cannot be made.
public struct PoisoningError: Error, Sendable, CustomStringConvertible {
  /// What, where, and what to do next.
  public let description: String
  /// Creates an error.
  public init(_ description: String) { self.description = description }
}

/// Writes a poisoned copy of a labelled dataset with its ground truth and evaluation sets.
///
///     OUT/dataset/CLASS/NAME.png   the images to audit
///     OUT/eval/CLASS/NAME.png      clean evaluation images
///     OUT/eval-triggered/...       the same images with the trigger
///     OUT/trigger.png, OUT/ground-truth.json
public struct PoisonedCopy: Sendable {
  /// The attack.
  public var attack = PatchAttack()
  /// Class whose images are poisoned; nil draws one from the seed.
  public var target: String?
  /// Trigger; nil draws one from the seed.
  public var trigger: Trigger?
  /// Trigger side in pixels, for one that is drawn; nil takes about 31 % of the image side.
  public var triggerPixels: Int?
  /// Images taken from the dataset; nil takes all.
  public var limit: Int?
  /// Images taken for evaluation; nil takes all.
  public var evaluationLimit: Int?
  /// JPEG quality of the copy; nil writes PNG.
  public var jpegQuality: Int?
  /// Seed of everything that is drawn.
  public var seed: UInt64 = 0
  /// Threads that decode and encode.
  public var threads = 1
  /// False copies without planting anything: the clean counterpart with the same images.
  public var plants = true

  /// Creates the settings.
  public init() {}

  /// Writes the copy.
  ///
  /// - Parameters:
  ///   - dataset: Source images.
  ///   - labels: Their classes.
  ///   - evaluation: Labelled images for measuring the attack; none writes no evaluation sets.
  ///   - out: Folder that does not exist yet.
  /// - Returns: The ground truth.
  /// - Throws: ``PoisoningError``, ``DatasetError``, or what writing files throws.
  @discardableResult
  public func write(
    _ dataset: Dataset, labels: [String?], evaluation: (dataset: Dataset, labels: [String?])?, to out: String
  ) throws -> GroundTruth {
    let stream = RandomStream(seed: seed).stream("poison")
    let chosen = Self.choose(dataset, limit, stream.stream("images"))
    let classes = Set(chosen.compactMap { labels[$0] }).sorted()
    guard !classes.isEmpty else {
      throw PoisoningError("\(dataset.root): no image has a label; give --labels folders or a label file")
    }
    var draw = stream.stream("target")
    let target = self.target ?? classes[draw.integer(below: classes.count)]
    guard classes.contains(target) else {
      throw PoisoningError(
        "there is no class \(target) in \(dataset.root); the classes are \(classes.prefix(20).joined(separator: ", "))")
    }
    let trigger = try self.trigger ?? drawTrigger(dataset, chosen, stream)
    let members = chosen.filter { labels[$0] == target }
    var pick = stream.stream("poisoned")
    let order = pick.permutation(members.count)
    let count = plants ? max(1, Int((attack.rate * Double(members.count)).rounded())) : 0
    let poisoned = Set(order.prefix(count).map { members[$0] })

    let planted = try copy(
      dataset, chosen, labels, to: out + "/dataset", trigger, stream.stream("positions")
    ) { poisoned.contains($0) }
    if let evaluation {
      let own = Self.choose(evaluation.dataset, evaluationLimit, stream.stream("evaluation"))
        .filter { evaluation.labels[$0] != nil }
      try copy(evaluation.dataset, own, evaluation.labels, to: out + "/eval", trigger, stream) { _ in false }
      try copy(
        evaluation.dataset, own, evaluation.labels, to: out + "/eval-triggered", trigger,
        stream.stream("evaluation positions")
      ) { _ in true }
    }
    try Data(ImageCodec.encodePNG(trigger.image)).write(to: URL(fileURLWithPath: out + "/trigger.png"))
    let truth = GroundTruth(
      schemaVersion: "1.0.0",
      attack: .init(
        name: plants ? "ssl-backdoor" : "none", rate: plants ? attack.rate : 0, position: attack.position,
        triggerPixels: trigger.image.width, jpegQuality: jpegQuality, seed: seed),
      targetClass: target, trigger: "trigger.png", poisoned: planted,
      evaluation: evaluation.map { _ in .init(clean: "eval", triggered: "eval-triggered") })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try encoder.encode(truth).write(to: URL(fileURLWithPath: out + "/ground-truth.json"))
    return truth
  }

  private static func choose(_ dataset: Dataset, _ limit: Int?, _ stream: RandomStream) -> [Int] {
    guard let limit, limit < dataset.entries.count else { return Array(dataset.entries.indices) }
    var own = stream
    return own.permutation(dataset.entries.count).prefix(limit).sorted()
  }

  private func drawTrigger(_ dataset: Dataset, _ chosen: [Int], _ stream: RandomStream) throws -> Trigger {
    for i in chosen {
      if case .image(let image, _) = dataset.read(dataset.entries[i]) {
        let side = min(image.width, image.height)
        return .generated(size: triggerPixels ?? max(4, Int((0.31 * Double(side)).rounded())), stream.stream("trigger"))
      }
    }
    throw PoisoningError("\(dataset.root): no image can be decoded")
  }

  /// Copies images into class folders, planting where asked; unreadable ones are left out.
  @discardableResult
  private func copy(
    _ dataset: Dataset, _ chosen: [Int], _ labels: [String?], to folder: String, _ trigger: Trigger,
    _ stream: RandomStream, isPoisoned: @Sendable (Int) -> Bool
  ) throws -> [GroundTruth.Poisoned] {
    let manager = FileManager.default
    for label in Set(chosen.map { Self.folderName(labels[$0]) }) {
      try manager.createDirectory(atPath: "\(folder)/\(label)", withIntermediateDirectories: true)
    }
    let results = concurrentMap(chosen.count, threads: threads) { slot -> Result<GroundTruth.Poisoned?, any Error> in
      let i = chosen[slot]
      let entry = dataset.entries[i]
      guard case .image(var image, _) = dataset.read(entry) else { return .success(nil) }
      var box: PatchAttack.Box?
      if isPoisoned(i) {
        guard trigger.image.width <= image.width, trigger.image.height <= image.height else {
          return .failure(
            PoisoningError(
              "\(entry.path) has \(image.width)x\(image.height) pixels, fewer than the trigger's \(trigger.image.width); make it smaller with --size"
            ))
        }
        var own = stream.stream(i)
        (image, box) = attack.planted(trigger, in: image, &own)
      }
      let name = "\(Self.folderName(labels[i]))/\(Self.padded(slot)).\(jpegQuality == nil ? "png" : "jpg")"
      return Result {
        let bytes =
          try jpegQuality.map { try ImageCodec.encodeJPEG(image, quality: $0) } ?? ImageCodec.encodePNG(image)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return box.map { .init(path: name, source: entry.path.description, box: $0) }
      }
    }
    return try results.compactMap { try $0.get() }
  }

  private static func folderName(_ label: String?) -> String {
    let safe = (label ?? "unlabelled").map { $0 == "/" || $0 == "\0" ? "_" : $0 }
    let text = String(safe)
    return text.isEmpty || text.hasPrefix(".") ? "_" + text : text
  }

  private static func padded(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 6 - text.count)) + text
  }
}
