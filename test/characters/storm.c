/* storm wide|chain|group N [OUT]: processes that ignore SIGTERM and make others without pause, each in a session of its
 * own. wide: N at most, all alive; chain: one at a time, each ends when it has made the next; group: wide, in one
 * process group. Whatever happens, it is over after 20 seconds. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LIFETIME 20

int main(int argc, char **argv) {
	const char *kind = argc > 1 ? argv[1] : "wide";
	int limit = argc > 2 ? atoi(argv[2]) : 100;
	int is_chain = strcmp(kind, "chain") == 0;
	int is_group = strcmp(kind, "group") == 0;
	time_t end = time(NULL) + LIFETIME;
	/* Counted for each user, and nothing to root. */
	if (geteuid() == 0 || setrlimit(RLIMIT_NPROC, &(struct rlimit){limit, limit}) < 0) {
		fprintf(stderr, "storm: not as root\n");
		return 1;
	}
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	printf("storm\n");
	fflush(stdout);
	while (time(NULL) < end) {
		pid_t child = fork();
		if (child > 0 && is_chain) _exit(0);
		if (child == 0) {
			alarm(LIFETIME);
			if (!is_group) setsid();
		}
	}
	return 0;
}
