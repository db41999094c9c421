import Findings
import Foundation

/// Charts as inline SVG, each with a title and a description in words.
extension HTMLReport {
  /// Attack success and accuracies of the compared encoders, with their intervals.
  var bars: String {
    let measures: [(String, String, (EncoderMetrics) -> Double?)] = [
      ("attack success", "attack_success_rate", { $0.attackSuccessRate }),
      ("clean accuracy", "clean_accuracy", { $0.cleanAccuracy }),
      ("robust accuracy", "robust_accuracy", { $0.robustAccuracy?.value }),
      ("flip rate", "flip_rate", { $0.flipRate }),
    ].filter { measure in columns.contains { measure.2($0.metrics) != nil } }
    guard !measures.isEmpty else { return "" }
    let (bar, gap, left, width) = (18.0, 14.0, 230.0, 640.0)
    let scale = (width - left - 60) / 100
    var (y, body, words) = (4.0, "", [String]())
    for (title, name, value) in measures {
      for column in columns {
        guard let share = value(column.metrics) else { continue }
        let length = 100 * share * scale
        body +=
          "<text x=\"\(number(left - 8))\" y=\"\(number(y + 13))\" text-anchor=\"end\">\(title), \(escapedHTML(column.short))</text><g class=\"bars\"><rect x=\"\(number(left))\" y=\"\(number(y))\" width=\"\(number(max(1, length)))\" height=\"\(number(bar - 3))\"/></g><text x=\"\(number(width - 4))\" y=\"\(number(y + 13))\" text-anchor=\"end\">\(percent(share)) %</text>"
        if let ends = column.metrics.interval95[name], ends.count == 2 {
          let middle = number(y + (bar - 3) / 2)
          body +=
            "<line class=\"whisker\" x1=\"\(number(left + 100 * ends[0] * scale))\" x2=\"\(number(left + 100 * ends[1] * scale))\" y1=\"\(middle)\" y2=\"\(middle)\"/>"
        }
        words.append("\(title), \(column.short): \(percent(share)) %")
        y += bar
      }
      y += gap
    }
    return """
      <figure class="wide"><svg viewBox="0 0 \(Int(width)) \(Int(y))" role="img" aria-labelledby="bars-title bars-text">
      <title id="bars-title">Before and after</title><desc id="bars-text">\(escapedHTML(words.joined(separator: "; "))).</desc>
      <line class="axis" x1="\(number(left))" x2="\(number(left))" y1="0" y2="\(number(y - gap))"/>\(body)
      </svg></figure>
      """
  }

  /// How clearly all images show a family's trigger.
  static func chart(_ family: TriggerFamily) -> String {
    guard let scores = family.scores else { return "" }
    let null = scores.decoys == nil ? "" : "; the outline is its decoys"
    return histogram(
      scores.images, null: scores.decoys, cut: (scores.threshold, "remove above"),
      title: "How clearly each image shows it (counts on a logarithmic scale\(null))",
      id: "scores-\(escapedHTML(family.id))")
  }

  /// Histograms of the search.
  var scores: String {
    guard let scores = result.scores, result.counts.candidatesScored > 0 else { return "" }
    let chart = Self.histogram(
      scores.candidates, null: scores.controls, cut: scores.gap.map { ($0, "apart above") },
      title: "Flip-test scores of the \(result.counts.candidatesScored) images searched", id: "candidates")
    let apart =
      switch scores.aboveGap {
      case nil: ""
      case 0: " No window stands apart from the others."
      case let windows?:
        " \(windows) windows that look alike stand apart, with next to nothing between them and the others."
      }
    return """
      <div class="charts">\(chart)</div>
      <p class="note">Counts are on a logarithmic scale. The outline is the null: control windows of the same images through the same test.\(apart)</p>
      """
  }

  private static func histogram(
    _ data: ScoreSummary.Histogram, null: ScoreSummary.Histogram?, cut: (value: Double, words: String)?, title: String,
    id: String
  ) -> String {
    let (width, height) = (560.0, 180.0)
    let most = max(data.counts.max() ?? 1, null?.counts.max() ?? 1)
    let top = log(Double(most) + 1)
    let bar = width / Double(max(1, data.counts.count))
    func tall(_ count: Int) -> Double { top > 0 ? log(Double(count) + 1) / top * (height - 10) : 0 }
    let bars = data.counts.enumerated().map { i, count in
      let lower = data.lower + (data.upper - data.lower) * Double(i) / Double(data.counts.count)
      return
        "<rect x=\"\(number(Double(i) * bar))\" y=\"\(number(height - tall(count)))\" width=\"\(number(bar - 1))\" height=\"\(number(tall(count)))\"><title>from \(number(lower)): \(count)</title></rect>"
    }.joined()
    let outline = null.map { null in
      "<path class=\"null\" d=\"M0 \(number(height))"
        + null.counts.enumerated().map {
          "L\(number(Double($0) * bar)) \(number(height - tall($1)))h\(number(bar - 1))"
        }.joined() + "\"/>"
    }
    let line = cut.map { cut -> String in
      let x = (cut.value - data.lower) / (data.upper - data.lower) * width
      guard x >= 0, x <= width else { return "" }
      return
        "<line class=\"cut\" x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"0\" y2=\"\(number(height))\"/><text x=\"\(number(min(x + 5, width - 90)))\" y=\"14\">\(cut.words)</text>"
    }
    let peak = data.counts.indices.max { data.counts[$0] < data.counts[$1] } ?? 0
    let where_ = number(
      data.lower + (data.upper - data.lower) * (Double(peak) + 0.5) / Double(max(1, data.counts.count)))
    let words =
      "\(data.counts.reduce(0, +)) scores from \(number(data.lower)) to \(number(data.upper)), most of them near \(where_)\(cut.map { "; \($0.words) \(number($0.value))" } ?? "")"
    return """
      <figure><svg viewBox="0 0 \(Int(width)) \(Int(height) + 22)" role="img" aria-labelledby="\(id)-title \(id)-text">
      <title id="\(id)-title">\(escapedHTML(title))</title><desc id="\(id)-text">\(words).</desc>
      <g class="bars">\(bars)</g>\(outline ?? "")\(line ?? "")
      <text x="0" y="\(Int(height) + 18)">\(number(data.lower))</text><text x="\(Int(width))" y="\(Int(height) + 18)" text-anchor="end">\(number(data.upper))</text>
      </svg><figcaption>\(escapedHTML(title))</figcaption></figure>
      """
  }

  /// The plane of the embedding: a dot an image, a cross a suspect.
  var map: String {
    guard let map = result.map, map.x.count == map.y.count, map.x.count == map.family.count, !map.x.isEmpty else {
      return ""
    }
    let side = 600.0
    func place(_ value: Double) -> String { String(format: "%.1f", 8 + value * (side - 16)) }
    var dots = ""
    var crosses: [Int: String] = [:]
    for i in map.x.indices {
      let (x, y) = (place(map.x[i]), place(map.y[i]))
      if map.family[i] == 0 {
        dots += "M\(x) \(y)h0"
      } else {
        crosses[map.family[i], default: ""] += "M\(x) \(y)m-4-4l8 8m0-8l-8 8"
      }
    }
    let marks = crosses.sorted { $0.key < $1.key }
      .map { "<path class=\"marks\" d=\"\($1)\"><title>suspects of family-\($0)</title></path>" }.joined()
    let suspects = map.family.filter { $0 > 0 }.count
    return """
      <figure class="plane"><svg viewBox="0 0 \(Int(side)) \(Int(side))" role="img" aria-labelledby="map-title map-text">
      <title id="map-title">Images as the search encoder sees them</title><desc id="map-text">\(map.x.count) images, \(suspects) of them suspects; neighbours are alike to the encoder.</desc>
      <path class="dots" d="\(dots)"/>\(marks)
      </svg><figcaption>A dot is an image that was kept, a cross a suspect. \(escapedHTML(map.method)). Distances across the plane mean little; neighbourhoods do.</figcaption></figure>
      """
  }
}
