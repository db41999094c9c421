// C micro-kernels behind CPUDevice: direct convolution, elementwise, reductions.
//
// One source (kernels.inc.h) is compiled once for every instruction set; `bz_kernels()` returns the
// table for the best one this processor has. All arrays are float32, row-major, channels last.
#ifndef BEZOAR_CKERNELS_H
#define BEZOAR_CKERNELS_H

/// Tells the processor that this is a waiting loop.
static inline void bz_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Unary operations, in the order of `Op.Unary` in Tensors.
enum bz_unary {
  BZ_NEGATE, BZ_EXP, BZ_LOG, BZ_SQRT, BZ_RECIPROCAL, BZ_RELU, BZ_SIGN, BZ_ABS, BZ_STEP,
  BZ_ERF
};

/// Binary operations, in the order of `Op.Binary` in Tensors.
enum bz_binary {
  BZ_ADD, BZ_SUBTRACT, BZ_MULTIPLY, BZ_DIVIDE, BZ_MAXIMUM, BZ_MINIMUM, BZ_GREATER, BZ_EQUAL
};

/// A convolution over one image as a sum over taps, each a constant offset from the pixel's base.
///
/// For every row r < rows, pixel c < pixels and output channel o:
///   y[r*y_row + c*y_pixel + o] = sum over t, i of
///       x[r*x_row + c*x_pixel + offsets[t] + i] * weight[t][i][o]
/// with `packed` holding the weights as bz_pack made them.
typedef struct {
  const float *x;
  long x_row, x_pixel;
  const long *offsets;
  int taps, in_channels, out_channels;
  const float *packed;
  float *y;
  long y_row, y_pixel;
  int rows, pixels;
} bz_convolution;

/// A batch of maps [N, height, width, channels] cut into tiles of 4x4 pixels, row by row.
///
/// `channels` is a multiple of the table's lanes. Tile g belongs to image g / (rows * columns).
typedef struct {
  int height, width, channels;
  /// Tiles down and across one map.
  int rows, columns;
} bz_tiles;

/// Values a transformed tile has for every channel, each in a plane of its own.
enum { BZ_WINOGRAD_PLANES = 36 };

/// A normalisation as one factor and one summand a channel, and what follows it in the same pass.
typedef struct {
  const float *scale, *shift;
  /// The same for the addend; null adds it as it is.
  const float *addend_scale, *addend_shift;
  long channels;
  /// Not 0 for a ReLU at the end.
  int rectify;
} bz_affine;

/// A filter of two boxes: the mean of the inner one less that of the outer one.
typedef struct {
  /// Half extents in pixels without the middle one: boxes are 2 * half + 1 pixels wide.
  int inner, outer;
  /// Pixels between the places that are looked at first.
  int step;
  /// One over the number of pixels.
  float inner_weight, outer_weight;
} bz_box_scale;

/// Where two edges of something plain meet: the first pixel inside, or the first beyond it.
typedef struct {
  int x, y;
  /// Levels between what is inside and what is outside of the nearer edge; 256 where both are the image's.
  float contrast;
} bz_corner;

/// Where a box filter is extreme over place and scale.
typedef struct {
  /// Centre and side of the outer box in pixels; pixel 0 reaches from 0 to 1.
  float x, y, side;
  /// In levels; negative for dark on bright.
  float response;
} bz_extremum;

/// Levels that a window has: 8 * 8 of luminance, 4 * 4 of blue and of red less luminance, halved, around 128.
enum { BZ_WINDOW = 96 };

/// Numbers behind an array that are read along with it.
enum { BZ_PADDING = 32 };

typedef struct {
  const char *name;
  void (*convolve)(const bz_convolution *c);
  /// dw[i][o] (row stride dw_row) += sum over rows, pixels of x[..+i] * dy[..+o]; o < 'out' must be
  /// a multiple of 'lanes'.
  void (*outer)(const float *x, long x_row, long x_pixel, int in, const float *dy, long dy_row,
                long dy_pixel, int out, int rows, int pixels, float *dw, long dw_row);
  int lanes;
  /// B^T d B of the 6x6 windows that reach `padding` pixels above and left of tiles from..<to; pixels
  /// outside are 0. v[p*plane + (g - from)*channels + c].
  void (*winograd_input)(const bz_tiles *t, const float *x, int padding, long from, long to, float *v,
                         long plane);
  /// A d A^T of the tiles from..<to themselves; layout as winograd_input.
  void (*winograd_seed)(const bz_tiles *t, const float *dy, long from, long to, float *v, long plane);
  /// A^T m A of planes as winograd_input lays them out, into tiles from..<to of y.
  void (*winograd_output)(const bz_tiles *t, const float *m, long plane, long from, long to, float *y);
  /// G w G^T for input channels from..<to, packed for `convolve` in planes of bz_packed_count(1 tap):
  /// element (v, u, i, o) is read at w[(3v+u)*tap_stride + i*in_stride + o*out_stride], and at tap
  /// 8 - (3v+u) if mirrored.
  void (*winograd_weights)(const float *w, int mirrored, long tap_stride, int in_channels, long in_stride,
                           int out_channels, long out_stride, int from, int to, float *packed);
  /// dw[tap*count + i] = G^T du G for i in from..<to, with du in planes of `count`; `count`, from and
  /// to are multiples of the lanes.
  void (*winograd_weight_gradient)(const float *du, long count, long from, long to, float *dw);
  void (*unary)(int op, long n, const float *x, float *y);
  /// a_step and b_step are 0 (one value for all) or 1.
  void (*binary)(int op, long n, const float *a, int a_step, const float *b, int b_step, float *y);
  /// y[i] += sum of rows x[r*inner + i].
  void (*sum_rows)(long rows, long inner, const float *x, float *y);
  void (*max_rows)(long rows, long inner, const float *x, float *y);
  float (*sum_run)(long n, const float *x);
  float (*max_run)(long n, const float *x);
  /// y[r] = index of the first maximum of row r.
  void (*arg_max_rows)(long rows, long n, const float *x, float *y);
  /// m2[c] += sum over rows of (x - mean[c])^2.
  void (*centred_squares)(long rows, long channels, const float *x, const float *mean, float *m2);
  /// y = x * scale + shift + addend; addend may be null.
  void (*affine)(const bz_affine *f, long rows, const float *x, const float *addend, float *y);
  /// sums[c] += sum of dy, sums[channels + c] += sum of dy * (x - mean[c]) over rows; with a scale, dy
  /// counts only where x * scale[c] + shift[c] > 0: through the ReLU behind a normalisation.
  void (*affine_sums)(long rows, long channels, const float *dy, const float *x, const float *mean,
                      const float *scale, const float *shift, float *sums);
  /// dx = k[c] * dy + k[channels + c] * x + k[2*channels + c]; dy counts as in affine_sums.
  void (*affine_gradient)(long rows, long channels, const float *dy, const float *x, const float *k,
                          const float *scale, const float *shift, float *dx);
  /// Resizes an RGB image of `width` pixels: rows first, then columns, rounded to bytes. Row r is the
  /// sum of row_weights[row_starts[r]..<row_starts[r+1]] times the rows from row_first[r] on; so are
  /// columns. `line` is scratch memory of 3 * width + 1 floats, of which the last may be read.
  void (*resample)(const unsigned char *x, int width, int rows, const int *row_first, const int *row_starts,
                   const float *row_weights, int columns, const int *column_first, const int *column_starts,
                   const float *column_weights, float *line, unsigned char *y);
  /// Sums over blocks of factor * factor pixels of an RGB image of `width` pixels, `columns` blocks a row; what is left at the far edges
  /// is dropped. `line` is scratch memory of 3 * width integers.
  void (*block_sums)(const unsigned char *x, int width, int factor, int columns, int rows, unsigned *line, float *y);
  /// Sums of an RGB image over all that is above and left, 3 numbers for each of (width + 1) * (height + 1) corners, and one more at
  /// the end: luminance, blue and red less luminance, both halved, around 128. `scratch` holds 3 * width integers.
  void (*integral)(const unsigned char *x, int width, int height, int *scratch, unsigned *sums);
  /// Extrema of box filters over place and scale in the luminance of `integral`, but not at the first and the last scale, of
  /// at least `least` levels, and not on edges: where the larger curvature is more than edge_ratio times the smaller one.
  /// Of those that are weaker than `most` others some are left out. `luma` is scratch memory of (width + 1) * (height + 1) + BZ_PADDING numbers, `lines` of 4 * (width + BZ_PADDING). Returns their number, at
  /// most `capacity`.
  int (*extrema)(const unsigned *sums, int width, int height, const bz_box_scale *scales, int count, float least,
                 float edge_ratio, int most, unsigned *luma, float *lines, bz_extremum *found, int capacity);
  /// Means over columns * rows (each at most 64) cells that cover a rectangle, the three planes of `integral` one after another; of a
  /// cell that reaches out of the image over what is inside, -1 if nothing is.
  void (*cells)(const unsigned *sums, int width, int height, float left, float top, float across, float down, int columns, int rows,
                float *y);
  /// Square of the weighted correlation of `cells` with a picture's, whose levels are orthogonal to `waves` waves that are left out of
  /// the cells too; -1 where it is negative, or where half of the picture is outside of the image. For each plane weights[cell], then the
  /// weighted levels and waves, each orthonormal under the weights; all padded with zeros to a multiple of 16. `norm` is the levels'
  /// weighted square sum over all planes.
  float (*likeness)(const unsigned *sums, int width, int height, float left, float top, float across, float down, int columns,
                    int rows, const float *picture, int waves, float norm);
  /// BZ_WINDOW levels of each window.
  void (*windows)(const unsigned *sums, int width, int height, const bz_extremum *at, int count, unsigned char *y);
  /// Sum of absolute differences of windows a and b.
  int (*window_distance)(const unsigned char *windows, long a, long b);
  /// codes[table * count + window]: signs of linear functions of windows, `bits` a table; matrix[level][function], `padded` functions
  /// a row, a multiple of 16 and at most 512.
  void (*words)(const unsigned char *windows, long count, const float *matrix, int padded, int tables, int bits,
                unsigned *codes);
  /// Bits in which the words of each window differ from those of a given one, to[table]; fewer than 32 tables.
  void (*word_distances)(const unsigned *codes, long count, int tables, const unsigned *to, int *distances);
  /// Windows that differ in at most `most` bits, ascending; `found` has room for all. Returns their number.
  long (*near_words)(const unsigned *codes, long count, int tables, const unsigned *to, int most, int *found);
  /// Distance of each image's nearest window to `count` given ones, one of them after another, and which it is: image k has windows
  /// starts[k]..<starts[k + 1]. -1 and a distance that no window has for images without windows.
  void (*nearest_windows)(const unsigned char *windows, const int *starts, int images, const unsigned char *to, int count,
                          int *distances, int *nearest);
  /// Signs of a plane of side * side levels less the means of the 5 * 5 pixels around each, of those that there are; 0 where the
  /// difference is less than `least`.
  void (*fine_signs)(const float *levels, int side, float least, short *y);
  /// Upper left and lower right corners of what is plain: the luminance of the four quarters of 6 * 6 pixels inside is
  /// within `plain` levels of their mean, and two pixels outside of both edges differ by at least `least` levels in a plane of
  /// `integral`, where differences of colours count twice. Beyond the image is no edge. Of each 8 * 8 pixels, (width + 8) / 8 in a row and
  /// (height + 8) / 8 rows, the one of most contrast is written where that is more than what is there. `luma` is scratch memory of
  /// (width + 1) * (height + 1) numbers; images are at most 8192 pixels wide.
  void (*plain_corners)(const unsigned *sums, int width, int height, float plain, float least, unsigned *luma, bz_corner *starts,
                        bz_corner *ends);
  /// Product of two rows of n integers, which must be below 2^31.
  int (*product)(const short *x, const short *y, long n);
  /// Sums over whole tiles of `side` * `side` pixels of an RGB image, from its first pixel on: y[(row * side + column) * 3 + channel].
  void (*tile_sums)(const unsigned char *x, int width, int height, int side, unsigned *y);
} bz_kernel_table;

/// The kernels for the best instruction set of this processor that is not above 'most':
/// 0 portable, 1 AVX2+FMA, 2 AVX-512.
const bz_kernel_table *bz_kernels(int most);

/// Output channels in one packed block: one vector where that holds them all, else two.
int bz_block(const bz_kernel_table *k, int out_channels);

/// Number of floats bz_pack writes.
long bz_packed_count(const bz_kernel_table *k, int taps, int in_channels, int out_channels);

/// Packs weights for bz_convolution: element (t, i, o) is read at
/// w[tap_index[t]*tap_stride + i*in_stride + o*out_stride]; missing channels of the last block are 0.
void bz_pack(const bz_kernel_table *k, const float *w, const int *tap_index, int taps,
             long tap_stride, int in_channels, long in_stride, int out_channels, long out_stride,
             float *packed);

#endif
