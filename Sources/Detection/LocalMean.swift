/// Mean over the (2 radius + 1)² pixels around each pixel of a plane, of those that there are.
func localMean(_ plane: ArraySlice<Float>, side: Int, radius: Int) -> [Float] {
  var result: [Float] = []
  result.reserveCapacity(plane.count)
  for y in 0..<side {
    for x in 0..<side {
      var (sum, count): (Float, Float) = (0, 0)
      for row in max(0, y - radius)...min(side - 1, y + radius) {
        for column in max(0, x - radius)...min(side - 1, x + radius) {
          sum += plane[plane.startIndex + row * side + column]
          count += 1
        }
      }
      result.append(sum / count)
    }
  }
  return result
}

/// A plane less the mean of the 5x5 pixels around each.
func lessLocalMean(_ plane: ArraySlice<Float>, side: Int) -> [Float] {
  zip(plane, localMean(plane, side: side, radius: 2)).map(-)
}
