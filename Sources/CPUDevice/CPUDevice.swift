import CKernels
import COpenBLAS
import Foundation
import Tensors

/// The CPU as a device: compiles programs into memory plans and runs them on threads.
///
/// OpenBLAS runs matrix products single-threaded inside our own tasks; everything else is
/// `CKernels`. Work is split by shape, never by the number of threads, so results are the same bits
/// for any `threads`.
public struct CPUDevice: Device {
  /// Number of threads a step may use; >= 1.
  public let threads: Int

  private let instructions: InstructionSet
  private let parallel: Parallel

  /// Instruction sets that kernels exist for; a processor without one gets the next lower.
  public enum InstructionSet: Int32, Sendable, CaseIterable { case portable, avx2, avx512 }

  /// Creates the device.
  ///
  /// - Parameters:
  ///   - threads: Number of threads; nil takes one a processor that is online.
  ///   - instructions: Highest instruction set to use.
  public init(threads: Int? = nil, instructions: InstructionSet = .avx512) {
    self.instructions = instructions
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    parallel = Parallel(threads: self.threads)
    openblas_set_num_threads(1)
  }

  /// The device as the report names it.
  public var name: String { "cpu" }

  /// The instruction set whose kernels are used: portable, avx2 or avx512.
  public var instructionSet: String { String(cString: bz_kernels(instructions.rawValue).pointee.name) }

  /// OpenBLAS's own description of its build and the processor it found.
  public static var blas: String {
    "\(String(cString: openblas_get_config()).trimmingCharacters(in: .whitespaces)) (\(String(cString: openblas_get_corename())))"
  }

  /// Copies a tensor into a buffer of this device.
  public func buffer(_ tensor: Tensor) -> any DeviceBuffer { CPUBuffer(tensor) }

  /// Plans memory and execution of a program.
  public func compile(_ program: Program) -> any Executable {
    CPUExecutable(program: program, parallel: parallel, kernels: bz_kernels(instructions.rawValue))
  }
}

/// A tensor in the host's memory at a fixed address.
final class CPUBuffer: DeviceBuffer {
  let shape: Shape
  private let memory: FloatMemory

  var base: UnsafeMutablePointer<Float> { memory.base }

  init(_ tensor: Tensor) {
    shape = tensor.shape
    memory = FloatMemory(shape.count)
    write(tensor)
  }

  func read() -> Tensor { Tensor(shape, memory.array) }

  func write(_ tensor: Tensor) {
    precondition(tensor.shape == shape, "writing \(tensor.shape) into a buffer of \(shape)")
    memory.fill(tensor.scalars)
  }
}

/// Floats at a fixed address, a multiple of 64 bytes.
final class FloatMemory {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// Not initialised.
  init(_ count: Int) {
    self.count = count
    let bytes = (max(count, 1) * MemoryLayout<Float>.stride + 63) / 64 * 64
    guard let memory = aligned_alloc(64, bytes) else { fatalError("out of memory: \(bytes) bytes") }
    base = memory.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }

  deinit { free(base) }

  var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Copies as many values from the start.
  func fill(_ values: [Float]) {
    values.withUnsafeBufferPointer { from in
      if let address = from.baseAddress { base.update(from: address, count: from.count) }
    }
  }
}
