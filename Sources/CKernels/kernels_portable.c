// Any processor: 4 lanes, which are SSE2 on x86-64 and NEON on arm64.
#define LANES 4
#define PIXELS 4
#define PIXELS_NARROW 8
#define SUFFIX portable
#include "kernels.inc.h"
