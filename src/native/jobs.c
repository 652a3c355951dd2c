/*
 * Work that may take long and that the loop must not wait for: files on a disk that hangs, names that no server answers
 * for. A few threads, made when they are needed, do nothing but the call that they are asked for; the loop is told by
 * a descriptor. Where no thread can be made, the work is done at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"
#include "places.h"
#include "watching.h"

#define THREADS_MAX 4
#define STACK (256 << 10)
/* How long a thread waits for more to do before it ends: each counts against a limit of processes. */
#define IDLE_NANOSECONDS 20000000
#define PIECES 64
#define NUMBERS 6
#define NAMES_MAX 65536

struct job {
	struct job *next;
	int id;
	int kind;
	int fd;
	double numbers[NUMBERS];
	char *text, *other;
	struct iovec pieces[PIECES];
	int piece_count;
	long result;
	double about[DONE_FIELDS - DONE_INODE]; /* of an opened file: from its inode on; or the doubt about it */
	char *data; /* what it brought: names or addresses, each with a NUL behind it; or bytes */
	size_t length;
};

struct queue { struct job *first, *last; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct queue waiting, finished;
/* `queued`: how many wait; a thread that was called may yet count as idle. */
static int threads, idle, queued, next_id, bell = -1;

static void push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
}

static struct job *pop(struct queue *queue)
{
	struct job *job = queue->first;
	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	return job;
}

static void add_data(struct job *job, const char *bytes, size_t length)
{
	char *larger = realloc(job->data, job->length + length);
	if (!larger)
		return;
	job->data = larger;
	memcpy(larger + job->length, bytes, length);
	job->length += length;
}

/* Of the folder that `fd` is, or of the working directory. */
static int folder_of(const struct job *job)
{
	return job->fd < 0 ? AT_FDCWD : job->fd;
}

static long refuse(struct job *job, const struct place *place, const struct doubt *doubt)
{
	int error = errno;
	put_doubt(job->about, doubt);
	add_data(job, place->path, strlen(place->path));
	add_data(job, "/", 1);
	add_data(job, place->name, strlen(place->name) + 1);
	errno = error;
	return -1;
}

/* Numbers: flags. The open folder; its path and the name in it. */
static long look_up(struct job *job)
{
	struct place place;
	if (find_place(job->text, (int)job->numbers[0], &place) < 0)
		return refuse(job, &place, &place.doubt);
	job->about[3] = place.stream;
	add_data(job, place.path, strlen(place.path) + 1);
	add_data(job, place.name, strlen(place.name) + 1);
	return place.folder;
}

/* 0, or the errno of what could not be done; the file is as good without. */
static int dress(int fd, double mode, double owner, double group)
{
	int error = 0;
	if ((owner >= 0 || group >= 0) && fchown(fd, owner < 0 ? (uid_t)-1 : (uid_t)owner, group < 0 ? (gid_t)-1 : (gid_t)group) < 0)
		error = errno;
	if (mode >= 0 && fchmod(fd, (mode_t)mode) < 0)
		error = errno;
	return error;
}

/*
 * Numbers: flags, permissions of a file that is made, those that it gets in any case or -1, its owner and group or -1,
 * how (places.h). Its real path, and the errno where it did not get them all; or where the path leads to a descriptor of
 * archon's own, that one as the stream, and nothing is opened.
 */
static long open_file(struct job *job)
{
	struct place place;
	int how = (int)job->numbers[5];
	if (find_place(job->text, how & OPEN_MAKE ? PLACE_MAKE : 0, &place) < 0)
		return refuse(job, &place, &place.doubt);
	struct opening opening = {
		.flags = open_flags((int)job->numbers[0]), .mode = (mode_t)job->numbers[1], .how = how, .owner = job->numbers[3],
	};
	struct doubt doubt;
	struct stat about;
	long fd = place.stream >= 0 ? 0 : open_in(place.folder, place.name, &opening, &doubt);
	if (fd < 0)
		refuse(job, &place, &doubt);
	else if (place.stream < 0 && fstat((int)fd, &about) == 0) {
		char undressed[16];
		int error = dress((int)fd, job->numbers[2], job->numbers[3], job->numbers[4]);
		job->about[0] = about.st_ino;
		job->about[1] = about.st_size;
		job->about[2] = birth_of((int)fd, "", AT_EMPTY_PATH);
		add_data(job, place.path, strlen(place.path));
		add_data(job, "/", 1);
		add_data(job, place.name, strlen(place.name) + 1);
		if (error)
			add_data(job, undressed, snprintf(undressed, sizeof undressed, "%d", error) + 1);
	}
	job->about[3] = place.stream;
	int error = errno;
	close(place.folder);
	errno = error;
	return fd;
}

/*
 * Where a path is given, the file is looked at before: -ESTALE, and nothing is written, where it has no name any more, or
 * another file has that of the path.
 */
static long write_file(struct job *job)
{
	struct stat own, other;
	if (*job->text && fstat(job->fd, &own) == 0) {
		bool is_other = lstat(job->text, &other) == 0 && (other.st_ino != own.st_ino || other.st_dev != own.st_dev);
		errno = ESTALE;
		if (own.st_nlink == 0 || is_other)
			return -1;
	}
	return writev(job->fd, job->pieces, job->piece_count);
}

/*
 * The place of a file that really lies below the folder `other`, whose owner is trusted there from now on; or -1. The way to that
 * folder is trusted as any other is.
 */
static int find_below(struct job *job, uid_t owner, struct place *place)
{
	struct place top;
	if (!*job->other || strstr(job->text, "/../") || find_place(job->other, PLACE_FOLDER, &top) < 0)
		return -1;
	close(top.folder);
	trust_also(owner);
	size_t length = strlen(top.path);
	if (find_place(job->text, 0, place) == 0) {
		if (place->stream < 0 && strncmp(place->path, top.path, length) == 0 && (!place->path[length] || place->path[length] == '/'))
			return 0;
		close(place->folder);
	}
	trust_also(0);
	return -1;
}

/* In a place that others may write; whether they may is told. */
static int open_to_read(struct job *job)
{
	struct opening opening = {.flags = O_RDONLY, .owner = -1};
	struct place place;
	struct doubt doubt;
	if (find_below(job, (uid_t)job->numbers[2], &place) < 0 && find_place(job->text, 0, &place) < 0)
		return (int)refuse(job, &place, &place.doubt);
	errno = EINVAL;
	int fd = place.stream >= 0 ? -1 : open_in(place.folder, place.name, &opening, &doubt);
	if (fd < 0)
		refuse(job, &place, place.stream >= 0 ? &place.doubt : &doubt);
	else
		job->about[1] = doubt_of_file(fd, place.folder).writer;
	int error = errno;
	trust_also(0);
	close(place.folder);
	errno = error;
	return fd;
}

/*
 * Numbers: how many bytes, and whether others may write there. Only a regular file's bytes, up to one more than wanted,
 * so that the caller sees that there are more. Where others may write there: who may have written it (places.h), as the size;
 * below the folder `other` what the user of the third number has written counts as archon's own.
 */
static long read_file(struct job *job)
{
	size_t most = (size_t)job->numbers[0];
	int fd = job->numbers[1] ? open_to_read(job) : open(job->text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = 0;
	if (fd < 0)
		return -1;
	struct stat about;
	if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
		error = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
		goto done;
	}
	char buffer[16 << 10];
	while (job->length <= most) {
		ssize_t count = read(fd, buffer, sizeof buffer < most + 1 - job->length ? sizeof buffer : most + 1 - job->length);
		if (count < 0 && errno != EINTR)
			error = errno;
		if (count == 0 || error)
			break;
		if (count > 0)
			add_data(job, buffer, count);
	}
done:
	close(fd);
	errno = error;
	return error ? -1 : 0;
}

static long read_folder(struct job *job)
{
	int fd = job->fd < 0 ? open(job->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : openat(job->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return -1;
	}
	size_t count = 0;
	for (struct dirent *entry = readdir(folder); entry && count < NAMES_MAX; entry = readdir(folder), count++)
		add_data(job, entry->d_name, strlen(entry->d_name) + 1);
	closedir(folder);
	return 0;
}

/* The addresses of a name, in figures (getaddrinfo(3)); an error of the resolver counts from -1000 down. */
static long resolve(struct job *job)
{
	struct addrinfo hints = {.ai_socktype = (int)job->numbers[0], .ai_flags = AI_ADDRCONFIG}, *found;
	int error = getaddrinfo(job->text, NULL, &hints, &found);
	if (error == EAI_SYSTEM)
		return -1;
	if (error)
		return -1000 - (error < 0 ? -error : error);
	for (struct addrinfo *each = found; each; each = each->ai_next) {
		char text[INET6_ADDRSTRLEN] = "";
		const void *address = each->ai_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)each->ai_addr)->sin6_addr
			: (void *)&((struct sockaddr_in *)each->ai_addr)->sin_addr;
		if (inet_ntop(each->ai_family, address, text, sizeof text))
			add_data(job, text, strlen(text) + 1);
	}
	freeaddrinfo(found);
	return 0;
}

/* Whether only root and archon's own user own a folder, and others of its group at most may write there; else -1 and errno. */
static int trust_folder(struct job *job, const struct place *place)
{
	struct doubt doubt = {.refusal = REFUSED_NOT};
	struct stat about;
	if (fstat(place->folder, &about) < 0)
		return -1;
	if (about.st_uid != 0 && about.st_uid != geteuid())
		doubt = (struct doubt){.refusal = REFUSED_FOREIGN, .id = about.st_uid};
	else if (about.st_mode & S_IWOTH)
		doubt = (struct doubt){.refusal = REFUSED_OPEN};
	if (doubt.refusal == REFUSED_NOT)
		return 0;
	put_doubt(job->about, &doubt);
	add_data(job, place->path, strlen(place->path) + 1);
	errno = EPERM;
	return -1;
}

/* The place of a file in a folder that can be trusted: 0, or -1 and errno, and no folder is open. */
static int find_trusted(struct job *job, struct place *place)
{
	if (find_place(job->text, 0, place) < 0)
		return (int)refuse(job, place, &place->doubt);
	errno = EINVAL;
	if (place->stream < 0 && trust_folder(job, place) == 0)
		return 0;
	int error = errno;
	close(place->folder);
	errno = error;
	return -1;
}

static int write_all(int fd, struct iovec *pieces, int count)
{
	while (count > 0) {
		ssize_t written = writev(fd, pieces, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		for (; count > 0 && (size_t)written >= pieces->iov_len; pieces++, count--)
			written -= pieces->iov_len;
		if (count > 0) {
			pieces->iov_base = (char *)pieces->iov_base + written;
			pieces->iov_len -= written;
		}
	}
	return 0;
}

/* Into a new file of that name, with this owner and group or -1, which is on the disk when this returns 0. */
static int write_new(int folder, const char *name, struct job *job, double mode, double owner, double group)
{
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return -1;
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	bool is_written = write_all(fd, job->pieces, job->piece_count) == 0;
	int error = is_written ? dress(fd, mode, owner, group) : errno;
	is_written = is_written && error == 0 && fsync(fd) == 0;
	error = error ? error : errno;
	close(fd);
	errno = error;
	return is_written ? 0 : -1;
}

/* What a folder lists is on the disk as well. */
static int sync_folder(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = fsync(fd), error = errno;
	close(fd);
	errno = error;
	return result;
}

/* The pieces are the file of that path from one moment to the next: who reads it reads all of them, or what was there before. */
static long save_file(struct job *job)
{
	struct place place;
	char temporary[NAME_MAX + 8];
	if (find_trusted(job, &place) < 0)
		return -1;
	snprintf(temporary, sizeof temporary, ".%s.tmp", place.name);
	bool is_saved = write_new(place.folder, temporary, job, -1, -1, -1) == 0
		&& renameat(place.folder, temporary, place.folder, place.name) == 0 && sync_folder(place.folder) == 0;
	int error = errno;
	if (!is_saved)
		unlinkat(place.folder, temporary, 0);
	close(place.folder);
	errno = error;
	return is_saved ? 0 : -1;
}

/*
 * Numbers: the permissions of a file that is made. The same for a file of a user's, which keeps its mode and its owner. Where others
 * may write nothing but a regular file without other names is replaced, and no link that they may have laid is followed.
 */
static long replace_file(struct job *job)
{
	struct place place;
	if (find_place(job->text, 0, &place) < 0)
		return refuse(job, &place, &place.doubt);
	struct opening opening = {.flags = O_RDONLY, .owner = -1};
	struct doubt doubt = {0};
	struct stat before;
	char temporary[NAME_MAX + 1];
	errno = EINVAL;
	int was = place.stream >= 0 ? -1 : open_in(place.folder, place.name, &opening, &doubt);
	bool is_new = was < 0 && errno == ENOENT, is_replaced = false;
	if (was < 0 && !is_new) {
		refuse(job, &place, &doubt);
	} else if (is_new || fstat(was, &before) == 0) {
		double mode = job->numbers[0], owner = -1, group = -1;
		if (!is_new) {
			mode = before.st_mode & 07777;
			owner = before.st_uid;
			group = before.st_gid;
		}
		snprintf(temporary, sizeof temporary, ".%.200s.tmp", place.name);
		is_replaced = write_new(place.folder, temporary, job, mode, owner, group) == 0
			&& renameat(place.folder, temporary, place.folder, place.name) == 0 && sync_folder(place.folder) == 0;
		int error = errno;
		if (!is_replaced)
			unlinkat(place.folder, temporary, 0);
		errno = error;
	}
	int error = errno;
	if (was >= 0)
		close(was);
	close(place.folder);
	errno = error;
	return is_replaced ? 0 : -1;
}

/* Waits for the lock for this many milliseconds at most. */
static int lock_within(int fd, double most)
{
	for (double waited = 0;; waited += 5) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= most)
			return -1;
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
}

/*
 * Numbers: how long to wait for it. A file that archon alone has locked while it is open (flock(2)), and what was written there
 * before; -EWOULDBLOCK: another one has it locked.
 */
static long lock_file(struct job *job)
{
	struct place place;
	char text[64];
	if (find_trusted(job, &place) < 0)
		return -1;
	int fd = openat(place.folder, place.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	int error = errno;
	close(place.folder);
	errno = error;
	if (fd < 0)
		return -1;
	struct stat about;
	errno = EINVAL;
	bool is_locked = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && lock_within(fd, job->numbers[0]) == 0;
	error = errno;
	ssize_t count = is_locked || error == EWOULDBLOCK ? pread(fd, text, sizeof text, 0) : -1;
	if (count > 0)
		add_data(job, text, count);
	if (is_locked)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/*
 * `fd`: of inotify, or -1. Text: a path; `other`: rules for what is below it, a line with a tab, and how paths begin that are not
 * looked at. Numbers: watches, folders, files, bytes and seconds at most. The stamp, the path without links, and a record for each
 * watch (watching.h); how many files, folders and bytes there were, and SCAN.
 */
static long scan(struct job *job)
{
	struct watched *found = calloc(1, sizeof *found);
	if (!found)
		return -1;
	char *banned = strchr(job->other, '\t');
	struct watching order = {
		.path = job->text, .rules = job->other, .banned = banned ? banned + 1 : "", .fd = job->fd,
		.watches_max = (int)job->numbers[0], .folders_max = (int)job->numbers[1], .files_max = (int)job->numbers[2],
		.bytes_max = (off_t)job->numbers[3], .seconds = (int)job->numbers[4],
	};
	if (banned)
		*banned = 0;
	int result = scan_watched(&order, found);
	if (result == 0) {
		add_data(job, found->stamp, strlen(found->stamp) + 1);
		add_data(job, found->top, strlen(found->top) + 1);
		if (found->length > 0)
			add_data(job, found->data, found->length);
	}
	job->about[0] = found->files;
	job->about[1] = found->folders;
	job->about[2] = (double)found->bytes;
	job->about[3] = found->flags;
	free(found->data);
	free(found);
	return result;
}

static void perform(struct job *job)
{
	struct stat about;
	long result = -1;
	errno = EINVAL;
	switch ((enum job_kind)job->kind) {
	case JOB_WRITE: result = write_file(job); break;
	case JOB_OPEN: result = open_file(job); break;
	case JOB_RENAME: result = renameat(folder_of(job), job->text, folder_of(job), job->other); break;
	case JOB_UNLINK: result = unlinkat(folder_of(job), job->text, 0); break;
	case JOB_PLACE: result = look_up(job); break;
	case JOB_TRUNCATE: result = ftruncate(job->fd, (off_t)job->numbers[0]); break;
	case JOB_READ_FOLDER: result = read_folder(job); break;
	case JOB_READ_FILE: result = read_file(job); break;
	case JOB_RESOLVE: result = resolve(job); break;
	case JOB_ACCESS: result = access(job->text, (int)job->numbers[0]); break;
	case JOB_AGE:
		result = fstatat(folder_of(job), job->text, &about, AT_SYMLINK_NOFOLLOW);
		job->about[0] = about.st_ino;
		job->about[1] = about.st_size;
		job->about[2] = about.st_mtim.tv_sec * 1e3;
		break;
	case JOB_SAVE: result = save_file(job); break;
	case JOB_LOCK: result = lock_file(job); break;
	case JOB_REPLACE: result = replace_file(job); break;
	case JOB_COMPRESS: result = compress_file(folder_of(job), job->text, job->other, (int)job->numbers[0], &job->about[0]); break;
	case JOB_SCAN: result = scan(job); break;
	case JOB_MAPPED: result = find_mapped((int)job->numbers[0], &job->data, &job->length); break;
	}
	job->result = result == -1 ? -errno : result;
}

static void finish(struct job *job)
{
	uint64_t one = 1;
	push(&finished, job);
	if (write(bell, &one, sizeof one) < 0)
		errno = 0;
}

/* Whether there may be some; the lock is held before and after. */
static bool wait_for_work(void)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += IDLE_NANOSECONDS;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	idle++;
	int result = pthread_cond_timedwait(&work, &lock, &end);
	idle--;
	return result == 0 || waiting.first;
}

static void *serve(void *unused)
{
	pthread_mutex_lock(&lock);
	for (;;) {
		struct job *job = pop(&waiting);
		if (!job) {
			if (!wait_for_work())
				break;
			continue;
		}
		queued--;
		pthread_mutex_unlock(&lock);
		perform(job);
		pthread_mutex_lock(&lock);
		finish(job);
	}
	threads--;
	pthread_mutex_unlock(&lock);
	return unused;
}

/* No signal is a thread's to hear but its own faults. */
static bool make_thread(void)
{
	uint64_t all = ~0ull, before;
	static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		all &= ~(1ull << (faults[i] - 1));
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
	bool is_made = pthread_create(&thread, &attributes, serve, NULL) == 0;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	pthread_attr_destroy(&attributes);
	return is_made;
}

/* Readable when a job is finished. */
void sys_jobsFd(struct call *call)
{
	if (bell < 0)
		bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	give_result(call, bell);
}

/*
 * startJob(kind, fd, text, other, numbers, pieces): its number. The pieces must stay as they are until it is finished.
 */
void sys_startJob(struct call *call)
{
	struct job *job = calloc(1, sizeof *job);
	struct piece pieces[PIECES];
	if (!job || bell < 0) {
		free(job);
		return give_number(call, -ENOMEM);
	}
	job->kind = arg_int(call, 0);
	job->fd = arg_int(call, 1);
	job->text = strdup(arg_path(call, 2));
	job->other = strdup(arg_path(call, 3));
	arg_numbers(call, 4, job->numbers, NUMBERS);
	job->piece_count = arg_pieces(call, 5, pieces, PIECES);
	for (int i = 0; i < job->piece_count; i++)
		job->pieces[i] = (struct iovec){.iov_base = pieces[i].bytes, .iov_len = pieces[i].length};
	pthread_mutex_lock(&lock);
	job->id = ++next_id;
	give_number(call, job->id);
	/* One for each that waits: the job before this one may hang. */
	if (idle <= queued && threads < THREADS_MAX && make_thread())
		threads++;
	if (threads > 0) {
		push(&waiting, job);
		queued++;
		pthread_cond_signal(&work);
	} else {
		perform(job);
		finish(job);
	}
	pthread_mutex_unlock(&lock);
}

static int64_t now_in_milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether a job is finished, after that many milliseconds at most. A signal, as of a child that ends, is no reason to stop waiting. */
void sys_awaitJob(struct call *call)
{
	int64_t until = now_in_milliseconds() + arg_int(call, 0), left;
	int count;
	do {
		left = until - now_in_milliseconds();
		count = poll(&(struct pollfd){.fd = bell, .events = POLLIN}, 1, left > 0 ? (int)left : 0);
	} while (count < 0 && errno == EINTR);
	give_flag(call, count == 1);
}

/* The next that is finished: number, result, and what is known of a file. What it brought, as bytes; undefined: no job is finished. */
void sys_takeJob(struct call *call)
{
	size_t length;
	double *out = arg_memory(call, 0, &length);
	uint64_t count;
	pthread_mutex_lock(&lock);
	struct job *job = pop(&finished);
	if (!finished.first && read(bell, &count, sizeof count) < 0)
		errno = 0;
	pthread_mutex_unlock(&lock);
	if (!job)
		return;
	if (length >= DONE_FIELDS * sizeof *out) {
		out[DONE_NUMBER] = job->id;
		out[DONE_RESULT] = job->result;
		memcpy(out + DONE_INODE, job->about, sizeof job->about);
	}
	give_bytes(call, job->data, job->length);
	free(job->text);
	free(job->other);
	free(job->data);
	free(job);
}
