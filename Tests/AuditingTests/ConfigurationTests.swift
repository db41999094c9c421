import Auditing
import CPUDevice
import Contrastive
import Findings
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ConfigurationTests {
  @Test func laterLayersWinAndSayWhereTheyCameFrom() throws {
    var layers = try ConfigurationLayers(.standard)
    layers.set("scan.epochs", to: "7", source: "file")
    layers.set("scan.epochs", to: "9", source: "--set")
    layers.set("search.clusters", to: "40", source: "--set")
    let configuration = try layers.resolved()
    #expect(configuration.scan.epochs == 9 && configuration.search.clusters == 40)
    #expect(layers.sources["scan.epochs"] == "--set")
    #expect(layers.sources["seed"] == "preset standard")
  }

  @Test func choicesWithPayloadAreReplaced() throws {
    var layers = try ConfigurationLayers(.standard)
    layers.set("scan.optimizer", to: #"{"lars":{"momentum":0.9,"weightDecay":0.0001,"trust":0.001}}"#, source: "file")
    #expect(try layers.resolved().scan.optimizer == .lars(momentum: 0.9, weightDecay: 1e-4, trust: 1e-3))
    layers.set("scan.objective", to: #"{"barlow-twins":{"lambda":0.01}}"#, source: "file")
    var expected = BarlowTwins()
    expected.lambda = 0.01
    #expect(try layers.resolved().scan.objective == ChosenObjective(expected))
  }

  @Test func aChosenObjectiveBringsItsRecipe() throws {
    var layers = try ConfigurationLayers(.standard)
    layers.set("scan.learningRate", to: "7", source: "file")
    layers.set("scan.objective", to: "byol", source: "--objective")
    let byol = try layers.resolved().scan
    #expect(byol == AuditConfiguration().scan.with(BYOL()))
    #expect(
      byol.secondAugmentation.solarize == 0.2 && byol.augmentation.solarize == 0
        && layers.sources["scan.learningRate"] == "objective byol")
    // What a layer sets beside the choice stands, and so does what later ones set; of its own settings some may be given.
    layers.apply(
      .object([
        "scan": .object([
          "objective": .object(["isd": .object(["bankRows": .integer(512)])]), "temperature": .number(0.5),
        ])
      ]), source: "file")
    layers.set("scan.objective.isd.target.momentum", to: "0.5", source: "--set")
    let isd = try layers.resolved().scan
    var expected = SimilarityDistillation()
    (expected.bankRows, expected.target) = (512, MomentumTarget(0.5))
    #expect(
      isd.objective == ChosenObjective(expected) && isd.temperature == 0.5 && isd.secondAugmentation == isd.augmentation
    )
    // The first again, as if no other had been chosen.
    layers.set("scan.objective", to: "simclr", source: "--objective")
    #expect(try layers.resolved().scan == AuditConfiguration().scan)
  }

  /// A layer that cannot be read does not stand in the way of a later one that can, and what was printed comes back.
  @Test func choicesReplaceWhatCannotBeRead() throws {
    var layers = try ConfigurationLayers(.paper)
    layers.set("network", to: "vit-huge", source: "file")
    layers.set("network", to: "vit-small", source: "--backbone")
    layers.set("scan.objective", to: "best", source: "file")
    layers.set("scan.objective", to: "isd", source: "--objective")
    let chosen = try layers.resolved()
    #expect(chosen.scan.objective == ChosenObjective(SimilarityDistillation()))
    #expect(chosen.network == .transformer(.init(width: 384, heads: 6)))
    var again = try ConfigurationLayers(.standard)
    again.apply(try JSONDecoder().decode(JSONValue.self, from: chosen.encoded()), source: "file")
    #expect(try again.resolved() == chosen)
    // An objective alone leaves what is AdvCL's.
    var paper = try ConfigurationLayers(.paper)
    paper.set("scan.objective", to: "byol", source: "--objective")
    #expect(try paper.resolved().advcl == AuditConfiguration.preset(.paper).advcl)
  }

  @Test func aChosenBackboneBringsItsOptimizer() throws {
    var layers = try ConfigurationLayers(.standard)
    layers.set("scan.objective", to: "byol", source: "file")
    layers.set("network", to: "vit-tiny", source: "--backbone")
    layers.set("network.depth", to: "4", source: "--set")
    let chosen = try layers.resolved()
    #expect(chosen.network == .transformer(.init(width: 192, depth: 4, heads: 3)))
    #expect(chosen.scan.optimizer == .forTransformers && chosen.scan.learningRate == 5e-4)
    #expect(chosen.advcl.optimizer == .forTransformers && chosen.scan.objective == ChosenObjective(BYOL()))
    layers.set("scan.objective", to: "dcl", source: "--objective")
    #expect(try layers.resolved().scan.optimizer == .forTransformers)
    layers.set("network", to: "resnet18", source: "--backbone")
    let again = try layers.resolved()
    #expect(again.network == .resNet(.resNet18) && again.advcl == AuditConfiguration().advcl)
    #expect(again.scan == AuditConfiguration().scan.with(DecoupledContrast()))
  }

  @Test(arguments: [
    ("network", "vit-huge", "no backbone vit-huge; backbones are resnet-small"),
    ("network", #"{"width":0}"#, "a width of 1 to 4096"),
    ("scan.objective", "best", "one of simclr, moco-v2"), ("scan.objective", "supcon", "needs labels; give --labels"),
    ("scan.objective", #"{"msf":{"neighbours":0}}"#, "neighbours must be 1 to 64, not 0"),
    ("scan.objective", #"{"isd":{"bankRows":0}}"#, "a bank has 1 to 1048576 rows, not 0"),
    ("network.patch", "8", "no setting network.patch"),
    ("scan.objective", #"{"moco-v2":{"bankRows":64}}"#, "must hold a batch of 256 at least, not 64"),
    ("scan.objective", #"{"byol":{"target":{"momentum":1}}}"#, "momentum must be in [0, 1), not 1.0"),
    ("scan.epoch", "7", "did you mean scan.epochs"), ("scan.epochs", "many", "scan.epochs must be"),
    ("scan.epochs", "0", "epochs must be at least 1"), ("imageSize", "7", "image size must be 16"),
    ("search.batch", "4", "batch must be at least 8"), ("search.epochFactor", "0", "epoch factor must be at least 1"),
    ("search.viewScale", "0", "views must be in (0, 1]"),
    ("scan.viewScale", "2", "scale of views must be in (0, 1], not 2"),
    ("filter.families.centres", "[0.8,2]", "at most 1, not [0.8, 2.0]"), ("filter.families.centres", "[]", "above 0"),
    ("retrain", #"["both"]"#, "both"), ("version", "2", "version 2 is not known"),
  ]) func mistakesAreNamed(_ name: String, _ value: String, _ message: String) throws {
    var layers = try ConfigurationLayers(.standard)
    layers.set(name, to: value, source: "--set")
    let error = #expect(throws: AuditError.self) { try layers.resolved() }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.exitCode == 64)
  }

  @Test func everyPresetIsValidAndComesBackFromItsDump() throws {
    for preset in AuditConfiguration.Preset.allCases {
      let configuration = try ConfigurationLayers(preset).resolved()
      #expect(configuration.problems().isEmpty)
      #expect(try JSONDecoder().decode(AuditConfiguration.self, from: configuration.encoded()) == configuration)
    }
  }

  /// On the CPU and where nothing else is asked for.
  @Test func encodersSeeLessOnTheCPU() {
    let cpu = CPUDevice(threads: 1)
    for preset in AuditConfiguration.Preset.allCases {
      var configuration = AuditConfiguration.preset(preset)
      for side in [28, 32, 64, 96] { #expect(configuration.encoderSide(of: side, on: cpu) == side) }
      #expect(configuration.encoderSide(of: 224, on: cpu) == (preset == .screen ? 224 : 96))
      #expect(configuration.encoderSide(of: 224, on: Apart(inner: cpu)) == 224)
      configuration.imageSize = 224
      #expect(configuration.encoderSide(of: 224, on: cpu) == 224)
      (configuration.imageSize, configuration.encoder) = (nil, "model.safetensors")
      #expect(configuration.encoderSide(of: 224, on: cpu) == 224)
    }
  }

  /// The CPU, saying that it computes beside the processors.
  private struct Apart: Device {
    let inner: CPUDevice
    var name: String { "apart" }
    var isApart: Bool { true }
    func buffer(_ tensor: Tensor) -> any DeviceBuffer { inner.buffer(tensor) }
    func compile(_ program: Program) -> any Executable { inner.compile(program) }
  }

  @Test func nearestWordIsNearOrNothing() {
    #expect(nearest("adit", to: ["audit", "gate"]) == "audit")
    #expect(nearest("xyzzy", to: ["audit", "gate"]) == nil)
  }

  @Test(
    arguments: [
      ("1", 1), ("512M", 512 << 20), ("4g", 4 << 30), ("1.5GiB", 3 << 29), ("2TB", 2 << 40), ("64 G", nil),
      ("-1G", nil),
      ("0", nil), ("many", nil), ("9999999T", nil), ("", nil),
    ] as [(String, Int?)])
  func sizesAreReadOrRefused(_ text: String, _ bytes: Int?) { #expect(MemoryBudget(text)?.bytes == bytes) }
}
