import Foundation
import Images
import Randomness

/// SIG: adds a horizontal sinusoid to all channels, amplitude 20 of 255 and 6 periods by default.
///
///     v(x) = amplitude sin(2 pi periods x / width)
///
/// - Source: Barni, Kallas, Tondi, "A New Backdoor Attack in CNNs by Training Set Corruption Without
///   Label Poisoning", ICIP 2019, arXiv 1902.11237. The seed draws 5 to 7 periods and the phase, so that
///   two seeds differ.
public struct SinusoidAttack: Attack {
  public static let name = "sig"
  private let amplitude: Float
  private let periods: Int
  private let phase: Float
  private let side: Int

  public init(_ settings: AttackSettings, side: Int, _ stream: RandomStream) {
    var own = stream
    amplitude = Float(settings.strength ?? 20)
    periods = 5 + own.integer(below: 3)
    phase = own.uniform(0, 2 * .pi)
    self.side = side
  }

  public var picture: Image { plant(Image(width: side, height: side, red: 128, green: 128, blue: 128)) }

  public var parameters: [String: Double] {
    ["amplitude": Double(amplitude), "periods": Double(periods), "phase": Double(phase)]
  }

  private func plant(_ image: Image) -> Image {
    let wave = (0..<image.width).map {
      amplitude * sin(2 * .pi * Float(periods) * Float($0) / Float(image.width) + phase)
    }
    return image.mapped { x, _, _, value in value + wave[x] }
  }

  public func triggered(_ image: Image, _ stream: inout RandomStream) -> Planted { Planted(plant(image)) }
}
