import Findings

extension Rule {
  /// One line.
  public var title: String {
    switch self {
    case .picture: "The same picture in unrelated images"
    case .pattern: "The same pattern over unrelated images"
    case .object: "The same object in unrelated images"
    case .unreadable: "A file that could not be read"
    case .inconclusive: "The audit could not say anything"
    }
  }

  /// What it means, in at most 1024 characters.
  public var explanation: String {
    switch self {
    case .picture:
      "The image shows a small picture that recurs in images with nothing else in common, and whose turned and mirrored forms do not recur. An encoder that is pretrained on such images ties the picture to what they show: a backdoor."
    case .pattern:
      "The image carries a pattern that is added to whole images with nothing else in common. It may be too faint to be seen. An encoder that is pretrained on such images answers to the pattern."
    case .object:
      "The image shows a plain mark, or an object of changing size or angle, that recurs in images with nothing else in common. Its colours, or a classifier that learnt from what pulls images into one cluster of the encoder, tell it from all other images with next to nothing in between."
    case .unreadable:
      "The file looks like an image or is listed as one, but could not be decoded, so nothing can be said about it."
    case .inconclusive:
      "The positive control was missed, there were too few images, too many files could not be read, or the encoder was of no use. What the audit did not find may be there."
    }
  }

  /// What to do next.
  public var remedy: String {
    switch self {
    case .picture, .pattern, .object:
      "Look at the recovered trigger in report.html. If it does not belong into the data, train on the files in kept.txt and find out where the others came from. If it does (a logo, a time stamp), name it in an ignore file with a reason."
    case .unreadable: "Repair or remove the file, then audit again."
    case .inconclusive: "Read the coded reasons in report.html, mend what they name, then audit again."
    }
  }

  /// Level in code scanning.
  var level: String {
    switch self {
    case .picture, .pattern, .object: "error"
    case .inconclusive: "warning"
    case .unreadable: "note"
    }
  }

  /// Score of 0 to 10 as code scanning wants it.
  var securitySeverity: String {
    switch self {
    case .picture, .pattern, .object: "8.8"
    case .inconclusive: "5.0"
    case .unreadable: "2.0"
    }
  }

  /// Tags of public taxonomies: MITRE ATLAS, NIST AI 100-2, OWASP.
  public var tags: [String] {
    switch self {
    case .picture, .pattern, .object:
      [
        "AML.T0020", "AML.T0019", "AML.T0043.004", "NISTAML.013", "NISTAML.023", "OWASP-ML02", "OWASP-ML10",
        "OWASP-LLM04",
      ]
    case .unreadable, .inconclusive: []
    }
  }
}

extension Verdict.Value {
  /// The verdict as a heading.
  var headline: String {
    switch self {
    case .poisoned: "Poisoned"
    case .noEvidence: "No evidence of poisoning found"
    case .inconclusive: "Inconclusive"
    }
  }
}

extension Severity {
  /// The same as CycloneDX has it.
  var cycloneDX: String {
    switch self {
    case .none: "none"
    case .note: "info"
    default: rawValue
    }
  }
}
