/*
 * libarchon-bind.so: bind(2) of a program that archon has started, and which knows nothing of it. The program's socket gets an
 * address that archon holds: what archon has bound comes in its place, at the same number.
 *
 * It is loaded into programs with any C library, and so it needs none: of the program's own it calls `getenv` and
 * `__errno_location`, which glibc and musl both have, and it makes its system calls itself. It keeps nothing, allocates nothing
 * and is the same in every thread. Whatever goes wrong on the way, the program's own bind(2) is done, as if the library were not
 * there: only archon can say that it must not be.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

/* What asks, and what answers: src/features/bind/os/wire.ts has the same. */
#define MAGIC "ABND"
#define VERSION 1
struct question {
	char magic[4];
	unsigned char version, is_datagrams, is_six, is_six_only;
	/* As in a sockaddr: the highest byte first. */
	unsigned char port[2], address[16];
};
/* The verdict, and an errno where bind(2) is to fail. A descriptor comes beside it where the verdict is GIVEN. */
enum { GIVEN = 'G', OWN = 'O', REFUSED = 'R' };
struct answer { unsigned char verdict, error; };

#define VARIABLE "ARCHON_BIND_SOCKET"
/* How often archon is asked that was re-executed meanwhile, and for how many seconds it is waited for each time. */
#define TRIES 3
#define PATIENCE 5

extern char *getenv(const char *name);
extern int *__errno_location(void);

/* A system call, with -errno as the kernel gives it. */
static long call(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
#else
#error "archon does not run on this architecture"
#endif
}

static int option(int fd, int level, int name, int otherwise)
{
	int value = otherwise;
	socklen_t size = sizeof value;
	return call(SYS_getsockopt, fd, level, name, (long)&value, (long)&size) < 0 ? otherwise : value;
}

static void set_option(int fd, int level, int name, int value)
{
	call(SYS_setsockopt, fd, level, name, (long)&value, sizeof value);
}

/* What is asked of archon; 0: archon has nothing to do with it, as a port that the kernel chooses. */
static int ask_for(struct question *question, int fd, const struct sockaddr *address, socklen_t length)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	int is_six = length >= sizeof *six && address->sa_family == AF_INET6;
	if (!address || length < sizeof *four || (address->sa_family != AF_INET && !is_six))
		return 0;
	int type = option(fd, SOL_SOCKET, SO_TYPE, 0), protocol = option(fd, SOL_SOCKET, SO_PROTOCOL, 0);
	if ((type != SOCK_STREAM || protocol != IPPROTO_TCP) && (type != SOCK_DGRAM || protocol != IPPROTO_UDP))
		return 0;
	*question = (struct question){
		.magic = MAGIC, .version = VERSION, .is_datagrams = type == SOCK_DGRAM, .is_six = is_six,
		.is_six_only = is_six && option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0),
	};
	const unsigned char *port = (const unsigned char *)(is_six ? &six->sin6_port : &four->sin_port);
	const unsigned char *bytes = is_six ? (const unsigned char *)&six->sin6_addr : (const unsigned char *)&four->sin_addr;
	for (int i = 0; i < 2; i++)
		question->port[i] = port[i];
	for (int i = 0; i < (is_six ? 16 : 4); i++)
		question->address[i] = bytes[i];
	return (port[0] | port[1]) != 0;
}

/* A connection to archon, or -errno. */
static int reach(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE};
	struct ucred peer = {0};
	socklen_t size = sizeof peer;
	size_t length = 0;
	/* A name of the abstract namespace: its first byte is NUL (unix(7)). */
	for (; name[length]; length++) {
		if (length + 2 > sizeof address.sun_path)
			return -ENAMETOOLONG;
		address.sun_path[length + 1] = name[length];
	}
	int fd = (int)call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0);
	if (fd < 0)
		return fd;
	call(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&patience, sizeof patience);
	call(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&patience, sizeof patience);
	long result = call(SYS_connect, fd, (long)&address, (long)(offsetof(struct sockaddr_un, sun_path) + 1 + length), 0, 0);
	/* Another user could have taken the name where archon has ended. */
	if (result == 0)
		result = call(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size);
	if (result == 0 && peer.uid != 0 && peer.uid != (unsigned)call(SYS_geteuid, 0, 0, 0, 0, 0))
		result = -EPERM;
	if (result < 0)
		call(SYS_close, fd, 0, 0, 0, 0);
	return result < 0 ? (int)result : fd;
}

/* archon's answer, and the descriptor beside it or -1. */
static struct answer ask(const char *name, const struct question *question, int *given)
{
	struct answer answer = {.verdict = OWN};
	for (int tries = 0; tries < TRIES; tries++) {
		int fd = reach(name);
		if (fd < 0)
			break;
		union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control;
		struct iovec vector = {.iov_base = &answer, .iov_len = sizeof answer};
		struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
		long count = call(SYS_sendto, fd, (long)question, sizeof *question, MSG_NOSIGNAL, 0);
		if (count >= 0)
			do
				count = call(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC, 0, 0);
			while (count == -EINTR);
		call(SYS_close, fd, 0, 0, 0, 0);
		if (count == (long)sizeof answer) {
			struct cmsghdr *head = CMSG_FIRSTHDR(&message);
			if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
				*given = *(int *)CMSG_DATA(head);
			return answer;
		}
		answer.verdict = OWN;
		/* The end came instead of an answer: archon was re-executed, or is no more. */
		if (count != 0 && count != -ECONNRESET && count != -EPIPE)
			break;
	}
	return answer;
}

/* What a program may have set before it binds: of the socket itself, or of the connections that come of it. */
static const struct { int level, name; } CARRIED[] = {
	{SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_OOBINLINE}, {IPPROTO_TCP, TCP_NODELAY},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT}, {IPPROTO_TCP, TCP_FASTOPEN}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
	{IPPROTO_TCP, TCP_KEEPCNT}, {IPPROTO_TCP, TCP_USER_TIMEOUT}, {IPPROTO_IP, IP_PKTINFO}, {IPPROTO_IPV6, IPV6_RECVPKTINFO},
};

/* The given socket in place of the program's, with its number, flags and options; 0 or -errno. */
static long take(int fd, int given)
{
	long flags = call(SYS_fcntl, fd, F_GETFL, 0, 0, 0), own = call(SYS_fcntl, fd, F_GETFD, 0, 0, 0);
	if (flags < 0 || own < 0)
		return flags < 0 ? flags : own;
	for (size_t i = 0; i < sizeof CARRIED / sizeof *CARRIED; i++) {
		int value = option(fd, CARRIED[i].level, CARRIED[i].name, -1);
		if (value > 0 && value != option(given, CARRIED[i].level, CARRIED[i].name, -1))
			set_option(given, CARRIED[i].level, CARRIED[i].name, value);
	}
	call(SYS_fcntl, given, F_SETFL, flags, 0, 0);
	long result = call(SYS_dup3, given, fd, own & FD_CLOEXEC ? O_CLOEXEC : 0, 0, 0);
	return result < 0 ? result : 0;
}

__attribute__((visibility("default"))) int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	const char *name = getenv(VARIABLE);
	struct question question;
	struct answer answer = {.verdict = OWN};
	int given = -1;
	long result = -1;
	if (name && *name && ask_for(&question, fd, address, length))
		answer = ask(name, &question, &given);
	if (answer.verdict == GIVEN && given >= 0)
		result = take(fd, given);
	else if (answer.verdict == REFUSED)
		result = -(long)answer.error;
	else
		result = call(SYS_bind, fd, (long)address, length, 0, 0);
	if (given >= 0)
		call(SYS_close, given, 0, 0, 0, 0);
	if (result == 0)
		return 0;
	*__errno_location() = (int)-result;
	return -1;
}
