import Findings
import Foundation

/// The report as one self-contained page: no script, no network, light and dark.
public struct HTMLReport {
  private let result: AuditResult
  private let folder: String
  private static let shown = 60

  /// Prepares a page.
  ///
  /// - Parameter folder: Run folder that evidence pictures are read from.
  public init(_ result: AuditResult, folder: String) {
    self.result = result
    self.folder = folder
  }

  /// Returns the page.
  public func render() -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <title>Bezoar audit: \(escapedHTML(headline))</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <main>
    \(verdict)
    \(comparison)
    \(families)
    \(charts)
    \(gallery)
    \(notes)
    \(account)
    \(limits)
    \(provenance)
    </main>
    </body>
    </html>

    """
  }

  private var headline: String {
    switch result.verdict.value {
    case .poisoned: "Poisoned"
    case .noEvidence: "No evidence of poisoning found"
    case .inconclusive: "Inconclusive"
    }
  }

  private var verdict: String {
    let verdict = result.verdict
    let account = result.dataset
    let reasons = verdict.reasons.map { "<li><code>\(escapedHTML($0.code))</code> \(escapedHTML($0.detail))</li>" }
      .joined()
    return """
      <header class="verdict \(verdict.value.rawValue)">
      <p class="kicker">Bezoar dataset audit</p>
      <h1>\(headline)</h1>
      <p class="summary">\(escapedHTML(verdict.summary))</p>
      <dl class="facts">
      <div><dt>Severity</dt><dd>\(verdict.severity.rawValue)</dd></div>
      <div><dt>Images read</dt><dd>\(account.decoded) of \(account.listed) files</dd></div>
      <div><dt>Suspects</dt><dd>\(result.counts.suspects)</dd></div>
      <div><dt>Kept</dt><dd>\(result.counts.kept)</dd></div>
      <div><dt>Gate</dt><dd>exit code \(result.run.exitCode): \(escapedHTML(result.run.exitReason))</dd></div>
      </dl>
      <ul class="reasons">\(reasons)</ul>
      </header>
      """
  }

  private var comparison: String {
    let columns: [(String, EncoderMetrics)] =
      [("Before: \(result.metrics.before.encoder) encoder, all images", result.metrics.before)]
      + (result.metrics.afterPlain.map { [("After: same recipe, kept images", $0)] } ?? [])
      + [
        (
          result.metrics.after.encoder == "advcl"
            ? "After: AdvCL, kept images" : "After: \(result.metrics.after.encoder)", result.metrics.after
        )
      ]
    func row(_ title: String, _ name: String, _ value: (EncoderMetrics) -> Double?) -> String {
      let cells = columns.map { _, metrics in
        guard let share = value(metrics) else {
          return
            "<td class=\"none\" title=\"\(escapedHTML(metrics.reasons[name] ?? "not measured"))\">not measured</td>"
        }
        let interval = metrics.interval95[name].flatMap {
          $0.count == 2 ? " <small>\(percent($0[0])) to \(percent($0[1]))</small>" : nil
        }
        return "<td><b>\(percent(share)) %</b>\(interval ?? "")</td>"
      }.joined()
      return "<tr><th scope=\"row\">\(title)</th>\(cells)</tr>"
    }
    let heads = columns.map { "<th scope=\"col\">\(escapedHTML($0.0))</th>" }.joined()
    let first = result.metrics.before
    let missing = Set(columns.flatMap { $0.1.reasons.values }).sorted()
    let truth = result.groundTruth.map { truth in
      let top = truth.topKPrecision.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }
        .map { "top \($0.key): \(percent($0.value)) %" }.joined(separator: ", ")
      return """
        <h3>Against the planted attack</h3>
        <p>\(truth.poisons) images were poisoned. Removal recall <b>\(percent(truth.recall)) %</b>, precision <b>\(percent(truth.precision)) %</b>; \(percent(truth.falseRemovalRate)) % of the other images were removed. \(top.isEmpty ? "" : "Precision of the search: \(top). ")The truth was compared after the decision; no detector saw it.</p>
        """
    }
    // Nothing to compare where no encoder was asked for.
    if columns.allSatisfy({ $0.1.encoder == "none" }) { return truth ?? "" }
    return """
      <section aria-labelledby="comparison"><h2 id="comparison">Before and after</h2>
      <div class="scroll"><table><caption>Shares with 95 % intervals; n = \(first.n), seed \(result.seed)</caption>
      <thead><tr><th scope="col">Measure</th>\(heads)</tr></thead><tbody>
      \(row("Attack success rate", "attack_success_rate") { $0.attackSuccessRate })
      \(row("Clean images taken for the target class", "clean_false_positive_rate") { $0.cleanFalsePositiveRate })
      \(row("Accuracy on clean images", "clean_accuracy") { $0.cleanAccuracy })
      \(row("Accuracy on triggered images", "triggered_accuracy") { $0.triggeredAccuracy })
      \(row("k-NN accuracy on clean images", "nearest_neighbour_accuracy") { $0.nearestNeighbourAccuracy })
      \(row("Robust accuracy (\(escapedHTML(first.robustAccuracy?.attack ?? "PGD")))", "robust_accuracy") { $0.robustAccuracy?.value })
      \(row("Flip rate of the recovered trigger (label-free)", "flip_rate") { $0.flipRate })
      </tbody></table></div>
      <p class="note">Probe: \(escapedHTML(first.probe)).\(missing.isEmpty ? "" : " Not measured: " + escapedHTML(missing.joined(separator: "; ")) + ".")</p>
      \(truth ?? "")
      </section>
      """
  }

  private var families: String {
    guard !result.families.isEmpty else { return "" }
    let cards = result.families.map { family in
      let members = family.members.prefix(8).map { "<li><code>\(escapedHTML($0))</code></li>" }.joined()
      return """
        <article class="family">
        \(picture(family.trigger.crop, "Recovered trigger of \(family.id)", "trigger"))
        <div><h3>\(escapedHTML(family.id))</h3>
        <p>\(family.trigger.sizePixels) x \(family.trigger.sizePixels) pixels. \(Self.effect(family))
        Recognised in \(family.members.count) images; found by \(family.foundBy.map { "<code>\(escapedHTML($0))</code>" }.joined(separator: ", ")).</p>
        \(Self.secondary(family))
        <p class="tags">\(family.tags.map { "<span>\(escapedHTML($0))</span>" }.joined(separator: " "))</p>
        <details><summary>Images it was found in</summary><ul>\(members)</ul></details></div>
        </article>
        """
    }.joined()
    return "<section aria-labelledby=\"families\"><h2 id=\"families\">Trigger families</h2>\(cards)</section>"
  }

  private static func effect(_ family: TriggerFamily) -> String {
    family.flipTotal == 0
      ? "Its effect was not measured: no encoder was searched."
      : "Planted in other images it flips <b>\(family.flipCount) of \(family.flipTotal)</b> into its cluster; p = \(number(family.pValue))."
  }

  private static func secondary(_ family: TriggerFamily) -> String {
    guard !family.secondary.isEmpty else { return "" }
    let rows = family.secondary.map {
      "<tr><th scope=\"row\">\(escapedHTML($0.name))</th><td>\(number($0.members))</td><td>\(number($0.others))</td></tr>"
    }.joined()
    return
      "<details><summary>Secondary scores (they remove nothing)</summary><table><thead><tr><th scope=\"col\">Score</th><th scope=\"col\">Family</th><th scope=\"col\">Others</th></tr></thead><tbody>\(rows)</tbody></table></details>"
  }

  private var notes: String {
    guard !result.notes.isEmpty else { return "" }
    let items = result.notes.map { note in
      "<li><code>\(escapedHTML(note.detector))</code>: \(note.count) images, such as \(note.members.prefix(3).map { "<code>\(escapedHTML($0))</code>" }.joined(separator: ", "))</li>"
    }.joined()
    return
      "<section aria-labelledby=\"notes\"><h2 id=\"notes\">Worth a look</h2><p class=\"note\">Nothing here was removed.</p><ul>\(items)</ul></section>"
  }

  private var charts: String {
    guard let scores = result.scores else { return "" }
    let classifier = scores.classifier.map {
      Self.histogram($0, threshold: scores.threshold, title: "Poison-classifier scores of all images", id: "classifier")
    }
    return """
      <section aria-labelledby="scores"><h2 id="scores">Scores</h2><div class="charts">
      \(classifier ?? "")
      \(result.counts.candidatesScored == 0 ? "" : Self.histogram(scores.candidates, threshold: nil, title: "Flip-test scores of the \(result.counts.candidatesScored) images searched", id: "candidates"))
      </div><p class="note">Counts are on a logarithmic scale. The line is the score above which an image is removed; images that show the recovered trigger itself are removed as well.</p></section>
      """
  }

  private static func histogram(_ data: ScoreSummary.Histogram, threshold: Double?, title: String, id: String) -> String
  {
    let (width, height) = (560.0, 180.0)
    let top = log(Double(data.counts.max() ?? 1) + 1)
    let bar = width / Double(max(1, data.counts.count))
    let bars = data.counts.enumerated().map { i, count in
      let h = top > 0 ? log(Double(count) + 1) / top * (height - 10) : 0
      let lower = data.lower + (data.upper - data.lower) * Double(i) / Double(data.counts.count)
      return
        "<rect x=\"\(number(Double(i) * bar))\" y=\"\(number(height - h))\" width=\"\(number(bar - 1))\" height=\"\(number(h))\"><title>from \(number(lower)): \(count)</title></rect>"
    }.joined()
    let line = threshold.map { value -> String in
      let x = (value - data.lower) / (data.upper - data.lower) * width
      guard x >= 0, x <= width else { return "" }
      return
        "<line x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"0\" y2=\"\(number(height))\"/><text x=\"\(number(min(x + 5, width - 90)))\" y=\"14\">remove above</text>"
    }
    return """
      <figure><svg viewBox="0 0 \(Int(width)) \(Int(height) + 22)" role="img" aria-labelledby="\(id)-title">
      <title id="\(id)-title">\(escapedHTML(title)), from \(number(data.lower)) to \(number(data.upper))</title>
      <g class="bars">\(bars)</g>\(line ?? "")
      <text x="0" y="\(Int(height) + 18)">\(number(data.lower))</text><text x="\(Int(width))" y="\(Int(height) + 18)" text-anchor="end">\(number(data.upper))</text>
      </svg><figcaption>\(escapedHTML(title))</figcaption></figure>
      """
  }

  private var gallery: String {
    guard !result.suspects.isEmpty else { return "" }
    let cards = result.suspects.prefix(Self.shown).map { suspect -> String in
      let side = Double(result.dataset.imageSize)
      let box = suspect.box.map { box in
        "<span class=\"box\" style=\"left:\(number(Double(box.x) / side * 100))%;top:\(number(Double(box.y) / side * 100))%;width:\(number(Double(box.width) / side * 100))%;height:\(number(Double(box.height) / side * 100))%\"></span>"
      }
      let heat = suspect.heatMap.map { picture($0, "", "heat") }
      return """
        <li><div class="stack">\(suspect.thumbnail.map { picture($0, "Suspect \(suspect.rank)", "thumbnail") } ?? "")\(heat ?? "")\(box ?? "")</div>
        <p><b>#\(suspect.rank)</b> score \(number(suspect.score)), p \(number(suspect.pValue))</p>
        <p><code>\(escapedHTML(suspect.path))</code></p>
        <p class="note">\(escapedHTML(suspect.reason)). \(escapedHTML(suspect.family)). SHA-256 \(escapedHTML(String(suspect.sha256.prefix(12))))</p></li>
        """
    }.joined()
    let more = result.suspects.count > Self.shown ? " The rest is in <code>suspects.csv</code>." : ""
    return """
      <section aria-labelledby="gallery"><h2 id="gallery">Suspects</h2>
      <input type="checkbox" id="overlay"><label for="overlay">Show heat maps</label>
      <p class="note">The first \(min(Self.shown, result.suspects.count)) of \(result.suspects.count), ranked by score.\(more) The frame is where the recovered trigger fits best; the heat map shows what ties the image to its cluster.</p>
      <ul class="gallery">\(cards)</ul></section>
      """
  }

  private var account: String {
    let account = result.dataset
    func rows(_ items: [DatasetAccount.Exception]) -> String {
      items.prefix(100).map {
        "<tr><td><code>\(escapedHTML($0.path))</code></td><td>\(escapedHTML($0.reason))</td></tr>"
      }.joined()
    }
    func table(_ title: String, _ items: [DatasetAccount.Exception]) -> String {
      guard !items.isEmpty else { return "" }
      return
        "<details><summary>\(items.count) \(title)</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">File</th><th scope=\"col\">Reason</th></tr></thead><tbody>\(rows(items))</tbody></table></div></details>"
    }
    return """
      <section aria-labelledby="account"><h2 id="account">What was read</h2>
      <p><code>\(escapedHTML(account.path))</code> (\(escapedHTML(account.format))): \(account.listed) listed = \(account.decoded) decoded + \(account.unreadable.count) unreadable + \(account.ignored.count) ignored. Images were resized to \(account.imageSize) x \(account.imageSize) pixels. Digest <code>\(escapedHTML(account.digest))</code></p>
      \(table("unreadable", account.unreadable))\(table("ignored", account.ignored))
      </section>
      """
  }

  private var limits: String {
    let control = (result.verdict.power?.canary).map {
      "<p>Positive control: a private \($0.sizePixels)-pixel picture was hidden in the training copy of \($0.images) images. \($0.foundBy.isEmpty ? "<b>No detector found it.</b>" : "Found by \(escapedHTML($0.foundBy.joined(separator: " and "))).") \($0.flipTotal == 0 ? "" : "Pasted into other images it flips \($0.flipCount) of \($0.flipTotal) into its cluster (p = \(number($0.pValue))).")</p>"
    }
    let power = result.verdict.power.map {
      "<p>\(escapedHTML($0.limits))</p><p class=\"note\">\($0.imagesScored) images (\(percent($0.shareScored)) %) were scored with windows of \($0.windowPixels) pixels on \($0.flipImages) flip images; feature spread \(number($0.featureSpread)) (below 0.1 the encoder would have collapsed).</p>"
    }
    return """
      <section aria-labelledby="limits"><h2 id="limits">What this search could and could not see</h2>
      \(control ?? "<p>There was no positive control.</p>")
      \(power ?? "<p>No search took place.</p>")
      <p>That nothing was found never means that nothing is there.</p></section>
      """
  }

  private var provenance: String {
    let stages = result.run.stages.map {
      "<tr><td>\(escapedHTML($0.name))</td><td>\(number($0.seconds)) s</td><td>\($0.imagesPerSecond.map { "\(Int($0)) images/s" } ?? "")</td></tr>"
    }.joined()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let configuration = (try? encoder.encode(result.config)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return """
      <section aria-labelledby="provenance"><h2 id="provenance">Configuration and provenance</h2>
      <div class="scroll"><table><caption>Stages</caption><thead><tr><th scope="col">Stage</th><th scope="col">Time</th><th scope="col">Rate</th></tr></thead><tbody>\(stages)</tbody></table></div>
      <p>\(escapedHTML(result.tool.name)) \(escapedHTML(result.tool.version)) (\(escapedHTML(result.tool.revision))), seed \(result.seed), \(result.run.threads) threads on \(escapedHTML(result.run.device)), configuration <code>\(escapedHTML(String(result.configDigest.prefix(16))))</code>, \(escapedHTML(result.run.started)) to \(escapedHTML(result.run.finished)).</p>
      <details><summary>Resolved configuration</summary><pre>\(escapedLines(configuration))</pre></details>
      </section>
      """
  }

  private func picture(_ name: String, _ alternative: String, _ kind: String) -> String {
    guard !name.contains(".."), let data = FileManager.default.contents(atPath: folder + "/" + name) else { return "" }
    return
      "<img class=\"\(kind)\" alt=\"\(escapedHTML(alternative))\" src=\"data:image/png;base64,\(data.base64EncodedString())\">"
  }

  static let style = """
    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--card:#f6f8fa;--bad:#b3261e;--good:#1a6b3c;--unsure:#8a5a00;--bar:#3d6fb4}
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ba7b4;--line:#343b44;--paper:#0f1318;--card:#181e25;--bad:#ff8a80;--good:#7bd69a;--unsure:#f0c060;--bar:#79a8e8}}
    *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
    main{max-width:1080px;margin:0 auto;padding:24px}h1{font-size:2.2rem;margin:.1em 0}h2{margin:2em 0 .5em;border-bottom:1px solid var(--line);padding-bottom:.2em}h3{margin:.2em 0}
    .verdict{border-left:10px solid var(--soft);background:var(--card);padding:20px 24px;border-radius:6px}.poisoned{border-color:var(--bad)}.poisoned h1{color:var(--bad)}
    .no_evidence{border-color:var(--good)}.no_evidence h1{color:var(--good)}.inconclusive{border-color:var(--unsure)}.inconclusive h1{color:var(--unsure)}
    .kicker{margin:0;color:var(--soft);text-transform:uppercase;letter-spacing:.08em;font-size:.8rem}.summary{font-size:1.1rem}
    .facts{display:flex;flex-wrap:wrap;gap:12px 32px;margin:0}.facts dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0;font-weight:600}
    .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--soft);padding-bottom:6px}th,td{text-align:left;padding:8px 10px;border-bottom:1px solid var(--line);vertical-align:top}
    td small{display:block;color:var(--soft)}.none,.note{color:var(--soft);font-size:.9rem}code{overflow-wrap:anywhere}pre{background:var(--card);padding:12px;overflow-x:auto}
    .family{display:flex;gap:20px;background:var(--card);padding:16px;border-radius:6px;margin:12px 0}.trigger{width:112px;height:112px;image-rendering:pixelated;border:1px solid var(--line)}
    .tags span{display:inline-block;border:1px solid var(--line);border-radius:10px;padding:0 8px;font-size:.8rem}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:24px}figure{margin:0}svg{width:100%}svg text{fill:var(--soft);font-size:12px}.bars rect{fill:var(--bar)}svg line{stroke:var(--bad);stroke-width:2}
    .gallery{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:16px}.gallery p{margin:4px 0;font-size:.85rem}
    .stack{position:relative;width:128px;height:128px}.stack img{position:absolute;inset:0;width:128px;height:128px;image-rendering:pixelated}.heat{opacity:0}.box{position:absolute;border:2px solid #ff2d55;outline:1px solid #fff}
    #overlay:checked~.gallery .heat{opacity:.6}@media print{.gallery li{break-inside:avoid}}
    """
}

/// Escapes text but keeps its line breaks, for `pre`.
private func escapedLines(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { escapedHTML(String($0)) }.joined(separator: "\n")
}

/// A share in percent with one digit.
private func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }

/// A number with at most three significant digits.
private func number(_ value: Double) -> String { String(format: "%.3g", value) }
