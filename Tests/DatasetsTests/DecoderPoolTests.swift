import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Workers of the built program decode as this process does, and what happens to one costs one image.
@Suite(.serialized) struct DecoderPoolTests {
  private static func png(_ red: UInt8) -> [UInt8] {
    (try? ImageCodec.encodePNG(Image(width: 20, height: 10, red: red))) ?? []
  }

  /// A hundred small images, of which some end with the mark of a fault.
  private static func withImages<T>(faults: Set<Int>, _ body: (Dataset) throws -> T) throws -> T {
    try Fixtures.withFolder { folder in
      for i in 0..<100 {
        let bytes = png(UInt8(i)) + (faults.contains(i) ? Array("FAULT".utf8) : [])
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(100 + i).png"))
      }
      try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/999.png"))
      return try body(try Dataset(Path(folder)))
    }
  }

  @Test func workersGiveTheSameImages() throws {
    for dataset in [Path(Fixtures.path("images")), Path(Fixtures.path("archives/small.zip"))] {
      let dataset = try Dataset(dataset)
      let pool = DecoderPool(program: Execution.bezoarPath)
      let (plain, worked) = (
        try ImageSet(ImageReader(dataset, threads: 2)), try ImageSet(ImageReader(dataset, decoders: pool, threads: 2))
      )
      #expect(plain.pixels == worked.pixels && plain.records == worked.records && plain.side == worked.side)
      #expect(plain.unreadable == worked.unreadable && plain.ignored == worked.ignored)
      #expect(plain.greyShare == worked.greyShare && pool.crashes == 0)
      #expect(pool.summary.contains("resource limits"), "\(pool.summary)")
    }
  }

  @Test(arguments: [("crash", "decoder.crashed"), ("memory", "decoder.crashed"), ("hang", "decoder.timeout")])
  func aFaultCostsItsImage(_ kind: String, _ code: String) throws {
    setenv("BEZOAR_TEST_DECODER", kind, 1)
    defer { unsetenv("BEZOAR_TEST_DECODER") }
    let faults: Set<Int> = kind == "crash" ? [0, 41, 42, 99] : [42]
    try Self.withImages(faults: faults) { dataset in
      let pool = DecoderPool(program: Execution.bezoarPath, patience: 2)
      let set = try ImageSet(ImageReader(dataset, side: 16, decoders: pool, threads: 3))
      #expect(set.count == 100 - faults.count && pool.crashes == faults.count)
      #expect(
        set.records.map(\.path.description) == (0..<100).filter { !faults.contains($0) }.map { "\(100 + $0).png" })
      let lost = set.unreadable.filter { $0.reason.hasPrefix(code) }.map(\.path.description)
      #expect(lost == faults.sorted().map { "\(100 + $0).png" }, "\(set.unreadable.map(\.reason))")
      #expect(set.unreadable.allSatisfy { $0.digest != nil })
    }
  }

  /// A decoder that was taken over can open no file and no connection.
  @Test func workersAreShutIn() throws {
    setenv("BEZOAR_TEST_DECODER", "escape", 1)
    defer { unsetenv("BEZOAR_TEST_DECODER") }
    try Self.withImages(faults: [7]) { dataset in
      let pool = DecoderPool(program: Execution.bezoarPath)
      let set = try ImageSet(ImageReader(dataset, side: 16, decoders: pool, threads: 1))
      guard pool.summary.contains("seccomp") else { return }
      #expect(set.count == 100, "\(set.unreadable.map(\.reason))")
    }
  }

  @Test func manyCrashesEndTheReading() throws {
    setenv("BEZOAR_TEST_DECODER", "crash", 1)
    defer { unsetenv("BEZOAR_TEST_DECODER") }
    try Fixtures.withFolder { folder in
      for i in 0..<260 {
        try Data(Self.png(1) + Array("FAULT".utf8)).write(to: URL(fileURLWithPath: "\(folder)/\(i).png"))
      }
      try Data(Self.png(1)).write(to: URL(fileURLWithPath: "\(folder)/good.png"))
      let run = try Execution(
        Execution.bezoarPath, ["inspect", folder], environment: ["BEZOAR_TEST_DECODER": "crash"])
      #expect(run.code == 2 && run.errors.contains("decoders crashed"), "\(run.errors)")
    }
  }

  @Test func aProgramThatIsNoDecoderIsAReason() throws {
    try Self.withImages(faults: []) { dataset in
      for program in ["/nonexistent", "/bin/true"] {
        let set = try ImageSet(ImageReader(dataset, side: 16, decoders: DecoderPool(program: program), threads: 1))
        #expect(set.count == 0 && set.unreadable.filter { $0.reason.hasPrefix("decoder.not-started") }.count == 100)
      }
    }
  }
}
