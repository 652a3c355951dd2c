/* The memory of the engine (heap.c). */
#ifndef ARCHON_HEAP_H
#define ARCHON_HEAP_H

#include "quickjs.h"

extern const JSMallocFunctions HEAP;

void heap_trim(void);

#endif
