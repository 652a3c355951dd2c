/*
 * Hands archon sockets whose last close waits for an hour: `lingerer PORT` connects to a port of 127.0.0.1 where no process
 * reads, sends until no more is taken, and passes that socket on $NOTIFY_SOCKET, lingering, when archon listens to it no
 * more for a while, so that its own copy is closed first. Then it says READY=1 and ends, as a second word says: `leave`
 * while archon has not read them, `stay` never.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKETS 3

static struct sockaddr_un to = {.sun_family = AF_UNIX};
static socklen_t to_length;

static int say(int from, const char *words, int fd, int flags)
{
	union { struct cmsghdr head; char bytes[CMSG_SPACE(20 * sizeof fd)]; } control = {0};
	struct iovec piece = {.iov_base = (char *)words, .iov_len = strlen(words)};
	struct msghdr message = {.msg_name = &to, .msg_namelen = to_length, .msg_iov = &piece, .msg_iovlen = 1};
	if (fd >= 0) {
		/* The last of many, behind all that archon looks at. */
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(20 * sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		for (int i = 0; i < 20; i++)
			memcpy(CMSG_DATA(&control.head) + i * sizeof fd, i < 19 ? &(int){STDOUT_FILENO} : &fd, sizeof fd);
	}
	return sendmsg(from, &message, flags);
}

static int unsent(int port)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static char bytes[1 << 16];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&peer, sizeof peer) < 0)
		exit(97);
	while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 3600}, sizeof(struct linger));
	return fd;
}

int main(int argc, char **argv)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int sockets[SOCKETS];
	if (!name || argc < 3)
		return 99;
	strncpy(to.sun_path, name, sizeof to.sun_path - 1);
	to.sun_path[0] = 0;
	to_length = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	for (int i = 0; i < SOCKETS; i++)
		sockets[i] = unsent(atoi(argv[1]));
	int from = socket(AF_UNIX, SOCK_DGRAM, 0);
	/* Until the kernel holds as many as it will, for archon takes them more slowly than they come. */
	while (say(from, "STATUS=flood", -1, MSG_DONTWAIT) >= 0)
		;
	if (errno != EAGAIN)
		return 98;
	for (int i = 0; i < SOCKETS; i++) {
		say(from, "FDSTORE=1", sockets[i], 0);
		close(sockets[i]);
	}
	say(from, "READY=1", -1, 0);
	if (strcmp(argv[2], "leave") == 0)
		return 0;
	for (;;)
		pause();
}
