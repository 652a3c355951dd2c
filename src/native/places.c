/*
 * Where a path leads, found step by step, so that no user who may write to a folder on the way can lead archon elsewhere.
 * From the root on each folder is opened in the one before it. A symbolic link is followed only where it lies in a
 * folder that only root and archon's own user may write; a user who may write to a folder may make links there, and move
 * those of others to it, so that a link's owner says nothing. What is opened in such a folder is judged by what it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"
#include "places.h"

/* As the kernel follows them (path_resolution(7)). */
#define LINKS_MAX 40
/* A path of which a link's text has taken the first part. */
#define LEFT_MAX (2 * PATH_MAX)
/* Permissions of folders that are made, before the umask. */
#define FOLDER_MODE 0755
/* Another process may remove and make a file as fast as archon looks at it. */
#define TRIES_MAX 10
/* linux/magic.h */
#define PROC_MAGIC 0x9fa0
/* linux/openat2.h, and the number of openat2(2) on all architectures. */
#define RESOLVE_PLAINLY (0x02 | 0x04) /* RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS */
#define OPENAT2 437

/* Who is trusted as root is, in this thread; root: no other user. */
static _Thread_local uid_t trusted;

void trust_also(uid_t user)
{
	trusted = user;
}

static bool is_ours(const struct stat *about)
{
	return about->st_uid == 0 || about->st_uid == geteuid() || about->st_uid == trusted;
}

static struct doubt doubt_of(int folder, enum refusal refusal)
{
	struct stat about;
	struct statvfs system;
	struct doubt doubt = {.refusal = refusal, .writer = WRITER_ANYBODY};
	if (fstat(folder, &about) < 0)
		return doubt;
	if (!is_ours(&about))
		doubt = (struct doubt){refusal, WRITER_USER, about.st_uid};
	else if (about.st_mode & S_IWOTH)
		doubt.writer = WRITER_ANYBODY;
	else if (about.st_mode & S_IWGRP)
		doubt = (struct doubt){refusal, WRITER_GROUP, about.st_gid};
	else
		doubt.writer = WRITER_NONE;
	/* Kubernetes mounts secrets so: their folders have all permissions, and are read-only. */
	if (doubt.writer != WRITER_NONE && fstatvfs(folder, &system) == 0 && system.f_flag & ST_RDONLY)
		doubt.writer = WRITER_NONE;
	return doubt;
}

/*
 * Of a link in that folder. A user who may write further up may move whole folders with links in them to other names, except
 * those of others in a folder with the sticky bit (inode(7)).
 */
static struct doubt doubt_of_link(int folder)
{
	struct doubt doubt = doubt_of(folder, REFUSED_LINK);
	struct stat below, above;
	int child = folder;
	bool is_root = fstat(folder, &below) < 0;
	while (doubt.writer == WRITER_NONE && !is_root) {
		int parent = openat(child, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct doubt next = doubt_of(parent, REFUSED_LINK);
		if (child != folder)
			close(child);
		child = parent;
		bool is_known = parent >= 0 && fstat(parent, &above) == 0;
		if (next.writer != WRITER_NONE && !(is_known && above.st_mode & S_ISVTX && is_ours(&above) && is_ours(&below)))
			doubt = next;
		is_root = !is_known || (above.st_dev == below.st_dev && above.st_ino == below.st_ino);
		below = above;
	}
	if (child != folder && child >= 0)
		close(child);
	return doubt;
}

bool is_movable(int folder)
{
	struct stat own, above;
	int parent = openat(folder, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_known = parent >= 0 && fstat(folder, &own) == 0 && fstat(parent, &above) == 0;
	bool is_root = is_known && own.st_dev == above.st_dev && own.st_ino == above.st_ino;
	/* What is in a folder with the sticky bit is moved by its owner, and by that of the folder (inode(7)). */
	bool is_kept = is_known && above.st_mode & S_ISVTX && is_ours(&above) && is_ours(&own);
	bool result = !is_known || (!is_root && (is_kept ? is_movable(parent) : doubt_of_link(parent).writer != WRITER_NONE));
	if (parent >= 0)
		close(parent);
	return result;
}

struct doubt doubt_of_file(int fd, int folder)
{
	struct doubt doubt = doubt_of_link(folder);
	return doubt.writer == WRITER_NONE ? doubt_of(fd, REFUSED_NOT) : doubt;
}

static int open_root(bool is_rooted)
{
	return open(is_rooted ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The folder of a path without links, in one call; -1 where that cannot be had. */
static int open_plainly(const char *path)
{
	struct { uint64_t flags, mode, resolve; } how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_PLAINLY};
	return (int)syscall(OPENAT2, AT_FDCWD, path, &how, sizeof how);
}

static void enter(struct place *place, int folder, const char *part)
{
	close(place->folder);
	place->folder = folder;
	char *end = strrchr(place->path, '/');
	if (strcmp(part, "..") == 0 && end)
		*end = '\0';
	else if (strlen(place->path) + strlen(part) + 2 <= sizeof place->path)
		strcat(strcat(place->path, "/"), part);
}

/*
 * What follows a link: `left` becomes its text and what was left. -1 and errno where it is not followed; 1 where it
 * leads to a descriptor of archon's own.
 */
static int follow(struct place *place, int link, char left[LEFT_MAX], int links)
{
	char text[LEFT_MAX], own[64];
	struct statfs system;
	ssize_t length = readlinkat(link, "", text, PATH_MAX - 1);
	if (length < 0)
		return -1;
	text[length] = '\0';
	place->doubt = doubt_of_link(place->folder);
	errno = ELOOP;
	if (place->doubt.writer != WRITER_NONE)
		return -1;
	/* Most links there lead to what has no path. */
	if (fstatfs(place->folder, &system) == 0 && system.f_type == PROC_MAGIC && strcmp(place->name, "self") != 0) {
		char *end;
		snprintf(own, sizeof own, "/proc/%d/fd", (int)getpid());
		place->stream = (int)strtol(place->name, &end, 10);
		bool is_output = place->stream == STDOUT_FILENO || place->stream == STDERR_FILENO;
		if (strcmp(place->path, own) == 0 && *left == '\0' && *end == '\0' && is_output)
			return 1;
		place->stream = -1;
		place->doubt.refusal = REFUSED_MAGIC;
		errno = ELOOP;
		return -1;
	}
	place->doubt = (struct doubt){0};
	if (links > LINKS_MAX)
		return -1;
	errno = ENAMETOOLONG;
	if (length + strlen(left) + 2 > sizeof text)
		return -1;
	if (*left)
		strcat(strcat(text, "/"), left);
	strcpy(left, text);
	if (*text != '/')
		return 0;
	int root = open_root(true);
	if (root < 0)
		return -1;
	close(place->folder);
	place->folder = root;
	place->path[0] = '\0';
	return 0;
}

/* The next part of `left`, into `name`; its length, 0 at the end. `left` is what follows, without slashes before it. */
static size_t take_part(char *left, char *name)
{
	size_t begin = strspn(left, "/"), length = strcspn(left + begin, "/");
	size_t end = begin + length + strspn(left + begin + length, "/");
	snprintf(name, NAME_MAX + 1, "%.*s", (int)length, left + begin);
	memmove(left, left + end, strlen(left + end) + 1);
	return length;
}

/* Steps on from where `place` is; -1 and errno, with the folder still open. */
static int walk(struct place *place, char left[LEFT_MAX], int flags)
{
	size_t length;
	for (int links = 0; (length = take_part(left, place->name)) > 0;) {
		const char *part = place->name;
		errno = ENAMETOOLONG;
		if (length > NAME_MAX)
			return -1;
		bool is_last = *left == '\0' && !(flags & PLACE_FOLDER);
		if (strcmp(part, ".") == 0)
			continue;
		int next = openat(place->folder, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && errno == ENOENT && is_last)
			return 0;
		if (next < 0 && errno == ENOENT && flags & PLACE_MAKE
			&& (mkdirat(place->folder, part, FOLDER_MODE) == 0 || errno == EEXIST))
			next = openat(place->folder, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		struct stat about;
		if (next < 0)
			return -1;
		fstat(next, &about);
		int followed = -1, error = ENOTDIR;
		if (S_ISLNK(about.st_mode)) {
			followed = follow(place, next, left, ++links);
			error = errno;
		} else if (is_last && !S_ISDIR(about.st_mode)) {
			followed = 1;
		} else if (is_last) {
			error = EISDIR;
		} else if (S_ISDIR(about.st_mode)) {
			enter(place, next, part);
			continue;
		}
		close(next);
		errno = error;
		if (followed != 0)
			return followed < 0 ? -1 : 0;
	}
	errno = EISDIR;
	return flags & PLACE_FOLDER ? 0 : -1;
}

int find_place(const char *path, int flags, struct place *place)
{
	char left[LEFT_MAX], folder[PATH_MAX];
	*place = (struct place){.folder = -1, .stream = -1};
	errno = *path ? ENAMETOOLONG : ENOENT;
	if (!*path || strlen(path) >= sizeof folder)
		return -1;
	strcpy(left, path);
	const char *slash = strrchr(path, '/');
	if (*path == '/' && slash > path && slash[1]) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
		place->folder = open_plainly(folder);
	}
	if (place->folder >= 0) {
		strcpy(place->path, folder);
		strcpy(left, slash + 1);
	} else {
		place->folder = open_root(*path == '/');
		strcpy(place->path, *path == '/' ? "" : ".");
	}
	int result = place->folder < 0 ? -1 : walk(place, left, flags);
	if (result < 0 && place->folder >= 0) {
		int error = errno;
		close(place->folder);
		place->folder = -1;
		errno = error;
	}
	return result;
}

/* Of what was opened; 0, an errno, or -1 where it is gone by now. */
static int judge(int fd, int folder, const struct opening *opening, struct doubt *doubt)
{
	struct stat about, around;
	if (fstat(fd, &about) < 0 || fstat(folder, &around) < 0)
		return errno;
	if (S_ISDIR(about.st_mode))
		return EISDIR;
	*doubt = doubt_of(folder, REFUSED_KIND);
	bool is_trusted = doubt->writer == WRITER_NONE;
	if (!S_ISREG(about.st_mode) && !(is_trusted && opening->how & OPEN_ANY))
		return EINVAL;
	if (about.st_nlink == 0)
		return -1;
	/* Where protected_hardlinks (proc_sys_fs(5)) is 0 any user may give any file another name. */
	doubt->refusal = REFUSED_NAMES;
	if (!is_trusted && about.st_nlink > 1)
		return EMLINK;
	doubt->refusal = REFUSED_OWNER;
	bool is_known = is_ours(&about) || about.st_uid == around.st_uid || about.st_uid == opening->owner;
	if (!is_trusted && !is_known && (opening->flags & O_ACCMODE) != O_RDONLY) {
		doubt->id = about.st_uid;
		return EPERM;
	}
	*doubt = (struct doubt){0};
	return 0;
}

int open_in(int folder, const char *name, const struct opening *opening, struct doubt *doubt)
{
	int flags = (opening->flags & ~(O_CREAT | O_EXCL)) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	*doubt = (struct doubt){0};
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		int fd = openat(folder, name, flags);
		if (fd < 0 && errno == ENOENT && opening->flags & O_CREAT) {
			fd = openat(folder, name, flags | O_CREAT | O_EXCL, opening->mode);
			if (fd < 0 && errno == EEXIST)
				continue;
			return fd;
		}
		if (fd < 0) {
			/* A link that was laid since the place was found; a FIFO that has no reader, or a socket. */
			if (errno == ELOOP)
				*doubt = doubt_of(folder, REFUSED_LINK);
			else if (errno == ENXIO)
				*doubt = doubt_of(folder, REFUSED_KIND);
			return -1;
		}
		int error = judge(fd, folder, opening, doubt);
		if (error == 0)
			return fd;
		close(fd);
		errno = error;
		if (error > 0)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

void put_doubt(double *out, const struct doubt *doubt)
{
	out[0] = doubt->refusal;
	out[1] = doubt->writer;
	out[2] = doubt->id;
}

/*
 * findPlace(path, flags, report): the folder's path and the name in it; the open folder or -errno, and the stream, in the
 * report. Where it leads nowhere they say how far that went.
 */
void sys_findPlace(struct call *call)
{
	struct place place;
	size_t length;
	double *out = arg_memory(call, 2, &length);
	if (length < FOUND_FIELDS * sizeof *out)
		return give_number(call, -EINVAL);
	int result = find_place(arg_path(call, 0), arg_int(call, 1), &place);
	out[FOUND_FOLDER] = result < 0 ? -errno : place.folder;
	out[FOUND_STREAM] = place.stream;
	put_doubt(out + FOUND_REFUSAL, &place.doubt);
	give_list(call);
	add_text(call, place.path, strlen(place.path));
	add_text(call, place.name, strlen(place.name));
}

/* openIn(folder, name, flags, mode, report) */
void sys_openIn(struct call *call)
{
	struct opening opening = {.flags = open_flags(arg_int(call, 2)), .mode = (mode_t)arg_int(call, 3), .owner = -1};
	struct doubt doubt;
	size_t length;
	double *out = arg_memory(call, 4, &length);
	if (length < 3 * sizeof *out)
		return give_number(call, -EINVAL);
	give_result(call, open_in(arg_int(call, 0), arg_path(call, 1), &opening, &doubt));
	put_doubt(out, &doubt);
}
