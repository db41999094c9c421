import Foundation
import StableHLO

/// Finds plugins where they are installed.
public enum PJRTPlugins {
  /// A plugin that lies on this machine, and what kind of device it is for.
  public struct Found: Sendable, Equatable {
    /// `cuda`, `rocm`, `oneapi`, `tpu` or `cpu`; empty if its name does not say.
    public let kind: String
    public let path: String
  }

  /// Kinds that `auto` tries, in this order.
  public static let accelerators = ["cuda", "rocm", "tpu", "oneapi"]

  /// Plugins named by `BEZOAR_PJRT_PLUGIN`, then those in Python's site-packages, in order of their paths.
  ///
  /// Wheels put them into `jax_plugins/xla_cuda13/xla_cuda_plugin.so`, `libtpu/libtpu.so` and the like. No Python is run.
  public static func find(environment: [String: String] = ProcessInfo.processInfo.environment) -> [Found] {
    var paths = environment["BEZOAR_PJRT_PLUGIN"].map { $0.isEmpty ? [] : [$0] } ?? []
    var roots = ["/usr/lib", "/usr/local/lib"]
    if let home = environment["HOME"] { roots.insert(home + "/.local/lib", at: 0) }
    for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
      if let root = environment[name] { roots.insert(root + "/lib", at: 0) }
    }
    for root in roots {
      for python in names(root) where python.hasPrefix("python3") {
        for packages in ["site-packages", "dist-packages"] { paths += plugins("\(root)/\(python)/\(packages)") }
      }
    }
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }.map { Found(kind: kind(of: $0), path: $0) }
  }

  /// Opens the device that `--device` names.
  ///
  /// - Parameter name: `auto`, one of the kinds, or `pjrt:PATH`.
  /// - Returns: The device; nil if `auto` finds no accelerator.
  /// - Throws: ``PJRTError`` that says where was looked, or why a plugin does not work.
  public static func open(_ name: String, precision: StableHLO.Precision) throws(PJRTError) -> PJRTDevice? {
    if name.hasPrefix("pjrt:") { return try PJRTDevice(plugin: String(name.dropFirst(5)), precision: precision) }
    let found = find()
    if name == "auto" {
      for kind in accelerators {
        for one in found where one.kind == kind {
          if let device = try? PJRTDevice(plugin: one.path, precision: precision) { return device }
        }
      }
      return nil
    }
    guard let one = found.first(where: { $0.kind == name }) else {
      let seen = found.isEmpty ? "no plugin was found" : "found: \(found.map(\.path).joined(separator: ", "))"
      throw PJRTError(
        description:
          "no PJRT plugin for \(name) (\(seen)); install one with pip (jax-cuda13-pjrt, jax-rocm7-pjrt, libtpu), set VIRTUAL_ENV or BEZOAR_PJRT_PLUGIN, or give --device pjrt:PATH"
      )
    }
    return try PJRTDevice(plugin: one.path, precision: precision)
  }

  private static func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Shared libraries with names of plugins, in a package or in a folder of `jax_plugins`.
  private static func plugins(_ packages: String) -> [String] {
    let folders =
      names(packages + "/jax_plugins").map { "\(packages)/jax_plugins/\($0)" }
      + names(packages).filter { $0 == "libtpu" || $0.contains("pjrt") }.map { "\(packages)/\($0)" }
    return folders.flatMap { folder in
      names(folder).filter { $0.hasSuffix(".so") && ($0.contains("plugin") || $0 == "libtpu.so") }
        .map { "\(folder)/\($0)" }
    }
  }

  private static func kind(of path: String) -> String {
    let name = path.lowercased()
    return (accelerators + ["cpu"]).first { name.contains($0) } ?? ""
  }
}
