import Findings
import Foundation

/// What a result can be rendered as; `--format` takes the raw values.
public enum ReportFormat: String, CaseIterable, Sendable {
  case html, csv, sarif, junit, markdown, cyclonedx
  case inToto = "in-toto"

  /// What an audit writes unless it is told otherwise.
  public static let standard: [ReportFormat] = [.html, .csv]

  /// Name of its file.
  public var fileName: String {
    switch self {
    case .html: "report.html"
    case .csv: "suspects.csv"
    case .sarif: "report.sarif"
    case .junit: "report.junit.xml"
    case .markdown: "summary.md"
    case .cyclonedx: "report.cdx.json"
    case .inToto: "test-result.intoto.json"
    }
  }

  /// Reads a list such as `html,sarif`; `all` is every format.
  ///
  /// - Throws: ``ReportError`` that names the formats.
  public static func list(_ text: String) throws(ReportError) -> [ReportFormat] {
    if text == "all" { return allCases }
    var formats: [ReportFormat] = []
    for name in text.split(separator: ",") {
      guard let format = ReportFormat(rawValue: String(name)) else {
        throw ReportError(
          "there is no format \(name); formats are \(allCases.map(\.rawValue).joined(separator: ", ")), or all")
      }
      if !formats.contains(format) { formats.append(format) }
    }
    return formats
  }

  /// Renders a result.
  ///
  /// - Parameters:
  ///   - folder: Run folder that evidence pictures are read from.
  ///   - manifest: Path of the committed manifest from the root of the repository, for code scanning.
  /// - Throws: ``ReportError``.
  public func render(_ result: AuditResult, folder: String, manifest: String) throws(ReportError) -> String {
    switch self {
    case .html: HTMLReport(result, folder: folder).render()
    case .csv: SuspectsCSV.render(result)
    case .sarif: SARIFReport.render(result, manifest: manifest)
    case .junit: JUnitReport.render(result)
    case .markdown: MarkdownReport.render(result)
    case .cyclonedx: CycloneDXReport.render(result)
    case .inToto: try TestResultStatement.render(result)
    }
  }
}
