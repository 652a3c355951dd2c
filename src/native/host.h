/* What the build puts into the executable: archon's modules as bytecode, and a few files. */
#ifndef HOST_H
#define HOST_H
#include <stdint.h>
#include "quickjs.h"

#define MAIN "main.js"

/* What begins as a frame of zstd is packed: modules that most containers never load. */
struct embedded {
	const char *name;
	const uint8_t *start, *end;
};

/* The last has no name. */
extern const struct embedded EMBEDDED[];

/* All that is not packed: the dictionary of what is. */
extern const struct dictionary { const uint8_t *start, *end; } DICTIONARY;

/* What the engine has of each of them; `before`: the one that was loaded before it. */
struct loaded {
	JSModuleDef *definition;
	struct loaded *before;
};

extern struct loaded LOADED[];

#ifdef ARCHON_RUNS_FILES
/* In test/characters/deaths.c. */
void die(const char *how);
#endif

#endif
