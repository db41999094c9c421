import CKernels
import Foundation

/// Looks for a picture and its turned ones in whole images, at several scales.
package struct PictureSearch: Sendable {
  /// The best place of a picture in an image.
  package struct Match: Sendable {
    /// Share of the picture's contrast that the image explains there, in levels; 1 if it is the same, and 0 for one colour.
    package var score: Float
    package var pose: Picture.Pose
  }

  private struct Template: Sendable {
    let picture: Picture
    let cells: [bz_cell]
    let contrast: Float
  }

  /// The picture first, then decoys.
  private let templates: [Template]
  /// Cells of what is looked for first.
  private let columns: Int
  private let rows: Int
  private let scales: [Float]
  private let width: Float
  private let height: Float

  /// Number of decoys.
  package var decoys: Int { templates.count - 1 }

  /// Prepares a search.
  ///
  /// - Parameter scales: Sizes in which the picture was seen, as multiples of its own.
  package init(_ picture: Picture, scales seen: [Float]) {
    (width, height) = (picture.width, picture.height)
    let shorter = min(width, height)
    let cell = max(shorter / Rules.shortCells, max(width, height) / Rules.longCells, 1)
    columns = max(2, Int((width / cell).rounded()))
    rows = max(2, Int((height / cell).rounded()))
    let sorted = seen.sorted()
    let trimmed = Int(Rules.trimmedSizes * Double(sorted.count))
    let low = sorted.isEmpty ? 1 : sorted[trimmed]
    let high = sorted.isEmpty ? 1 : sorted[sorted.count - 1 - trimmed]
    // Steps within which a picture is still recognised; beyond what was seen where sizes differ.
    let isFixed = high / low < Rules.scaleStep
    let (from, to) = isFixed ? (low, high) : (low / Rules.scaleStep, high * Rules.scaleStep)
    let steps = Int((log(Double(to / from)) / log(Double(Rules.scaleStep))).rounded(.up))
    scales =
      steps == 0
      ? [sorted.isEmpty ? 1 : sorted[sorted.count / 2]]
      : isFixed ? [(low * high).squareRoot()] : (0...steps).map { from * pow(to / from, Float($0) / Float(steps)) }
    let turns = Picture.Turn.allCases.filter { $0 == .none || picture.likeness($0) < Rules.mostLikeness }
    let (columns, rows) = (columns, rows)
    templates = turns.map { turn in
      let own = picture.turned(turn)
      let coarse = own.coarse
      return Template(
        picture: coarse, cells: own.reduced(columns: columns, rows: rows), contrast: max(1, coarse.contrast))
    }
  }

  /// Looks in an image: the picture first, then each decoy.
  package func matches(in image: IntegralImage) -> [Match] {
    let kernels = bz_kernels(Int32.max).pointee
    var hits = templates.map { _ in [(pose: Picture.Pose, mean: Float)]() }
    for scale in scales {
      let cell = max(1, width * scale / Float(columns))
      let (across, down) = (Int(2 * Float(image.width) / cell) - 1, Int(2 * Float(image.height) / cell) - 1)
      guard across > 2 * columns, down > 2 * rows else { continue }
      var scratch = [Double](repeating: 0, count: 3 * (across + 2))
      var planes = [UInt8](repeating: 0, count: 3 * across * down)
      kernels.half_cells(
        image.sums, Int32(image.width), Int32(image.height), cell, Int32(across), Int32(down), &scratch, &planes)
      var sums = [UInt16](repeating: 0, count: across)
      for (t, template) in templates.enumerated() where !template.cells.isEmpty {
        var found = [bz_hit](repeating: .init(), count: Rules.placesPerScale)
        let count = kernels.scan(
          planes, Int32(across), Int32(down), template.cells, Int32(template.cells.count), Int32(2 * columns - 1),
          Int32(2 * rows - 1), Int32(min(columns, rows)), &sums, &found, Int32(found.count))
        for hit in found.prefix(Int(count)) {
          let pose = Picture.Pose(
            x: (Float(hit.x) / 2 + Float(columns) / 2) * cell, y: (Float(hit.y) / 2 + Float(rows) / 2) * cell,
            scale: scale)
          hits[t].append((pose, Float(hit.sum) / Float(template.cells.count)))
        }
      }
    }
    return zip(templates, hits).map { template, hits in
      var best = Match(score: -1, pose: .init(x: 0, y: 0, scale: 1))
      for hit in hits.sorted(by: { $0.mean < $1.mean }).prefix(Rules.placesRefined) {
        let refined = template.picture.refined(image, hit.pose, step: 0.5 / Float(min(columns, rows)))
        let score = max(-1, 1 - refined.distance / template.contrast)
        if score > best.score { best = Match(score: score, pose: refined.pose) }
      }
      return best
    }
  }
}

extension Picture {
  /// The same in fewer cells: as many as tell it apart.
  fileprivate var coarse: Picture {
    let shrink = min(1, Rules.matchedCells / Float(max(columns, rows)))
    if shrink == 1 { return self }
    let (across, down) = (
      max(Rules.leastSide, Int(Float(columns) * shrink)), max(Rules.leastSide, Int(Float(rows) * shrink))
    )
    var own = Picture(
      columns: across, rows: down, width: width, height: height,
      levels: [Float](repeating: 0, count: 3 * across * down),
      isShared: [Bool](repeating: false, count: across * down))
    for cell in means(columns: across, rows: down) {
      own.isShared[cell.y * across + cell.x] = true
      for plane in 0..<3 { own.levels[(plane * down + cell.y) * across + cell.x] = cell.levels[plane] }
    }
    return own
  }

  /// Its cells averaged to fewer; only those most of which is shared.
  private func means(columns target: Int, rows targetRows: Int) -> [(x: Int, y: Int, levels: [Float])] {
    var cells: [(x: Int, y: Int, levels: [Float])] = []
    for v in 0..<targetRows {
      for u in 0..<target {
        var (sum, weight, all): ([Float], Float, Float) = ([0, 0, 0], 0, 0)
        // Cells are weighted with how much of them is inside.
        let (x0, x1) = (Float(u * columns) / Float(target), Float((u + 1) * columns) / Float(target))
        let (y0, y1) = (Float(v * rows) / Float(targetRows), Float((v + 1) * rows) / Float(targetRows))
        for y in Int(y0)..<min(rows, Int(y1.rounded(.up))) {
          for x in Int(x0)..<min(columns, Int(x1.rounded(.up))) {
            let part = (min(x1, Float(x + 1)) - max(x0, Float(x))) * (min(y1, Float(y + 1)) - max(y0, Float(y)))
            all += part
            guard isShared[y * columns + x] else { continue }
            weight += part
            for plane in 0..<3 { sum[plane] += part * levels[plane * count + y * columns + x] }
          }
        }
        if 2 * weight > all { cells.append((u, v, sum.map { $0 / weight })) }
      }
    }
    return cells
  }

  /// Its cells averaged to fewer, with their places in halves of them, and as many as a sum has room for.
  fileprivate func reduced(columns: Int, rows: Int) -> [bz_cell] {
    let cells = means(columns: columns, rows: rows)
    let step = max(1, (3 * cells.count + Rules.mostSummed - 1) / Rules.mostSummed)
    var reduced: [bz_cell] = []
    for k in stride(from: 0, to: cells.count, by: step) {
      let (x, y) = (UInt16(2 * cells[k].x), UInt16(2 * cells[k].y))
      for plane in 0..<3 {
        let level = UInt8(max(0, min(255, cells[k].levels[plane].rounded())))
        reduced.append(bz_cell(x: x, y: y, plane: UInt8(plane), level: level))
      }
    }
    return reduced
  }
}
