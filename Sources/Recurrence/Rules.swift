/// Every constant of the search for what recurs in photographs: its unit, where it is from, and what another value does.
///
/// "Measured" means on subsets of 300 to 2,100 photographs of dogs, of Caltech-101 with textures, and of waste (`Benchmarks/DETECTION.md`, Photographs).
package enum Rules {
  // MARK: windows

  /// Pixels; finest outer box, odd. Derived: eight cells of one pixel, and the middle one. Twice: pictures below 18 pixels are missed.
  package static let finestBox = 9
  /// Scales an octave. Published: Lowe, IJCV 2004, figure 3. Twice: twice the time; half: extrema repeat less at other sizes.
  package static let scalesPerOctave = 3
  /// Share of the shorter side up to which boxes grow. Derived: a picture of half an image. Half: larger pictures by their parts.
  package static let largestBox = 0.5
  /// Levels; least response. Measured: JPEG alone gives up to some 3. Only the strongest windows are kept, so it seldom binds.
  package static let leastResponse: Float = 5
  /// Ratio of curvatures above which an extremum lies on an edge. Published: Lowe, section 4.1.
  package static let edgeRatio: Float = 10
  /// Windows kept an image, the strongest. Measured in the prototype, 200 to 300. Twice: twice the memory; half: faint pictures are missed.
  package static let windowsPerImage = 250
  /// Images whose windows are held before they are put to the others: a bound of memory.
  package static let imagesAtOnce = 1024
  /// Images of discovery whose windows are not looked for again when pictures are: a bound of memory, 12 bytes for each of
  /// ``windowsSearched``. Half: 50 MB less, and these images cost a fifth more.
  package static let keptImages = 8_192
  /// Extrema looked at in an image, at most: a bound of memory far above what images have among their strongest.
  package static let mostExtrema = 1 << 14

  // MARK: words

  /// Images that something is discovered in, at most: a bound of memory, 250 windows of 108 bytes each. Half: what is in 0.05 % of a large
  /// dataset is missed rather than in 0.025 %.
  package static let discoveryImages = 16_384
  /// Directions that words are made of: low frequencies of luminance and of each colour, 40 in all as in the prototype.
  package static let lumaDirections = 24
  package static let colourDirections = 8
  /// Windows that the spread of directions is measured on: their deviation is known to a percent.
  package static let fittedWindows = 20_000
  /// Share of the largest variance that is added to each, so that noise is not made large. Prototype.
  package static let whiteningFloor: Float = 0.03
  /// Tables of words. Prototype. Half: half the time, fewer of those that differ a little share a word.
  package static let tables = 10
  /// Bits of a word beyond the logarithm of the number of windows: a quarter of a natural window a word, were they even.
  package static let spareBits = 2
  /// Images that have to share a word: three agree by chance too often for what they cost. Twice: rarer pictures are missed.
  package static let leastImages = 4
  /// Windows of a word that are compared with each other, at most: a bound of time.
  package static let windowsPerWord = 64

  // MARK: constellations

  /// Windows of a word that are linked with each other, at most: a bound of time. Twice: four times the votes.
  package static let linkedWindows = 32
  /// Votes that are counted at once: a bound of memory, 8 bytes each.
  package static let votesAtOnce = 1 << 23
  /// Pairs of windows of two images from which transforms are tried, at most: a bound of time.
  package static let linkedPairs = 64
  /// Places that two images share, at least: two fix a transform, and the third says that it is one.
  package static let linkedPlaces = 3
  /// Links, the strongest of each image, whose windows are looked for in all images, and windows of each: a bound of time.
  package static let seeds = 128
  package static let seedWindows = 16
  /// Ratio within which sides of windows are the same: neighbouring scales differ by 1.26.
  package static let sameScale: Float = 1.25
  /// Share of their distance by which places of windows may differ beside ``sameOffset``: half of what sides may.
  package static let sameReach: Float = 0.1
  /// Share of bits in which windows of one picture differ at most: an angle of that share of half a turn, here a correlation of 3 / 4.
  package static let sameBits = 0.23

  // MARK: discovery and confirmation

  /// Candidates whose nearest windows are looked for in all images of the half: a bound of time, best ratios of agreement and contrast first.
  package static let candidates = 512
  /// Candidates for which windows are read at once: memory is read that much less often.
  package static let candidatesAtOnce = 16
  /// Share of distances up to t among those up to 2t, at most, where density does not fall with distance: 2^-d in d dimensions. Of
  /// windows: natural ones had 1 in 8 to 1 in 16 (measured). Twice: candidates need twice as many images; half: a third fewer.
  package static let windowShare = 0.25
  /// The same of recovered pictures: one dimension is the least, and faces of one dataset had 1 in 2 (measured). Half: those faces are a
  /// family; what is turned over asks for as many images anyway.
  package static let naturalShare = 0.5
  /// Images that show a picture turned over for one that shows it, from which it is nature's: halves of faces have 0.27 to 0.4, pasted
  /// pictures 0 to 0.04 (measured). Twice: those faces are a family.
  package static let turnedShare = 0.25
  /// Images of a group by which it is told whether it shows an earlier candidate: a bound of time.
  package static let partImages = 8
  /// Images by which candidates are told early that nature has too often to be confirmed.
  package static let sampledImages = 128
  /// Candidates that are confirmed or not. Each costs the others (Holm): twice, one image more is needed.
  package static let tests = 16
  /// Chance from which a candidate is none.
  package static let evenChance = 0.5
  /// Images within 2t for one within t from which no gap is looked for at larger distances: natural windows are that many.
  package static let tailImages = 16
  /// Levels; least distance that windows may have that are the same: files and cells are rounded to one.
  package static let leastLimit: Float = 1
  /// Correlation of thumbnails of 8 * 8 cells from which images are near-copies. Prototype. Lower: less is counted, which is safe.
  package static let copies: Float = 0.95
  /// Sides of a window within which the distance of two windows of one picture is the same in all images.
  package static let sameOffset: Float = 0.25

  /// What is unexplained as a multiple of what is explained, up to which pictures are the same: JPEG of quality 60 leaves that.
  package static let leastDistance: Float = 0.02

  /// What is unexplained as a multiple of what is explained, up to which an image shows what looks the same in a mirror: only what is upside
  /// down is evidence against it. Opaque pictures, resized and JPEG 60, have less than 0.1, faces of one dataset from 0.15 on (measured).
  package static let equalDistance: Float = 0.2

  // MARK: recovery

  /// Images a picture is recovered from: the median of as many is stable. A bound of memory.
  package static let recoveryImages = 24
  /// Times that a picture is taken from images and those are laid on it again.
  package static let recoveryRounds = 3
  /// Times that levels and brightness are fitted in turn.
  package static let fitRounds = 3
  /// Shares of a frame that are cut off or added at a side, in turn, and how often each may be.
  package static let strips: [Float] = [0.25, 0.125]
  package static let growths = 8
  /// Cells of a frame, about: letters half-transparent in 5 % of the images were found in 76, 73 and 84 % with 400, 800 and 1,200 (measured). A
  /// bound of time.
  package static let frameCells: Float = 1200
  /// Least cells of a frame along a side.
  package static let leastSide = 4
  /// Levels; JPEG alone leaves up to some 3.
  package static let leastResidual: Float = 3
  /// Share of a picture that an image explains from which it shows it: half.
  package static let leastScore: Float = 0.5
  /// Half waves of light across a picture that are left out. Measured with 400 cells, letters half-transparent: 39, 54, 78 and 66 % found with 2, 3, 4
  /// and 6; opaque pictures alike.
  package static let lightWaves = 4
  /// First step of an alignment as a share of the extent: windows of one picture lie within that. Steps are halved three times.
  package static let alignmentStep: Float = 0.08
  package static let alignmentRounds = 4
  /// Brightness of what is surely not part of a picture, where it is shown.
  package static let dimmed: Float = 0.25

  /// Share of an image that a picture is at most: half.
  package static let largestShare: Float = 0.5

  // MARK: patterns

  /// Images that are compared with each other for a pattern they share: a bound of time and memory. Half: patterns in fewer than 1.6 % of a
  /// large dataset are missed rather than in fewer than 0.8 %.
  package static let patternImages = 1024
  /// Images beyond these whose signs are held at once: a bound of memory.
  package static let signsAtOnce = 128
  /// Levels from which a difference has a sign: files are rounded to one.
  package static let fineLevels: Float = 1
  /// The same of means over tiles, of which a photograph has a hundred and more: rounding is a tenth there.
  package static let fineTileLevels: Float = 0.1
  /// Times the limit within which decoys are counted: nature's are as near, and what was planted has none even there. One: what photographs
  /// of 300 x 200 pixels have in common in their 54 tiles was confirmed in one of six unpoisoned sets (measured).
  package static let decoyReach: Float = 2
  /// Pixels; side of tiles. Published: Li et al., CTRL, ICCV 2023, plants in blocks of 32; what is repeated in less is repeated in 32.
  package static let tileSide = 32

  // MARK: plain rectangles

  /// Pixels; least side of a rectangle. Derived: the blocks of its four corners, with the pixel beside the edges. Twice: 8 % of 200 pixels is
  /// missed.
  package static let leastRectangle = 8
  /// Levels by which what borders a rectangle differs from it. `solid-patch` uses the same.
  package static let leastContrast: Float = 12
  /// Pixels from an edge to the outer end of what borders it: one that is soft, and two.
  package static let cornerReach = 3
  /// Corners of an image that are paired, of each kind, pairs that are looked at, and rectangles kept: bounds of time.
  package static let cornersPerImage = 128
  package static let rectanglesTried = 256
  package static let rectanglesPerImage = 8
  /// Logarithm of the ratio of sides that one size may have: half a scale (``scalesPerOctave``), with decoys four of it away.
  package static let sameSides: Float = 0.12
  /// The same that may be due to edges: a pixel of 25.
  package static let leastSides: Float = 0.04

  // MARK: members

  /// Windows of an image among which those of a picture are looked for, at most: a bound of time.
  package static let windowsSearched = 1000
  /// Windows of a picture that are looked for, at most: a bound of time.
  package static let searchedWindows = 32
  /// Windows of an image that may be one of a picture's, at most: a bound of time.
  package static let hitsPerWindow = 8
  /// Share of an image that a picture explains, below which it explains nothing: what chance leaves of a pattern is more.
  package static let leastShare: Float = 1e-6
  /// Likeness from which a turned picture is no decoy: half of the picture is explained by it.
  package static let mostLikeness: Float = 0.5
  /// Score from which a place is looked at closely: a bound of time, as nearly all places of unrelated images have less.
  package static let leastPromise: Float = 0.1
  /// Places of a picture in an image that are tried: a bound of time.
  package static let placesTried = 8
  /// Pixels; longer side of images that are too small to be looked at here, as windows are then as large as their reduced forms.
  package static let smallImages = 64
}
