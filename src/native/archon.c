/*
 * What archon needs of the machine that cannot be TypeScript: the steps between vfork and exec.
 *
 * A vfork child shares the parent's memory and runs on its stack until it executes or ends, so it may
 * only make system calls and write to the report. It has its own descriptors, signal dispositions,
 * umask and directory (clone(2) without CLONE_FILES, CLONE_SIGHAND and CLONE_FS).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The order is that of STAGES in native.ts. */
enum stage { STAGE_FORK, STAGE_SESSION, STAGE_TERMINAL, STAGE_FDS, STAGE_GROUPS, STAGE_GID, STAGE_UID, STAGE_CWD, STAGE_EXEC };

enum flag { FLAG_SESSION = 1, FLAG_FOREGROUND = 2 };

/* A request, as native.ts lays it out: this head, then groups, fds, and strings each ending in NUL. */
struct head {
	int32_t flags;
	int32_t umask;  /* -1: as it is */
	int32_t uid;    /* -1: as it is */
	int32_t gid;    /* -1: as it is */
	int32_t groups; /* how many; -1: as they are */
	int32_t fds;    /* how many; the child's 0, 1, 2, … in order */
	int32_t cwd;    /* 1: the first string is the directory */
	int32_t paths;  /* how many files to try to execute, in order */
	int32_t argc;
	int32_t envc;
};

struct report {
	volatile int32_t stage;
	volatile int32_t error;
};

struct job {
	const struct head *head;
	const gid_t *groups;
	const int32_t *fds;
	const char *cwd;
	char **paths, **argv, **envp;
	struct report *report;
};

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

static _Noreturn void fail(const struct job *job, enum stage stage, int error)
{
	job->report->stage = stage;
	job->report->error = error;
	_exit(127);
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
	int32_t source[64];
	if (count > 64)
		fail(job, STAGE_FDS, EINVAL);
	/* Sources that a target would overwrite step aside first. */
	for (int32_t i = 0; i < count; i++) {
		source[i] = job->fds[i];
		if (source[i] >= 0 && source[i] < count && source[i] != i) {
			source[i] = fcntl(source[i], F_DUPFD_CLOEXEC, count);
			if (source[i] < 0)
				fail(job, STAGE_FDS, errno);
		}
	}
	for (int32_t i = 0; i < count; i++) {
		int result = source[i] < 0 ? (close(i), 0) : source[i] == i ? fcntl(i, F_SETFD, 0) : dup2(source[i], i);
		if (result < 0)
			fail(job, STAGE_FDS, errno);
	}
	/* Whatever archon or its own parent forgot to mark. An old kernel does not know it: then only marks count. */
	syscall(SYS_close_range, count, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
}

/* The system calls themselves: glibc's wrappers would carry the change to the parent's threads. */
static void become(const struct job *job)
{
	const struct head *head = job->head;
	if (head->groups >= 0 && syscall(SYS_setgroups, head->groups, job->groups) < 0)
		fail(job, STAGE_GROUPS, errno);
	if (head->gid >= 0 && syscall(SYS_setresgid, head->gid, head->gid, head->gid) < 0)
		fail(job, STAGE_GID, errno);
	if (head->uid >= 0 && syscall(SYS_setresuid, head->uid, head->uid, head->uid) < 0)
		fail(job, STAGE_UID, errno);
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

static _Noreturn __attribute__((noinline)) void child(const struct job *job)
{
	const struct head *head = job->head;
	/* As a login shell would have them: nothing ignored, nothing handled, nothing blocked. */
	struct sigaction fresh = {.sa_handler = SIG_DFL};
	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &fresh, NULL);
	if (head->flags & FLAG_SESSION && setsid() < 0)
		fail(job, STAGE_SESSION, errno);
	if (head->flags & FLAG_FOREGROUND)
		take_terminal(job);
	place_fds(job);
	if (head->umask >= 0)
		umask(head->umask);
	become(job);
	if (job->cwd && chdir(job->cwd) < 0)
		fail(job, STAGE_CWD, errno);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execute(job);
}

/*
 * Makes a process as the request says. Returns its pid once it has executed; else -1, with the stage
 * and the errno in the report, and nothing left to wait for.
 */
EXPORT int32_t archon_spawn(const void *request, struct report *report)
{
	struct job job = {.head = request, .report = report};
	const struct head *head = job.head;
	int32_t groups = head->groups > 0 ? head->groups : 0;
	job.groups = (const gid_t *)(head + 1);
	job.fds = (const int32_t *)(job.groups + groups);
	const char *cursor = (const char *)(job.fds + head->fds);

	report->stage = STAGE_FORK;
	report->error = 0;
	size_t slots = (size_t)head->paths + head->argc + head->envc + 3;
	char **lists = malloc(slots * sizeof *lists);
	if (!lists) {
		report->error = ENOMEM;
		return -1;
	}
	job.paths = lists;
	job.argv = job.paths + head->paths + 1;
	job.envp = job.argv + head->argc + 1;
	job.cwd = head->cwd ? take(&cursor) : NULL;
	take_all(&cursor, job.paths, head->paths);
	take_all(&cursor, job.argv, head->argc);
	take_all(&cursor, job.envp, head->envc);

	/* No handler of the parent's may run in the child, on a stack that both use. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork();
	if (pid == 0)
		child(&job);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);

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
