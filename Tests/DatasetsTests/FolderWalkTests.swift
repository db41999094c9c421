import Foundation
import Images
import TestSupport
import Testing

import Datasets

@Suite struct FolderWalkTests {
  /// A folder `in` with an image in `in/a`, links to it, to folders, in circles and out, and what lies outside.
  private func withLinks(_ body: (String) throws -> Void) throws {
    try Fixtures.withFolder { folder in
      for name in ["in/a", "in/b", "out"] {
        try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
      }
      let png = try ImageCodec.encodePNG(Image(width: 8, height: 8, red: 1))
      for name in ["in/a/1.png", "out/2.png"] { try Data(png).write(to: URL(fileURLWithPath: folder + "/" + name)) }
      for (name, target) in [
        ("b/file.png", "../a/1.png"), ("b/folder", "../a"), ("b/again", "../a"), ("b/up", ".."), ("b/self", "self"),
        ("b/nothing.png", "nowhere"), ("b/out.png", "../../out/2.png"), ("b/outside", "../../out"),
      ] { #expect(symlink(target, folder + "/in/" + name) == 0) }
      #expect(mkfifo(folder + "/in/pipe.png", 0o600) == 0)
      try body(folder + "/in")
    }
  }

  private func read(_ folder: String, _ links: Dataset.Links) throws -> (
    read: Set<String>, lost: [String: String], set: ImageSet
  ) {
    let set = try ImageSet(ImageReader(try Dataset(Path(folder), links: links), threads: 1))
    let lost = Dictionary(
      uniqueKeysWithValues: set.unreadable.map { ($0.path.description, String($0.reason.prefix { $0 != ":" })) })
    return (Set(set.records.map(\.path.description)), lost, set)
  }

  /// What is not followed counts as not read, and a folder behind a link may hold anything.
  @Test func linksThatAreNotFollowedAreCounted() throws {
    try withLinks { folder in
      let (names, lost, set) = try read(folder, .none)
      #expect(names == ["a/1.png"] && set.ignored.isEmpty)
      #expect(lost["pipe.png"] == "file.special")
      #expect(lost.count == 9 && lost.values.filter { $0 == "link.not-followed" }.count == 8)
      #expect(
        Set(set.unreadable.filter(\.holdsMany).map(\.path.description)) == ["b/folder", "b/again", "b/up", "b/outside"])
      #expect(set.unreadShare == 1)
    }
  }

  @Test func linksAreFollowedInsideOrAnywhere() throws {
    try withLinks { folder in
      let (names, lost, _) = try read(folder, .inside)
      // Each folder once through a link, so that circles end.
      #expect(names.contains("b/file.png") && names.contains("a/1.png"))
      #expect(names.filter { $0.hasSuffix("/1.png") }.count == 2)
      #expect(lost["b/out.png"] == "link.leaves-dataset" && lost["b/outside"] == "link.leaves-dataset")
      #expect(lost["b/nothing.png"] == "link.dangling" && lost["b/self"] == "link.dangling")
      let (all, _, _) = try read(folder, .anywhere)
      #expect(all.isSuperset(of: names) && all.contains("b/out.png") && all.contains("b/outside/2.png"))
    }
  }

  /// A file that becomes a link after it was listed is not read.
  @Test func filesThatBecomeLinksAreNotRead() throws {
    try withLinks { folder in
      let dataset = try Dataset(Path(folder))
      try FileManager.default.removeItem(atPath: folder + "/a/1.png")
      #expect(symlink("../../out/2.png", folder + "/a/1.png") == 0)
      let set = try ImageSet(ImageReader(dataset, threads: 1))
      #expect(set.count == 0 && set.unreadable.contains { $0.path.description == "a/1.png" })
    }
  }

  /// The share that was not read is by number or by bytes, whichever is larger.
  @Test func unreadIsCountedByNumberAndByBytes() throws {
    try Fixtures.withFolder { folder in
      let png = try ImageCodec.encodePNG(Image(width: 8, height: 8, red: 1))
      for i in 0..<9 { try Data(png).write(to: URL(fileURLWithPath: "\(folder)/\(i).png")) }
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/blob"))
      #expect(try read(folder, .none).set.unreadShare == 0.1)
      try Data([UInt8](repeating: 1, count: 27 * png.count)).write(to: URL(fileURLWithPath: folder + "/blob"))
      #expect(try read(folder, .none).set.unreadShare == 0.75)
      try Data("PK\u{3}\u{4}".utf8).write(to: URL(fileURLWithPath: folder + "/a.zip"))
      #expect(try read(folder, .none).set.unreadShare == 1)
    }
  }
}
