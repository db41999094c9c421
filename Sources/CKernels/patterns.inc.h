// Patterns over whole images: signs of what is fine, and products of two of them. Included by kernels.inc.h.

static void NAME(fine_signs)(const float *levels, int side, float least, short *y) {
  float columns[4096 + 4];
  for (int r = 0; r < side; r++) {
    const int top = r < 2 ? 0 : r - 2, bottom = r + 2 < side ? r + 2 : side - 1;
    for (int i = 0; i < side + 4; i++) columns[i] = 0;
    for (int k = top; k <= bottom; k++)
      for (int i = 0; i < side; i++) columns[i + 2] += levels[(long)k * side + i];
    for (int i = 0; i < side; i++) {
      const int left = i < 2 ? 0 : i - 2, right = i + 2 < side ? i + 2 : side - 1;
      const float sum = columns[i] + columns[i + 1] + columns[i + 2] + columns[i + 3] + columns[i + 4];
      const float fine = levels[(long)r * side + i] - sum / (float)((bottom - top + 1) * (right - left + 1));
      y[(long)r * side + i] = (short)((fine >= least) - (fine <= -least));
    }
  }
}

static int NAME(product)(const short *x, const short *y, long n) {
  int sum = 0;
  for (long i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static void NAME(tile_sums)(const unsigned char *x, int width, int height, int side, unsigned *y) {
  memset(y, 0, 3L * side * side * sizeof *y);
  for (int r = 0; r < height / side * side; r++)
    for (int tile = 0; tile < width / side; tile++) {
      const unsigned char *from = x + 3L * ((long)r * width + tile * side);
      unsigned *to = y + 3L * (r % side) * side;
      for (int i = 0; i < 3 * side; i++) to[i] += from[i];
    }
}
