import Findings
import Foundation

/// The report as one self-contained page: no script, no network, light and dark, for screen, print and screen reader.
public struct HTMLReport {
  let result: AuditResult
  private let folder: String
  private let budget = Budget()
  private static let shown = 200
  private static let unfolded = 40

  /// Bytes of pictures that still go into the page; larger evidence stays in the run folder, and the page says where.
  private final class Budget { var left = 13_500_000 }

  /// Prepares a page.
  ///
  /// - Parameter folder: Run folder that evidence pictures are read from.
  public init(_ result: AuditResult, folder: String) {
    self.result = result
    self.folder = folder
  }

  /// Returns the page, at most 15 MB long.
  public func render() -> String {
    budget.left = 13_500_000
    let sections: [(id: String, title: String, body: String)] = [
      ("comparison", "Before and after", comparison), ("families", "Trigger families", families),
      ("scores", "Scores", scores), ("gallery", "Suspects", gallery), ("clusters", "Clusters", clusters),
      ("map", "Map of the dataset", map), ("notes", "Worth a look", notes), ("accepted", "Accepted findings", accepted),
      ("account", "What was read", account), ("limits", "What this search could and could not see", limits),
      ("provenance", "Configuration and provenance", provenance),
    ].filter { !$0.2.isEmpty }
    let links = sections.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" }.joined()
    let bodies = sections.map {
      "<section aria-labelledby=\"\($0.id)\">\n<h2 id=\"\($0.id)\">\($0.title)</h2>\n\($0.body)\n</section>"
    }.joined(separator: "\n")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>Bezoar audit: \(result.verdict.value.headline)</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <a class="skip" href="#main">Skip to the verdict</a>
      <main id="main">
      \(verdict)
      <nav aria-label="Sections"><ul>\(links)</ul></nav>
      \(bodies)
      </main>
      <footer><p>Written by bezoar \(escapedHTML(result.tool.version)). That nothing was found never means that nothing is there.</p></footer>
      </body>
      </html>

      """
  }

  private var verdict: String {
    let verdict = result.verdict
    let account = result.dataset
    let reasons = verdict.reasons.map { "<li><code>\(escapedHTML($0.code))</code> \(escapedHTML($0.detail))</li>" }
      .joined()
    let lost =
      account.unreadable.isEmpty && account.ignored.isEmpty
      ? "" : ", \(account.unreadable.count) not read, \(account.ignored.count) ignored"
    let checks = result.checks.map { check in
      "<tr><th scope=\"row\"><code>\(escapedHTML(check.name)) \(escapedHTML(check.limit))</code></th><td>\(escapedHTML(check.measured))</td><td><b class=\"\(check.outcome.rawValue)\">\(check.outcome.rawValue)</b></td></tr>"
    }.joined()
    let gate =
      checks.isEmpty
      ? ""
      : "<table class=\"gate\"><caption>The gate: exit code \(result.run.exitCode)</caption><thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">Measured</th><th scope=\"col\">Outcome</th></tr></thead><tbody>\(checks)</tbody></table>"
    return """
      <header class="verdict \(verdict.value.rawValue)">
      <p class="kicker">Bezoar dataset audit of <code>\(escapedHTML(account.path))</code></p>
      <h1>\(result.verdict.value.headline)</h1>
      <p class="summary">\(escapedHTML(verdict.summary))</p>
      <dl class="facts">
      <div><dt>Severity</dt><dd>\(verdict.severity.rawValue)</dd></div>
      <div><dt>Images read</dt><dd>\(account.decoded) of \(account.listed) files\(lost)</dd></div>
      <div><dt>Suspects</dt><dd>\(result.counts.suspects)</dd></div>
      <div><dt>Kept</dt><dd>\(result.counts.kept)</dd></div>
      <div><dt>Gate</dt><dd>exit code \(result.run.exitCode): \(escapedHTML(result.run.exitReason))</dd></div>
      </dl>
      <ul class="reasons">\(reasons)</ul>
      \(gate)
      </header>
      """
  }

  /// The encoders that are compared: before, the plain recipe again, after.
  var columns: [(title: String, short: String, metrics: EncoderMetrics)] {
    let (before, after) = (result.metrics.before, result.metrics.after)
    let images = result.config["retrainOn"] == .text("all") ? "all images" : "kept images"
    let isMixed = result.config["scan"]?["cutMix"] == .boolean(true)
    func column(_ metrics: EncoderMetrics) -> (title: String, short: String, metrics: EncoderMetrics) {
      switch metrics.encoder {
      case "advcl": ("After: AdvCL, \(images)", "AdvCL, after", metrics)
      case "plain": ("After: same recipe\(isMixed ? " with mixed views" : ""), \(images)", "plain, after", metrics)
      case "compress", "simreg": ("After: distilled (\(metrics.encoder))", "\(metrics.encoder), after", metrics)
      default: ("After: \(metrics.encoder)", "\(metrics.encoder), after", metrics)
      }
    }
    let all =
      [("Before: \(before.encoder) encoder, all images", "before", before)]
      + (result.metrics.afterPlain.map { [column($0)] } ?? [])
      + result.metrics.afterOthers.map(column) + [column(after)]
    return all.filter { $0.2.encoder != "none" }
  }

  private var truth: String {
    result.groundTruth.map { truth in
      if truth.poisons == 0 {
        return """
          <h3>Against the ground truth</h3>
          <p>Nothing was planted; \(percent(truth.falseRemovalRate)) % of the images were removed. The truth was compared after the decision; no detector saw it.</p>
          """
      }
      let top = truth.topKPrecision.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }
        .map { "top \($0.key): \(percent($0.value)) %" }.joined(separator: ", ")
      return """
        <h3>Against the planted attack</h3>
        <p>\(truth.poisons) images were poisoned. Removal recall <b>\(percent(truth.recall)) %</b>, precision <b>\(percent(truth.precision)) %</b>; \(percent(truth.falseRemovalRate)) % of the other images were removed. \(top.isEmpty ? "" : "Precision of the search: \(escapedHTML(top))\(truth.gapPrecision.map { "; above the gap: \(percent($0)) %" } ?? ""). ")The truth was compared after the decision; no detector saw it.</p>
        """
    } ?? ""
  }

  /// Measures that are there only where they were asked for.
  private static let ofBlocking: Set = ["blocked_attack_success_rate", "blocked_clean_accuracy", "trigger_hit_rate"]

  private var comparison: String {
    let rows: [(title: String, name: String, value: (EncoderMetrics) -> Double?)] = [
      ("Attack success rate", "attack_success_rate", { $0.attackSuccessRate }),
      (
        "Attack success rate, most telling window painted over", "blocked_attack_success_rate",
        { $0.blocking?.attackSuccessRate }
      ),
      ("Clean images taken for the target class", "clean_false_positive_rate", { $0.cleanFalsePositiveRate }),
      ("Accuracy on clean images", "clean_accuracy", { $0.cleanAccuracy }),
      (
        "Accuracy on clean images, most telling window painted over", "blocked_clean_accuracy",
        { $0.blocking?.cleanAccuracy }
      ),
      ("Triggers of which the window covers more than half", "trigger_hit_rate", { $0.blocking?.triggerHitRate }),
      ("Accuracy on triggered images", "triggered_accuracy", { $0.triggeredAccuracy }),
      ("k-NN accuracy on clean images", "nearest_neighbour_accuracy", { $0.nearestNeighbourAccuracy }),
      (
        "Robust accuracy (\(escapedHTML(result.metrics.before.robustAccuracy?.attack ?? "PGD")))", "robust_accuracy",
        { $0.robustAccuracy?.value }
      ), ("Flip rate of the recovered trigger (label-free)", "flip_rate", { $0.flipRate }),
    ]
    // What no encoder has is a reason below the table, not a row of it.
    let measured = rows.filter { row in columns.contains { row.value($0.metrics) != nil } }
    let isBlocked = columns.contains { $0.metrics.blocking != nil }
    let asked = isBlocked ? rows : rows.filter { !Self.ofBlocking.contains($0.name) }
    let lacking = asked.filter { row in columns.contains { row.value($0.metrics) == nil } }
    let reasons = Set(lacking.flatMap { row in columns.compactMap { $0.metrics.reasons[row.name] } }).sorted()
    let nowhere = asked.filter { row in columns.allSatisfy { row.value($0.metrics) == nil } }.map {
      $0.title.lowercased()
    }
    let unmeasured =
      lacking.isEmpty
      ? ""
      : "<p class=\"note\">\(nowhere.isEmpty ? "Where a value is missing" : "Not measured: \(nowhere.joined(separator: ", ")). Why"): \(escapedHTML(reasons.joined(separator: "; "))).</p>"
    // Nothing to compare where no encoder was asked for.
    if measured.isEmpty { return columns.isEmpty ? truth : unmeasured + truth }
    let body = measured.map { row in
      let cells = columns.map { column -> String in
        guard let share = row.value(column.metrics) else { return "<td class=\"none\">not measured</td>" }
        let interval = column.metrics.interval95[row.name].flatMap {
          $0.count == 2 ? " <small>\(percent($0[0])) to \(percent($0[1]))</small>" : nil
        }
        return "<td><b>\(percent(share)) %</b>\(interval ?? "")</td>"
      }.joined()
      return "<tr><th scope=\"row\">\(row.title)</th>\(cells)</tr>"
    }.joined(separator: "\n")
    let heads = columns.map { "<th scope=\"col\">\(escapedHTML($0.title))</th>" }.joined()
    let first = result.metrics.before
    let windows = columns.compactMap { $0.metrics.blocking }.map { "\($0.windowPixels) pixels by \($0.saliency)" }
    let painted =
      windows.isEmpty
      ? ""
      : "<p class=\"note\">Painted over, with black, in every image: the window that says most about the class that it is taken for (\(escapedHTML(Set(windows).sorted().joined(separator: ", ")))).</p>"
    let seeds = Set(columns.flatMap { $0.metrics.seeds }).sorted().map(String.init).joined(separator: ", ")
    return """
      \(bars)
      <div class="scroll" tabindex="0" role="region" aria-label="Before and after, as a table"><table><caption>Shares with 95 % intervals\(first.n > 0 ? "; n = \(first.n)" : ""), seed \(result.seed)\(seeds.isEmpty ? "" : ", probe seeds \(seeds)")</caption>
      <thead><tr><th scope="col">Measure</th>\(heads)</tr></thead><tbody>
      \(body)
      </tbody></table></div>
      \(first.probe == "none" ? "" : "<p class=\"note\">Probe: \(escapedHTML(first.probe)).</p>")
      \(painted)
      \(unmeasured)
      \(truth)
      """
  }

  private var families: String {
    result.families.map { family in
      let members = family.members.prefix(8).map { "<li><code>\(escapedHTML($0))</code></li>" }.joined()
      let examples = family.examples.map { example in
        "<li><figure><div class=\"pair\">\(picture(example.before, "\(example.path) as it is", "thumbnail"))<span aria-hidden=\"true\">&rarr;</span>\(picture(example.after, "\(example.path) with the trigger of \(family.id) planted", "thumbnail"))</div></figure></li>"
      }.joined()
      let pairs =
        examples.isEmpty
        ? "" : "<h4>Planted in other images</h4><ul class=\"examples\">\(examples)</ul>"
      return """
        <article class="family" aria-labelledby="\(escapedHTML(family.id))">
        \(picture(family.trigger.crop, "Recovered trigger of \(family.id)", "trigger"))
        <div><h3 id="\(escapedHTML(family.id))">\(escapedHTML(family.id)): \(family.kind.title.lowercased()) <span class="severity">\(family.severity.rawValue)</span></h3>
        <p>\(Self.extent(family)). \(Self.effect(family))
        Recognised in \(family.members.count) images; found by \(family.foundBy.map { "<code>\(escapedHTML($0))</code>" }.joined(separator: ", ")).</p>
        \(pairs)
        \(Self.chart(family))
        \(Self.secondary(family))
        <details><summary>Images it was found in</summary><ul>\(members)</ul>\(family.members.count > 8 ? "<p class=\"note\">and \(family.members.count - 8) more, in <code>result.json</code></p>" : "")</details>
        <p class="tags">\(family.tags.map { "<span>\(escapedHTML($0))</span>" }.joined(separator: " "))</p></div>
        </article>
        """
    }.joined(separator: "\n")
  }

  private static func extent(_ family: TriggerFamily) -> String {
    guard let placement = family.placement, placement.sizes.count == 3 else {
      return "\(family.trigger.sizePixels) pixels a side"
    }
    let (least, largest) = (placement.sizes[0], placement.sizes[2])
    let sizes = least == largest ? "\(least)" : "\(least) to \(largest)"
    return "\(sizes) pixels large in the files, \(escapedHTML(placement.place))"
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
    return "<p class=\"note\">Nothing here was removed.</p><ul>\(items)</ul>"
  }

  private var gallery: String {
    guard !result.suspects.isEmpty else { return "" }
    let known = result.acceptedRanks
    let side = Double(max(1, result.dataset.imageSize))
    let cards = result.suspects.prefix(Self.shown).map { suspect -> String in
      let box = suspect.box.map { box in
        "<span class=\"box\" style=\"left:\(number(Double(box.x) / side * 100))%;top:\(number(Double(box.y) / side * 100))%;width:\(number(Double(box.width) / side * 100))%;height:\(number(Double(box.height) / side * 100))%\"></span>"
      }
      let heat = suspect.heatMap.map { picture($0, "", "heat") }
      return """
        <li><div class="stack">\(suspect.thumbnail.map { picture($0, "Suspect \(suspect.rank)", "thumbnail") } ?? "")\(heat ?? "")\(box ?? "")</div>\(suspect.crop.map { picture($0, "The place in the file", "crop") } ?? "")
        <p><b>#\(suspect.rank)</b> score \(number(suspect.score)), p \(number(suspect.pValue))\(known.contains(suspect.rank) ? ", <b>accepted</b>" : "")</p>
        <p><code>\(escapedHTML(suspect.path))</code></p>
        <p class="note">\(escapedHTML(suspect.reason)). \(escapedHTML(suspect.family)). SHA-256 <code>\(escapedHTML(String(suspect.sha256.prefix(12))))</code></p></li>
        """
    }
    let rest = cards.dropFirst(Self.unfolded)
    let fold =
      rest.isEmpty
      ? ""
      : "<details><summary>\(rest.count) more</summary><ul class=\"gallery\">\(rest.joined())</ul></details>"
    let hasMaps = result.suspects.prefix(Self.shown).contains { $0.heatMap != nil }
    let toggle =
      hasMaps
      ? "<input type=\"checkbox\" id=\"overlay\"><label for=\"overlay\">Show heat maps: what ties an image to its cluster</label>"
      : ""
    let more = result.suspects.count > Self.shown ? " The rest is in <code>suspects.csv</code>." : ""
    return """
      \(toggle)
      <p class="note">The first \(min(Self.shown, result.suspects.count)) of \(result.suspects.count), ranked by score.\(more) The frame is where the recovered trigger fits best.</p>
      <ul class="gallery">\(cards.prefix(Self.unfolded).joined())</ul>
      \(fold)
      """
  }

  private var clusters: String {
    guard !result.clusters.isEmpty else { return "" }
    let rows = result.clusters.map { cluster in
      let share = Double(cluster.suspects) / Double(max(1, cluster.images))
      let pictures = cluster.examples.map { picture($0, "", "small") }.joined()
      return
        "<tr><th scope=\"row\">\(cluster.id)</th><td>\(cluster.images)</td><td>\(cluster.suspects) (\(percent(share)) %)</td><td class=\"strip\">\(pictures)</td></tr>"
    }.joined()
    return """
      <p class="note">What the search encoder takes for alike, those with most suspects first. A poisoned cluster shows one trigger on images of many kinds.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Clusters, as a table"><table><caption>Clusters, with the images nearest to their centres</caption><thead><tr><th scope="col">Cluster</th><th scope="col">Images</th><th scope="col">Suspects</th><th scope="col">Nearest to the centre</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var accepted: String {
    let suppressions = result.suppressions
    guard !suppressions.isEmpty else { return "" }
    let rows = suppressions.prefix(500).map {
      "<tr><th scope=\"row\"><code>\(escapedHTML($0.entry))</code></th><td>\($0.source.rawValue)</td><td>\(escapedHTML($0.rule?.rawValue ?? "any rule"))</td><td>\(escapedHTML($0.reason))</td><td>\(escapedHTML($0.expires ?? "no end"))</td><td>\($0.ranks.count)</td><td>\($0.status.rawValue)</td></tr>"
    }.joined()
    return """
      <p class="note">These suspects are removed as others are, but do not fail the gate.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Accepted findings, as a table"><table><thead><tr><th scope="col">Entry</th><th scope="col">Source</th><th scope="col">Rule</th><th scope="col">Reason</th><th scope="col">Until</th><th scope="col">Suspects</th><th scope="col">Status</th></tr></thead><tbody>\(rows)</tbody></table></div>
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
        "<details><summary>\(items.count) \(title)</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(title) files\"><table><thead><tr><th scope=\"col\">File</th><th scope=\"col\">Reason</th></tr></thead><tbody>\(rows(items))</tbody></table></div>\(items.count > 100 ? "<p class=\"note\">and \(items.count - 100) more in <code>result.json</code></p>" : "")</details>"
    }
    return """
      <p><code>\(escapedHTML(account.path))</code> (\(escapedHTML(account.format))): \(account.listed) listed = \(account.decoded) decoded + \(account.unreadable.count) not read + \(account.ignored.count) ignored. Images were resized to \(account.imageSize) x \(account.imageSize) pixels. \(account.encoderSize.map { "Encoders saw \($0) x \($0) pixels. " } ?? "")\(result.run.decoding.map { "Decoded by: \(escapedHTML($0)). " } ?? "")Digest <code>\(escapedHTML(account.digest))</code></p>
      \(table("not read", account.unreadable))\(table("ignored", account.ignored))\(remarks)
      """
  }

  private var remarks: String {
    let items = result.dataset.remarks
    guard !items.isEmpty else { return "" }
    let rows = items.map { item in
      "<tr><th scope=\"row\"><code>\(escapedHTML(item.code))</code></th><td>\(item.count)</td><td>\(escapedHTML(item.detail))</td><td>\(item.examples.prefix(3).map { "<code>\(escapedHTML($0))</code>" }.joined(separator: "<br>"))</td></tr>"
    }.joined()
    return
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Remarks\"><table><caption>Images that other programs may see otherwise, or that hold more than a picture</caption><thead><tr><th scope=\"col\">Remark</th><th scope=\"col\">Images</th><th scope=\"col\">What it means</th><th scope=\"col\">Such as</th></tr></thead><tbody>\(rows)</tbody></table></div>"
  }

  private var limits: String {
    let control = (result.verdict.power?.canary).map {
      "<p>Positive control: a private \($0.sizePixels)-pixel picture was hidden in the training copy of \($0.images) images. \($0.foundBy.isEmpty ? "<b>No detector found it.</b>" : "Found by \(escapedHTML($0.foundBy.joined(separator: " and "))).") \($0.flipTotal == 0 ? "" : "Pasted into other images it flips \($0.flipCount) of \($0.flipTotal) into its cluster (p = \(number($0.pValue))).")</p>"
    }
    let controls = (result.verdict.power?.controls ?? []).map { control in
      "<tr><th scope=\"row\">\(escapedHTML(control.mark)), \(escapedHTML(control.size))</th><td>\(percent(control.opacity)) %</td><td>\(control.images)</td><td>\(control.foundBy.isEmpty ? "<b>missed</b>" : "\(control.found), by \(escapedHTML(control.foundBy.joined(separator: " and ")))")</td></tr>"
    }.joined()
    let power = result.verdict.power.map { power in
      let items = power.detectors.map { detector in
        let name = detector.name + " "
        let words = detector.limits.hasPrefix(name) ? String(detector.limits.dropFirst(name.count)) : detector.limits
        return "<li><code>\(escapedHTML(detector.name))</code> \(escapedHTML(words))</li>"
      }.joined()
      let limits = items.isEmpty ? "<p>\(escapedHTML(power.limits))</p>" : "<ul>\(items)</ul>"
      let search =
        power.imagesScored == 0
        ? "No encoder was searched."
        : "\(power.imagesScored) images (\(percent(power.shareScored)) %) were scored with windows of \(power.windowPixels) pixels on \(power.flipImages) flip images; feature spread \(number(power.featureSpread)) (below 0.1 the encoder would have collapsed)."
      let table =
        controls.isEmpty
        ? ""
        : "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Controls\"><table><caption>Marks that were hidden in photographs, and whether they were found: what would have been seen in this dataset</caption><thead><tr><th scope=\"col\">Mark</th><th scope=\"col\">Opacity</th><th scope=\"col\">Images</th><th scope=\"col\">Found</th></tr></thead><tbody>\(controls)</tbody></table></div>"
      return "\(table)\(limits)<p class=\"note\">\(search)</p>"
    }
    return """
      \(control ?? "<p>There was no positive control.</p>")
      \(power ?? "<p>No search took place.</p>")
      """
  }

  private var provenance: String {
    let stages = result.run.stages.map {
      "<tr><th scope=\"row\">\(escapedHTML($0.name))</th><td>\(number($0.seconds)) s</td><td>\($0.imagesPerSecond.map { "\(Int($0)) images/s" } ?? "")</td></tr>"
    }.joined()
    let configuration = canonical(result.config).split(separator: "\n").map { escapedHTML(String($0)) }
      .joined(separator: "\n")
    let dataset = escapedHTML(shellQuoted(result.dataset.path))
    return """
      <p>\(escapedHTML(result.tool.name)) \(escapedHTML(result.tool.version)) (\(escapedHTML(result.tool.revision))), seed \(result.seed), \(result.run.threads) threads on \(escapedHTML(result.run.device)), configuration <code>\(escapedHTML(String(result.configDigest.prefix(16))))</code>, \(escapedHTML(result.run.started)) to \(escapedHTML(result.run.finished)).</p>
      <h3>To repeat it</h3>
      <p>Save the resolved configuration below as <code>audit.json</code>; the same data, settings and seed give the same findings.</p>
      <pre tabindex="0"><code>sha256sum -c manifest.sha256          # in the folder of the dataset: is it the same data?
      bezoar audit \(dataset) --config audit.json --out again
      bezoar gate again/result.json --baseline result.json --fail-on note</code></pre>
      <details><summary>Resolved configuration</summary><pre tabindex="0"><code>\(configuration)</code></pre></details>
      <details><summary>Stages</summary><table><caption>Time and rate</caption><thead><tr><th scope="col">Stage</th><th scope="col">Time</th><th scope="col">Rate</th></tr></thead><tbody>\(stages)</tbody></table></details>
      """
  }

  /// A picture of the run folder in the page, or a link to it once the page is full.
  private func picture(_ name: String, _ alternative: String, _ kind: String) -> String {
    guard !name.contains(".."), name.hasPrefix("evidence/"),
      let data = FileManager.default.contents(atPath: folder + "/" + name)
    else { return "" }
    let text = data.base64EncodedString()
    guard budget.left >= text.utf8.count else {
      return kind == "heat" ? "" : "<a href=\"\(percentEncoded(Array(name.utf8)))\">picture</a>"
    }
    budget.left -= text.utf8.count
    return "<img class=\"\(kind)\" alt=\"\(escapedHTML(alternative))\" src=\"data:image/png;base64,\(text)\">"
  }

  static let style = """
    :root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--card:#f6f8fa;--bad:#b3261e;--good:#1a6b3c;--unsure:#7a4f00;--bar:#3d6fb4;--bar2:#8a5a00;--link:#0b57a4}
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ba7b4;--line:#343b44;--paper:#0f1318;--card:#181e25;--bad:#ff8a80;--good:#7bd69a;--unsure:#f0c060;--bar:#79a8e8;--bar2:#f0c060;--link:#8ab8ff}}
    *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
    .skip{position:absolute;left:-9999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:8px}
    main{max-width:1080px;margin:0 auto;padding:24px}footer{max-width:1080px;margin:0 auto;padding:0 24px 24px;color:var(--soft)}h1{font-size:2.2rem;line-height:1.2;margin:.1em 0}h2{margin:2em 0 .5em;border-bottom:1px solid var(--line);padding-bottom:.2em}h3{margin:.8em 0 .2em}h4{margin:.6em 0 .2em}
    .verdict{border-left:10px solid var(--soft);background:var(--card);padding:20px 24px;border-radius:6px}.verdict.poisoned{border-color:var(--bad)}.poisoned h1,.failed{color:var(--bad)}
    .verdict.no_evidence{border-color:var(--good)}.no_evidence h1,.passed{color:var(--good)}.verdict.inconclusive{border-color:var(--unsure)}.inconclusive h1,.undecided{color:var(--unsure)}
    .kicker{margin:0;color:var(--soft);font-size:.9rem}.summary{font-size:1.1rem}.gate{font-size:.95rem}
    .facts{display:flex;flex-wrap:wrap;gap:12px 32px;margin:0}.facts dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0;font-weight:600}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:16px 0 0}
    .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--soft);padding-bottom:6px}th,td{text-align:left;padding:8px 10px;border-bottom:1px solid var(--line);vertical-align:top}
    td small{display:block;color:var(--soft)}.none,.note{color:var(--soft);font-size:.9rem}code{overflow-wrap:anywhere}pre{background:var(--card);padding:12px;overflow-x:auto}pre code{overflow-wrap:normal}
    .family{display:flex;flex-wrap:wrap;gap:20px;background:var(--card);padding:16px;border-radius:6px;margin:12px 0}.family>div{flex:1;min-width:260px}.trigger{width:112px;height:112px;object-fit:contain;image-rendering:pixelated;border:1px solid var(--line)}.severity{font-size:.8rem;border:1px solid currentColor;border-radius:10px;padding:1px 8px;color:var(--bad)}
    .examples{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:12px 24px}.pair{display:flex;align-items:center;gap:8px}.pair img{width:72px;height:72px;image-rendering:pixelated}
    .tags span{display:inline-block;border:1px solid var(--line);border-radius:10px;padding:0 8px;font-size:.8rem}
    .family>div>figure{margin:16px 0}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:24px}figure{margin:0;max-width:640px}figcaption{color:var(--soft);font-size:.9rem}svg{width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}.bars rect{fill:var(--bar)}.null{fill:none;stroke:var(--bar2);stroke-width:2}.cut{stroke:var(--bad);stroke-width:2}.whisker{stroke:var(--ink);stroke-width:1.5}.axis{stroke:var(--line)}
    .dots{fill:none;stroke:var(--bar);stroke-width:4;stroke-linecap:round;opacity:.55}.marks{fill:none;stroke:var(--bad);stroke-width:2}.plane{max-width:640px}
    .gallery{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:16px}.gallery p{margin:4px 0;font-size:.85rem}
    .stack{position:relative;width:128px;background:var(--card)}.stack img{display:block;width:100%;height:auto;image-rendering:pixelated}.stack .heat{position:absolute;left:0;top:0;height:100%;opacity:0}.box{position:absolute;border:2px solid #ff2d55;outline:1px solid #fff}.small{width:40px;height:40px;image-rendering:pixelated;margin-right:3px}.strip{white-space:nowrap}
    #overlay:checked~.gallery .heat,#overlay:checked~details .heat{opacity:.6}
    @media(max-width:480px){.wide{display:none}main{padding:12px}.verdict{padding:14px}.family{padding:10px}h1{font-size:1.7rem}}
    @media(prefers-reduced-motion:no-preference){.heat{transition:opacity .15s}}
    @media print{.gallery li,.family,figure{break-inside:avoid}nav,.skip,input,label{display:none}main{max-width:none}}
    """
}
