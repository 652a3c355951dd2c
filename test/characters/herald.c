/*
 * Says its arguments on $NOTIFY_SOCKET, one datagram for each, but for these words: `main` says its own pid,
 * `barrier` waits until all before it was heard, `fork` goes on in a child and waits for it, `daemon` in a
 * grandchild of a session of its own without waiting, `heir` in a child of a session of its own and waits until
 * that says `alone`, `pause` waits for ever, and a number is its exit status.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *words, int fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *name = getenv("NOTIFY_SOCKET");
	if (!name)
		exit(99);
	strncpy(to.sun_path, name, sizeof to.sun_path - 1);
	to.sun_path[0] = 0;
	union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof fd)]; } control = {0};
	struct iovec piece = {.iov_base = (char *)words, .iov_len = strlen(words)};
	struct msghdr message = {.msg_name = &to, .msg_iov = &piece, .msg_iovlen = 1};
	message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	int from = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (sendmsg(from, &message, 0) < 0)
		exit(98);
	close(from);
}

int main(int argc, char **argv)
{
	int ends[2], parent[2] = {-1, -1};
	for (int i = 1; i < argc; i++) {
		char *word = argv[i], text[64];
		if (strcmp(word, "main") == 0) {
			snprintf(text, sizeof text, "MAINPID=%d", getpid());
			say(text, -1);
		} else if (strcmp(word, "barrier") == 0) {
			if (pipe(ends) < 0)
				return 97;
			say("BARRIER=1", ends[1]);
			close(ends[1]);
			if (read(ends[0], text, 1) != 0)
				return 96;
		} else if (strcmp(word, "fork") == 0) {
			if (fork() > 0) {
				int status = 0;
				wait(&status);
				return WEXITSTATUS(status);
			}
		} else if (strcmp(word, "daemon") == 0) {
			if (fork() > 0)
				return 0;
			setsid();
			if (fork() > 0)
				return 0;
		} else if (strcmp(word, "heir") == 0) {
			if (pipe(parent) < 0)
				return 95;
			if (fork() > 0) {
				close(parent[1]);
				return read(parent[0], text, 1) == 0 ? 0 : 94;
			}
			setsid();
		} else if (strcmp(word, "alone") == 0) {
			close(parent[1]);
		} else if (strcmp(word, "pause") == 0) {
			pause();
		} else if (strchr(word, '=')) {
			say(word, -1);
		} else {
			return atoi(word);
		}
	}
	return 0;
}
