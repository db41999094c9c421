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
  int x0[65];
  double xf[65], edges[2][65], xs[65], ys[65];
  for (int i = 0; i <= columns; i++) {
    double at = left + (double)across * i / columns;
    at = at < 0 ? 0 : at > width ? width : at;
    xs[i] = at;
    x0[i] = (int)at < width ? (int)at : width - 1;
    xf[i] = at - x0[i];
  }
  for (int j = 0; j <= rows; j++) {
    double at = top + (double)down * j / rows;
    at = at < 0 ? 0 : at > height ? height : at;
    ys[j] = at;
    const int y0 = (int)at < height ? (int)at : height - 1;
    const double yf = at - y0;
    const unsigned *a = sums + y0 * stride, *b = a + stride;
    double *edge = edges[j & 1], *before = edges[(j + 1) & 1];
    for (int i = 0; i <= columns; i++) {
      const int x = x0[i];
      const double upper = a[x] + xf[i] * (double)(a[x + 1] - a[x]), lower = b[x] + xf[i] * (double)(b[x + 1] - b[x]);
      edge[i] = upper + yf * (lower - upper);
    }
    if (j == 0) continue;
    for (int i = 0; i < columns; i++) {
      const double area = (xs[i + 1] - xs[i]) * (ys[j] - ys[j - 1]);
      const double sum = edge[i + 1] - edge[i] - before[i + 1] + before[i];
      y[(j - 1) * columns + i] = area > 1e-6 ? (float)(sum / area) : -1;
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
  float sums[512];
  for (long n = 0; n < count; n++) {
    const unsigned char *x = windows + 96 * n;
    for (int j = 0; j < padded; j++) sums[j] = 0;
    for (int i = 0; i < 96; i++) {
      const float v = x[i];
      const float *row = matrix + (long)i * padded;
      for (int j = 0; j < padded; j++) sums[j] += v * row[j];
    }
    const float *sum = sums;
    for (int t = 0; t < tables; t++) {
      unsigned code = 0;
      for (int b = 0; b < bits; b++) code |= (unsigned)(*sum++ > 0) << b;
      codes[t * count + n] = code;
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

// Means over square cells, half a cell from each other, of all three planes.
static void NAME(half_cells)(const unsigned *sums, int width, int height, float cell, int columns, int rows,
                             double *scratch, unsigned char *y) {
  const long stride = width + 1;
  const double half = cell / 2.0;
  // Corners of cells: three rows, in turn.
  const int corners = columns + 2;
  for (int c = 0; c < 3; c++, sums += stride * (height + 1), y += (long)columns * rows)
    for (int j = 0; j < rows + 2; j++) {
      const double at = j * half < height ? j * half : height;
      const int y0 = (int)at < height ? (int)at : height - 1;
      const double yf = at - y0;
      const unsigned *a = sums + y0 * stride, *b = a + stride;
      double *edge = scratch + (j % 3) * corners;
      for (int i = 0; i < corners; i++) {
        const double across = i * half < width ? i * half : width;
        const int x = (int)across < width ? (int)across : width - 1;
        const double xf = across - x;
        const double upper = a[x] + xf * (double)(a[x + 1] - a[x]), lower = b[x] + xf * (double)(b[x + 1] - b[x]);
        edge[i] = upper + yf * (lower - upper);
      }
      if (j < 2) continue;
      const double *before = scratch + ((j + 1) % 3) * corners, weight = 1 / ((double)cell * cell);
      unsigned char *to = y + (long)(j - 2) * columns;
      for (int i = 0; i < columns; i++) {
        const double v = (edge[i + 2] - edge[i] - before[i + 2] + before[i]) * weight + 0.5;
        to[i] = v > 255 ? 255 : v < 0 ? 0 : (unsigned char)v;
      }
    }
}

static int NAME(scan)(const unsigned char *planes, int columns, int rows, const bz_cell *cells, int count, int across,
                      int down, int apart, unsigned short *sums, bz_hit *hits, int capacity) {
  int filled = 0;
  const int last = columns - across;
  for (int r = 0; r + down < rows; r++) {
    if (last <= 0) break;
    memset(sums, 0, last * sizeof *sums);
    for (int k = 0; k < count; k++) {
      const bz_cell cell = cells[k];
      const unsigned char *from = planes + ((long)cell.plane * rows + r + cell.y) * columns + cell.x, level = cell.level;
      for (int i = 0; i < last; i++) {
        const unsigned char v = from[i];
        sums[i] += (unsigned char)(v > level ? v - level : level - v);
      }
    }
    for (int i = 0; i < last; i++) {
      const int v = sums[i];
      if (filled == capacity && v >= hits[filled - 1].sum) continue;
      // Of those near each other only the best; hits are in order.
      int near = -1;
      for (int k = 0; k < filled; k++) {
        const int dx = hits[k].x - i, dy = hits[k].y - r;
        if (dx <= apart && dx >= -apart && dy <= apart && dy >= -apart) {
          near = k;
          break;
        }
      }
      if (near >= 0 && hits[near].sum <= v) continue;
      int k = near >= 0 ? near : filled < capacity ? filled++ : filled - 1;
      for (; k > 0 && hits[k - 1].sum > v; k--) hits[k] = hits[k - 1];
      hits[k] = (bz_hit){i, r, v};
    }
  }
  return filled;
}
