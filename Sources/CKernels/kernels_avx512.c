// AVX-512F: 12 pixels by 2 vectors of 16 use 24 of the 32 registers.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define LANES 16
#define PIXELS 12
#define PIXELS_NARROW 24
#define SUFFIX avx512
#include "kernels.inc.h"
#pragma clang attribute pop
#endif
