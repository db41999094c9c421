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
