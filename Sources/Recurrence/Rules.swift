/// Every constant of the search for what recurs in photographs, in one place.
package enum Rules {
  /// Finest outer box in pixels, odd. Eight cells of one pixel, and the middle one.
  package static let finestBox = 9
  /// Scales an octave of the box. Lowe, IJCV 2004, has three.
  package static let scalesPerOctave = 3
  /// Share of the shorter side up to which boxes grow.
  package static let largestBox = 0.5
  /// Least response in levels.
  package static let leastResponse: Float = 5
  /// Lowe's ratio of curvatures (IJCV 2004, section 4.1).
  package static let edgeRatio: Float = 10
  /// Windows kept an image, those of the strongest response.
  package static let windowsPerImage = 250
  /// Images that something is discovered in, at most.
  package static let discoveryImages = 16_384
  /// Directions of windows that words are made of: luminance and each of two colours.
  package static let lumaDirections = 24
  package static let colourDirections = 8
  /// Tables of words.
  package static let tables = 10
  /// Images that have to share a word.
  package static let leastImages = 4
  /// Windows of a word that are compared with each other, at most.
  package static let windowsPerWord = 64
  /// Candidates whose nearest windows are looked for in all images of the half.
  package static let candidates = 512
  /// Share of distances up to t among those up to 2t, at most, where their density does not fall: of what lies in d dimensions it
  /// is 2^-d.
  package static let naturalShare = 0.25
  /// Candidates that are confirmed or not: each costs the others.
  package static let tests = 16
  /// Images a picture is recovered from.
  package static let recoveryImages = 24
  /// Cells of a frame along its longer side.
  package static let frameCells = 48
  package static let growths = 8
  /// First step of an alignment as a share of the extent.
  package static let alignmentStep: Float = 0.08
  /// Levels by which unrelated images differ in a cell, in the median.
  package static let unrelated: Float = 30
  /// Cells of a picture.
  package static let leastCells = 24
  /// Cells along the shorter and the longer side with which a picture is looked for.
  package static let shortCells: Float = 6
  package static let longCells: Float = 18
  package static let scaleStep: Float = 1.15
  /// Likeness from which a turned picture is no decoy.
  package static let mostLikeness: Float = 0.5
  package static let placesPerScale = 2
  package static let placesRefined = 2
  /// Distance between windows of one picture, in sides of a window, within which it is the same in all images.
  package static let sameOffset: Float = 0.25
  /// Images within 2t for one within t from which no gap is looked for at larger distances.
  package static let tailImages = 16
  /// Least distance in levels that is asked of windows that are the same: what files are rounded by.
  package static let leastLimit: Float = 1
  /// Correlation of thumbnails from which images are near-copies.
  package static let copies: Float = 0.95
  /// Cells along the longer side with which a found place is judged.
  package static let matchedCells: Float = 16
  /// Differences of levels that a sum of 16 bits has room for.
  package static let mostSummed = 257
  /// Longer side in pixels of images that all are too small to be looked at here.
  package static let smallImages = 64
}
