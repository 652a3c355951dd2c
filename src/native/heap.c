/*
 * The memory of the engine. It takes small values from arenas of about a page, which malloc(3) of musl would put into
 * places a third too large, each page of them faulted in alone: here they are pages of chunks, made a few at a time.
 * Anything else is malloc's.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>
#include <sys/mman.h>
#include "heap.h"

#define PAGE 4096
#define PAGES 64 /* of a chunk */
#define CHUNK (PAGE * PAGES)
#define AHEAD 16 /* pages that are faulted in together */
/* The engine's arenas are larger than any other allocation that is smaller than a page, but for a few. */
#define LEAST 3584

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct chunk {
	char *base;
	uint64_t free; /* a bit for each page */
	int begun;     /* pages that were ever taken, rounded up */
};

/* In the order of their addresses; all that have a free page come to be found by `first`. */
static struct chunk *chunks;
static int count, room, first;

static char *map_aligned(void)
{
	char *from = mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (from == MAP_FAILED)
		return NULL;
	char *base = (char *)(((uintptr_t)from + CHUNK - 1) & ~(uintptr_t)(CHUNK - 1));
	if (base > from)
		munmap(from, base - from);
	munmap(base + CHUNK, from + CHUNK - base);
	return base;
}

static struct chunk *add_chunk(void)
{
	if (count == room) {
		int more = room ? 2 * room : 32;
		struct chunk *larger = realloc(chunks, more * sizeof *chunks);
		if (!larger)
			return NULL;
		chunks = larger;
		room = more;
	}
	char *base = map_aligned();
	if (!base)
		return NULL;
	int place = count++;
	for (; place > 0 && chunks[place - 1].base > base; place--)
		chunks[place] = chunks[place - 1];
	chunks[place] = (struct chunk){.base = base, .free = ~(uint64_t)0};
	first = place;
	return &chunks[place];
}

static struct chunk *chunk_with_room(void)
{
	for (int tried = 0; tried < count; tried++, first++) {
		if (first >= count)
			first = 0;
		if (chunks[first].free)
			return &chunks[first];
	}
	return add_chunk();
}

static void *take_page(void)
{
	struct chunk *chunk = chunk_with_room();
	if (!chunk)
		return NULL;
	int index = __builtin_ctzll(chunk->free);
	char *page = chunk->base + index * PAGE;
	chunk->free &= ~((uint64_t)1 << index);
	if (index >= chunk->begun) {
		chunk->begun = (index / AHEAD + 1) * AHEAD;
		/* An extra: where the kernel knows no such advice, each page comes when it is touched. */
		madvise(page, (chunk->begun - index) * PAGE, MADV_POPULATE_WRITE);
	}
	return page;
}

/* NULL: it is malloc's. */
static struct chunk *chunk_of(const void *place)
{
	if ((uintptr_t)place & (PAGE - 1))
		return NULL;
	char *base = (char *)((uintptr_t)place & ~(uintptr_t)(CHUNK - 1));
	int low = 0, high = count;
	while (low < high) {
		int middle = (low + high) / 2;
		if (chunks[middle].base == base)
			return &chunks[middle];
		if (chunks[middle].base < base)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_page(size_t size)
{
	return size >= LEAST && size <= PAGE;
}

static void *heap_malloc(void *unused, size_t size)
{
	(void)unused;
	return is_page(size) ? take_page() : malloc(size);
}

static void *heap_calloc(void *unused, size_t number, size_t size)
{
	(void)unused;
	return calloc(number, size);
}

static void heap_free(void *unused, void *place)
{
	(void)unused;
	struct chunk *chunk = chunk_of(place);
	if (chunk)
		chunk->free |= (uint64_t)1 << (((char *)place - chunk->base) / PAGE);
	else
		free(place);
}

static void *heap_realloc(void *unused, void *place, size_t size)
{
	if (!chunk_of(place))
		return realloc(place, size);
	if (is_page(size))
		return place;
	void *other = malloc(size);
	if (!other)
		return NULL;
	memcpy(other, place, size < PAGE ? size : PAGE);
	heap_free(unused, place);
	return other;
}

static size_t heap_size(const void *place)
{
	return chunk_of(place) ? PAGE : malloc_usable_size((void *)place);
}

const JSMallocFunctions HEAP = {heap_calloc, heap_malloc, heap_free, heap_realloc, heap_size};

/* Gives free pages back to the kernel: runs of them, and chunks that have nothing else. */
void heap_trim(void)
{
	int kept = 0;
	for (int i = 0; i < count; i++) {
		struct chunk chunk = chunks[i];
		if (chunk.free == ~(uint64_t)0) {
			munmap(chunk.base, CHUNK);
			continue;
		}
		for (int from = 0; from < chunk.begun; from++) {
			int to = from;
			while (to < chunk.begun && chunk.free >> to & 1)
				to++;
			if (to > from)
				madvise(chunk.base + from * PAGE, (to - from) * PAGE, MADV_DONTNEED);
			from = to;
		}
		chunks[kept++] = chunk;
	}
	count = kept;
	first = 0;
}
