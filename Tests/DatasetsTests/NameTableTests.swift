import Datasets
import Testing

@Suite struct NameTableTests {
  @Test func namesAreFoundAgain() {
    var table = NameTable()
    // Long enough to grow several times; every third name comes twice.
    for i in 0..<5000 {
      let name = Array("folder/\(i)".utf8)
      #expect(table.insert(name) == (i, true))
      if i % 3 == 0 { #expect(table.insert(name) == (i, false)) }
    }
    #expect(table.count == 5000)
    for i in stride(from: 0, to: 5000, by: 7) {
      #expect(table.number(of: Array("folder/\(i)".utf8)) == i && Array(table[i]) == Array("folder/\(i)".utf8))
    }
    #expect(table.number(of: Array("folder/5000".utf8)) == nil && table.number(of: []) == nil)
    #expect(table.insert([UInt8]()) == (5000, true) && table.insert([UInt8]()) == (5000, false))
    #expect(NameTable().number(of: [1]) == nil)
  }
}
