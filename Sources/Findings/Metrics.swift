/// How encoders behave before and after the filter.
public struct Metrics: Codable, Equatable, Sendable {
  /// The encoder that was searched: trained on everything.
  public var before: EncoderMetrics
  /// The encoder to use: AdvCL on the kept list, or else the plain one, or else one that was distilled.
  public var after: EncoderMetrics
  /// The scan recipe again on the kept list; null where `after` is that already, or none was trained.
  @Nullable public var afterPlain: EncoderMetrics?
  /// Further ones: distilled encoders.
  public var afterOthers: [EncoderMetrics]

  /// Creates the comparison.
  public init(
    before: EncoderMetrics, after: EncoderMetrics, afterPlain: EncoderMetrics?, afterOthers: [EncoderMetrics] = []
  ) {
    (self.before, self.after, self.afterOthers) = (before, after, afterOthers)
    _afterPlain = Nullable(wrappedValue: afterPlain)
  }

  /// Reads it; results of earlier versions have no further ones.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    before = try values.decode(EncoderMetrics.self, forKey: .before)
    after = try values.decode(EncoderMetrics.self, forKey: .after)
    _afterPlain = try values.decode(Nullable<EncoderMetrics>.self, forKey: .afterPlain)
    afterOthers = try values.decodeIfPresent([EncoderMetrics].self, forKey: .afterOthers) ?? []
  }

  /// The encoders that there are, in the order of their training.
  public var encoders: [EncoderMetrics] {
    ([before] + (afterPlain.map { [$0] } ?? []) + afterOthers + [after]).filter { $0.encoder != "none" }
  }

  enum CodingKeys: String, CodingKey {
    case before, after
    case afterPlain = "after_plain"
    case afterOthers = "after_others"
  }
}

/// One encoder's measurements; null where something could not be measured, with the reason.
public struct EncoderMetrics: Codable, Equatable, Sendable {
  /// Which training it came from: scan, search, plain, advcl, compress, simreg or none.
  public var encoder: String
  @Nullable public var cleanAccuracy: Double?
  @Nullable public var triggeredAccuracy: Double?
  /// Share of triggered images of other classes that are taken for the target class.
  @Nullable public var attackSuccessRate: Double?
  /// Share of clean images of other classes that are taken for the target class.
  @Nullable public var cleanFalsePositiveRate: Double?
  /// Label-free: share of held-out images whose cluster changes to the trigger's.
  @Nullable public var flipRate: Double?
  @Nullable public var robustAccuracy: RobustAccuracy?
  @Nullable public var nearestNeighbourAccuracy: Double?
  /// With the most telling window of every image painted over; nil where that was not asked for.
  public var blocking: Blocking?
  /// Images the shares are taken over.
  public var n: Int
  /// Wilson's 95 % intervals of the shares above, by their names.
  public var interval95: [String: [Double]]
  public var probe: String
  public var seeds: [UInt64]
  /// Why a value is null, by its name.
  public var reasons: [String: String]

  /// Accuracy under attack.
  public struct RobustAccuracy: Codable, Equatable, Sendable {
    public var value: Double
    public var epsilon: Double
    public var attack: String
    public var n: Int
    /// Creates the value.
    public init(value: Double, epsilon: Double, attack: String, n: Int) {
      (self.value, self.epsilon, self.attack, self.n) = (value, epsilon, attack, n)
    }
  }

  /// Measured after test-time blocking; null without images that carry the trigger.
  public struct Blocking: Codable, Equatable, Sendable {
    public var cleanAccuracy: Double
    @Nullable public var triggeredAccuracy: Double?
    @Nullable public var attackSuccessRate: Double?
    /// Share of triggered images whose window covers more than half of the trigger; null if the trigger is not local.
    @Nullable public var triggerHitRate: Double?
    /// What windows were found by.
    public var saliency: String
    /// Side of a window in the pixels that the encoder sees.
    public var windowPixels: Int

    /// Creates it without what needs a trigger.
    public init(cleanAccuracy: Double, saliency: String, windowPixels: Int) {
      (self.cleanAccuracy, self.saliency, self.windowPixels) = (cleanAccuracy, saliency, windowPixels)
    }

    enum CodingKeys: String, CodingKey {
      case saliency
      case cleanAccuracy = "clean_accuracy"
      case triggeredAccuracy = "triggered_accuracy"
      case attackSuccessRate = "attack_success_rate"
      case triggerHitRate = "trigger_hit_rate"
      case windowPixels = "window_px"
    }
  }

  /// Creates empty measurements, all null for one reason.
  public init(encoder: String, unmeasured reason: String) {
    self.encoder = encoder
    (n, interval95, probe, seeds) = (0, [:], "none", [])
    reasons = Dictionary(uniqueKeysWithValues: Self.measured.map { ($0, reason) })
  }

  /// Names of the values that may be null.
  public static let measured = [
    "clean_accuracy", "triggered_accuracy", "attack_success_rate", "clean_false_positive_rate", "flip_rate",
    "robust_accuracy", "nearest_neighbour_accuracy",
  ]

  enum CodingKeys: String, CodingKey {
    case encoder, n, probe, seeds, reasons, blocking
    case cleanAccuracy = "clean_accuracy"
    case triggeredAccuracy = "triggered_accuracy"
    case attackSuccessRate = "attack_success_rate"
    case cleanFalsePositiveRate = "clean_false_positive_rate"
    case flipRate = "flip_rate"
    case robustAccuracy = "robust_accuracy"
    case nearestNeighbourAccuracy = "nearest_neighbour_accuracy"
    case interval95 = "interval_95"
  }
}

/// The result beside a planted attack; never seen by a detector.
public struct GroundTruthComparison: Codable, Equatable, Sendable {
  public var poisons: Int
  public var precision: Double
  public var recall: Double
  public var f1: Double
  /// Share of poisons among the k candidates that score highest in the search, by k.
  public var topKPrecision: [String: Double]
  /// Share of poisons among the candidates above the score gap of the search that look alike; null if none stand apart. See ``ScoreSummary/aboveGap``.
  @Nullable public var gapPrecision: Double?
  /// Share of unpoisoned images that were removed.
  public var falseRemovalRate: Double

  /// Creates a comparison.
  public init(
    poisons: Int, precision: Double, recall: Double, f1: Double, topKPrecision: [String: Double],
    gapPrecision: Double? = nil, falseRemovalRate: Double
  ) {
    (self.poisons, self.precision, self.recall, self.f1) = (poisons, precision, recall, f1)
    (self.topKPrecision, self.falseRemovalRate) = (topKPrecision, falseRemovalRate)
    _gapPrecision = Nullable(wrappedValue: gapPrecision)
  }

  enum CodingKeys: String, CodingKey {
    case poisons, precision, recall, f1
    case topKPrecision = "top_k_precision"
    case gapPrecision = "gap_precision"
    case falseRemovalRate = "false_removal_rate"
  }
}
