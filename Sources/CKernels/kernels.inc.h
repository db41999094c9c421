// The kernels, compiled once per instruction set. The including file defines:
//   LANES     floats in a vector
//   PIXELS    largest pixel tile; PIXELS * VECTORS accumulators must fit the register file
//   VECTORS   vectors in one block of output channels
//   SUFFIX    name suffix
#include <math.h>
#include <string.h>

#include "CKernels.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(a) JOIN(a, SUFFIX)
#define BLOCK (LANES * VECTORS)
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(LANES * 4), aligned(4)));

INLINE vf NAME(load)(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void NAME(store)(float *p, vf v) { memcpy(p, &v, sizeof v); }

// One tile: P neighbouring pixels by one block of output channels. P is a constant after inlining.
INLINE void NAME(tile)(const int P, const bz_convolution *c, const float *x, const float *w,
                       float *y, int channels) {
  vf acc[P][VECTORS];
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < VECTORS; v++) acc[p][v] = (vf){};
  const long step = c->x_pixel;
  const int in = c->in_channels;
  for (int t = 0; t < c->taps; t++) {
    const float *a = x + c->offsets[t];
    for (int i = 0; i < in; i++) {
      vf b[VECTORS];
      UNROLL for (int v = 0; v < VECTORS; v++) b[v] = NAME(load)(w + v * LANES);
      UNROLL for (int p = 0; p < P; p++) {
        const float s = a[i + p * step];
        UNROLL for (int v = 0; v < VECTORS; v++) acc[p][v] = acc[p][v] + s * b[v];
      }
      w += BLOCK;
    }
  }
  if (channels == BLOCK) {
    UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < VECTORS; v++)
        NAME(store)(y + p * c->y_pixel + v * LANES, acc[p][v]);
  } else {
    float part[BLOCK];
    UNROLL for (int p = 0; p < P; p++) {
      UNROLL for (int v = 0; v < VECTORS; v++) NAME(store)(part + v * LANES, acc[p][v]);
      memcpy(y + p * c->y_pixel, part, (size_t)channels * sizeof(float));
    }
  }
}

#define TILE_CASE(P) \
  case P: NAME(tile)(P, c, x, w, y, channels); break;

static void NAME(convolve)(const bz_convolution *c) {
  const int tiles = (c->pixels + PIXELS - 1) / PIXELS;
  const long weights = (long)c->taps * c->in_channels * BLOCK;
  for (int o = 0; o < c->out_channels; o += BLOCK) {
    const float *w = c->packed + o / BLOCK * weights;
    const int channels = c->out_channels - o < BLOCK ? c->out_channels - o : BLOCK;
    for (int r = 0; r < c->rows; r++) {
      for (int t = 0; t < tiles; t++) {
        const int from = (int)((long)c->pixels * t / tiles);
        const int to = (int)((long)c->pixels * (t + 1) / tiles);
        const float *x = c->x + r * c->x_row + from * c->x_pixel;
        float *y = c->y + r * c->y_row + from * c->y_pixel + o;
        switch (to - from) {
          TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4)
#if PIXELS > 4
          TILE_CASE(5) TILE_CASE(6)
#endif
#if PIXELS > 6
          TILE_CASE(7) TILE_CASE(8) TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12)
#endif
          default: break;
        }
      }
    }
  }
}

// One tile of the weight gradient: M input channels by V vectors of output channels.
INLINE void NAME(outer_tile)(const int M, const int V, const float *x, long x_row, long x_pixel,
                             const float *dy, long dy_row, long dy_pixel, int rows, int pixels,
                             float *dw, long dw_row) {
  vf acc[M][V];
  UNROLL for (int m = 0; m < M; m++) UNROLL for (int v = 0; v < V; v++)
      acc[m][v] = NAME(load)(dw + m * dw_row + v * LANES);
  for (int r = 0; r < rows; r++) {
    const float *a = x + r * x_row, *g = dy + r * dy_row;
    for (int p = 0; p < pixels; p++, a += x_pixel, g += dy_pixel) {
      vf b[V];
      UNROLL for (int v = 0; v < V; v++) b[v] = NAME(load)(g + v * LANES);
      UNROLL for (int m = 0; m < M; m++) {
        const float s = a[m];
        UNROLL for (int v = 0; v < V; v++) acc[m][v] = acc[m][v] + s * b[v];
      }
    }
  }
  UNROLL for (int m = 0; m < M; m++) UNROLL for (int v = 0; v < V; v++)
      NAME(store)(dw + m * dw_row + v * LANES, acc[m][v]);
}

#define OUTER_CASE(M, V)                                                                       \
  case M:                                                                                      \
    NAME(outer_tile)(M, V, x + i, x_row, x_pixel, dy + o, dy_row, dy_pixel, rows, pixels,      \
                     dw + i * dw_row + o, dw_row);                                             \
    break;
#if PIXELS > 6
#define OUTER_CASES(V)                                                                         \
  OUTER_CASE(1, V) OUTER_CASE(2, V) OUTER_CASE(3, V) OUTER_CASE(4, V) OUTER_CASE(5, V)         \
  OUTER_CASE(6, V) OUTER_CASE(7, V) OUTER_CASE(8, V) OUTER_CASE(9, V) OUTER_CASE(10, V)        \
  OUTER_CASE(11, V) OUTER_CASE(12, V)
#elif PIXELS > 4
#define OUTER_CASES(V)                                                                         \
  OUTER_CASE(1, V) OUTER_CASE(2, V) OUTER_CASE(3, V) OUTER_CASE(4, V) OUTER_CASE(5, V)         \
  OUTER_CASE(6, V)
#else
#define OUTER_CASES(V) OUTER_CASE(1, V) OUTER_CASE(2, V) OUTER_CASE(3, V) OUTER_CASE(4, V)
#endif

static void NAME(outer)(const float *x, long x_row, long x_pixel, int in, const float *dy,
                        long dy_row, long dy_pixel, int out, int rows, int pixels, float *dw,
                        long dw_row) {
  const int tiles = (in + PIXELS - 1) / PIXELS;
  for (int o = 0; o < out;) {
    const int vectors = out - o >= BLOCK ? VECTORS : 1;
    for (int t = 0; t < tiles; t++) {
      const int i = (int)((long)in * t / tiles);
      const int m = (int)((long)in * (t + 1) / tiles) - i;
      if (vectors == VECTORS) {
        switch (m) { OUTER_CASES(VECTORS) default: break; }
      } else {
        switch (m) { OUTER_CASES(1) default: break; }
      }
    }
    o += vectors * LANES;
  }
}

static void NAME(unary)(int op, long n, const float *restrict x, float *y) {
  switch (op) {
    case BZ_NEGATE: for (long i = 0; i < n; i++) y[i] = -x[i]; break;
    case BZ_EXP: for (long i = 0; i < n; i++) y[i] = expf(x[i]); break;
    case BZ_LOG: for (long i = 0; i < n; i++) y[i] = logf(x[i]); break;
    case BZ_SQRT: for (long i = 0; i < n; i++) y[i] = sqrtf(x[i]); break;
    case BZ_RECIPROCAL: for (long i = 0; i < n; i++) y[i] = 1.0f / x[i]; break;
    case BZ_RELU: for (long i = 0; i < n; i++) y[i] = x[i] > 0.0f ? x[i] : 0.0f; break;
    case BZ_SIGN:
      for (long i = 0; i < n; i++) y[i] = (float)(x[i] > 0.0f) - (float)(x[i] < 0.0f);
      break;
    case BZ_ABS: for (long i = 0; i < n; i++) y[i] = fabsf(x[i]); break;
    case BZ_STEP: for (long i = 0; i < n; i++) y[i] = x[i] > 0.0f ? 1.0f : 0.0f; break;
    default: break;
  }
}

#define BINARY_LOOP(EXPRESSION)                                                                \
  if (a_step && b_step) {                                                                      \
    for (long i = 0; i < n; i++) { const float p = a[i], q = b[i]; y[i] = (EXPRESSION); }      \
  } else if (a_step) {                                                                         \
    const float q = b[0];                                                                      \
    for (long i = 0; i < n; i++) { const float p = a[i]; y[i] = (EXPRESSION); }                \
  } else if (b_step) {                                                                         \
    const float p = a[0];                                                                      \
    for (long i = 0; i < n; i++) { const float q = b[i]; y[i] = (EXPRESSION); }                \
  } else {                                                                                     \
    const float p = a[0], q = b[0];                                                            \
    for (long i = 0; i < n; i++) y[i] = (EXPRESSION);                                          \
  }                                                                                            \
  break;

static void NAME(binary)(int op, long n, const float *a, int a_step, const float *b, int b_step,
                         float *y) {
  switch (op) {
    case BZ_ADD: BINARY_LOOP(p + q)
    case BZ_SUBTRACT: BINARY_LOOP(p - q)
    case BZ_MULTIPLY: BINARY_LOOP(p * q)
    case BZ_DIVIDE: BINARY_LOOP(p / q)
    case BZ_MAXIMUM: BINARY_LOOP(p > q ? p : q)
    case BZ_MINIMUM: BINARY_LOOP(p < q ? p : q)
    case BZ_GREATER: BINARY_LOOP(p > q ? 1.0f : 0.0f)
    case BZ_EQUAL: BINARY_LOOP(p == q ? 1.0f : 0.0f)
    default: break;
  }
}

static void NAME(sum_rows)(long rows, long inner, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += inner)
    for (long i = 0; i < inner; i++) y[i] += x[i];
}

static void NAME(max_rows)(long rows, long inner, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += inner)
    for (long i = 0; i < inner; i++) y[i] = x[i] > y[i] ? x[i] : y[i];
}

static float NAME(sum_run)(long n, const float *x) {
  double acc[8] = {0};
  long i = 0;
  for (; i + 8 <= n; i += 8)
    for (int l = 0; l < 8; l++) acc[l] += (double)x[i + l];
  double total = 0;
  for (; i < n; i++) total += (double)x[i];
  for (int l = 0; l < 8; l++) total += acc[l];
  return (float)total;
}

static float NAME(max_run)(long n, const float *x) {
  float best = -INFINITY;
  for (long i = 0; i < n; i++) best = x[i] > best ? x[i] : best;
  return best;
}

static void NAME(centred_squares)(long rows, long channels, const float *x,
                                  const float *restrict mean, float *restrict m2) {
  for (long r = 0; r < rows; r++, x += channels)
    for (long c = 0; c < channels; c++) {
      const float d = x[c] - mean[c];
      m2[c] += d * d;
    }
}

static void NAME(affine)(long rows, long channels, const float *x, const float *restrict scale,
                         const float *restrict shift, int rectify, float *y) {
  if (rectify) {
    for (long r = 0; r < rows; r++, x += channels, y += channels)
      for (long c = 0; c < channels; c++) {
        const float v = x[c] * scale[c] + shift[c];
        y[c] = v > 0.0f ? v : 0.0f;
      }
  } else {
    for (long r = 0; r < rows; r++, x += channels, y += channels)
      for (long c = 0; c < channels; c++) y[c] = x[c] * scale[c] + shift[c];
  }
}

static void NAME(affine_sums)(long rows, long channels, const float *dy, const float *x,
                              const float *restrict mean, float *restrict sums) {
  float *restrict products = sums + channels;
  for (long r = 0; r < rows; r++, x += channels, dy += channels)
    for (long c = 0; c < channels; c++) {
      sums[c] += dy[c];
      products[c] += dy[c] * (x[c] - mean[c]);
    }
}

static void NAME(affine_gradient)(long rows, long channels, const float *dy, const float *x,
                                  const float *restrict a, const float *restrict b,
                                  const float *restrict d, float *dx) {
  for (long r = 0; r < rows; r++, x += channels, dy += channels, dx += channels)
    for (long c = 0; c < channels; c++) dx[c] = a[c] * dy[c] + b[c] * x[c] + d[c];
}

#define TABLE_NAME_TEXT2(s) #s
#define TABLE_NAME_TEXT(s) TABLE_NAME_TEXT2(s)
const bz_kernel_table NAME(bz_table) = {
    .name = TABLE_NAME_TEXT(SUFFIX),
    .block = BLOCK,
    .convolve = NAME(convolve),
    .outer = NAME(outer),
    .lanes = LANES,
    .unary = NAME(unary),
    .binary = NAME(binary),
    .sum_rows = NAME(sum_rows),
    .max_rows = NAME(max_rows),
    .sum_run = NAME(sum_run),
    .max_run = NAME(max_run),
    .centred_squares = NAME(centred_squares),
    .affine = NAME(affine),
    .affine_sums = NAME(affine_sums),
    .affine_gradient = NAME(affine_gradient),
};
