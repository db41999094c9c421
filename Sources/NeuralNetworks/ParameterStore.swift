import Tensors

/// Named buffers on a device: a model's parameters, running statistics and optimizer state.
public final class ParameterStore {
  /// The device that holds them.
  public let device: any Device
  private var buffers: [String: any DeviceBuffer] = [:]

  /// Copies arrays to a device.
  public init(_ tensors: [String: Tensor], on device: any Device) {
    self.device = device
    for (name, tensor) in tensors { buffers[name] = device.buffer(tensor) }
  }

  /// Adds zeros for what a program needs and this store lacks, such as optimizer state.
  public func prepare(for program: Program) {
    for state in program.states where buffers[state.name] == nil {
      buffers[state.name] = device.buffer(Tensor(state.shape, repeating: 0))
    }
  }

  /// Adds or replaces an array.
  public func set(_ name: String, _ tensor: Tensor) {
    if let buffer = buffers[name], buffer.shape == tensor.shape {
      buffer.write(tensor)
    } else {
      buffers[name] = device.buffer(tensor)
    }
  }

  /// Runs a program with its states bound by name.
  ///
  /// - Precondition: Every state of the program is in the store.
  public func run(_ executable: any Executable, _ feeds: [Tensor]) -> [Tensor] {
    executable.run(feeds: feeds, state: state(of: executable))
  }

  /// Runs a program many times; see `Executable.run(times:state:feeds:take:)`.
  public func run(
    _ executable: any Executable, times: Int, feeds: (_ i: Int) throws -> [Tensor],
    take: (_ i: Int, _ outputs: [Tensor]) throws -> Void
  ) rethrows {
    try executable.run(times: times, state: state(of: executable), feeds: feeds, take: take)
  }

  private func state(of executable: any Executable) -> [any DeviceBuffer] {
    executable.program.states.map { state in
      guard let buffer = buffers[state.name] else { preconditionFailure("no array named \(state.name)") }
      return buffer
    }
  }

  /// Copies everything to the host.
  public func read() -> [String: Tensor] { buffers.mapValues { $0.read() } }
}
