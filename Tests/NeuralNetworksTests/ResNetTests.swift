import CPUDevice
import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Conformance
import Tensors
import Testing

@Suite struct ResNetTests {
  private func count(_ configuration: ResNet.Configuration) -> Int {
    ResNet(configuration).parameters.filter { $0.role != .statistic }.reduce(0) { $0 + $1.shape.count }
  }

  /// torchvision's counts without the classifier: 11,689,512 - 513,000 and 25,557,032 - 2,049,000.
  @Test func parameterCountsAreTorchvisions() {
    #expect(count(.resNet18) == 11_176_512)
    #expect(count(.resNet50) == 23_508_032)
  }

  @Test func namesAreTorchvisions() {
    let names = Set(ResNet(.resNet50).parameters.map(\.name))
    for name in [
      "conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias", "layer3.5.conv2.weight",
    ] {
      #expect(names.contains(name))
    }
    #expect(names.count == ResNet(.resNet50).parameters.count)
  }

  @Test(arguments: ResNet.Configuration.Pooling.allCases) func featuresHaveTheStatedWidth(
    _ pooling: ResNet.Configuration.Pooling
  ) {
    let configuration = ResNet.Configuration(width: 4, blocks: [1, 2], pooling: pooling)
    let network = ResNet(configuration)
    let trace = Trace()
    let scope = Scope(trace, network.parameters, mode: .evaluation)
    let result = network(trace.feed("x", [2, 9, 9, 3]), scope)
    #expect(result.features.shape == [2, configuration.featureWidth])
    #expect(result.stages.map(\.shape) == [[2, 9, 9, 4], [2, 5, 5, 8]])
  }

  @Test func networkAgreesWithReferenceInBothModes() {
    let network = ResNet(.init(width: 4, blocks: [1, 1], stemStride: 2))
    let weights = network.initialWeights(RandomStream(seed: 3))
    for mode in [Scope.Mode.training, .evaluation] {
      let trace = Trace()
      let x = trace.feed("x", [3, 8, 8, 3])
      let scope = Scope(trace, network.parameters, mode: mode)
      let program = trace.program(outputs: [network(x, scope).features])
      var stream = RandomStream(seed: 1)
      let input = Tensor([3, 8, 8, 3], (0..<576).map { _ in stream.uniform(-1, 1) })
      let device = CPUDevice(threads: 2)
      let actual = ParameterStore(weights, on: device).run(device.compile(program), [input])[0]
      let inputs = program.inputs.map { ($0.isState ? weights[$0.name]! : input).scalars.map(Double.init) }
      let expected = NaiveReference.run(program, inputs: inputs)[0]
      #expect(worstError(actual.scalars, expected, absolute: 1e-4, relative: 1e-3) <= 1)
    }
  }

  @Test func runningStatisticsMoveTowardTheBatch() {
    let layer = BatchNormalization("bn", 2)
    let trace = Trace()
    let scope = Scope(trace, layer.parameters, mode: .training)
    let y = layer(trace.feed("x", [4, 2]), scope)
    scope.commitStatistics()
    let device = CPUDevice(threads: 1)
    let store = ParameterStore(layer.initialWeights(RandomStream(seed: 0)), on: device)
    _ = store.run(device.compile(trace.program(outputs: [y])), [Tensor([4, 2], [1, 0, 2, 0, 3, 0, 4, 8])])
    let after = store.read()
    // Means 2.5 and 2; unbiased variances 5/3 and 16; rate 0.1.
    #expect(zip(after["bn.running_mean"]!.scalars, [0.25, 0.2]).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(after["bn.running_var"]!.scalars, [0.9 + 0.1 * 5 / 3, 2.5]).allSatisfy { abs($0 - Float($1)) < 1e-5 })
  }
}
