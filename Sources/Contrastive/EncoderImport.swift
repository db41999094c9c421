import Datasets
import Foundation
import NeuralNetworks
import Tensors

/// An encoder that is given, read from a safetensors file: one of a run folder, or one that somebody else trained.
///
/// Names are torchvision's ResNet, or timm's vision transformer, under the prefixes that MoCo, solo-learn, lightly, BYOL and DINO leave
/// in their checkpoints, or lightly's numbered sequence. Width, blocks, stem and patches follow from the shapes; stride of the
/// stem, pooling, side and normalisation from the `config.json` that Bezoar writes beside its models. A transformer's heads are
/// 64 wide, as published ones are, where no `config.json` says else; its side follows from its positions. Strict:
/// every parameter must be there, in its shape and finite; what else lies under the prefix must be a head.
public struct EncoderImport: Sendable {
  /// The network, its input's normalisation and side.
  private let configuration: Encoder.Configuration
  /// Arrays under the network's own names.
  private let weights: [String: Tensor]
  /// Side of the images it was trained on, if that is known.
  public let side: Int?
  /// Changes with everything that its features depend on.
  public let digest: Digest
  /// What was stripped from the names.
  public let prefix: String
  /// Names that were taken.
  public let matched: [String]
  /// Names that were left out: heads, other networks, counters.
  public let leftOut: [String]

  /// Prefixes that are tried, in this order.
  public static let prefixes = [
    "module.encoder_q.", "module.base_encoder.", "module.backbone.", "encoder_q.", "base_encoder.", "backbone.",
    "encoder.", "module.model.", "module.", "model.", "",
  ]
  private static let heads = ["fc.", "head.", "heads.", "classifier.", "projector.", "projection_head."]

  /// How pixels in 0...1 are normalised, by name: mean and deviation of each channel.
  public static let normalizations: [String: (mean: [Float], deviation: [Float])] = [
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "cifar10": ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
    "half": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    "none": ([0, 0, 0], [1, 1, 1]),
  ]

  /// Reads "imagenet", "cifar10", "half", "none" or "M,M,M/D,D,D".
  public static func normalization(_ text: String) -> (mean: [Float], deviation: [Float])? {
    if let known = normalizations[text] { return known }
    let halves = text.split(separator: "/").map { $0.split(separator: ",").compactMap { Float($0) } }
    return halves.count == 2 && isUsable(halves[0], halves[1]) ? (halves[0], halves[1]) : nil
  }

  /// True for three finite means and three positive deviations that can be divided by.
  static func isUsable(_ mean: [Float], _ deviation: [Float]) -> Bool {
    mean.count == 3 && mean.allSatisfy(\.isFinite) && deviation.count == 3
      && deviation.allSatisfy { $0 > 0 && $0.isFinite && (1 / $0).isFinite }
  }

  /// Reads a checkpoint.
  ///
  /// - Parameter normalization: As it was trained with; nil takes what the `config.json` beside it says, never a guess.
  /// - Throws: ``CheckpointError``; a mismatch lists what is missing, unexpected or of another shape.
  public init(_ path: String, normalization: (mean: [Float], deviation: [Float])? = nil) throws(CheckpointError) {
    let data = try Self.contents(path)
    let names = try SafeTensors.names(data, path: path)
    let found = Self.prefixes.first { prefix in
      names.contains(prefix + "conv1.weight")
        || names.contains(prefix + "0.weight") && names.contains(prefix + "4.0.conv1.weight")
        || names.contains(prefix + "patch_embed.proj.weight") && names.contains(prefix + "cls_token")
    }
    guard let prefix = found else {
      throw CheckpointError(code: .foreign, path: path, detail: Self.stranger(names))
    }
    let all = try SafeTensors.decode(data, path: path)
    let isTransformer = names.contains(prefix + "patch_embed.proj.weight")
    let isNumbered = all[prefix + "conv1.weight"] == nil && !isTransformer
    var (own, origins, rest): ([String: Tensor], [String: String], [String]) = ([:], [:], [])
    for (name, tensor) in all {
      let short = Self.torchvision(String(name.dropFirst(prefix.count)), numbered: isNumbered)
      if !name.hasPrefix(prefix) || Self.heads.contains(where: short.hasPrefix)
        || short.hasSuffix("num_batches_tracked")
      {
        rest.append(name)
      } else {
        (own[short], origins[short]) = (tensor, name)
      }
    }
    let written = try Encoder.Configuration.beside(path)
    configuration = try Self.configuration(own, written, normalization, path: path)
    try SafeTensors.match(own, configuration.backbone.parameters, path: path)
    try Self.refuseUncomputable(own, origins, path: path)
    weights = own
    side = written?.side ?? (isTransformer ? configuration.side : nil)
    self.prefix = prefix
    matched = origins.values.sorted()
    leftOut = rest.sorted()
    digest = Digest(of: [UInt8](data) + Array("\(configuration)".utf8))
  }

  /// The encoder for images of a side, ready to embed.
  public func encoder(side: Int) -> Encoder {
    var own = configuration
    own.side = side
    return Encoder(own, weights: weights)
  }

  /// True for a transformer, whose positions are those of one side.
  public var seesOneSide: Bool { configuration.network.hasFixedSide }

  /// One line: what was taken and what was not.
  public var summary: String {
    let heads =
      leftOut.isEmpty ? "" : "; left out \(leftOut.count), such as \(leftOut.prefix(2).joined(separator: ", "))"
    let trained = side.map { ", trained at \($0) px" } ?? ""
    return
      "\(configuration.network.words)\(trained), prefix \"\(prefix)\": \(matched.count) arrays matched, none missing, none unexpected\(heads)"
  }

  /// The bytes of a regular file; of a large one only those that are looked at are read.
  private static func contents(_ path: String) throws(CheckpointError) -> Data {
    func unreadable(_ detail: String) -> CheckpointError { .init(code: .unreadable, path: path, detail: detail) }
    switch FileSystem.kind(Path(path), followLinks: true) {
    case .file: break
    case .folder:
      let inside = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        .first { $0.hasSuffix(".safetensors") }
      throw CheckpointError(
        code: .foreign, path: path,
        detail: "a folder, not a safetensors file; give \(inside.map { "\(path)/\($0)" } ?? "a file")")
    case nil: throw unreadable("there is no such file; check the path")
    default: throw unreadable("it is neither a file nor a folder; give a file")
    }
    do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
      throw unreadable("\(error.localizedDescription) Check its permissions")
    }
  }

  /// Puts together what the weights show, what is written beside them and what was asked for.
  private static func configuration(
    _ own: [String: Tensor], _ written: Encoder.Configuration?, _ given: (mean: [Float], deviation: [Float])?,
    path: String
  ) throws(CheckpointError) -> Encoder.Configuration {
    func problem(_ detail: String) -> CheckpointError { .init(code: .configuration, path: path, detail: detail) }
    let (network, side) = network(own, written)
    var problems = network.problems(side: side)
    if let side, !(16...512).contains(side) {
      problems.append("its positions are those of \(side) pixels, not of 16 to 512")
    }
    if !problems.isEmpty {
      throw CheckpointError(code: .mismatch, path: path, detail: problems.joined(separator: "; "))
    }
    if case .resNet(let shown) = network, let first = own["layer1.0.conv1.weight"], first.shape.rank == 4,
      first.shape[3] != shown.width
    {
      throw CheckpointError(
        code: .mismatch, path: path,
        detail:
          "its blocks are \(first.shape[3]) wide after a stem of \(shown.width): it seems to be a ResNeXt or a wide ResNet; give a plain one, or leave the option out and one is trained"
      )
    }
    if let written, written.network != network {
      throw problem(
        "the config.json beside it is that of another network; put both files of one model into a folder of their own")
    }
    var configuration = Encoder.Configuration(network: network, side: written?.side ?? side ?? 0)
    switch (given, written) {
    case (nil, nil):
      throw problem(
        "no config.json of bezoar lies beside it, so nothing says how its input was normalised; give --encoder-normalization imagenet, cifar10, half, none or M,M,M/D,D,D"
      )
    case (let given?, let written?) where given != (written.mean, written.deviation):
      throw problem(
        "the config.json beside it says that it was trained with mean \(written.mean) and deviation \(written.deviation), --encoder-normalization says \(given.mean) and \(given.deviation); leave out the option, or move config.json away"
      )
    case (_, let written?): (configuration.mean, configuration.deviation) = (written.mean, written.deviation)
    case (let given?, nil): (configuration.mean, configuration.deviation) = given
    }
    return configuration
  }

  /// Weights that are not finite, and variances that have no root, make all features the same nonsense.
  private static func refuseUncomputable(
    _ tensors: [String: Tensor], _ origins: [String: String], path: String
  ) throws(CheckpointError) {
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let isVariance = name.hasSuffix(".running_var")
      let broken = tensor.scalars.count { !$0.isFinite || isVariance && $0 < 0 }
      if broken > 0 {
        throw CheckpointError(
          code: .notFinite, path: path,
          detail:
            "\(broken) of \(tensor.scalars.count) values of \(origins[name] ?? name) are not finite\(isVariance ? " or negative" : "")"
        )
      }
    }
  }

  /// Parts of names that only one kind of network has, the telling ones first.
  private static let strangers: [(marks: [String], name: String)] = [
    (["down_blocks.", "input_blocks."], "a diffusion model"),
    (["text_model.", "text_projection", "token_embedding.", "logit_scale"], "CLIP"),
    (["lm_head.", "embed_tokens.", "word_embeddings.", "wte."], "a language model"),
    (["relative_position_bias_table"], "a Swin transformer"),
    (
      ["class_token", "encoder_layer_0.", "cls_token", "attn.qkv."],
      "a vision transformer under other names than timm's"
    ),
    (["conv_dw.", "dwconv.", "convnext", "layer_scale"], "a ConvNeXt"),
    (["denseblock1."], "a DenseNet"),
    (["embedder.embedder.convolution."], "a ResNet under the names of Hugging Face's transformers"),
    (["conv_stem.", "features.0.0.weight"], "an EfficientNet or a MobileNet"),
    (["features.0.weight"], "a VGG or an AlexNet"),
  ]

  /// What a file without a ResNet seems to be, by its names.
  private static func stranger(_ names: [String]) -> String {
    let kind = strangers.first { $0.marks.contains { mark in names.contains { $0.contains(mark) } } }
    return
      "a safetensors file \(kind.map { "of another network, it seems of \($0.name)" } ?? "without a ResNet or a transformer that is known"): no conv1.weight or patch_embed.proj.weight under any known prefix (\(prefixes.dropLast().joined(separator: ", "))), but \(names.count) arrays\(names.isEmpty ? "" : " such as \(names.prefix(3).joined(separator: ", "))"); give a ResNet, or leave the option out and one is trained"
  }

  /// Names of a numbered sequence (conv, norm, relu, pool, four stages) as torchvision has them.
  private static func torchvision(_ name: String, numbered: Bool) -> String {
    guard numbered, let dot = name.firstIndex(of: "."), let number = Int(name[..<dot]) else { return name }
    switch number {
    case 0: return "conv1" + name[dot...]
    case 1: return "bn1" + name[dot...]
    case 4...7: return "layer\(number - 3)" + name[dot...]
    default: return name
    }
  }

  /// The network that arrays belong to, and the side that a transformer's positions are of.
  private static func network(
    _ tensors: [String: Tensor], _ written: Encoder.Configuration?
  ) -> (BackboneConfiguration, side: Int?) {
    if let patches = tensors["patch_embed.proj.weight"] { return transformer(tensors, patches, written) }
    var network = ResNet.Configuration()
    if let stem = tensors["conv1.weight"], stem.shape.rank == 4 {
      network.width = stem.shape[3]
      network.stem = stem.shape[0] == 7 ? .large : .small
    }
    network.block = tensors["layer1.0.conv3.weight"] == nil ? .basic : .bottleneck
    network.blocks = (1...8).map { stage in
      (0..<64).prefix { tensors["layer\(stage).\($0).conv1.weight"] != nil }.count
    }.prefix { $0 > 0 }.map(\.self)
    if network.blocks.isEmpty { network.blocks = [1] }
    if case .resNet(let own)? = written?.network {
      (network.pooling, network.stemStride) = (own.pooling, own.stemStride)
    }
    return (.resNet(network), nil)
  }

  private static func transformer(
    _ tensors: [String: Tensor], _ patches: Tensor, _ written: Encoder.Configuration?
  ) -> (BackboneConfiguration, side: Int?) {
    var network = VisionTransformer.Configuration()
    if patches.shape.rank == 4 { (network.patch, network.width) = (patches.shape[0], patches.shape[3]) }
    network.depth = (0..<64).prefix { tensors["blocks.\($0).norm1.weight"] != nil }.count
    network.heads = max(1, network.width / 64)
    if let hidden = tensors["blocks.0.mlp.fc1.weight"], hidden.shape.rank == 2, network.width > 0 {
      network.expansion = hidden.shape[0] / network.width
    }
    if case .transformer(let own)? = written?.network {
      (network.heads, network.positions) = (own.heads, own.positions)
    }
    guard let positions = tensors["pos_embed"], positions.shape.rank == 3, let patch = network.patch else {
      return (.transformer(network), nil)
    }
    let grid = Int(Double(max(0, positions.shape[1] - 1)).squareRoot().rounded())
    return (.transformer(network), grid * patch)
  }
}
