import CPUDevice
import Foundation
import PJRTDevice
import StableHLO
import TestSupport
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

  @Test func thePluginSaysWhatItIs() throws {
    let device = try Self.opened.get()
    #expect(device.name.hasPrefix("pjrt:") && !device.kind.isEmpty && device.version.hasPrefix("0."))
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
