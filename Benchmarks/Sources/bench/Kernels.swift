import CPUDevice
import Randomness
import Tensors

/// Ceilings of the machine, and single ops beside them.
enum Kernels {
  private static func random(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed)
    return Tensor(shape, (0..<shape.count).map { _ in stream.uniform(-1, 1) })
  }

  /// Runs a program of one op; only a part of the result is copied out.
  private static func timed(
    _ name: String, _ shapes: [Shape], operations: Double? = nil, bytes: Double? = nil, on device: CPUDevice,
    _ build: @escaping (Trace, [Value]) -> Value
  ) -> Case {
    Case(name: name, work: 1, unit: "runs/s", operations: operations, bytes: bytes) {
      let values = shapes.enumerated().map { random($1, UInt64($0)) }
      func run(_ device: CPUDevice) -> () -> [Tensor] {
        let trace = Trace()
        let inputs = shapes.enumerated().map { trace.state("x\($0)", $1) }
        let result = build(trace, inputs)
        let executable = device.compile(
          trace.program(outputs: [result.slice(start: 0, count: min(2, result.shape[0]))]))
        let state = values.map { device.buffer($0) }
        return { executable.run(feeds: [], state: state) }
      }
      let own = run(device)
      if operations != nil {
        try check(name, own()[0].scalars, run(CPUDevice(threads: 1, instructions: .portable))()[0].scalars)
      }
      return { _ = own() }
    }
  }

  static func ceilings(on device: CPUDevice) -> [Case] {
    let n = 2048
    let work = 2 * Double(n * n * n)
    let count = 1 << 25
    return [
      timed("ceiling-sgemm-openblas", [[n, n], [n, n]], operations: work, on: device) { _, x in
        x[0].matrixProduct(x[1], transposeLeft: true)
      },
      timed("ceiling-product", [[n, n], [n, n]], operations: work, on: device) { _, x in x[0].matrixProduct(x[1]) },
      timed("ceiling-memory", [[count]], bytes: Double(8 * count), on: device) { _, x in -x[0] },
    ]
  }

  /// Convolutions of the encoders: batch, side, channels in and out, kernel, stride.
  private static let convolutions = [
    (256, 32, 3, 32, 3, 1), (256, 32, 16, 16, 3, 1), (256, 32, 32, 32, 3, 1), (256, 32, 32, 64, 3, 2),
    (256, 16, 64, 64, 3, 1), (256, 8, 128, 128, 3, 1), (64, 4, 512, 512, 3, 1), (32, 224, 3, 64, 7, 2),
    (32, 56, 64, 64, 3, 1), (256, 28, 3, 32, 3, 2), (256, 14, 32, 32, 3, 1), (256, 14, 32, 64, 3, 2),
    (256, 7, 64, 128, 3, 2), (256, 4, 128, 128, 3, 1),
  ]

  static func cases(on device: CPUDevice) -> [Case] {
    convolutions.flatMap { n, side, input, output, k, s -> [Case] in
      let (x, w): (Shape, Shape) = ([n, side, side, input], [k, k, input, output])
      let out = Op.Window(stride: s, padding: k / 2).outputs(side, size: k)
      let y: Shape = [n, out, out, output]
      let operations = 2 * Double(y.count * k * k * input)
      let bytes = 4 * Double(x.count + w.count + y.count)
      let name = "\(n)x\(side)x\(side) \(input)-\(output) k\(k) s\(s)"
      func gradient(of operand: Int) -> (Trace, [Value]) -> Value {
        { trace, values in
          let result = values[0].convolution(values[1], stride: s, padding: k / 2)
          return trace.gradients(of: (result * values[2]).sum(), withRespectTo: [values[operand]])[0]
        }
      }
      var all = [
        timed("conv \(name)", [x, w], operations: operations, bytes: bytes, on: device) {
          $1[0].convolution($1[1], stride: s, padding: k / 2)
        },
        timed("conv-dw \(name)", [x, w, y], operations: operations, bytes: bytes, on: device, gradient(of: 1)),
      ]
      if input > 3 {
        all.append(
          timed("conv-dx \(name)", [x, w, y], operations: operations, bytes: bytes, on: device, gradient(of: 0)))
      }
      return all
    }
  }
}
