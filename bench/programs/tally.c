/*
 * tally LINES FILE…: of the lines that writer wrote, how many are in these files, whole and each counted once.
 * tally LINES: the same for stdin, until all have come or nothing has for a second and a half.
 * Prints `COUNT NANOSECONDS`, the instant (CLOCK_MONOTONIC) of the last byte that was read.
 */
#include "sign.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 100, NUMBER = 12, REST = LINE - NUMBER - 1 };

static char *seen;
static uint64_t wanted, found;

/* What stands before our own bytes (a prefix, a time) is anybody's. */
static void look(const char *line, size_t length)
{
	if (length < LINE - 1)
		return;
	const char *own = line + length - (LINE - 1);
	if (own[0] != '#' || own[NUMBER - 1] != ' ')
		return;
	for (size_t i = NUMBER; i < LINE - 1; i++)
		if (own[i] != 'x')
			return;
	uint64_t number = strtoull(own + 1, NULL, 10);
	if (number >= wanted || seen[number])
		return;
	seen[number] = 1;
	found++;
}

static char buffer[1 << 20];
static size_t held;

/* Reads once, and looks at whole lines; what follows the last of them is kept. */
static ssize_t take(int fd)
{
	ssize_t size = read(fd, buffer + held, sizeof buffer - held);
	if (size <= 0)
		return size;
	held += (size_t)size;
	char *from = buffer, *end;
	while ((end = memchr(from, '\n', held - (size_t)(from - buffer)))) {
		look(from, (size_t)(end - from));
		from = end + 1;
	}
	held -= (size_t)(from - buffer);
	memmove(buffer, from, held);
	/* No line of ours is that long. */
	if (held == sizeof buffer)
		held = 0;
	return size;
}

int main(int argc, char **argv)
{
	uint64_t last = now();
	if (argc < 2)
		return 100;
	wanted = strtoull(argv[1], NULL, 10);
	seen = calloc(wanted + 1, 1);
	if (!seen)
		return 1;
	for (int i = 2; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		if (fd < 0)
			continue;
		while (take(fd) > 0)
			;
		close(fd);
		/* A line that rotation cut in two counts as lost. */
		held = 0;
	}
	if (argc == 2) {
		struct pollfd input = {0, POLLIN, 0};
		int has_begun = 0;
		while (found < wanted && poll(&input, 1, has_begun ? 1500 : 30000) > 0) {
			if (take(0) <= 0)
				break;
			has_begun = found > 0;
			last = now();
		}
	}
	printf("%llu %llu\n", (unsigned long long)found, (unsigned long long)last);
	return 0;
}
