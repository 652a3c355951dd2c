/*
 * What must be done before the first line of Node, by a library that the executable names as needed: the constructors
 * of such a library run first.
 *
 * No signal is lost while archon starts: what can be blocked is blocked, and waits until archon has its handlers in
 * place and unblocks all (native.ts); else a PID 1 would be deaf to it (pid_namespaces(7)). Node sets a mask of its own
 * when it starts, SIGUSR1 and nothing else; this one call is answered without effect.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* absl::SetMutexDeadlockDetectionMode of the absl that Node is built with, which looks for deadlocks at each lock. */
extern void _ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE(int) __attribute__((weak));
enum {IGNORE_DEADLOCKS = 0};

/* Saves Node the mebibyte in which it would remember the order of all locks, and the time. */
static __attribute__((constructor)) void trust_locks(void)
{
	if (_ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE)
		_ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE(IGNORE_DEADLOCKS);
}

/* Four for each of a thousand services: 32 KiB. */
#define DESCRIPTORS 4096

static int is_starting;

/*
 * As long as there is one thread, the kernel's table of descriptors grows at once; later every growth waits until all
 * processors have taken note, many milliseconds in which archon could start services.
 */
static void make_room(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	int one = open("/", O_PATH | O_CLOEXEC);
	int last = fcntl(one, F_DUPFD_CLOEXEC, limit.rlim_cur < DESCRIPTORS ? (int)limit.rlim_cur - 1 : DESCRIPTORS - 1);
	if (last >= 0)
		close(last);
	if (one >= 0)
		close(one);
}

/*
 * For PID 1, and for an archon that was executed anew and has children. Any other process may be ended while it
 * starts, and a client must be. A fault that is blocked would end even PID 1 (signal(7)).
 */
static __attribute__((constructor)) void wait_for_handlers(void)
{
	if (getpid() != 1 && !getenv("ARCHON_LEDGER"))
		return;
	static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	sigset_t blocked;
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&blocked, faults[i]);
	is_starting = sigprocmask(SIG_SETMASK, &blocked, NULL) == 0;
	make_room();
}

static int is_nodes(int how, const sigset_t *set)
{
	sigset_t nodes;
	sigemptyset(&nodes);
	sigaddset(&nodes, SIGUSR1);
	for (int signal = 1; how == SIG_SETMASK && set && signal < NSIG; signal++) {
		if (sigismember(set, signal) != sigismember(&nodes, signal))
			return 0;
	}
	return how == SIG_SETMASK && set;
}

/* In front of the C library's, for the executable and all that it loads. */
__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
	if (is_starting && is_nodes(how, set)) {
		is_starting = 0;
		set = NULL;
	}
	return sigprocmask(how, set, before) < 0 ? errno : 0;
}
