import CPUDevice
import Contrastive
import NeuralNetworks
import Randomness
import Tensors
import Testing

@Suite struct ClusteringTests {
  /// Three tight groups of unit rows.
  private func groups(_ n: Int) -> Features {
    var stream = RandomStream(seed: 6)
    var values: [Float] = []
    for i in 0..<n {
      var row = [Float](repeating: 0, count: 5)
      row[i % 3] = 1
      values += row.map { $0 + 0.05 * stream.normal() }
    }
    return Features(width: 5, values: values).unitRows
  }

  @Test func kMeansFindsSeparateGroups() {
    let rows = groups(90)
    let result = KMeans(rows, clusters: 3, on: CPUDevice(threads: 2), RandomStream(seed: 1))
    for i in 3..<90 { #expect(result.assignments[i] == result.assignments[i % 3]) }
    #expect(Set(result.assignments).count == 3)
    #expect(KMeans.assign(rows, to: result.centroids).map(\.cluster) == result.assignments)
  }

  /// Rows on their centroid and at right angles to the next have silhouette 1; the right number has more
  /// than too few or too many.
  @Test func silhouettePrefersTheRightNumber() {
    let axes = Features(width: 3, values: (0..<30).flatMap { i in (0..<3).map { $0 == i % 3 ? 1 : 0 } })
    let device = CPUDevice(threads: 1)
    let exact = KMeans(axes, clusters: 3, on: device, RandomStream(seed: 1))
    #expect(abs(exact.silhouette(axes, sample: Array(0..<30)) - 1) < 1e-5)
    let rows = groups(300)
    let values = [2, 3, 12].map { count in
      KMeans(rows, clusters: count, on: device, RandomStream(seed: 1)).silhouette(rows, sample: Array(0..<300))
    }
    #expect(values[1] > 0.9 && values[1] > values[0] + 0.05 && values[1] > values[2] + 0.2)
    #expect(KMeans(rows, clusters: 1, on: device, RandomStream(seed: 1)).silhouette(rows, sample: [0]) == 0)
  }

  /// One group of nine tenths: k-means leaves it whole, shares are even.
  @Test func balancedClustersAreAboutEquallyLarge() {
    var stream = RandomStream(seed: 8)
    var values: [Float] = []
    for i in 0..<400 {
      var row = [Float](repeating: 0, count: 6)
      row[i < 360 ? 0 : 1 + i % 3] = 1
      values += row.map { $0 + 0.05 * stream.normal() }
    }
    let rows = Features(width: 6, values: values).unitRows
    let device = CPUDevice(threads: 1)
    func sizes(_ clusters: KMeans) -> [Int] {
      (0..<4).map { k in clusters.assignments.count { $0 == k } }.sorted()
    }
    let plain = KMeans(rows, clusters: 4, on: device, RandomStream(seed: 1))
    let even = plain.balanced(rows)
    #expect(sizes(plain)[3] > 150)
    #expect(sizes(even).allSatisfy { (75...125).contains($0) }, "\(sizes(even))")
    // Of groups that are even already each stays one.
    let three = KMeans(groups(90), clusters: 3, on: device, RandomStream(seed: 1))
    #expect(three.balanced(groups(90)).assignments == three.assignments)
  }

  @Test func moreClustersThanRowsIsNoError() {
    let result = KMeans(groups(4), clusters: 9, on: CPUDevice(threads: 1), RandomStream(seed: 1))
    #expect(result.centroids.count == 4)
  }

  @Test func whitenedFeaturesHaveUnitVarianceBeforeScaling() {
    var stream = RandomStream(seed: 2)
    let values = (0..<400).flatMap { _ -> [Float] in
      let (a, b, c) = (stream.normal(), stream.normal(), stream.normal())
      return [10 * a + 3, a + 2 * b, 0.5 * c - 7]
    }
    let features = Features(width: 3, values: values)
    let space = ClusterSpace(features, directions: 3, on: CPUDevice(), RandomStream(seed: 3))
    var (sums, products) = ([Double](repeating: 0, count: 3), [Double](repeating: 0, count: 9))
    for i in 0..<400 {
      let row = Array(features.row(i))
      let mapped = (0..<3).map { r in
        (0..<3).reduce(0.0) { $0 + Double(row[$1] - space.mean[$1]) * Double(space.projection[$1 * 3 + r]) }
      }
      for r in 0..<3 {
        sums[r] += mapped[r] / 400
        for q in 0..<3 { products[r * 3 + q] += mapped[r] * mapped[q] / 400 }
      }
    }
    for r in 0..<3 {
      #expect(abs(sums[r]) < 1e-3)
      for q in 0..<3 { #expect(abs(products[r * 3 + q] - (r == q ? 1 : 0)) < 0.02) }
    }
  }

  @Test func spreadIsOneOnTheSphereAndZeroWhenCollapsed() {
    var stream = RandomStream(seed: 2)
    let wide = Features(width: 64, values: (0..<64 * 500).map { _ in stream.normal() })
    #expect(abs(wide.spread - 1) < 0.02)
    #expect(Features(width: 4, values: [Float](repeating: 2, count: 40)).spread < 1e-6)
  }

  @Test func probeAndNeighboursSeparateGroups() {
    let rows = groups(120)
    let labels = (0..<120).map { $0 % 3 }
    let probe = LinearProbe(
      rows.subset(Array(0..<60)), labels: Array(labels[..<60]), classes: 3, on: CPUDevice(threads: 1))
    #expect(probe.classify(rows.subset(Array(60..<120))) == Array(labels[60...]))
    let neighbours = nearestNeighbourLabels(
      rows.subset(Array(60..<120)), among: rows.subset(Array(0..<60)), labels: Array(labels[..<60]), k: 5)
    #expect(neighbours == Array(labels[60...]))
  }

  @Test func attacksStayInTheBallAndLowerAccuracy() throws {
    let configuration = Encoder.Configuration(network: .init(width: 4, blocks: [1], stemStride: 2), side: 8)
    let encoder = Encoder(configuration, weights: configuration.backbone.initialWeights(RandomStream(seed: 1)))
    var stream = RandomStream(seed: 5)
    let labels = (0..<60).map { $0 % 2 }
    let pixels = labels.flatMap { label in
      (0..<192).map { _ in 0.5 + (label == 0 ? 0.02 : -0.02) + 0.02 * stream.uniform(-1, 1) }
    }
    let device = CPUDevice(threads: 2)
    let features = Embedder(encoder, on: device).features(60) { i, target, position in
      for k in 0..<192 { target[position + k] = pixels[i * 192 + k] }
    }
    let probe = LinearProbe(features, labels: labels, classes: 2, on: device)
    let clean = zip(probe.classify(features), labels).filter { $0 == $1 }.count
    let robust = ProjectedGradientDescent().robustAccuracy(
      encoder, probe, images: Tensor([60, 8, 8, 3], pixels), labels: labels, on: device, RandomStream(seed: 2))
    #expect(clean >= 55)
    #expect(robust < 0.5)
  }
}
