/* Files and folders by their paths, or relative to an open folder. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"

#define LINK_MAX_BYTES 4096

/* NOFOLLOW and DIRECTORY of sys.ts: their numbers differ between architectures. */
#define FLAG_NOFOLLOW (1 << 28)
#define FLAG_DIRECTORY (1 << 29)

int open_flags(int flags)
{
	int known = flags & ~(FLAG_NOFOLLOW | FLAG_DIRECTORY);
	return known | (flags & FLAG_NOFOLLOW ? O_NOFOLLOW : 0) | (flags & FLAG_DIRECTORY ? O_DIRECTORY : 0) | O_CLOEXEC;
}

void sys_open(struct call *call)
{
	give_result(call, open(arg_path(call, 0), open_flags(arg_int(call, 1)), arg_int(call, 2)));
}

void sys_openAt(struct call *call)
{
	give_result(call, openat(arg_int(call, 0), arg_path(call, 1), open_flags(arg_int(call, 2)), arg_int(call, 3)));
}

static double millis_of(struct timespec time)
{
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* When a file was made, where the file system knows (statx(2)); else 0. */
double birth_of(int folder, const char *path, int flags)
{
	struct {
		uint32_t mask, blksize;
		uint64_t attributes;
		uint32_t nlink, uid, gid;
		uint16_t mode, spare;
		uint64_t ino, size, blocks, attributes_mask;
		struct {
			int64_t sec;
			uint32_t nsec;
			int32_t reserved;
		} atime, btime, ctime, mtime;
		uint64_t rest[18];
	} about;
#ifdef SYS_statx
	if (syscall(SYS_statx, folder, path, flags, 0x800 /* STATX_BTIME */, &about) == 0 && about.mask & 0x800)
		return about.btime.sec * 1e3 + about.btime.nsec / 1e6;
#endif
	return 0;
}

static void give_stat(struct call *call, int folder, const char *path, int flags, int out_index, bool with_birth)
{
	size_t length;
	double *out = arg_memory(call, out_index, &length);
	struct stat about;
	if (length < STAT_FIELDS * sizeof *out)
		return give_number(call, -EINVAL);
	if (fstatat(folder, path, &about, flags) < 0)
		return give_number(call, -errno);
	out[STAT_MODE] = about.st_mode;
	out[STAT_UID] = about.st_uid;
	out[STAT_GID] = about.st_gid;
	out[STAT_DEVICE] = about.st_dev;
	out[STAT_INODE] = about.st_ino;
	out[STAT_LINKS] = about.st_nlink;
	out[STAT_SIZE] = about.st_size;
	out[STAT_SPECIAL] = about.st_rdev;
	out[STAT_CHANGED] = millis_of(about.st_mtim);
	out[STAT_BORN] = with_birth ? birth_of(folder, path, flags) : 0;
	give_number(call, 0);
}

void sys_stat(struct call *call)
{
	give_stat(call, AT_FDCWD, arg_path(call, 0), 0, 1, false);
}

void sys_lstat(struct call *call)
{
	give_stat(call, AT_FDCWD, arg_path(call, 0), AT_SYMLINK_NOFOLLOW, 1, false);
}

void sys_fstat(struct call *call)
{
	give_stat(call, arg_int(call, 0), "", AT_EMPTY_PATH, 1, true);
}

void sys_lstatAt(struct call *call)
{
	give_stat(call, arg_int(call, 0), arg_path(call, 1), AT_SYMLINK_NOFOLLOW, 2, false);
}

void sys_access(struct call *call)
{
	give_result(call, access(arg_path(call, 0), arg_int(call, 1)));
}

static void give_names(struct call *call, int fd, size_t most)
{
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		give_number(call, -errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	give_list(call);
	size_t count = 0;
	for (struct dirent *entry = readdir(folder); entry && count < most; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		add_text(call, entry->d_name, strlen(entry->d_name));
		count++;
	}
	closedir(folder);
}

void sys_readFolder(struct call *call)
{
	int fd = open(arg_path(call, 0), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	give_names(call, fd, (size_t)arg_number(call, 1));
}

/* The same of an open folder, from its beginning. */
void sys_readFolderAt(struct call *call)
{
	int fd = openat(arg_int(call, 0), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	give_names(call, fd, (size_t)arg_number(call, 1));
}

static void give_link(struct call *call, int folder, const char *path)
{
	char target[LINK_MAX_BYTES];
	ssize_t length = readlinkat(folder, path, target, sizeof target);
	if (length < 0)
		give_number(call, -errno);
	else
		give_text(call, target, length);
}

void sys_readLink(struct call *call)
{
	const char *path = arg_path(call, 0);
	/* An empty one is no path; readlinkat(2) would take it for the folder itself. */
	if (*path)
		give_link(call, AT_FDCWD, path);
	else
		give_number(call, -ENOENT);
}

void sys_readLinkAt(struct call *call)
{
	give_link(call, arg_int(call, 0), arg_path(call, 1));
}

void sys_realPath(struct call *call)
{
	char path[PATH_MAX];
	if (realpath(arg_path(call, 0), path))
		give_text(call, path, strlen(path));
	else
		give_number(call, -errno);
}

/* The first `most` bytes of a file, as text or as bytes. The caller knows what the file is: a FIFO or a terminal is not waited for. */
static void read_whole(struct call *call, bool as_text)
{
	static char buffer[64 << 10];
	size_t most = (size_t)arg_number(call, 1), length = 0, room = sizeof buffer;
	char *bytes = buffer;
	int fd = open(arg_path(call, 0), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return give_number(call, -errno);
	for (;;) {
		size_t wanted = most - length < room - length ? most - length : room - length;
		ssize_t count = wanted > 0 ? read(fd, bytes + length, wanted) : 0;
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			give_number(call, -errno);
			goto done;
		}
		length += count;
		if (count == 0 && (wanted > 0 || length == most))
			break;
		if (length == room) {
			char *larger = malloc(room * 4);
			if (!larger) {
				give_number(call, -ENOMEM);
				goto done;
			}
			memcpy(larger, bytes, length);
			if (bytes != buffer)
				free(bytes);
			bytes = larger;
			room *= 4;
		}
	}
	if (as_text)
		give_text(call, bytes, length);
	else
		give_bytes(call, bytes, length);
done:
	close(fd);
	if (bytes != buffer)
		free(bytes);
}

void sys_readText(struct call *call)
{
	read_whole(call, true);
}

void sys_readBytes(struct call *call)
{
	read_whole(call, false);
}

void sys_mkdir(struct call *call)
{
	give_result(call, mkdir(arg_path(call, 0), arg_int(call, 1)));
}

void sys_mkdirAt(struct call *call)
{
	give_result(call, mkdirat(arg_int(call, 0), arg_path(call, 1), (mode_t)arg_int(call, 2)));
}

void sys_unlink(struct call *call)
{
	give_result(call, unlink(arg_path(call, 0)));
}

void sys_unlinkAt(struct call *call)
{
	give_result(call, unlinkat(arg_int(call, 0), arg_path(call, 1), arg_int(call, 2)));
}

void sys_rename(struct call *call)
{
	give_result(call, rename(arg_path(call, 0), arg_path(call, 1)));
}

void sys_symlink(struct call *call)
{
	give_result(call, symlink(arg_path(call, 0), arg_path(call, 1)));
}

void sys_fsync(struct call *call)
{
	give_result(call, fsync(arg_int(call, 0)));
}

void sys_chmod(struct call *call)
{
	give_result(call, chmod(arg_path(call, 0), arg_int(call, 1)));
}

/* Of the open file, and so of all that share it; never waits (flock(2)). */
void sys_lock(struct call *call)
{
	give_result(call, flock(arg_int(call, 0), LOCK_EX | LOCK_NB));
}
