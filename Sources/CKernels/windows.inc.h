// Windows of photographs: integral images, extrema of box filters over place and scale, and means over cells. Included by
// kernels.inc.h.

// One plane of sums; row 0 and column 0 are 0.
INLINE void NAME(sum_row)(const int *levels, const unsigned *above, unsigned *row, int width) {
  unsigned sum = 0;
  row[0] = 0;
  for (int x = 0; x < width; x++) {
    sum += levels[x];
    row[x + 1] = above[x + 1] + sum;
  }
}

static void NAME(integral)(const unsigned char *x, int width, int height, int *scratch, unsigned *sums) {
  const long row = width + 1, plane = row * (height + 1);
  for (int c = 0; c < 3; c++) memset(sums + c * plane, 0, row * sizeof *sums);
  for (int r = 0; r < height; r++) {
    const unsigned char *from = x + 3L * r * width;
    int *luma = scratch, *blue = scratch + width, *red = scratch + 2 * width;
    for (int i = 0; i < width; i++) {
      const int r8 = from[3 * i], g8 = from[3 * i + 1], b8 = from[3 * i + 2];
      // ITU-R BT.601 in shares of 256; differences are halved, around 128.
      const int y = (77 * r8 + 150 * g8 + 29 * b8 + 128) >> 8;
      luma[i] = y;
      blue[i] = (b8 - y + 256) >> 1;
      red[i] = (r8 - y + 256) >> 1;
    }
    for (int c = 0; c < 3; c++) {
      unsigned *to = sums + c * plane + (r + 1) * row;
      NAME(sum_row)(scratch + c * width, to - row, to, width);
    }
  }
}

// Mean of an inner box less that of the box around it, which it is half of, at one pixel.
typedef struct {
  const unsigned *sums;
  long row;
  int width, height;
} NAME(plane);

INLINE unsigned NAME(box)(const NAME(plane) * p, int x, int y, int half) {
  const unsigned *top = p->sums + (y - half) * p->row + x, *bottom = p->sums + (y + half + 1) * p->row + x;
  return bottom[half + 1] - bottom[-half] - top[half + 1] + top[-half];
}

INLINE float NAME(response)(const NAME(plane) * p, int x, int y, const bz_box_scale *s) {
  const unsigned inner = NAME(box)(p, x, y, s->inner), outer = NAME(box)(p, x, y, s->outer);
  return (float)inner * s->inner_weight - (float)outer * s->outer_weight;
}

INLINE int NAME(fits)(const NAME(plane) * p, int x, int y, int half) {
  return x >= half && y >= half && x + half < p->width && y + half < p->height;
}

// Vertex of a parabola through three values at -1, 0, 1.
INLINE float NAME(vertex)(float before, float here, float after) {
  const float bend = before - 2 * here + after;
  if (bend == 0) return 0;
  const float at = 0.5f * (before - after) / bend;
  return at < -0.5f ? -0.5f : at > 0.5f ? 0.5f : at;
}

static int NAME(extrema)(const unsigned *sums, int width, int height, const bz_box_scale *scales, int count,
                         float least, float edge_ratio, float *lines, bz_extremum *found, int capacity) {
  const NAME(plane) plane = {sums, width + 1, width, height};
  const float edge = (edge_ratio + 1) * (edge_ratio + 1) / edge_ratio;
  int filled = 0;
  for (int k = 1; k + 1 < count; k++) {
    const bz_box_scale *s = scales + k;
    const int half = s->outer, step = s->step;
    const int columns = (width - 2 * half - 1) / step + 1, rows = (height - 2 * half - 1) / step + 1;
    if (width < 2 * half + 1 || height < 2 * half + 1 || columns < 3 || rows < 3) break;
    // Three lines of responses, in turn.
    for (int r = 0; r < rows; r++) {
      float *line = lines + (r % 3) * width;
      const int y = half + r * step;
      const unsigned *ot = plane.sums + (y - half) * plane.row, *ob = plane.sums + (y + half + 1) * plane.row;
      const unsigned *it = plane.sums + (y - s->inner) * plane.row, *ib = plane.sums + (y + s->inner + 1) * plane.row;
      const int a = half - s->inner, b = half + s->inner + 1, e = 2 * half + 1;
      if (step == 1) {
        for (int x = 0; x < columns; x++) {
          const unsigned inner = ib[x + b] - ib[x + a] - it[x + b] + it[x + a];
          const unsigned outer = ob[x + e] - ob[x] - ot[x + e] + ot[x];
          line[x] = (float)(int)inner * s->inner_weight - (float)(int)outer * s->outer_weight;
        }
      } else {
        for (int i = 0, x = 0; i < columns; i++, x += step) {
          const unsigned inner = ib[x + b] - ib[x + a] - it[x + b] + it[x + a];
          const unsigned outer = ob[x + e] - ob[x] - ot[x + e] + ot[x];
          line[i] = (float)(int)inner * s->inner_weight - (float)(int)outer * s->outer_weight;
        }
      }
      if (r < 2) continue;
      const float *above = lines + ((r + 1) % 3) * width, *here = lines + ((r + 2) % 3) * width, *below = line;
      for (int i = 1; i + 1 < columns; i++) {
        const float v = here[i];
        if (v < least && v > -least) continue;
        const float sign = v < 0 ? -1 : 1, m = v * sign;
        if (m <= sign * here[i - 1] || m < sign * here[i + 1] || m <= sign * above[i] || m < sign * below[i] ||
            m <= sign * above[i - 1] || m <= sign * above[i + 1] || m < sign * below[i - 1] || m < sign * below[i + 1])
          continue;
        int x = half + i * step, y = half + (r - 1) * step;
        float best = m;
        // Up to the summit in the image's own pixels.
        for (int hop = step / 2; hop >= 1; hop /= 2)
          for (int again = 0; again < 4; again++) {
            int bx = x, by = y;
            for (int dy = -hop; dy <= hop; dy += hop)
              for (int dx = -hop; dx <= hop; dx += hop) {
                if (!NAME(fits)(&plane, x + dx, y + dy, half)) continue;
                const float t = sign * NAME(response)(&plane, x + dx, y + dy, s);
                if (t > best) best = t, bx = x + dx, by = y + dy;
              }
            if (bx == x && by == y) break;
            x = bx, y = by;
          }
        const bz_box_scale *finer = s - 1, *coarser = s + 1;
        if (!NAME(fits)(&plane, x, y, coarser->outer)) continue;
        const float fine = sign * NAME(response)(&plane, x, y, finer);
        const float coarse = sign * NAME(response)(&plane, x, y, coarser);
        if (fine >= best || coarse >= best) continue;
        const int h = half / 4 > 1 ? half / 4 : 1;
        if (!NAME(fits)(&plane, x - h, y - h, half) || !NAME(fits)(&plane, x + h, y + h, half)) continue;
        const float left = sign * NAME(response)(&plane, x - h, y, s), right = sign * NAME(response)(&plane, x + h, y, s);
        const float up = sign * NAME(response)(&plane, x, y - h, s), down = sign * NAME(response)(&plane, x, y + h, s);
        const float xx = left - 2 * best + right, yy = up - 2 * best + down;
        const float xy = 0.25f * sign *
                         (NAME(response)(&plane, x + h, y + h, s) - NAME(response)(&plane, x - h, y + h, s) -
                          NAME(response)(&plane, x + h, y - h, s) + NAME(response)(&plane, x - h, y - h, s));
        const float determinant = xx * yy - xy * xy;
        if (determinant <= 0 || (xx + yy) * (xx + yy) >= edge * determinant) continue;
        const float size = NAME(vertex)(fine, best, coarse);
        const bz_box_scale *other = size < 0 ? finer : coarser;
        const float own = 2 * half + 1, next = 2 * other->outer + 1;
        const bz_extremum e = {x + 0.5f + h * NAME(vertex)(left, best, right), y + 0.5f + h * NAME(vertex)(up, best, down),
                               own + (next - own) * (size < 0 ? -size : size), sign * best};
        if (filled < capacity) found[filled++] = e;
      }
    }
  }
  return filled;
}

// Means over columns * rows cells that cover a rectangle, of one plane of sums; outside of the image its edges are repeated only as
// far as a cell reaches in: a cell wholly outside is -1.
static void NAME(cells)(const unsigned *sums, int plane, int width, int height, float left, float top, float across, float down,
                        int columns, int rows, float *y) {
  const long stride = width + 1;
  sums += plane * stride * (height + 1);
  // What a corner has above and left of it: whole pixels exactly, as only differences count, and the parts that it cuts.
  int x0[65];
  float xf[65], xs[65], parts[2][65];
  unsigned whole[2][65];
  for (int i = 0; i <= columns; i++) {
    double at = left + (double)across * i / columns;
    at = at < 0 ? 0 : at > width ? width : at;
    x0[i] = (int)at < width ? (int)at : width - 1;
    xf[i] = (float)(at - x0[i]);
    xs[i] = (float)at;
  }
  float before = 0;
  for (int j = 0; j <= rows; j++) {
    double at = top + (double)down * j / rows;
    at = at < 0 ? 0 : at > height ? height : at;
    const int y0 = (int)at < height ? (int)at : height - 1;
    const float yf = (float)(at - y0);
    const unsigned *a = sums + y0 * stride, *b = a + stride;
    unsigned *w = whole[j & 1], *wb = whole[(j + 1) & 1];
    float *p = parts[j & 1], *pb = parts[(j + 1) & 1];
    for (int i = 0; i <= columns; i++) {
      const int x = x0[i];
      const unsigned aa = a[x], ab = a[x + 1] - aa, ba = b[x] - aa, pixel = b[x + 1] - aa - ab - ba;
      w[i] = aa;
      p[i] = xf[i] * (float)(int)ab + yf * ((float)(int)ba + xf[i] * (float)(int)pixel);
    }
    const float tall = (float)at - before;
    before = (float)at;
    if (j == 0) continue;
    for (int i = 0; i < columns; i++) {
      const float area = (xs[i + 1] - xs[i]) * tall;
      const float sum = (float)(int)(w[i + 1] - w[i] - wb[i + 1] + wb[i]) + (p[i + 1] - p[i] - pb[i + 1] + pb[i]);
      y[(j - 1) * columns + i] = area > 1e-6f ? sum / area : -1;
    }
  }
}

static void NAME(windows)(const unsigned *sums, int width, int height, const bz_extremum *at, int count,
                          unsigned char *y) {
  float cells[64];
  for (int n = 0; n < count; n++, y += 96) {
    const float side = at[n].side, left = at[n].x - side / 2, top = at[n].y - side / 2;
    NAME(cells)(sums, 0, width, height, left, top, side, side, 8, 8, cells);
    for (int i = 0; i < 64; i++) y[i] = (unsigned char)(cells[i] + 0.5f);
    for (int c = 1; c < 3; c++) {
      NAME(cells)(sums, c, width, height, left, top, side, side, 4, 4, cells);
      for (int i = 0; i < 16; i++) y[48 + 16 * c + i] = (unsigned char)(cells[i] + 0.5f);
    }
  }
}

INLINE int NAME(difference)(const unsigned char *a, const unsigned char *b) {
  int sum = 0;
  for (int i = 0; i < 96; i++) {
    const int d = (int)a[i] - (int)b[i];
    sum += d < 0 ? -d : d;
  }
  return sum;
}

static int NAME(window_distance)(const unsigned char *windows, long a, long b) {
  return NAME(difference)(windows + 96 * a, windows + 96 * b);
}

// Signs of linear functions of windows as bits, `bits` of them in each of `tables` words; matrix[i][function], functions one after
// another, table by table, padded with zeros to `padded`, a multiple of 16.
static void NAME(words)(const unsigned char *windows, long count, const float *matrix, int padded, int tables, int bits,
                        unsigned *codes) {
  // Four windows at once, so that the matrix is read a fourth as often.
  enum { TOGETHER = 4 };
  float sums[TOGETHER][512], x[TOGETHER][96];
  for (long n = 0; n < count; n += TOGETHER) {
    const int own = count - n < TOGETHER ? (int)(count - n) : TOGETHER;
    for (int k = 0; k < TOGETHER; k++)
      for (int i = 0; i < 96; i++) x[k][i] = k < own ? windows[96 * (n + k) + i] : 0;
    for (int j = 0; j < padded; j += LANES) {
      vf a[TOGETHER] = {};
      for (int i = 0; i < 96; i++) {
        const vf m = NAME(load)(matrix + (long)i * padded + j);
        UNROLL for (int k = 0; k < TOGETHER; k++) a[k] += m * x[k][i];
      }
      UNROLL for (int k = 0; k < TOGETHER; k++) memcpy(sums[k] + j, &a[k], sizeof a[k]);
    }
    for (int k = 0; k < own; k++) {
      const float *sum = sums[k];
      for (int t = 0; t < tables; t++) {
        unsigned code = 0;
        for (int b = 0; b < bits; b++) code |= (unsigned)(*sum++ > 0) << b;
        codes[t * count + n + k] = code;
      }
    }
  }
}

// Distance of the nearest window of each image to a given one; image k has windows starts[k]..<starts[k + 1].
static void NAME(nearest_windows)(const unsigned char *windows, const int *starts, int images, const unsigned char *to,
                                  int *distances, int *nearest) {
  for (int k = 0; k < images; k++) {
    int best = 96 * 255 + 1, at = -1;
    for (int n = starts[k]; n < starts[k + 1]; n++) {
      const int d = NAME(difference)(windows + 96L * n, to);
      if (d < best) best = d, at = n;
    }
    distances[k] = best;
    nearest[k] = at;
  }
}

// Bits in which words of windows differ from those of a given one.
static void NAME(word_distances)(const unsigned *codes, long count, int tables, const unsigned *to, int *distances) {
  for (long n = 0; n < count; n++) distances[n] = 0;
  for (int t = 0; t < tables; t++, codes += count)
    for (long n = 0; n < count; n++) distances[n] += __builtin_popcount(codes[n] ^ to[t]);
}

INLINE float NAME(total)(vf v) {
  float sum = 0;
  for (int l = 0; l < LANES; l++) sum += v[l];
  return sum;
}

// Square of the correlation of cells of an image with a picture's; see CKernels.h.
static float NAME(likeness)(const unsigned *sums, int width, int height, float left, float top, float across, float down,
                            int columns, int rows, const float *picture, int waves, float norm) {
  float x[64 * 64 + 16];
  const int n = columns * rows, padded = (n + 15) / 16 * 16;
  float cross = 0, square = 0;
  int inside = 0;
  for (int plane = 0; plane < 3; plane++, picture += (2 + waves) * padded) {
    NAME(cells)(sums, plane, width, height, left, top, across, down, columns, rows, x);
    float sum = 0;
    int own = 0;
    for (int i = 0; i < n; i++)
      if (x[i] >= 0) sum += x[i], own++;
    const float mean = own ? sum / own : 0;
    // Cells outside of the image have its mean.
    for (int i = 0; i < n; i++) x[i] = x[i] >= 0 ? x[i] - mean : 0;
    for (int i = n; i < padded; i++) x[i] = 0;
    inside += own;
    vf xx = {};
    for (int i = 0; i < padded; i += LANES) {
      const vf v = NAME(load)(x + i);
      xx += NAME(load)(picture + i) * v * v;
    }
    float left_over = NAME(total)(xx);
    const float *row = picture + padded;
    for (int k = 0; k <= waves; k++, row += padded) {
      vf dots = {};
      for (int i = 0; i < padded; i += LANES) dots += NAME(load)(row + i) * NAME(load)(x + i);
      const float dot = NAME(total)(dots);
      if (k == 0)
        cross += dot;
      else
        left_over -= dot * dot;
    }
    square += left_over > 0 ? left_over : 0;
  }
  if (2 * inside < 3 * n || square <= 0 || norm <= 0 || cross <= 0) return -1;
  return cross * cross / (square * norm);
}
