import Images
import Randomness
import Recurrence
import Testing

@Suite struct ConstellationsTests {
  private func store(_ images: [Image]) -> WindowStore {
    var store = WindowStore()
    for (i, image) in images.enumerated() { store.append(WindowScan(image), image: i) }
    return store
  }

  private func links(_ store: WindowStore, threads: Int = 2) -> [Constellations.Link] {
    let words = Words(store, RandomStream(seed: 3))
    return Constellations(store, words.codes(store.levels), RandomStream(seed: 4), threads: threads).links
  }

  private func groups(_ store: WindowStore) -> [Group] {
    let words = Words(store, RandomStream(seed: 3))
    let codes = words.codes(store.levels)
    return Constellations(store, codes, RandomStream(seed: 4), threads: 2)
      .groups(store, words, codes, rate: 0.01, seeds: Rules.seeds, threads: 2)
  }

  /// The first group is the planted one, and its transforms take the picture of one image to that of the other.
  @Test func imagesThatShareAPictureAreLinked() throws {
    let poisoned = Set(stride(from: 0, to: 60, by: 4))
    let (images, places) = Synthetic.photographs(
      60, poisoned: poisoned, picture: Synthetic.picture(6, side: 40, blocks: 7), opacity: 0.7)
    let store = store(images)
    let group = try #require(groups(store).first)
    #expect(group.partners.count >= 9 && poisoned.contains(group.exemplar))
    #expect(Set(group.partners.map(\.image)).isSubset(of: poisoned))
    let from = try #require(places[group.exemplar])
    for partner in group.partners {
      let to = try #require(places[partner.image])
      let t = partner.transform
      #expect(abs(t.scale - 1) < 0.2)
      #expect(abs(t.scale * Float(from.x + 20) + t.x - Float(to.x + 20)) < 5)
      #expect(abs(t.scale * Float(from.y + 20) + t.y - Float(to.y + 20)) < 5)
    }
  }

  @Test func linksDoNotDependOnThreads() {
    let (images, _) = Synthetic.photographs(30, poisoned: [1, 5, 9, 11], picture: Synthetic.picture(6, side: 40))
    let store = store(images)
    let found = [1, 3].map { threads in
      Set(links(store, threads: threads).map { "\($0.a) \($0.b) \($0.pairs)" })
    }
    #expect(!found[0].isEmpty && found[0] == found[1])
  }

  /// Copies of an image share all windows, which says nothing.
  @Test func copiesAreNotLinked() {
    let image = Synthetic.texture(1, width: 160, height: 120)
    #expect(links(store([image, image, image, image, image])).isEmpty)
  }

  @Test func nothingHasNoGroups() {
    #expect(groups(WindowStore()).isEmpty)
  }
}
