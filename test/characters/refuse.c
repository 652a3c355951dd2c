/* refuse ERRNO NUMBER… -- COMMAND…: executes the command under a filter that refuses the system calls of these numbers. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MOST 32

int main(int argc, char **argv) {
	int error = argc > 1 ? atoi(argv[1]) : 0, count = 0, at = 2;
	struct sock_filter filter[2 * MOST + 2];
	filter[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (; at < argc && strcmp(argv[at], "--") != 0 && count < 2 * MOST; at++) {
		filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, atoi(argv[at]), 0, 1);
		filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
	}
	filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = count, .filter = filter};
	if (at + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		fprintf(stderr, "refuse: cannot\n");
		return 1;
	}
	execvp(argv[at + 1], argv + at + 1);
	return 1;
}
