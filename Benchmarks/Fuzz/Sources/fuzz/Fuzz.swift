import Auditing
import Contrastive
import Findings
import Foundation
import Images
import NeuralNetworks
import Poisoning
import Reporting

@testable import Datasets

/// What is fuzzed, named by FUZZ_TARGET: every parser of our own, on bytes or on a file that holds them.
private let parsers: [String: @Sendable ([UInt8]) -> Void] = [
  "idx": { dataset([0, 0, 8, 3] + $0, "x.idx") },
  "cifar": { dataset($0 + [UInt8](repeating: 7, count: (3073 - $0.count % 3073) % 3073), "data_batch_1.bin") },
  "list": { dataset($0, "list.txt") },
  "tar": { dataset($0, "x.tar") },
  "zip": { dataset($0, "x.zip") },
  "labels": { bytes in
    let labels = folder + "/labels.txt"
    write(bytes, labels)
    if let dataset = try? Dataset(Path(folder + "/two.txt")) { _ = try? LabelSource(labels).labels(for: dataset) }
  },
  "image": { _ = try? ImageCodec.decode($0) },
  "safetensors": { bytes in
    _ = try? SafeTensors.decode(Data(bytes), path: "x")
    _ = SafeTensors.metadata(Data(bytes))
  },
  "encoder": { bytes in _ = try? Encoder.Configuration.read(Data(bytes), path: "x") },
  "config": { bytes in
    guard let overlay = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
      var layers = standard
    else { return }
    layers.apply(overlay, source: "x")
    _ = try? layers.resolved()
  },
  "ignore": { _ = try? IgnoreList(Data($0), path: "x") },
  "result": { bytes in
    guard let result = try? CanonicalJSON.decode(Data(bytes), path: "x") else { return }
    for format in ReportFormat.allCases { _ = try? format.render(result, folder: "/nonexistent", manifest: "m") }
    _ = Gate.outcome(result, GatePolicy())
  },
  "truth": { _ = try? JSONDecoder().decode(GroundTruth.self, from: Data($0)) },
  "answer": { bytes in
    var at = 0
    while let (_, next) = DecoderPool.answer(bytes, at..<bytes.count, DecodingTask(nativeUpTo: 4)) { at = next }
  },
]

private let folder: String = {
  let path = "/dev/shm/bezoar-fuzz-\(getpid())"
  try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  write(Array("a.png\nb.png\n".utf8), path + "/two.txt")
  return path
}()

private let standard = try? ConfigurationLayers(.standard)

private func write(_ bytes: [UInt8], _ path: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  _ = Foundation.write(descriptor, bytes, bytes.count)
  close(descriptor)
}

private func dataset(_ bytes: [UInt8], _ name: String) {
  let path = folder + "/" + name
  write(bytes, path)
  guard let dataset = try? Dataset(Path(path)) else { return }
  for entry in dataset.entries.prefix(8) { _ = dataset.content(of: entry) }
}

private let chosen = ProcessInfo.processInfo.environment["FUZZ_TARGET"].flatMap { parsers[$0] }

@_silgen_name("LLVMFuzzerRunDriver")
private func run(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The package manager gives executables this name instead of main, which libFuzzer brings otherwise.
@_cdecl("fuzz_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  var (count, arguments) = (count, arguments)
  return run(&count, &arguments) { fuzzOne($0, $1) }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let chosen else {
    print("FUZZ_TARGET has to be one of \(parsers.keys.sorted().joined(separator: ", "))")
    exit(64)
  }
  chosen(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
