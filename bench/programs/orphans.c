/*
 * orphans N: leaves N zombies to PID 1, says `ready`, then waits until they are reaped, and prints how many are left
 * and when that was: `0 NANOSECONDS` (CLOCK_MONOTONIC). It waits for ten seconds, or three in which none is reaped.
 * PID 1 is meant to be stopped meanwhile, so that what is measured is its burying and not our forking.
 */
#include "sign.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* A zombie can still be signalled (kill(2)). */
static int lies_there(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH); }

static int count(const pid_t *pids, int wanted)
{
	int left = 0;
	for (int i = 0; i < wanted; i++)
		left += lies_there(pids[i]);
	return left;
}

int main(int argc, char **argv)
{
	int wanted = argc > 1 ? atoi(argv[1]) : 1;
	/* Children write here who their own children are. */
	pid_t *pids = mmap(NULL, sizeof *pids * (size_t)wanted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pids == MAP_FAILED)
		return 1;
	for (int i = 0; i < wanted; i++) {
		pid_t child = fork();
		if (child < 0)
			return 2;
		if (child == 0) {
			pid_t orphan = fork();
			if (orphan == 0)
				_exit(0);
			pids[i] = orphan;
			_exit(orphan < 0);
		}
		int status;
		if (waitpid(child, &status, 0) < 0 || status != 0)
			return 3;
	}
	puts("ready");
	fflush(stdout);

	/* The one looked for is passed over once it is gone; a full count only at the end, and after each second. */
	const struct timespec moment = {0, 200000};
	int last = wanted - 1, before = wanted;
	const uint64_t began = now();
	uint64_t looked = began, patience = began;
	for (;;) {
		while (last >= 0 && !lies_there(pids[last]))
			last--;
		if (last < 0)
			break;
		if (now() - looked > 1000000000) {
			looked = now();
			int left = count(pids, wanted);
			if (left < before)
				patience = looked;
			before = left;
			if (looked - patience > 3000000000 || looked - began > 10000000000) {
				printf("%d %llu\n", left, (unsigned long long)looked);
				return 0;
			}
		}
		nanosleep(&moment, NULL);
	}
	printf("0 %llu\n", (unsigned long long)now());
	return 0;
}
