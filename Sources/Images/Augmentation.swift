import Foundation
import Randomness

/// Random views of an image for contrastive learning.
///
/// Random resized crop, horizontal flip, colour jitter in random order, greyscale and blur. All
/// colour operations are affine in the colour, so they are composed into one 3x4 matrix and
/// applied together with the crop.
///
/// - Determinism: Depends on the image and the stream alone.
/// - Source: Chen et al., SimCLR, 2020, appendix A, arXiv 2002.05709. Deviates: colours are clamped
///   once, after all jitter, and hue is a rotation in YIQ space instead of HSV.
public struct Augmentation: Codable, Hashable, Sendable {
  /// Smallest share of the area that a crop covers; (0, 1].
  public var minimumCrop: Float = 0.2
  /// Probability of colour jitter.
  public var jitter: Float = 0.8
  /// Strengths: factors are drawn from 1 - x ... 1 + x.
  public var brightness: Float = 0.4
  public var contrast: Float = 0.4
  public var saturation: Float = 0.4
  /// Largest hue rotation in turns.
  public var hue: Float = 0.1
  /// Probability of greyscale.
  public var greyscale: Float = 0.2
  /// Probability of Gaussian blur with a deviation of 0.1 to 2 pixels.
  public var blur: Float = 0
  /// Probability of a horizontal flip.
  public var flip: Float = 0.5
  /// Probability that what is brighter than a half is inverted, after all else (Grill et al., BYOL, 2020, appendix B).
  public var solarize: Float = 0

  /// SimCLR's settings for small images.
  public init() {}

  /// Leaves crops and flips only.
  public mutating func weaken() { (jitter, greyscale, blur, solarize) = (0, 0, 0, 0) }

  /// Writes a view of a square image as RGB in 0...1, row-major.
  ///
  /// - Parameters:
  ///   - pixels: Holds the image from `offset`, 3 * side * side bytes.
  ///   - side: Extent of the image in pixels.
  ///   - viewSide: Extent of the view in pixels; nil for the image's.
  ///   - target: The view is written from `position`.
  public func view(
    _ pixels: Pixels, at offset: Int, side: Int, viewSide: Int? = nil, _ stream: inout RandomStream,
    into target: inout [Float], at position: Int
  ) {
    let draws = Draws(self, side: side, &stream)
    let crop = draws.crop
    let viewSide = viewSide ?? side
    let columns = crop.taps(crop.x, crop.width, side, to: viewSide, isReversed: draws.isFlipped)
    let rows = crop.taps(crop.y, crop.height, side, to: viewSide, isReversed: false)
    let line = 3 * viewSide
    var sums: (Float, Float, Float) = (0, 0, 0)
    // Columns of each source row are blended once and used for the output rows between two of them.
    var upper = [Float](repeating: 0, count: line)
    var lower = upper
    var held = (-1, -1)
    func blend(_ row: Int, _ into: inout [Float]) {
      let base = offset + row * 3 * side
      for x in 0..<viewSide {
        let (a, b, t) = columns[x]
        let (left, right) = (base + 3 * a, base + 3 * b)
        for c in 0..<3 {
          let l = Float(pixels[left + c])
          into[3 * x + c] = l + t * (Float(pixels[right + c]) - l)
        }
      }
    }
    for y in 0..<viewSide {
      let (a, b, t) = rows[y]
      if held.0 != a {
        if held.1 == a { swap(&upper, &lower) } else { blend(a, &upper) }
        held = (a, -1)
      }
      if held.1 != b {
        blend(b, &lower)
        held.1 = b
      }
      let start = position + y * line
      for i in 0..<line { target[start + i] = (upper[i] + t * (lower[i] - upper[i])) * (1 / 255) }
      for x in 0..<viewSide {
        sums.0 += target[start + 3 * x]
        sums.1 += target[start + 3 * x + 1]
        sums.2 += target[start + 3 * x + 2]
      }
    }
    let count = Float(viewSide * viewSide)
    if let colours = draws.colours?.transform(mean: SIMD3(sums.0, sums.1, sums.2) / count) {
      for i in stride(from: position, to: position + line * viewSide, by: 3) {
        let v = colours.apply(SIMD3(target[i], target[i + 1], target[i + 2]))
        target[i] = v.x
        target[i + 1] = v.y
        target[i + 2] = v.z
      }
    }
    if let deviation = draws.deviation { gaussianBlur(&target, at: position, side: viewSide, deviation: deviation) }
    if draws.isSolarized {
      for i in position..<position + line * viewSide { target[i] = min(target[i], 1 - target[i]) }
    }
  }

  /// Columns of what ``parameters(side:_:)`` returns.
  public enum Column {
    /// Where the crop begins and its extent, in pixels.
    public static let x = 0, width = 1, y = 2, height = 3
    /// 1 if the view is mirrored, else 0.
    public static let flip = 4
    /// The colour transform v -> A v + B m, where m is the crop's mean colour: A, then B, row by row.
    public static let matrix = 5, shift = 14
    /// Deviation and radius of the blur in pixels; 0.01 and 1, which blur nothing, for none.
    public static let deviation = 23, radius = 24
    /// 1 if the view is solarised, else 0.
    public static let solarize = 25
    /// Number of columns.
    public static let count = 26
  }

  /// Draws a view as numbers, for a device that makes it; ``view(_:at:side:_:into:at:)`` makes the same of the same stream.
  public func parameters(side: Int, _ stream: inout RandomStream) -> [Float] {
    let draws = Draws(self, side: side, &stream)
    let (crop, colours) = (draws.crop, draws.colours)
    var result = [crop.x, crop.width, crop.y, crop.height, draws.isFlipped ? 1 : 0]
    let transform = colours?.transform(mean: .zero) ?? ColourTransform()
    // The shift is linear in the mean colour, so three means tell it.
    let shifts = [SIMD3<Float>(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)].map { mean in
      (colours?.transform(mean: mean) ?? ColourTransform()).linear(.zero)
    }
    for row in transform.matrix { result += [row.x, row.y, row.z] }
    for c in 0..<3 { result += shifts.map { $0[c] } }
    return result
      + [
        draws.deviation ?? 0.01, draws.deviation.map { Float(blurRadius($0)) } ?? 1, draws.isSolarized ? 1 : 0,
      ]
  }
}

/// What is drawn for a view, whatever the image; always the same number of draws, so that one setting does not shift another's
/// numbers.
private struct Draws {
  let crop: Crop
  let isFlipped: Bool
  /// Nil if there is neither jitter nor greyscale.
  let colours: ColourDraws?
  /// Of the blur, in pixels; nil for none.
  let deviation: Float?
  let isSolarized: Bool

  init(_ augmentation: Augmentation, side: Int, _ stream: inout RandomStream) {
    crop = Crop(side: side, minimum: augmentation.minimumCrop, &stream)
    isFlipped = stream.uniform() < augmentation.flip
    colours = ColourDraws(augmentation, &stream)
    let blurs = stream.uniform() < augmentation.blur
    let deviation = stream.uniform(0.1, 2)
    self.deviation = blurs ? deviation : nil
    // The last, and only where it is asked for: whoever draws on from the same stream is not moved by it.
    isSolarized = augmentation.solarize > 0 && stream.uniform() < augmentation.solarize
  }
}

/// Jitter and greyscale as drawn.
private struct ColourDraws {
  let factors: [Float]
  /// Nil for no jitter.
  let order: [Int]?
  let turnsGrey: Bool
  let rotatesHue: Bool

  init?(_ augmentation: Augmentation, _ stream: inout RandomStream) {
    func around(_ strength: Float) -> Float { stream.uniform(1 - strength, 1 + strength) }
    let jitters = stream.uniform() < augmentation.jitter
    factors = [
      around(augmentation.brightness), around(augmentation.contrast), around(augmentation.saturation),
      stream.uniform(-augmentation.hue, augmentation.hue),
    ]
    let order = stream.permutation(4)
    self.order = jitters ? order : nil
    turnsGrey = stream.uniform() < augmentation.greyscale
    rotatesHue = augmentation.hue > 0
    if !jitters && !turnsGrey { return nil }
  }

  /// One transform for a crop of that mean colour.
  func transform(mean: SIMD3<Float>) -> ColourTransform {
    var transform = ColourTransform()
    if let order {
      for kind in order {
        switch kind {
        case 0: transform.scale(factors[0], around: .zero)
        case 1:
          let grey = ColourTransform.grey(transform.linear(mean))
          transform.scale(factors[1], around: SIMD3(repeating: grey))
        case 2: transform.saturate(factors[2])
        default: if rotatesHue { transform.rotateHue(factors[3]) }
        }
      }
    }
    if turnsGrey { transform.saturate(0) }
    return transform
  }
}

/// A random resized crop in pixels.
private struct Crop {
  var (x, y, width, height): (Float, Float, Float, Float)

  /// Area uniform in minimum...1 of the image, aspect ratio log-uniform in 3/4 ... 4/3.
  init(side: Int, minimum: Float, _ stream: inout RandomStream) {
    let area = stream.uniform(minimum, 1)
    let ratio = exp(stream.uniform(log(3 / 4), log(4 / 3)))
    let extent = Float(side)
    width = min(extent, extent * (area * ratio).squareRoot())
    height = min(extent, extent * (area / ratio).squareRoot())
    x = stream.uniform() * (extent - width)
    y = stream.uniform() * (extent - height)
  }

  /// For every output position: the two source positions and the weight of the second.
  func taps(_ start: Float, _ extent: Float, _ side: Int, to count: Int, isReversed: Bool) -> [(Int, Int, Float)] {
    (0..<count).map { i in
      let position = isReversed ? count - 1 - i : i
      let at = max(0, min(Float(side - 1), start + (Float(position) + 0.5) * extent / Float(count) - 0.5))
      let low = Int(at)
      return (low, min(low + 1, side - 1), at - Float(low))
    }
  }
}

/// An affine map of colours.
private struct ColourTransform {
  private var rows = (SIMD3<Float>(1, 0, 0), SIMD3<Float>(0, 1, 0), SIMD3<Float>(0, 0, 1))
  private var shift = SIMD3<Float>.zero

  /// The linear part, row by row.
  var matrix: [SIMD3<Float>] { [rows.0, rows.1, rows.2] }

  static func grey(_ v: SIMD3<Float>) -> Float { luminance(v.x, v.y, v.z) }

  func linear(_ v: SIMD3<Float>) -> SIMD3<Float> {
    SIMD3((rows.0 * v).sum(), (rows.1 * v).sum(), (rows.2 * v).sum()) + shift
  }

  func apply(_ v: SIMD3<Float>) -> SIMD3<Float> {
    linear(v).clamped(lowerBound: .zero, upperBound: .one)
  }

  mutating func scale(_ factor: Float, around centre: SIMD3<Float>) {
    rows.0 *= factor
    rows.1 *= factor
    rows.2 *= factor
    shift = shift * factor + centre * (1 - factor)
  }

  private mutating func compose(_ a: SIMD3<Float>, _ b: SIMD3<Float>, _ c: SIMD3<Float>) {
    let old = rows
    func row(_ m: SIMD3<Float>) -> SIMD3<Float> { old.0 * m.x + old.1 * m.y + old.2 * m.z }
    rows = (row(a), row(b), row(c))
    shift = SIMD3((a * shift).sum(), (b * shift).sum(), (c * shift).sum())
  }

  /// Blends with the luminance: 0 is grey, 1 the colour itself.
  mutating func saturate(_ factor: Float) {
    let grey = luminanceWeights * (1 - factor)
    compose(
      grey + SIMD3(factor, 0, 0), grey + SIMD3(0, factor, 0), grey + SIMD3(0, 0, factor))
  }

  /// Rotates the chroma plane of YIQ.
  mutating func rotateHue(_ turns: Float) {
    let (c, s) = (cos(2 * .pi * turns), sin(2 * .pi * turns))
    compose(
      SIMD3(0.299 + 0.701 * c + 0.168 * s, 0.587 - 0.587 * c + 0.330 * s, 0.114 - 0.114 * c - 0.497 * s),
      SIMD3(0.299 - 0.299 * c - 0.328 * s, 0.587 + 0.413 * c + 0.035 * s, 0.114 - 0.114 * c + 0.292 * s),
      SIMD3(0.299 - 0.300 * c + 1.250 * s, 0.587 - 0.588 * c - 1.050 * s, 0.114 + 0.886 * c - 0.203 * s))
  }
}

/// Pixels that a blur reaches: three deviations.
func blurRadius(_ deviation: Float) -> Int { max(1, Int((3 * deviation).rounded(.up))) }

/// Blurs a square RGB image in place, edges repeated; the kernel spans three deviations.
func gaussianBlur(_ target: inout [Float], at position: Int, side: Int, deviation: Float) {
  let radius = blurRadius(deviation)
  var kernel = (-radius...radius).map { exp(-Float($0 * $0) / (2 * deviation * deviation)) }
  let total = kernel.reduce(0, +)
  for i in kernel.indices { kernel[i] /= total }
  for step in [3, 3 * side] {
    let source = Array(target[position..<position + 3 * side * side])
    for y in 0..<side {
      for x in 0..<side {
        let along = step == 3 ? x : y
        let base = 3 * (y * side + x)
        for c in 0..<3 {
          var sum: Float = 0
          for k in -radius...radius {
            let at = max(0, min(side - 1, along + k)) - along
            sum += kernel[k + radius] * source[base + at * step + c]
          }
          target[position + base + c] = sum
        }
      }
    }
  }
}
