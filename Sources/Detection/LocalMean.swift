import Datasets
import Images

/// Mean over the (2 radius + 1)² pixels around each pixel of a plane, of those that there are.
func localMean(_ plane: ArraySlice<Float>, side: Int, radius: Int) -> [Float] {
  var result = [Float](repeating: 0, count: plane.count)
  var columns = [Float](repeating: 0, count: side)
  for y in 0..<side {
    let rows = max(0, y - radius)...min(side - 1, y + radius)
    for x in 0..<side { columns[x] = 0 }
    for row in rows {
      let start = plane.startIndex + row * side
      for x in 0..<side { columns[x] += plane[start + x] }
    }
    for x in 0..<side {
      let (left, right) = (max(0, x - radius), min(side - 1, x + radius))
      var sum: Float = 0
      for column in left...right { sum += columns[column] }
      result[y * side + x] = sum / Float(rows.count * (right - left + 1))
    }
  }
  return result
}

/// A plane less the mean of the 5x5 pixels around each.
func lessLocalMean(_ plane: ArraySlice<Float>, side: Int) -> [Float] {
  zip(plane, localMean(plane, side: side, radius: 2)).map(-)
}

extension ImageSet {
  /// Levels of each channel of an image less their local mean, channel after channel.
  func detail(_ image: Int) -> [Float] {
    let pixels = self.image(image).pixels
    return (0..<3).flatMap { c in
      lessLocalMean(Swift.stride(from: c, to: pixels.count, by: 3).map { Float(pixels[$0]) }[...], side: side)
    }
  }

  /// The mean of what is measured in images, of which some are held at once.
  func mean(_ images: [Int], threads: Int, _ measured: @Sendable (Int) -> [Float]) -> [Float] {
    var sum: [Float] = []
    let part = 32
    for start in Swift.stride(from: 0, to: images.count, by: part) {
      let own = images[start..<min(images.count, start + part)]
      for row in concurrentMap(own.count, threads: threads, { measured(own[start + $0]) }) {
        if sum.isEmpty { sum = [Float](repeating: 0, count: row.count) }
        for k in sum.indices { sum[k] += row[k] }
      }
    }
    return sum.map { $0 / Float(max(1, images.count)) }
  }
}
