/*
 * Makes a child the main process of its service, in a process group of its own, and takes that back as soon as archon has heard of
 * it: the child ends and is waited for, and its number is free. It says `number N`, and waits for ever.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns once archon has read all that came before: it closes the descriptor that is passed, and the pipe is at its end. */
static void say_main(pid_t pid)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *name = getenv("NOTIFY_SOCKET");
	char words[64], byte;
	int ends[2], from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!name || pipe(ends) < 0)
		exit(99);
	strncpy(to.sun_path, name, sizeof to.sun_path - 1);
	to.sun_path[0] = 0;
	union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
	struct iovec piece = {.iov_base = words, .iov_len = (size_t)snprintf(words, sizeof words, "MAINPID=%d", (int)pid)};
	struct msghdr message = {.msg_name = &to, .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.head), &ends[1], sizeof(int));
	if (sendmsg(from, &message, 0) < 0)
		exit(98);
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 0)
		exit(97);
	close(ends[0]);
	close(from);
}

int main(void)
{
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(child, child);
	say_main(child);
	say_main(getpid());
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("number %d\n", (int)child);
	fflush(stdout);
	for (;;)
		pause();
}
