/*
 * changer PROCESSES SECONDS: PROCESSES processes change their memory all the time, so that a reader of it waits: for each of them
 * until it has its turn. They end by themselves.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LENGTH (1ul << 30)
#define POPULATE_READ 22 /* linux/mman.h */

int main(int count, char **words)
{
	int processes = count > 2 ? atoi(words[1]) : 1;
	time_t end = time(NULL) + (count > 2 ? atoi(words[2]) : 1);
	for (int i = 1; i < processes; i++)
		if (fork() == 0)
			break;
	char *memory = mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, LENGTH, MADV_NOHUGEPAGE);
	while (time(NULL) < end) {
		/* Of the page of zeros, which takes two megabytes of tables. */
		madvise(memory, LENGTH, POPULATE_READ);
		mprotect(memory, LENGTH, PROT_NONE);
		mprotect(memory, LENGTH, PROT_READ);
		madvise(memory, LENGTH, MADV_DONTNEED);
	}
	return 0;
}
