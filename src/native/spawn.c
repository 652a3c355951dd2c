/*
 * What archon needs of the machine that cannot be TypeScript: the steps between clone and exec.
 *
 * The child has a copy of the little of archon's memory that it needs. It shares none but a room of its own, in which its
 * request stands and what went wrong: whoever may send it signals must not get at archon with that, and memory in which
 * somebody changed his user would be closed to others for good, and /proc/1/fd with it (PR_SET_DUMPABLE, prctl(2)).
 *
 * archon waits until the child executes or ends, but never for long: the child may be stopped by whoever may send it
 * signals, and a disk may hang. The child makes system calls only, without the C library, which has no threads any more
 * that it knows of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "functions.h"
#include "raw.h"

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
	int32_t stage;
	int32_t error;
	int32_t detail; /* which capability, limit or descriptor; -1: nothing to say */
};

struct job {
	const struct head *head;
	const struct limit *limits;
	const gid_t *groups;
	int32_t fds[FDS_MAX];
	int32_t cgroup;
	const char *oom;
	const char *cwd;
	uint64_t permitted, cap_add, cap_drop;
	char **paths, **argv, **envp;
};

#define STACK (64 * 1024)

/* What archon and one child share. */
struct room {
	/* When the child executes or ends, the kernel walks this list (set_robust_list(2)) and marks `holder`, which is all that is in it. */
	struct robust_list_head list;
	struct robust_list link;
	_Atomic uint32_t holder;
	_Atomic bool has_left;     /* archon's table of descriptors */
	_Atomic bool cannot_leave; /* an old kernel, or a filter of system calls */
	bool is_taken;
	size_t size;
	struct report report;
	struct job job;
	char stack[STACK] __attribute__((aligned(16)));
	char request[] __attribute__((aligned(8))); /* and the lists of its strings */
};

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static long get_caps(struct caps *caps)
{
	*caps = (struct caps){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return RAW(SYS_capget, &caps->header, caps->data);
}

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

static _Noreturn void quit(void)
{
	for (;;)
		RAW(SYS_exit_group, 127);
}

static _Noreturn void fail_at(struct room *room, enum stage stage, long result, int detail)
{
	room->report = (struct report){.stage = stage, .error = (int32_t)-result, .detail = detail};
	quit();
}

static _Noreturn void fail(struct room *room, enum stage stage, long result)
{
	fail_at(room, stage, result, -1);
}

/* What must work. */
static void must(struct room *room, enum stage stage, long result)
{
	if (result < 0)
		fail(room, stage, result);
}

/* Its own process group in the terminal's foreground, as a shell gives it to a job. No terminal: no matter. */
static void take_terminal(struct room *room)
{
	must(room, STAGE_SESSION, RAW(SYS_setpgid, 0, 0));
	long tty = RAW(SYS_openat, AT_FDCWD, "/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		return;
	pid_t group = (pid_t)RAW(SYS_getpid);
	/* From the background this sends SIGTTOU, which is blocked here with all the others. */
	long result = RAW(SYS_ioctl, tty, TIOCSPGRP, &group);
	if (result < 0 && result != -ENOTTY && result != -ENXIO && result != -EBADF)
		fail(room, STAGE_TERMINAL, result);
	RAW(SYS_close, tty);
}

static void place_fds(struct room *room)
{
	int32_t count = room->job.head->fds, *source = room->job.fds;
	/* Sources that a target would overwrite step aside first. */
	for (int32_t i = 0; i < count; i++) {
		if (source[i] >= 0 && source[i] < count && source[i] != i) {
			source[i] = (int32_t)RAW(SYS_fcntl, source[i], F_DUPFD_CLOEXEC, count);
			if (source[i] < 0)
				fail_at(room, STAGE_FDS, source[i], i);
		}
	}
	for (int32_t i = 0; i < count; i++) {
		long result = 0;
		if (source[i] < 0)
			RAW(SYS_close, i);
		else
			result = source[i] == i ? RAW(SYS_fcntl, i, F_SETFD, 0) : RAW(SYS_dup3, source[i], i, 0);
		if (result < 0)
			fail_at(room, STAGE_FDS, result, i);
	}
	/* Whatever archon or its own parent forgot to mark. An old kernel does not know it: then only marks count. */
	RAW(SYS_close_range, count, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
}

static long put(const char *path, const char *text)
{
	long fd = RAW(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	long count = RAW(SYS_write, fd, text, strlen(text));
	RAW(SYS_close, fd);
	return count;
}

static long get_limit(int resource, uint64_t limits[2])
{
	return RAW(SYS_prlimit64, 0, resource, NULL, limits);
}

static long set_limit(int resource, uint64_t soft, uint64_t hard)
{
	const uint64_t limits[2] = {soft, hard};
	return RAW(SYS_prlimit64, 0, resource, limits, NULL);
}

static bool is_unlimited(int resource)
{
	uint64_t limits[2];
	return get_limit(resource, limits) == 0 && limits[1] == UINT64_MAX;
}

/* Both or none, only where no archon further up has set its own, and never a reason to fail. */
static void set_mark(uint64_t mark)
{
	if (mark == 0 || !is_unlimited(RLIMIT_LOCKS) || !is_unlimited(RLIMIT_RSS))
		return;
	set_limit(RLIMIT_LOCKS, mark, mark);
	set_limit(RLIMIT_RSS, MARK_SUM - mark, MARK_SUM - mark);
}

uint64_t first_soft_limit;

/* archon has raised its own. */
static void restore_soft_limit(void)
{
	uint64_t limits[2];
	if (first_soft_limit != 0 && get_limit(RLIMIT_NOFILE, limits) == 0)
		set_limit(RLIMIT_NOFILE, first_soft_limit < limits[1] ? first_soft_limit : limits[1], limits[1]);
}

/* What a process may use and how it stands against others, while the rights to say so are still there. */
static void set_limits(struct room *room)
{
	const struct job *job = &room->job;
	const struct head *head = job->head;
	long result = head->oom == OOM_AS_IS ? 0 : put("/proc/self/oom_score_adj", job->oom);
	if (head->oom == OOM_MUST)
		must(room, STAGE_OOM, result);
	set_mark(head->mark);
	restore_soft_limit();
	for (int32_t i = 0; i < head->limits; i++) {
		const struct limit *limit = &job->limits[i];
		result = set_limit((int)limit->resource, limit->soft, limit->hard);
		if (result < 0)
			fail_at(room, STAGE_LIMIT, result, (int)limit->resource);
	}
	if (head->nice != NICE_AS_IS)
		must(room, STAGE_NICE, RAW(SYS_setpriority, PRIO_PROCESS, 0, head->nice));
	if (head->ioprio >= 0)
		must(room, STAGE_IONICE, RAW(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, head->ioprio));
}

/* Before the change of user: nothing executed later can have what is dropped, and what is to stay may stay. */
static void bound_caps(struct room *room)
{
	const struct job *job = &room->job;
	for (int cap = 0; cap < 64; cap++) {
		if (!(job->cap_drop >> cap & 1) || RAW(SYS_prctl, PR_CAPBSET_READ, cap) != 1)
			continue;
		long result = RAW(SYS_prctl, PR_CAPBSET_DROP, cap);
		if (result < 0)
			fail_at(room, STAGE_DROP, result, cap);
	}
	uint64_t missing = job->cap_add & ~job->permitted;
	if (missing)
		fail_at(room, STAGE_KEEP, -EPERM, __builtin_ctzll(missing));
	if (job->cap_add)
		must(room, STAGE_KEEP, RAW(SYS_prctl, PR_SET_KEEPCAPS, 1));
}

/*
 * After the change of user. Root gets at exec(2) whatever its bounding set holds; anybody else what is
 * in the ambient set, which takes being permitted and inheritable first (capabilities(7)).
 */
static void keep_caps(struct room *room)
{
	const struct job *job = &room->job;
	if (!job->cap_add && !job->cap_drop)
		return;
	bool is_root = RAW(SYS_geteuid) == 0;
	uint64_t kept = job->head->uid != NOBODY && job->head->uid != 0 ? job->cap_add : ~job->cap_drop;
	struct caps caps;
	must(room, STAGE_KEEP, get_caps(&caps));
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		struct __user_cap_data_struct *data = &caps.data[i];
		data->permitted &= (uint32_t)(kept >> 32 * i);
		data->effective = data->permitted;
		data->inheritable &= (uint32_t)(kept >> 32 * i);
		data->inheritable |= is_root ? 0 : (uint32_t)(job->cap_add >> 32 * i);
	}
	must(room, STAGE_KEEP, RAW(SYS_capset, &caps.header, caps.data));
	for (int cap = 0; cap < 64 && !is_root; cap++) {
		long result = job->cap_add >> cap & 1 ? RAW(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap) : 0;
		if (result < 0)
			fail_at(room, STAGE_KEEP, result, cap);
	}
}

/* Whether it becomes somebody else. */
static bool is_changed(const struct head *head)
{
	return head->uid != NOBODY || head->gid != NOBODY;
}

/*
 * Once it is its user's, whoever is the same user may send it signals: nothing is left for then that can be done before.
 * What even root does not find along PATH is not tried.
 */
static void look_along_path(struct job *job)
{
	char **next = job->paths;
	for (char **path = job->paths; *path; path++) {
		long result = **path == '/' ? RAW(SYS_faccessat, AT_FDCWD, *path, F_OK) : 0;
		if (result != -ENOENT && result != -ENOTDIR)
			*next++ = *path;
	}
	*next = NULL;
}

static void become(struct room *room)
{
	struct job *job = &room->job;
	const struct head *head = job->head;
	bound_caps(room);
	if (is_changed(head)) {
		/* Its copy of archon's memory is nobody's to look into. */
		RAW(SYS_prctl, PR_SET_DUMPABLE, 0);
		if (head->paths > 1)
			look_along_path(job);
	}
	if (head->groups >= 0)
		must(room, STAGE_GROUPS, RAW(SYS_setgroups, head->groups, job->groups));
	if (head->gid != NOBODY)
		must(room, STAGE_GID, RAW(SYS_setresgid, head->gid, head->gid, head->gid));
	if (head->uid != NOBODY)
		must(room, STAGE_UID, RAW(SYS_setresuid, head->uid, head->uid, head->uid));
	keep_caps(room);
	if (head->flags & FLAG_NO_NEW)
		must(room, STAGE_NO_NEW, RAW(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1));
}

/* Whether a file that the kernel does not know to execute may be a script: there is no NUL where it begins. */
static bool is_text(const char *path)
{
	char start[256];
	long fd = RAW(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	long length = fd < 0 ? -1 : RAW(SYS_read, fd, start, sizeof start);
	for (long i = 0; i < length; i++) {
		if (start[i] == 0)
			return false;
	}
	return length >= 0;
}

/* A script that names no interpreter is the shell's, as with execvp(3). Returns -errno. */
static long execute_file(const struct job *job, char *path)
{
	long result = RAW(SYS_execve, path, job->argv, job->envp);
	if (result != -ENOEXEC || !is_text(path))
		return result;
	char **argv = job->argv - 1; /* furnish() leaves room there */
	argv[0] = "/bin/sh";
	argv[1] = path;
	RAW(SYS_execve, argv[0], argv, job->envp);
	return result;
}

/* execvp(3)'s rule: go on along the path, and remember that something was there. */
static _Noreturn void execute(struct room *room)
{
	const struct job *job = &room->job;
	long error = -ENOENT;
	for (char **path = job->paths; *path; path++) {
		long result = execute_file(job, *path);
		if (result == -EACCES)
			error = result;
		else if (result != -ENOENT && result != -ENOTDIR)
			fail(room, STAGE_EXEC, result);
		else if (job->head->paths == 1)
			error = result;
	}
	fail(room, STAGE_EXEC, error);
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

static _Noreturn void go_on(struct room *room)
{
	const struct job *job = &room->job;
	const struct head *head = job->head;
	/*
	 * As a login shell would have them, nothing ignored and nothing blocked, or as archon was started with; what is handled
	 * exec(2) sets to its default.
	 */
	static const uint64_t fresh[4], ignoring[4] = {(uintptr_t)SIG_IGN}; /* struct sigaction of the kernel: no flags, restorer, mask */
	const uint64_t ignores = head->flags & FLAG_AS_STARTED ? first_ignored : 0, blocks = head->flags & FLAG_AS_STARTED ? first_blocked : 0;
	for (uint64_t bits = ignores & ~ignored; bits; bits &= bits - 1)
		RAW(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, ignoring, NULL, sizeof(uint64_t));
	for (uint64_t bits = ignored & ~ignores; bits; bits &= bits - 1)
		RAW(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, fresh, NULL, sizeof(uint64_t));
	if (job->cgroup >= 0)
		must(room, STAGE_CGROUP, RAW(SYS_write, job->cgroup, "0", 1));
	if (head->flags & FLAG_SESSION)
		must(room, STAGE_SESSION, RAW(SYS_setsid));
	if (head->flags & FLAG_FOREGROUND)
		take_terminal(room);
	place_fds(room);
	if (head->flags & FLAG_TERMINAL)
		must(room, STAGE_TERMINAL, RAW(SYS_ioctl, STDOUT_FILENO, TIOCSCTTY, 0));
	if (head->umask >= 0)
		RAW(SYS_umask, head->umask);
	set_limits(room);
	become(room);
	if (job->cwd)
		must(room, STAGE_CWD, RAW(SYS_chdir, job->cwd));
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &blocks, NULL, sizeof blocks);
	execute(room);
}

/*
 * archon has some descriptors for each service. A copy of them all for each process, and their being closed when it
 * executes, would take longer than the rest. So the few that a process takes are put at low numbers that are kept free
 * for that, the child shares archon's table, and leaves with a copy of its beginning (CLOSE_RANGE_UNSHARE, Linux 5.9).
 */
#define ASIDE 8

static int aside[ASIDE + 1]; /* nothing but a place, and the last one never anything else */
static int aside_end;    /* the numbers below are copied; -1: the whole table is */

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

/* All that the job takes; whether there was room. Else the job is as it was. */
static bool put_all_aside(struct job *job, int *used)
{
	const struct head *head = job->head;
	int32_t fds[FDS_MAX];
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
		if (dup3(aside[ASIDE], aside[i], O_CLOEXEC) >= 0)
			continue;
		close(aside[i]);
		aside_end = -1;
	}
}

static void hold(struct room *room)
{
	atomic_store(&room->holder, (uint32_t)RAW(SYS_gettid) | FUTEX_WAITERS);
	RAW(SYS_set_robust_list, &room->list, sizeof room->list);
}

static int child(void *place)
{
	struct room *room = place;
	hold(room);
	atomic_store(&room->has_left, true);
	go_on(room);
}

static int leave(void *place)
{
	struct room *room = place;
	hold(room);
	if (RAW(SYS_close_range, aside_end, UINT_MAX, 2 /* CLOSE_RANGE_UNSHARE */) < 0) {
		atomic_store(&room->cannot_leave, true);
		quit();
	}
	atomic_store(&room->has_left, true);
	go_on(room);
}

/*
 * How long archon waits: a child executes within less than a millisecond. Whether somebody has stopped it is looked at
 * again and again, and who is neither stopped nor through at the end is left alone with what keeps it; but not with
 * archon's descriptors, which it leaves first of all, when nobody but archon's own user can hinder it.
 */
#define LOOK 10 /* ms */
#define LOOKS 100
#define LOOKS_TO_LEAVE 1000

enum fate { FATE_OVER, FATE_STOPPED, FATE_SLOW };

static bool is_over(struct room *room)
{
	return atomic_load(&room->holder) & FUTEX_OWNER_DIED;
}

/* Until it has executed or ended, but no longer than one look. */
static bool await_look(struct room *room)
{
	const struct timespec look = {.tv_nsec = LOOK * 1000000};
	while (!is_over(room)) {
		uint32_t holder = atomic_load(&room->holder) & ~(uint32_t)FUTEX_OWNER_DIED;
		if (RAW(SYS_futex, &room->holder, FUTEX_WAIT, holder, &look, NULL) == -ETIMEDOUT)
			return is_over(room);
	}
	return true;
}

static enum fate await(struct room *room, pid_t pid)
{
	for (int look = 0; look < LOOKS || (look < LOOKS_TO_LEAVE && !atomic_load(&room->has_left)); look++) {
		if (await_look(room))
			return FATE_OVER;
		siginfo_t about = {0};
		int changes = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT;
		/* What is told of it may have come after it had executed: then it is nothing to archon. */
		if (waitid(P_PID, pid, &about, changes) < 0 || about.si_pid == 0 || is_over(room))
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
 * the rest. No child needs what is in the engine's heap and stack (MADV_DONTFORK, madvise(2)), and none then has the
 * secrets in it. New memory is looked for when so many copies were made; where there is no /proc, all is copied.
 */
#define COPIES 32

#ifdef ARCHON_UNDER_NODE
static void keep_from_child(void)
{
}
#else
extern char _end[]; /* of the executable's own memory (end(3)) */

/* Anonymous and private, and not what the C library keeps for the thread. */
static bool is_needless(uintptr_t from, uintptr_t to, const char *rights, unsigned long inode, const char *name)
{
	uintptr_t own = (uintptr_t)&errno;
	return from >= (uintptr_t)_end && strcmp(rights, "rw-p") == 0 && inode == 0 && (own < from || own >= to)
		&& (*name == 0 || strcmp(name, "[heap]") == 0 || strcmp(name, "[stack]") == 0);
}

static void keep_from_child(void)
{
	static unsigned copies;
	if (copies++ % COPIES != 0)
		return;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long from, to, inode;
		char rights[8], name[16] = "";
		int found = sscanf(line, "%lx-%lx %7s %*s %*s %lu %15s", &from, &to, rights, &inode, name);
		if (found >= 4 && is_needless(from, to, rights, inode, name))
			madvise((void *)from, to - from, MADV_DONTFORK);
	}
	if (maps)
		fclose(maps);
}
#endif

/*
 * Its pid, and `error` is 0 once it has executed or ended, or EINPROGRESS where it is slow; else -1. A child that somebody
 * has stopped is killed: it goes on when that one wants it to.
 */
static pid_t make(struct room *room)
{
	struct report *report = &room->report;
	int used = 0;
	bool is_apart = put_all_aside(&room->job, &used);
	keep_from_child();
	int flags = (is_apart ? CLONE_FILES : 0) | SIGCHLD;
	pid_t pid = clone(is_apart ? leave : child, room->stack + STACK, flags, room);
	int error = errno;
	enum fate fate = pid < 0 ? FATE_OVER : await(room, pid);
	if (fate == FATE_STOPPED)
		kill(pid, SIGKILL);
	clear_aside(used);
	if (pid < 0) {
		report->error = error;
		return -1;
	}
	if (fate == FATE_SLOW) {
		room->is_taken = true;
		report->error = EINPROGRESS;
		return pid;
	}
	if (fate == FATE_STOPPED)
		*report = (struct report){.stage = STAGE_EXEC, .error = ECANCELED, .detail = -1};
	if (report->error == 0 && !room->cannot_leave)
		return pid;
	room->is_taken = !reap(pid) && fate == FATE_STOPPED;
	return -1;
}

#define ROOMS 64

/* One that no child is in any more, large enough; NULL: there is none, or no memory for it. */
static struct room *find_room(size_t size)
{
	static struct room *rooms[ROOMS];
	for (int i = 0; i < ROOMS; i++) {
		struct room *room = rooms[i];
		if (room && room->is_taken && !is_over(room))
			continue;
		if (room && room->size >= size)
			return room;
		if (room)
			munmap(room, room->size);
		room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		rooms[i] = room == MAP_FAILED ? NULL : room;
		if (rooms[i])
			room->size = size;
		return rooms[i];
	}
	return NULL;
}

/* Copies the request, `size` bytes of it, into the room, where the lists of its strings follow it. */
static void furnish(struct room *room, const void *request, size_t size)
{
	struct job *job = &room->job;
	memcpy(room->request, request, size);
	const struct head *head = job->head = (const struct head *)room->request;
	job->limits = (const struct limit *)(head + 1);
	job->groups = (const gid_t *)(job->limits + head->limits);
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

	room->list = (struct robust_list_head){
		.list = {&room->link}, .futex_offset = (long)offsetof(struct room, holder) - (long)offsetof(struct room, link),
	};
	room->link.next = &room->list.list;
	atomic_store(&room->holder, FUTEX_WAITERS);
	atomic_store(&room->has_left, false);
	atomic_store(&room->cannot_leave, false);
	room->is_taken = false;
	room->report = (struct report){.stage = STAGE_FORK, .detail = -1};
}

/*
 * Makes a process as the request, of so many bytes, says. Returns its pid once it has executed, or if it takes long to;
 * the errno in the report is EINPROGRESS then. Else -1, with the stage and the errno in the report, and nothing left
 * to wait for. WAITS up to a second.
 */
int32_t archon_spawn(const void *request, size_t size, void *place)
{
	struct report *report = place;
	const struct head *head = request;
	*report = (struct report){.stage = STAGE_FORK, .detail = -1};
	size_t lists = ((size_t)head->paths + head->argc + head->envc + 5) * sizeof(char *);
	struct room *room = find_room(sizeof *room + size + lists);
	if (!room) {
		report->error = EAGAIN;
		return -1;
	}
	furnish(room, request, size);
	report->error = (int32_t)-find_caps(&room->job);
	if (report->error != 0)
		return -1;

	/* No handler of archon's may run in the child. */
	if (!is_ignored_known)
		find_ignored();
	uint64_t all = ~0ull, before;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
	pid_t pid = make(room);
	if (room->cannot_leave) {
		aside_end = -1;
		furnish(room, request, size);
		find_caps(&room->job);
		pid = make(room);
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	*report = room->report;
	return pid;
}
