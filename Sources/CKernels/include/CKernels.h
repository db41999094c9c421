// C micro-kernels behind CPUDevice: direct convolution, elementwise, reductions.
//
// One source (kernels.inc.h) is compiled once for every instruction set; `bz_kernels()` returns the
// table for the best one this processor has. All arrays are float32, row-major, channels last.
#ifndef BEZOAR_CKERNELS_H
#define BEZOAR_CKERNELS_H

#include <stdint.h>

/// Unary operations, in the order of `Op.Unary` in Tensors.
enum bz_unary {
  BZ_NEGATE, BZ_EXP, BZ_LOG, BZ_SQRT, BZ_RECIPROCAL, BZ_RELU, BZ_SIGN, BZ_ABS, BZ_STEP
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

typedef struct {
  const char *name;
  /// Output channels in one packed block.
  int block;
  void (*convolve)(const bz_convolution *c);
  /// dw[i][o] (row stride dw_row) += sum over rows, pixels of x[..+i] * dy[..+o]; o < 'out' must be
  /// a multiple of 'lanes'.
  void (*outer)(const float *x, long x_row, long x_pixel, int in, const float *dy, long dy_row,
                long dy_pixel, int out, int rows, int pixels, float *dw, long dw_row);
  int lanes;
  void (*unary)(int op, long n, const float *x, float *y);
  /// a_step and b_step are 0 (one value for all) or 1.
  void (*binary)(int op, long n, const float *a, int a_step, const float *b, int b_step, float *y);
  /// y[i] (+)= sum of r rows x[r*inner + i].
  void (*sum_rows)(long rows, long inner, const float *x, float *y);
  void (*max_rows)(long rows, long inner, const float *x, float *y);
  float (*sum_run)(long n, const float *x);
  float (*max_run)(long n, const float *x);
  /// m2[c] = sum of rows of (x - mean[c])^2.
  void (*centred_squares)(long rows, long channels, const float *x, const float *mean, float *m2);
  /// y = x * scale[c] + shift[c], optionally rectified.
  void (*affine)(long rows, long channels, const float *x, const float *scale, const float *shift,
                 int rectify, float *y);
  /// sums[c] = sum of dy, sums[channels + c] = sum of dy * (x - mean[c]) over rows.
  void (*affine_sums)(long rows, long channels, const float *dy, const float *x, const float *mean,
                      float *sums);
  /// dx = a[c] * dy + b[c] * x + d[c].
  void (*affine_gradient)(long rows, long channels, const float *dy, const float *x, const float *a,
                          const float *b, const float *d, float *dx);
} bz_kernel_table;

/// The kernels for the best instruction set of this processor that is not above 'most':
/// 0 portable, 1 AVX2+FMA, 2 AVX-512.
const bz_kernel_table *bz_kernels(int most);

/// Number of floats bz_pack writes.
long bz_packed_count(const bz_kernel_table *k, int taps, int in_channels, int out_channels);

/// Packs weights for bz_convolution: element (t, i, o) is read at
/// w[tap_index[t]*tap_stride + i*in_stride + o*out_stride]; missing channels of the last block are 0.
void bz_pack(const bz_kernel_table *k, const float *w, const int *tap_index, int taps,
             long tap_stride, int in_channels, long in_stride, int out_channels, long out_stride,
             float *packed);

#endif
