/* stopwatch COMMAND…: prints how many nanoseconds it took from start to end, and its exit status. What it says is dropped. */
#include "sign.h"
#include <stdio.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return 100;
	uint64_t began = now();
	pid_t child = vfork();
	if (child == 0) {
		int nowhere = open("/dev/null", O_RDWR);
		dup2(nowhere, 0);
		dup2(nowhere, 1);
		dup2(nowhere, 2);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	printf("%llu %d\n", (unsigned long long)(now() - began), WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
