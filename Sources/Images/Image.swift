import CKernels

/// An RGB image, 8 bits a channel.
public struct Image: Hashable, Sendable, CustomStringConvertible {
  /// Extents in pixels; > 0.
  public let width: Int
  /// Extents in pixels; > 0.
  public let height: Int
  /// Row-major, three bytes a pixel.
  public var pixels: [UInt8]

  /// Creates an image.
  ///
  /// - Precondition: 3 * width * height bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == 3 * width * height, "\(width)x\(height) needs \(3 * width * height) bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Creates an image of one colour.
  public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for _ in 0..<width * height { pixels += [red, green, blue] }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Its extents; pixels would fill pages.
  public var description: String { "image of \(width)x\(height) pixels" }

  /// True if all three channels are equal everywhere, within a tolerance for lossy files.
  public func isGrey(tolerance: Int = 6) -> Bool {
    for i in stride(from: 0, to: pixels.count, by: 3) {
      let (r, g, b) = (Int(pixels[i]), Int(pixels[i + 1]), Int(pixels[i + 2]))
      if max(r, g, b) - min(r, g, b) > tolerance { return false }
    }
    return true
  }

  /// Its luminance in levels, row-major.
  public var luminance: [Float] {
    stride(from: 0, to: pixels.count, by: 3).map {
      Images.luminance(Float(pixels[$0]), Float(pixels[$0 + 1]), Float(pixels[$0 + 2]))
    }
  }

  /// Returns a rectangle of the image.
  ///
  /// - Precondition: It lies inside.
  public func cropped(x: Int, y: Int, width: Int, height: Int) -> Image {
    precondition(
      x >= 0 && y >= 0 && x + width <= self.width && y + height <= self.height, "crop outside the image")
    var result: [UInt8] = []
    result.reserveCapacity(3 * width * height)
    for row in y..<y + height {
      let start = 3 * (row * self.width + x)
      result += pixels[start..<start + 3 * width]
    }
    return Image(width: width, height: height, pixels: result)
  }

  /// Replaces a rectangle by another image.
  ///
  /// - Precondition: It lies inside.
  public mutating func paste(_ patch: Image, x: Int, y: Int) {
    precondition(
      x >= 0 && y >= 0 && x + patch.width <= width && y + patch.height <= height, "paste outside the image")
    for row in 0..<patch.height {
      let to = 3 * ((y + row) * width + x)
      let from = 3 * row * patch.width
      for i in 0..<3 * patch.width { pixels[to + i] = patch.pixels[from + i] }
    }
  }

  /// Returns the image resized with an antialiased bilinear (triangle) filter, as Pillow's `BILINEAR`.
  ///
  /// - Source: Pillow's `Image.resize`; the sums here keep full precision between the
  ///   two passes, of which ours does rows first.
  public func resized(width target: Int, height targetHeight: Int) -> Image {
    if target == width && targetHeight == height { return self }
    let (rows, columns) = (
      ResampleWeights(from: height, to: targetHeight), ResampleWeights(from: width, to: target)
    )
    var line = [Float](repeating: 0, count: 3 * width + 1)
    var result = [UInt8](repeating: 0, count: 3 * target * targetHeight)
    bz_kernels(Int32.max).pointee.resample(
      pixels, Int32(width), Int32(targetHeight), rows.first, rows.start, rows.weights, Int32(target), columns.first,
      columns.start, columns.weights, &line, &result)
    return Image(width: target, height: targetHeight, pixels: result)
  }

  /// Returns levels of a square image, which may be below zero, resized with the same filter; 3 * side * side values, row-major.
  public static func resized(levels: [Float], from side: Int, to target: Int) -> [Float] {
    precondition(levels.count == 3 * side * side, "\(side)x\(side) needs \(3 * side * side) levels")
    guard side != target else { return levels }
    let weights = ResampleWeights(from: side, to: target)
    /// Resizes the first of two axes and exchanges them.
    func pass(_ levels: [Float], lines: Int) -> [Float] {
      var result = [Float](repeating: 0, count: 3 * lines * target)
      for i in 0..<target {
        for (k, weight) in weights.of(i) {
          for line in 0..<lines {
            for c in 0..<3 { result[3 * (line * target + i) + c] += weight * levels[3 * (k * lines + line) + c] }
          }
        }
      }
      return result
    }
    return pass(pass(levels, lines: side), lines: target)
  }

  /// Means of blocks of factor * factor pixels, in levels, RGB, row by row; what is left at the far edges is dropped.
  package func blockMeans(_ factor: Int) -> [Float] {
    precondition((1...1024).contains(factor), "blocks of \(factor) pixels")
    let (columns, rows) = (width / factor, height / factor)
    var line = [UInt32](repeating: 0, count: 3 * width)
    var means = [Float](repeating: 0, count: 3 * columns * rows)
    bz_kernels(Int32.max).pointee.block_sums(
      pixels, Int32(width), Int32(factor), Int32(columns), Int32(rows), &line, &means)
    let scale = 1 / Float(factor * factor)
    return means.map { $0 * scale }
  }
}

/// Triangle-filter weights of every output position along one axis.
private struct ResampleWeights {
  private(set) var first: [Int32] = []
  private(set) var start: [Int32] = [0]
  private(set) var weights: [Float] = []

  init(from: Int, to: Int) {
    let scale = Double(from) / Double(to)
    let support = max(scale, 1)
    for i in 0..<to {
      let centre = (Double(i) + 0.5) * scale
      let low = max(0, Int((centre - support + 0.5).rounded(.down)))
      let high = min(from, Int((centre + support + 0.5).rounded(.down)))
      var own: [Double] = []
      for j in low..<max(high, low + 1) {
        own.append(max(0, 1 - abs((Double(j) + 0.5 - centre) / support)))
      }
      let total = own.reduce(0, +)
      first.append(Int32(low))
      weights += own.map { Float($0 / total) }
      start.append(Int32(weights.count))
    }
  }

  /// Input positions of an output position, and what each of them weighs.
  func of(_ i: Int) -> Zip2Sequence<PartialRangeFrom<Int>, ArraySlice<Float>> {
    zip(Int(first[i])..., weights[Int(start[i])..<Int(start[i + 1])])
  }
}

/// Shares of red, green and blue in the luminance.
///
/// - Source: ITU-R BT.601, section 2.5.1.
let luminanceWeights = SIMD3<Float>(0.299, 0.587, 0.114)

/// Luminance of a colour, in the units of its channels.
@inlinable
public func luminance(_ r: Float, _ g: Float, _ b: Float) -> Float {
  // The weights above, as constants: this is called for every pixel.
  0.299 * r + 0.587 * g + 0.114 * b
}
