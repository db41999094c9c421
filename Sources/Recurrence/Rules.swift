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
}
