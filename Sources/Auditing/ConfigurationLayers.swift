import Contrastive
import Findings
import Foundation
import NeuralNetworks

/// A configuration put together from layers: defaults, file, environment, flags; later ones win.
///
/// Works on the JSON form, so that a setting exists in one place, its type, and every setting can be
/// given in every layer under the same dotted name, such as `scan.epochs`.
public struct ConfigurationLayers: Sendable {
  /// Where each dotted name's value came from.
  public private(set) var sources: [String: String] = [:]
  private var tree: JSONValue
  private let preset: AuditConfiguration

  /// Starts from a preset.
  public init(_ preset: AuditConfiguration.Preset) throws {
    self.preset = AuditConfiguration.preset(preset)
    tree = try JSONDecoder().decode(JSONValue.self, from: self.preset.encoded())
    for name in Self.leaves(tree) { sources[name] = "preset \(preset.rawValue)" }
  }

  /// Lays an object over what is there.
  ///
  /// Choosing another objective or backbone, by its name alone or with settings of its own, brings its recipe as well: what a layer sets
  /// beside the choice, and what later ones set, stands.
  public mutating func apply(_ overlay: JSONValue, source: String) {
    var overlay = Self.replaced(overlay, Self.objective) { choice in
      if case .text(let name) = choice { .object([name: .object([:])]) } else { choice }
    }
    if let (name, chosen) = Self.backbone(overlay) {
      let advcl = preset.advcl
      take(recipe: "backbone \(name)", ["network"]) { $0.take(chosen, preset: advcl) }
      if case .text? = Self.value(overlay, ["network"]) { overlay = Self.removing("network", from: overlay) }
      if overlay == .object([:]) {
        sources["network"] = source
        return
      }
    }
    if case .object(let choice)? = Self.value(overlay, Self.objective), choice.count == 1, let name = choice.keys.first,
      let objective = Objectives.named(name), Self.value(tree, Self.objective + [name]) == nil
    {
      take(recipe: "objective \(name)", Self.objective) { $0.take(objective) }
    }
    tree = Self.merged(tree, overlay)
    for name in Self.leaves(overlay) { sources[name] = source }
  }

  /// Sets one dotted name to a value written as JSON, or as plain text.
  public mutating func set(_ name: String, to text: String, source: String) {
    var value = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .text(text)
    for part in name.split(separator: ".").reversed() { value = .object([String(part): value]) }
    apply(value, source: source)
  }

  /// Returns the typed configuration.
  ///
  /// - Throws: ``AuditError`` with code `.configuration` that lists every problem.
  public func resolved() throws -> AuditConfiguration {
    let data = try JSONEncoder().encode(tree)
    let configuration: AuditConfiguration
    do { configuration = try JSONDecoder().decode(AuditConfiguration.self, from: data) } catch let error
      as DecodingError
    {
      throw AuditError(.configuration, error.words)
    }
    let known = try JSONDecoder().decode(JSONValue.self, from: configuration.encoded())
    let names = Self.leaves(known)
    // A preset's choice that another layer replaced is no mistake.
    let given = sources.filter { !$0.value.hasPrefix("preset ") }.keys
    let unknown = given.filter { name in
      !names.contains(name) && !names.contains { $0.hasPrefix(name + ".") } && Self.value(tree, name) != .null
    }.sorted()
    if let first = unknown.first {
      let near = nearest(first, to: names.sorted()).map { "; did you mean \($0)?" } ?? ""
      throw AuditError(.configuration, "there is no setting \(first) (from \(sources[first] ?? "a layer"))\(near)")
    }
    let problems = configuration.problems()
    if !problems.isEmpty { throw AuditError(.configuration, problems.joined(separator: "; ")) }
    return configuration
  }

  private static let objective = ["scan", "objective"]

  /// A backbone that a layer names, or that of the kind that it describes whole.
  private static func backbone(_ overlay: JSONValue) -> (name: String, configuration: BackboneConfiguration)? {
    let named = BackboneConfiguration.named
    switch value(overlay, ["network"]) {
    case .text(let name): return named.first { $0.name == name }
    case .object(let items) where items["depth"] != nil && items["heads"] != nil:
      return named.first { $0.configuration.hasFixedSide }
    case .object(let items) where items["blocks"] != nil && items["block"] != nil: return named.first
    default: return nil
    }
  }

  /// Changes what goes with a choice; nothing where the rest cannot be read, which is told in the end.
  ///
  /// - Parameter place: Where the choice stands; what is there now does not matter.
  private mutating func take(recipe: String, _ place: [String], _ change: (inout AuditConfiguration) -> Void) {
    func read(_ tree: JSONValue) -> AuditConfiguration? {
      try? JSONDecoder().decode(AuditConfiguration.self, from: JSONEncoder().encode(tree))
    }
    let standard = (try? JSONDecoder().decode(JSONValue.self, from: preset.encoded())).flatMap { Self.value($0, place) }
    guard var own = read(tree) ?? standard.flatMap({ value in read(Self.replaced(tree, place) { _ in value }) })
    else { return }
    change(&own)
    guard let next = try? JSONDecoder().decode(JSONValue.self, from: own.encoded()) else { return }
    let old = tree
    tree = next
    for leaf in Self.leaves(tree) where Self.value(tree, leaf) != Self.value(old, leaf) { sources[leaf] = recipe }
    // Settings that only another choice has are gone.
    sources = sources.filter { Self.value(tree, $0.key) != nil || Self.value(old, $0.key) == nil }
  }

  private static func removing(_ name: String, from tree: JSONValue) -> JSONValue {
    guard case .object(var items) = tree else { return tree }
    items[name] = nil
    return .object(items)
  }

  /// What a dotted name leads to.
  private static func value(_ tree: JSONValue, _ name: String) -> JSONValue? {
    value(tree, name.split(separator: ".").map(String.init))
  }

  /// What a path leads to.
  private static func value(_ tree: JSONValue, _ path: [String]) -> JSONValue? {
    path.reduce(tree) { $0?[$1] }
  }

  /// The tree with another value where a path leads, if it leads anywhere.
  private static func replaced(_ tree: JSONValue, _ path: [String], _ change: (JSONValue) -> JSONValue) -> JSONValue {
    guard let first = path.first else { return change(tree) }
    guard case .object(var items) = tree, let next = items[first] else { return tree }
    items[first] = replaced(next, Array(path.dropFirst()), change)
    return .object(items)
  }

  private static func merged(_ base: JSONValue, _ overlay: JSONValue) -> JSONValue {
    guard case .object(var all) = base, case .object(let new) = overlay else { return overlay }
    // A choice with payload has one key; another choice replaces it.
    if all.count == 1, new.count == 1, let key = new.keys.first, all[key] == nil, case .object? = all.values.first {
      return overlay
    }
    for (key, value) in new { all[key] = all[key].map { merged($0, value) } ?? value }
    return .object(all)
  }

  private static func leaves(_ value: JSONValue, _ prefix: String = "") -> Set<String> {
    guard case .object(let items) = value, !items.isEmpty else { return [prefix] }
    return Set(items.flatMap { leaves($0.value, prefix.isEmpty ? $0.key : "\(prefix).\($0.key)") })
  }
}

/// Returns the candidate that differs least from a word, if any is near.
public func nearest(_ word: String, to candidates: [String]) -> String? {
  func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for i in a.indices {
      var previous = row[0]
      row[0] = i + 1
      for j in b.indices {
        let cost = min(previous + (a[i] == b[j] ? 0 : 1), row[j] + 1, row[j + 1] + 1)
        previous = row[j + 1]
        row[j + 1] = cost
      }
    }
    return row[b.count]
  }
  let scored = candidates.map { (distance(Array(word), Array($0)), $0) }
  guard let best = scored.min(by: { ($0.0, $0.1) < ($1.0, $1.1) }) else { return nil }
  return best.0 <= max(2, word.count / 3) ? best.1 : nil
}
