/*
 * What archon needs of the machine that cannot be TypeScript: the steps between clone and exec.
 *
 * The child shares the parent's memory, which waits until it executes or ends, so it may only make system calls and
 * write to the report. It has its own signal dispositions, umask and directory (clone(2) without CLONE_SIGHAND and
 * CLONE_FS), and soon its own descriptors.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "functions.h"

/* The order is that of STAGES in sys.ts. */
enum stage {
	STAGE_FORK, STAGE_CGROUP, STAGE_SESSION, STAGE_TERMINAL, STAGE_FDS, STAGE_OOM, STAGE_LIMIT, STAGE_NICE, STAGE_IONICE,
	STAGE_DROP, STAGE_KEEP, STAGE_GROUPS, STAGE_GID, STAGE_UID, STAGE_NO_NEW, STAGE_CWD, STAGE_EXEC,
};

enum flag {
	FLAG_SESSION = 1, FLAG_FOREGROUND = 2, FLAG_TERMINAL = 4, FLAG_CWD = 8, FLAG_NO_NEW = 16, FLAG_AS_STARTED = 32,
};

enum oom { OOM_AS_IS, OOM_TRY, OOM_MUST };

#define NICE_AS_IS 100
#define MARK_SUM (3ull << 52) /* of the two limits that are a mark, see mark.ts */
#define NOBODY UINT32_MAX /* the one number that is no user's and no group's */
#define CAP_ALL UINT64_MAX
#define FDS_MAX 64

/* A request, as request.ts lays it out: this head, then limits, groups, fds, and strings each ending in NUL. */
struct head {
	uint64_t cap_add;  /* by bit: kept across the change of user; CAP_ALL: whatever archon has */
	uint64_t cap_drop; /* by bit: taken away, but for cap_add */
	uint64_t mark;     /* the limits that its descendants are known by, see mark.ts; 0: none */
	int32_t flags;
	int32_t umask;     /* -1: as it is */
	uid_t uid;         /* -1: as it is */
	gid_t gid;         /* -1: as it is */
	int32_t nice;      /* NICE_AS_IS: as it is */
	int32_t ioprio;    /* class and level as ioprio_set(2) has them; -1: as it is */
	int32_t cgroup;    /* the open cgroup.procs of where it belongs; -1: where archon is */
	int32_t oom;       /* OOM_AS_IS, or else the first string is for oom_score_adj */
	int32_t limits;    /* how many */
	int32_t groups;    /* how many; -1: as they are */
	int32_t fds;       /* how many; the child's 0, 1, 2, … in order, -1: closed */
	int32_t paths;     /* how many files to try to execute, in order */
	int32_t argc;
	int32_t envc;
};

struct limit {
	uint64_t resource;
	uint64_t soft;
	uint64_t hard;
};

struct report {
	volatile int32_t stage;
	volatile int32_t error;
	volatile int32_t detail; /* which capability, limit or descriptor; -1: nothing to say */
};

struct job {
	const struct head *head;
	const struct limit *limits;
	const gid_t *groups;
	const int32_t *fds;
	int32_t cgroup;
	const char *oom;
	const char *cwd;
	uint64_t permitted, cap_add, cap_drop;
	char **paths, **argv, **envp;
	struct report *report;
};

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static int get_caps(struct caps *caps)
{
	*caps = (struct caps){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return syscall(SYS_capget, &caps->header, caps->data);
}

/* What archon has of capabilities, and what of them the process is to keep. */
static int find_caps(struct job *job)
{
	const struct head *head = job->head;
	if (!head->cap_add && !head->cap_drop)
		return 0;
	struct caps caps;
	if (get_caps(&caps) < 0)
		return -1;
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

static _Noreturn void fail_at(const struct job *job, enum stage stage, int error, int detail)
{
	job->report->stage = stage;
	job->report->error = error;
	job->report->detail = detail;
	_exit(127);
}

static _Noreturn void fail(const struct job *job, enum stage stage, int error)
{
	fail_at(job, stage, error, -1);
}

/* Its own process group in the terminal's foreground, as a shell gives it to a job. No terminal: no matter. */
static void take_terminal(const struct job *job)
{
	if (setpgid(0, 0) < 0)
		fail(job, STAGE_SESSION, errno);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		return;
	pid_t group = getpid();
	/* From the background this sends SIGTTOU, which is blocked here with all the others. */
	if (ioctl(tty, TIOCSPGRP, &group) < 0 && errno != ENOTTY && errno != ENXIO && errno != EBADF)
		fail(job, STAGE_TERMINAL, errno);
	close(tty);
}

static void place_fds(const struct job *job)
{
	int32_t count = job->head->fds;
	int32_t source[FDS_MAX];
	if (count > FDS_MAX)
		fail(job, STAGE_FDS, EINVAL);
	/* Sources that a target would overwrite step aside first. */
	for (int32_t i = 0; i < count; i++) {
		source[i] = job->fds[i];
		if (source[i] >= 0 && source[i] < count && source[i] != i) {
			source[i] = fcntl(source[i], F_DUPFD_CLOEXEC, count);
			if (source[i] < 0)
				fail_at(job, STAGE_FDS, errno, i);
		}
	}
	for (int32_t i = 0; i < count; i++) {
		int result = source[i] < 0 ? (close(i), 0) : source[i] == i ? fcntl(i, F_SETFD, 0) : dup2(source[i], i);
		if (result < 0)
			fail_at(job, STAGE_FDS, errno, i);
	}
	/* Whatever archon or its own parent forgot to mark. An old kernel does not know it: then only marks count. */
	syscall(SYS_close_range, count, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t count = write(fd, text, strlen(text));
	int error = errno;
	close(fd);
	errno = error;
	return count < 0 ? -1 : 0;
}

/* Both or none, only where no archon further up has set its own, and never a reason to fail. */
static void set_mark(uint64_t mark)
{
	struct rlimit locks, rss;
	if (mark == 0 || getrlimit(RLIMIT_LOCKS, &locks) < 0 || locks.rlim_max != RLIM_INFINITY)
		return;
	if (getrlimit(RLIMIT_RSS, &rss) < 0 || rss.rlim_max != RLIM_INFINITY)
		return;
	locks = (struct rlimit){.rlim_cur = mark, .rlim_max = mark};
	rss = (struct rlimit){.rlim_cur = MARK_SUM - mark, .rlim_max = MARK_SUM - mark};
	setrlimit(RLIMIT_LOCKS, &locks);
	setrlimit(RLIMIT_RSS, &rss);
}

uint64_t first_soft_limit;

/* archon has raised its own. */
static void restore_soft_limit(void)
{
	uint64_t limits[2];
	if (first_soft_limit == 0 || syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, limits) < 0)
		return;
	limits[0] = first_soft_limit < limits[1] ? first_soft_limit : limits[1];
	syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, limits, NULL);
}

/* What a process may use and how it stands against others, while the rights to say so are still there. */
static void set_limits(const struct job *job)
{
	const struct head *head = job->head;
	if (head->oom != OOM_AS_IS && put("/proc/self/oom_score_adj", job->oom) < 0 && head->oom == OOM_MUST)
		fail(job, STAGE_OOM, errno);
	set_mark(head->mark);
	restore_soft_limit();
	for (int32_t i = 0; i < head->limits; i++) {
		const struct limit *limit = &job->limits[i];
		const uint64_t values[2] = {limit->soft, limit->hard};
		if (syscall(SYS_prlimit64, 0, (int)limit->resource, values, NULL) < 0)
			fail_at(job, STAGE_LIMIT, errno, (int)limit->resource);
	}
	if (head->nice != NICE_AS_IS && setpriority(PRIO_PROCESS, 0, head->nice) < 0)
		fail(job, STAGE_NICE, errno);
	if (head->ioprio >= 0 && syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, head->ioprio) < 0)
		fail(job, STAGE_IONICE, errno);
}

/* Before the change of user: nothing executed later can have what is dropped, and what is to stay may stay. */
static void bound_caps(const struct job *job)
{
	for (int cap = 0; cap < 64; cap++) {
		if (!(job->cap_drop >> cap & 1) || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			fail_at(job, STAGE_DROP, errno, cap);
	}
	uint64_t missing = job->cap_add & ~job->permitted;
	if (missing)
		fail_at(job, STAGE_KEEP, EPERM, __builtin_ctzll(missing));
	if (job->cap_add && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		fail(job, STAGE_KEEP, errno);
}

/*
 * After the change of user. Root gets at exec(2) whatever its bounding set holds; anybody else what is
 * in the ambient set, which takes being permitted and inheritable first (capabilities(7)).
 */
static void keep_caps(const struct job *job)
{
	if (!job->cap_add && !job->cap_drop)
		return;
	int is_root = geteuid() == 0;
	uint64_t kept = job->head->uid != NOBODY && job->head->uid != 0 ? job->cap_add : ~job->cap_drop;
	struct caps caps;
	if (get_caps(&caps) < 0)
		fail(job, STAGE_KEEP, errno);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		struct __user_cap_data_struct *data = &caps.data[i];
		data->permitted &= (uint32_t)(kept >> 32 * i);
		data->effective = data->permitted;
		data->inheritable &= (uint32_t)(kept >> 32 * i);
		data->inheritable |= is_root ? 0 : (uint32_t)(job->cap_add >> 32 * i);
	}
	if (syscall(SYS_capset, &caps.header, caps.data) < 0)
		fail(job, STAGE_KEEP, errno);
	for (int cap = 0; cap < 64 && !is_root; cap++) {
		if (job->cap_add >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			fail_at(job, STAGE_KEEP, errno, cap);
	}
}

/* The system calls themselves: the C library's wrappers would carry the change to the parent's threads. */
static void become(const struct job *job)
{
	const struct head *head = job->head;
	bound_caps(job);
	if (head->groups >= 0 && syscall(SYS_setgroups, head->groups, job->groups) < 0)
		fail(job, STAGE_GROUPS, errno);
	if (head->gid != NOBODY && syscall(SYS_setresgid, head->gid, head->gid, head->gid) < 0)
		fail(job, STAGE_GID, errno);
	if (head->uid != NOBODY && syscall(SYS_setresuid, head->uid, head->uid, head->uid) < 0)
		fail(job, STAGE_UID, errno);
	keep_caps(job);
	if (head->flags & FLAG_NO_NEW && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail(job, STAGE_NO_NEW, errno);
}

/* execvp(3)'s rule without its shell: go on along the path, and remember that something was there. */
static _Noreturn void execute(const struct job *job)
{
	int error = ENOENT;
	for (char **path = job->paths; *path; path++) {
		execve(*path, job->argv, job->envp);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			fail(job, STAGE_EXEC, errno);
		else if (!path[1] && path == job->paths)
			error = errno;
	}
	fail(job, STAGE_EXEC, error);
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

static _Noreturn __attribute__((noinline)) void child(const struct job *job)
{
	const struct head *head = job->head;
	/*
	 * As a login shell would have them, nothing ignored and nothing blocked, or as archon was started with; what is handled
	 * exec(2) sets to its default.
	 */
	static const uint64_t fresh[4], ignoring[4] = {(uintptr_t)SIG_IGN}; /* struct sigaction of the kernel: no flags, restorer, mask */
	const uint64_t ignores = head->flags & FLAG_AS_STARTED ? first_ignored : 0, blocks = head->flags & FLAG_AS_STARTED ? first_blocked : 0;
	for (uint64_t bits = ignores & ~ignored; bits; bits &= bits - 1)
		syscall(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, ignoring, NULL, sizeof(uint64_t));
	for (uint64_t bits = ignored & ~ignores; bits; bits &= bits - 1)
		syscall(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, fresh, NULL, sizeof(uint64_t));
	if (job->cgroup >= 0 && write(job->cgroup, "0", 1) < 0)
		fail(job, STAGE_CGROUP, errno);
	if (head->flags & FLAG_SESSION && setsid() < 0)
		fail(job, STAGE_SESSION, errno);
	if (head->flags & FLAG_FOREGROUND)
		take_terminal(job);
	place_fds(job);
	if (head->flags & FLAG_TERMINAL && ioctl(STDOUT_FILENO, TIOCSCTTY, 0) < 0)
		fail(job, STAGE_TERMINAL, errno);
	if (head->umask >= 0)
		umask(head->umask);
	set_limits(job);
	become(job);
	if (job->cwd && chdir(job->cwd) < 0)
		fail(job, STAGE_CWD, errno);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocks, NULL, sizeof blocks);
	execute(job);
}

/*
 * archon has some descriptors for each service. A copy of them all for each process, and their being closed when it
 * executes, would take longer than the rest. So the few that a process takes are put at low numbers that are kept free
 * for that, the child shares archon's table, and leaves with a copy of its beginning (CLOSE_RANGE_UNSHARE, Linux 5.9).
 */
#define ASIDE 8
#define STACK (64 * 1024)

static int aside[ASIDE + 1]; /* nothing but a place, and the last one never anything else */
static int aside_end;    /* the numbers below are copied; -1: the whole table is */
static volatile int cannot_leave;

/* Before anything else is opened, so that low numbers are free. */
static __attribute__((constructor)) void find_aside(void)
{
	int place = open("/", O_PATH | O_CLOEXEC);
	aside_end = place < 0 ? -1 : 0;
	for (int i = 0; i <= ASIDE && aside_end >= 0; i++) {
		aside[i] = fcntl(place, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		aside_end = aside[i] < 0 ? -1 : aside[i] >= aside_end ? aside[i] + 1 : aside_end;
	}
	close(place);
}

/* A descriptor where the copy has it; -1 if there is no room for it, or it is none. */
static int put_aside(int fd, int *used)
{
	if (fd < aside_end)
		return fd;
	return *used < ASIDE ? dup3(fd, aside[(*used)++], O_CLOEXEC) : -1;
}

/* All that the job takes; whether there was room. */
static int put_all_aside(struct job *job, int32_t *fds, int *used)
{
	const struct head *head = job->head;
	if (aside_end < 0 || head->fds > FDS_MAX)
		return 0;
	for (int32_t i = 0; i < head->fds; i++) {
		fds[i] = put_aside(job->fds[i], used);
		if (fds[i] < 0 && job->fds[i] >= 0)
			return 0;
	}
	int cgroup = put_aside(head->cgroup, used);
	if (cgroup < 0 && head->cgroup >= 0)
		return 0;
	job->fds = fds;
	job->cgroup = cgroup;
	return 1;
}

static void clear_aside(int used)
{
	for (int i = 0; i < used; i++) {
		if (dup3(aside[ASIDE], aside[i], O_CLOEXEC) >= 0)
			continue;
		close(aside[i]);
		aside_end = -1;
	}
}

static int leave(void *job)
{
	if (syscall(SYS_close_range, aside_end, UINT_MAX, 2 /* CLOSE_RANGE_UNSHARE */) == 0)
		child(job);
	cannot_leave = 1;
	_exit(127);
}

/* Its pid once it has executed or ended, or -1. */
static pid_t make(struct job *job)
{
	static char stack[STACK] __attribute__((aligned(16)));
	int32_t fds[FDS_MAX];
	int used = 0;
	struct job whole = *job;
	pid_t pid = -1;
	int is_apart = put_all_aside(job, fds, &used);
	if (is_apart)
		pid = clone(leave, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, job);
	int error = errno;
	clear_aside(used);
	errno = error;
	if (is_apart && !cannot_leave)
		return pid;
	if (is_apart) {
		/* An old kernel, or a filter of system calls. */
		aside_end = -1;
		cannot_leave = 0;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	pid = vfork();
	if (pid == 0)
		child(&whole);
	return pid;
}

/*
 * Makes a process as the request says. Returns its pid once it has executed; else -1, with the stage
 * and the errno in the report, and nothing left to wait for.
 */
int32_t archon_spawn(const void *request, void *place)
{
	struct report *report = place;
	struct job job = {.head = request, .report = report};
	const struct head *head = job.head;
	int32_t groups = head->groups > 0 ? head->groups : 0;
	job.limits = (const struct limit *)(head + 1);
	job.groups = (const gid_t *)(job.limits + head->limits);
	job.fds = (const int32_t *)(job.groups + groups);
	job.cgroup = head->cgroup;
	const char *cursor = (const char *)(job.fds + head->fds);

	report->stage = STAGE_FORK;
	report->error = 0;
	report->detail = -1;
	if (find_caps(&job) < 0) {
		report->error = errno;
		return -1;
	}
	size_t slots = (size_t)head->paths + head->argc + head->envc + 3;
	char **lists = malloc(slots * sizeof *lists);
	if (!lists) {
		report->error = ENOMEM;
		return -1;
	}
	job.paths = lists;
	job.argv = job.paths + head->paths + 1;
	job.envp = job.argv + head->argc + 1;
	job.oom = head->oom != OOM_AS_IS ? take(&cursor) : NULL;
	job.cwd = head->flags & FLAG_CWD ? take(&cursor) : NULL;
	take_all(&cursor, job.paths, head->paths);
	take_all(&cursor, job.argv, head->argc);
	take_all(&cursor, job.envp, head->envc);

	/* No handler of the parent's may run in the child, on a stack that both use. */
	if (!is_ignored_known)
		find_ignored();
	uint64_t all = ~0ull, before;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
	pid_t pid = make(&job);
	int error = errno;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);

	free(lists);
	if (pid < 0)
		report->error = error;
	else if (report->error != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = -1;
	}
	return pid;
}
