/// What is around a picture in an image: luminance of cells of a frame that is three times as large, without the picture.
///
/// Images that are alike there are parts of one photograph, and the picture is what that shows.
///
/// - Limits: Parts whose frames have little around the picture in common, or nothing but plain grounds, are not told.
package struct Surroundings: Sendable {
  /// Cells a third of the frame.
  private static let cells = 4
  /// Row by row; -1 in the picture and outside of the image.
  private let luma: [Float]

  package init(of picture: Picture, _ pose: Picture.Pose, in image: IntegralImage) {
    let (w, h, side) = (picture.width * pose.scale, picture.height * pose.scale, 3 * Self.cells)
    var luma = Array(
      image.cells(
        left: pose.x - 1.5 * w, top: pose.y - 1.5 * h, width: 3 * w, height: 3 * h, columns: side, rows: side)[
          ..<(side * side)])
    let inside = Self.cells..<2 * Self.cells
    for y in inside { for x in inside { luma[y * side + x] = -1 } }
    self.luma = luma
  }

  /// Whether they correlate as near-copies do, over cells that both have.
  package func isCopy(of other: Surroundings) -> Bool {
    let shared = luma.indices.filter { luma[$0] >= 0 && other.luma[$0] >= 0 }
    guard shared.count >= Self.cells * Self.cells else { return false }
    return shared.map { luma[$0] }.standardised.isCopy(of: shared.map { other.luma[$0] }.standardised)
  }
}
