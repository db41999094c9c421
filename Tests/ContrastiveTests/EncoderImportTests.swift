import CPUDevice
import Contrastive
import Datasets
import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Tensors
import Testing

@Suite struct EncoderImportTests {
  private let network = ResNet.Configuration(width: 4, blocks: [1, 2], stemStride: 1)
  private let half = EncoderImport.normalizations["half"] ?? ([], [])

  private func file(_ folder: String, _ tensors: [String: Tensor]) throws -> String {
    let path = folder + "/model.safetensors"
    try SafeTensors.encode(tensors).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(arguments: ["", "module.encoder_q.", "backbone.", "module.base_encoder."])
  func prefixesAreStripped(_ prefix: String) throws {
    try Fixtures.withFolder { folder in
      let weights = ResNet(network).initialWeights(RandomStream(seed: 1))
      var all = Dictionary(uniqueKeysWithValues: weights.map { (prefix + $0.key, $0.value) })
      // What is not used may be anything.
      all[prefix + "fc.weight"] = Tensor([2, 8], repeating: .nan)
      all[prefix + "bn1.num_batches_tracked"] = Tensor([], [3])
      if !prefix.isEmpty { all["queue"] = Tensor([3], repeating: 1) }
      let imported = try EncoderImport(file(folder, all), normalization: half)
      #expect(imported.prefix == prefix && imported.matched.count == weights.count)
      #expect(imported.leftOut.count == (prefix.isEmpty ? 2 : 3))
      let encoder = imported.encoder(side: 16)
      #expect(encoder.weights == weights && encoder.configuration.network == .resNet(network))
      #expect(encoder.configuration.deviation == half.deviation && imported.side == nil)
      #expect(imported.summary.contains("none missing"))
    }
  }

  @Test func numberedSequencesAreLightlys() throws {
    try Fixtures.withFolder { folder in
      let weights = ResNet(network).initialWeights(RandomStream(seed: 1))
      let all = weights.map { name, tensor -> (String, Tensor) in
        for (i, part) in ["conv1", "bn1"].enumerated() where name.hasPrefix(part + ".") && !name.contains("layer") {
          return ("backbone.\(i)" + name.dropFirst(part.count), tensor)
        }
        for stage in 1...2 where name.hasPrefix("layer\(stage).") {
          return ("backbone.\(stage + 3)" + name.dropFirst(6), tensor)
        }
        return (name, tensor)
      }
      let imported = try EncoderImport(file(folder, Dictionary(uniqueKeysWithValues: all)), normalization: half)
      #expect(imported.encoder(side: 16).weights == weights)
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    try Fixtures.withFolder { folder in
      var weights = ResNet(network).initialWeights(RandomStream(seed: 1))
      let other = try file(folder, ["embedding.weight": Tensor([2], repeating: 0)])
      let unknown = #expect(throws: CheckpointError.self) { try EncoderImport(other, normalization: half) }
      #expect(unknown?.description.contains("no conv1.weight") == true)
      weights["bn1.running_mean"] = nil
      weights["layer9.0.surprise"] = Tensor([2], repeating: 0)
      let wrong = try file(folder, weights)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(wrong, normalization: half) }
      #expect(error?.description.contains("bn1.running_mean is missing") == true)
      #expect(error?.description.contains("layer9.0.surprise is not expected") == true)
    }
  }

  @Test func normalisationsAreReadOrRefused() {
    #expect(EncoderImport.normalization("imagenet")?.mean == [0.485, 0.456, 0.406])
    #expect(EncoderImport.normalization("0,0,0/1,2,4")?.deviation == [1, 2, 4])
    for text in ["", "imagenet2", "0,0/1,1,1", "0,0,0/1,0,1", "0,0,0/1,1,1e-45", "0,0,nan/1,1,1", "0,0,0"] {
      #expect(EncoderImport.normalization(text) == nil)
    }
  }

  /// Channels with their own mean and deviation are what the formula says.
  @Test func channelsAreNormalisedEach() throws {
    var configuration = Encoder.Configuration(network: network, side: 16)
    let weights = ResNet(network).initialWeights(RandomStream(seed: 1))
    let device = CPUDevice(threads: 1)
    let pixels = (0..<3 * 256).map { Float($0 % 97) / 97 }
    func features(_ configuration: Encoder.Configuration, _ pixels: [Float]) -> [Float] {
      Embedder(Encoder(configuration, weights: weights), on: device).features(1) { _, target, position in
        for (k, value) in pixels.enumerated() { target[position + k] = value }
      }.values
    }
    (configuration.mean, configuration.deviation) = ([0.1, 0.2, 0.3], [0.5, 1, 2])
    let each = features(configuration, pixels)
    (configuration.mean, configuration.deviation) = ([0, 0, 0], [1, 1, 1])
    let normalised = pixels.enumerated().map { ($1 - [0.1, 0.2, 0.3][$0 % 3]) / [0.5, 1, 2][$0 % 3] }
    for (a, b) in zip(each, features(configuration, normalised)) { #expect(abs(a - b) < 1e-4) }
  }
}

extension EncoderImportTests {
  /// An encoder whose every setting differs from what would be taken without its `config.json`.
  private func encoder() -> Encoder {
    var configuration = Encoder.Configuration(
      network: .init(width: 4, blocks: [1, 2], stemStride: 2, pooling: .both), side: 24)
    (configuration.mean, configuration.deviation) = ([0.1, 0.2, 0.3], [0.5, 1, 2])
    return Encoder(configuration, weights: configuration.backbone.initialWeights(RandomStream(seed: 6)))
  }

  private func write(_ encoder: Encoder, to folder: String, config: String? = nil) throws -> String {
    let files = try encoder.files()
    try files.weights.write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
    try (config.map { Data($0.utf8) } ?? files.configuration).write(to: URL(fileURLWithPath: folder + "/config.json"))
    return folder + "/model.safetensors"
  }

  /// What Bezoar wrote goes back in whole, and gives the same features to the last bit.
  @Test func modelsGoBackInWithTheirConfiguration() throws {
    try Fixtures.withFolder { folder in
      let (encoder, path) = (encoder(), try write(encoder(), to: folder))
      let imported = try EncoderImport(path)
      #expect(imported.side == 24 && imported.summary.contains("24 px"))
      let again = imported.encoder(side: 24)
      #expect(again.configuration == encoder.configuration && again.weights == encoder.weights)
      func features(_ encoder: Encoder) -> [Float] {
        Embedder(encoder, on: CPUDevice(threads: 1)).features(5) { i, target, position in
          var own = RandomStream(seed: 3).stream(i)
          for k in 0..<3 * 24 * 24 { target[position + k] = own.uniform() }
        }.values
      }
      #expect(features(again) == features(encoder) && Set(features(again)).count > 5)
      // The option may say the same; where it says something else, one of the two is wrong.
      #expect(try EncoderImport(path, normalization: ([0.1, 0.2, 0.3], [0.5, 1, 2])).digest == imported.digest)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path, normalization: half) }
      #expect(error?.code == .configuration && error?.description.contains("leave out the option") == true)
    }
  }

  /// Another program's `config.json` says nothing about the input.
  @Test(arguments: [
    #"{"architectures": ["ViTModel"], "image_size": 224}"#, "[]", "no JSON", "", #"{"network": "resnet"}"#,
  ])
  func otherProgramsConfigurationsArePassedOver(_ config: String) throws {
    try Fixtures.withFolder { folder in
      let path = try write(encoder(), to: folder, config: config)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path) }
      #expect(error?.code == .configuration && error?.description.contains("--encoder-normalization") == true)
      let imported = try EncoderImport(path, normalization: half)
      #expect(imported.side == nil && imported.encoder(side: 16).configuration.network.pooling == .average)
    }
  }

  /// Ours, changed: key, value, and a part of the message.
  @Test(arguments: [
    ("network", "width", "0", "width of 1 to 4096"), ("network", "width", "1000000000000", "width of 1 to 4096"),
    ("network", "width", "8", "another network"), ("network", "blocks", "[]", "1 to 8 stages"),
    ("network", "blocks", "[1,1,1,1,1,1,1,1,1]", "1 to 8 stages"), ("network", "blocks", "[65]", "1 to 64 blocks"),
    ("network", "blocks", "[1,1]", "another network"), ("network", "block", "\"bottleneck\"", "another network"),
    ("network", "stem", "\"large\"", "another network"), ("network", "stemStride", "3", "stem stride"),
    ("network", "branches", "3", "branches"), ("network", "pooling", "\"median\"", "pooling"),
    ("network", "width", "null", "width"), ("", "side", "15", "16 to 512"), ("", "side", "513", "16 to 512"),
    ("", "side", "1.5", "not valid"), ("", "mean", "[0,0]", "three numbers"), ("", "mean", "[0,0,1e39]", "config.json"),
    ("", "deviation", "[1,1,0]", "positive"), ("", "deviation", "[1,1,-1]", "positive"),
    ("", "deviation", "[1,1,1e-45]", "positive"), ("", "deviation", "{}", "deviation"),
  ]) func damagedConfigurationsAreRefused(_ part: String, _ key: String, _ value: String, _ says: String) throws {
    try Fixtures.withFolder { folder in
      var object = try #require(
        try JSONSerialization.jsonObject(with: encoder().files().configuration) as? [String: Any])
      let changed = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
      if part.isEmpty {
        object[key] = changed
      } else {
        var inner = try #require(object[part] as? [String: Any])
        inner[key] = changed
        object[part] = inner
      }
      let config = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
      let path = try write(encoder(), to: folder, config: config)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path) }
      #expect(error?.code == .configuration && error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }

  @Test(arguments: [
    ("conv1.weight", Float.nan), ("layer2.1.bn2.bias", .infinity), ("layer2.0.downsample.0.weight", -.infinity),
    ("bn1.running_var", -1),
  ]) func weightsThatCannotBeComputedWithAreRefused(_ name: String, _ value: Float) throws {
    try Fixtures.withFolder { folder in
      var encoder = encoder()
      encoder.weights[name]?.scalars[1] = value
      let path = try write(encoder, to: folder)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path) }
      #expect(error?.code == .notFinite)
      #expect(error?.description.contains("1 of") == true && error?.description.contains(name) == true)
    }
  }

  @Test(arguments: [
    (["vit.embeddings.cls_token", "vit.encoder.layer.0.attention.attention.query.weight"], "vision transformer"),
    (["module.base_encoder.cls_token", "module.base_encoder.blocks.0.attn.qkv.weight"], "vision transformer"),
    (["class_token", "conv_proj.weight", "encoder.layers.encoder_layer_0.ln_1.weight"], "vision transformer"),
    (["stem.0.weight", "stages.0.blocks.0.conv_dw.weight"], "ConvNeXt"),
    (["features.0.weight", "classifier.6.weight"], "VGG"), (["features.0.0.weight"], "MobileNet"),
    (["visual.conv1.weight", "text_projection", "logit_scale"], "CLIP"),
    (["resnet.embedder.embedder.convolution.weight"], "Hugging Face"), (["wte.weight"], "language model"),
    (["0.weight", "3.weight"], "without a ResNet"),
    (["embedding.weight"], "without a ResNet"), ([], "0 arrays"),
  ]) func otherArchitecturesAreNamed(_ names: [String], _ what: String) throws {
    try Fixtures.withFolder { folder in
      let path = try file(folder, Dictionary(uniqueKeysWithValues: names.map { ($0, Tensor([1], [0])) }))
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path, normalization: half) }
      #expect(error?.code == .foreign && error?.description.contains(what) == true, "\(error?.description ?? "")")
    }
  }

  /// timm's names: all but the heads follows from the shapes, and these are 64 wide where no config.json says else.
  @Test func transformersAreRead() throws {
    try Fixtures.withFolder { folder in
      let network = VisionTransformer.Configuration(patch: 4, width: 128, depth: 2, heads: 2)
      let weights = VisionTransformer(network, side: 16).initialWeights(RandomStream(seed: 1))
      let named = Dictionary(uniqueKeysWithValues: weights.map { ("module.base_encoder.\($0)", $1) })
      let path = try file(
        folder, named.merging(["module.base_encoder.head.weight": Tensor([2, 128], repeating: 0)]) { a, _ in a })
      let imported = try EncoderImport(path, normalization: half)
      #expect(imported.side == 16 && imported.seesOneSide && imported.prefix == "module.base_encoder.")
      #expect(imported.encoder(side: 16).configuration.network == .transformer(network))
      #expect(imported.encoder(side: 16).weights == weights)
      #expect(imported.summary.contains("vision transformer, 2 blocks, width 128, 2 heads, patches of 4 px"))

      let missing = try file(folder, named.filter { !$0.key.hasSuffix("blocks.1.norm2.bias") })
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(missing, normalization: half) }
      #expect(error?.description.contains("blocks.1.norm2.bias is missing") == true)

      for count in [1, 1 + 200 * 200] {
        var odd = weights
        odd["pos_embed"] = Tensor([1, count, 128], repeating: 0)
        let path = try file(folder, odd)
        let error = #expect(throws: CheckpointError.self) { try EncoderImport(path, normalization: half) }
        #expect(error?.description.contains("not of 16 to 512") == true)
      }

      // Its own files say what shapes don't.
      var other = network
      (other.heads, other.positions) = (4, .sines)
      let configuration = Encoder.Configuration(network: .transformer(other), side: 16)
      let own = Encoder(configuration, weights: configuration.backbone.initialWeights(RandomStream(seed: 2)))
      let again = try EncoderImport(try write(own, to: folder))
      #expect(again.encoder(side: 16).configuration == configuration && again.encoder(side: 16).weights == own.weights)
    }
  }

  @Test func widerBlocksAreNoPlainResNets() throws {
    try Fixtures.withFolder { folder in
      var weights = ResNet(network).initialWeights(RandomStream(seed: 1))
      weights["layer1.0.conv1.weight"] = Tensor([3, 3, 4, 8], repeating: 0)
      let path = try file(folder, weights)
      let error = #expect(throws: CheckpointError.self) { try EncoderImport(path, normalization: half) }
      #expect(error?.code == .mismatch && error?.description.contains("wide ResNet") == true)
    }
  }

  @Test func whatIsNoFileIsSaidToBeNone() throws {
    try Fixtures.withFolder { folder in
      let path = try write(encoder(), to: folder)
      let none = #expect(throws: CheckpointError.self) { try EncoderImport(folder + "/none.safetensors") }
      #expect(none?.code == .unreadable && none?.description.contains("no such file") == true)
      let inside = #expect(throws: CheckpointError.self) { try EncoderImport(folder) }
      #expect(inside?.description.contains("a folder") == true && inside?.description.contains("give \(path)") == true)
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(throws: CheckpointError.self) { try EncoderImport(folder + "/pipe") }
    }
  }
}

@Suite struct EncoderWarningTests {
  private func warning(_ rows: Int, _ value: (_ row: Int, _ column: Int) -> Float) -> EncoderWarning.Code? {
    Features(width: 8, values: (0..<8 * rows).map { value($0 / 8, $0 % 8) }).warning?.code
  }

  @Test func featuresThatSayNothingAreToldFromGoodOnes() {
    var stream = RandomStream(seed: 2)
    let noise = (0..<800).map { _ in stream.uniform() }
    func good(_ i: Int, _ j: Int) -> Float { noise[8 * i + j] }
    #expect(warning(100, good) == nil)
    #expect(warning(100) { $0 == 7 && $1 == 3 ? .nan : good($0, $1) } == .notFinite)
    #expect(warning(100) { $0 == 99 && $1 == 0 ? -.infinity : good($0, $1) } == .notFinite)
    #expect(warning(100) { $0 == 0 && $1 == 0 ? 1e30 : good($0, $1) } == .notFinite)
    #expect(warning(100) { _, _ in 0 } == .collapsed)
    #expect(warning(100) { 3 + 1e-3 * good($0, $1) } == .collapsed)
    // All but nine of a hundred in one point, or none; with more elsewhere there is something to search among.
    #expect(warning(100) { $0 < 9 ? good($0, $1) : 1 } == .collapsed)
    #expect(warning(100) { $0 < 9 ? good($0, $1) : 0 } == .collapsed)
    #expect(Features(width: 8, values: (0..<800).map { $0 < 72 ? noise[$0] : 0 }).spread > collapseThreshold)
    #expect(warning(100) { $0 < 11 ? good($0, $1) : 0 } == nil)
    #expect(EncoderWarning.Code.notFinite.isFatal && !EncoderWarning.Code.collapsed.isFatal)
  }
}
