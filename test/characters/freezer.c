/*
 * Somebody who runs as the user of a service and wants PID 1 to wait for ever: it guesses which pid comes next and sends
 * that one SIGSTOP, again and again, so that a child is stopped before it executes its program. It ends by itself.
 *
 * `freezer SECONDS [SIGNAL]`. With `any` for the signal it sends one of many, lets whom it stopped go on, traces and looks
 * into the memory, the environment and the descriptors of what still is archon's; it says `saw …` and fails if that let it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AHEAD 12

static int own, has_seen;

static void saw(const char *what, int pid)
{
	has_seen = 1;
	printf("saw %s of archon's child %d\n", what, pid);
	fflush(stdout);
}

/* The pid that was given last, of all in this PID namespace (proc_loadavg(5)). */
static int last_pid(void)
{
	char text[128] = "";
	int fd = open("/proc/loadavg", O_RDONLY);
	ssize_t length = read(fd, text, sizeof text - 1);
	close(fd);
	char *last = length > 0 ? strrchr(text, ' ') : NULL;
	return last ? atoi(last) : 0;
}

/* Whether it executes archon, as far as this user may know: who may read the link may read the memory. */
static int is_archon(int pid)
{
	char path[64], target[256] = "";
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	if (readlink(path, target, sizeof target - 1) < 0)
		return 0;
	char *name = strrchr(target, '/');
	return name && strcmp(name, "/archon") == 0;
}

/* What was open before it is known to be archon's is archon's. */
static void look_into(int pid)
{
	static const char *const FILES[] = {"mem", "environ", "maps"};
	char path[64];
	for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
		snprintf(path, sizeof path, "/proc/%d/%s", pid, FILES[i]);
		int fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		if (is_archon(pid))
			saw(FILES[i], pid);
		close(fd);
	}
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	DIR *fds = opendir(path);
	if (fds && readdir(fds) && is_archon(pid))
		saw("fd", pid);
	if (fds)
		closedir(fds);
}

static void trace(int pid)
{
	if (rand() % 2) {
		if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)(PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)) < 0)
			return;
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	} else if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) {
		return;
	}
	int status;
	/* Some it keeps for good. */
	if (rand() % 4 == 0)
		return;
	waitpid(pid, &status, __WALL);
	if (is_archon(pid))
		saw("what ptrace(2) shows", pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void trouble(int pid)
{
	static const int SIGNALS[] = {SIGSTOP, SIGSTOP, SIGSTOP, SIGCONT, SIGCONT, SIGTSTP, SIGKILL, SIGSEGV, SIGTERM, SIGCHLD, 40};
	switch (rand() % 16) {
	case 0:
		look_into(pid);
		break;
	case 1:
		trace(pid);
		break;
	default:
		kill(pid, SIGNALS[rand() % (sizeof SIGNALS / sizeof *SIGNALS)]);
	}
}

int main(int count, char **arguments)
{
	time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 1);
	int is_any = count > 2 && strcmp(arguments[2], "any") == 0;
	int signal = count > 2 ? atoi(arguments[2]) : SIGSTOP;
	own = getpid();
	while (time(NULL) < end) {
		int last = last_pid();
		for (int round = 0; round < 200; round++) {
			for (int pid = last; pid <= last + AHEAD; pid++) {
				if (pid <= 1 || pid == own)
					continue;
				if (is_any)
					trouble(pid);
				else
					kill(pid, signal);
			}
		}
		while (is_any && waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
	}
	return has_seen;
}
