import Foundation
import NeuralNetworks
import Tensors

/// An encoder that somebody else trained, read from a safetensors file.
///
/// Names are torchvision's ResNet, under the prefixes that MoCo, solo-learn, lightly, BYOL and DINO leave in
/// their checkpoints, or lightly's numbered sequence. Width, blocks and stem follow from the shapes. Strict:
/// every parameter must be there in its shape; what else lies under the prefix must be a head.
public struct EncoderImport: Sendable {
  /// The encoder, ready to embed.
  public let encoder: Encoder
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
    guard halves.count == 2, halves.allSatisfy({ $0.count == 3 && $0.allSatisfy(\.isFinite) }),
      halves[1].allSatisfy({ $0 > 0 })
    else { return nil }
    return (halves[0], halves[1])
  }

  /// Reads a checkpoint.
  ///
  /// - Parameters:
  ///   - side: Side of the images it will see, in pixels.
  ///   - normalization: As it was trained with; never guessed.
  /// - Throws: ``CheckpointError``; a mismatch lists what is missing, unexpected or of another shape.
  public init(_ path: String, side: Int, normalization: (mean: [Float], deviation: [Float])) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CheckpointError(code: .unreadable, path: path, detail: "cannot be read; give a .safetensors file")
    }
    let all = try SafeTensors.decode(data, path: path)
    let found = Self.prefixes.first { all[$0 + "conv1.weight"] != nil || all[$0 + "0.weight"]?.shape.rank == 4 }
    guard let prefix = found else {
      let names = all.keys.sorted().prefix(3).joined(separator: ", ")
      throw CheckpointError(
        code: .mismatch, path: path,
        detail:
          "no ResNet found: no conv1.weight under any known prefix (\(Self.prefixes.dropLast().joined(separator: ", "))); the file starts with \(names)"
      )
    }
    var (own, names, rest): ([String: Tensor], [String: String], [String]) = ([:], [:], [])
    for (name, tensor) in all {
      guard name.hasPrefix(prefix) else {
        rest.append(name)
        continue
      }
      let short = Self.torchvision(String(name.dropFirst(prefix.count)), numbered: all[prefix + "conv1.weight"] == nil)
      if Self.heads.contains(where: short.hasPrefix) {
        rest.append(name)
      } else {
        (own[short], names[short]) = (tensor, name)
      }
    }
    var configuration = Encoder.Configuration(network: Self.network(own), side: side)
    (configuration.mean, configuration.deviation) = normalization
    try SafeTensors.match(own, ResNet(configuration.network).parameters, path: path)
    encoder = Encoder(configuration, weights: own)
    self.prefix = prefix
    matched = names.values.sorted()
    leftOut = rest.sorted()
  }

  /// One line: what was taken and what was not.
  public var summary: String {
    let network = encoder.configuration.network
    let heads =
      leftOut.isEmpty ? "" : "; left out \(leftOut.count), such as \(leftOut.prefix(2).joined(separator: ", "))"
    return
      "\(network.block.rawValue) ResNet, blocks \(network.blocks.map(String.init).joined(separator: "-")), width \(network.width), prefix \"\(prefix)\": \(matched.count) arrays matched, none missing, none unexpected\(heads)"
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

  private static func network(_ tensors: [String: Tensor]) -> ResNet.Configuration {
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
    return network
  }
}
