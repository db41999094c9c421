import CPUDevice
import Conformance
import Foundation
import NeuralNetworks
import Randomness
import Tensors
import Testing

@Suite struct VisionTransformerTests {
  private static let configuration = VisionTransformer.Configuration(patch: 4, width: 16, depth: 2, heads: 2)

  /// One of timm with random weights (`Benchmarks/peers/transformer.py`): its names, its shapes, its features.
  @Test func featuresAreThoseOfTimm() throws {
    struct Expected: Decodable {
      var pixels: [Float]
      var features: [Double]
    }
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appendingPathComponent("transformer.json")))
    let weights = try SafeTensors.decode(
      Data(contentsOf: folder.appendingPathComponent("transformer.safetensors")), path: "transformer.safetensors")
    let network = VisionTransformer(Self.configuration, side: 8)
    try SafeTensors.match(weights, network.parameters, path: "transformer.safetensors")
    let trace = Trace()
    let pixels = trace.feed("pixels", [3, 8, 8, 3])
    let scope = Scope(trace, network.parameters, mode: .evaluation)
    let program = trace.program(outputs: [network(pixels * 4 - 2, scope).features])
    let device = CPUDevice(threads: 2)
    let actual = ParameterStore(weights, on: device).run(
      device.compile(program), [Tensor([3, 8, 8, 3], expected.pixels)])[0]
    #expect(zip(actual.scalars, expected.features).allSatisfy { abs(Double($0) - $1) < 1e-4 })
  }

  /// One map of tokens by tokens a block and head; what a token takes of all of them sums to 1.
  @Test func attentionIsShares() {
    let network = VisionTransformer(Self.configuration, side: 8)
    let trace = Trace()
    let pixels = trace.feed("pixels", [3, 8, 8, 3])
    let attention = network(pixels, Scope(trace, network.parameters, mode: .evaluation)).attention
    #expect(attention.map(\.shape) == [[6, 5, 5], [6, 5, 5]])
    let device = CPUDevice(threads: 1)
    let out = ParameterStore(network.initialWeights(RandomStream(seed: 1)), on: device).run(
      device.compile(trace.program(outputs: attention)),
      [Tensor([3, 8, 8, 3], (0..<576).map { Float($0 % 7) / 7 })])
    for shares in out {
      #expect(shares.scalars.allSatisfy { $0 >= 0 })
      for row in 0..<30 { #expect(abs(shares.scalars[row * 5..<row * 5 + 5].reduce(0, +) - 1) < 1e-5) }
    }
  }

  /// Every parameter moves the features, and by what its derivative says.
  @Test func gradientsAreDifferences() throws {
    let network = VisionTransformer(.init(patch: 2, width: 4, depth: 2, heads: 2), side: 4)
    let trace = Trace()
    let x = trace.feed("x", [2, 4, 4, 3])
    let scope = Scope(trace, network.parameters, mode: .training)
    var stream = RandomStream(seed: 2)
    let mix = trace.constant(Tensor([4], (0..<4).map { _ in stream.uniform(-1, 1) }))
    let loss = (network(x, scope).features * mix).sum()
    let trained = network.parameters.filter { $0.role != .statistic }
    let program = trace.program(
      outputs: [loss] + trace.gradients(of: loss, withRespectTo: trained.map { scope[$0.name] }))
    let inputs = program.inputs.map { input in (0..<input.shape.count).map { _ in Double(stream.uniform(-1, 1)) } }
    let gradients = NaiveReference.run(program, inputs: inputs).dropFirst()
    for (parameter, gradient) in zip(trained, gradients) {
      let slot = try #require(program.inputs.firstIndex { $0.name == parameter.name })
      let k = parameter.shape.count / 2
      func moved(_ by: Double) -> Double {
        var own = inputs
        own[slot][k] += by
        return NaiveReference.run(program, inputs: own)[0][0]
      }
      let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5
      #expect(abs(difference - gradient[k]) < 1e-5 * max(1, abs(difference)), "\(parameter.name)")
    }
    #expect(gradients.allSatisfy { gradient in gradient.contains { abs($0) > 1e-9 } })
  }

  /// What a localiser looks at: maps of patches that the features depend on.
  @Test(arguments: [1, 2, 3]) func featuresDependOnTheMaps(depth: Int) {
    let network = VisionTransformer(.init(patch: 4, width: 8, depth: depth, heads: 2), side: 12)
    let trace = Trace()
    let scope = Scope(trace, network.parameters, mode: .evaluation)
    let result = network(trace.feed("x", [2, 12, 12, 3]), scope)
    #expect(result.stages.map(\.shape) == [[2, 3, 3, 8]] && result.features.shape == [2, 8])
    let gradient = trace.gradients(of: (result.features * result.features).sum(), withRespectTo: result.stages)
    let program = trace.program(outputs: gradient)
    var stream = RandomStream(seed: 3)
    let out = NaiveReference.run(
      program,
      inputs: program.inputs.map { input in (0..<input.shape.count).map { _ in Double(stream.uniform(-1, 1)) } })
    #expect(out[0].contains { abs($0) > 1e-6 })
  }

  @Test func errorFunctionIsThatOfTheLibrary() {
    let values = stride(from: -5.0, through: 5, by: 0.013).map(\.self)
    let trace = Trace()
    let x = trace.feed("x", [values.count])
    let out = NaiveReference.run(trace.program(outputs: [x.errorFunction(), x.gelu()]), inputs: [values])
    #expect(zip(out[0], values).allSatisfy { abs($0 - erf($1)) < 2e-7 })
    #expect(zip(out[1], values).allSatisfy { abs($0 - $1 * (1 + erf($1 / 2.squareRoot())) / 2) < 1e-6 })
  }

  @Test func layersOfEveryRowAreNormalised() {
    let layer = LayerNormalization("norm", 4)
    let trace = Trace()
    let x = trace.feed("x", [2, 4])
    let program = trace.program(outputs: [layer(x, Scope(trace, layer.parameters, mode: .training))])
    let out = NaiveReference.run(program, inputs: [[1, 2, 3, 4, 10, 10, 30, 30], [1, 1, 1, 2], [0, 0, 5, 0]])
    let deviation = 1.25.squareRoot()
    for (own, expected) in zip(
      out[0], [-1.5 / deviation, -0.5 / deviation, 0.5 / deviation + 5, 3 / deviation, -1, -1, 6, 2])
    {
      #expect(abs(own - expected) < 1e-4)
    }
  }

  /// Of the class token nothing; of patches those of both axes, never two alike.
  @Test func sinesTellPlacesApart() throws {
    var configuration = VisionTransformer.Configuration(patch: 4, width: 8, depth: 1, heads: 2)
    configuration.positions = .sines
    let network = VisionTransformer(configuration, side: 12)
    let weights = network.initialWeights(RandomStream(seed: 1))
    let table = try #require(weights["pos_embed"])
    let rows = (0..<10).map { Array(table.scalars[8 * $0..<8 * $0 + 8]) }
    #expect(rows[0].allSatisfy { $0 == 0 } && Set(rows).count == 10)
    // Patch (x 2, y 1): sines and cosines of 2 / 1 and 2 / 100, then of 1 and 1 / 100.
    let angles: [[Double]] = [[2, 0.02], [1, 0.01]]
    let expected = angles.flatMap { axis in axis.map { sin($0) } + axis.map { cos($0) } }
    #expect(zip(rows[1 + 3 + 2], expected).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    #expect(network.parameters.first { $0.name == "pos_embed" }?.role == .statistic)
  }

  @Test func configurationsComeBackAndSayWhatCannotWork() throws {
    for (_, configuration) in BackboneConfiguration.named {
      let data = try JSONEncoder().encode(configuration)
      #expect(try JSONDecoder().decode(BackboneConfiguration.self, from: data) == configuration)
      #expect(configuration.problems().isEmpty)
    }
    let tiny = BackboneConfiguration.transformer(.init())
    #expect(
      tiny.suiting(side: 32) == .transformer(.init(patch: 4))
        && tiny.suiting(side: 224) == .transformer(.init(patch: 16)))
    #expect(tiny.suiting(side: 32).problems(side: 30).first?.contains("multiple of the patch side 4") == true)
    #expect(BackboneConfiguration.transformer(.init(width: 10, heads: 3)).problems().count == 1)
    #expect(VisionTransformer(.init(patch: 16), side: 224).parameters.reduce(0) { $0 + $1.shape.count } == 5_524_416)
  }
}
