// Times kernels, steps and stages; each result is checked before it is timed.
//
//   bench [NAME ...] [--json] [--avx2] [--folder PATH [--side PIXELS]] [--device auto|cuda|rocm|tpu|pjrt:PATH [--precision tf32|bfloat16]]
//
// A name selects the cases that begin with it. --avx2 keeps to AVX2 kernels on a wider processor. With --device whole steps
// run there, checked against the CPU; the other cases stay on the CPU.
import CPUDevice
import Foundation
import PJRTDevice
import StableHLO
import Tensors

var names: [String] = []
var (json, instructions, folder, side) = (false, CPUDevice.InstructionSet.avx512, String?.none, 32)
var (deviceName, precision) = ("cpu", StableHLO.Precision.float32)
var rest = CommandLine.arguments.dropFirst()
while let argument = rest.popFirst() {
  switch argument {
  case "--json": json = true
  case "--avx2": instructions = .avx2
  case "--device": deviceName = rest.popFirst() ?? "auto"
  case "--precision": precision = rest.popFirst().flatMap(StableHLO.Precision.init) ?? .float32
  case "--folder": folder = rest.popFirst()
  case "--side": side = rest.popFirst().flatMap { Int($0) } ?? 32
  default: names.append(argument)
  }
}

let device = CPUDevice(instructions: instructions)
var stepDevice: any Device = device
if deviceName != "cpu" {
  do { stepDevice = try PJRTPlugins.open(deviceName, precision: precision) ?? device } catch {
    FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
    exit(1)
  }
}
let cases =
  Kernels.ceilings(on: device) + Kernels.cases(on: device) + Network.cases(on: stepDevice)
  + Stages.cases(on: device, folder: folder, side: side)
var (compute, memory) = (0.0, 0.0)

func text(_ value: Double) -> String { String(format: value < 100 ? "%.2f" : "%.0f", value) }

if !json {
  print("steps on \(stepDevice.name); \(device.threads) threads, \(device.instructionSet); \(CPUDevice.blas)")
  print("| case | rate | GFLOP/s | of ceiling | GB/s | of ceiling |\n|---|---|---|---|---|---|")
}
for one in cases
where names.isEmpty || names.contains(where: { one.name == $0 || (!json && one.name.hasPrefix($0)) }) {
  let body: () -> Void
  do { body = try one.prepare() } catch {
    FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
    exit(1)
  }
  let seconds = median(one.runs, body)
  if json {
    print("{\"rate\": \(one.work / seconds)}")
    continue
  }
  let (flops, bytes) = (one.operations.map { $0 / seconds * 1e-9 }, one.bytes.map { $0 / seconds * 1e-9 })
  if one.name.hasPrefix("ceiling") {
    compute = max(compute, flops ?? 0)
    memory = max(memory, bytes ?? 0)
  }
  func column(_ value: Double?, _ ceiling: Double) -> String {
    value.map { "\(text($0)) | \(ceiling > 0 ? text(100 * $0 / ceiling) + " %" : "")" } ?? " | "
  }
  print(
    "| \(one.name) | \(text(one.work / seconds)) \(one.unit) | \(column(flops, compute)) | \(column(bytes, memory)) |")
  fflush(nil)
}
