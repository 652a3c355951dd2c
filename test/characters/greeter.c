/*
 * Answers each connection to the sockets that it was handed (sd_listen_fds(3)) with its pid and the name of the socket, one by one.
 * It says first what it was handed. SIGTERM ends it, but not in the middle of an answer; and so does an argument: after that many answers.
 */
#define _GNU_SOURCE
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

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

int main(int argc, char **argv)
{
	int count = atoi(variable("LISTEN_FDS")), left = argc > 1 ? atoi(argv[1]) : -1;
	struct pollfd fds[64];
	char names[1024], *names_of[64] = {0}, *cursor = names;
	snprintf(names, sizeof names, "%s", variable("LISTEN_FDNAMES"));
	printf("handed %d as %s, %s\n", count, names, atoi(variable("LISTEN_PID")) == getpid() ? "to this pid" : "to another pid");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		names_of[i] = strsep(&cursor, ":");
		fds[i] = (struct pollfd){.fd = 3 + i, .events = POLLIN};
		fcntl(3 + i, F_SETFL, fcntl(3 + i, F_GETFL) | O_NONBLOCK);
	}
	sigset_t term, none;
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
	while (!is_over && left != 0) {
		if (ppoll(fds, count, NULL, &none) <= 0)
			continue;
		for (int i = 0; i < count; i++) {
			int client = fds[i].revents ? accept(3 + i, NULL, NULL) : -1;
			if (client < 0)
				continue;
			char byte, answer[256];
			if (read(client, &byte, 1) == 1) {
				int length = snprintf(answer, sizeof answer, "%d %s\n", getpid(), names_of[i] ? names_of[i] : "?");
				if (write(client, answer, length) == length && left > 0)
					left--;
			}
			close(client);
		}
	}
	return 0;
}
