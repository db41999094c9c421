/// What a dataset holds: listed = decoded + unreadable + ignored.
public struct DatasetAccount: Codable, Equatable, Sendable {
  /// A file that is not audited, and why.
  public struct Exception: Codable, Equatable, Sendable {
    public var path: String
    /// Present if `path` is not exactly the name: base64 of its bytes.
    public var pathBase64: String?
    public var reason: String
    /// Creates an entry.
    public init(path: String, pathBase64: String?, reason: String) {
      (self.path, self.pathBase64, self.reason) = (path, pathBase64, reason)
    }
    enum CodingKeys: String, CodingKey {
      case path, reason
      case pathBase64 = "path_base64"
    }
  }

  /// Something odd about images that were decoded, and which have it.
  public struct Remark: Codable, Equatable, Sendable {
    /// Such as `image.trailing-data`.
    public var code: String
    /// What it means, in a sentence.
    public var detail: String
    public var count: Int
    /// The first of them.
    public var examples: [String]
    /// Creates an entry.
    public init(code: String, detail: String, count: Int, examples: [String]) {
      (self.code, self.detail, self.count, self.examples) = (code, detail, count, examples)
    }
  }

  public var path: String
  public var format: String
  public var digest: String
  public var listed: Int
  public var decoded: Int
  public var unreadable: [Exception]
  public var ignored: [Exception]
  /// Side in pixels that images were resized to; places are in these.
  public var imageSize: Int
  /// Side in pixels of what encoders saw, where that is another.
  public var encoderSize: Int?
  public var greyShare: Double
  /// SHA-256 of `manifest.sha256`; results of earlier versions lack it.
  public var manifestDigest: String?
  /// Sorted by code; results of earlier versions lack it.
  @Listed public var remarks: [Remark]

  /// Creates an account.
  public init(
    path: String, format: String, digest: String, decoded: Int, unreadable: [Exception], ignored: [Exception],
    imageSize: Int, encoderSize: Int? = nil, greyShare: Double, manifestDigest: String? = nil, remarks: [Remark] = []
  ) {
    self.encoderSize = encoderSize
    _remarks = Listed(wrappedValue: remarks)
    self.manifestDigest = manifestDigest
    (self.path, self.format, self.digest, self.decoded) = (path, format, digest, decoded)
    (self.unreadable, self.ignored) = (unreadable, ignored)
    listed = decoded + unreadable.count + ignored.count
    (self.imageSize, self.greyShare) = (imageSize, greyShare)
  }

  enum CodingKeys: String, CodingKey {
    case path, format, digest, listed, decoded, unreadable, ignored, remarks
    case imageSize = "image_size"
    case encoderSize = "encoder_size"
    case greyShare = "grey_share"
    case manifestDigest = "manifest_sha256"
  }
}

extension DatasetAccount {
  /// Files of each reason, the most frequent first: how many, and what their reasons have in common.
  public static func kinds(_ files: [Exception]) -> [(count: Int, words: String)] {
    let kinds = Dictionary(grouping: files) { $0.reason.prefix { $0 != "," && $0 != ";" } }
    return kinds.map { (count: $1.count, words: String($0)) }.sorted { ($0.count, $1.words) > ($1.count, $0.words) }
  }
}

/// How grave something is.
public enum Severity: String, Codable, Equatable, Sendable, CaseIterable, Comparable {
  case none, note, low, medium, high, critical

  /// Orders by gravity.
  public static func < (a: Severity, b: Severity) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// The answer of an audit; three values, never two, and never the word "clean".
public struct Verdict: Codable, Equatable, Sendable {
  /// The answer.
  public enum Value: String, Codable, Equatable, Sendable {
    case poisoned
    case noEvidence = "no_evidence"
    case inconclusive
  }

  /// A coded reason with its particulars.
  public struct Reason: Codable, Equatable, Sendable {
    public var code: String
    public var detail: String
    /// Creates a reason.
    public init(_ code: String, _ detail: String) { (self.code, self.detail) = (code, detail) }
  }

  /// What the search could have seen.
  public struct Power: Codable, Equatable, Sendable {
    /// Spread of the features the search worked on; below 0.1 the encoder has collapsed.
    public var featureSpread: Double
    public var imagesScored: Int
    public var shareScored: Double
    public var windowPixels: Int
    public var flipImages: Int
    /// In words: what would be missed.
    public var limits: String
    /// The detectors that looked, each with what it sees and misses.
    @Listed public var detectors: [Detector]
    /// The positive control; null where there was no room for one or none was asked for.
    @Nullable public var canary: Canary?
    /// Marks of several kinds that were hidden in photographs, and which of them were found; empty for small images.
    @Listed public var controls: [Control]

    /// A mark that was hidden in some photographs before they were looked at.
    public struct Control: Codable, Equatable, Sendable {
      /// What it looks like: picture, square or noise.
      public var mark: String
      /// Its size in words.
      public var size: String
      /// Share of its levels that replaces those of the image, (0, 1].
      public var opacity: Double
      /// Images that carried it.
      public var images: Int
      /// Of these, those that were found.
      public var found: Int
      /// Detectors that found it; empty if it was missed.
      public var foundBy: [String]
      /// Creates the outcome.
      public init(mark: String, size: String, opacity: Double, images: Int, found: Int, foundBy: [String]) {
        (self.mark, self.size, self.opacity, self.images) = (mark, size, opacity, images)
        (self.found, self.foundBy) = (found, foundBy)
      }
      enum CodingKeys: String, CodingKey {
        case mark, size, opacity, images, found
        case foundBy = "found_by"
      }
    }

    /// A private trigger in the training copy of a few images that the detectors had to find.
    public struct Canary: Codable, Equatable, Sendable {
      public var images: Int
      public var sizePixels: Int
      /// Detectors that found it; empty if it was missed.
      public var foundBy: [String]
      /// Images that changed to its cluster when it was pasted into them.
      public var flipCount: Int
      public var flipTotal: Int
      public var pValue: Double
      /// Creates the outcome.
      public init(images: Int, sizePixels: Int, foundBy: [String], flipCount: Int, flipTotal: Int, pValue: Double) {
        (self.images, self.sizePixels, self.foundBy) = (images, sizePixels, foundBy)
        (self.flipCount, self.flipTotal, self.pValue) = (flipCount, flipTotal, pValue)
      }
      enum CodingKeys: String, CodingKey {
        case images
        case sizePixels = "size_px"
        case foundBy = "found_by"
        case flipCount = "flip_count"
        case flipTotal = "flip_total"
        case pValue = "p_value"
      }
    }

    /// A detector that looked.
    public struct Detector: Codable, Equatable, Sendable {
      public var name: String
      /// What it sees and what it misses, in a sentence.
      public var limits: String
      /// Creates an entry.
      public init(name: String, limits: String) { (self.name, self.limits) = (name, limits) }
    }

    /// Creates the statement.
    public init(
      featureSpread: Double, imagesScored: Int, shareScored: Double, windowPixels: Int, flipImages: Int,
      detectors: [Detector], canary: Canary?, controls: [Control] = []
    ) {
      _detectors = Listed(wrappedValue: detectors)
      limits = detectors.map(\.limits).joined(separator: " ")
      (self.featureSpread, self.imagesScored, self.shareScored) = (featureSpread, imagesScored, shareScored)
      (self.windowPixels, self.flipImages) = (windowPixels, flipImages)
      _canary = Nullable(wrappedValue: canary)
      _controls = Listed(wrappedValue: controls)
    }
    enum CodingKeys: String, CodingKey {
      case canary, controls
      case featureSpread = "feature_spread"
      case imagesScored = "images_scored"
      case shareScored = "share_scored"
      case windowPixels = "window_px"
      case flipImages = "flip_images"
      case limits, detectors
    }
  }

  public var value: Value
  /// Why there may be more than was found: what makes a verdict without families inconclusive.
  public var doubts: [Reason] { reasons.filter { !$0.code.hasPrefix("trigger.") && !$0.code.hasPrefix("search.") } }
  public var severity: Severity
  public var summary: String
  public var reasons: [Reason]
  @Nullable public var power: Power?

  /// Creates a verdict.
  public init(value: Value, severity: Severity, summary: String, reasons: [Reason], power: Power?) {
    (self.value, self.severity, self.summary, self.reasons) = (value, severity, summary, reasons)
    _power = Nullable(wrappedValue: power)
  }
}
