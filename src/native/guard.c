/*
 * PID 1 survives itself: a fatal signal executes archon anew, with the same pid, the same children and the
 * descriptors that are to be kept; what has to be known afterwards stands in memory that outlives it.
 *
 * Nothing in a handler does more than system calls and stores (signal-safety(7)). Everything is written down
 * here before it is needed: arguments, environment, the file to execute.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#define MAGIC 0x6e6f6861 /* another layout, another number: an older archon's memory is not understood */
#define HEADER 1024 /* what of the memory is not the ledger's */
#define CAUSES 8
#define WORDS 512
#define FDS (1 << 20)
#define STACK (64 << 10)
#define VARIABLE "ARCHON_LEDGER="

/* The order is that of KINDS in guard.ts. */
enum kind { KIND_FAULT, KIND_SENT, KIND_BUG, KIND_UPGRADE };

struct cause {
	int32_t kind;
	int32_t signal;
	int32_t code;     /* si_code of sigaction(2) */
	int32_t sender;   /* the pid, of a signal that was sent; 0: of another PID namespace */
	uint64_t address; /* where memory could not be reached, or the instruction that could not be executed */
	uint64_t at;      /* CLOCK_MONOTONIC, in ns */
};

/* The start of the memory, as guard.ts reads it. */
struct header {
	uint32_t magic;
	int32_t owner;             /* the pid */
	uint32_t lives;            /* how often archon was executed anew */
	uint32_t unused;
	_Atomic uint64_t pending;  /* signals that came and that nobody has acted on, by bit signal - 1 */
	uint64_t size;             /* of the whole memory */
	struct cause causes[CAUSES]; /* that of life n at n modulo CAUSES */
	char words[WORDS];         /* what was said of the last one, by archon or by Node */
};

_Static_assert(sizeof(struct header) <= HEADER, "the header has its place");

static const int FATAL[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
#define FATAL_COUNT (sizeof FATAL / sizeof *FATAL)

static char **first_argv;
static struct header *header;
static int memory_fd = -1;
static int program_fd = -1;
static int death_signal;
static char **argv, **envp;
static pid_t self;
static char stack[STACK] __attribute__((aligned(16)));
static char said[8 << 10];
static uint64_t kept[FDS / 64];
static int kept_max = STDERR_FILENO;
static void (*heard[NSIG])(int);

/* Only the main thread enters the sections below. */
static pid_t main_thread;
static _Atomic pid_t dying;     /* the thread that executes archon anew */
static _Atomic int sections;    /* how deep the main thread is in what must not be torn apart */
static atomic_int faults;       /* met by the dying thread itself */
static volatile sig_atomic_t is_deferred;
static struct cause deferred;

/* glibc gives it to every library that it loads; Node's own copy may have been changed. */
static __attribute__((constructor)) void remember(int argc, char **arguments)
{
	(void)argc;
	first_argv = arguments;
}

static pid_t thread(void)
{
	return syscall(SYS_gettid);
}

static void rest(long milliseconds)
{
	struct timespec time = {.tv_nsec = milliseconds * 1000000};
	nanosleep(&time, NULL);
}

static void fill(sigset_t *set)
{
	sigfillset(set);
	for (size_t i = 0; i < FATAL_COUNT; i++)
		sigdelset(set, FATAL[i]);
}

static void note(const struct cause *cause, const char *words)
{
	header->lives++;
	struct cause *place = &header->causes[header->lives % CAUSES];
	*place = *cause;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	place->at = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	size_t length = strnlen(words, WORDS - 1);
	memcpy(header->words, words, length);
	header->words[length] = 0;
}

/*
 * What waits behind the mask would be dropped by the new life before it can hear: Node sets mask and
 * dispositions when it starts, and PID 1 never gets a signal that it does not handle (pid_namespaces(7)).
 */
static uint64_t collect(const sigset_t *blocked)
{
	const struct timespec now = {0};
	uint64_t signals = 0;
	int signal;
	while ((signal = sigtimedwait(blocked, NULL, &now)) > 0 || errno == EINTR) {
		if (signal > 0 && signal != SIGCHLD)
			signals |= 1ull << (signal - 1);
	}
	atomic_fetch_or(&header->pending, signals);
	return signals;
}

static void mark_kept(int flags)
{
	for (int word = 0; word <= kept_max / 64; word++) {
		for (uint64_t bits = kept[word]; bits; bits &= bits - 1)
			fcntl(word * 64 + __builtin_ctzll(bits), F_SETFD, flags);
	}
	fcntl(memory_fd, F_SETFD, flags);
	/* Node marks the standard streams as well. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		fcntl(fd, F_SETFD, flags);
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
	tell(said);
	tell("archon: the system does not let archon be executed anew after a fault\n");
	_exit(111);
}

/* What Node said of the fault, from the line that names it. */
static const char *last_words(void)
{
	const char *words = strstr(said, "FATAL ERROR");
	if (!words)
		words = strstr(said, "Fatal error");
	return words ? words : "";
}

/* True: this thread is the one that executes archon anew. False: it is so already, and has met a fault in that. */
static int begin_dying(void)
{
	for (pid_t me = thread();; rest(1)) {
		pid_t nobody = 0;
		if (atomic_compare_exchange_strong(&dying, &nobody, me))
			break;
		if (nobody == me)
			return 0;
	}
	/* What the main thread is in the middle of it may end; unless that takes long. */
	for (int i = 0; thread() != main_thread && atomic_load(&sections) > 0 && i < 1000; i++)
		rest(1);
	return 1;
}

static _Noreturn void die(const struct cause *cause)
{
	if (begin_dying()) {
		note(cause, cause->kind == KIND_FAULT ? last_words() : "");
		sigset_t blocked;
		fill(&blocked);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		mark_kept(0);
		/* It belongs to a thread, and no thread passes it on to another one (prctl(2)). */
		prctl(PR_SET_PDEATHSIG, death_signal);
		collect(&blocked);
	} else if (atomic_fetch_add(&faults, 1) == 0) {
		mark_kept(0);
	} else {
		give_up();
	}
	/* No memory, or too many processes of this user: that may pass. */
	for (int i = 0; i < 40; i++) {
		execute_self();
		rest(50);
	}
	give_up();
}

static void on_fatal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	int error = errno;
	pid_t pid = syscall(SYS_getpid);
	/* A fork that has not executed yet dies as any process does. */
	if (pid != self) {
		struct sigaction plain = {.sa_handler = SIG_DFL};
		sigaction(signal, &plain, NULL);
		if (info->si_code <= 0)
			syscall(SYS_tgkill, pid, thread(), signal);
		return;
	}
	int is_sent = info->si_code <= 0 && info->si_pid != self;
	struct cause cause = {
		.kind = is_sent ? KIND_SENT : KIND_FAULT, .signal = signal, .code = info->si_code,
		.sender = info->si_code <= 0 ? info->si_pid : 0,
		.address = info->si_code <= 0 ? 0 : (uint64_t)(uintptr_t)info->si_addr,
	};
	pid_t me = thread();
	if (is_sent && me == main_thread && atomic_load(&sections) > 0) {
		deferred = cause;
		is_deferred = 1;
	} else if (!is_sent || atomic_load(&dying) != me) {
		die(&cause);
	}
	errno = error;
}

static void on_heard(int signal)
{
	atomic_fetch_or(&header->pending, 1ull << (signal - 1));
	heard[signal](signal);
}

/*
 * From here to archon_leave no signal that was sent, and no fault of another thread, tears apart what the main
 * thread does; it is acted on at the end. A fault of the main thread itself waits for nothing. May be nested.
 */
EXPORT void archon_enter(void)
{
	while (atomic_fetch_add(&sections, 1) == 0 && atomic_load(&dying)) {
		/* Another thread executes archon anew: nothing may begin any more. */
		atomic_fetch_sub(&sections, 1);
		rest(1);
	}
}

EXPORT void archon_leave(void)
{
	if (atomic_fetch_sub(&sections, 1) == 1 && is_deferred)
		die(&deferred);
}

/*
 * The memory that outlives archon. `fd` is that of the last life, or -1 for new memory of `size` bytes, which
 * take room only where they are used. Fills in where it is and its size. Returns the descriptor, or -errno;
 * -EPROTO: it is not such memory, or not of this process.
 */
EXPORT int32_t archon_memory(int32_t fd, uint64_t size, uint64_t *place)
{
	int is_new = fd < 0;
	if (is_new) {
		fd = memfd_create("archon", MFD_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (ftruncate(fd, size) < 0)
			goto fail;
	} else {
		struct stat status;
		if (fstat(fd, &status) < 0)
			return -errno;
		size = status.st_size;
		if (!S_ISREG(status.st_mode) || size < sizeof *header)
			return -EPROTO;
	}
	struct header *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		goto fail;
	if (is_new) {
		*memory = (struct header){.magic = MAGIC, .owner = getpid(), .size = size};
	} else if (memory->magic != MAGIC || memory->owner != getpid() || memory->size != size) {
		munmap(memory, size);
		return -EPROTO;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	header = memory;
	memory_fd = fd;
	place[0] = (uintptr_t)memory;
	place[1] = size;
	return fd;
fail:;
	int error = errno;
	if (is_new)
		close(fd);
	return -error;
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

/*
 * From here on a fatal signal executes archon anew, with the arguments that it was started with and the environment
 * as it is now; the memory's descriptor is in $ARCHON_LEDGER. Called by the main thread, with memory.
 * Returns 0 or -errno.
 */
EXPORT int32_t archon_arm(void)
{
	if (!header || !first_argv)
		return -EINVAL;
	char variable[sizeof VARIABLE + 12];
	snprintf(variable, sizeof variable, VARIABLE "%d", memory_fd);
	argv = copy(first_argv, NULL, NULL);
	envp = copy(environ, VARIABLE, variable);
	if (!argv || !envp)
		return -ENOMEM;
	program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	prctl(PR_GET_PDEATHSIG, &death_signal);
	self = getpid();
	main_thread = thread();
	/* Whatever the last life left open is for this life only, unless it is kept once more. */
	syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
	/* What Node and V8 say before they abort must not wait for a reader; the next life tells it. */
	FILE *words = fmemopen(said, sizeof said - 1, "w");
	if (words) {
		setvbuf(words, NULL, _IONBF, 0);
		stderr = words;
	}
	stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
	if (sigaltstack(&own, NULL) < 0)
		return -errno;
	/* Faults stay open to be heard in the handler: a fault that is blocked ends PID 1 (signal(7)). */
	struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
	fill(&action.sa_mask);
	for (size_t i = 0; i < FATAL_COUNT; i++) {
		if (sigaction(FATAL[i], &action, NULL) < 0)
			return -errno;
	}
	return 0;
}

/* Whether the descriptor lives on. It is close-on-exec in any case, for archon's children. Returns 0 or -errno. */
EXPORT int32_t archon_keep(int32_t fd, int32_t is_kept)
{
	if (fd <= STDERR_FILENO || fd >= FDS)
		return -EINVAL;
	uint64_t bit = 1ull << fd % 64;
	if (!is_kept) {
		kept[fd / 64] &= ~bit;
		return 0;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	kept[fd / 64] |= bit;
	if (fd > kept_max)
		kept_max = fd;
	return 0;
}

/*
 * The signals of these bits are written down in the memory before their handlers are called, so that one which came
 * just before a fault is not forgotten. Their handlers must be in place, as uv_signal_start() leaves them.
 */
EXPORT void archon_witness(uint64_t signals)
{
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction action;
		if (!(signals >> (signal - 1) & 1) || sigaction(signal, NULL, &action) < 0 || action.sa_flags & SA_SIGINFO)
			continue;
		if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN || action.sa_handler == on_heard)
			continue;
		heard[signal] = action.sa_handler;
		action.sa_handler = on_heard;
		sigaction(signal, &action, NULL);
	}
}

/*
 * Executes archon anew on purpose: the file at `path`, or itself where that is empty. Returns -errno if that failed,
 * and then everything is as it was.
 */
EXPORT int32_t archon_exec(const char *path, int32_t kind, const char *words)
{
	if (!envp)
		return -EINVAL;
	if (!begin_dying())
		return -EBUSY;
	note(&(struct cause){.kind = kind}, words);
	sigset_t blocked, before;
	fill(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	mark_kept(0);
	uint64_t signals = collect(&blocked);
	if (*path)
		execve(path, argv, envp);
	else
		execute_self();
	int error = errno;
	mark_kept(FD_CLOEXEC);
	header->lives--;
	atomic_store(&dying, 0);
	atomic_fetch_and(&header->pending, ~signals);
	for (; signals; signals &= signals - 1)
		kill(self, __builtin_ctzll(signals) + 1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return -error;
}
