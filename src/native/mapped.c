/*
 * Programs and libraries that a process has mapped, beside the files that now have their names (proc_pid_maps(5)); by a thread of
 * jobs.c, as a process can keep who reads its maps waiting.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"

/* A process may map as much as it likes. */
#define LINES_MAX 70000
#define FILES_MAX 2000
/* What is behind the name of a file that has none any more. */
static const char DELETED[] = " (deleted)";

struct file { dev_t device; ino_t inode; bool is_same, is_gone; char *path; };

struct found { char **data; size_t *length; };

static void add(struct found *found, const char *word, const char *path)
{
	size_t head = strlen(word), length = strlen(path) + 1;
	char *larger = realloc(*found->data, *found->length + head + 1 + length);
	if (!larger)
		return;
	*found->data = larger;
	memcpy(larger + *found->length, word, head);
	larger[*found->length + head] = ' ';
	memcpy(larger + *found->length + head + 1, path, length);
	*found->length += head + 1 + length;
}

/* In maps a newline stands as \012. */
static void unescape(char *path)
{
	char *to = path;
	for (const char *from = path; *from; to++)
		if (strncmp(from, "\\012", 4) == 0) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	*to = 0;
}

static bool ends(const char *path, const char *end)
{
	size_t length = strlen(path), size = strlen(end);
	return length > size && strcmp(path + length - size, end) == 0;
}

/* What is mapped to be executed, each file once; memory that only looks like one is left out. */
static size_t read_maps(FILE *maps, struct file *files)
{
	char line[PATH_MAX + 128];
	size_t count = 0;
	for (int lines = 0; lines < LINES_MAX && count < FILES_MAX && fgets(line, sizeof line, maps); lines++) {
		char rights[5];
		unsigned high, low;
		unsigned long inode;
		int at = 0;
		if (sscanf(line, "%*s %4s %*s %x:%x %lu %n", rights, &high, &low, &inode, &at) < 4 || at == 0 || inode == 0 || rights[2] != 'x')
			continue;
		char *path = line + at;
		path[strcspn(path, "\n")] = 0;
		if (path[0] != '/' || strncmp(path, "/memfd:", 7) == 0 || strncmp(path, "/SYSV", 5) == 0 || strncmp(path, "/dev/", 5) == 0
			|| strncmp(path, "/anon_hugepage", 14) == 0)
			continue;
		dev_t device = makedev(high, low);
		size_t each = 0;
		while (each < count && (files[each].inode != inode || files[each].device != device))
			each++;
		if (each < count)
			continue;
		unescape(path);
		files[count] = (struct file){.device = device, .inode = inode, .path = strdup(path)};
		count += files[count].path != NULL;
	}
	return count;
}

/* Whether a process has the root and the mounts of archon's own: elsewhere nothing but its own names is known. */
static bool sees_alike(int pid)
{
	char path[64], own[PATH_MAX], other[PATH_MAX];
	static const char *const links[] = {"ns/mnt", "root"};
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		snprintf(path, sizeof path, "/proc/%d/%s", pid, links[i]);
		ssize_t length = readlink(path, other, sizeof other);
		snprintf(path, sizeof path, "/proc/self/%s", links[i]);
		if (length < 0 || readlink(path, own, sizeof own) != length || memcmp(own, other, length) != 0)
			return false;
	}
	return true;
}

/* Whether the number is that of the file; where a file system has several numbers for one file, nothing can be said. */
static void compare(struct file *file)
{
	struct stat about;
	if (stat(file->path, &about) == 0) {
		file->is_same = about.st_ino == file->inode && about.st_dev == file->device;
		file->is_gone = about.st_ino != file->inode;
	}
}

/* Whether the numbers that maps tell of a file system are those that stat(2) tells: of one file at least they are. */
static bool is_comparable(const struct file *files, size_t count, dev_t device)
{
	for (size_t i = 0; i < count; i++)
		if (files[i].device == device && files[i].is_same)
			return true;
	return false;
}

long find_mapped(int pid, char **data, size_t *length)
{
	char path[PATH_MAX];
	struct stat about;
	struct found found = {data, length};
	snprintf(path, sizeof path, "/proc/%d", pid);
	if (stat(path, &about) < 0)
		return -1;
	/* Containers may seldom look at processes of other users (CAP_SYS_PTRACE); as that user this thread may (setfsuid(2)). */
	setfsgid(about.st_gid);
	setfsuid(about.st_uid);
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	int error = errno;
	struct file *files = maps ? calloc(FILES_MAX, sizeof *files) : NULL;
	size_t count = files ? read_maps(maps, files) : 0;
	bool is_alike = maps && sees_alike(pid);
	setfsuid(geteuid());
	setfsgid(getegid());
	if (!maps) {
		errno = error;
		return -1;
	}
	fclose(maps);
	for (size_t i = 0; i < count; i++) {
		struct file *file = &files[i];
		if (is_alike)
			compare(file);
		/* A file may really be called so. */
		if (!ends(file->path, DELETED) || file->is_same)
			continue;
		file->path[strlen(file->path) - strlen(DELETED)] = 0;
		add(&found, is_alike && stat(file->path, &about) == 0 ? "replaced" : "deleted", file->path);
		file->is_gone = false;
	}
	for (size_t i = 0; i < count; i++)
		if (files[i].is_gone && is_comparable(files, count, files[i].device))
			add(&found, "replaced", files[i].path);
	for (size_t i = 0; is_alike && i < count; i++) {
		char *slash = strrchr(files[i].path, '/');
		slash[slash == files[i].path] = 0;
		bool is_known = false;
		for (size_t other = 0; other < i && !is_known; other++)
			is_known = strcmp(files[other].path, files[i].path) == 0;
		if (!is_known)
			add(&found, "in", files[i].path);
	}
	for (size_t i = 0; i < count; i++)
		free(files[i].path);
	free(files);
	return 0;
}
