/*
 * What a child of archon's does between clone and exec. It makes system calls only, without the C library, and uses no
 * memory but its room's, which is all of archon's memory that it has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "spawn.h"

/* The value that guards the stack stands in memory that the child does not have. */
#pragma GCC optimize("no-stack-protector")

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

/* Its own process group in archon's session, without the terminal that may have. */
static void leave_terminal(struct room *room)
{
	must(room, STAGE_SESSION, RAW(SYS_setpgid, 0, 0));
	long tty = RAW(SYS_openat, AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return;
	RAW(SYS_ioctl, tty, TIOCNOTTY, 0);
	RAW(SYS_close, tty);
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
	/* What archon or its own parent left without close-on-exec. An old kernel does not know this call: then only that flag counts. */
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

/* Both or none, only where neither its service nor an archon further up has set its own, and never a reason to fail. */
static void set_tag(uint64_t tag)
{
	if (tag == 0 || !is_unlimited(RLIMIT_LOCKS) || !is_unlimited(RLIMIT_RSS))
		return;
	set_limit(RLIMIT_LOCKS, tag, tag);
	set_limit(RLIMIT_RSS, TAG_SUM - tag, TAG_SUM - tag);
}

/* archon has raised its own. */
static void restore_soft_limit(uint64_t first)
{
	uint64_t limits[2];
	if (first != 0 && get_limit(RLIMIT_NOFILE, limits) == 0)
		set_limit(RLIMIT_NOFILE, first < limits[1] ? first : limits[1], limits[1]);
}

/* What a process may use and how it stands against others, while the rights to say so are still there. */
static void set_limits(struct room *room)
{
	const struct job *job = &room->job;
	const struct head *head = job->head;
	long result = head->oom == OOM_AS_IS ? 0 : put("/proc/self/oom_score_adj", job->oom);
	if (head->oom == OOM_MUST)
		must(room, STAGE_OOM, result);
	restore_soft_limit(job->soft_limit);
	for (int32_t i = 0; i < head->limits; i++) {
		const struct limit *limit = &job->limits[i];
		result = set_limit((int)limit->resource, limit->soft, limit->hard);
		if (result < 0)
			fail_at(room, STAGE_LIMIT, result, (int)limit->resource);
	}
	set_tag(head->tag);
	if (head->affinity > 0)
		must(room, STAGE_AFFINITY, RAW(SYS_sched_setaffinity, 0, head->affinity * sizeof *job->affinity, job->affinity));
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
 * After the change of user. Root gets at exec(2) whatever its bounding set holds; any other user what is
 * in the ambient set, which takes being permitted and inheritable first (capabilities(7)).
 */
static void keep_caps(struct room *room)
{
	const struct job *job = &room->job;
	if (!job->cap_add && !job->cap_drop)
		return;
	bool is_root = RAW(SYS_geteuid) == 0;
	uint64_t kept = job->head->uid != NO_ID && job->head->uid != 0 ? job->cap_add : ~job->cap_drop;
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

/* Whether it becomes another user, or has other rights: more processes may then trace it (ptrace(2)). */
static bool is_changed(const struct head *head)
{
	return head->uid != NO_ID || head->gid != NO_ID || head->groups >= 0 || head->cap_add || head->cap_drop;
}

/*
 * Once it is its user's, others of that user may send it signals: nothing is left for then that can be done before.
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
		/* What it has of archon's memory and descriptors is not for others to look into. */
		RAW(SYS_prctl, PR_SET_DUMPABLE, 0);
		if (head->paths > 1)
			look_along_path(job);
	}
	if (head->groups >= 0)
		must(room, STAGE_GROUPS, RAW(SYS_setgroups, head->groups, job->groups));
	if (head->gid != NO_ID)
		must(room, STAGE_GID, RAW(SYS_setresgid, head->gid, head->gid, head->gid));
	if (head->uid != NO_ID)
		must(room, STAGE_UID, RAW(SYS_setresuid, head->uid, head->uid, head->uid));
	keep_caps(room);
	if (head->flags & FLAG_NO_NEW)
		must(room, STAGE_NO_NEW, RAW(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1));
}

/* Its own number, which could not be known before, in the place that its request has for it (sd_listen_fds(3)). */
static void put_listen_pid(const struct job *job)
{
	static const char name[] = "LISTEN_PID=";
	char digits[16];
	int count = 0;
	for (long pid = RAW(SYS_getpid); pid > 0; pid /= 10)
		digits[count++] = (char)('0' + pid % 10);
	for (char **each = job->envp; *each; each++) {
		size_t at = 0;
		while (name[at] && (*each)[at] == name[at])
			at++;
		if (name[at])
			continue;
		char *value = *each + at;
		/* No longer than what stands there. */
		for (int i = count; i > 0 && *value; value++)
			*value = digits[--i];
		*value = 0;
		return;
	}
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

static _Noreturn void go_on(struct room *room)
{
	const struct job *job = &room->job;
	const struct head *head = job->head;
	/*
	 * As a login shell would have them, nothing ignored and nothing blocked, or as archon was started with; what is handled
	 * exec(2) sets to its default.
	 */
	static const uint64_t fresh[4], ignoring[4] = {(uintptr_t)SIG_IGN}; /* struct sigaction of the kernel: no flags, restorer, mask */
	for (uint64_t bits = job->to_ignore & ~job->ignored; bits; bits &= bits - 1)
		RAW(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, ignoring, NULL, sizeof(uint64_t));
	for (uint64_t bits = job->ignored & ~job->to_ignore; bits; bits &= bits - 1)
		RAW(SYS_rt_sigaction, __builtin_ctzll(bits) + 1, fresh, NULL, sizeof(uint64_t));
	if (job->cgroup >= 0)
		must(room, STAGE_CGROUP, RAW(SYS_write, job->cgroup, "0", 1));
	if (head->flags & FLAG_SESSION)
		must(room, STAGE_SESSION, RAW(SYS_setsid));
	if (head->flags & FLAG_GROUP)
		leave_terminal(room);
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
	if (head->flags & FLAG_LISTEN_PID)
		put_listen_pid(job);
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &job->to_block, NULL, sizeof job->to_block);
	execute(room);
}

static void hold(struct room *room)
{
	atomic_store(&room->holder, (uint32_t)RAW(SYS_gettid) | FUTEX_WAITERS);
	RAW(SYS_set_robust_list, &room->list, sizeof room->list);
}

int begin_child(void *place)
{
	struct room *room = place;
	int end = room->job.aside_end;
	hold(room);
	/* A child that has a table of its own closes nothing, and shows whether others could leave. */
	long result = RAW(SYS_close_range, end < 0 ? INT_MAX : end, UINT_MAX, 2 /* CLOSE_RANGE_UNSHARE */);
	if (result < 0 && end >= 0)
		fail(room, STAGE_FORK, result);
	room->can_leave = result == 0;
	atomic_store(&room->has_left, true);
	go_on(room);
}
