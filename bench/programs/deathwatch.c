/* deathwatch PID: says `watching`, and when the process has ended, when that was (CLOCK_MONOTONIC, in nanoseconds). */
#include "sign.h"
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	struct pollfd process = {(int)syscall(SYS_pidfd_open, argc > 1 ? atoi(argv[1]) : 0, 0), POLLIN, 0};
	if (process.fd < 0)
		return 1;
	puts("watching");
	fflush(stdout);
	if (poll(&process, 1, 60000) != 1)
		return 2;
	printf("%llu\n", (unsigned long long)now());
	return 0;
}
