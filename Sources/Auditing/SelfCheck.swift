import Findings
import Foundation
import Images
import Randomness
import Tensors

/// Plants a small attack in drawn images, audits them without training, and compares with the truth.
public enum SelfCheck {
  private final class Silence: AuditProgress {
    func begin(_ stage: String) {}
    func update(_ share: Double, _ detail: String) {}
    func end(_ stage: String, _ summary: String) {}
    var isInterrupted: Bool { false }
  }

  /// Writes images below the temporary folder, audits them and removes all of it.
  public static func run(device: any Device, threads: Int) throws -> (isGood: Bool, detail: String) {
    let begin = Date()
    let folder = NSTemporaryDirectory() + "/bezoar-doctor-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (images, poisoned, side) = (640, 40, 32)
    let stream = RandomStream(seed: 20)
    var own = stream.stream("trigger")
    let trigger = Image(
      width: 10, height: 10, pixels: (0..<300).map { _ in own.integer(below: 2) == 0 ? 16 : 240 })
    let data = RunFolder(folder + "/data")
    for i in 0..<images {
      var own = stream.stream(i)
      // Coarse random colours, enlarged: every image is different.
      let coarse = (0..<108).map { _ in UInt8(own.integer(below: 256)) }
      var image = Image(width: 6, height: 6, pixels: coarse).resized(width: side, height: side)
      if i < poisoned {
        image.paste(trigger, x: own.integer(below: side - 9), y: own.integer(below: side - 9))
      }
      try data.write(Data(ImageCodec.encodePNG(image)), to: "\(i).png")
    }
    var configuration = AuditConfiguration.preset(.screen)
    configuration.imageSize = side
    configuration.filter.classifier.networks = 1
    configuration.filter.classifier.iterations = 60
    let audit = try Audit(
      .init(DatasetSource(folder + "/data"), out: folder + "/out"), configuration, device: device, threads: threads,
      progress: Silence())
    let result = try audit.run()
    let found = result.suspects.filter { (Int($0.path.split(separator: ".")[0]) ?? images) < poisoned }.count
    let wrong = result.suspects.count - found
    let words =
      "\(found) of \(poisoned) planted images of \(images) found, \(wrong) others, in \(String(format: "%.1f", -begin.timeIntervalSinceNow)) s"
    return (result.verdict.value == .poisoned && found * 10 >= poisoned * 9 && wrong == 0, words)
  }
}
