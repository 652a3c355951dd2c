/* Open descriptors: bytes in and out, what they are, pipes and terminals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"

#define TERMINAL_ROWS 24
#define TERMINAL_COLUMNS 80
#define PIECES 64

void sys_close(struct call *call)
{
	give_result(call, close(arg_int(call, 0)));
}

void sys_read(struct call *call)
{
	size_t length;
	void *bytes = arg_memory(call, 1, &length);
	give_result(call, read(arg_int(call, 0), bytes, length));
}

void sys_readAt(struct call *call)
{
	size_t length;
	void *bytes = arg_memory(call, 1, &length);
	give_result(call, pread(arg_int(call, 0), bytes, length, (off_t)arg_number(call, 2)));
}

void sys_write(struct call *call)
{
	size_t length;
	const void *bytes = arg_memory(call, 1, &length);
	give_result(call, write(arg_int(call, 0), bytes, length));
}

void sys_writeAt(struct call *call)
{
	size_t length;
	const void *bytes = arg_memory(call, 1, &length);
	give_result(call, pwrite(arg_int(call, 0), bytes, length, (off_t)arg_number(call, 2)));
}

void sys_memoryFile(struct call *call)
{
	int fd = memfd_create("archon", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return give_number(call, -errno);
	if (ftruncate(fd, (off_t)arg_number(call, 0)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		int error = errno;
		close(fd);
		return give_number(call, -error);
	}
	give_number(call, fd);
}

void sys_writePieces(struct call *call)
{
	struct piece pieces[PIECES];
	struct iovec vectors[PIECES];
	size_t count = arg_pieces(call, 1, pieces, PIECES);
	for (size_t i = 0; i < count; i++)
		vectors[i] = (struct iovec){.iov_base = pieces[i].bytes, .iov_len = pieces[i].length};
	give_result(call, writev(arg_int(call, 0), vectors, count));
}

/* Both ends are close-on-exec; only the reading end never blocks. */
void sys_pipe(struct call *call)
{
	size_t length;
	int32_t *ends = arg_memory(call, 0, &length);
	int fds[2];
	if (length < sizeof fds)
		return give_number(call, -EINVAL);
	int result = pipe2(fds, O_CLOEXEC | O_NONBLOCK);
	if (result == 0) {
		fcntl(fds[1], F_SETFL, 0);
		ends[0] = fds[0];
		ends[1] = fds[1];
	}
	give_result(call, result);
}

/* The kernel's table of descriptors grows at once to this size (it waits for all processors at each growth where there are threads). */
void sys_reserveFds(struct call *call)
{
	int last = fcntl(0, F_DUPFD_CLOEXEC, arg_int(call, 0) - 1);
	if (last >= 0)
		close(last);
}

/* A terminal, archon's end first: both close-on-exec, only archon's never blocks. */
void sys_openTerminal(struct call *call)
{
	size_t length;
	int32_t *ends = arg_memory(call, 0, &length);
	if (length < 2 * sizeof *ends)
		return give_number(call, -EINVAL);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (master < 0)
		return give_number(call, -errno);
	int unlocked = 0;
	struct winsize size = {.ws_row = TERMINAL_ROWS, .ws_col = TERMINAL_COLUMNS};
	ioctl(master, TIOCSPTLCK, &unlocked);
	ioctl(master, TIOCSWINSZ, &size);
	/* Without a look at /dev/pts, which an image need not have (ioctl_tty(2)). */
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		give_number(call, -errno);
		close(master);
		return;
	}
	ends[0] = master;
	ends[1] = slave;
	give_number(call, 0);
}

/* Gives the controlling terminal up; its leader is sent SIGHUP and SIGCONT for it (ioctl_tty(2)). */
void sys_leaveTerminal(struct call *call)
{
	give_result(call, ioctl(STDIN_FILENO, TIOCNOTTY, 0));
}

/* The terminal at descriptor 0 becomes that of archon's session, which must have none; nor may the terminal have one. */
void sys_attachTerminal(struct call *call)
{
	give_result(call, ioctl(STDIN_FILENO, TIOCSCTTY, 0));
}

/* archon's process group is in the foreground from here on. From the background this sends SIGTTOU, unless that is blocked. */
void sys_takeTerminal(struct call *call)
{
	pid_t group = getpgrp();
	give_result(call, ioctl(arg_int(call, 0), TIOCSPGRP, &group));
}

/* How a terminal treats what is typed and shown (termios(3)), as bytes that only setTerminalMode understands. */
void sys_terminalMode(struct call *call)
{
	struct termios mode;
	if (tcgetattr(arg_int(call, 0), &mode) < 0)
		return give_number(call, -errno);
	give_bytes(call, &mode, sizeof mode);
}

/* A terminal that is raw now, what it was before, and what is written to it before it is so again. */
static struct {
	volatile sig_atomic_t is_raw;
	int fd;
	struct termios mode;
	char leave[64];
	size_t length;
} held;

/* For every way out, also from a signal's handler. */
void restore_terminal(void)
{
	if (!held.is_raw)
		return;
	held.is_raw = 0;
	if (write(held.fd, held.leave, held.length) < 0)
		errno = 0;
	tcsetattr(held.fd, TCSANOW, &held.mode);
}

static void on_fault(int signal)
{
	restore_terminal();
	raise(signal);
}

static void restore_at_faults(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigaction(faults[i], &action, NULL);
}

/*
 * That mode, or the raw one that is made of it: each byte comes as it is typed, and none is echoed or acted upon; exact: each
 * goes out as it is as well.
 */
void sys_setTerminalMode(struct call *call)
{
	size_t length, left;
	const void *bytes = arg_memory(call, 1, &length);
	const char *leave = arg_text(call, 3, &left);
	int fd = arg_int(call, 0);
	bool is_raw = arg_flag(call, 2), is_exact = arg_flag(call, 4);
	struct termios mode;
	if (length != sizeof mode || left > sizeof held.leave)
		return give_number(call, -EINVAL);
	memcpy(&mode, bytes, sizeof mode);
	held.is_raw = 0;
	if (is_raw) {
		held.fd = fd;
		held.mode = mode;
		held.length = left;
		memcpy(held.leave, leave, left);
		mode.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
		mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
		mode.c_cflag = (mode.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
		if (is_exact)
			mode.c_oflag &= ~(tcflag_t)OPOST;
		mode.c_cc[VMIN] = 1;
		mode.c_cc[VTIME] = 0;
	}
	int result;
	do
		result = tcsetattr(fd, TCSANOW, &mode);
	while (result < 0 && errno == EINTR);
	if (is_raw && result == 0) {
		held.is_raw = 1;
		restore_at_faults();
	}
	give_result(call, result);
}

/* Rows and columns; 0 where the terminal does not know (ioctl_tty(2)). */
void sys_terminalSize(struct call *call)
{
	size_t length;
	int32_t *report = arg_memory(call, 1, &length);
	struct winsize size;
	if (length < 2 * sizeof *report)
		return give_number(call, -EINVAL);
	int result = ioctl(arg_int(call, 0), TIOCGWINSZ, &size);
	if (result == 0) {
		report[0] = size.ws_row;
		report[1] = size.ws_col;
	}
	give_result(call, result);
}

/* The processes in the foreground are sent SIGWINCH where that is another size. */
void sys_setTerminalSize(struct call *call)
{
	struct winsize size = {.ws_row = (unsigned short)arg_int(call, 1), .ws_col = (unsigned short)arg_int(call, 2)};
	give_result(call, ioctl(arg_int(call, 0), TIOCSWINSZ, &size));
}

/* Of the open file, and so for all that share it. */
void sys_setBlocking(struct call *call)
{
	int fd = arg_int(call, 0), flags = fcntl(fd, F_GETFL);
	give_result(call, fcntl(fd, F_SETFL, arg_flag(call, 1) ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

void sys_isTerminal(struct call *call)
{
	give_flag(call, isatty(arg_int(call, 0)));
}

void sys_isReader(struct call *call)
{
	give_flag(call, (fcntl(arg_int(call, 0), F_GETFL) & O_ACCMODE) == O_RDONLY);
}

void sys_isCloseOnExec(struct call *call)
{
	int flags = fcntl(arg_int(call, 0), F_GETFD);
	give_flag(call, flags >= 0 && flags & FD_CLOEXEC);
}

void sys_growPipe(struct call *call)
{
	give_flag(call, fcntl(arg_int(call, 0), F_SETPIPE_SZ, arg_int(call, 1)) >= 0);
}

/* Until there is something to read: 1. Before that the reader of another descriptor's pipe went away: 0. */
void sys_awaitReadable(struct call *call)
{
	struct pollfd fds[2] = {{.fd = arg_int(call, 0), .events = POLLIN}, {.fd = arg_int(call, 1)}};
	int result;
	do
		result = poll(fds, 2, -1);
	while (result < 0 && errno == EINTR);
	give_flag(call, result < 0 || fds[0].revents != 0);
}

void sys_fchown(struct call *call)
{
	/* By way of a signed number: -1 is neither of them, and a double that is negative is no unsigned one on every machine. */
	give_result(call, fchown(arg_int(call, 0), (uid_t)(int64_t)arg_number(call, 1), (gid_t)(int64_t)arg_number(call, 2)));
}

void sys_fchmod(struct call *call)
{
	give_result(call, fchmod(arg_int(call, 0), arg_int(call, 1)));
}

void sys_ftruncate(struct call *call)
{
	give_result(call, ftruncate(arg_int(call, 0), (off_t)arg_number(call, 1)));
}

/* For a program that does one thing; the loop of PID 1 has timers. */
void sys_sleep(struct call *call)
{
	double millis = arg_number(call, 0);
	struct timespec rest = {.tv_sec = (time_t)(millis / 1000), .tv_nsec = (long)((millis - (int64_t)(millis / 1000) * 1000.0) * 1e6)};
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
}

/* As another number that is free, close-on-exec. */
void sys_anotherFd(struct call *call)
{
	give_result(call, fcntl(arg_int(call, 0), F_DUPFD_CLOEXEC, 0));
}

/* As another number, which is not close-on-exec; what that was before is closed (dup2(2)). */
void sys_duplicate(struct call *call)
{
	give_result(call, dup2(arg_int(call, 0), arg_int(call, 1)));
}
