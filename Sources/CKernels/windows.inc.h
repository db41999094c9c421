// Windows of photographs: integral images, extrema of box filters over place and scale, and means over cells. Included by
// kernels.inc.h.

typedef unsigned NAME(u4) __attribute__((vector_size(16), aligned(4)));
typedef int NAME(i4) __attribute__((vector_size(16), aligned(4)));
typedef float NAME(f4) __attribute__((vector_size(16), aligned(4)));

INLINE NAME(u4) NAME(load4)(const unsigned *p) {
  NAME(u4) v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE NAME(f4) NAME(floats4)(NAME(u4) v) { return __builtin_convertvector((NAME(i4))v, NAME(f4)); }

// Sums of three planes, side by side, and one number at the end that is read along; row 0 and column 0 are 0.
static void NAME(integral)(const unsigned char *x, int width, int height, int *scratch, unsigned *sums) {
  const long row = 3L * (width + 1);
  memset(sums, 0, row * sizeof *sums);
  int *luma = scratch, *blue = scratch + width, *red = scratch + 2 * width;
  for (int r = 0; r < height; r++) {
    const unsigned char *from = x + 3L * r * width;
    for (int i = 0; i < width; i++) {
      const int r8 = from[3 * i], g8 = from[3 * i + 1], b8 = from[3 * i + 2];
      // ITU-R BT.601 in shares of 256; differences are halved, around 128.
      const int y = (77 * r8 + 150 * g8 + 29 * b8 + 128) >> 8;
      luma[i] = y;
      blue[i] = (b8 - y + 256) >> 1;
      red[i] = (r8 - y + 256) >> 1;
    }
    const unsigned *above = sums + r * row;
    unsigned *to = sums + (r + 1) * row;
    NAME(u4) sum = {};
    memcpy(to, &sum, sizeof sum);
    for (int i = 0; i < width; i++) {
      sum += (NAME(u4)){luma[i], blue[i], red[i], 0};
      const NAME(u4) all = NAME(load4)(above + 3 * (i + 1)) + sum;
      memcpy(to + 3 * (i + 1), &all, sizeof all);
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
  return (float)(int)inner * s->inner_weight - (float)(int)outer * s->outer_weight;
}

INLINE vi NAME(load_sums)(const unsigned *p) {
  vi v;
  memcpy(&v, p, sizeof v);
  return v;
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

// Whether a value is not 0 in any lane.
INLINE int NAME(any)(vi v) { return __builtin_reduce_or(v) != 0; }

// Moves up to the highest of eight neighbours at a distance of `hop` pixels as long as there is one, four times at most.
INLINE float NAME(climb)(const NAME(plane) * p, const bz_box_scale *s, float sign, float best, int hop, int *x, int *y) {
  for (int again = 0; again < 4; again++) {
    int bx = *x, by = *y;
    for (int dy = -hop; dy <= hop; dy += hop)
      for (int dx = -hop; dx <= hop; dx += hop) {
        if ((dx == 0 && dy == 0) || !NAME(fits)(p, *x + dx, *y + dy, s->outer)) continue;
        const float t = sign * NAME(response)(p, *x + dx, *y + dy, s);
        if (t > best) best = t, bx = *x + dx, by = *y + dy;
      }
    if (bx == *x && by == *y) break;
    *x = bx, *y = by;
  }
  return best;
}

// The response that the strongest have, up to a quarter of a level below.
typedef struct {
  int counts[1024], lowest, above, most;
} NAME(strengths);

// Counts one more; all that are not among the strongest are weaker than a quarter of `lowest`.
INLINE void NAME(count)(NAME(strengths) * s, float response) {
  const int four = (int)(4 * (response < 0 ? -response : response)), bin = four < 1023 ? four : 1023;
  s->counts[bin]++;
  s->above += bin >= s->lowest;
  while (s->lowest < 1023 && s->above - s->counts[s->lowest] >= s->most) s->above -= s->counts[s->lowest++];
}

// What is near an extremum of a line of responses, in the image's own pixels and between scales; 0 if it is none, or weaker than
// `least`.
INLINE int NAME(settle)(const NAME(plane) * p, const bz_box_scale *s, int x, int y, float response, float least, float edge,
                        bz_extremum *e) {
  const float sign = response < 0 ? -1 : 1;
  const int half = s->outer;
  float best = response * sign;
  for (int hop = s->step / 2; hop >= 1; hop /= 2) best = NAME(climb)(p, s, sign, best, hop, &x, &y);
  if (best < least) return 0;
  const bz_box_scale *finer = s - 1, *coarser = s + 1;
  if (!NAME(fits)(p, x, y, coarser->outer)) return 0;
  const float fine = sign * NAME(response)(p, x, y, finer);
  const float coarse = sign * NAME(response)(p, x, y, coarser);
  if ((fine >= best) | (coarse >= best)) return 0;
  const int h = half / 4 > 1 ? half / 4 : 1;
  if (!NAME(fits)(p, x - h, y - h, half) || !NAME(fits)(p, x + h, y + h, half)) return 0;
  const float left = sign * NAME(response)(p, x - h, y, s), right = sign * NAME(response)(p, x + h, y, s);
  const float up = sign * NAME(response)(p, x, y - h, s), down = sign * NAME(response)(p, x, y + h, s);
  const float xx = left - 2 * best + right, yy = up - 2 * best + down;
  const float xy = 0.25f * sign *
                   (NAME(response)(p, x + h, y + h, s) - NAME(response)(p, x - h, y + h, s) -
                    NAME(response)(p, x + h, y - h, s) + NAME(response)(p, x - h, y - h, s));
  const float determinant = xx * yy - xy * xy;
  if (determinant <= 0 || (xx + yy) * (xx + yy) >= edge * determinant) return 0;
  const float size = NAME(vertex)(fine, best, coarse);
  const bz_box_scale *other = size < 0 ? finer : coarser;
  const float own = 2 * half + 1, next = 2 * other->outer + 1;
  *e = (bz_extremum){x + 0.5f + h * NAME(vertex)(left, best, right), y + 0.5f + h * NAME(vertex)(up, best, down),
                     own + (next - own) * (size < 0 ? -size : size), sign * best};
  return 1;
}

INLINE vf NAME(chosen)(vi first, vf a, vf b) { return (vf)(((vi)a & first) | ((vi)b & ~first)); }
INLINE vf NAME(most)(vf a, vf b) { return NAME(chosen)(a > b, a, b); }
INLINE vf NAME(less)(vf a, vf b) { return NAME(chosen)(a < b, a, b); }

// Which of the values from `here` on are larger, or smaller, than all around them; of equal neighbours the first one counts.
INLINE vi NAME(extreme)(const float *above, const float *here, const float *below, float least) {
  const vf v = NAME(load)(here);
  const vi strong = (v >= least) | (v <= -least);
  if (!NAME(any)(strong)) return strong;
  const vf a0 = NAME(load)(above - 1), a1 = NAME(load)(above), a2 = NAME(load)(above + 1), before = NAME(load)(here - 1);
  const vf b0 = NAME(load)(below - 1), b1 = NAME(load)(below), b2 = NAME(load)(below + 1), after = NAME(load)(here + 1);
  const vf most = NAME(most)(NAME(most)(a0, a1), NAME(most)(a2, before)), most_after = NAME(most)(NAME(most)(b0, b1), NAME(most)(b2, after));
  const vf less = NAME(less)(NAME(less)(a0, a1), NAME(less)(a2, before)), less_after = NAME(less)(NAME(less)(b0, b1), NAME(less)(b2, after));
  const vi peak = (v >= least) & (v > most) & (v >= most_after), hole = (v <= -least) & (v < less) & (v <= less_after);
  return peak | hole;
}

static int NAME(extrema)(const unsigned *sums, int width, int height, const bz_box_scale *scales, int count,
                         float least, float edge_ratio, int most, unsigned *luma, float *lines, bz_extremum *found,
                         int capacity) {
  const NAME(plane) plane = {luma, width + 1, width, height};
  for (long i = 0; i < (long)(width + 1) * (height + 1); i++) luma[i] = sums[3 * i];
  // Lines are padded by a vector.
  const int padded = width + BZ_PADDING;
  float *every = lines + 3 * padded;
  const float edge = (edge_ratio + 1) * (edge_ratio + 1) / edge_ratio;
  int filled = 0;
  NAME(strengths) strengths = {.most = most};
  // The coarsest first: of the finest, which are most, those are left out that others are stronger than.
  for (int k = count - 2; k >= 1; k--) {
    const bz_box_scale *s = scales + k;
    const int inner = s->inner, half = s->outer, step = s->step;
    const float wa = s->inner_weight, wb = s->outer_weight;
    const int columns = (width - 2 * half - 1) / step + 1, rows = (height - 2 * half - 1) / step + 1;
    if (width < 2 * half + 1 || height < 2 * half + 1 || columns < 3 || rows < 3) continue;
    // Three lines of responses, in turn.
    for (int r = 0; r < rows; r++) {
      float *line = lines + (r % 3) * padded;
      const int y = half + r * step;
      // Whole vectors of all pixels where few are left out, and single ones elsewhere.
      int done = 0;
      if (step < LANES) {
        float *all = step == 1 ? line : every;
        int x = 0;
        const unsigned *it = luma + (y - inner) * plane.row + half, *ib = luma + (y + inner + 1) * plane.row + half;
        const unsigned *ot = luma + (y - half) * plane.row + half, *ob = luma + (y + half + 1) * plane.row + half;
        for (; x + LANES <= (columns - 1) * step + 1; x += LANES) {
#define SUMS(line, at) NAME(load_sums)((line) + x + (at))
          const vi a = SUMS(ib, inner + 1) - SUMS(ib, -inner) - SUMS(it, inner + 1) + SUMS(it, -inner);
          const vi b = SUMS(ob, half + 1) - SUMS(ob, -half) - SUMS(ot, half + 1) + SUMS(ot, -half);
#undef SUMS
          NAME(store)(all + x, __builtin_convertvector(a, vf) * wa - __builtin_convertvector(b, vf) * wb);
        }
        done = (x + step - 1) / step;
        if (step > 1)
          for (int i = 0; i < done; i++) line[i] = every[i * step];
      }
      for (int i = done; i < columns; i++) line[i] = NAME(response)(&plane, half + i * step, y, s);
      if (r < 2) continue;
      const float weakest = 0.25f * strengths.lowest > least ? 0.25f * strengths.lowest : least;
      // On the way to a summit between these pixels it grows.
      const float start = step == 1 ? weakest : least;
      const float *above = lines + ((r + 1) % 3) * padded, *here = lines + ((r + 2) % 3) * padded;
      for (int first = 1; first + 1 < columns; first += LANES) {
        const vi extreme = NAME(extreme)(above + first, here + first, line + first, start);
        if (!NAME(any)(extreme)) continue;
        int is[LANES];
        memcpy(is, &extreme, sizeof is);
        for (int l = 0, i = first; l < LANES && i + 1 < columns; l++, i++)
          if (is[l] && filled < capacity &&
              NAME(settle)(&plane, s, half + i * step, y - step, here[i], weakest, edge, found + filled))
            NAME(count)(&strengths, found[filled++].response);
      }
    }
  }
  return filled;
}

// What corners of cells have above and left of them, in three planes: whole pixels exactly, as only differences count, and the parts
// that they cut.
typedef struct {
  NAME(u4) whole[65];
  NAME(f4) parts[65];
} NAME(corners);

// Where lines between cells cross an axis of `extent` pixels: the pixel that each is in, and what it cuts of it.
INLINE void NAME(crossings)(float start, float along, int cells, int extent, int *pixel, float *part, float *place) {
  for (int i = 0; i <= cells; i++) {
    double at = start + (double)along * i / cells;
    at = at < 0 ? 0 : at > extent ? extent : at;
    pixel[i] = (int)at < extent ? (int)at : extent - 1;
    part[i] = (float)(at - pixel[i]);
    place[i] = (float)at;
  }
}

INLINE void NAME(corners_of)(const unsigned *sums, long stride, int y, float cut, const int *x, const float *cuts, int count,
                             NAME(corners) * to) {
  const unsigned *a = sums + y * stride, *b = a + stride;
  for (int i = 0; i <= count; i++) {
    const NAME(u4) aa = NAME(load4)(a + 3 * x[i]), ab = NAME(load4)(a + 3 * x[i] + 3) - aa;
    const NAME(u4) ba = NAME(load4)(b + 3 * x[i]) - aa, pixel = NAME(load4)(b + 3 * x[i] + 3) - aa - ab - ba;
    to->whole[i] = aa;
    to->parts[i] = cuts[i] * NAME(floats4)(ab) + cut * (NAME(floats4)(ba) + cuts[i] * NAME(floats4)(pixel));
  }
}

INLINE NAME(f4) NAME(cell)(const NAME(corners) * above, const NAME(corners) * below, int left, int right, float area) {
  const NAME(u4) *wa = above->whole, *wb = below->whole;
  const NAME(f4) *pa = above->parts, *pb = below->parts;
  const NAME(f4) sum = NAME(floats4)(wb[right] - wb[left] - wa[right] + wa[left]) +
                       (pb[right] - pb[left] - pa[right] + pa[left]);
  return area > 1e-6f ? sum / area : (NAME(f4)){-1, -1, -1, -1};
}

// Means over columns * rows cells that cover a rectangle, plane by plane; outside of the image its edges are repeated only as far as a
// cell reaches in: a cell wholly outside is -1. Returns their sums, and how many there are, of cells that are not outside.
INLINE NAME(f4) NAME(means)(const unsigned *sums, int width, int height, float left, float top, float across, float down,
                            int columns, int rows, float *y, NAME(i4) * inside) {
  const long stride = 3L * (width + 1), plane = columns * rows;
  int x0[65], y0[65];
  float xf[65], xs[65], yf[65], ys[65];
  NAME(corners) lines[2];
  NAME(crossings)(left, across, columns, width, x0, xf, xs);
  NAME(crossings)(top, down, rows, height, y0, yf, ys);
  NAME(f4) sum = {};
  NAME(i4) own = {};
  NAME(corners_of)(sums, stride, y0[0], yf[0], x0, xf, columns, lines);
  for (int j = 1; j <= rows; j++) {
    const NAME(corners) *above = lines + ((j + 1) & 1), *below = lines + (j & 1);
    NAME(corners_of)(sums, stride, y0[j], yf[j], x0, xf, columns, lines + (j & 1));
    const float tall = ys[j] - ys[j - 1];
    for (int i = 0; i < columns; i++, y++) {
      const NAME(f4) mean = NAME(cell)(above, below, i, i + 1, (xs[i + 1] - xs[i]) * tall);
      const NAME(i4) is_in = mean >= 0;
      sum += (NAME(f4))((NAME(i4))mean & is_in);
      own -= is_in;
      y[0] = mean[0], y[plane] = mean[1], y[2 * plane] = mean[2];
    }
  }
  *inside = own;
  return sum;
}

static void NAME(cells)(const unsigned *sums, int width, int height, float left, float top, float across, float down, int columns,
                        int rows, float *y) {
  NAME(i4) inside;
  NAME(means)(sums, width, height, left, top, across, down, columns, rows, y, &inside);
}

static void NAME(windows)(const unsigned *sums, int width, int height, const bz_extremum *at, int count,
                          unsigned char *y) {
  const long stride = 3L * (width + 1);
  int x0[9], y0[9];
  float xf[9], xs[9], yf[9], ys[9];
  NAME(corners) lines[3];
  for (int n = 0; n < count; n++, y += 96) {
    const float side = at[n].side;
    NAME(crossings)(at[n].x - side / 2, side, 8, width, x0, xf, xs);
    NAME(crossings)(at[n].y - side / 2, side, 8, height, y0, yf, ys);
    NAME(corners_of)(sums, stride, y0[0], yf[0], x0, xf, 8, lines);
    for (int j = 1; j <= 8; j++) {
      NAME(corners) *below = lines + j % 3;
      NAME(corners_of)(sums, stride, y0[j], yf[j], x0, xf, 8, below);
      for (int i = 0; i < 8; i++) {
        const NAME(f4) mean = NAME(cell)(lines + (j - 1) % 3, below, i, i + 1, (xs[i + 1] - xs[i]) * (ys[j] - ys[j - 1]));
        y[8 * (j - 1) + i] = (unsigned char)(mean[0] + 0.5f);
      }
      // Cells of colours are twice as large.
      if (j % 2 == 0)
        for (int i = 0; i < 4; i++) {
          const NAME(f4) mean = NAME(cell)(lines + (j - 2) % 3, below, 2 * i, 2 * i + 2,
                                           (xs[2 * i + 2] - xs[2 * i]) * (ys[j] - ys[j - 2]));
          y[64 + 4 * (j / 2 - 1) + i] = (unsigned char)(mean[1] + 0.5f);
          y[80 + 4 * (j / 2 - 1) + i] = (unsigned char)(mean[2] + 0.5f);
        }
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

// Distance of the nearest window of each image to given ones; image k has windows starts[k]..<starts[k + 1]. Those of an image are near
// while all are compared with them.
static void NAME(nearest_windows)(const unsigned char *windows, const int *starts, int images, const unsigned char *to, int count,
                                  int *distances, int *nearest) {
  for (int k = 0; k < images; k++)
    for (int q = 0; q < count; q++) {
      int best = 96 * 255 + 1, at = -1;
      for (int n = starts[k]; n < starts[k + 1]; n++) {
        const int d = NAME(difference)(windows + 96L * n, to + 96L * q);
        if (d < best) best = d, at = n;
      }
      distances[(long)q * images + k] = best;
      nearest[(long)q * images + k] = at;
    }
}

typedef unsigned char NAME(bytes) __attribute__((vector_size(LANES * 4)));
typedef unsigned NAME(words_of) __attribute__((vector_size(LANES * 4)));

// Bits that are set in each byte.
INLINE NAME(bytes) NAME(bits_of_bytes)(NAME(bytes) v) {
#if __has_builtin(__builtin_elementwise_popcount)
  return __builtin_elementwise_popcount(v);
#else
  v -= (v >> 1) & 0x55;
  v = (v & 0x33) + ((v >> 2) & 0x33);
  return (v + (v >> 4)) & 0x0F;
#endif
}

// Bits in which words of LANES windows differ from those of a given one; fewer than 32 tables.
INLINE vi NAME(bits_apart)(const unsigned *codes, long count, int tables, const unsigned *to) {
  NAME(bytes) sum = {};
  for (int t = 0; t < tables; t++) {
    NAME(words_of) v;
    memcpy(&v, codes + t * count, sizeof v);
    v ^= to[t];
    sum += NAME(bits_of_bytes)((NAME(bytes))v);
  }
  NAME(words_of) all = (NAME(words_of))sum;
  all = (all & 0x00FF00FF) + ((all >> 8) & 0x00FF00FF);
  return (vi)((all + (all >> 16)) & 0xFFFF);
}

INLINE int NAME(bits_apart_of_one)(const unsigned *codes, long count, int tables, const unsigned *to) {
  int sum = 0;
  for (int t = 0; t < tables; t++) sum += __builtin_popcount(codes[t * count] ^ to[t]);
  return sum;
}

static void NAME(word_distances)(const unsigned *codes, long count, int tables, const unsigned *to, int *distances) {
  long n = 0;
  for (; n + LANES <= count; n += LANES) {
    const vi apart = NAME(bits_apart)(codes + n, count, tables, to);
    memcpy(distances + n, &apart, sizeof apart);
  }
  for (; n < count; n++) distances[n] = NAME(bits_apart_of_one)(codes + n, count, tables, to);
}

// Windows whose words differ from those of a given one in at most `most` bits.
static long NAME(near_words)(const unsigned *codes, long count, int tables, const unsigned *to, int most, int *found) {
  long n = 0, filled = 0;
  for (; n + LANES <= count; n += LANES) {
    const vi apart = NAME(bits_apart)(codes + n, count, tables, to);
    if (!NAME(any)(apart <= most)) continue;
    for (int l = 0; l < LANES; l++)
      if (apart[l] <= most) found[filled++] = (int)(n + l);
  }
  for (; n < count; n++)
    if (NAME(bits_apart_of_one)(codes + n, count, tables, to) <= most) found[filled++] = (int)n;
  return filled;
}

INLINE float NAME(total)(vf v) {
  float sum = 0;
  for (int l = 0; l < LANES; l++) sum += v[l];
  return sum;
}

// Sums of products of `count` rows with one, of `padded` cells.
INLINE void NAME(dots)(const int count, const float *rows, const float *x, int padded, float *y) {
  vf sums[count];
  UNROLL for (int k = 0; k < count; k++) sums[k] = (vf){};
  for (int i = 0; i < padded; i += LANES) {
    const vf v = NAME(load)(x + i);
    UNROLL for (int k = 0; k < count; k++) sums[k] += NAME(load)(rows + (long)k * padded + i) * v;
  }
  UNROLL for (int k = 0; k < count; k++) y[k] = NAME(total)(sums[k]);
}

// Square of the correlation of cells of an image with a picture's; see CKernels.h.
static float NAME(likeness)(const unsigned *sums, int width, int height, float left, float top, float across, float down,
                            int columns, int rows, const float *picture, int waves, float norm) {
  float all[3 * 64 * 64 + 16];
  const int n = columns * rows, padded = (n + 15) / 16 * 16;
  NAME(i4) own;
  const NAME(f4) sum = NAME(means)(sums, width, height, left, top, across, down, columns, rows, all, &own);
  float cross = 0, square = 0;
  int inside = 0;
  for (int plane = 0; plane < 3; plane++, picture += (2 + waves) * padded) {
    // What is behind a plane is the next one, which is put aside.
    float *x = all + plane * n, next[16];
    memcpy(next, x + n, sizeof next);
    const float mean = own[plane] ? sum[plane] / own[plane] : 0;
    // Cells outside of the image have its mean.
    for (int i = 0; i < n; i++) x[i] = x[i] >= 0 ? x[i] - mean : 0;
    for (int i = n; i < padded; i++) x[i] = 0;
    inside += own[plane];
    vf xx = {};
    for (int i = 0; i < padded; i += LANES) {
      const vf v = NAME(load)(x + i);
      xx += NAME(load)(picture + i) * v * v;
    }
    float left_over = NAME(total)(xx);
    const float *row = picture + padded;
    float dots[4];
    for (int k = 0; k <= waves; k += 4, row += 4L * padded) {
      const int some = waves + 1 - k < 4 ? waves + 1 - k : 4;
      if (some == 4)
        NAME(dots)(4, row, x, padded, dots);
      else if (some == 3)
        NAME(dots)(3, row, x, padded, dots);
      else if (some == 2)
        NAME(dots)(2, row, x, padded, dots);
      else
        NAME(dots)(1, row, x, padded, dots);
      for (int d = 0; d < some; d++) {
        if (k + d == 0)
          cross += dots[d];
        else
          left_over -= dots[d] * dots[d];
      }
    }
    square += left_over > 0 ? left_over : 0;
    memcpy(x + n, next, sizeof next);
  }
  if (2 * inside < 3 * n || square <= 0 || norm <= 0 || cross <= 0) return -1;
  return cross * cross / (square * norm);
}
