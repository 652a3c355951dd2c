/* Processes: archon's own, its children, and those that it may ask about. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

static char **own_arguments;

void remember_arguments(char **arguments)
{
	own_arguments = arguments;
}

char **remembered_arguments(void)
{
	return own_arguments;
}

static void give_strings(struct call *call, char **strings)
{
	give_list(call);
	for (; strings && *strings; strings++)
		add_text(call, *strings, strlen(*strings));
}

void sys_arguments(struct call *call)
{
	give_strings(call, own_arguments);
}

void sys_environment(struct call *call)
{
	give_strings(call, environ);
}

void sys_getpid(struct call *call)
{
	give_number(call, getpid());
}

void sys_pageSize(struct call *call)
{
	give_number(call, sysconf(_SC_PAGESIZE));
}

void sys_getuid(struct call *call)
{
	give_number(call, getuid());
}

void sys_getgid(struct call *call)
{
	give_number(call, getgid());
}

void sys_getgroups(struct call *call)
{
	static gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups);
	double *numbers = malloc((count > 0 ? count : 1) * sizeof *numbers);
	for (int i = 0; numbers && i < count; i++)
		numbers[i] = groups[i];
	give_numbers(call, numbers, numbers && count > 0 ? count : 0);
	free(numbers);
}

void sys_getsid(struct call *call)
{
	give_result(call, getsid(arg_int(call, 0)));
}

void sys_hostname(struct call *call)
{
	char name[256] = "";
	gethostname(name, sizeof name - 1);
	give_text(call, name, strlen(name));
}

/* What musl words otherwise, of the errors that a path, a program, a signal or a terminal may bring. */
static const char *gnu_words(int error)
{
	switch (error) {
	case EIO: return "Input/output error";
	case ECHILD: return "No child processes";
	case ENOMEM: return "Cannot allocate memory";
	case EBUSY: return "Device or resource busy";
	case EXDEV: return "Invalid cross-device link";
	case EMFILE: return "Too many open files";
	case ENOTTY: return "Inappropriate ioctl for device";
	case ESPIPE: return "Illegal seek";
	case ENAMETOOLONG: return "File name too long";
	case ELOOP: return "Too many levels of symbolic links";
	case ELIBACC: return "Can not access a needed shared library";
	case ELIBBAD: return "Accessing a corrupted shared library";
	case EUCLEAN: return "Structure needs cleaning";
	case EDQUOT: return "Disk quota exceeded";
	}
	return strerror(error);
}

void sys_strerror(struct call *call)
{
	const char *words = gnu_words(arg_int(call, 0));
	give_text(call, words, strlen(words));
}

void sys_chdir(struct call *call)
{
	give_result(call, chdir(arg_path(call, 0)));
}

void sys_fchdir(struct call *call)
{
	give_result(call, fchdir(arg_int(call, 0)));
}

/* What is mapped read-only is as it is in its file: it leaves this process, and comes back page by page as it is used. */
static int release(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || part->p_flags & PF_W)
			continue;
		uintptr_t start = (object->dlpi_addr + part->p_vaddr + page - 1) & ~(page - 1);
		uintptr_t end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
		if (start < end)
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void sys_releaseFilePages(struct call *call)
{
	(void)call;
	dl_iterate_phdr(release, NULL);
}

void sys_exit(struct call *call)
{
	restore_terminal();
	_exit(arg_int(call, 0));
}

void sys_kill(struct call *call)
{
	give_result(call, kill(arg_int(call, 0), arg_int(call, 1)));
}

static void wait_for(struct call *call, idtype_t type, id_t id, int32_t *report, size_t length, int flags)
{
	siginfo_t info = {.si_pid = 0};
	long result = waitid(type, id, &info, WEXITED | WNOHANG | flags);
	if (result == 0 && length >= CHILD_FIELDS * sizeof *report) {
		report[CHILD_PID] = info.si_pid;
		report[CHILD_CODE] = info.si_code;
		report[CHILD_STATUS] = info.si_status;
	}
	give_result(call, result);
}

void sys_waitAny(struct call *call)
{
	size_t length;
	int32_t *report = arg_memory(call, 0, &length);
	wait_for(call, P_ALL, 0, report, length, arg_flag(call, 1) ? WNOWAIT : 0);
}

void sys_waitPid(struct call *call)
{
	size_t length;
	int32_t *report = arg_memory(call, 1, &length);
	wait_for(call, P_PID, arg_int(call, 0), report, length, arg_flag(call, 2) ? WNOWAIT : 0);
}

static int compare(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;
	return difference < 0 ? -1 : difference > 0;
}

#define CHILDREN_MAX 65536

void sys_childrenBesides(struct call *call)
{
	static double known[CHILDREN_MAX], others[CHILDREN_MAX];
	static char text[CHILDREN_MAX * 8];
	char path[64];
	size_t known_count = arg_numbers(call, 0, known, CHILDREN_MAX), count = 0, length = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return give_number(call, -errno);
	for (ssize_t got = 1; got > 0 && length < sizeof text - 1; length += got > 0 ? got : 0)
		got = read(fd, text + length, sizeof text - 1 - length);
	close(fd);
	text[length] = 0;
	qsort(known, known_count, sizeof *known, compare);
	char *end = text;
	for (double pid = strtol(text, &end, 10); pid > 0 && count < CHILDREN_MAX; pid = strtol(end, &end, 10)) {
		if (!bsearch(&pid, known, known_count, sizeof *known, compare))
			others[count++] = pid;
	}
	give_numbers(call, others, count);
}

void sys_pidfdOpen(struct call *call)
{
	give_result(call, syscall(SYS_pidfd_open, arg_int(call, 0), 0));
}

/* As linux/pidfd.h has them since 6.13, and how a process ended since 6.15. */
struct pidfd_info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xff, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT (1ull << 3)

/* The kernel tells it when the process has been waited for. */
void sys_pidfdStatus(struct call *call)
{
	struct pidfd_info info = {.mask = PIDFD_INFO_EXIT};
	if (ioctl(arg_int(call, 0), PIDFD_GET_INFO, &info) < 0)
		give_number(call, -errno);
	else
		give_number(call, info.mask & PIDFD_INFO_EXIT ? info.exit_code : -EAGAIN);
}

void sys_pidfdSignal(struct call *call)
{
	give_result(call, syscall(SYS_pidfd_send_signal, arg_int(call, 0), arg_int(call, 1), NULL, 0));
}

void sys_becomeSubreaper(struct call *call)
{
	give_result(call, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

void sys_isSubreaper(struct call *call)
{
	int answer = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &answer, 0, 0, 0);
	give_flag(call, answer == 1);
}

void sys_setParentDeathSignal(struct call *call)
{
	give_result(call, prctl(PR_SET_PDEATHSIG, arg_int(call, 0), 0, 0, 0));
}

void sys_closeToOthers(struct call *call)
{
	give_result(call, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

void sys_setName(struct call *call)
{
	give_result(call, prctl(PR_SET_NAME, arg_path(call, 0), 0, 0, 0));
}

/* RLIM_INFINITY is Infinity on the other side. */
void sys_hardLimit(struct call *call)
{
	uint64_t limits[2];
	if (syscall(SYS_prlimit64, arg_int(call, 0), arg_int(call, 1), NULL, limits) < 0)
		give_number(call, -errno);
	else
		give_number(call, limits[1] == UINT64_MAX ? __builtin_inf() : (double)limits[1]);
}

void sys_beginSpawn(struct call *call)
{
	size_t size;
	const void *request = arg_memory(call, 0, &size);
	give_number(call, request ? archon_begin(request, size) : -EINVAL);
}

void sys_endSpawn(struct call *call)
{
	size_t length;
	void *report = arg_memory(call, 1, &length);
	if (length < 3 * sizeof(int32_t))
		give_number(call, -EINVAL);
	else
		give_number(call, archon_end(arg_int(call, 0), report));
}

/* ── A process that stands as archon was started, for a program in archon's own place. ── */

#define SIGNALS 64 /* of Linux; the C library keeps some of them for itself, so the kernel is asked */

/* struct sigaction of the kernel, as far as the handler goes: no flags, no restorer, no mask. */
struct action { uint64_t handler, rest[3]; };

uint64_t first_ignored, first_blocked;

/* Before anything of archon changes it. */
static __attribute__((constructor)) void remember_signals(void)
{
	struct action action;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &first_blocked, sizeof first_blocked);
	for (int signal = 1; signal <= SIGNALS; signal++) {
		if (syscall(SYS_rt_sigaction, signal, NULL, &action, sizeof(uint64_t)) == 0 && action.handler == (uintptr_t)SIG_IGN)
			first_ignored |= 1ull << (signal - 1);
	}
}

/* 0 in the new process, which has a copy of everything. Only a program of one thread may go on from there. */
void sys_fork(struct call *call)
{
	give_result(call, fork());
}

void sys_setsid(struct call *call)
{
	give_result(call, setsid());
}

void sys_setpgid(struct call *call)
{
	give_result(call, setpgid(arg_int(call, 0), arg_int(call, 1)));
}

/* Ignored and blocked is what was when archon was started; all else is as it is by default. */
void sys_restoreSignals(struct call *call)
{
	(void)call;
	for (int signal = 1; signal <= SIGNALS; signal++) {
		struct action action = {.handler = first_ignored >> (signal - 1) & 1 ? (uintptr_t)SIG_IGN : (uintptr_t)SIG_DFL};
		syscall(SYS_rt_sigaction, signal, &action, NULL, sizeof(uint64_t));
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &first_blocked, NULL, sizeof first_blocked);
}

void sys_setVariable(struct call *call)
{
	give_result(call, setenv(arg_path(call, 0), arg_path(call, 1), 1));
}

/* The arguments are one text, each with a NUL behind it. The environment is archon's own, as it was started with. */
void sys_inherit(struct call *call)
{
	give_result(call, fcntl(arg_int(call, 0), F_SETFD, 0));
}

void sys_execute(struct call *call)
{
	size_t length;
	const char *path = arg_path(call, 0), *words = arg_text(call, 1, &length);
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += words[i] == 0;
	char **arguments = malloc((count + 1) * sizeof *arguments);
	if (!arguments)
		return give_number(call, -ENOMEM);
	for (size_t i = 0; i < count; i++, words += strlen(words) + 1)
		arguments[i] = (char *)words;
	arguments[count] = NULL;
	execve(path, arguments, environ);
	give_number(call, -errno);
	free(arguments);
}
