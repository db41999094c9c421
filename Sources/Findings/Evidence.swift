/// A rectangle in pixels of the resized image, or of the file where that is said.
public struct Box: Codable, Hashable, Sendable {
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
  /// What kind of finding it is; results of earlier versions lack it.
  public var rule: Rule?
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
  /// Other images without and with the trigger.
  @Listed public var examples: [Example]
  /// How clearly all images show it; results of earlier versions lack it.
  public var scores: Scores?

  /// Where in the images it lies; nil for what covers them, and in results of earlier versions.
  public var placement: Placement?

  /// Scores of all images for one trigger.
  public struct Scores: Codable, Equatable, Sendable {
    public var images: ScoreSummary.Histogram
    /// The null: the same for its decoys, in the same bins; nil where there are none.
    public var decoys: ScoreSummary.Histogram?
    /// Score from which an image is removed.
    public var threshold: Double
    /// Creates a summary.
    public init(images: ScoreSummary.Histogram, decoys: ScoreSummary.Histogram?, threshold: Double) {
      (self.images, self.decoys, self.threshold) = (images, decoys, threshold)
    }
  }

  /// One image that does not carry the trigger, as it is and with the trigger planted in it.
  public struct Example: Codable, Equatable, Sendable {
    public var path: String
    /// PNG files below the run folder.
    public var before: String
    public var after: String
    /// Creates an example.
    public init(path: String, before: String, after: String) {
      (self.path, self.before, self.after) = (path, before, after)
    }
  }

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
    id: String, rule: Rule, foundBy: [String], trigger: Trigger, flipCount: Int, flipTotal: Int, pValue: Double,
    members: [String], severity: Severity, secondary: [Secondary], tags: [String], examples: [Example],
    scores: Scores?, placement: Placement? = nil
  ) {
    (self.id, self.rule, self.trigger, self.flipCount) = (id, rule, trigger, flipCount)
    _examples = Listed(wrappedValue: examples)
    _foundBy = Listed(wrappedValue: foundBy)
    _secondary = Listed(wrappedValue: secondary)
    detector = foundBy.first ?? ""
    (self.flipTotal, self.pValue, self.members, self.severity) = (flipTotal, pValue, members, severity)
    (self.tags, self.scores, self.placement) = (tags, scores, placement)
  }

  enum CodingKeys: String, CodingKey {
    case id, rule, detector, trigger, members, severity, secondary, tags, examples, scores, placement
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
  /// Results of earlier versions lack it.
  public var rule: Rule?
  /// Line of `manifest.sha256` that names the file, counted from 1; for records of a container that of the container.
  public var line: Int?
  @Nullable public var box: Box?
  /// The same in pixels of the file, where it was told there.
  public var sourceBox: Box?
  /// Counted from 1.
  public var rank: Int
  public var reason: String
  /// PNG files below the run folder, for the first suspects.
  public var thumbnail: String?
  public var heatMap: String?
  /// The place with its surroundings, in the file's own pixels.
  public var crop: String?

  /// Creates a suspect.
  public init(
    path: String, pathBase64: String?, sha256: String, score: Double, pValue: Double, family: String, rule: Rule,
    line: Int?, box: Box?, rank: Int, reason: String, thumbnail: String? = nil, heatMap: String? = nil
  ) {
    (self.rule, self.line) = (rule, line)
    (self.path, self.pathBase64, self.sha256, self.score) = (path, pathBase64, sha256, score)
    (self.pValue, self.family, self.rank, self.reason) = (pValue, family, rank, reason)
    _box = Nullable(wrappedValue: box)
    (self.thumbnail, self.heatMap) = (thumbnail, heatMap)
  }

  enum CodingKeys: String, CodingKey {
    case path, sha256, score, family, rule, line, box, rank, reason, thumbnail, crop
    case sourceBox = "source_box"
    case pathBase64 = "path_base64"
    case pValue = "p_value"
    case heatMap = "heat_map"
  }
}

/// Images that the search encoder takes for alike.
public struct ImageCluster: Codable, Equatable, Sendable {
  public var id: Int
  public var images: Int
  public var suspects: Int
  /// PNG files below the run folder: the images nearest to the centre.
  public var examples: [String]
  /// Creates a cluster.
  public init(id: Int, images: Int, suspects: Int, examples: [String]) {
    (self.id, self.images, self.suspects, self.examples) = (id, images, suspects, examples)
  }
}

/// A sample of the images as points of a plane, neighbours near each other; one entry an image in every list.
public struct EmbeddingMap: Codable, Equatable, Sendable {
  /// How it was made, and of how many images.
  public var method: String
  /// Coordinates from 0 to 1.
  public var x: [Double]
  public var y: [Double]
  /// 0 where the image was kept, otherwise the number of its family.
  public var family: [Int]
  /// Creates a map.
  public init(method: String, x: [Double], y: [Double], family: [Int]) {
    (self.method, self.x, self.y, self.family) = (method, x, y, family)
  }
}

/// Histograms of scores, for charts.
public struct ScoreSummary: Codable, Equatable, Sendable {
  /// Counts in equal bins from lower to upper.
  public struct Histogram: Codable, Equatable, Sendable {
    public var lower: Double
    public var upper: Double
    public var counts: [Int]

    /// Creates a histogram.
    public init(lower: Double, upper: Double, counts: [Int]) {
      (self.lower, self.upper, self.counts) = (lower, upper, counts)
    }

    /// Counts values in equal bins.
    ///
    /// - Parameter range: From lower to upper; nil takes the least and the largest value.
    public init(_ values: [Double], bins: Int, range: ClosedRange<Double>? = nil) {
      let finite = values.filter(\.isFinite)
      lower = range?.lowerBound ?? finite.min() ?? 0
      upper = max(range?.upperBound ?? finite.max() ?? 1, lower + 1e-9)
      var counts = [Int](repeating: 0, count: bins)
      for value in finite { counts[max(0, min(bins - 1, Int((value - lower) / (upper - lower) * Double(bins))))] += 1 }
      self.counts = counts
    }
  }

  /// Flip-test scores of telling windows.
  public var candidates: Histogram
  /// The null: scores of control windows, in the bins of `candidates`.
  public var controls: Histogram?
  /// The score above which windows stand apart from all others, with next to nothing between; null if none do.
  @Nullable public var gap: Double?
  /// Windows above the gap that look alike; 0 without one.
  @Nullable public var aboveGap: Int?
  /// How clearly each image shows the first family's trigger; null without one. See ``TriggerFamily/scores``.
  @Nullable public var classifier: Histogram?
  /// The one of these scores from which an image is removed.
  @Nullable public var threshold: Double?

  /// Creates a summary.
  public init(
    candidates: Histogram, controls: Histogram?, gap: Double?, aboveGap: Int, first: TriggerFamily.Scores?
  ) {
    (self.candidates, self.controls) = (candidates, controls)
    _gap = Nullable(wrappedValue: gap)
    _aboveGap = Nullable(wrappedValue: aboveGap)
    _classifier = Nullable(wrappedValue: first?.images)
    _threshold = Nullable(wrappedValue: first?.threshold)
  }

  enum CodingKeys: String, CodingKey {
    case candidates, controls, gap, classifier, threshold
    case aboveGap = "above_gap"
  }
}
