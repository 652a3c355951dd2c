/* Sockets: unix ones with descriptors and credentials (unix(7)), and connections to the network's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"
#include "places.h"

#define BACKLOG 128
/* As many as come with one message (SCM_MAX_FD, unix(7)). */
#define FDS_IN_FLIGHT 253
/* More groups than anyone has. */
#define GROUPS_MAX 1024

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* Its length; 0 where the path does not fit with its NUL. `is_abstract`: a name without a place in the file system. */
static socklen_t address_of(struct sockaddr_un *address, const char *path, size_t length, bool is_abstract)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length + 1 > sizeof address->sun_path)
		return 0;
	memcpy(address->sun_path + is_abstract, path, length);
	return offsetof(struct sockaddr_un, sun_path) + length + 1;
}

/* Closes what could not be finished, and keeps the reason. */
static void give_or_close(struct call *call, int fd, int result)
{
	give_number(call, result < 0 ? -errno : fd);
	if (result < 0 && fd >= 0)
		close(fd);
}

/* Only its owner can reach it. */
void sys_listenUnix(struct call *call)
{
	struct sockaddr_un address;
	size_t length;
	const char *path = arg_text(call, 0, &length);
	socklen_t size = address_of(&address, path, length, false);
	if (!size)
		return give_number(call, -ENAMETOOLONG);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_number(call, -errno);
	/* Not by umask(2), which threads share: a file that one of them makes meanwhile would have it as well. */
	int result = fchmod(fd, 0600);
	if (result == 0)
		result = bind(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 ? result : listen(fd, BACKLOG));
}

void sys_accept(struct call *call)
{
	give_result(call, accept4(arg_int(call, 0), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

/* `type` is SOCK_STREAM or SOCK_DGRAM; with SOCK_NONBLOCK it never waits. */
void sys_connectUnix(struct call *call)
{
	struct sockaddr_un address;
	size_t length;
	const char *path = arg_text(call, 0, &length);
	/* A name of the abstract namespace begins with a NUL. */
	bool is_abstract = length > 0 && path[0] == 0;
	socklen_t size = address_of(&address, path + is_abstract, length - is_abstract, is_abstract);
	if (!size)
		return give_number(call, -ENAMETOOLONG);
	int fd = socket(AF_UNIX, arg_int(call, 1) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return give_number(call, -errno);
	give_or_close(call, fd, connect(fd, (struct sockaddr *)&address, size));
}

/*
 * Two that are connected to each other and never block. `type` is SOCK_SEQPACKET, which keeps messages apart, SOCK_STREAM, or
 * SOCK_DGRAM, where many may have the second end, and the first one is told who sent what.
 */
void sys_socketPair(struct call *call)
{
	size_t length;
	int32_t *ends = arg_memory(call, 0, &length);
	int fds[2];
	if (length < sizeof fds)
		return give_number(call, -EINVAL);
	int type = arg_int(call, 1), yes = 1, result = socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
	if (result == 0 && type == SOCK_DGRAM)
		setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
	if (result == 0) {
		ends[0] = fds[0];
		ends[1] = fds[1];
	}
	give_result(call, result);
}

/* Any process may send datagrams to this name, and each carries who sent it. */
void sys_bindDatagrams(struct call *call)
{
	struct sockaddr_un address;
	size_t length;
	const char *name = arg_text(call, 0, &length);
	socklen_t size = address_of(&address, name, length, true);
	if (!size)
		return give_number(call, -ENAMETOOLONG);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	if (fd < 0)
		return give_number(call, -errno);
	int result = setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
	give_or_close(call, fd, result < 0 ? result : bind(fd, (struct sockaddr *)&address, size));
}

/* Who is at the other end, as the kernel saw it when it connected: pid, uid, gid. */
void sys_peer(struct call *call)
{
	size_t size;
	int32_t *out = arg_memory(call, 1, &size);
	struct ucred peer;
	socklen_t length = sizeof peer;
	if (size < PEER_FIELDS * sizeof *out)
		return give_number(call, -EINVAL);
	int result = getsockopt(arg_int(call, 0), SOL_SOCKET, SO_PEERCRED, &peer, &length);
	if (result == 0) {
		out[PEER_PID] = peer.pid;
		out[PEER_UID] = peer.uid;
		out[PEER_GID] = peer.gid;
	}
	give_result(call, result);
}

/* The further groups of who is at the other end, when it connected. */
void sys_peerGroups(struct call *call)
{
	gid_t groups[GROUPS_MAX];
	double numbers[GROUPS_MAX];
	socklen_t length = sizeof groups;
	if (getsockopt(arg_int(call, 0), SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
		return give_number(call, -errno);
	size_t count = length / sizeof *groups;
	for (size_t i = 0; i < count; i++)
		numbers[i] = groups[i];
	give_numbers(call, numbers, count);
}

/* Whether the process that connected still has its number: 1, 0, or -ENOPROTOOPT where the kernel cannot say (before 6.5). */
void sys_peerLives(struct call *call)
{
	int fd = -1;
	socklen_t length = sizeof fd;
	if (getsockopt(arg_int(call, 0), SOL_SOCKET, SO_PEERPIDFD, &fd, &length) < 0)
		return give_number(call, errno == ENOPROTOOPT ? -errno : 0);
	/* One that has ended keeps its number until it is waited for. */
	int result = syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
	bool is_gone = result < 0 && errno == ESRCH;
	close(fd);
	give_number(call, !is_gone);
}

/*
 * Closes what another process has handed over. The last one to close a socket that lingers waits until all of it has been
 * sent, for hours if its maker says so (socket(7), SO_LINGER), and that must not be archon. One that listens never
 * lingers itself: others that may still use it keep what it is set to.
 */
static void close_foreign(int fd)
{
	struct linger linger = {0};
	socklen_t size = sizeof linger;
	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff) {
		int is_listening = 0;
		size = sizeof is_listening;
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0 || !is_listening)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){0}, sizeof linger);
	}
	close(fd);
}

void sys_closeForeign(struct call *call)
{
	close_foreign(arg_int(call, 0));
	give_number(call, 0);
}

/* All that a message can bring: what has no room is closed by the kernel in archon's name, and may linger. */
union control { struct cmsghdr head; char bytes[CMSG_SPACE(FDS_IN_FLIGHT * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))]; };

/* Closes a socket to which others send; what they have sent and archon has not read is let go as it should be. */
void sys_closeInbox(struct call *call)
{
	int fd = arg_int(call, 0);
	char byte[4096];
	union control control;
	shutdown(fd, SHUT_RD);
	for (;;) {
		struct iovec vector = {.iov_base = byte, .iov_len = sizeof byte};
		struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
		ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (count < 0 || (count == 0 && message.msg_controllen == 0))
			break;
		for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
			if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
				continue;
			for (size_t at = CMSG_LEN(0); at + sizeof(int) <= each->cmsg_len; at += sizeof(int)) {
				int passed;
				memcpy(&passed, (char *)each + at, sizeof passed);
				close_foreign(passed);
			}
		}
	}
	give_result(call, close(fd));
}

/* Bytes, and what came besides them: descriptors (close-on-exec), who sent them, whether they were cut. */
void sys_receive(struct call *call)
{
	size_t length, size;
	void *bytes = arg_memory(call, 1, &length);
	int32_t *out = arg_memory(call, 2, &size);
	if (size < ANCILLARY_FIELDS * sizeof *out)
		return give_number(call, -EINVAL);
	union control control;
	struct iovec vector = {.iov_base = bytes, .iov_len = length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	/* What another process passed may share its flags with that process, which may make it block again. */
	ssize_t count = recvmsg(arg_int(call, 0), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	out[ANCILLARY_COUNT] = 0;
	out[ANCILLARY_PID] = -1;
	if (count < 0)
		return give_number(call, -errno);
	out[ANCILLARY_IS_CUT] = (message.msg_flags & MSG_TRUNC) != 0;
	for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
		if (each->cmsg_level != SOL_SOCKET)
			continue;
		if (each->cmsg_type == SCM_RIGHTS) {
			size_t fds = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			for (size_t i = 0; i < fds; i++) {
				int fd;
				memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
				if (out[ANCILLARY_COUNT] < ANCILLARY_FDS_MAX)
					out[ANCILLARY_FDS + out[ANCILLARY_COUNT]++] = fd;
				else
					close_foreign(fd);
			}
		} else if (each->cmsg_type == SCM_CREDENTIALS) {
			struct ucred sender;
			memcpy(&sender, CMSG_DATA(each), sizeof sender);
			out[ANCILLARY_PID] = sender.pid;
			out[ANCILLARY_UID] = sender.uid;
			out[ANCILLARY_GID] = sender.gid;
		}
	}
	give_number(call, count);
}

/* Bytes, and descriptors with the first of them; `flags` beside MSG_NOSIGNAL. */
void sys_send(struct call *call)
{
	size_t length;
	void *bytes = arg_memory(call, 1, &length);
	double fds[ANCILLARY_FDS_MAX];
	size_t count = arg_numbers(call, 2, fds, ANCILLARY_FDS_MAX);
	union { struct cmsghdr head; char bytes[CMSG_SPACE(ANCILLARY_FDS_MAX * sizeof(int))]; } control;
	struct iovec vector = {.iov_base = bytes, .iov_len = length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	if (count > 0) {
		memset(&control, 0, sizeof control);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		for (size_t i = 0; i < count; i++) {
			int fd = (int)fds[i];
			memcpy(CMSG_DATA(head) + i * sizeof(int), &fd, sizeof fd);
		}
	}
	give_result(call, sendmsg(arg_int(call, 0), &message, MSG_NOSIGNAL | arg_int(call, 3)));
}

/* An address in figures; its length, or 0. */
static socklen_t inet_address(struct sockaddr_storage *address, const char *text, int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		return sizeof *six;
	}
	return 0;
}

void sys_isAddress(struct call *call)
{
	struct sockaddr_storage address;
	give_flag(call, inet_address(&address, arg_path(call, 0), 0) > 0);
}

/* Begins to connect and never waits: it is writable when that is over, and `socketError` says how it went. */
void sys_connectInet(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t size = inet_address(&address, arg_path(call, 0), arg_int(call, 1));
	if (!size)
		return give_number(call, -EINVAL);
	int fd = socket(address.ss_family, arg_int(call, 2) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_number(call, -errno);
	int result = connect(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 && errno == EINPROGRESS ? 0 : result);
}

/* Listens for TCP at an address in figures. */
void sys_listenInet(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t size = inet_address(&address, arg_path(call, 0), arg_int(call, 1));
	if (!size)
		return give_number(call, -EINVAL);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	if (fd < 0)
		return give_number(call, -errno);
	/* What is left of earlier connections keeps no port from being used again (socket(7)). */
	int result = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (result == 0)
		result = bind(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 ? result : listen(fd, BACKLOG));
}

/* Binds a port of one family for a moment: 0, or -errno. */
static int try_port(int family, int port, int type)
{
	struct sockaddr_storage address = {.ss_family = family};
	int fd = socket(family, type | SOCK_CLOEXEC, 0), yes = 1;
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (family == AF_INET6) {
		((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	} else {
		((struct sockaddr_in *)&address)->sin_port = htons(port);
	}
	socklen_t size = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int result = bind(fd, (struct sockaddr *)&address, size) < 0 ? -errno : 0;
	close(fd);
	return result;
}

/* Whether a port is free at all addresses: 0, or -errno. Where there is no IPv6, that of IPv4 counts. */
void sys_tryPort(struct call *call)
{
	int port = arg_int(call, 0), type = arg_int(call, 1), result = try_port(AF_INET, port, type);
	if (result == 0 && try_port(AF_INET6, port, type) == -EADDRINUSE)
		result = -EADDRINUSE;
	give_number(call, result);
}

static int bind_inet(const struct sockaddr_storage *address, socklen_t size, int type, bool is_shared, int backlog)
{
	int fd = socket(address->ss_family, type | SOCK_CLOEXEC, 0), yes = 1, no = 0, result = 0;
	if (fd < 0)
		return -errno;
	/* Of datagrams it would let others take the port away (socket(7)). */
	if (type == SOCK_STREAM)
		result = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (result == 0 && is_shared)
		result = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
	if (result == 0 && address->ss_family == AF_INET6)
		result = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	if (result == 0)
		result = bind(fd, (const struct sockaddr *)address, size);
	if (result == 0 && type == SOCK_STREAM)
		result = listen(fd, backlog);
	if (result == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

/* An address in figures, or all of IPv6 and IPv4 where it is empty; where there is no IPv6, all of IPv4. */
void sys_bindInet(struct call *call)
{
	struct sockaddr_storage address;
	const char *text = arg_path(call, 0);
	int port = arg_int(call, 1), type = arg_int(call, 2), backlog = arg_int(call, 4);
	bool is_shared = arg_flag(call, 3);
	socklen_t size = inet_address(&address, *text ? text : "::", port);
	if (!size)
		return give_number(call, -EINVAL);
	int fd = bind_inet(&address, size, type, is_shared, backlog);
	if (!*text && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
		size = inet_address(&address, "0.0.0.0", port);
		fd = bind_inet(&address, size, type, is_shared, backlog);
	}
	give_number(call, fd);
}

/*
 * bindUnix(path, type, backlog, folder, name): only its owner can reach it, until that is changed. Where another user could exchange
 * the folder that the path leads to it is bound in the open one, and has the name by which that is done.
 */
void sys_bindUnix(struct call *call)
{
	struct sockaddr_un address;
	size_t length;
	char inside[sizeof address.sun_path];
	const char *path = arg_text(call, 0, &length);
	int type = arg_int(call, 1), folder = arg_int(call, 3);
	if (is_movable(folder)) {
		length = snprintf(inside, sizeof inside, "/proc/self/fd/%d/%s", folder, arg_path(call, 4));
		path = inside;
	}
	socklen_t size = address_of(&address, path, length, false);
	if (!size)
		return give_number(call, -ENAMETOOLONG);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return give_number(call, -errno);
	int result = fchmod(fd, 0600);
	if (result == 0)
		result = bind(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 || type == SOCK_DGRAM ? result : listen(fd, arg_int(call, 2)));
}

/* Whose the socket of that name in an open folder is, and its permissions; a link or another kind of file is left alone. */
void sys_setSocketFile(struct call *call)
{
	struct stat about;
	char path[sizeof "/proc/self/fd/" + 11];
	int fd = openat(arg_int(call, 0), arg_path(call, 1), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return give_number(call, -errno);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int result = fstat(fd, &about);
	if (result == 0 && (!S_ISSOCK(about.st_mode) || about.st_nlink > 1)) {
		/* One with another name may be another user's, from another folder. */
		errno = S_ISSOCK(about.st_mode) ? EMLINK : ENOTSOCK;
		result = -1;
	}
	if (result == 0 && (arg_int(call, 3) >= 0 || arg_int(call, 4) >= 0))
		result = fchownat(fd, "", arg_int(call, 3), arg_int(call, 4), AT_EMPTY_PATH);
	if (result == 0)
		result = chmod(path, arg_int(call, 2));
	int error = errno;
	close(fd);
	give_number(call, result < 0 ? -error : 0);
}

/* How many connections may wait from now on (listen(2)). */
void sys_setBacklog(struct call *call)
{
	give_result(call, listen(arg_int(call, 0), arg_int(call, 1)));
}

/* What kind of socket it is (socket(7), SO_TYPE); -ENOTSOCK where it is no socket. */
void sys_socketType(struct call *call)
{
	int type = 0;
	socklen_t length = sizeof type;
	give_number(call, getsockopt(arg_int(call, 0), SOL_SOCKET, SO_TYPE, &type, &length) < 0 ? -errno : type);
}

/* States of an open end (tcp_states.h): established, and closed by the other end. */
#define OPEN_STATES (1 << 1 | 1 << 8)

/* One answer of the kernel: 1 a connection, 0 there are no more, -EAGAIN more may follow, or another -errno. */
static int read_connections(int fd)
{
	struct nlmsghdr buffer[8192 / sizeof(struct nlmsghdr)];
	ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (length < 0)
		return -errno;
	for (struct nlmsghdr *head = buffer; NLMSG_OK(head, length); head = NLMSG_NEXT(head, length)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		if (head->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
		return 1;
	}
	return -EAGAIN;
}

/* One of a family. The kernel answers at once, and the first answer says whether there is any. */
static int has_connections(int family, int port)
{
	struct { struct nlmsghdr head; struct inet_diag_req_v2 request; } question = {
		.head = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = OPEN_STATES, .id.idiag_sport = htons(port)},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return -errno;
	int result = send(fd, &question, sizeof question, 0) < 0 ? -errno : -EAGAIN;
	for (int i = 0; i < 16 && result == -EAGAIN; i++)
		result = read_connections(fd);
	close(fd);
	return result;
}

void sys_hasConnections(struct call *call)
{
	int port = arg_int(call, 0), six = has_connections(AF_INET6, port);
	give_number(call, six > 0 ? six : has_connections(AF_INET, port));
}

/* The address of the other end, in figures. */
void sys_peerAddress(struct call *call)
{
	struct sockaddr_storage address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	socklen_t size = sizeof address;
	char text[INET6_ADDRSTRLEN];
	if (getpeername(arg_int(call, 0), (struct sockaddr *)&address, &size) < 0)
		return give_number(call, -errno);
	const void *bytes = &((struct sockaddr_in *)&address)->sin_addr;
	int family = address.ss_family;
	if (family == AF_INET6) {
		bytes = &six->sin6_addr;
		/* One of IPv4 that came to a socket for both (ipv6(7)). */
		if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
			bytes = six->sin6_addr.s6_addr + 12;
			family = AF_INET;
		}
	}
	if (!inet_ntop(family, bytes, text, sizeof text))
		return give_number(call, -errno);
	give_text(call, text, strlen(text));
}

/* Where a socket is bound: its address in figures, or its path; empty where it has no name. */
void sys_ownAddress(struct call *call)
{
	struct sockaddr_storage address = {0};
	const void *start = &address;
	const struct sockaddr_un *un = start;
	const struct sockaddr_in *four = start;
	const struct sockaddr_in6 *six = start;
	socklen_t size = sizeof address;
	char text[INET6_ADDRSTRLEN];
	if (getsockname(arg_int(call, 0), (struct sockaddr *)&address, &size) < 0)
		return give_number(call, -errno);
	if (address.ss_family == AF_UNIX)
		return give_text(call, un->sun_path, strnlen(un->sun_path, sizeof un->sun_path));
	if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
		return give_number(call, -EAFNOSUPPORT);
	bool is_six = address.ss_family == AF_INET6;
	if (!inet_ntop(address.ss_family, is_six ? (const void *)&six->sin6_addr : &four->sin_addr, text, sizeof text))
		return give_number(call, -errno);
	give_text(call, text, strlen(text));
}

static int port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)address)->sin6_port : ((struct sockaddr_in *)address)->sin_port);
}

/* The own port, and that of the other end where there is one. */
void sys_ports(struct call *call)
{
	size_t size;
	int32_t *ports = arg_memory(call, 1, &size);
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	if (size < 2 * sizeof *ports)
		return give_number(call, -EINVAL);
	if (getsockname(arg_int(call, 0), (struct sockaddr *)&address, &length) < 0)
		return give_number(call, -errno);
	ports[0] = port_of(&address);
	length = sizeof address;
	ports[1] = getpeername(arg_int(call, 0), (struct sockaddr *)&address, &length) < 0 ? 0 : port_of(&address);
	give_number(call, 0);
}

/* Of a connection by TCP: short messages are sent at once, and another end that is gone is noticed within minutes (tcp(7)). */
void sys_tuneTcp(struct call *call)
{
	static const struct { int level, option, value; } options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1}, {SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 60}, {IPPROTO_TCP, TCP_KEEPINTVL, 15},
		{IPPROTO_TCP, TCP_KEEPCNT, 4}, {IPPROTO_TCP, TCP_USER_TIMEOUT, 120000},
	};
	int result = 0;
	for (size_t i = 0; i < sizeof options / sizeof *options && result == 0; i++)
		result = setsockopt(arg_int(call, 0), options[i].level, options[i].option, &options[i].value, sizeof options[i].value);
	give_result(call, result);
}

/* The errno of what went wrong, which is forgotten then; 0 where nothing did (socket(7), SO_ERROR). */
void sys_socketError(struct call *call)
{
	int error = 0;
	socklen_t length = sizeof error;
	if (getsockopt(arg_int(call, 0), SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		error = errno;
	give_number(call, error);
}

void sys_shutdownWrite(struct call *call)
{
	give_result(call, shutdown(arg_int(call, 0), SHUT_WR));
}

/* Listens for messages at a name of the abstract namespace, which any process in the same network can reach (unix(7)). */
void sys_listenAbstract(struct call *call)
{
	struct sockaddr_un address;
	size_t length;
	const char *name = arg_text(call, 0, &length);
	socklen_t size = address_of(&address, name, length, true);
	if (!size)
		return give_number(call, -ENAMETOOLONG);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_number(call, -errno);
	int result = bind(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 ? result : listen(fd, BACKLOG));
}

/* The most that the kernel lets wait (net.core.somaxconn). */
#define BACKLOG_MAX 65535

/* Binds what a program asks for by bind(2), as it would itself; `is_six_only`: an address of IPv6 takes no connections of IPv4. */
void sys_bindFor(struct call *call)
{
	struct sockaddr_storage address;
	int type = arg_int(call, 2), six_only = arg_flag(call, 3), yes = 1;
	socklen_t size = inet_address(&address, arg_path(call, 0), arg_int(call, 1));
	if (!size)
		return give_number(call, -EINVAL);
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return give_number(call, -errno);
	int result = type == SOCK_STREAM ? setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) : 0;
	if (result == 0 && address.ss_family == AF_INET6)
		result = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof six_only);
	if (result == 0)
		result = bind(fd, (struct sockaddr *)&address, size);
	give_or_close(call, fd, result < 0 || type == SOCK_DGRAM ? result : listen(fd, BACKLOG_MAX));
}
