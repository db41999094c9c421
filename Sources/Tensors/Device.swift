/// Something that runs programs: the CPU, or what a plugin drives.
public protocol Device: Sendable {
  /// What `--device` and the report call it.
  var name: String { get }
  /// True if it computes beside the processors, which can prepare the next step meanwhile.
  var isApart: Bool { get }
  /// Copies a tensor to the device.
  func buffer(_ tensor: Tensor) -> any DeviceBuffer
  /// Turns a program into something that runs, with all memory planned.
  func compile(_ program: Program) -> any Executable
}

extension Device {
  public var isApart: Bool { false }
}

/// A tensor in a device's memory; executables update it in place.
public protocol DeviceBuffer: AnyObject {
  var shape: Shape { get }
  /// Copies the contents to the host.
  func read() -> Tensor
  /// Replaces the contents.
  ///
  /// - Precondition: Same shape.
  func write(_ tensor: Tensor)
}

/// A compiled program. Not to be run from two threads at once: it owns its scratch memory.
public protocol Executable: AnyObject {
  var program: Program { get }
  /// Bytes of scratch memory, shared by all intermediate values.
  var arenaBytes: Int { get }
  /// Runs the program once.
  ///
  /// - Parameters:
  ///   - feeds: One tensor for each of `program.feeds`, in order.
  ///   - state: One buffer of this device for each of `program.states`, in order; updated in place.
  /// - Returns: One tensor for each output.
  /// - Precondition: Shapes are those of the program.
  func run(feeds: [Tensor], state: [any DeviceBuffer]) -> [Tensor]
  /// Begins a run, which a device that is apart goes on with by itself. Runs follow each other in the order in which they began.
  ///
  /// - Returns: Waits for the outputs; to be called once.
  func begin(feeds: [Tensor], state: [any DeviceBuffer]) -> () -> [Tensor]
}

extension Executable {
  public func begin(feeds: [Tensor], state: [any DeviceBuffer]) -> () -> [Tensor] {
    let outputs = run(feeds: feeds, state: state)
    return { outputs }
  }

  /// Runs many times. While a device that is apart computes one run, the feeds of the next are made and sent, and only then the
  /// outputs awaited.
  ///
  /// - Parameters:
  ///   - feeds: Makes a run's feeds.
  ///   - take: Gets its outputs; in order, at most one run behind `feeds`.
  public func run(
    times: Int, state: [any DeviceBuffer], feeds: (_ i: Int) throws -> [Tensor],
    take: (_ i: Int, _ outputs: [Tensor]) throws -> Void
  ) rethrows {
    var waiting: (() -> [Tensor])?
    for i in 0..<times {
      let next = begin(feeds: try feeds(i), state: state)
      if let waiting { try take(i - 1, waiting()) }
      waiting = next
    }
    if let waiting { try take(times - 1, waiting()) }
  }
}
