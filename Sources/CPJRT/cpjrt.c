#include "cpjrt.h"
