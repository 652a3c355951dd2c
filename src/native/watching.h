/* Scans of what is watched: what watching.c does for jobs.c, events.c and mapped.c. */
#ifndef WATCHING_H
#define WATCHING_H
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "layouts.h"

/* What is to be scanned, and within what bounds. */
struct watching {
	const char *path;
	/* As of `is_watched`. */
	const char *rules;
	/* Lines of how absolute paths begin that are never looked at. */
	const char *banned;
	/* Of inotify; -1: nothing is watched. */
	int fd;
	int watches_max, folders_max, files_max, seconds;
	off_t bytes_max;
};

struct watched {
	/* Without links. */
	char top[PATH_MAX];
	char stamp[33];
	/* SCAN. */
	int flags;
	int watches, folders, files;
	off_t bytes;
	/* For each watch: its number, a space, its kind, and a path; each with a NUL behind it. */
	char *data;
	size_t length;
};

/* 0, or -1 and errno where there is no memory. The data is the caller's to free. */
int scan_watched(const struct watching *order, struct watched *found);

/* Whether the rules let a path count, which is relative to the top of what is watched. */
bool is_watched(const char *rules, const char *path, bool is_folder);

/* inotify_add_watch(2) for all that archon wants to know of a file or a folder. */
int watch_path(int fd, const char *path, bool is_folder);

#endif
