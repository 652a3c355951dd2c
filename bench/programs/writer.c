/*
 * writer: as a service, writes $BENCH_MEBIBYTES of 100-byte lines to stdout, $BENCH_LINES at a time (64 KiB at most).
 * Says when it began and when it was rid of the last, and stays. Each line carries its number.
 */
#include "sign.h"
#include <stdio.h>
#include <string.h>

enum { LINE = 100, LINES = 65536 / LINE };

int main(void)
{
	const char *wanted = getenv("BENCH_MEBIBYTES"), *together = getenv("BENCH_LINES");
	size_t most = LINE * (size_t)atoi(together ? together : "1");
	uint64_t lines = (uint64_t)atoi(wanted ? wanted : "1") * 1048576 / LINE;
	static char block[LINES * LINE];
	int to = signs();
	if (most < LINE || most > sizeof block)
		most = sizeof block;
	memset(block, 'x', sizeof block);
	sign(to, WRITING, 0);
	for (uint64_t line = 0; line < lines;) {
		size_t size = 0;
		for (; size < most && line < lines; size += LINE, line++) {
			char number[32];
			snprintf(number, sizeof number, "#%010llu ", (unsigned long long)line);
			memcpy(block + size, number, 12);
			block[size + LINE - 1] = '\n';
		}
		for (size_t done = 0; done < size;) {
			ssize_t now_ = write(1, block + done, size - done);
			if (now_ < 0)
				return 1;
			done += (size_t)now_;
		}
	}
	sign(to, WRITTEN, (uint32_t)lines);
	for (;;)
		pause();
}
