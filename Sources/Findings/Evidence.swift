/// A rectangle in pixels of the resized image.
public struct Box: Codable, Equatable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int
  /// Creates a rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// Images that carry the same trigger.
public struct TriggerFamily: Codable, Equatable, Sendable {
  /// The trigger as it was cut out.
  public struct Trigger: Codable, Equatable, Sendable {
    /// PNG below the run folder.
    public var crop: String
    public var sizePixels: Int
    public var box: Box
    /// Creates a trigger.
    public init(crop: String, sizePixels: Int, box: Box) {
      (self.crop, self.sizePixels, self.box) = (crop, sizePixels, box)
    }
    enum CodingKeys: String, CodingKey {
      case crop, box
      case sizePixels = "size_px"
    }
  }

  public var id: String
  /// The detector that found it first.
  public var detector: String
  /// All detectors that found it.
  @Listed public var foundBy: [String]
  public var trigger: Trigger
  /// Images that changed to the trigger's cluster when it was pasted into them.
  public var flipCount: Int
  public var flipTotal: Int
  /// Share of controls that pull as many images.
  public var pValue: Double
  /// Paths of the images in which its picture was recognised, the surest first.
  public var members: [String]
  public var severity: Severity
  /// Scores that never remove an image by themselves.
  @Listed public var secondary: [Secondary]
  /// Tags of public taxonomies.
  public var tags: [String]

  /// A score of the family beside that of other images.
  public struct Secondary: Codable, Equatable, Sendable {
    public var name: String
    public var members: Double
    public var others: Double
    /// Creates a score.
    public init(name: String, members: Double, others: Double) {
      (self.name, self.members, self.others) = (name, members, others)
    }
  }

  /// Creates a family.
  public init(
    id: String, foundBy: [String], trigger: Trigger, flipCount: Int, flipTotal: Int, pValue: Double,
    members: [String], severity: Severity, secondary: [Secondary], tags: [String]
  ) {
    (self.id, self.trigger, self.flipCount) = (id, trigger, flipCount)
    _foundBy = Listed(wrappedValue: foundBy)
    _secondary = Listed(wrappedValue: secondary)
    detector = foundBy.first ?? ""
    (self.flipTotal, self.pValue, self.members, self.severity) = (flipTotal, pValue, members, severity)
    self.tags = tags
  }

  enum CodingKeys: String, CodingKey {
    case id, detector, trigger, members, severity, secondary, tags
    case foundBy = "found_by"
    case flipCount = "flip_count"
    case flipTotal = "flip_total"
    case pValue = "p_value"
  }
}

/// Something that is worth a look but removes nothing.
public struct Note: Codable, Equatable, Sendable {
  public var detector: String
  /// How many images it is about.
  public var count: Int
  /// Paths of the first of them.
  public var members: [String]
  /// Creates a note.
  public init(detector: String, count: Int, members: [String]) {
    (self.detector, self.count, self.members) = (detector, count, members)
  }
}

/// An image that the filter removes.
public struct Suspect: Codable, Equatable, Sendable {
  public var path: String
  public var pathBase64: String?
  public var sha256: String
  /// Correlation with the trigger's picture, strength of its pattern, or mean logit difference of the
  /// classifier: see `reason`.
  public var score: Double
  public var pValue: Double
  public var family: String
  @Nullable public var box: Box?
  /// Counted from 1.
  public var rank: Int
  public var reason: String
  /// PNG files below the run folder, for the first suspects.
  public var thumbnail: String?
  public var heatMap: String?

  /// Creates a suspect.
  public init(
    path: String, pathBase64: String?, sha256: String, score: Double, pValue: Double, family: String, box: Box?,
    rank: Int, reason: String, thumbnail: String? = nil, heatMap: String? = nil
  ) {
    (self.path, self.pathBase64, self.sha256, self.score) = (path, pathBase64, sha256, score)
    (self.pValue, self.family, self.rank, self.reason) = (pValue, family, rank, reason)
    _box = Nullable(wrappedValue: box)
    (self.thumbnail, self.heatMap) = (thumbnail, heatMap)
  }

  enum CodingKeys: String, CodingKey {
    case path, sha256, score, family, box, rank, reason, thumbnail
    case pathBase64 = "path_base64"
    case pValue = "p_value"
    case heatMap = "heat_map"
  }
}

/// Histograms of scores, for charts.
public struct ScoreSummary: Codable, Equatable, Sendable {
  /// Counts in equal bins from lower to upper.
  public struct Histogram: Codable, Equatable, Sendable {
    public var lower: Double
    public var upper: Double
    public var counts: [Int]
    /// Counts values in equal bins.
    public init(_ values: [Double], bins: Int) {
      let finite = values.filter(\.isFinite)
      lower = finite.min() ?? 0
      upper = max(finite.max() ?? 1, lower + 1e-9)
      var counts = [Int](repeating: 0, count: bins)
      for value in finite { counts[min(bins - 1, Int((value - lower) / (upper - lower) * Double(bins)))] += 1 }
      self.counts = counts
    }
  }

  /// Flip-test scores of telling windows.
  public var candidates: Histogram
  /// Poison-classifier scores of all images; null without a family.
  @Nullable public var classifier: Histogram?
  /// Classifier score above which an image is removed.
  @Nullable public var threshold: Double?

  /// Creates a summary.
  public init(candidates: Histogram, classifier: Histogram?, threshold: Double?) {
    self.candidates = candidates
    _classifier = Nullable(wrappedValue: classifier)
    _threshold = Nullable(wrappedValue: threshold)
  }
}
