import Foundation
import Images
import Randomness
import Recurrence
import Testing

@Suite struct MatcherTests {
  private static let image = Synthetic.texture(4, width: 90, height: 80)
  private static let pose = Picture.Pose(x: 41.5, y: 37, scale: 1)

  /// What an image has at a pose, with weights of its own.
  private func picture(_ image: Image = Self.image, uneven: Bool = true) -> Picture {
    var picture = Picture(width: 30, height: 22)
    var own = RandomStream(seed: 8)
    picture.levels = picture.cells(IntegralImage(image), Self.pose)
    if uneven { picture.weights = picture.weights.map { _ in 0.1 + Float(own.integer(below: 100)) / 50 } }
    return picture
  }

  private func changed(_ body: (_ level: Double, _ x: Double, _ y: Double) -> Double) -> IntegralImage {
    var image = Self.image
    for i in image.pixels.indices {
      let (x, y) = (Double(i / 3 % image.width), Double(i / 3 / image.width))
      image.pixels[i] = UInt8(max(0, min(255, body(Double(image.pixels[i]), x, y).rounded())))
    }
    return IntegralImage(image)
  }

  @Test func theSameIsOneAndTheOppositeNone() {
    let matcher = Matcher(picture())
    #expect(abs(matcher.score(IntegralImage(Self.image), Self.pose) - 1) < 1e-4)
    #expect(matcher.score(changed { level, _, _ in 255 - level }, Self.pose) == -1)
  }

  @Test func contrastAndLightAreFree() {
    let matcher = Matcher(picture())
    let light = changed { level, x, y in
      40 + 0.4 * level + 20 * cos(.pi * (x - 26.5) / 30) + 15 * cos(.pi * (y - 26) / 22)
    }
    #expect(matcher.score(light, Self.pose) > 0.98)
    #expect(matcher.score(IntegralImage(Image(width: 90, height: 80, red: 9)), Self.pose) == -1)
  }

  /// Against least squares in double precision.
  @Test func scoresAreSharesOfVariance() {
    let picture = picture()
    let matcher = Matcher(picture)
    for (seed, at) in [(21, Self.pose), (22, .init(x: 50, y: 41.3, scale: 1.3))] as [(Int, Picture.Pose)] {
      let other = IntegralImage(Synthetic.texture(seed, width: 90, height: 80))
      let cells = picture.cells(other, at).map(Double.init)
      var (cross, square, norm) = (0.0, 0.0, 0.0)
      for plane in 0..<3 {
        let range = plane * picture.count..<(plane + 1) * picture.count
        let weights = picture.weights[range].map(Double.init)
        let x = residual(Array(cells[range]), weights, picture)
        let t = residual(picture.levels[range].map(Double.init), weights, picture)
        for i in x.indices {
          cross += weights[i] * x[i] * t[i]
          square += weights[i] * x[i] * x[i]
          norm += weights[i] * t[i] * t[i]
        }
      }
      let expected = cross > 0 ? cross * cross / (square * norm) : -1
      #expect(abs(Double(matcher.score(other, at)) - expected) < 1e-3)
    }
  }

  /// What is left of values after a weighted fit of the half waves of light, by Gauss elimination.
  private func residual(_ values: [Double], _ weights: [Double], _ picture: Picture) -> [Double] {
    var waves: [[Double]] = []
    for u in 0...Rules.lightWaves {
      for v in 0...Rules.lightWaves - u {
        waves.append(
          values.indices.map { i -> Double in
            let (column, row) = (i % picture.columns, i / picture.columns)
            let across = cos(.pi * Double(u) * (Double(column) + 0.5) / Double(picture.columns))
            let down = cos(.pi * Double(v) * (Double(row) + 0.5) / Double(picture.rows))
            return across * down
          })
      }
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double {
      var sum = 0.0
      for i in a.indices { sum += weights[i] * a[i] * b[i] }
      return sum
    }
    var rows = waves.map { wave in waves.map { dot(wave, $0) } + [dot(wave, values)] }
    for k in rows.indices {
      for r in rows.indices where r != k {
        let factor = rows[r][k] / rows[k][k]
        for c in rows[r].indices { rows[r][c] -= factor * rows[k][c] }
      }
    }
    var left = values
    for (k, wave) in waves.enumerated() {
      let part = rows[k][waves.count] / rows[k][k]
      for i in left.indices { left[i] -= part * wave[i] }
    }
    return left
  }

  @Test func halfOutsideIsNowhere() {
    let matcher = Matcher(picture())
    #expect(matcher.score(IntegralImage(Self.image), .init(x: 41, y: -4, scale: 1)) == -1)
  }

  @Test func posesAreRefined() {
    let matcher = Matcher(picture(uneven: false))
    let found = matcher.refined(IntegralImage(Self.image), .init(x: 43, y: 35.8, scale: 1.05), step: 0.08)
    #expect(found.score > 0.95)
    #expect(abs(found.pose.x - 41.5) < 0.7 && abs(found.pose.y - 37) < 0.7 && abs(found.pose.scale - 1) < 0.03)
  }

  @Test func whatIsTurnedTwiceIsTheSame() {
    let picture = picture()
    for turn in Picture.Turn.allCases {
      let twice = picture.turned(turn).turned(turn)
      #expect(twice.levels == picture.levels && twice.weights == picture.weights)
    }
    #expect(picture.turned(.both).levels == picture.turned(.mirrored).turned(.upsideDown).levels)
  }
}
