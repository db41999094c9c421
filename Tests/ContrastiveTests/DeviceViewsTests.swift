import CPUDevice
import Contrastive
import Images
import NeuralNetworks
import Randomness
import Tensors
import Testing

/// The CPU, taken for a device that computes beside it: steps are prepared ahead and make their views by themselves.
struct ApartDevice: Device {
  let inner = CPUDevice(threads: 1)
  var name: String { inner.name }
  var isApart: Bool { true }
  func buffer(_ tensor: Tensor) -> any DeviceBuffer { inner.buffer(tensor) }
  func compile(_ program: Program) -> any Executable { inner.compile(program) }
}

@Suite struct DeviceViewsTests {
  private func bytes(_ count: Int, side: Int) -> [UInt8] {
    var stream = RandomStream(seed: 9)
    // Smooth enough for neighbours to differ less than black and white.
    return (0..<count * 3 * side * side).map { UInt8((stream.integer(below: 96) + $0 * 7) % 256) }
  }

  /// The same draws give the same pixels, whatever is switched on.
  @Test(arguments: [(28, 28, Float(0.5)), (32, 32, 0), (15, 15, 1), (32, 24, 0.5), (29, 16, 0)])
  func viewsAreThoseOfTheProcessor(side: Int, viewSide: Int, blur: Float) {
    var augmentation = Augmentation()
    (augmentation.blur, augmentation.minimumCrop, augmentation.solarize) = (blur, 0.08, blur)
    let (count, stride, viewStride) = (20, 3 * side * side, 3 * viewSide * viewSide)
    let images = bytes(count, side: side)
    let (stream, pixels) = (RandomStream(seed: 3), Pixels(images))
    var (expected, parameters) = ([Float](repeating: 0, count: 2 * count * viewStride), [Float]())
    for i in 0..<2 * count {
      var own = stream.stream(i)
      augmentation.view(
        pixels, at: i % count * stride, side: side, viewSide: viewSide, &own, into: &expected, at: i * viewStride)
      own = stream.stream(i)
      parameters += augmentation.parameters(side: side, &own)
    }
    let trace = Trace()
    let made = DeviceViews(trace, batch: count, side: side, viewSide: viewSide, augmentation)
    let out = CPUDevice().compile(trace.program(outputs: [made.views, made.pixels])).run(
      feeds: [
        Tensor([count, side, side, 3], images.map(Float.init)),
        Tensor([2 * count, Augmentation.Column.count], parameters),
      ], state: [])
    let worst = zip(out[0].scalars, expected).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-5)
    #expect(zip(out[1].scalars, images).allSatisfy { abs($0 - Float($1) / 255) < 1e-6 })
    // Not all the same: views of one image differ.
    #expect(zip(expected[..<viewStride], expected[(count * viewStride)...]).contains { abs($0 - $1) > 0.05 })
  }

  @Test(arguments: [(32, 8), (28, 7), (15, 20)]) func highFrequenciesAreThoseOfTheProcessor(side: Int, radius: Int) {
    let count = 3
    let images = bytes(count, side: side).map { Float($0) / 255 }
    let trace = Trace()
    let x = trace.feed("x", [count, side, side, 3])
    let program = trace.program(outputs: [DeviceViews.highFrequencies(of: x, radius: radius)])
    let out = CPUDevice().compile(program).run(feeds: [Tensor([count, side, side, 3], images)], state: [])[0].scalars
    let filter = HighPass(side: side, radius: radius)
    let expected = (0..<count).flatMap { filter(images, at: $0 * 3 * side * side) }
    #expect((zip(out, expected).map { abs($0 - $1) }.max() ?? 1) < 1e-5)
    #expect((expected.map(abs).max() ?? 0) > 0.05)
  }

  /// Both trainings, step for step, on a device that makes views and on one that is given them.
  @Test func trainingsAgree() throws {
    let set = try madeSet(32) { colouredImage($0) }
    let encoder = Encoder.Configuration(network: .init(width: 4, blocks: [1, 1], stemStride: 2), side: 16)
    var settings = ContrastiveConfiguration()
    (settings.epochs, settings.batch, settings.learningRate) = (2, 16, 0.05)
    var losses: [[Float]] = []
    for scale: Float in [1, 0.75] {
      settings.viewScale = scale
      let trainer = ContrastiveTrainer(settings, encoder: encoder, stream: RandomStream(seed: 4))
      let plain = try [CPUDevice(), ApartDevice()].map { (device: any Device) in
        try trainer.train(set, on: device, threads: 2, afterEpoch: { _ in }).log.map(\.loss)
      }
      #expect(plain[0].count == 2 && zip(plain[0], plain[1]).allSatisfy { abs($0 - $1) < 1e-3 }, "\(plain)")
      losses.append(plain[0])
    }
    #expect(losses[0] != losses[1])
    var robust = AdvCLConfiguration()
    (robust.epochs, robust.batch, robust.clusters, robust.learningRate) = (2, 16, [2], 0.05)
    let advCL = AdvCLTrainer(robust, encoder: encoder, stream: RandomStream(seed: 4))
    let labels = [(clusters: 2, labels: (0..<32).map { $0 % 2 })]
    let adversarial = try [CPUDevice(), ApartDevice()].map { (device: any Device) in
      try advCL.train(set, pseudoLabels: labels, on: device, threads: 2, afterEpoch: { _ in }).log.map(\.loss)
    }
    #expect(zip(adversarial[0], adversarial[1]).allSatisfy { abs($0 - $1) < 1e-2 }, "\(adversarial)")
  }
}
