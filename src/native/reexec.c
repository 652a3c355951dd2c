/*
 * PID 1 survives itself: a fatal signal re-executes archon, with the same pid, the same children and the descriptors
 * that are to be kept; what has to be known afterwards stands in memory that outlives it.
 *
 * Nothing in a handler does more than system calls and stores (signal-safety(7)). Everything is written down here
 * before it is needed: arguments, environment, the file to execute. Only the main thread executes: one that is not the
 * first would make /proc/1/stat say Z until the others are gone, and a runtime take the container for stopped.
 * Signals that are blocked and wait stay so over execve(2), and need not be remembered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"
#include "layouts.h"

#define MAGIC 0x326f6861 /* another layout, another number: an older archon's memory is not understood */
#define FDS (1 << 20)
#define FDS_LOOKED_AT (1 << 16) /* where the kernel cannot do it for all at once */
#define STACK (64 << 10)
#define VARIABLE_NAME "ARCHON_HANDOFF"
#define VARIABLE VARIABLE_NAME "="

_Static_assert(sizeof(struct header) <= HEADER_ROOM, "the header has its place");

static const int FATAL[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
#define FATAL_COUNT (sizeof FATAL / sizeof *FATAL)

static struct header *header;
static int memory_fd = -1;
static int program_fd = -1;
static char **argv, **envp;
static pid_t self;
static char stack[STACK] __attribute__((aligned(16)));
static uint64_t kept[FDS / 64];
static int kept_max = STDERR_FILENO;

static pid_t main_thread;
static atomic_int dying;         /* how many faults the main thread met since it began to re-execute archon */
static volatile sig_atomic_t sections; /* how deep the main thread is in what must not be torn apart */
static volatile sig_atomic_t is_deferred;
static struct cause deferred;
static atomic_int foreign_state; /* 1: another thread had the fault in `foreign`, and waits for its end */
static struct cause foreign;

static pid_t thread(void)
{
	return syscall(SYS_gettid);
}

static void rest(long milliseconds)
{
	struct timespec time = {.tv_nsec = milliseconds * 1000000};
	nanosleep(&time, NULL);
}

static void note(const struct cause *cause, const char *words)
{
	header->reexecutions++;
	struct cause *place = &header->causes[header->reexecutions % CAUSES_MAX];
	*place = *cause;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	place->at = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	size_t length = strnlen(words, CAUSE_WORDS_MAX - 1);
	memcpy(header->words, words, length);
	header->words[length] = 0;
}

static void mark_kept(int flags)
{
	for (int word = 0; word <= kept_max / 64; word++) {
		for (uint64_t bits = kept[word]; bits; bits &= bits - 1)
			fcntl(word * 64 + __builtin_ctzll(bits), F_SETFD, flags);
	}
	fcntl(memory_fd, F_SETFD, flags);
	fcntl(program_fd, F_SETFD, flags);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		fcntl(fd, F_SETFD, 0);
}

/* The running file, also where its name now leads to another one; by descriptor where there is no /proc. */
static void execute_self(void)
{
	execve("/proc/self/exe", argv, envp);
	int error = errno;
	if (program_fd >= 0)
		syscall(SYS_execveat, program_fd, "", argv, envp, AT_EMPTY_PATH);
	if (errno == EBADF || errno == ENOSYS)
		errno = error;
}

static void tell(const char *words)
{
	struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (poll(&stream, 1, 0) == 1 && write(STDERR_FILENO, words, strlen(words)) < 0)
		errno = 0;
}

static _Noreturn void give_up(void)
{
	tell("archon: the system does not let archon be re-executed after a fault\n");
	_exit(111);
}

static _Noreturn void die(const struct cause *cause)
{
	switch (atomic_fetch_add(&dying, 1)) {
	case 0:
		note(cause, "");
		mark_kept(0);
		break;
	case 1: /* A fault in that. */
		mark_kept(0);
		break;
	default:
		give_up();
	}
	/* No memory, or too many processes of this user: that may pass. */
	for (int i = 0; i < 40; i++) {
		execute_self();
		rest(50);
	}
	give_up();
}

/* The fault of another thread is the main thread's to act on. */
static _Noreturn void leave_to_main_thread(const struct cause *cause)
{
	int none = 0;
	if (atomic_compare_exchange_strong(&foreign_state, &none, 2)) {
		foreign = *cause;
		atomic_store(&foreign_state, 1);
	}
	for (;;) {
		syscall(SYS_tgkill, self, main_thread, SIGABRT);
		rest(100);
	}
}

static void on_fatal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	int error = errno;
	pid_t pid = syscall(SYS_getpid);
	/* A process between clone and exec dies as any does. */
	if (pid != self) {
		struct sigaction plain = {.sa_handler = SIG_DFL};
		sigaction(signal, &plain, NULL);
		if (info->si_code <= 0)
			syscall(SYS_tgkill, pid, thread(), signal);
		return;
	}
	int is_sent = info->si_code <= 0 && info->si_pid != self;
	struct cause cause = {
		.kind = is_sent ? CAUSE_SENT : CAUSE_FAULT, .signal = signal, .code = info->si_code,
		.sender = info->si_code <= 0 ? info->si_pid : 0,
		.address = info->si_code <= 0 ? 0 : (uint64_t)(uintptr_t)info->si_addr,
	};
	if (thread() != main_thread)
		leave_to_main_thread(&cause);
	/* A thread that waits for its end says so again and again. A fault of the main thread itself cannot wait. */
	bool is_foreign = atomic_load(&foreign_state) == 1 && info->si_code <= 0;
	bool may_wait = is_sent || is_foreign;
	if (is_foreign)
		cause = foreign;
	if (may_wait && sections > 0) {
		deferred = cause;
		is_deferred = 1;
	} else if (!may_wait || atomic_load(&dying) == 0) {
		die(&cause);
	}
	errno = error;
}

/*
 * From here to sys_leaveSection no signal that was sent, and no fault of another thread, tears apart what the main
 * thread does; it is acted on at the end. A fault of the main thread itself waits for nothing. May be nested.
 */
void sys_enterSection(struct call *call)
{
	(void)call;
	sections++;
}

void sys_leaveSection(struct call *call)
{
	(void)call;
	sections--;
	if (sections == 0 && is_deferred)
		die(&deferred);
}

/*
 * The descriptor of the memory that the previous instance left, or -1. The variable alone says nothing, for any user may set it: what
 * it names must be a memfd (memfd_create(2): a regular file without a name that knows of seals), and hold this very process's
 * memory, which no other program has ever had open.
 */
int left_memory(void)
{
	const char *text = getenv(VARIABLE_NAME);
	char *end;
	struct stat status;
	struct header found;
	if (!text || *text < '0' || *text > '9')
		return -1;
	long fd = strtol(text, &end, 10);
	if (*end || fd <= STDERR_FILENO || fd > INT_MAX || fcntl(fd, F_GET_SEALS) < 0)
		return -1;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 0)
		return -1;
	if (pread(fd, &found, sizeof found, 0) != sizeof found || found.magic != MAGIC)
		return -1;
	return found.owner == getpid() && found.size == (uint64_t)status.st_size ? fd : -1;
}

void sys_leftMemory(struct call *call)
{
	give_number(call, left_memory());
}

/*
 * The memory that outlives archon. The descriptor is that of the previous instance, or -1 for new memory of `size` bytes, which
 * take room only where they are used. Returns the descriptor, or -errno; -EPROTO: no instance has left it.
 */
void sys_openMemory(struct call *call)
{
	int fd = arg_int(call, 0);
	uint64_t size = (uint64_t)arg_number(call, 1);
	int is_new = fd < 0;
	if (is_new) {
		fd = memfd_create("archon", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0)
			return give_number(call, -errno);
		if (ftruncate(fd, size) < 0)
			goto fail;
		/* If it became shorter, archon would fault. */
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	} else {
		struct stat status;
		if (fd != left_memory() || fstat(fd, &status) < 0)
			return give_number(call, -EPROTO);
		size = status.st_size;
	}
	struct header *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		goto fail;
	if (is_new)
		*memory = (struct header){.magic = MAGIC, .owner = getpid(), .size = size, .ignored = first_ignored, .blocked = first_blocked};
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* It is not inherited by what looks for lasting descriptors: it is archon's way to itself. */
	if (memory->program_fd > 0)
		fcntl(memory->program_fd, F_SETFD, FD_CLOEXEC);
	header = memory;
	memory_fd = fd;
	first_soft_limit = memory->soft_limit;
	first_ignored = memory->ignored;
	first_blocked = memory->blocked;
	return give_number(call, fd);
fail:;
	int error = errno;
	if (is_new)
		close(fd);
	give_number(call, -error);
}

/*
 * archon has some descriptors for each service: it takes as many as it may have. Its children have the limit that the
 * first instance was started with, because many a program loops over all descriptors that it could have.
 */
void sys_raiseFdLimit(struct call *call)
{
	uint64_t limits[2];
	if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, limits) < 0)
		return give_number(call, -errno);
	give_number(call, limits[1] < INT32_MAX ? (int32_t)limits[1] : INT32_MAX);
	if (limits[0] >= limits[1])
		return;
	if (first_soft_limit == 0)
		first_soft_limit = limits[0];
	limits[0] = limits[1];
	syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, limits, NULL);
	if (header)
		header->soft_limit = first_soft_limit < UINT32_MAX ? first_soft_limit : UINT32_MAX;
}

void sys_memorySize(struct call *call)
{
	give_number(call, header ? header->size : 0);
}

/* A part of it, in place. */
void sys_viewMemory(struct call *call)
{
	size_t at = (size_t)arg_number(call, 0), length = (size_t)arg_number(call, 1);
	if (!header || at > header->size || length > header->size - at)
		return give_number(call, -EINVAL);
	give_memory(call, (uint8_t *)header + at, length);
}

/* Pages that are zero from then on, and take no room (fallocate(2), FALLOC_FL_PUNCH_HOLE). */
void sys_releaseMemory(struct call *call)
{
	off_t at = (off_t)arg_number(call, 0), length = (off_t)arg_number(call, 1);
	give_result(call, fallocate(memory_fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, at, length));
}

/* A signal that was read is pending until archon has acted on it. */
void note_signal(int signal, enum origin origin)
{
	if (!header)
		return;
	uint8_t *known = &header->origins[signal - 1];
	if (!(atomic_load(&header->pending) >> (signal - 1) & 1) || *known < origin)
		*known = origin;
	atomic_fetch_or(&header->pending, 1ull << (signal - 1));
}

void sys_forgetSignal(struct call *call)
{
	if (header)
		atomic_fetch_and(&header->pending, ~(1ull << (arg_int(call, 0) - 1)));
}

/* Pairs of signal and origin. */
void sys_pendingSignals(struct call *call)
{
	double pairs[128];
	size_t count = 0;
	for (int signal = 1; header && signal <= 64; signal++) {
		if (atomic_load(&header->pending) >> (signal - 1) & 1) {
			pairs[count++] = signal;
			pairs[count++] = header->origins[signal - 1];
		}
	}
	give_numbers(call, pairs, count);
}

/* Copies a list of strings; those that begin with `without` are left out, and `added` comes behind them. */
static char **copy(char **list, const char *without, const char *added)
{
	size_t count = 2, size = 0;
	for (char **item = list; *item; item++, count++)
		size += strlen(*item) + 1;
	size += added ? strlen(added) + 1 : 0;
	char **result = malloc(count * sizeof *result + size);
	if (!result)
		return NULL;
	char *text = (char *)(result + count), **next = result;
	for (char **item = list; *item; item++) {
		if (without && strncmp(*item, without, strlen(without)) == 0)
			continue;
		*next++ = text;
		text = stpcpy(text, *item) + 1;
	}
	if (added) {
		*next++ = text;
		strcpy(text, added);
	}
	*next = NULL;
	return result;
}

/* What the previous instance left open is for this one only, unless it is kept once more (close_range(2), CLOSE_RANGE_CLOEXEC). */
static void forget_inheritance(void)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 4) == 0)
		return;
	struct rlimit limit = {.rlim_cur = FDS_LOOKED_AT};
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = STDERR_FILENO + 1; fd < FDS_LOOKED_AT && (rlim_t)fd < limit.rlim_cur; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/*
 * From here on a fatal signal re-executes archon, with the arguments and the environment that it was started with;
 * the memory's descriptor is in $ARCHON_HANDOFF. Called by the main thread, with memory. Returns 0 or -errno.
 */
void sys_armFaultHandler(struct call *call)
{
	if (!header || !remembered_arguments())
		return give_number(call, -EINVAL);
	char variable[sizeof VARIABLE + 12];
	snprintf(variable, sizeof variable, VARIABLE "%d", memory_fd);
	argv = copy(remembered_arguments(), NULL, NULL);
	envp = copy(environ, VARIABLE, variable);
	if (!argv || !envp)
		return give_number(call, -ENOMEM);
	program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (program_fd < 0)
		program_fd = header->program_fd > 0 ? header->program_fd : open((const char *)getauxval(AT_EXECFN), O_PATH | O_CLOEXEC);
	else if (header->program_fd > 0)
		close(header->program_fd);
	header->program_fd = program_fd > 0 ? program_fd : 0;
	self = getpid();
	main_thread = thread();
	forget_inheritance();
	stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
	if (sigaltstack(&own, NULL) < 0)
		return give_number(call, -errno);
	/* Faults stay open to be heard in the handler: a fault that is blocked ends PID 1 (signal(7)). */
	struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < FATAL_COUNT; i++)
		sigdelset(&action.sa_mask, FATAL[i]);
	for (size_t i = 0; i < FATAL_COUNT; i++) {
		if (sigaction(FATAL[i], &action, NULL) < 0)
			return give_number(call, -errno);
	}
	give_number(call, 0);
}

/* Whether the descriptor lives on. It is close-on-exec in any case, for archon's children. Returns 0 or -errno. */
void sys_keepFd(struct call *call)
{
	int fd = arg_int(call, 0);
	if (fd <= STDERR_FILENO || fd >= FDS)
		return give_number(call, -EINVAL);
	uint64_t bit = 1ull << fd % 64;
	if (!arg_flag(call, 1)) {
		kept[fd / 64] &= ~bit;
		return give_number(call, 0);
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return give_number(call, -errno);
	kept[fd / 64] |= bit;
	if (fd > kept_max)
		kept_max = fd;
	give_number(call, 0);
}

/* Returns -errno if that failed, and then everything is as it was. */
static int execute_again(const char *path, int kind, const char *words)
{
	static struct header before;
	before = *header;
	note(&(struct cause){.kind = kind}, words);
	mark_kept(0);
	if (*path) {
		/* Another file is not known by the descriptor of this one. */
		header->program_fd = 0;
		fcntl(program_fd, F_SETFD, FD_CLOEXEC);
		execve(path, argv, envp);
	} else {
		execute_self();
	}
	int error = errno;
	header->program_fd = before.program_fd;
	mark_kept(FD_CLOEXEC);
	memcpy(header->causes, before.causes, sizeof header->causes);
	memcpy(header->words, before.words, sizeof header->words);
	header->reexecutions = before.reexecutions;
	return -error;
}

/* Re-executes archon on purpose: the file at a path, or itself where that is empty. Returns only where that failed. */
void sys_reexecute(struct call *call)
{
	const char *path = arg_path(call, 0), *words = arg_path(call, 2);
	if (!envp)
		return give_number(call, -EINVAL);
	give_number(call, execute_again(path, arg_int(call, 1), words));
}

/* After a bug that no callback is to blame for. Returns where there is nothing to go on from, or no way to. */
void survive(const char *words)
{
	if (envp)
		execute_again("", CAUSE_BUG, words);
}
