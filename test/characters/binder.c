/*
 * A server that knows nothing of archon: `binder ADDRESS PORT [udp]` binds, says at which descriptor and address it is bound and
 * with which flags, and answers each connection with its pid, one by one. SIGTERM ends it, but not in the middle of an answer. What
 * bind(2) does not allow it says, and ends with 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

int main(int argc, char **argv)
{
	int is_six = strchr(argv[1], ':') != NULL, type = argc > 3 ? SOCK_DGRAM : SOCK_STREAM, yes = 1;
	struct sockaddr_storage address = {.ss_family = is_six ? AF_INET6 : AF_INET};
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	in_port_t *port = is_six ? &six->sin6_port : &four->sin_port;
	inet_pton(address.ss_family, argv[1], is_six ? (void *)&six->sin6_addr : (void *)&four->sin_addr);
	*port = htons(atoi(argv[2]));
	socklen_t size = is_six ? sizeof *six : sizeof *four;
	/* Not the lowest number that is free, and as servers set their sockets. */
	int fd = dup3(socket(address.ss_family, type, 0), 17, O_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&address, size) < 0) {
		printf("cannot bind: %s\n", strerror(errno));
		return 1;
	}
	int alive = 0;
	socklen_t length = sizeof alive;
	char text[64];
	getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &alive, &length);
	getsockname(fd, (struct sockaddr *)&address, &size);
	inet_ntop(address.ss_family, address.ss_family == AF_INET6 ? (void *)&six->sin6_addr : (void *)&four->sin_addr, text, sizeof text);
	printf(
		"bound %d to %s port %d%s%s%s\n", fd, text, ntohs(*port), fcntl(fd, F_GETFL) & O_NONBLOCK ? " nonblocking" : "",
		fcntl(fd, F_GETFD) & FD_CLOEXEC ? " cloexec" : "", alive ? " keepalive" : ""
	);
	fflush(stdout);
	if (type == SOCK_STREAM && listen(fd, 4096) < 0)
		return 1;
	sigset_t term, none;
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
	while (!is_over) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		if (ppoll(&ready, 1, NULL, &none) <= 0)
			continue;
		int client = accept(fd, NULL, NULL);
		if (client < 0)
			continue;
		char byte, answer[32];
		if (read(client, &byte, 1) == 1) {
			int count = snprintf(answer, sizeof answer, "%d\n", getpid());
			if (write(client, answer, count) != count)
				return 1;
		}
		close(client);
	}
	return 0;
}
