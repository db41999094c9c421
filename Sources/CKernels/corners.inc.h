// Corners of what is plain, in integral images. Included by kernels.inc.h.

enum { NAME(corner_block) = 6, NAME(corner_reach) = 3 };

INLINE int NAME(least_of_four)(int a, int b, int c, int d) {
  const int e = a < b ? a : b, f = c < d ? c : d;
  return e < f ? e : f;
}

// Levels by which a strip differs from a block in the plane where that is most.
INLINE float NAME(strip_contrast)(const unsigned *sums, long row, const float *inside, int x0, int y0, int x1, int y1) {
  const unsigned *top = sums + y0 * row, *bottom = sums + y1 * row;
  const float scale = 1 / (float)((x1 - x0) * (y1 - y0));
  float most = 0;
  for (int c = 0; c < 3; c++) {
    const unsigned sum = bottom[3 * x1 + c] - bottom[3 * x0 + c] - top[3 * x1 + c] + top[3 * x0 + c];
    const float difference = fabsf((float)sum * scale - inside[c]) * (c ? 2 : 1);
    if (difference > most) most = difference;
  }
  return most;
}

// Writes the corner of the block at a place, if there is one and it is of more contrast than what is there.
INLINE void NAME(corner)(const unsigned *sums, int width, int height, int x, int y, int end, float least, bz_corner *found) {
  const int block = NAME(corner_block), reach = NAME(corner_reach);
  const long row = 3L * (width + 1);
  // One pixel between block and edge, and between edge and strip: edges are a little soft.
  const int edge_x = end ? x + block + 1 : x - 1, edge_y = end ? y + block + 1 : y - 1;
  float inside[3];
  const unsigned *above = sums + y * row, *below = above + block * row;
  for (int c = 0; c < 3; c++) {
    const unsigned sum = below[3 * (x + block) + c] - below[3 * x + c] - above[3 * (x + block) + c] + above[3 * x + c];
    inside[c] = (float)sum / (float)(block * block);
  }
  float nearest = 256;
  int left = end ? edge_x + 1 : edge_x - reach, right = end ? edge_x + reach : edge_x - 1;
  if (left < 0) left = 0;
  if (right > width) right = width;
  if (left < right) {
    const float own = NAME(strip_contrast)(sums, row, inside, left, y, right, y + block);
    if (own < least) return;
    if (own < nearest) nearest = own;
  } else if (end ? x + block + 1 < width : x > 1) return;
  int up = end ? edge_y + 1 : edge_y - reach, down = end ? edge_y + reach : edge_y - 1;
  if (up < 0) up = 0;
  if (down > height) down = height;
  if (up < down) {
    const float own = NAME(strip_contrast)(sums, row, inside, x, up, x + block, down);
    if (own < least) return;
    if (own < nearest) nearest = own;
  } else if (end ? y + block + 1 < height : y > 1) return;
  const int own_x = edge_x < 0 ? 0 : edge_x > width ? width : edge_x;
  const int own_y = edge_y < 0 ? 0 : edge_y > height ? height : edge_y;
  bz_corner *best = found + own_y / 8 * ((width + 8) / 8) + own_x / 8;
  if (nearest > best->contrast) best->x = own_x, best->y = own_y, best->contrast = nearest;
}

static void NAME(plain_corners)(const unsigned *sums, int width, int height, float plain, float least, unsigned *luma,
                                bz_corner *starts, bz_corner *ends) {
  const int block = NAME(corner_block), half = block / 2;
  const long line = width + 1;
  for (long i = 0; i < line * (height + 1); i++) luma[i] = sums[3 * i];
  const int most = (int)(plain * (float)(block * block));
  unsigned char isPlain[1 << 13];
  for (int y = 0; y + block <= height; y++) {
    const unsigned *top = luma + y * line, *middle = top + half * line, *bottom = top + block * line;
    const int last = width - block < (1 << 13) - 1 ? width - block : (1 << 13) - 1;
    for (int x = 0; x <= last; x++) {
      const int a = (int)(middle[x + half] - middle[x] - top[x + half] + top[x]);
      const int b = (int)(middle[x + block] - middle[x + half] - top[x + block] + top[x + half]);
      const int c = (int)(bottom[x + half] - bottom[x] - middle[x + half] + middle[x]);
      const int d = (int)(bottom[x + block] - bottom[x + half] - middle[x + block] + middle[x + half]);
      const int sum = a + b + c + d;
      const int least_of = 4 * NAME(least_of_four)(a, b, c, d), most_of = -4 * NAME(least_of_four)(-a, -b, -c, -d);
      isPlain[x] = (unsigned char)((sum - least_of <= most) & (most_of - sum <= most));
    }
    for (int x = 0; x <= last; x++) {
      if (!isPlain[x]) continue;
      // A block that the edge goes through is not plain.
      const int before = x - half - 1, after = x + half + 1;
      if (before < 0 || !isPlain[before]) NAME(corner)(sums, width, height, x, y, 0, least, starts);
      if (after > last || !isPlain[after]) NAME(corner)(sums, width, height, x, y, 1, least, ends);
    }
  }
}
