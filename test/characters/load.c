/*
 * Makes connections to a port of this machine, a number of them each second, whether or not earlier ones were answered, until its stdin ends;
 * then it waits for those that are open, and says how many were answered, and how many were not and why.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPEN_MAX_AT_ONCE 8192
#define PATIENCE 30000

static int epoll, answered, failed, open_count;
static bool has_asked[65536], has_heard[65536];

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void over(int fd, const char *why)
{
	if (!why)
		answered++;
	else if (failed++ < 5)
		fprintf(stderr, "not answered: %s\n", why);
	close(fd);
	open_count--;
}

static void begin(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || fd >= 65536) {
		perror("socket");
		exit(1);
	}
	open_count++;
	has_asked[fd] = has_heard[fd] = false;
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)
		return over(fd, strerror(errno));
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLOUT, .data.fd = fd});
}

static void go_on(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (!has_asked[fd]) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error || write(fd, "x", 1) != 1)
			return over(fd, strerror(error ? error : errno));
		has_asked[fd] = true;
		epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
		return;
	}
	char answer[256];
	ssize_t count = read(fd, answer, sizeof answer);
	if (count > 0)
		has_heard[fd] = true;
	else if (count == 0)
		over(fd, has_heard[fd] ? NULL : "closed without an answer");
	else if (errno != EAGAIN)
		over(fd, strerror(errno));
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	long rate = argc > 2 ? atol(argv[2]) : 2000, begun = now(), made = 0, ended = 0;
	epoll = epoll_create1(0);
	while (!ended || (open_count > 0 && now() - ended < PATIENCE * 1000L)) {
		struct epoll_event ready[256];
		/* Also what should have been made while this machine had no time for it. */
		for (long due = (now() - begun) * rate / 1000000; !ended && made < due && open_count < OPEN_MAX_AT_ONCE; made++)
			begin(&to);
		int count = epoll_wait(epoll, ready, 256, 1);
		for (int i = 0; i < count; i++)
			go_on(ready[i].data.fd);
		struct pollfd in = {.fd = 0, .events = POLLIN};
		if (!ended && poll(&in, 1, 0) == 1)
			ended = now();
	}
	printf("made %ld, answered %d, failed %d, left %d\n", made, answered, failed, open_count);
	return 0;
}
