/* What the loop waits for: ready descriptors, signals, and time. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"
#include "watching.h"

#define BATCH 256

void sys_epollCreate(struct call *call)
{
	give_result(call, epoll_create1(EPOLL_CLOEXEC));
}

void sys_epollControl(struct call *call)
{
	struct epoll_event event = {.events = (uint32_t)arg_number(call, 3), .data.fd = arg_int(call, 2)};
	give_result(call, epoll_ctl(arg_int(call, 0), arg_int(call, 1), arg_int(call, 2), &event));
}

/* How many are ready; pairs of descriptor and events. A negative timeout waits for ever. */
void sys_epollWait(struct call *call)
{
	struct epoll_event events[BATCH];
	size_t length;
	int32_t *out = arg_memory(call, 2, &length);
	int most = length / (2 * sizeof *out) < BATCH ? (int)(length / (2 * sizeof *out)) : BATCH;
	int count = epoll_wait(arg_int(call, 0), events, most, arg_int(call, 1));
	for (int i = 0; i < count; i++) {
		out[2 * i] = events[i].data.fd;
		out[2 * i + 1] = (int32_t)events[i].events;
	}
	give_result(call, count);
}

/* ── Changes of files (inotify(7)) ── */

void sys_openWatches(struct call *call)
{
	give_result(call, inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

void sys_addWatch(struct call *call)
{
	give_result(call, watch_path(arg_int(call, 0), arg_path(call, 1), arg_flag(call, 2)));
}

void sys_removeWatch(struct call *call)
{
	give_result(call, inotify_rm_watch(arg_int(call, 0), arg_int(call, 1)));
}

/* isWatched(rules, path, isFolder). */
void sys_isWatched(struct call *call)
{
	give_flag(call, is_watched(arg_path(call, 0), arg_path(call, 1), arg_flag(call, 2)));
}

/* Each as its watch's number, a space, and the name in the folder; -1 stands for some that were lost. */
void sys_readWatches(struct call *call)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t length = read(arg_int(call, 0), events, sizeof events);
	if (length < 0) {
		give_number(call, -errno);
		return;
	}
	give_list(call);
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(events + at);
		char text[16 + NAME_MAX + 1];
		int size = snprintf(text, sizeof text, "%d %s", event->wd, event->len > 0 ? event->name : "");
		add_text(call, text, size);
		at += (ssize_t)(sizeof *event + event->len);
	}
}

/*
 * Ready when the clock on the wall was set, or the machine has slept: a timer that never ends, but is cancelled then
 * (timerfd_create(2)). Without a descriptor a new one; else that one again.
 */
void sys_watchClock(struct call *call)
{
	int fd = arg_int(call, 0);
	int own = fd < 0 ? timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC) : fd;
	struct itimerspec never = {.it_value.tv_sec = INT32_MAX};
	never.it_value.tv_sec *= 64;
	uint64_t count;
	/* Says ECANCELED, and is quiet until the next time. */
	if (fd >= 0 && read(fd, &count, sizeof count) < 0)
		errno = 0;
	if (own >= 0 && timerfd_settime(own, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 && errno != ECANCELED) {
		int error = errno;
		if (fd < 0)
			close(own);
		give_number(call, -error);
		return;
	}
	give_result(call, own);
}

/* Milliseconds of CLOCK_MONOTONIC, which no change of the date moves (clock_gettime(2)). */
void sys_now(struct call *call)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	give_number(call, time.tv_sec * 1e3 + time.tv_nsec / 1e6);
}

/* The same of CLOCK_BOOTTIME, by which the kernel tells when processes were made. */
void sys_sinceBoot(struct call *call)
{
	struct timespec time;
	clock_gettime(CLOCK_BOOTTIME, &time);
	give_number(call, time.tv_sec * 1e3 + time.tv_nsec / 1e6);
}

/* ── Signals ── The kernel's own calls: the C library keeps some signals for itself, and services may be sent those as well. */

#ifdef ARCHON_UNDER_NODE
/* Node's other threads would take what this one blocks: handlers write to a pipe instead. */
static int written = -1;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	int error = errno;
	struct signalfd_siginfo read = {.ssi_signo = signal, .ssi_code = info->si_code, .ssi_pid = info->si_pid, .ssi_uid = info->si_uid};
	if (write(written, &read, sizeof read) < 0)
		errno = 0;
	errno = error;
}

static int open_signals(int fd, uint64_t set)
{
	int ends[2] = {fd, written};
	if (fd < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	written = ends[1];
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	for (int signal = 1; signal < NSIG; signal++) {
		if (set >> (signal - 1) & 1)
			sigaction(signal, &action, NULL);
	}
	return ends[0];
}
#else
static int open_signals(int fd, uint64_t set)
{
	/* Who started archon may have ignored some: children whose SIGCHLD is ignored are never seen. */
	static const uint64_t plain[4]; /* struct sigaction of the kernel: SIG_DFL, no flags, no restorer, no mask */
	for (int signal = 1; signal <= 64; signal++) {
		if (set >> (signal - 1) & 1)
			syscall(SYS_rt_sigaction, signal, plain, NULL, sizeof(uint64_t));
	}
	fd = syscall(SYS_signalfd4, fd, &set, sizeof set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0)
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, sizeof set);
	return fd;
}
#endif

static void hear(struct call *call, int fd, int at)
{
	double signals[64];
	uint64_t set = 0;
	size_t count = arg_numbers(call, at, signals, 64);
	for (size_t i = 0; i < count; i++)
		set |= 1ull << ((int)signals[i] - 1);
	forget_ignored();
	give_result(call, open_signals(fd, set));
}

/* From here on these signals wait in the descriptor, and all others do what they always do. */
void sys_openSignals(struct call *call)
{
	hear(call, -1, 0);
}

/* The same for a descriptor that there is. */
void sys_changeSignals(struct call *call)
{
	hear(call, arg_int(call, 0), 1);
}

/*
 * Who sent it. Of a process outside of its PID namespace the kernel gives no pid, and SI_USER is kill(2)'s alone: a
 * process that makes up its own siginfo cannot have it (rt_sigqueueinfo(2)).
 */
static enum origin origin_of(const struct signalfd_siginfo *info)
{
	if (info->ssi_code == SI_KERNEL)
		return ORIGIN_KERNEL;
	return info->ssi_code == SI_USER && info->ssi_pid == 0 ? ORIGIN_OUTSIDE : ORIGIN_INSIDE;
}

/* The next that came: signal, si_code, pid and uid of who sent it, and its origin. 1, or -EAGAIN. */
void sys_readSignal(struct call *call)
{
	size_t length;
	int32_t *out = arg_memory(call, 1, &length);
	struct signalfd_siginfo info;
	if (length < SIGNAL_FIELDS * sizeof *out)
		return give_number(call, -EINVAL);
	if (read(arg_int(call, 0), &info, sizeof info) < 0)
		return give_number(call, -errno);
	enum origin origin = origin_of(&info);
	if (info.ssi_signo != SIGCHLD)
		note_signal(info.ssi_signo, origin);
	out[SIGNAL_NUMBER] = info.ssi_signo;
	out[SIGNAL_CODE] = info.ssi_code;
	out[SIGNAL_PID] = info.ssi_pid;
	out[SIGNAL_UID] = info.ssi_uid;
	out[SIGNAL_ORIGIN] = origin;
	give_number(call, 1);
}

/* For good: SIGTTIN and SIGTTOU would stop an archon that gave the terminal away. */
void sys_ignoreSignal(struct call *call)
{
	forget_ignored();
	give_number(call, signal(arg_int(call, 0), SIG_IGN) == SIG_ERR ? -errno : 0);
}
