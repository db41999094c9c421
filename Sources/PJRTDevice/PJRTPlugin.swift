import CPJRT
import Foundation

/// Something that a plugin, or the search for one, has refused.
public struct PJRTError: Error, Sendable, CustomStringConvertible {
  /// What happened, in the plugin's own words where it has some, and what to do next.
  public let description: String
}

/// A PJRT plugin: a shared library that exports `GetPjrtApi`, opened at run time.
///
/// - Source: the public header xla/pjrt/c/pjrt_c_api.h.
final class PJRTPlugin: @unchecked Sendable {
  let path: String
  /// Version of the interface.
  let version: (major: Int, minor: Int)
  private let api: UnsafePointer<bz_pjrt_api>

  /// The oldest minor version whose functions are all there.
  static let oldestMinor = 33

  /// Opens and initialises a plugin, which stays loaded until the process ends.
  ///
  /// - Throws: ``PJRTError`` if the file is none, or one of another major or an older version.
  init(path: String) throws(PJRTError) {
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw PJRTError(description: "cannot load the plugin \(path): \(String(cString: dlerror()))")
    }
    guard let symbol = dlsym(library, "GetPjrtApi"), let api = bz_pjrt_enter(symbol) else {
      throw PJRTError(description: "\(path) is no PJRT plugin: it does not export GetPjrtApi")
    }
    let own = MemoryLayout<bz_pjrt_api>.size
    let (major, minor) = (Int(api.pointee.version.major), Int(api.pointee.version.minor))
    guard major == 0, minor >= Self.oldestMinor, api.pointee.struct_size >= own else {
      throw PJRTError(
        description:
          "\(path) has PJRT \(major).\(minor) (\(api.pointee.struct_size) bytes); this program needs 0.\(Self.oldestMinor) or a later 0.x (\(own) bytes): install another version of the plugin"
      )
    }
    (self.path, self.api, version) = (path, api, (major, minor))
    var nothing = bz_pjrt_nothing()
    try call(BZ_PJRT_PLUGIN_INITIALIZE, &nothing)
  }

  /// Calls a function with its arguments, whose size is filled in.
  ///
  /// - Throws: ``PJRTError`` in the plugin's words.
  func call<T>(_ function: Int, _ arguments: inout T) throws(PJRTError) {
    let error = withUnsafeMutableBytes(of: &arguments) { raw in
      raw.storeBytes(of: MemoryLayout<T>.size, as: Int.self)
      return bz_pjrt_call(api, Int32(function), raw.baseAddress)
    }
    guard let error else { return }
    var text = bz_pjrt_text()
    text.struct_size = MemoryLayout<bz_pjrt_text>.size
    text.object = UnsafeRawPointer(error)
    _ = bz_pjrt_call(api, Int32(BZ_PJRT_ERROR_MESSAGE), &text)
    let message = Self.string(text.text, text.size)
    var object = bz_pjrt_object()
    object.struct_size = MemoryLayout<bz_pjrt_object>.size
    object.object = UnsafeMutableRawPointer(error)
    _ = bz_pjrt_call(api, Int32(BZ_PJRT_ERROR_DESTROY), &object)
    throw PJRTError(description: message)
  }

  /// Calls a function that takes one object: destroys or awaits it.
  func call(_ function: Int, on object: UnsafeMutableRawPointer?) throws(PJRTError) {
    var arguments = bz_pjrt_object()
    arguments.object = object
    try call(function, &arguments)
  }

  /// Asks an object for a text.
  func text(_ function: Int, of object: UnsafeMutableRawPointer?) throws(PJRTError) -> String {
    var arguments = bz_pjrt_text()
    arguments.object = UnsafeRawPointer(object)
    try call(function, &arguments)
    return Self.string(arguments.text, arguments.size)
  }

  /// Asks an object for another one.
  func part(_ function: Int, of object: UnsafeMutableRawPointer?) throws(PJRTError) -> UnsafeMutableRawPointer? {
    var arguments = bz_pjrt_part()
    arguments.object = object
    try call(function, &arguments)
    return arguments.result
  }

  /// Waits for an event and frees it.
  func await(_ event: UnsafeMutableRawPointer?) throws(PJRTError) {
    guard let event else { return }
    defer { try? call(BZ_PJRT_EVENT_DESTROY, on: event) }
    try call(BZ_PJRT_EVENT_AWAIT, on: event)
  }

  static func string(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
  }
}
