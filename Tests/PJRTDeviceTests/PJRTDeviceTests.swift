import CPUDevice
import Foundation
import PJRTDevice
import StableHLO
import TestSupport
import Conformance
import Tensors
import Testing

private let plugin = ProcessInfo.processInfo.environment["BEZOAR_PJRT_PLUGIN"].flatMap { $0.isEmpty ? nil : $0 }

/// A plugin against the same judges as the CPU's own kernels. `BEZOAR_PJRT_PLUGIN` names it; `make test-pjrt` installs one.
@Suite(.serialized, .enabled(if: plugin != nil)) struct PJRTDeviceTests {
  private static let opened = Result { try PJRTDevice(plugin: plugin ?? "") }

  /// Results and gradients of every op within the limits of ``CPUDevice``.
  @Test(arguments: OpCase.all) func agreesWithReference(_ row: OpCase) throws {
    let device = try Self.opened.get()
    let program = row.program()
    let values = row.values()
    let expected = NaiveReference.run(program, inputs: values.map { $0.scalars.map(Double.init) })
    for (actual, expected) in zip(device.compile(program).run(feeds: values, state: []), expected) {
      #expect(worstError(actual.scalars, expected) <= 1)
    }
  }

  /// A state that is updated stays on the device, and each run sees what the one before left.
  @Test func statesStayOnTheDevice() throws {
    let device = try Self.opened.get()
    let trace = Trace()
    let x = trace.feed("x", [2, 3])
    let (sum, last) = (trace.state("sum", [2, 3]), trace.state("kept", [3]))
    trace.update(sum, to: sum + x * last)
    let executable = device.compile(trace.program(outputs: [(sum - x).sum()]))
    let state = [device.buffer(Tensor([2, 3], repeating: 1)), device.buffer(Tensor([3], [1, 2, 3]))]
    let feed = Tensor([2, 3], [1, 1, 1, 2, 2, 2])
    #expect(executable.run(feeds: [feed], state: state) == [Tensor([], [-3])])
    #expect(executable.run(feeds: [feed], state: state) == [Tensor([], [15])])
    #expect(state[0].read() == Tensor([2, 3], [3, 5, 7, 5, 9, 13]))
    #expect(state[1].read() == Tensor([3], [1, 2, 3]))
    state[1].write(Tensor([3], [0, 0, 0]))
    #expect(executable.run(feeds: [feed], state: state) == [Tensor([], [33])])
    #expect(state[0].read() == Tensor([2, 3], [3, 5, 7, 5, 9, 13]))
  }

  /// What convolutions read and write has 8 bits, so is off by 2^-8 at most, and less on average; everything else is as exact
  /// as in float32.
  @Test(arguments: OpCase.all)
  func bfloat16RoundsConvolutionsAlone(_ row: OpCase) throws {
    guard let path = plugin else { return }
    let device = try PJRTDevice(plugin: path, precision: .bfloat16)
    let program = row.program()
    let values = row.values()
    let expected = NaiveReference.run(program, inputs: values.map { $0.scalars.map(Double.init) })
    let isRounded = row.name.contains("convolution") || row.name.contains("residual block")
    for (actual, expected) in zip(device.compile(program).run(feeds: values, state: []), expected) {
      if !isRounded {
        #expect(worstError(actual.scalars, expected) <= 1)
        continue
      }
      if !row.name.hasPrefix("convolution ") { continue }
      let size = (expected.reduce(0) { $0 + $1 * $1 } / Double(max(expected.count, 1))).squareRoot()
      #expect(worstError(actual.scalars, expected, absolute: 0.03 * max(1, size), relative: 0.01) <= 1)
      if row.scalarCount > 50 && expected.count > 8 { #expect(worstError(actual.scalars, expected) > 1, "rounded") }
    }
  }

  @Test func thePluginSaysWhatItIs() throws {
    let device = try Self.opened.get()
    #expect(device.name.wholeMatch(of: /pjrt:\w+, .+, PJRT 0\.\d+, float32/) != nil, "\(device.name)")
  }
}

/// What is no plugin is refused with words.
@Suite struct PJRTPluginTests {
  @Test func otherFilesAreRefused() throws {
    try Fixtures.withFolder { folder in
      try Data("no library".utf8).write(to: URL(fileURLWithPath: folder + "/text.so"))
      for (path, words) in [
        (folder + "/text.so", "cannot load the plugin"), (folder + "/missing.so", "cannot load the plugin"),
        ("libz.so.1", "does not export GetPjrtApi"),
      ] {
        let error = #expect(throws: PJRTError.self) { try PJRTDevice(plugin: path) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      }
    }
  }
}

@Suite struct ExecutableCacheTests {
  @Test func whatIsDamagedOrOthersMayWriteIsNotUsed() throws {
    try Fixtures.withFolder { folder in
      let cache = try #require(ExecutableCache(environment: ["XDG_CACHE_HOME": folder]))
      let key = ExecutableCache.key(["plugin", "program"])
      #expect(cache.read(key) == nil && key != ExecutableCache.key(["plugin", "programs"]))
      cache.write([1, 2, 3], key)
      #expect(cache.read(key) == [1, 2, 3])
      let path = "\(folder)/bezoar/pjrt/\(key)"
      var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
      bytes[bytes.count - 1] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      #expect(cache.read(key) == nil)
      for i in 0..<ExecutableCache.most + 5 { cache.write([UInt8(i & 255)], ExecutableCache.key(["\(i)"])) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder + "/bezoar/pjrt").count == ExecutableCache.most)
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder + "/bezoar/pjrt")
      #expect(ExecutableCache(environment: ["XDG_CACHE_HOME": folder]) == nil)
      #expect(ExecutableCache(environment: [:]) == nil)
    }
  }

  @Test func pluginsAreFoundWhereWheelsPutThem() throws {
    try Fixtures.withFolder { folder in
      let packages = folder + "/lib/python3.13/site-packages"
      for name in [
        "jax_plugins/xla_cuda13/xla_cuda_plugin.so", "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so", "libtpu/libtpu.so",
        "libtpu/other.so", "numpy/core.so",
      ] {
        let path = "\(packages)/\(name)"
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: path))
      }
      let found = PJRTPlugins.find(environment: ["VIRTUAL_ENV": folder, "BEZOAR_PJRT_PLUGIN": "/own/plugin.so"])
        .filter { $0.path.hasPrefix(folder) || $0.path.hasPrefix("/own") }
      #expect(found.map(\.kind) == ["", "cuda", "cpu", "tpu"])
      #expect(found.first?.path == "/own/plugin.so")
    }
  }
}
