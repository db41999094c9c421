import CSandbox
import Foundation
import Images
#if !SANITIZE_THREAD
  import Synchronization
#endif

/// Decoders in processes of their own, which have given up files, network and most of the kernel: what an image
/// does to a decoder costs that image alone.
///
/// A worker is this program, started again with ``command``; bytes go to it and pixels come back over a socket. One that
/// crashes, hangs or is killed is replaced, and the image it was at is unreadable.
public final class DecoderPool: Sendable {
  /// First argument of a worker.
  public static let command = "decode-worker"
  /// Address space of a worker: a decoded image of the largest size, several times over.
  static let memory: UInt64 = 6 << 30
  /// Crashes after which nothing is decoded any more.
  static let largestNumberOfCrashes = 200

  private let program: String
  /// Seconds without an answer after which a worker is given up.
  private let patience: Double
  private let state = Mutex(State())

  private struct State: Sendable {
    /// Workers that wait, by what they do.
    var idle: [DecodingTask: [Worker]] = [:]
    var started = 0
    var crashes = 0
    /// What all workers could give up.
    var sandbox: Int32 = .max
  }

  /// Used by one thread at a time.
  private final class Worker: @unchecked Sendable {
    let process: pid_t
    let socket: Int32
    /// Kept from one conversation to the next: fresh memory is as dear as decoding a small image.
    var outgoing: [UInt8] = []
    var incoming: [UInt8] = []

    init(process: pid_t, socket: Int32) { (self.process, self.socket) = (process, socket) }
  }

  /// Prepares a pool; workers start when they are needed.
  ///
  /// - Parameter program: An executable that calls ``serve(_:)`` for ``command``.
  public init(program: String, patience: Double = 60) {
    (self.program, self.patience) = (program, patience)
  }

  deinit { for worker in state.withLock({ $0.idle.values.flatMap(\.self) }) { Self.end(worker) } }

  /// Workers that crashed, hung or were killed.
  public var crashes: Int { state.withLock { $0.crashes } }
  /// True if there were so many crashes that the rest was not tried.
  public var isExhausted: Bool { crashes >= Self.largestNumberOfCrashes }

  /// What was achieved, in words.
  public var summary: String {
    let (started, sandbox) = state.withLock { ($0.started, $0.sandbox) }
    guard started > 0 else { return "nothing had to be decoded" }
    let levels = [
      (BEZOAR_SANDBOX_LIMITS, "resource limits"), (BEZOAR_SANDBOX_NO_PRIVILEGES, "no new privileges"),
      (BEZOAR_SANDBOX_LANDLOCK, "Landlock"), (BEZOAR_SANDBOX_SECCOMP, "seccomp"),
    ].filter { sandbox & Int32($0.0) != 0 }.map(\.1)
    return "worker processes with \(levels.isEmpty ? "no restriction" : levels.joined(separator: ", "))"
  }

  /// Decodes and resizes files, in their order.
  ///
  /// Answers come for many files at once, so a crash does not say at which it was: then they are sent one by one.
  func decode(_ files: [[UInt8]], _ task: DecodingTask) -> [Decoding] {
    var done: [Decoding] = []
    done.reserveCapacity(files.count)
    var isCareful = false
    while done.count < files.count {
      if isExhausted {
        done.append(.unreadable("decoder.given-up: \(Self.largestNumberOfCrashes) decoders have crashed"))
        continue
      }
      guard let worker = take(task) else {
        done.append(.unreadable("decoder.not-started: \(String(cString: strerror(errno)))"))
        continue
      }
      let end = isCareful ? done.count + 1 : files.count
      guard let failure = converse(worker, files[done.count..<end], task, &done) else {
        state.withLock { $0.idle[task, default: []].append(worker) }
        continue
      }
      let status = Self.end(worker, waits: failure == .ended)
      let reason =
        failure == .silence ? "decoder.timeout: no answer in \(Int(patience)) s" : Self.words(status)
      if done.count + 1 == end {
        state.withLock { $0.crashes += 1 }
        done.append(.unreadable(reason))
      }
      isCareful = true
    }
    return done
  }

  /// Why a worker has not answered all.
  private enum Failure { case ended, silence }

  /// Sends files and takes answers.
  ///
  /// - Returns: Nil if all were answered.
  private func converse(_ worker: Worker, _ files: ArraySlice<[UInt8]>, _ task: DecodingTask, _ done: inout [Decoding])
    -> Failure?
  {
    worker.outgoing.removeAll(keepingCapacity: true)
    for file in files {
      withUnsafeBytes(of: UInt32(file.count)) { worker.outgoing += $0 }
      worker.outgoing += file
    }
    let wanted = done.count + files.count
    var sent = 0
    var (filled, at) = (0, 0)
    var last = Date()
    while done.count < wanted {
      var event = pollfd(
        fd: worker.socket, events: Int16(sent < worker.outgoing.count ? POLLIN | POLLOUT : POLLIN), revents: 0)
      let ready = poll(&event, 1, 500)
      if ready < 0 && errno != EINTR { return .ended }
      if event.revents & Int16(POLLOUT) != 0 {
        let count = worker.outgoing.withUnsafeBytes { raw in
          raw.baseAddress.map { send(worker.socket, $0 + sent, raw.count - sent, Int32(MSG_NOSIGNAL)) } ?? 0
        }
        if count > 0 { sent += count }
      }
      if event.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
        if worker.incoming.count < filled + Self.chunk {
          worker.incoming += repeatElement(0, count: max(Self.chunk, worker.incoming.count))
        }
        let count = worker.incoming.withUnsafeMutableBytes { raw in
          raw.baseAddress.map { recv(worker.socket, $0 + filled, raw.count - filled, 0) } ?? -1
        }
        if count < 0 && (errno == EAGAIN || errno == EINTR) { continue }
        if count <= 0 { return .ended }
        filled += count
        while done.count < wanted,
          let (answer, next) = Self.answer(worker.incoming, at..<filled, task)
        {
          done.append(answer)
          at = next
          last = Date()
        }
      } else if -last.timeIntervalSinceNow > patience {
        return .silence
      }
    }
    return nil
  }

  /// Bytes that are read at once.
  private static let chunk = 1 << 17

  /// A wait status in words.
  private static func words(_ status: Int32) -> String {
    let signal = status & 0x7F
    return signal == 0
      ? "decoder.ended: exit code \(status >> 8 & 0xFF)" : "decoder.crashed: \(String(cString: strsignal(signal)))"
  }

  /// Ends a worker; one that is ending by itself is given two seconds to.
  ///
  /// - Returns: Its wait status. Its number may be another process's from now on.
  @discardableResult
  private static func end(_ worker: Worker, waits: Bool = false) -> Int32 {
    close(worker.socket)
    var status: Int32 = 0
    for _ in 0..<(waits ? 200 : 0) {
      if waitpid(worker.process, &status, WNOHANG) == worker.process { return status }
      usleep(10_000)
    }
    kill(worker.process, SIGKILL)
    waitpid(worker.process, &status, 0)
    return status
  }

  private func take(_ task: DecodingTask) -> Worker? {
    if let idle = state.withLock({ $0.idle[task]?.popLast() }) { return idle }
    var sockets: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &sockets) == 0 else {
      return nil
    }
    var size: Int32 = 1 << 20
    for socket in sockets { setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, sockets[1], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let words = ["bezoar", Self.command, String(task.side), task.kind.rawValue]
    // No BLAS threads, and nothing of the user's environment but where libraries are.
    var settings = ["OPENBLAS_NUM_THREADS=1", "SWIFT_BACKTRACE=enable=no"]
    for name in ["LD_LIBRARY_PATH", "BEZOAR_TEST_DECODER"] {
      if let value = ProcessInfo.processInfo.environment[name] { settings.append("\(name)=\(value)") }
    }
    var process: pid_t = 0
    let result = Self.withStrings(words) { arguments in
      Self.withStrings(settings) { environment in
        posix_spawn(&process, program, &actions, nil, arguments, environment)
      }
    }
    close(sockets[1])
    guard result == 0 else {
      close(sockets[0])
      errno = result
      return nil
    }
    let worker = Worker(process: process, socket: sockets[0])
    // Its first byte says what it could give up.
    var achieved: UInt8 = 0
    guard recv(worker.socket, &achieved, 1, 0) == 1 else {
      Self.end(worker)
      errno = ECHILD
      return nil
    }
    _ = fcntl(worker.socket, F_SETFL, O_NONBLOCK)
    state.withLock {
      $0.started += 1
      $0.sandbox &= Int32(achieved)
    }
    return worker
  }

  private static func withStrings<T>(_ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
    let copies = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }

  // MARK: answers

  /// Status, then extents, remarks with grey as the highest bit, and pixels, or the length and text of a reason.
  ///
  /// - Returns: Nil if it is not all there. Extents that no image has are a reason why there is none.
  static func answer(_ bytes: [UInt8], _ range: Range<Int>, _ task: DecodingTask) -> (Decoding, next: Int)? {
    let start = range.lowerBound
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    guard range.count >= 9 else { return nil }
    if bytes[start] == 0 {
      let (width, height) = (number(start + 1), number(start + 5))
      // Extents of 32 bits: their product need not fit 64.
      guard width > 0, height > 0, width <= ImageCodec.pixelLimit / height else {
        return (.unreadable("decoder.malformed: an image of \(width)x\(height) pixels"), range.upperBound)
      }
      let end = start + 10 + task.pixelBytes(width: width, height: height)
      guard range.upperBound >= end else { return nil }
      return (
        .image(
          DecodedImage(
            width: width, height: height, isGrey: bytes[start + 9] & 128 != 0,
            remarks: ImageRemarks(rawValue: bytes[start + 9] & 127),
            pixels: Array(bytes[start + 10..<end]))), end
      )
    }
    let length = min(number(start + 1), 4096)
    guard range.count >= 9 + length else { return nil }
    return (.unreadable(String(decoding: bytes[start + 9..<start + 9 + length], as: UTF8.self)), start + 9 + length)
  }

  private static func append(_ decoding: Decoding, to bytes: inout [UInt8]) {
    func add(_ value: Int) { for k in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * k))) } }
    switch decoding {
    case .image(let image):
      bytes.append(0)
      add(image.width)
      add(image.height)
      bytes.append(image.remarks.rawValue | (image.isGrey ? 128 : 0))
      bytes += image.pixels
    case .unreadable(let reason):
      let text = Array(reason.utf8.prefix(4096))
      bytes.append(1)
      add(text.count)
      add(0)
      bytes += text
    }
  }

  /// What a worker does until its input ends: descriptor 0 is the socket.
  ///
  /// - Parameter words: The program's arguments behind ``command``.
  /// - Returns: Its exit code; nil if these are no arguments of a worker.
  public static func serve(_ words: ArraySlice<String>) -> Int32? {
    guard words.count == 2, let side = words.first.flatMap({ Int($0) }), (0...4096).contains(side) else { return nil }
    guard let kind = words.last.flatMap(DecodingTask.Kind.init) else { return nil }
    let task = DecodingTask(side: side, kind: kind)
    let decoder = ImageDecoder()
    // What is looked up once is looked up before the doors close.
    let probe = Image(width: 8, height: 8, red: 1)
    for bytes in [try? ImageCodec.encodePNG(probe), try? ImageCodec.encodeJPEG(probe, quality: 90)] {
      if let bytes { _ = Decoding(bytes, DecodingTask(side: max(side, 4), kind: kind), decoder) }
    }
    _ = Decoding([1, 2, 3], task, decoder)
    let fault = ProcessInfo.processInfo.environment["BEZOAR_TEST_DECODER"]
    var hello = UInt8(truncatingIfNeeded: bezoar_sandbox(memory))
    guard write(0, &hello, 1) == 1 else { return 2 }
    var (input, filled, at) = ([UInt8](repeating: 0, count: 2 * chunk), 0, 0)
    var output: [UInt8] = []
    while true {
      // All that has come is decoded before anything is answered.
      while filled - at >= 4 {
        let count = (0..<4).reduce(0) { $0 | Int(input[at + $1]) << (8 * $1) }
        guard filled - at >= 4 + count else {
          if input.count < at + 4 + count { input += repeatElement(0, count: at + 4 + count - input.count) }
          break
        }
        let file = Array(input[at + 4..<at + 4 + count])
        at += 4 + count
        if let fault { fail(fault, file) }
        append(Decoding(file, task, decoder), to: &output)
      }
      var sent = 0
      while sent < output.count {
        let put = output.withUnsafeBytes { raw in raw.baseAddress.map { write(0, $0 + sent, raw.count - sent) } ?? 0 }
        if put < 0 && errno == EINTR { continue }
        if put <= 0 { return 0 }
        sent += put
      }
      output.removeAll(keepingCapacity: true)
      if at == filled {
        (filled, at) = (0, 0)
      } else if at > 0 {
        input.removeFirst(at)
        input += repeatElement(0, count: at)
        (filled, at) = (filled - at, 0)
      }
      let got = input.withUnsafeMutableBytes { raw in
        raw.baseAddress.map { read(0, $0 + filled, raw.count - filled) } ?? 0
      }
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { return 0 }
      filled += got
    }
  }

  /// A test's seam: stands for a fault of a codec at files that end with a mark.
  private static func fail(_ kind: String, _ bytes: [UInt8]) {
    guard bytes.suffix(5).elementsEqual("FAULT".utf8) else { return }
    switch kind {
    case "crash": raise(SIGSEGV)
    case "hang": while true { usleep(100_000) }
    case "memory":
      var all: [[UInt8]] = []
      while true { all.append([UInt8](unsafeUninitializedCapacity: 1 << 28) { _, _ in }) }
    case "escape":
      if open("/etc/passwd", O_RDONLY) >= 0 || socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0 { raise(SIGTERM) }
    default: break
    }
  }
}
