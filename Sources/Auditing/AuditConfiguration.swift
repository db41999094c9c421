import Contrastive
import Detection
import Foundation
import NeuralNetworks
import Tensors

/// Everything that decides what an audit computes; dumped whole into every result.
public struct AuditConfiguration: Codable, Hashable, Sendable {
  /// Encoders trained on the kept list; the first one asked for is the one to use.
  public enum Retraining: String, Codable, Hashable, Sendable, CaseIterable {
    case advcl
    /// The scan recipe again.
    case plain
    /// Distilled from the scan encoder, on trusted images if there are any.
    case compress, simreg

    /// What distils; nil for the others.
    var distillation: (any Objective)? {
      Objectives.distillations.contains { $0.name == rawValue } ? Objectives.named(rawValue) : nil
    }
  }

  /// What encoders are retrained on.
  public enum RetrainingImages: String, Codable, Hashable, Sendable {
    case kept
    /// Also what the filter removed: measures what a defence does by itself.
    case all
  }

  /// How encoders are measured.
  public struct Evaluation: Codable, Hashable, Sendable {
    /// Share of the labelled evaluation images that the linear probe is fitted to; (0, 1).
    public var probeShare = 1.0 / 3
    /// Images that robust accuracy is measured on, at most.
    public var robustImages = 500
    /// The attack on the probe.
    public var attack = ProjectedGradientDescent()
    /// True also measures images whose most telling window is painted over, see ``ImageBlocking``.
    public var blocking = false
    /// Images held out for the label-free flip rate, at most.
    public var flipRateImages = 512
  }

  public var version = 1
  public var seed: UInt64 = 0
  /// Side in pixels that images are resized to; nil takes that of a given encoder's `config.json`, or chooses 32, 64, 96 or 224
  /// from the data, of which encoders that are trained on the CPU see 96 at most.
  public var imageSize: Int?
  /// Longer side in pixels to which photographs are reduced where they are looked at in their own size.
  public var nativeSize = 1024
  /// none, folders, or a label file. They measure encoders, and train those of users' own recipe where its objective takes labels.
  public var labels = "none"
  /// Network of the scan and plain encoders; the search encoder differs in its pooling (`search.pooling`), AdvCL takes the same with three batch-norm branches.
  public var network = BackboneConfiguration.named[0].configuration
  public var scan = ContrastiveConfiguration()
  /// A safetensors file with an encoder to search instead of training one; nil trains one.
  public var encoder: String?
  /// How that encoder's input is normalised: imagenet, cifar10, half, none, or M,M,M/D,D,D; nil takes what the `config.json`
  /// beside it says.
  public var encoderNormalization: String?
  /// False trains and searches no encoder: only the detectors that need none look.
  public var scans = true
  /// True leaves colour augmentation out where at least half of the images are grey.
  public var adaptAugmentation = true
  public var search = PatchSearch.Configuration()
  public var filter = PoisonFilter.Configuration()
  public var retrain: [Retraining] = [.plain, .advcl]
  public var retrainOn = RetrainingImages.kept
  /// A list of images that the user vouches for, which distillations are trained on; nil takes those of `retrainOn`.
  public var trusted: String?
  public var advcl = AdvCLConfiguration()
  public var evaluation = Evaluation()
  /// Plants a canary as a positive control; without it a verdict says nothing about the detectors' power.
  public var canary = true
  /// Share of unreadable files above which the verdict is inconclusive.
  public var maximumUnreadableShare = 0.05
  /// Images below which the verdict is inconclusive.
  public var minimumImages = 500

  /// The standard preset.
  public init() {}

  /// What is retrained, the one to use first.
  var retrainings: [Retraining] { Retraining.allCases.filter(retrain.contains) }

  /// Takes an objective with its recipe.
  mutating func take(_ objective: any Objective) { scan = scan.with(objective).suiting(network) }

  /// Takes a network; of another kind with the optimizers that go with it.
  ///
  /// - Parameter preset: What AdvCL goes back to.
  mutating func take(_ chosen: BackboneConfiguration, preset: AdvCLConfiguration) {
    let isOther = network.hasFixedSide != chosen.hasFixedSide
    network = chosen
    guard isOther else { return }
    take(scan.objective.objective)
    (advcl.optimizer, advcl.learningRate) =
      chosen.hasFixedSide
      ? (.forTransformers, Optimizer.learningRateForTransformers(batch: advcl.batch))
      : (preset.optimizer, preset.learningRate)
  }

  /// Names of backbones, the first the standard.
  public static var backbones: [String] { BackboneConfiguration.named.map(\.name) }

  /// Names of objectives, the first the standard.
  public static var objectives: [String] { Objectives.names }

  /// Named settings.
  public enum Preset: String, CaseIterable, Sendable {
    /// Seconds: only the detectors that need no training, and no encoder at the end.
    case screen
    /// Minutes on two cores, for a first look and for tests.
    case quick
    /// The default.
    case standard
    /// ResNet-18 at the published lengths, for machines with an accelerator.
    case paper
  }

  /// Returns the settings of a preset.
  public static func preset(_ preset: Preset) -> AuditConfiguration {
    var configuration = AuditConfiguration()
    switch preset {
    case .standard: break
    case .screen:
      configuration.scans = false
      configuration.retrain = []
    case .quick:
      configuration.scan.epochs = 20
      configuration.search.epochFactor = 1
      configuration.filter.classifier.iterations = 200
      configuration.advcl.epochs = 4
      configuration.evaluation.robustImages = 250
    case .paper:
      var network = ResNet.Configuration.resNet18
      network.stem = .small
      configuration.network = .resNet(network)
      configuration.scan.epochs = 200
      configuration.scan.augmentation.blur = 0.5
      configuration.filter.classifier.networks = 5
      configuration.filter.classifier.iterations = 2000
      configuration.search.flipImages = 1000
      configuration.search.batch = configuration.scan.batch
      configuration.search.epochFactor = 1
      configuration.search.viewScale = 1
      configuration.advcl.epochs = 1000
      configuration.advcl.batch = 512
      configuration.advcl.learningRate = 0.5
      configuration.advcl.warmUpEpochs = 10
    }
    return configuration
  }

  /// Everything that cannot work, in words; empty if all is well.
  public func problems() -> [String] {
    var found =
      network.problems(side: imageSize) + scan.problems() + search.problems(side: imageSize) + filter.problems()
      + advcl.problems()
    found += retrain.compactMap(\.distillation).flatMap { scan.with($0).problems() }
    if version != 1 { found.append("configuration version \(version) is not known; this program reads version 1") }
    if let text = encoderNormalization {
      if encoder == nil {
        found.append("an encoder's normalisation needs an encoder; give one with --encoder FILE.safetensors")
      } else if EncoderImport.normalization(text) == nil {
        found.append(
          "the encoder's normalisation must be imagenet, cifar10, half, none or M,M,M/D,D,D, not \(text)")
      }
    }
    if let saliency = search.saliency, saliency.isRollout, encoder == nil, !network.hasFixedSide {
      found.append(
        "\(saliency.rawValue) needs a vision transformer; give --backbone vit-tiny, or leave search.saliency out")
    }
    if scan.objective.objective.needsTeacher {
      found.append("the objective \(scan.objective.name) needs a teacher; give --retrain \(scan.objective.name)")
    }
    if trusted != nil, !retrain.contains(where: { $0.distillation != nil }) {
      found.append("trusted images are for distillations; give --retrain compress or simreg")
    }
    if network.hasFixedSide, scan.viewScale != 1 {
      found.append("a vision transformer sees images of one side: scan.viewScale must be 1, not \(scan.viewScale)")
    }
    if scan.objective.objective.labels == .needed, labels == "none" {
      found.append(
        "the objective \(scan.objective.name) needs labels; give --labels folders or a label file, or another objective"
      )
    }
    if let imageSize, imageSize < 16 || imageSize > 512 {
      found.append("image size must be 16 to 512 pixels, not \(imageSize)")
    }
    if nativeSize < 64 || nativeSize > 4096 {
      found.append("native size must be 64 to 4096 pixels, not \(nativeSize)")
    }
    if !(evaluation.probeShare > 0 && evaluation.probeShare < 1) { found.append("probe share must be in (0, 1)") }
    return found
  }

  /// Reads the encoder that is to be searched; nil if none was given.
  ///
  /// - Throws: ``AuditError`` with code `.usage` that says what the file is, what is expected and what to do.
  public func givenEncoder() throws -> EncoderImport? {
    guard let encoder else { return nil }
    do throws(CheckpointError) {
      return try EncoderImport(encoder, normalization: encoderNormalization.flatMap(EncoderImport.normalization))
    } catch {
      let expected =
        "\n  --encoder takes a safetensors file with the weights of a ResNet under torchvision's names or of a vision transformer under timm's, such as models/clean/model.safetensors of a run folder"
      throw AuditError(.usage, "cannot use the encoder: \(error)\(error.code == .configuration ? "" : expected)")
    }
  }

  /// Side in pixels of what encoders see, at most, where they are trained on the CPU: 224 are five times the pixels.
  static let largestSideOnCPU = 96

  /// Side in pixels of what encoders see of images that are screened at another: the same, if it was asked for, an encoder was given or
  /// the device is an accelerator.
  package func encoderSide(of side: Int, on device: any Device) -> Int {
    scans && imageSize == nil && encoder == nil && !device.isApart ? min(side, Self.largestSideOnCPU) : side
  }

  /// Sorted, stable JSON.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
