/*
 * exchanger SECONDS TARGET PATH…: somebody who owns a folder that archon writes to, and puts a link to TARGET, a FIFO, a
 * hard link to TARGET or a file in the place of each PATH, again and again, by RENAME_EXCHANGE where there is something.
 * Where TARGET is a folder, only links are put there and what was there comes back. Prints its rounds, in thousands.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2

static int decoy(const char *path, const char *target, long kind)
{
	int fd;
	switch (kind % 4) {
	case 0: return symlink(target, path);
	case 1: return mkfifo(path, 0666);
	case 2: return link(target, path);
	default:
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		return fd < 0 ? -1 : close(fd);
	}
}

int main(int argc, char **argv)
{
	struct stat about;
	if (argc < 4 || stat(argv[2], &about) < 0)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(atoi(argv[1]));
	for (long round = 0;; round++) {
		for (int i = 3; i < argc; i++) {
			char other[PATH_MAX];
			snprintf(other, sizeof other, "%s.decoy", argv[i]);
			if (!S_ISDIR(about.st_mode) && decoy(other, argv[2], round) < 0)
				continue;
			if (S_ISDIR(about.st_mode) && round == 0)
				decoy(other, argv[2], 0);
			if (syscall(SYS_renameat2, AT_FDCWD, other, AT_FDCWD, argv[i], EXCHANGE) < 0)
				rename(other, argv[i]);
			if (!S_ISDIR(about.st_mode))
				unlink(other);
		}
		if (round % 1000 == 999) {
			printf("%ld\n", round / 1000 + 1);
			fflush(stdout);
		}
	}
}
