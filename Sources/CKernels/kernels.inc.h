// The kernels, compiled once per instruction set. The including file defines:
//   LANES     floats in a vector
//   PIXELS    largest pixel tile; PIXELS * VECTORS accumulators must fit the register file
//   PIXELS_NARROW  the same for one vector of output channels
//   SUFFIX    name suffix
#include <math.h>
#include <string.h>

#include "CKernels.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(a) JOIN(a, SUFFIX)
#define VECTORS 2
#define BLOCK (LANES * VECTORS)
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int vi __attribute__((vector_size(LANES * 4), aligned(4)));

INLINE vf NAME(load)(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void NAME(store)(float *p, vf v) { memcpy(p, &v, sizeof v); }

// One tile: P neighbouring pixels by V vectors of output channels, constants after inlining.
INLINE void NAME(tile)(const int P, const int V, const bz_convolution *c, const float *x,
                       const float *w, float *y, int channels) {
  vf acc[P][V];
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < V; v++) acc[p][v] = (vf){};
  const long step = c->x_pixel;
  const int in = c->in_channels;
  for (int t = 0; t < c->taps; t++) {
    const float *a = x + c->offsets[t];
    for (int i = 0; i < in; i++) {
      vf b[V];
      UNROLL for (int v = 0; v < V; v++) b[v] = NAME(load)(w + v * LANES);
      UNROLL for (int p = 0; p < P; p++) {
        const float s = a[i + p * step];
        UNROLL for (int v = 0; v < V; v++) acc[p][v] = acc[p][v] + s * b[v];
      }
      w += V * LANES;
    }
  }
  if (channels == V * LANES) {
    UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < V; v++)
        NAME(store)(y + p * c->y_pixel + v * LANES, acc[p][v]);
  } else {
    float part[V * LANES];
    UNROLL for (int p = 0; p < P; p++) {
      UNROLL for (int v = 0; v < V; v++) NAME(store)(part + v * LANES, acc[p][v]);
      memcpy(y + p * c->y_pixel, part, (size_t)channels * sizeof(float));
    }
  }
}

#define TILE_CASE(P, V) \
  case P: NAME(tile)(P, V, c, x, w, y, channels); break;
#define TILES_4(V) TILE_CASE(1, V) TILE_CASE(2, V) TILE_CASE(3, V) TILE_CASE(4, V)
#define TILES_8(V) TILES_4(V) TILE_CASE(5, V) TILE_CASE(6, V) TILE_CASE(7, V) TILE_CASE(8, V)
#define TILES_12(V) TILES_8(V) TILE_CASE(9, V) TILE_CASE(10, V) TILE_CASE(11, V) TILE_CASE(12, V)
#define TILES_24(V)                                                                            \
  TILES_12(V) TILE_CASE(13, V) TILE_CASE(14, V) TILE_CASE(15, V) TILE_CASE(16, V)              \
  TILE_CASE(17, V) TILE_CASE(18, V) TILE_CASE(19, V) TILE_CASE(20, V) TILE_CASE(21, V)         \
  TILE_CASE(22, V) TILE_CASE(23, V) TILE_CASE(24, V)
#define TILES_6(V) TILES_4(V) TILE_CASE(5, V) TILE_CASE(6, V)
#define TILES2(P, V) TILES_##P(V)
#define TILES(P, V) TILES2(P, V)

#define CONVOLVE(FUNCTION, P, V)                                                               \
  static void FUNCTION(const bz_convolution *c) {                                              \
    const int block = V * LANES, tiles = (c->pixels + P - 1) / P;                              \
    const long weights = (long)c->taps * c->in_channels * block;                               \
    for (int o = 0; o < c->out_channels; o += block) {                                         \
      const float *w = c->packed + o / block * weights;                                        \
      const int channels = c->out_channels - o < block ? c->out_channels - o : block;          \
      for (int r = 0; r < c->rows; r++) {                                                      \
        for (int t = 0; t < tiles; t++) {                                                      \
          const int from = (int)((long)c->pixels * t / tiles);                                 \
          const int to = (int)((long)c->pixels * (t + 1) / tiles);                             \
          const float *x = c->x + r * c->x_row + from * c->x_pixel;                            \
          float *y = c->y + r * c->y_row + from * c->y_pixel + o;                              \
          switch (to - from) {                                                                 \
            TILES(P, V)                                                                        \
            default: break;                                                                    \
          }                                                                                    \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
  }
CONVOLVE(NAME(convolve_narrow), PIXELS_NARROW, 1)
CONVOLVE(NAME(convolve_wide), PIXELS, VECTORS)

static void NAME(convolve)(const bz_convolution *c) {
  if (c->out_channels <= LANES) {
    NAME(convolve_narrow)(c);
  } else {
    NAME(convolve_wide)(c);
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

// Winograd's F(4x4, 3x3): Lavin and Gray, 2015, arXiv 1509.09308. The points are 0, +-A, +-B and
// infinity with A = sqrt(1/2), B = sqrt(2): a quarter of the rounding error of 0, +-1, +-2.
#define A 0.70710678118654752f
#define B 1.41421356237309505f
INLINE void NAME(times_bt)(const vf *d, vf *t, int from, int to) {
  const vf d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from], d5 = d[5 * from];
  const vf p = d4 - 2.0f * d2, q = A * d3 - B * d1, r = d4 - 0.5f * d2, s = B * d3 - A * d1;
  t[0] = d0 - 2.5f * d2 + d4;
  t[to] = p + q;
  t[2 * to] = p - q;
  t[3 * to] = r + s;
  t[4 * to] = r - s;
  t[5 * to] = d1 - 2.5f * d3 + d5;
}

INLINE void NAME(times_at)(const vf *m, vf *t, int from, int to) {
  const vf p = m[from] + m[2 * from], q = m[from] - m[2 * from];
  const vf r = m[3 * from] + m[4 * from], s = m[3 * from] - m[4 * from];
  t[0] = m[0] + p + r;
  t[to] = A * q + B * s;
  t[2 * to] = 0.5f * p + 2.0f * r;
  t[3 * to] = (A / 2) * q + (2 * B) * s + m[5 * from];
}

INLINE void NAME(times_a)(const vf *d, vf *t, int from, int to) {
  const vf d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from];
  const vf p = d0 + 0.5f * d2, q = A * d1 + (A / 2) * d3, r = d0 + 2.0f * d2, s = B * d1 + (2 * B) * d3;
  t[0] = d0;
  t[to] = p + q;
  t[2 * to] = p - q;
  t[3 * to] = r + s;
  t[4 * to] = r - s;
  t[5 * to] = d3;
}

INLINE void NAME(times_g)(const vf *w, vf *t, int from, int to) {
  const vf w0 = w[0], w1 = w[from], w2 = w[2 * from];
  const vf p = (-2.0f / 3) * w0 - (1.0f / 3) * w2, q = (-2 * A / 3) * w1;
  const vf r = (1.0f / 6) * w0 + (1.0f / 3) * w2, s = (B / 6) * w1;
  t[0] = w0;
  t[to] = p + q;
  t[2 * to] = p - q;
  t[3 * to] = r + s;
  t[4 * to] = r - s;
  t[5 * to] = w2;
}

INLINE void NAME(times_gt)(const vf *u, vf *t, int from, int to) {
  const vf p = u[from] + u[2 * from], q = u[from] - u[2 * from];
  const vf r = u[3 * from] + u[4 * from], s = u[3 * from] - u[4 * from];
  t[0] = u[0] - (2.0f / 3) * p + (1.0f / 6) * r;
  t[to] = (B / 6) * s - (2 * A / 3) * q;
  t[2 * to] = (1.0f / 3) * (r - p) + u[5 * from];
}

// Addresses of a window's pixels; those outside the map point at zeros that never move.
static const float NAME(zeros)[LANES];
INLINE void NAME(window)(const int side, const bz_tiles *t, const float *map, int y, int x,
                         const float **pixel, long *moves) {
  for (int r = 0; r < side; r++)
    for (int c = 0; c < side; c++) {
      const int inside = y + r >= 0 && y + r < t->height && x + c >= 0 && x + c < t->width;
      pixel[r * side + c] =
          inside ? map + ((long)(y + r) * t->width + x + c) * t->channels : NAME(zeros);
      moves[r * side + c] = inside ? ~0L : 0;
    }
}

static void NAME(winograd_input)(const bz_tiles *t, const float *x, int padding, long from, long to,
                                 float *v, long plane) {
  const long each = (long)t->rows * t->columns, line = (long)t->width * t->channels;
  for (long g = from; g < to; g++, v += t->channels) {
    const float *map = x + g / each * t->height * line;
    const int row = (int)(g % each / t->columns) * 4 - padding;
    const int column = (int)(g % each % t->columns) * 4 - padding;
    vf d[36], h[36];
    if (row >= 0 && column >= 0 && row + 6 <= t->height && column + 6 <= t->width) {
      const float *corner = map + row * line + (long)column * t->channels;
      for (long c = 0; c < t->channels; c += LANES) {
        UNROLL for (int i = 0; i < 6; i++) UNROLL for (int j = 0; j < 6; j++)
            d[i * 6 + j] = NAME(load)(corner + i * line + (long)j * t->channels + c);
        UNROLL for (int j = 0; j < 6; j++) NAME(times_bt)(d + j, h + j, 6, 6);
        UNROLL for (int i = 0; i < 6; i++) {
          vf out[6];
          NAME(times_bt)(h + i * 6, out, 1, 1);
          UNROLL for (int j = 0; j < 6; j++) NAME(store)(v + (i * 6 + j) * plane + c, out[j]);
        }
      }
    } else {
      const float *pixel[36];
      long moves[36];
      NAME(window)(6, t, map, row, column, pixel, moves);
      for (long c = 0; c < t->channels; c += LANES) {
        UNROLL for (int i = 0; i < 36; i++) d[i] = NAME(load)(pixel[i] + (c & moves[i]));
        UNROLL for (int j = 0; j < 6; j++) NAME(times_bt)(d + j, h + j, 6, 6);
        UNROLL for (int i = 0; i < 6; i++) {
          vf out[6];
          NAME(times_bt)(h + i * 6, out, 1, 1);
          UNROLL for (int j = 0; j < 6; j++) NAME(store)(v + (i * 6 + j) * plane + c, out[j]);
        }
      }
    }
  }
}

static void NAME(winograd_seed)(const bz_tiles *t, const float *dy, long from, long to, float *v,
                                long plane) {
  const long each = (long)t->rows * t->columns, size = (long)t->height * t->width * t->channels;
  for (long g = from; g < to; g++, v += t->channels) {
    const float *pixel[16];
    long moves[16];
    NAME(window)(4, t, dy + g / each * size, (int)(g % each / t->columns) * 4,
                 (int)(g % each % t->columns) * 4, pixel, moves);
    vf d[16], h[24];
    for (long c = 0; c < t->channels; c += LANES) {
      UNROLL for (int i = 0; i < 16; i++) d[i] = NAME(load)(pixel[i] + (c & moves[i]));
      UNROLL for (int j = 0; j < 4; j++) NAME(times_a)(d + j, h + j, 4, 4);
      UNROLL for (int i = 0; i < 6; i++) {
        vf out[6];
        NAME(times_a)(h + i * 4, out, 1, 1);
        UNROLL for (int j = 0; j < 6; j++) NAME(store)(v + (i * 6 + j) * plane + c, out[j]);
      }
    }
  }
}

static void NAME(winograd_output)(const bz_tiles *t, const float *m, long plane, long from, long to,
                                  float *y) {
  const long each = (long)t->rows * t->columns, line = (long)t->width * t->channels;
  for (long g = from; g < to; g++, m += t->channels) {
    const int row = (int)(g % each / t->columns) * 4, column = (int)(g % each % t->columns) * 4;
    float *corner = y + g / each * t->height * line + row * line + (long)column * t->channels;
    const int rows = t->height - row < 4 ? t->height - row : 4;
    const int columns = t->width - column < 4 ? t->width - column : 4;
    vf h[24];
    for (long c = 0; c < t->channels; c += LANES) {
      UNROLL for (int j = 0; j < 6; j++) {
        vf in[6];
        UNROLL for (int i = 0; i < 6; i++) in[i] = NAME(load)(m + (i * 6 + j) * plane + c);
        NAME(times_at)(in, h + j, 1, 6);
      }
      UNROLL for (int i = 0; i < 4; i++) {
        vf out[4];
        NAME(times_at)(h + i * 6, out, 1, 1);
        if (i < rows)
          UNROLL for (int j = 0; j < 4; j++)
            if (j < columns) NAME(store)(corner + i * line + (long)j * t->channels + c, out[j]);
      }
    }
  }
}

static void NAME(winograd_weights)(const float *w, int mirrored, long tap_stride, int in_channels,
                                   long in_stride, int out_channels, long out_stride, int from, int to,
                                   float *packed) {
  const int block = out_channels <= LANES ? LANES : BLOCK;
  const long plane = (long)(out_channels + block - 1) / block * in_channels * block;
  for (int i = from; i < to; i++)
    for (int o = 0; o < out_channels; o += LANES) {
      vf g[9], h[18];
      const float *at = w + i * in_stride + o * out_stride;
      for (int tap = 0; tap < 9; tap++) {
        const float *source = at + (mirrored ? 8 - tap : tap) * tap_stride;
        if (out_stride == 1) {
          g[tap] = NAME(load)(source);
        } else {
          float part[LANES];
          for (int l = 0; l < LANES; l++) part[l] = source[l * out_stride];
          g[tap] = NAME(load)(part);
        }
      }
      UNROLL for (int j = 0; j < 3; j++) NAME(times_g)(g + j, h + j, 3, 3);
      float *target = packed + (long)(o / block) * in_channels * block + i * block + o % block;
      UNROLL for (int r = 0; r < 6; r++) {
        vf out[6];
        NAME(times_g)(h + r * 3, out, 1, 1);
        UNROLL for (int j = 0; j < 6; j++) NAME(store)(target + (r * 6 + j) * plane, out[j]);
      }
    }
}

static void NAME(winograd_weight_gradient)(const float *du, long count, long from, long to, float *dw) {
  for (long i = from; i < to; i += LANES) {
    vf h[18];
    UNROLL for (int j = 0; j < 6; j++) {
      vf in[6];
      UNROLL for (int r = 0; r < 6; r++) in[r] = NAME(load)(du + (r * 6 + j) * count + i);
      NAME(times_gt)(in, h + j, 1, 6);
    }
    UNROLL for (int r = 0; r < 3; r++) {
      vf out[3];
      NAME(times_gt)(h + r * 6, out, 1, 1);
      UNROLL for (int j = 0; j < 3; j++) NAME(store)(dw + (r * 3 + j) * count + i, out[j]);
    }
  }
}

// erf(x) = x P(x^2) / Q(x^2) up to |x| = 4, where it is 1 in floats; to 4e-7, absolutely and relatively. Our own fit: least squares of
// the absolute error on Chebyshev nodes, reweighted until its extremes were level.
static inline float NAME(erf)(float x) {
  const float b = x < -4.0f ? -4.0f : x > 4.0f ? 4.0f : x, s = b * b;
  const float p =
      ((((1.97483246e-6f * s + 2.88041658e-4f) * s + 4.00364632e-3f) * s + 5.34674786e-2f) * s + 1.96248963e-1f) * s +
      1.12837899f;
  const float q =
      ((((3.74808988e-5f * s + 1.21636048e-3f) * s + 1.54444221e-2f) * s + 1.16476424e-1f) * s + 5.07252276e-1f) * s +
      1.0f;
  const float y = b * p / q;
  return y < -1.0f ? -1.0f : y > 1.0f ? 1.0f : y;
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
    case BZ_ERF: for (long i = 0; i < n; i++) y[i] = NAME(erf)(x[i]); break;
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

// Passes over rows of channels. Two vectors of channels (then one, then single channels) go down all
// rows together, so that what belongs to a channel stays in registers.
#define COLUMNS(CALL)                                                                          \
  long c = 0;                                                                                  \
  for (; c + 2 * LANES <= channels; c += 2 * LANES) CALL(2, LANES)                             \
  for (; c + LANES <= channels; c += LANES) CALL(1, LANES)                                     \
  for (; c < channels; c++) CALL(1, 1)

// The same with a constant M that says whether there is a mask.
#define COLUMNS_MASKED_BY(MASK, CALL)                                                          \
  if (MASK) {                                                                                  \
    enum { M = 1 };                                                                            \
    COLUMNS(CALL)                                                                              \
  } else {                                                                                     \
    enum { M = 0 };                                                                            \
    COLUMNS(CALL)                                                                              \
  }

// V vectors from p; a single float in all lanes where W is 1.
INLINE vf NAME(get)(const int W, const float *p) {
  return W == 1 ? (vf){} + *p : NAME(load)(p);
}
INLINE void NAME(put)(const int W, float *p, vf v) {
  if (W == 1) {
    *p = v[0];
  } else {
    NAME(store)(p, v);
  }
}

INLINE void NAME(sum_columns)(const int V, const int W, long rows, long channels, const float *x, float *y) {
  vf a[V], b[V];
  UNROLL for (int v = 0; v < V; v++) {
    a[v] = NAME(get)(W, y + v * LANES);
    b[v] = (vf){};
  }
  long r = 0;
  for (; r + 2 <= rows; r += 2, x += 2 * channels)
    UNROLL for (int v = 0; v < V; v++) {
      a[v] += NAME(get)(W, x + v * LANES);
      b[v] += NAME(get)(W, x + channels + v * LANES);
    }
  UNROLL for (int v = 0; v < V; v++) {
    if (r < rows) a[v] += NAME(get)(W, x + v * LANES);
    NAME(put)(W, y + v * LANES, a[v] + b[v]);
  }
}

static void NAME(sum_rows)(long rows, long channels, const float *x, float *y) {
#define CALL(V, W) NAME(sum_columns)(V, W, rows, channels, x + c, y + c);
  COLUMNS(CALL)
#undef CALL
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

static void NAME(arg_max_rows)(long rows, long n, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += n) {
    // The maximum first, then its place: both stay vectors.
    long i = 0;
    float best = x[0];
    if (n >= 2 * LANES) {
      vf a = NAME(load)(x), b = NAME(load)(x + LANES);
      for (i = 2 * LANES; i + 2 * LANES <= n; i += 2 * LANES) {
        const vf p = NAME(load)(x + i), q = NAME(load)(x + i + LANES);
        a = (vf)(((vi)p & (p > a)) | ((vi)a & ~(p > a)));
        b = (vf)(((vi)q & (q > b)) | ((vi)b & ~(q > b)));
      }
      for (int l = 0; l < LANES; l++) best = a[l] > best ? a[l] : best;
      for (int l = 0; l < LANES; l++) best = b[l] > best ? b[l] : best;
    }
    for (; i < n; i++) best = x[i] > best ? x[i] : best;
    i = 0;
    for (; i + LANES <= n; i += LANES) {
      int found = 0;
      for (int l = 0; l < LANES; l++) found |= x[i + l] == best;
      if (found) break;
    }
    while (i < n - 1 && x[i] != best) i++;
    y[r] = (float)i;
  }
}

INLINE void NAME(square_columns)(const int V, const int W, long rows, long channels, const float *x,
                                 const float *mean, float *m2) {
  vf m[V], a[V], b[V];
  UNROLL for (int v = 0; v < V; v++) {
    m[v] = NAME(get)(W, mean + v * LANES);
    a[v] = NAME(get)(W, m2 + v * LANES);
    b[v] = (vf){};
  }
  long r = 0;
  for (; r + 2 <= rows; r += 2, x += 2 * channels)
    UNROLL for (int v = 0; v < V; v++) {
      const vf d = NAME(get)(W, x + v * LANES) - m[v], e = NAME(get)(W, x + channels + v * LANES) - m[v];
      a[v] += d * d;
      b[v] += e * e;
    }
  UNROLL for (int v = 0; v < V; v++) {
    if (r < rows) {
      const vf d = NAME(get)(W, x + v * LANES) - m[v];
      a[v] += d * d;
    }
    NAME(put)(W, m2 + v * LANES, a[v] + b[v]);
  }
}

static void NAME(centred_squares)(long rows, long channels, const float *x, const float *mean, float *m2) {
#define CALL(V, W) NAME(square_columns)(V, W, rows, channels, x + c, mean + c, m2 + c);
  COLUMNS(CALL)
#undef CALL
}

// v where `by` is positive, else 0.
INLINE vf NAME(passed)(vf v, vf by) { return (vf)((vi)v & (vi)(by > (vf){})); }

INLINE void NAME(affine_columns)(const int V, const int W, const int addends, const int rectify, long c,
                                 const bz_affine *f, long rows, const float *x, const float *addend,
                                 float *y) {
  vf s[V], t[V], as[V], at[V];
  UNROLL for (int v = 0; v < V; v++) {
    s[v] = NAME(get)(W, f->scale + c + v * LANES);
    t[v] = NAME(get)(W, f->shift + c + v * LANES);
    if (addends == 2) {
      as[v] = NAME(get)(W, f->addend_scale + c + v * LANES);
      at[v] = NAME(get)(W, f->addend_shift + c + v * LANES);
    }
  }
  for (long r = 0, i = c; r < rows; r++, i += f->channels)
    UNROLL for (int v = 0; v < V; v++) {
      vf q = NAME(get)(W, x + i + v * LANES) * s[v] + t[v];
      if (addends == 1) q = q + NAME(get)(W, addend + i + v * LANES);
      if (addends == 2) q = q + (NAME(get)(W, addend + i + v * LANES) * as[v] + at[v]);
      NAME(put)(W, y + i + v * LANES, rectify ? NAME(passed)(q, q) : q);
    }
}

static void NAME(affine)(const bz_affine *f, long rows, const float *x, const float *addend, float *y) {
  const long channels = f->channels;
  const int addends = addend ? (f->addend_scale ? 2 : 1) : 0;
#define CALL(V, W) NAME(affine_columns)(V, W, N, R, c, f, rows, x, addend, y);
#define AFFINE_CASE(ADDENDS, RECTIFY)                                                          \
  case 2 * ADDENDS + RECTIFY: {                                                                \
    enum { N = ADDENDS, R = RECTIFY };                                                         \
    COLUMNS(CALL)                                                                              \
    break;                                                                                     \
  }
  switch (2 * addends + (f->rectify ? 1 : 0)) {
    AFFINE_CASE(0, 0) AFFINE_CASE(0, 1) AFFINE_CASE(1, 0) AFFINE_CASE(1, 1) AFFINE_CASE(2, 0)
    AFFINE_CASE(2, 1)
  }
#undef CALL
}

INLINE void NAME(affine_sum_columns)(const int V, const int W, const int masked, long c, long channels,
                                     long rows, const float *dy, const float *x, const float *mean,
                                     const float *scale, const float *shift, float *sums) {
  vf m[V], s[V], t[V], a[V], b[V];
  UNROLL for (int v = 0; v < V; v++) {
    m[v] = NAME(get)(W, mean + c + v * LANES);
    if (masked) {
      s[v] = NAME(get)(W, scale + c + v * LANES);
      t[v] = NAME(get)(W, shift + c + v * LANES);
    }
    a[v] = NAME(get)(W, sums + c + v * LANES);
    b[v] = NAME(get)(W, sums + channels + c + v * LANES);
  }
  for (long r = 0, i = c; r < rows; r++, i += channels)
    UNROLL for (int v = 0; v < V; v++) {
      const vf q = NAME(get)(W, x + i + v * LANES);
      vf d = NAME(get)(W, dy + i + v * LANES);
      if (masked) d = NAME(passed)(d, q * s[v] + t[v]);
      a[v] += d;
      b[v] += d * (q - m[v]);
    }
  UNROLL for (int v = 0; v < V; v++) {
    NAME(put)(W, sums + c + v * LANES, a[v]);
    NAME(put)(W, sums + channels + c + v * LANES, b[v]);
  }
}

static void NAME(affine_sums)(long rows, long channels, const float *dy, const float *x, const float *mean,
                              const float *scale, const float *shift, float *sums) {
#define CALL(V, W) \
  NAME(affine_sum_columns)(V, W, M, c, channels, rows, dy, x, mean, scale, shift, sums);
  COLUMNS_MASKED_BY(scale, CALL)
#undef CALL
}

INLINE void NAME(affine_gradient_columns)(const int V, const int W, const int masked, long c, long channels,
                                          long rows, const float *dy, const float *x, const float *k,
                                          const float *scale, const float *shift, float *dx) {
  vf ka[V], kb[V], kd[V], s[V], t[V];
  UNROLL for (int v = 0; v < V; v++) {
    ka[v] = NAME(get)(W, k + c + v * LANES);
    kb[v] = NAME(get)(W, k + channels + c + v * LANES);
    kd[v] = NAME(get)(W, k + 2 * channels + c + v * LANES);
    if (masked) {
      s[v] = NAME(get)(W, scale + c + v * LANES);
      t[v] = NAME(get)(W, shift + c + v * LANES);
    }
  }
  for (long r = 0, i = c; r < rows; r++, i += channels)
    UNROLL for (int v = 0; v < V; v++) {
      const vf q = NAME(get)(W, x + i + v * LANES);
      vf d = NAME(get)(W, dy + i + v * LANES);
      if (masked) d = NAME(passed)(d, q * s[v] + t[v]);
      NAME(put)(W, dx + i + v * LANES, ka[v] * d + (kb[v] * q + kd[v]));
    }
}

static void NAME(affine_gradient)(long rows, long channels, const float *dy, const float *x, const float *k,
                                  const float *scale, const float *shift, float *dx) {
#define CALL(V, W) \
  NAME(affine_gradient_columns)(V, W, M, c, channels, rows, dy, x, k, scale, shift, dx);
  COLUMNS_MASKED_BY(scale, CALL)
#undef CALL
}

typedef unsigned char vb __attribute__((vector_size(LANES), aligned(1)));

// Rows of bytes, weighted and added up.
static void NAME(blend_rows)(const unsigned char *x, long line, const float *weights, int taps, float *y) {
  long i = 0;
  for (; i + 2 * LANES <= line; i += 2 * LANES) {
    vf a = {}, b = {};
    for (int k = 0; k < taps; k++) {
      vb p, q;
      memcpy(&p, x + k * line + i, sizeof p);
      memcpy(&q, x + k * line + i + LANES, sizeof q);
      a += weights[k] * __builtin_convertvector(p, vf);
      b += weights[k] * __builtin_convertvector(q, vf);
    }
    NAME(store)(y + i, a);
    NAME(store)(y + i + LANES, b);
  }
  for (; i < line; i++) {
    float sum = 0;
    for (int k = 0; k < taps; k++) sum += weights[k] * (float)x[k * line + i];
    y[i] = sum;
  }
}

static void NAME(resample)(const unsigned char *x, int width, int rows, const int *row_first,
                           const int *row_starts, const float *row_weights, int columns,
                           const int *column_first, const int *column_starts, const float *column_weights,
                           float *line, unsigned char *y) {
  typedef float four __attribute__((vector_size(16), aligned(4)));
  typedef int four_ints __attribute__((vector_size(16)));
  typedef unsigned char four_bytes __attribute__((vector_size(4)));
  for (int r = 0; r < rows; r++) {
    const int tap = row_starts[r];
    NAME(blend_rows)(x + 3L * width * row_first[r], 3L * width, row_weights + tap, row_starts[r + 1] - tap, line);
    for (int p = 0; p < columns; p++, y += 3) {
      four sum = {0.5f, 0.5f, 0.5f, 0.5f};
      const float *from = line + 3 * column_first[p];
      for (int k = column_starts[p]; k < column_starts[p + 1]; k++, from += 3) {
        four v;
        memcpy(&v, from, sizeof v);
        sum += column_weights[k] * v;
      }
      // Weights are positive and sum to 1: sums stay within 0.5...255.5.
      const four_bytes bytes = __builtin_convertvector(__builtin_convertvector(sum, four_ints), four_bytes);
      memcpy(y, &bytes, 3);
    }
  }
}

static void NAME(block_sums)(const unsigned char *x, int width, int factor, int columns, int rows, unsigned *line, float *y) {
  const long used = 3L * columns * factor;
  for (int r = 0; r < rows; r++) {
    memset(line, 0, used * sizeof *line);
    for (int k = 0; k < factor; k++, x += 3L * width)
      for (long i = 0; i < used; i++) line[i] += x[i];
    const unsigned *from = line;
    for (int p = 0; p < columns; p++, y += 3) {
      unsigned red = 0, green = 0, blue = 0;
      for (int k = 0; k < factor; k++, from += 3) red += from[0], green += from[1], blue += from[2];
      y[0] = (float)red, y[1] = (float)green, y[2] = (float)blue;
    }
  }
}

#include "windows.inc.h"
#include "patterns.inc.h"
#include "corners.inc.h"

#define TABLE_NAME_TEXT2(s) #s
#define TABLE_NAME_TEXT(s) TABLE_NAME_TEXT2(s)
const bz_kernel_table NAME(bz_table) = {
    .name = TABLE_NAME_TEXT(SUFFIX),
    .convolve = NAME(convolve),
    .outer = NAME(outer),
    .lanes = LANES,
    .winograd_input = NAME(winograd_input),
    .winograd_seed = NAME(winograd_seed),
    .winograd_output = NAME(winograd_output),
    .winograd_weights = NAME(winograd_weights),
    .winograd_weight_gradient = NAME(winograd_weight_gradient),
    .unary = NAME(unary),
    .binary = NAME(binary),
    .sum_rows = NAME(sum_rows),
    .max_rows = NAME(max_rows),
    .sum_run = NAME(sum_run),
    .max_run = NAME(max_run),
    .centred_squares = NAME(centred_squares),
    .arg_max_rows = NAME(arg_max_rows),
    .affine = NAME(affine),
    .affine_sums = NAME(affine_sums),
    .affine_gradient = NAME(affine_gradient),
    .resample = NAME(resample),
    .block_sums = NAME(block_sums),
    .integral = NAME(integral),
    .extrema = NAME(extrema),
    .cells = NAME(cells),
    .likeness = NAME(likeness),
    .windows = NAME(windows),
    .window_distance = NAME(window_distance),
    .words = NAME(words),
    .word_distances = NAME(word_distances),
    .near_words = NAME(near_words),
    .nearest_windows = NAME(nearest_windows),
    .fine_signs = NAME(fine_signs),
    .plain_corners = NAME(plain_corners),
    .product = NAME(product),
    .tile_sums = NAME(tile_sums),
};
