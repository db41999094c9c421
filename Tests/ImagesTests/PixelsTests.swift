import Foundation
import Images
import TestSupport
import Testing

/// Pixels in memory and in a file are the same to whoever reads them.
@Suite struct PixelsTests {
  private static func filled(_ storage: PixelStorage) throws -> Pixels {
    let buffer = try PixelBuffer(capacity: 100_000, storage)
    for i in 0..<50 { buffer.append((0..<1000).map { UInt8(truncatingIfNeeded: 7 * i + $0) }) }
    return try buffer.finish()
  }

  @Test func aFileHoldsWhatMemoryHolds() throws {
    try Fixtures.withFolder { folder in
      let memory = try Self.filled(.memory)
      let file = try Self.filled(PixelStorage(mostInMemory: 99_999, folder: folder))
      #expect(!memory.isOnDisk && file.isOnDisk)
      #expect(memory.count == 50_000 && file == memory && Array(file) == Array(memory))
      #expect(file.array(1998..<2003) == memory.array(1998..<2003) && file[49_999] == memory[49_999])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty, "the file has no name")
    }
  }

  @Test func aCopyLeavesTheOriginal() throws {
    try Fixtures.withFolder { folder in
      for storage in [PixelStorage.memory, PixelStorage(mostInMemory: 0, folder: folder)] {
        let pixels = try Self.filled(storage)
        let before = Array(pixels)
        let copy = pixels.replacing([(0, [1, 2, 3]), (4095, [9, 9]), (49_999, [77])])
        var expected = before
        expected.replaceSubrange(0..<3, with: [1, 2, 3])
        expected.replaceSubrange(4095..<4097, with: [9, 9])
        expected[49_999] = 77
        #expect(Array(copy) == expected && Array(pixels) == before)
        #expect(Array(copy.replacing([(1, [0])]))[..<4] == [1, 0, 3, before[3]], "a copy of a copy")
      }
    }
  }

  @Test func aFolderThatIsNotThereIsSaid() throws {
    let error = #expect(throws: PixelStorageError.self) {
      try PixelBuffer(capacity: 10, PixelStorage(mostInMemory: 0, folder: "/nowhere"))
    }
    #expect(error?.description.contains("/nowhere: No such file or directory") == true)
  }
}
