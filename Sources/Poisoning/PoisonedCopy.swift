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
///     OUT/eval-triggered/...       the same images with the first trigger
///     OUT/trigger.png, OUT/ground-truth.json
public struct PoisonedCopy: Sendable {
  /// The attack; nil copies without planting anything: the clean counterpart with the same images.
  public var attack: (any Attack.Type)? = PatchAttack.self
  /// What is chosen about it.
  public var settings = AttackSettings()
  /// Share of the target class that each trigger poisons; (0, 1].
  public var rate = 1.0
  /// Poisoned images of each trigger as a share of all images instead; (0, 1].
  public var datasetRate: Double?
  /// Number of different triggers, each with a class and images of its own.
  public var triggers = 1
  /// Class whose images are poisoned; nil draws one a trigger from the seed.
  public var target: String?
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
    if let target, !classes.contains(target) {
      throw PoisoningError(
        "there is no class \(target) in \(dataset.root); the classes are \(classes.prefix(20).joined(separator: ", "))")
    }
    var draw = stream.stream("target")
    var free = classes
    let targets = (0..<triggers).map { _ -> String in
      if free.isEmpty { free = classes }
      let next = free.remove(at: draw.integer(below: free.count))
      return target ?? next
    }
    let side = try shorterSide(dataset, chosen)
    let drawn = (0..<triggers).map { i in
      (attack ?? PatchAttack.self).init(
        settings, side: side, i == 0 ? stream.stream("trigger") : stream.stream("trigger").stream(i))
    }
    let poisoned = try attack == nil ? [:] : pick(chosen, labels, targets, stream.stream("poisoned"))

    let planted = try copy(dataset, chosen, labels, to: out + "/dataset", drawn, stream.stream("positions")) {
      poisoned[$0].map { .training($0) } ?? .clean
    }
    if let evaluation {
      let own = Self.choose(evaluation.dataset, evaluationLimit, stream.stream("evaluation"))
        .filter { evaluation.labels[$0] != nil }
      try copy(evaluation.dataset, own, evaluation.labels, to: out + "/eval", drawn, stream) { _ in .clean }
      try copy(
        evaluation.dataset, own, evaluation.labels, to: out + "/eval-triggered", drawn,
        stream.stream("evaluation positions")
      ) { _ in .test }
    }
    let pictures = (0..<triggers).map { $0 == 0 ? "trigger.png" : "trigger-\($0 + 1).png" }
    for (name, own) in zip(pictures, drawn) {
      try Data(ImageCodec.encodePNG(own.picture)).write(to: URL(fileURLWithPath: "\(out)/\(name)"))
    }
    let truth = GroundTruth(
      schemaVersion: "1.1.0",
      attack: .init(
        name: attack?.name ?? "none", rate: attack == nil ? 0 : datasetRate ?? rate, ofDataset: datasetRate != nil,
        position: settings.position, parameters: drawn[0].parameters, jpegQuality: jpegQuality, seed: seed),
      targetClass: targets[0], trigger: pictures[0],
      triggers: zip(pictures, targets).map { .init(picture: $0, targetClass: $1) }, poisoned: planted,
      evaluation: evaluation.map { _ in .init(clean: "eval", triggered: "eval-triggered") })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try encoder.encode(truth).write(to: URL(fileURLWithPath: out + "/ground-truth.json"))
    return truth
  }

  /// Draws the images of each trigger: image to trigger.
  private func pick(_ chosen: [Int], _ labels: [String?], _ targets: [String], _ stream: RandomStream) throws -> [Int:
    Int]
  {
    var result: [Int: Int] = [:]
    for (t, target) in targets.enumerated() {
      let members = chosen.filter { labels[$0] == target }
      var own = t == 0 ? stream : stream.stream(t)
      let order = own.permutation(members.count).map { members[$0] }.filter { result[$0] == nil }
      let wanted = datasetRate.map { $0 * Double(chosen.count) } ?? rate * Double(members.count)
      let count = max(1, Int(wanted.rounded()))
      guard count <= order.count || datasetRate == nil else {
        throw PoisoningError(
          "class \(target) has \(order.count) images to poison, fewer than \(count); lower --dataset-rate")
      }
      for i in order.prefix(count) { result[i] = t }
    }
    return result
  }

  private static func choose(_ dataset: Dataset, _ limit: Int?, _ stream: RandomStream) -> [Int] {
    guard let limit, limit < dataset.entries.count else { return Array(dataset.entries.indices) }
    var own = stream
    return own.permutation(dataset.entries.count).prefix(limit).sorted()
  }

  private func shorterSide(_ dataset: Dataset, _ chosen: [Int]) throws -> Int {
    for i in chosen {
      if case .image(let image, _) = dataset.read(dataset.entries[i]) { return min(image.width, image.height) }
    }
    throw PoisoningError("\(dataset.root): no image can be decoded")
  }

  /// What happens to an image that is copied.
  private enum Planting { case clean, training(Int), test }

  /// Copies images into class folders, planting where asked; unreadable ones are left out.
  @discardableResult
  private func copy(
    _ dataset: Dataset, _ chosen: [Int], _ labels: [String?], to folder: String, _ attacks: [any Attack],
    _ stream: RandomStream, _ planting: @Sendable (Int) -> Planting
  ) throws -> [GroundTruth.Poisoned] {
    let manager = FileManager.default
    for label in Set(chosen.map { Self.folderName(labels[$0]) }) {
      try manager.createDirectory(atPath: "\(folder)/\(label)", withIntermediateDirectories: true)
    }
    let results = concurrentMap(chosen.count, threads: threads) { slot -> Result<GroundTruth.Poisoned?, any Error> in
      let i = chosen[slot]
      let entry = dataset.entries[i]
      guard case .image(let image, _) = dataset.read(entry) else { return .success(nil) }
      let name = "\(Self.folderName(labels[i]))/\(Self.padded(slot)).\(jpegQuality == nil ? "png" : "jpg")"
      return Result {
        var own = stream.stream(i)
        var planted = Planted(image)
        var trigger: Int?
        switch planting(i) {
        case .clean: break
        case .test: planted = try attacks[0].triggered(image, &own)
        case .training(let t):
          planted = try attacks[t].poisoned(image, donor: donor(dataset, chosen, labels, for: i, own), &own)
          trigger = t
        }
        let bytes =
          try jpegQuality.map { try ImageCodec.encodeJPEG(planted.image, quality: $0) }
          ?? ImageCodec.encodePNG(planted.image)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return trigger.map { .init(path: name, source: entry.path.description, box: planted.box, trigger: $0) }
      }
    }
    return try results.compactMap { try $0.get() }
  }

  /// An image of another class; grey if none is found.
  private func donor(
    _ dataset: Dataset, _ chosen: [Int], _ labels: [String?], for i: Int, _ stream: RandomStream
  ) -> Image {
    var own = stream.stream("donor")
    for _ in 0..<64 {
      let other = chosen[own.integer(below: chosen.count)]
      if labels[other] != labels[i], case .image(let image, _) = dataset.read(dataset.entries[other]) { return image }
    }
    return Image(width: 32, height: 32, red: 128, green: 128, blue: 128)
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
