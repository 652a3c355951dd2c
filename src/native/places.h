/* Where a path leads, found step by step in places that others may write: what places.c does for jobs.c and compress.c. */
#ifndef PLACES_H
#define PLACES_H
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include "layouts.h"

struct doubt {
	enum refusal refusal;
	enum writer writer;
	/* The user that may write, or the group. */
	double id;
};

struct place {
	/* Opened by O_PATH. */
	int folder;
	/* Where the folder really is, and what the path names in it; no name where the path leads to the folder itself. */
	char path[PATH_MAX], name[NAME_MAX + 1];
	/* 1 or 2 where the path leads to archon's own stdout or stderr (/dev/stdout); -1: it leads to a name in the folder. */
	int stream;
	struct doubt doubt;
};

/* 0, or -1 and errno; then `path` and `name` say where that was, and no folder is open. */
int find_place(const char *path, int flags, struct place *place);

/* What a user owns is taken for archon's own by all that this thread looks up from now on; root: no other user's is. */
void trust_also(uid_t user);

/* How a file is opened; `how`: OPEN_ANY, OPEN_MAKE. */
struct opening {
	/* Flags of open(2), and the permissions of a file that is made. */
	int flags;
	mode_t mode;
	int how;
	/* Whose file it may be as well, or -1. */
	double owner;
};

/*
 * A descriptor that never blocks, or -1 and errno. Never a symbolic link; and where others may write to the folder only
 * a regular file that has no other name.
 */
int open_in(int folder, const char *name, const struct opening *opening, struct doubt *doubt);

/* Who may have written what the open file of a folder holds, or may put another file in its place. */
struct doubt doubt_of_file(int fd, int folder);

/* Whether another user may put another folder in the place of this one, or of one above it. */
bool is_movable(int folder);

/* As three numbers, for TypeScript. */
void put_doubt(double *out, const struct doubt *doubt);

#endif
