/*
 * mark COMMAND…: becomes the command, and says when: the clock of a boot starts here, not at what made the
 * namespace. What the command says goes to $BENCH_OUTPUT.
 */
#include "sign.h"
#include <sys/resource.h>

int main(int argc, char **argv)
{
	struct rlimit files;
	if (argc < 2)
		return 100;
	/* 2000 services, three files for each: enough for every supervisor. */
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	const char *output = getenv("BENCH_OUTPUT");
	int fd = output ? open(output, O_WRONLY | O_APPEND | O_CREAT, 0644) : -1;
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
		close(fd);
	}
	sign(signs(), MARKED, 0);
	execvp(argv[1], argv + 1);
	return 127;
}
