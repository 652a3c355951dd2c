/* Ways to die, for the engine that the tests run scripts in (host.c): by name. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../../src/native/host.h"

static void fault(void)
{
	static volatile uintptr_t nowhere = 1;
	*(volatile char *)nowhere = 0;
}

static int sink(int depth)
{
	volatile char room[4096];
	room[0] = (char)depth;
	return depth < 0 ? 0 : sink(depth + 1) + room[0];
}

static void *in_thread(void *how)
{
	if (strcmp(how, "thread-abort") == 0)
		abort();
	fault();
	return NULL;
}

/* As a signal does that comes behind the mask while the process dies. */
static void fault_with(int signal)
{
	uint64_t set = 1ull << (signal - 1);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof set);
	syscall(SYS_tgkill, getpid(), getpid(), signal);
	fault();
}

void die(const char *how)
{
	static char words[32];
	pthread_t thread;
	if (strcmp(how, "fault") == 0)
		fault();
	else if (strcmp(how, "abort") == 0)
		abort();
	else if (strcmp(how, "overflow") == 0)
		sink(0);
	else if (strncmp(how, "blocked ", 8) == 0)
		fault_with(atoi(how + 8));
	else if (strncmp(how, "thread-", 7) == 0)
		pthread_create(&thread, NULL, in_thread, strncpy(words, how, sizeof words - 1));
}
