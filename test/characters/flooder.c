/*
 * Floods $NOTIFY_SOCKET for MILLIS milliseconds: `flooder KIND… MILLIS` sends its kinds in turn as fast as they are
 * taken, prints how many were, and waits for ever. The kinds: `mains` 16 KiB of main processes that do not exist,
 * `junk` of keys that mean nothing, `status` one long status with control characters, `extend` one more second again
 * and again, `fds` as many descriptors as go into a message, `small` a status of a few bytes, `ready` READY=1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SIZE (16 * 1024)
#define FDS 253 /* SCM_MAX_FD (unix(7)) */

static char text[SIZE + 64];
static unsigned number;

static size_t repeat(const char *format)
{
	size_t length = 0;
	while (length < SIZE - 40)
		length += sprintf(text + length, format, ++number);
	return length;
}

static size_t fill(const char *kind)
{
	if (strcmp(kind, "mains") == 0)
		return repeat("MAINPID=%u\n");
	if (strcmp(kind, "junk") == 0)
		return repeat("X_%u=1\n");
	if (strcmp(kind, "extend") == 0)
		return repeat("EXTEND_TIMEOUT_USEC=100%u\n");
	if (strcmp(kind, "fds") == 0)
		return sprintf(text, "FDSTORE=1\nFDNAME=%u\n", ++number);
	if (strcmp(kind, "small") == 0)
		return sprintf(text, "STATUS=%u", ++number);
	if (strcmp(kind, "ready") == 0)
		return sprintf(text, "READY=1");
	memset(text, '\x1b', SIZE);
	size_t head = sprintf(text, "STATUS=%u", ++number);
	text[head] = '\a';
	return SIZE;
}

static long long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (!name || argc < 3)
		return 99;
	strncpy(to.sun_path, name, sizeof to.sun_path - 1);
	to.sun_path[0] = 0;
	union { struct cmsghdr head; char bytes[CMSG_SPACE(FDS * sizeof(int))]; } control = {0};
	control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(FDS * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	for (int i = 0; i < FDS; i++)
		memcpy(CMSG_DATA(&control.head) + i * sizeof i, &(int){STDOUT_FILENO}, sizeof i);
	int from = socket(AF_UNIX, SOCK_DGRAM, 0), wide = 1 << 20;
	setsockopt(from, SOL_SOCKET, SO_SNDBUF, &wide, sizeof wide);
	long long end = millis() + atoi(argv[argc - 1]);
	unsigned taken = 0;
	for (int i = 1; millis() < end; i = i + 1 < argc - 1 ? i + 1 : 1) {
		struct iovec piece = {.iov_base = text, .iov_len = fill(argv[i])};
		struct msghdr message = {.msg_name = &to, .msg_iov = &piece, .msg_iovlen = 1};
		message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen(name);
		if (strcmp(argv[i], "fds") == 0) {
			message.msg_control = &control;
			message.msg_controllen = sizeof control;
		}
		if (sendmsg(from, &message, 0) >= 0)
			taken++;
		else if (errno != ETOOMANYREFS)
			return 98;
	}
	printf("%u were taken\n", taken);
	fflush(stdout);
	for (;;)
		pause();
}
