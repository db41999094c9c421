#include <stddef.h>
#include <string.h>

#include "CKernels.h"

extern const bz_kernel_table bz_table_portable;
#if defined(__x86_64__)
extern const bz_kernel_table bz_table_avx2, bz_table_avx512;
#endif

const bz_kernel_table *bz_kernels(int most) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (most >= 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    return &bz_table_avx512;
  if (most >= 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &bz_table_avx2;
#else
  (void)most;
#endif
  return &bz_table_portable;
}

int bz_block(const bz_kernel_table *k, int out_channels) {
  return out_channels <= k->lanes ? k->lanes : 2 * k->lanes;
}

long bz_packed_count(const bz_kernel_table *k, int taps, int in_channels, int out_channels) {
  const long block = bz_block(k, out_channels);
  return (out_channels + block - 1) / block * taps * in_channels * block;
}

void bz_pack(const bz_kernel_table *k, const float *w, const int *tap_index, int taps,
             long tap_stride, int in_channels, long in_stride, int out_channels, long out_stride,
             float *packed) {
  const int block = bz_block(k, out_channels);
  for (int o = 0; o < out_channels; o += block) {
    const int count = out_channels - o < block ? out_channels - o : block;
    for (int t = 0; t < taps; t++)
      for (int i = 0; i < in_channels; i++) {
        const float *from = w + tap_index[t] * tap_stride + i * in_stride + o * out_stride;
        for (int c = 0; c < count; c++) packed[c] = from[c * out_stride];
        for (int c = count; c < block; c++) packed[c] = 0.0f;
        packed += block;
      }
  }
}
