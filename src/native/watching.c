/*
 * What is below a path that somebody wants to hear changes of: a stamp of its content, and watches (inotify(7)) on each place
 * where it can change. By a thread of jobs.c, for the tree may be another user's: whatever is in it, this ends, with a
 * bounded number of folders, files and bytes looked at, and opens nothing but folders and regular files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <crypto_generichash_blake2b.h>
#include "call.h"
#include "functions.h"
#include "watching.h"

#define LINKS_MAX 40
#define DEPTH_MAX 32
#define RELATIVE_MAX 1024
/* Of one file: the rest counts by its size and its times. */
#define FILE_MAX ((off_t)8 << 20)
#define STAMP_SIZE 16
/* Steps of comparing one name with one pattern. */
#define STEPS_MAX 20000
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* Of a folder: names that come, go, or are written to the end. Of a file: that it is. */
int watch_path(int fd, const char *path, bool is_folder)
{
	uint32_t of_file = IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;
	uint32_t of_folder = of_file | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
	return inotify_add_watch(fd, path, is_folder ? of_folder : of_file);
}

/* ── Patterns ── */

/* `*` and `?` within one part of a path, `**` over several, `[a-z]`; in time that is bounded. */
static bool matches(const char *pattern, const char *text)
{
	const char *star = NULL, *star_at = NULL, *any = NULL, *any_at = NULL;
	/* Whole parts of a path, each with its slash. */
	bool is_whole = false;
	for (int steps = 0; steps < STEPS_MAX; steps++) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			is_whole = pattern[2] == '/';
			pattern += is_whole ? 3 : 2;
			any = pattern;
			any_at = text;
			star = NULL;
			continue;
		}
		if (*pattern == '*') {
			star = ++pattern;
			star_at = text;
			continue;
		}
		bool is_same = false;
		const char *next = pattern + 1;
		if (*pattern == '[' && *text && *text != '/') {
			bool is_not = pattern[1] == '!' || pattern[1] == '^', is_in = false;
			const char *at = pattern + (is_not ? 2 : 1), *first = at;
			for (; *at && (*at != ']' || at == first); at++) {
				bool is_range = at[1] == '-' && at[2] && at[2] != ']';
				is_in = is_in || (is_range ? *text >= at[0] && *text <= at[2] : *text == *at);
				at += is_range ? 2 : 0;
			}
			is_same = *at ? is_in != is_not : *text == '[';
			next = *at ? at + 1 : next;
		} else if (*text) {
			is_same = *pattern == *text || (*pattern == '?' && *text != '/');
		} else if (!*pattern) {
			return true;
		}
		if (is_same) {
			pattern = next;
			text++;
		} else if (star && *star_at && *star_at != '/') {
			pattern = star;
			text = ++star_at;
		} else if (any && *any_at) {
			any_at += is_whole ? strcspn(any_at, "/") : 0;
			any_at += *any_at != 0;
			pattern = any;
			text = any_at;
			star = NULL;
		} else {
			return false;
		}
	}
	return false;
}

/* Whether one pattern is for a path: one without a slash is for names wherever they are, one with a slash at its end for folders. */
static bool is_for(const char *pattern, size_t length, const char *path, bool is_folder)
{
	char own[RELATIVE_MAX];
	if (length == 0 || length >= sizeof own)
		return false;
	memcpy(own, pattern, length);
	own[length] = 0;
	if (own[length - 1] == '/') {
		own[length - 1] = 0;
		if (!is_folder)
			return false;
	}
	const char *from = own[0] == '/' ? own + 1 : own[0] == '.' && own[1] == '/' ? own + 2 : own;
	const char *name = strrchr(path, '/');
	return matches(from, from == own && !strchr(own, '/') && name ? name + 1 : path);
}

/* Whether a line of rules that begins so is for a path or, where `is_within`, for a folder that it is in. */
static bool has_rule(const char *rules, char kind, const char *path, bool is_folder, bool is_within)
{
	char part[RELATIVE_MAX];
	for (const char *line = rules, *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (*line != kind)
			continue;
		if (is_for(line + 1, end - line - 1, path, is_folder))
			return true;
		for (const char *slash = is_within ? strchr(path, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
			if ((size_t)(slash - path) >= sizeof part)
				return false;
			memcpy(part, path, slash - path);
			part[slash - path] = 0;
			if (is_for(line + 1, end - line - 1, part, true))
				return true;
		}
	}
	return false;
}

static bool has_kind(const char *rules, char kind)
{
	for (const char *line = rules; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (*line == kind)
			return true;
	return false;
}

/*
 * Rules: a line for each pattern, after `+` of what is included and `-` of what is not. Names that begin with two dots are those
 * of Kubernetes: what they hold is seen by the links that lead there.
 */
bool is_watched(const char *rules, const char *path, bool is_folder)
{
	const char *name = strrchr(path, '/');
	if (strncmp(name ? name + 1 : path, "..", 2) == 0 || strlen(path) >= RELATIVE_MAX || has_rule(rules, '-', path, is_folder, true))
		return false;
	return is_folder || !has_kind(rules, '+') || has_rule(rules, '+', path, false, true);
}

/* ── The tree ── */

struct scan {
	const struct watching *order;
	struct watched *found;
	crypto_generichash_blake2b_state stamp;
	struct timespec until;
	dev_t device;
	/* Below the top, where the scan is. */
	char relative[RELATIVE_MAX];
	size_t length;
	char *buffer, *banned;
	/* Of what is being looked at; the threads have small stacks. */
	char path[PATH_MAX + RELATIVE_MAX + 2];
};

#define BUFFER (64 << 10)

static void add(struct scan *scan, const void *bytes, size_t length)
{
	crypto_generichash_blake2b_update(&scan->stamp, bytes, length);
}

static void add_record(struct watched *found, int number, char kind, const char *path)
{
	char head[24];
	int size = snprintf(head, sizeof head, "%d %c", number, kind);
	size_t length = strlen(path) + 1;
	char *larger = realloc(found->data, found->length + size + length);
	if (!larger) {
		found->flags |= SCAN_PARTIAL;
		return;
	}
	found->data = larger;
	memcpy(larger + found->length, head, size);
	memcpy(larger + found->length + size, path, length);
	found->length += size + length;
}

/* A path is watched; what its events are for is `kind`, and `about` the name or the folder that counts. */
static void watch(struct scan *scan, const char *path, bool is_folder, char kind, const char *about)
{
	struct watched *found = scan->found;
	if (scan->order->fd < 0)
		return;
	if (found->watches >= scan->order->watches_max) {
		found->flags |= SCAN_PARTIAL;
		return;
	}
	int number = watch_path(scan->order->fd, path, is_folder);
	if (number >= 0) {
		found->watches++;
		add_record(found, number, kind, about);
	} else if (errno == ENOSPC || errno == ENOMEM) {
		found->flags |= SCAN_NO_ROOM;
	} else if (errno == EACCES) {
		found->flags |= SCAN_UNREADABLE;
	}
}

static bool is_late(struct scan *scan)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < scan->until.tv_sec)
		return false;
	scan->found->flags |= SCAN_LATE;
	return true;
}

/* The kinds of file systems whose changes others make, so that the kernel does not tell them (statfs(2)); and the kernel's own. */
static bool is_remote(int fd)
{
	static const unsigned kinds[] = {0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x65735546, 0x01021997, 0x6a656a63, 0x5346414f, 0x00c36400};
	struct statfs about;
	if (fstatfs(fd, &about) < 0)
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if ((unsigned)about.f_type == kinds[i])
			return true;
	return false;
}

static bool is_kernels(int fd)
{
	static const unsigned kinds[] = {0x9fa0, 0x62656572, 0x63677270, 0x27e0eb, 0x1cd1, 0x64626720, 0x74726163, 0xcafe4a11, 0x73636673};
	struct statfs about;
	if (fstatfs(fd, &about) < 0)
		return true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if ((unsigned)about.f_type == kinds[i])
			return true;
	return false;
}

/*
 * What a file holds, or where that is too much, or cannot be read, its size, its number and when it was changed. A file that
 * is opened without being read is no device yet (O_PATH), so that nothing happens because archon looks.
 */
static void add_file(struct scan *scan, int folder, const char *name, bool follows)
{
	struct stat about;
	struct watched *found = scan->found;
	int place = openat(folder, name, O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW));
	if (place < 0 || fstat(place, &about) < 0 || !S_ISREG(about.st_mode)) {
		if (place >= 0)
			close(place);
		return;
	}
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", place);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	close(place);
	add(scan, "f", 1);
	add(scan, scan->relative, scan->length + 1);
	add(scan, &about.st_size, sizeof about.st_size);
	off_t left = about.st_size <= FILE_MAX && found->bytes + about.st_size <= scan->order->bytes_max ? about.st_size + 1 : -1;
	if (fd < 0 || left < 0) {
		add(scan, &about.st_ino, sizeof about.st_ino);
		add(scan, &about.st_mtim, sizeof about.st_mtim);
	}
	while (fd >= 0 && left > 0) {
		ssize_t count = read(fd, scan->buffer, left < BUFFER ? (size_t)left : BUFFER);
		if (count <= 0)
			break;
		add(scan, scan->buffer, count);
		found->bytes += count;
		left -= count;
	}
	if (fd >= 0)
		close(fd);
	found->files++;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* The names in a folder, in order; NULL where that cannot be. */
static char **names_in(struct scan *scan, DIR *folder, size_t *count)
{
	char **names = NULL;
	size_t room = 0;
	*count = 0;
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (*count >= (size_t)scan->order->files_max) {
			scan->found->flags |= SCAN_PARTIAL;
			break;
		}
		if (*count == room) {
			char **larger = realloc(names, (room = room ? room * 2 : 64) * sizeof *names);
			if (!larger)
				break;
			names = larger;
		}
		if (!(names[*count] = strdup(name)))
			break;
		++*count;
	}
	if (names)
		qsort(names, *count, sizeof *names, by_name);
	return names;
}

/* Lines of paths, with those of their folders in which no link is. */
static char *resolve_lines(const char *lines)
{
	char *all = NULL, folder[PATH_MAX], real[PATH_MAX];
	size_t length = 0;
	for (const char *line = lines, *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		const char *name = memrchr(line, '/', end - line);
		if (!name || (size_t)(name - line) >= sizeof folder)
			continue;
		memcpy(folder, line, name - line);
		folder[name - line] = 0;
		const char *found = realpath(*folder ? folder : "/", real);
		size_t head = found ? strlen(found) : 0, tail = end - name;
		char *larger = found ? realloc(all, length + head + tail + 2) : NULL;
		if (!larger)
			continue;
		all = larger;
		head = strcmp(found, "/") == 0 ? 0 : head;
		memcpy(all + length, found, head);
		memcpy(all + length + head, name, tail);
		length += head + tail;
		all[length++] = '\n';
		all[length] = 0;
	}
	return all;
}

static bool is_banned(const struct scan *scan, const char *path)
{
	for (const char *line = scan->banned ? scan->banned : "", *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (end > line && strncmp(path, line, end - line) == 0)
			return true;
	}
	return false;
}

static void scan_folder(struct scan *scan, int fd, int depth);

static void look_at(struct scan *scan, int folder, const char *name, int depth)
{
	struct stat about, target;
	struct watched *found = scan->found;
	if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	bool is_folder = S_ISDIR(about.st_mode);
	if (!is_watched(scan->order->rules, scan->relative, is_folder))
		return;
	snprintf(scan->path, sizeof scan->path, "%s/%s", strcmp(found->top, "/") == 0 ? "" : found->top, scan->relative);
	if (is_banned(scan, scan->path))
		return;
	if (S_ISREG(about.st_mode)) {
		if (found->files >= scan->order->files_max)
			found->flags |= SCAN_PARTIAL;
		else
			add_file(scan, folder, name, false);
	} else if (S_ISLNK(about.st_mode)) {
		bool is_there = fstatat(folder, name, &target, 0) == 0;
		if (is_there && S_ISREG(target.st_mode) && found->files < scan->order->files_max)
			return add_file(scan, folder, name, true);
		if (is_there && !S_ISDIR(target.st_mode))
			return;
		ssize_t length = readlinkat(folder, name, scan->path, sizeof scan->path);
		add(scan, "l", 1);
		add(scan, scan->relative, scan->length + 1);
		add(scan, scan->path, length > 0 ? length : 0);
	} else if (is_folder) {
		if (depth >= DEPTH_MAX || found->folders >= scan->order->folders_max) {
			found->flags |= SCAN_PARTIAL;
			return;
		}
		int fd = openat(folder, name, FOLDER_FLAGS);
		if (fd >= 0)
			scan_folder(scan, fd, depth);
		else if (errno == EACCES)
			found->flags |= SCAN_UNREADABLE;
	}
}

/* It is watched before it is read, so that nothing is missed between. Closes it. */
static void scan_folder(struct scan *scan, int fd, int depth)
{
	struct stat about;
	char path[40];
	if (fstat(fd, &about) < 0 || is_late(scan) || (about.st_dev != scan->device && is_kernels(fd))) {
		close(fd);
		return;
	}
	if (about.st_dev != scan->device && is_remote(fd))
		scan->found->flags |= SCAN_REMOTE;
	scan->found->folders++;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	watch(scan, path, true, 'd', scan->relative);
	DIR *folder = fdopendir(fd);
	if (!folder) {
		close(fd);
		return;
	}
	size_t count, length = scan->length;
	char **names = names_in(scan, folder, &count);
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(names[i]);
		if (length + size + 2 < sizeof scan->relative && !is_late(scan)) {
			if (length > 0)
				scan->relative[length] = '/';
			memcpy(scan->relative + length + (length > 0), names[i], size + 1);
			scan->length = length + (length > 0) + size;
			look_at(scan, fd, names[i], depth + 1);
			scan->relative[length] = 0;
			scan->length = length;
		}
		free(names[i]);
	}
	free(names);
	closedir(folder);
}

/*
 * Each name on the way to a path that may come to lead elsewhere is watched: symbolic links, the last one, and one that is not
 * there. 0, and `top` is the path without links; or -1: it does not lead anywhere now.
 */
static int walk(struct scan *scan)
{
	char *top = scan->found->top, rest[2 * PATH_MAX], link[PATH_MAX], full[PATH_MAX];
	strcpy(top, "/");
	if (strlen(scan->order->path) >= PATH_MAX)
		return -1;
	strcpy(rest, scan->order->path);
	for (int links = 0; *rest;) {
		char name[NAME_MAX + 1];
		char *from = rest + strspn(rest, "/");
		size_t length = strcspn(from, "/");
		if (length > NAME_MAX)
			return -1;
		memcpy(name, from, length);
		name[length] = 0;
		char *after = from + length + strspn(from + length, "/");
		memmove(rest, after, strlen(after) + 1);
		if (length == 0 || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			char *slash = strrchr(top, '/');
			slash[slash == top] = 0;
			continue;
		}
		if (snprintf(full, sizeof full, "%s/%s", top[1] ? top : "", name) >= (int)sizeof full)
			return -1;
		ssize_t size = readlink(full, link, sizeof link - 1);
		if (size >= 0) {
			watch(scan, top, true, 'n', name);
			link[size] = 0;
			if (++links > LINKS_MAX || size + strlen(rest) + 2 > sizeof rest)
				return -1;
			memmove(rest + size + 1, rest, strlen(rest) + 1);
			memcpy(rest, link, size);
			rest[size] = '/';
			if (link[0] == '/')
				strcpy(top, "/");
			continue;
		}
		bool is_there = errno == EINVAL;
		if (!is_there || !*rest)
			watch(scan, top, true, 'n', name);
		if (!is_there)
			return -1;
		strcpy(top, full);
	}
	return 0;
}

/* Whether a file is the root of a mount: what takes its place outside is not seen here (statx(2), STATX_ATTR_MOUNT_ROOT). */
static bool is_mounted(int fd)
{
	/* As the kernel has it: stx_mask, stx_blksize, and then stx_attributes. */
	struct { uint32_t mask, block; uint64_t attributes; uint8_t rest[240]; } about = {0};
	return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &about) == 0 && (about.attributes & 0x2000);
}

int scan_watched(const struct watching *order, struct watched *found)
{
	struct scan *scan = calloc(1, sizeof *scan);
	unsigned char stamp[STAMP_SIZE];
	struct stat about;
	if (!scan || !(scan->buffer = malloc(BUFFER))) {
		free(scan);
		errno = ENOMEM;
		return -1;
	}
	scan->order = order;
	scan->found = found;
	scan->banned = resolve_lines(order->banned);
	clock_gettime(CLOCK_MONOTONIC, &scan->until);
	scan->until.tv_sec += order->seconds;
	crypto_generichash_blake2b_init(&scan->stamp, NULL, 0, STAMP_SIZE);
	int fd = walk(scan) == 0 ? open(found->top, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &about) < 0 || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) {
		found->flags |= SCAN_MISSING;
	} else {
		scan->device = about.st_dev;
		if (is_remote(fd))
			found->flags |= SCAN_REMOTE;
		if (S_ISDIR(about.st_mode)) {
			int folder = openat(fd, ".", FOLDER_FLAGS);
			if (folder >= 0)
				scan_folder(scan, folder, 0);
			else
				found->flags |= SCAN_UNREADABLE;
		} else {
			found->flags |= is_mounted(fd) ? SCAN_MOUNTED : 0;
			if (is_banned(scan, found->top)) {
				found->flags |= SCAN_OWN;
			} else {
				watch(scan, found->top, false, 'f', "");
				add_file(scan, AT_FDCWD, found->top, false);
			}
		}
	}
	if (fd >= 0)
		close(fd);
	crypto_generichash_blake2b_final(&scan->stamp, stamp, STAMP_SIZE);
	for (size_t i = 0; i < STAMP_SIZE; i++)
		snprintf(found->stamp + 2 * i, 3, "%02x", stamp[i]);
	free(scan->buffer);
	free(scan->banned);
	free(scan);
	return 0;
}
