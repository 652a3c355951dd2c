/*
 * beacon [INDEX]: the trivial service. Says that it runs, and waits until it is asked to end, which it says too.
 * Where a supervisor gives no arguments, its number is the name of its working directory.
 */
#include "sign.h"
#include <signal.h>
#include <string.h>

static int to;
static uint32_t number;

static void farewell(int signal)
{
	(void)signal;
	sign(to, ASKED_TO_END, number);
	_exit(0);
}

int main(int argc, char **argv)
{
	char folder[4096] = "";
	const char *word = argc > 1 ? argv[1] : getcwd(folder, sizeof folder) ? strrchr(folder, '/') + 1 : "0";
	number = (uint32_t)atoi(word);
	to = signs();
	signal(SIGTERM, farewell);
	signal(SIGINT, farewell);
	sign(to, BORN, number);
	for (;;)
		pause();
}
