import Findings
import Foundation
import TestSupport
import Testing

/// The sample audits of the repository.
@Suite struct ReportsTests {
  @Test func everyStoredResultFollowsTheSchema() throws {
    let schema = try JSONSchema(Fixtures.bytes("schema/result-1.0.0.schema.json"))
    let folder = Fixtures.repository.path + "/Reports"
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix("result.json") }
    #expect(!files.isEmpty)
    for file in files {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file))
      #expect(schema.problems(data) == [], "\(file)")
      _ = try JSONDecoder().decode(AuditResult.self, from: data)
    }
  }
}
