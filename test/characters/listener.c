/*
 * Listens at a path in place of archon: `listener PATH` says `listening`, then of each connection `was told N bytes and
 * M descriptors`, once it ends or has said something.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (argc < 2)
		return 99;
	strncpy(at.sun_path, argv[1], sizeof at.sun_path - 1);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || chmod(argv[1], 0666) < 0 || listen(listener, 8) < 0) {
		perror(argv[1]);
		return 98;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		union { struct cmsghdr head; char bytes[CMSG_SPACE(16 * sizeof(int))]; } control;
		char bytes[4096];
		struct iovec piece = {.iov_base = bytes, .iov_len = sizeof bytes};
		struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
		int client = accept(listener, NULL, NULL);
		ssize_t count = recvmsg(client, &message, 0);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		printf("was told %zd bytes and %zu descriptors\n", count, head ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0);
		fflush(stdout);
		close(client);
	}
}
