// AVX2 and FMA: 6 pixels by 2 vectors of 8 use 12 of the 16 registers.
#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#include "CKernels.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define PIXELS 6
#define PIXELS_NARROW 12
#define SUFFIX avx2
#include "kernels.inc.h"
#pragma clang attribute pop
#endif
