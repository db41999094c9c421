import CKernels
import Foundation
import Images

/// Windows of an image at extrema of box filters over place and scale: what is pasted has the same ones wherever it is.
package struct WindowScan: Sendable {
  /// Where a window is, in pixels of the image.
  package struct Place: Sendable, Hashable {
    package var x: Float
    package var y: Float
    package var side: Float
  }

  /// Levels of a window.
  package static let levels = Int(BZ_WINDOW)

  /// One a window, the strongest response first.
  package let places: [Place]
  /// More places, those of the windows first: where a search looks.
  package let searched: [Place]
  /// ``levels`` a window.
  package let windows: [UInt8]
  /// Luminance of 8 * 8 cells of the image, less its mean and of norm 1.
  package let thumbnail: [Float]

  /// Looks at an image.
  package init(_ image: Image) { self.init(IntegralImage(image)) }

  /// - Parameters:
  ///   - most: Windows kept.
  ///   - searched: Places kept.
  package init(
    _ integral: IntegralImage, atMost most: Int = Rules.windowsPerImage, searched: Int = Rules.windowsSearched
  ) {
    let all = max(most, searched)
    let found = Self.extrema(integral, atLeast: all).prefix(all)
    self.init(integral, found.map { .init(x: $0.x, y: $0.y, side: $0.side) }, atMost: most)
  }

  /// - Parameter searched: What another look at the image has found.
  package init(_ integral: IntegralImage, searched: [Place]) { self.init(integral, searched, atMost: searched.count) }

  private init(_ integral: IntegralImage, _ searched: [Place], atMost most: Int) {
    self.searched = searched
    places = Array(searched.prefix(most))
    windows = integral.windows(places)
    thumbnail = integral.thumbnail
  }

  /// The strongest ones first, at least `most` of those that there are.
  private static func extrema(_ integral: IntegralImage, atLeast most: Int) -> [bz_extremum] {
    let kernels = bz_kernels(Int32.max).pointee
    let (width, height) = (Int32(integral.width), Int32(integral.height))
    let scales = scales(shorter: min(integral.width, integral.height))
    let padding = Int(BZ_PADDING)
    var luma = [UInt32](repeating: 0, count: (integral.width + 1) * (integral.height + 1) + padding)
    var lines = [Float](repeating: 0, count: 4 * (integral.width + padding))
    var found = [bz_extremum](repeating: .init(), count: Rules.mostExtrema)
    let count = Int(
      kernels.extrema(
        integral.sums, width, height, scales, Int32(scales.count), Rules.leastResponse, Rules.edgeRatio,
        Int32(most), &luma, &lines, &found, Int32(found.count)))
    // Bits of numbers above 0 are in the order of these.
    let order = (0..<count).map { UInt64(~abs(found[$0].response).bitPattern) << 32 | UInt64($0) }.sorted()
    var sorted = order.map { found[Int($0 & 0xFFFF_FFFF)] }
    // By place where responses are equal, so that order is no matter.
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, order[end] >> 32 == order[start] >> 32 { end += 1 }
      if end - start > 1 { sorted[start..<end].sort { ($0.y, $0.x, $0.side) < ($1.y, $1.x, $1.side) } }
      start = end
    }
    return sorted
  }

  /// Box filters from the finest to half of an image; of the first and the last no extrema are taken.
  static func scales(shorter: Int) -> [bz_box_scale] {
    var scales: [bz_box_scale] = []
    var outer = Double(Rules.finestBox - 2)
    let ratio = pow(2, 1 / Double(Rules.scalesPerOctave))
    while true {
      // The nearest odd side that is larger than the one before, and an inner side of half of it.
      let half = max(Int((outer - 1) / 2 + 0.5), (scales.last.map { Int($0.outer) } ?? 0) + 1)
      let inner = max(1, Int((Double(half) - 0.5) / 2 + 0.5))
      let (a, b) = (Float(2 * inner + 1), Float(2 * half + 1))
      scales.append(
        .init(
          inner: Int32(inner), outer: Int32(half), step: Int32(max(1, half / 4)), inner_weight: 1 / (a * a),
          outer_weight: 1 / (b * b)))
      if Double(b) > Rules.largestBox * Double(shorter) { return scales }
      outer = Double(b) * ratio
    }
  }
}

/// Sums over rectangles of an image: luminance, and blue and red less it.
package struct IntegralImage: Sendable {
  package let width: Int
  package let height: Int
  /// Three numbers a corner of pixels, and one more.
  let sums: [UInt32]

  package init(_ image: Image) {
    (width, height) = (image.width, image.height)
    var sums = [UInt32](repeating: 0, count: 3 * (width + 1) * (height + 1) + 1)
    var scratch = [Int32](repeating: 0, count: 3 * width)
    bz_kernels(Int32.max).pointee.integral(image.pixels, Int32(width), Int32(height), &scratch, &sums)
    self.sums = sums
  }

  /// Luminance of 8 * 8 cells, less its mean and of norm 1.
  var thumbnail: [Float] {
    Array(cells(left: 0, top: 0, width: Float(width), height: Float(height), columns: 8, rows: 8)[0..<64]).standardised
  }

  /// Levels of windows, ``WindowScan/levels`` each.
  package func windows(_ places: [WindowScan.Place]) -> [UInt8] {
    var windows = [UInt8](repeating: 0, count: WindowScan.levels * places.count)
    let at = places.map { bz_extremum(x: $0.x, y: $0.y, side: $0.side, response: 0) }
    bz_kernels(Int32.max).pointee.windows(sums, Int32(width), Int32(height), at, Int32(at.count), &windows)
    return windows
  }

  /// Means of cells over a rectangle, row by row, of three planes: luminance, then blue and red less it, halved, around 128; -1 for
  /// cells outside of the image.
  package func cells(left: Float, top: Float, width across: Float, height down: Float, columns: Int, rows: Int)
    -> [Float]
  {
    precondition((1...64).contains(columns) && (1...64).contains(rows))
    var cells = [Float](repeating: 0, count: 3 * columns * rows)
    bz_kernels(Int32.max).pointee.cells(
      sums, Int32(width), Int32(height), left, top, across, down, Int32(columns), Int32(rows), &cells)
    return cells
  }
}
