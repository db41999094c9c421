#ifndef BEZOAR_ALLOCATION_COUNTER_H
#define BEZOAR_ALLOCATION_COUNTER_H

/// Heap allocations of the calling thread so far; -1 where they can't be counted.
long bz_allocations(void);

#endif
