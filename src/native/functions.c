/* The table of the functions of the seam. */
#include "functions.h"

#define ENTRY(name) {#name, sys_##name},
const struct function FUNCTIONS[] = {EACH_FUNCTION(ENTRY)};
const size_t FUNCTION_COUNT = sizeof FUNCTIONS / sizeof *FUNCTIONS;
