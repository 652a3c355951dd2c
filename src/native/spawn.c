/*
 * Makes processes: what archon does of it, beside the child, which is in child.c.
 *
 * The child has none of archon's memory but the program and a room of its own, which both share, in which its request
 * stands and what went wrong: a user that may send it signals must not get at archon with that, and memory in which a user
 * changed his user would be closed to others for good, and /proc/1/fd with it (PR_SET_DUMPABLE, prctl(2)). It is shared
 * with no child, not even with one of archon's own user: with it they would share oom_score_adj (proc_pid_oom_score_adj(5)),
 * but for vfork(2), in which archon would wait without a bound.
 *
 * archon waits until the child executes or ends, but never for long: the child may be stopped by a user that may send it
 * signals, and a disk may hang.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "functions.h"
#include "spawn.h"

uint64_t first_soft_limit;

/* What archon has of capabilities, and what of them the process is to keep. Returns 0 or -errno. */
static long find_caps(struct job *job)
{
	const struct head *head = job->head;
	job->permitted = job->cap_add = job->cap_drop = 0;
	if (!head->cap_add && !head->cap_drop)
		return 0;
	struct caps caps;
	long error = get_caps(&caps);
	if (error < 0)
		return error;
	job->permitted = caps.data[0].permitted | (uint64_t)caps.data[1].permitted << 32;
	job->cap_add = head->cap_add == CAP_ALL ? job->permitted : head->cap_add;
	job->cap_drop = head->cap_drop & ~job->cap_add;
	return 0;
}

static const char *take(const char **cursor)
{
	const char *string = *cursor;
	*cursor += strlen(string) + 1;
	return string;
}

static void take_all(const char **cursor, char **list, int32_t count)
{
	for (int32_t i = 0; i < count; i++)
		list[i] = (char *)take(cursor);
	list[count] = NULL;
}

/*
 * The signals that archon ignores, by bit signal - 1; looked up once, and again when that may have changed. By the
 * kernel's own call, as the C library has signals of its own that it says nothing of.
 */
static uint64_t ignored;
static bool is_ignored_known;

void forget_ignored(void)
{
	is_ignored_known = false;
}

static void find_ignored(void)
{
	uint64_t action[4];
	ignored = 0;
	for (int signal = 1; signal <= 64; signal++) {
		if (syscall(SYS_rt_sigaction, signal, NULL, action, sizeof(uint64_t)) == 0 && action[0] == (uintptr_t)SIG_IGN)
			ignored |= 1ull << (signal - 1);
	}
	is_ignored_known = true;
}

/*
 * archon has some descriptors for each service. A copy of them all for each process, and their being closed when it
 * executes, would take longer than the rest. So the few that a process takes are put at low numbers that are kept free
 * for that, the child shares archon's table, and leaves with a copy of its beginning (CLOSE_RANGE_UNSHARE, Linux 5.9).
 */
#define ASIDE 8

/* Of those more, what is never anything but a place, and what is lent to each child until it executes, if anything is. */
#define PLACE ASIDE
#define LENT (ASIDE + 1)

static int aside[ASIDE + 2];
static int aside_end; /* the numbers below are copied; -1: the whole table is */

/* Before anything else is opened, so that low numbers are free. */
static __attribute__((constructor)) void find_aside(void)
{
	int place = open("/", O_PATH | O_CLOEXEC);
	aside_end = place < 0 ? -1 : 0;
	for (int i = 0; i <= LENT && aside_end >= 0; i++) {
		aside[i] = fcntl(place, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		aside_end = aside[i] < 0 ? -1 : aside[i] >= aside_end ? aside[i] + 1 : aside_end;
	}
	close(place);
}

/* A descriptor where the copy has it, and archon does not close it; -1 if there is no room for it, or it is not open. */
static int put_aside(int fd, int *used)
{
	if (fd <= STDERR_FILENO)
		return fd;
	return *used < ASIDE ? dup3(fd, aside[(*used)++], O_CLOEXEC) : -1;
}

/* All that the job takes; whether there was room. Else the job is as it was. */
static bool put_all_aside(struct job *job, int *used)
{
	const struct head *head = job->head;
	int32_t fds[REQUEST_FDS_MAX];
	if (aside_end < 0)
		return false;
	for (int32_t i = 0; i < head->fds; i++) {
		fds[i] = put_aside(job->fds[i], used);
		if (fds[i] < 0 && job->fds[i] >= 0)
			return false;
	}
	int cgroup = put_aside(head->cgroup, used);
	if (cgroup < 0 && head->cgroup >= 0)
		return false;
	memcpy(job->fds, fds, head->fds * sizeof *fds);
	job->cgroup = cgroup;
	return true;
}

static void clear_aside(int used)
{
	for (int i = 0; i < used; i++) {
		if (dup3(aside[PLACE], aside[i], O_CLOEXEC) >= 0)
			continue;
		close(aside[i]);
		aside_end = -1;
	}
}

/* lendToChildren(fd): each child has it open until it executes or ends, also where archon has ended before that. */
void sys_lendToChildren(struct call *call)
{
	give_result(call, aside_end < 0 ? 0 : dup3(arg_int(call, 0), aside[LENT], O_CLOEXEC));
}

enum fate { FATE_OVER, FATE_STOPPED, FATE_SLOW };

/*
 * A room with a child in it, and how it is seen that this one is through: by the kernel's mark in `holder`, or without
 * that mark (a sandbox, or a filter of system calls) by a pipe that its executing or its end closes.
 */
struct stay {
	struct room *room;
	size_t size; /* of the room */
	int pipe;    /* -1: none */
	pid_t pid;   /* or -errno */
	long begun;  /* when it was made, by now() */
	bool is_begun, is_awaited;
	enum fate fate; /* once it was awaited */
};

enum way { WAY_UNKNOWN, WAY_MARK, WAY_PIPE };

/* The first child shows whether the kernel makes the mark: it has both. */
static enum way way;

static bool is_marked(struct room *room)
{
	return atomic_load(&room->holder) & FUTEX_OWNER_DIED;
}

static bool is_closed(int pipe, int timeout)
{
	struct pollfd end = {.fd = pipe};
	return poll(&end, 1, timeout) == 1;
}

static bool is_over(const struct stay *stay)
{
	return stay->pipe < 0 ? is_marked(stay->room) : is_closed(stay->pipe, 0);
}

/*
 * How long archon waits: a child executes within less than a millisecond. Whether it was stopped is looked at
 * again and again, and a child that is neither stopped nor through at the end is left alone with what keeps it; but not with
 * archon's descriptors, which it leaves first of all, when only archon's own user can hinder it.
 */
#define LOOK 10 /* ms */
#define LOOKS 10 /* at least: archon may have been stopped meanwhile */
#define PATIENCE 1000
#define PATIENCE_TO_LEAVE 10000

/* In milliseconds, by a clock that is never set. */
static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Until it has executed or ended, but no longer than one look. */
static bool await_look(const struct stay *stay)
{
	if (stay->pipe >= 0)
		return is_closed(stay->pipe, LOOK);
	struct room *room = stay->room;
	const struct timespec look = {.tv_nsec = LOOK * 1000000};
	while (!is_marked(room)) {
		uint32_t holder = atomic_load(&room->holder) & ~(uint32_t)FUTEX_OWNER_DIED;
		if (RAW(SYS_futex, &room->holder, FUTEX_WAIT, holder, &look, NULL) == -ETIMEDOUT)
			return is_marked(room);
	}
	return true;
}

static enum fate await(const struct stay *stay)
{
	struct room *room = stay->room;
	/* From when it was made: those that were begun together are waited for together. */
	long spent = 0;
	for (int look = 0; look < LOOKS || spent < PATIENCE || (spent < PATIENCE_TO_LEAVE && !atomic_load(&room->has_left)); look++) {
		bool is_through = await_look(stay);
		spent = now() - stay->begun;
		if (is_through)
			return FATE_OVER;
		siginfo_t about = {0};
		int changes = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT;
		/* What is told of it may have come after it had executed: then it is nothing to archon. */
		if (waitid(P_PID, stay->pid, &about, changes) < 0 || about.si_pid == 0 || is_over(stay))
			continue;
		return about.si_code == CLD_STOPPED || about.si_code == CLD_CONTINUED ? FATE_STOPPED : FATE_OVER;
	}
	return atomic_load(&room->has_left) ? FATE_SLOW : FATE_STOPPED;
}

/* Whether it could be reaped: who traces it may keep it when it has ended (ptrace(2)); later it is reaped as an orphan is. */
static bool reap(pid_t pid)
{
	for (long pause = 20000; pause < LOOK * 1000000; pause *= 2) {
		siginfo_t about = {0};
		if (waitid(P_PID, pid, &about, WEXITED | WNOHANG) < 0 || about.si_pid != 0)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
	}
	return false;
}

/*
 * To copy archon's memory for each process, and each page once more that archon then writes to, would take longer than
 * the rest. The child needs nothing that archon may write to (MADV_DONTFORK, madvise(2)), and none then has the secrets
 * in it, nor what outlives archon. New memory is looked for each time this many children were made; where there is no /proc, all
 * is copied.
 */
#define CHILDREN 32

#ifdef ARCHON_UNDER_NODE
static void keep_from_child(void)
{
}
#else
static bool is_needless(const char *rights, const char *name)
{
	return strcmp(rights, "rw-p") == 0 || (strcmp(rights, "rw-s") == 0 && strncmp(name, "/memfd:", 7) == 0);
}

static void keep_from_child(void)
{
	static unsigned children;
	if (children++ % CHILDREN != 0)
		return;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		char rights[8], name[16] = "";
		int found = sscanf(line, "%lx-%lx %7s %*s %*s %*s %15s", &from, &to, rights, name);
		if (found >= 3 && is_needless(rights, name))
			madvise((void *)from, to - from, MADV_DONTFORK);
	}
	if (maps)
		fclose(maps);
}
#endif

/* Rooms are made so much larger than they must be: the next request may be longer. */
#define SPARE 4096
#define BEGUN 4
#define SLOW 64

/* Those of children that archon has begun to make, and those of slow ones. */
static struct stay stays[BEGUN], slow[SLOW];
static int slow_count;

/* The one whose child may not have left archon's descriptors yet, and how many were put aside for it. */
static struct stay *leaving;
static int put_count;

/* Whether there is room for one more. */
static bool clear_slow(void)
{
	for (int i = 0; i < slow_count; i++) {
		if (!is_over(&slow[i]))
			continue;
		munmap(slow[i].room, slow[i].size);
		if (slow[i].pipe >= 0)
			close(slow[i].pipe);
		slow[i--] = slow[--slow_count];
	}
	return slow_count <= SLOW - BEGUN;
}

/* What one child may see no other does: neither is a request another's business. */
static bool find_room(struct stay *stay, size_t size)
{
	if (!clear_slow())
		return false;
	if (stay->room && stay->size >= size)
		return true;
	if (stay->room)
		munmap(stay->room, stay->size);
	stay->size = size + SPARE;
	stay->room = mmap(NULL, stay->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stay->room == MAP_FAILED)
		stay->room = NULL;
	else
		madvise(stay->room, stay->size, MADV_DONTFORK);
	return stay->room != NULL;
}

static void await_once(struct stay *stay)
{
	if (!stay->is_awaited)
		stay->fate = await(stay);
	stay->is_awaited = true;
}

/* What was put aside is free again when the child has left with its copy: that is long before it executes. */
static void free_aside(void)
{
	if (leaving && !atomic_load(&leaving->room->has_left))
		await_once(leaving);
	clear_aside(put_count);
	leaving = NULL;
	put_count = 0;
}

/* The child's end stands behind the numbers that it fills. 0 or -errno. */
static int open_pipe(int ends[2], int behind)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int end = fcntl(ends[1], F_DUPFD_CLOEXEC, behind), error = errno;
	close(ends[1]);
	if (end < 0)
		close(ends[0]);
	ends[1] = end;
	return end < 0 ? -error : 0;
}

/* The pid, or -errno. */
static pid_t make(struct stay *stay)
{
	struct room *room = stay->room;
	int ends[2] = {-1, -1};
	int error = way == WAY_MARK ? 0 : open_pipe(ends, room->job.head->fds);
	if (error < 0)
		return error;
	stay->pipe = ends[0];
	free_aside();
	/* Who shares archon's table keeps the pipe open in it. */
	bool is_apart = way == WAY_MARK && put_all_aside(&room->job, &put_count);
	room->job.aside_end = is_apart ? aside_end : -1;
	if (is_apart)
		leaving = stay;
	else
		free_aside();
	keep_from_child();
	madvise(room, stay->size, MADV_DOFORK);
	/* No handler of archon's may run in the child. */
	uint64_t all = ~0ull, before;
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
	pid_t pid = (pid_t)raw_clone((is_apart ? CLONE_FILES : 0) | SIGCHLD, room->stack + STACK, begin_child, room);
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	madvise(room, stay->size, MADV_DONTFORK);
	if (ends[1] >= 0)
		close(ends[1]);
	return pid;
}

/*
 * Its pid, and `error` is 0 once it has executed or ended, or EINPROGRESS where it is slow; else -1. A child that another process
 * has stopped is killed: it goes on when that one wants it to.
 */
static pid_t end(struct stay *stay, struct report *report)
{
	struct room *room = stay->room;
	if (stay->pid >= 0)
		await_once(stay);
	if (leaving == stay)
		free_aside();
	*report = room->report;
	bool is_slow = stay->pid >= 0 && stay->fate == FATE_SLOW, is_stopped = stay->pid >= 0 && stay->fate == FATE_STOPPED;
	if (is_stopped)
		kill(stay->pid, SIGKILL);
	if (stay->pid < 0)
		report->error = -stay->pid;
	else if (is_stopped)
		*report = (struct report){.stage = STAGE_EXEC, .error = ECANCELED, .detail = -1};
	else if (is_slow)
		report->error = EINPROGRESS;
	pid_t pid = is_slow || report->error == 0 ? stay->pid : -1;
	bool is_gone = pid >= 0 || stay->pid < 0 || reap(stay->pid);
	if (way == WAY_UNKNOWN && stay->pid >= 0 && stay->fate == FATE_OVER && atomic_load(&room->has_left)) {
		way = is_marked(room) ? WAY_MARK : WAY_PIPE;
		if (!room->can_leave)
			aside_end = -1;
	}
	if (is_slow || (is_stopped && !is_gone)) {
		slow[slow_count++] = *stay;
		*stay = (struct stay){.pipe = -1};
	} else if (stay->pipe >= 0) {
		close(stay->pipe);
		stay->pipe = -1;
	}
	return pid;
}

/* Copies the request, `size` bytes of it, into the room, where the lists of its strings follow it. */
static void furnish(struct room *room, const void *request, size_t size)
{
	struct job *job = &room->job;
	memcpy(room->request, request, size);
	const struct head *head = job->head = (const struct head *)room->request;
	job->limits = (const struct limit *)(head + 1);
	job->affinity = (const uint64_t *)(job->limits + head->limits);
	job->groups = (const gid_t *)(job->affinity + head->affinity);
	const int32_t *fds = (const int32_t *)(job->groups + (head->groups > 0 ? head->groups : 0));
	memcpy(job->fds, fds, head->fds * sizeof *fds);
	job->cgroup = head->cgroup;
	const char *cursor = (const char *)(fds + head->fds);
	job->paths = (char **)(room->request + (size + sizeof(char *) - 1) / sizeof(char *) * sizeof(char *));
	job->argv = job->paths + head->paths + 1 + 1; /* behind a place for the shell */
	job->envp = job->argv + head->argc + 1;
	job->oom = head->oom != OOM_AS_IS ? take(&cursor) : NULL;
	job->cwd = head->flags & FLAG_CWD ? take(&cursor) : NULL;
	take_all(&cursor, job->paths, head->paths);
	take_all(&cursor, job->argv, head->argc);
	take_all(&cursor, job->envp, head->envc);
	job->ignored = ignored;
	job->to_ignore = head->flags & FLAG_AS_STARTED ? first_ignored : 0;
	job->to_block = head->flags & FLAG_AS_STARTED ? first_blocked : 0;
	job->soft_limit = first_soft_limit;

	room->list = (struct robust_list_head){
		.list = {&room->link}, .futex_offset = (long)offsetof(struct room, holder) - (long)offsetof(struct room, link),
	};
	room->link.next = &room->list.list;
	atomic_store(&room->holder, FUTEX_WAITERS);
	atomic_store(&room->has_left, false);
	room->report = (struct report){.stage = STAGE_FORK, .detail = -1};
}

/*
 * Begins to make a process as the request of `size` bytes says: it is made while archon does something else. Returns a
 * number for archon_end(), which must be called for it before archon reaps, or -EAGAIN where too many are begun or slow.
 */
int32_t archon_begin(const void *request, size_t size)
{
	const struct head *head = request;
	size_t lists = ((size_t)head->paths + head->argc + head->envc + 5) * sizeof(char *);
	int32_t number = 0;
	while (number < BEGUN && stays[number].is_begun)
		number++;
	struct stay *stay = &stays[number];
	if (number == BEGUN || !find_room(stay, sizeof *stay->room + size + lists))
		return -EAGAIN;
	if (!is_ignored_known)
		find_ignored();
	furnish(stay->room, request, size);
	*stay = (struct stay){.room = stay->room, .size = stay->size, .pipe = -1, .begun = now(), .is_begun = true};
	long error = find_caps(&stay->room->job);
	stay->pid = error < 0 ? (pid_t)error : make(stay);
	return number;
}

/*
 * What came of it: its pid once it has executed, or if it takes long to; the errno in the report is EINPROGRESS then. Else
 * -1, with the stage and the errno in the report, and nothing left to wait for. WAITS up to a second from
 * archon_begin() on, and a tenth of one in any case.
 */
int32_t archon_end(int32_t number, void *place)
{
	struct stay *stay = &stays[number];
	stay->is_begun = false;
	return end(stay, place);
}
