import CPJRT
import Foundation
import StableHLO
import Tensors

/// A device behind a PJRT plugin: the same programs as StableHLO, compiled by the plugin.
///
/// What cannot go on (out of memory, a lost device) ends the process with code 2 and the plugin's words: a run folder holds all
/// that is needed to go on, on this device or another.
public final class PJRTDevice: Device, @unchecked Sendable {
  let plugin: PJRTPlugin
  let client: UnsafeMutableRawPointer
  let device: UnsafeMutableRawPointer
  /// Platform, kind, interface and precision, such as `pjrt:cuda, NVIDIA H200, PJRT 0.115, float32`.
  public let name: String
  /// Such as `Tesla V100-SXM2-16GB`.
  let kind: String
  /// What the plugin says about itself, such as the CUDA version.
  public let platformVersion: String
  /// How exact convolutions are.
  public let precision: StableHLO.Precision

  private let cache = ExecutableCache()
  /// What a cached executable depends on beside its program.
  private let identity: [String]

  /// Opens a plugin and takes its first device.
  ///
  /// - Throws: ``PJRTError`` if there is none.
  public init(plugin path: String, precision: StableHLO.Precision = .float32) throws(PJRTError) {
    plugin = try PJRTPlugin(path: path)
    self.precision = precision
    var create = bz_pjrt_client_create()
    try plugin.call(BZ_PJRT_CLIENT_CREATE, &create)
    guard let client = create.client else { throw PJRTError(description: "\(path) made no client") }
    self.client = client
    var devices = bz_pjrt_devices()
    devices.client = client
    try plugin.call(BZ_PJRT_CLIENT_ADDRESSABLE_DEVICES, &devices)
    guard devices.count > 0, let first = devices.devices?[0] else {
      throw PJRTError(description: "\(path) has no device on this machine")
    }
    device = first
    let platform = try plugin.text(BZ_PJRT_CLIENT_PLATFORM_NAME, of: client)
    platformVersion = try plugin.text(BZ_PJRT_CLIENT_PLATFORM_VERSION, of: client)
    let description = try plugin.part(BZ_PJRT_DEVICE_DESCRIPTION, of: first)
    kind = try plugin.text(BZ_PJRT_DESCRIPTION_KIND, of: description)
    name = "pjrt:\(platform), \(kind), PJRT \(plugin.version.major).\(plugin.version.minor), \(precision.rawValue)"
    var file = stat()
    stat(path, &file)
    // Executables of the CPU are for the processor that they were compiled on.
    identity = [
      "1", platformVersion, kind, "\(plugin.version)", "\(file.st_size)", "\(file.st_mtim.tv_sec)",
      ProcessInfo.processInfo.hostName,
    ]
  }

  deinit { try? plugin.call(BZ_PJRT_CLIENT_DESTROY, on: client) }

  /// Bytes in use on the device and its limit; nil where the plugin does not say.
  public var memory: (inUse: Int, limit: Int?)? {
    var memory = bz_pjrt_memory()
    memory.device = device
    guard (try? plugin.call(BZ_PJRT_DEVICE_MEMORY_STATS, &memory)) != nil else { return nil }
    return (Int(memory.in_use), memory.has_limit ? Int(memory.limit) : nil)
  }

  public var isApart: Bool { true }

  public func buffer(_ tensor: Tensor) -> any DeviceBuffer {
    attempt("copying \(tensor.shape) to the device") { () throws(PJRTError) in try PJRTBuffer(tensor, on: self) }
  }

  public func compile(_ program: Program) -> any Executable {
    attempt("compiling") { () throws(PJRTError) in try PJRTExecutable(program, on: self) }
  }

  /// Compiles a module, or takes it from the cache.
  ///
  /// - Throws: ``PJRTError`` in the words of the plugin's compiler.
  func executable(_ module: String) throws(PJRTError) -> UnsafeMutableRawPointer {
    let key = ExecutableCache.key(identity + [module])
    if let cache, let bytes = cache.read(key), let executable = load(bytes) { return executable }
    let executable = try compile(module)
    if let cache, let bytes = try? serialized(executable) { cache.write(bytes, key) }
    return executable
  }

  /// What was serialised; nil if the plugin does not take it.
  private func load(_ bytes: [UInt8]) -> UnsafeMutableRawPointer? {
    bytes.withUnsafeBytes { raw in
      var arguments = bz_pjrt_load()
      arguments.client = client
      arguments.bytes = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
      arguments.size = raw.count
      guard (try? plugin.call(BZ_PJRT_EXECUTABLE_LOAD, &arguments)) != nil else { return nil }
      return arguments.executable
    }
  }

  private func serialized(_ loaded: UnsafeMutableRawPointer) throws(PJRTError) -> [UInt8] {
    let executable = try plugin.part(BZ_PJRT_LOADED_EXECUTABLE, of: loaded)
    defer { try? plugin.call(BZ_PJRT_EXECUTABLE_DESTROY, on: executable) }
    var arguments = bz_pjrt_serialize()
    arguments.executable = UnsafeRawPointer(executable)
    try plugin.call(BZ_PJRT_EXECUTABLE_SERIALIZE, &arguments)
    defer { arguments.deleter?(arguments.owner) }
    return Array(UnsafeRawBufferPointer(start: arguments.bytes, count: arguments.size))
  }

  /// Compiles a module.
  private func compile(_ module: String) throws(PJRTError) -> UnsafeMutableRawPointer {
    // A CompileOptionsProto with executable_build_options (field 3) of one replica (4) and one partition (5).
    let options: [CChar] = [0x1A, 4, 0x20, 1, 0x28, 1]
    var code = module.utf8.map { CChar(bitPattern: $0) }
    let format = "mlir".utf8.map { CChar(bitPattern: $0) }
    let result: Result<UnsafeMutableRawPointer?, PJRTError> = code.withUnsafeMutableBufferPointer { code in
      format.withUnsafeBufferPointer { format in
        options.withUnsafeBufferPointer { options in
          var program = bz_pjrt_program()
          program.struct_size = MemoryLayout<bz_pjrt_program>.size
          (program.code, program.size) = (code.baseAddress, code.count)
          (program.format, program.format_size) = (format.baseAddress, format.count)
          return withUnsafePointer(to: program) { program in
            var arguments = bz_pjrt_compile()
            (arguments.client, arguments.program) = (client, program)
            (arguments.options, arguments.options_size) = (options.baseAddress, options.count)
            do throws(PJRTError) {
              try plugin.call(BZ_PJRT_CLIENT_COMPILE, &arguments)
              return .success(arguments.executable)
            } catch { return .failure(error) }
          }
        }
      }
    }
    guard let executable = try result.get() else { throw PJRTError(description: "the compiler gave nothing back") }
    return executable
  }

  /// Does what can only fail where nothing can go on.
  func attempt<T>(_ what: String, _ body: () throws(PJRTError) -> T) -> T {
    do throws(PJRTError) { return try body() } catch {
      let words =
        memory.map { "; \($0.inUse >> 20) MiB in use\($0.limit.map { " of \($0 >> 20)" } ?? "") on \(kind)" } ?? ""
      FileHandle.standardError.write(
        Data(
          "bezoar: \(name) failed at \(what): \(error)\(words); the same command goes on where it stopped, with --device cpu too\n"
            .utf8))
      exit(2)
    }
  }
}

/// A tensor on the device; an executable that updates it puts its result in its place.
final class PJRTBuffer: DeviceBuffer {
  let shape: Shape
  let device: PJRTDevice
  var handle: UnsafeMutableRawPointer?

  init(_ tensor: Tensor, on device: PJRTDevice) throws(PJRTError) {
    (shape, self.device) = (tensor.shape, device)
    handle = try Self.upload(tensor, device)
  }

  /// Takes over what the plugin made.
  init(_ handle: UnsafeMutableRawPointer?, _ shape: Shape, on device: PJRTDevice) {
    (self.handle, self.shape, self.device) = (handle, shape, device)
  }

  deinit { Self.free(handle, device) }

  static func free(_ handle: UnsafeMutableRawPointer?, _ device: PJRTDevice) {
    if let handle { try? device.plugin.call(BZ_PJRT_BUFFER_DESTROY, on: handle) }
  }

  func read() -> Tensor {
    device.attempt("reading \(shape) from the device") { () throws(PJRTError) in try download() }
  }

  func write(_ tensor: Tensor) {
    precondition(tensor.shape == shape, "writing \(tensor.shape) into a buffer of \(shape)")
    let fresh = device.attempt("copying \(shape) to the device") { () throws(PJRTError) in
      try Self.upload(tensor, device)
    }
    Self.free(handle, device)
    handle = fresh
  }

  static func upload(_ tensor: Tensor, _ device: PJRTDevice) throws(PJRTError) -> UnsafeMutableRawPointer? {
    let dimensions = tensor.shape.extents.map(Int64.init)
    let result: Result<UnsafeMutableRawPointer?, PJRTError> = tensor.scalars.withUnsafeBytes { data in
      dimensions.withUnsafeBufferPointer { dimensions in
        var arguments = bz_pjrt_from_host()
        (arguments.client, arguments.device) = (device.client, device.device)
        arguments.data = data.baseAddress
        arguments.type = Int32(BZ_PJRT_F32)
        (arguments.dimensions, arguments.rank) = (dimensions.baseAddress, dimensions.count)
        arguments.semantics = Int32(BZ_PJRT_ONLY_DURING_CALL)
        do throws(PJRTError) {
          try device.plugin.call(BZ_PJRT_CLIENT_BUFFER_FROM_HOST, &arguments)
          try device.plugin.call(BZ_PJRT_EVENT_DESTROY, on: arguments.done)
          return .success(arguments.buffer)
        } catch { return .failure(error) }
      }
    }
    return try result.get()
  }

  private func download() throws(PJRTError) -> Tensor {
    var failure: PJRTError?
    let scalars = [Float](unsafeUninitializedCapacity: shape.count) { target, count in
      target.initialize(repeating: 0)
      count = shape.count
      var arguments = bz_pjrt_to_host()
      (arguments.buffer, arguments.target) = (handle, UnsafeMutableRawPointer(target.baseAddress))
      arguments.size = shape.count * MemoryLayout<Float>.size
      do throws(PJRTError) {
        try device.plugin.call(BZ_PJRT_BUFFER_TO_HOST, &arguments)
        try device.plugin.await(arguments.event)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return Tensor(shape, scalars)
  }
}

/// A program that a plugin has compiled.
final class PJRTExecutable: Executable {
  let program: Program
  /// Unknown: the plugin plans its memory by itself.
  let arenaBytes = 0
  private let device: PJRTDevice
  private let handle: UnsafeMutableRawPointer

  init(_ program: Program, on device: PJRTDevice) throws(PJRTError) {
    (self.program, self.device) = (program, device)
    handle = try device.executable(StableHLO.module(program, precision: device.precision))
  }

  deinit { try? device.plugin.call(BZ_PJRT_LOADED_DESTROY, on: handle) }

  func run(feeds: [Tensor], state: [any DeviceBuffer]) -> [Tensor] { begin(feeds: feeds, state: state)() }

  func begin(feeds: [Tensor], state: [any DeviceBuffer]) -> () -> [Tensor] {
    let outputs = device.attempt("running a step") { () throws(PJRTError) in try execute(feeds, state) }
    return { outputs.map { $0.read() } }
  }

  /// Sends what is needed; the plugin orders it all by itself.
  ///
  /// - Returns: Outputs, which may not be there yet.
  private func execute(_ feeds: [Tensor], _ state: [any DeviceBuffer]) throws(PJRTError) -> [PJRTBuffer] {
    precondition(feeds.count == program.feeds.count && state.count == program.states.count, "wrong number of inputs")
    let held = state.map { buffer -> PJRTBuffer in
      guard let own = buffer as? PJRTBuffer else { preconditionFailure("state on another device") }
      return own
    }
    var (nextFeed, nextState) = (feeds.makeIterator(), held.makeIterator())
    var arguments: [UnsafeMutableRawPointer?] = []
    var uploaded: [UnsafeMutableRawPointer?] = []
    defer { for buffer in uploaded { PJRTBuffer.free(buffer, device) } }
    var slots: [PJRTBuffer?] = []
    for input in program.inputs {
      if input.isState {
        guard let buffer = nextState.next(), buffer.shape == input.shape else {
          preconditionFailure("state \(input.name): needs \(input.shape)")
        }
        arguments.append(buffer.handle)
        slots.append(buffer)
      } else {
        guard let tensor = nextFeed.next(), tensor.shape == input.shape else {
          preconditionFailure("feed \(input.name): needs \(input.shape)")
        }
        let buffer = try PJRTBuffer.upload(tensor, device)
        uploaded.append(buffer)
        arguments.append(buffer)
        slots.append(nil)
      }
    }
    let results = try launch(arguments)
    let nodes = program.graph.nodes
    // Updated states were donated: their results take their place.
    for (k, update) in program.updates.enumerated() {
      guard let buffer = slots[update.input] else { continue }
      PJRTBuffer.free(buffer.handle, device)
      buffer.handle = results[program.outputs.count + k]
    }
    return zip(results, program.outputs).map { PJRTBuffer($0, nodes[$1].shape, on: device) }
  }

  private func launch(_ arguments: [UnsafeMutableRawPointer?]) throws(PJRTError) -> [UnsafeMutableRawPointer?] {
    var results = [UnsafeMutableRawPointer?](
      repeating: nil, count: program.outputs.count + program.updates.count)
    let failure: PJRTError? = arguments.withUnsafeBufferPointer { arguments in
      results.withUnsafeMutableBufferPointer { results in
        var options = bz_pjrt_execute_options()
        options.struct_size = MemoryLayout<bz_pjrt_execute_options>.size
        return withUnsafeMutablePointer(to: &options) { options in
          withUnsafePointer(to: arguments.baseAddress) { lists in
            withUnsafePointer(to: results.baseAddress) { targets in
              var call = bz_pjrt_execute()
              (call.executable, call.options) = (handle, options)
              (call.arguments, call.device_count, call.argument_count) = (lists, 1, arguments.count)
              call.results = targets
              do throws(PJRTError) {
                try device.plugin.call(BZ_PJRT_LOADED_EXECUTE, &call)
                return nil
              } catch { return error }
            }
          }
        }
      }
    }
    if let failure { throw failure }
    return results
  }
}
