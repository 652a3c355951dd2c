/* The functions of the seam for QuickJS. */
#ifndef CALL_ENGINE_H
#define CALL_ENGINE_H
#include "quickjs.h"

/* An object with a function for each of FUNCTIONS. */
JSValue new_native(JSContext *context);

#endif
