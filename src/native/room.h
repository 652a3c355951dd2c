/* Memory that is written from its beginning on, as far as there is room; what would have been used is counted on. */
#ifndef ROOM_H
#define ROOM_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct room {
	uint8_t *bytes;
	size_t size, used;
};

static inline void add(struct room *room, const void *bytes, size_t length)
{
	if (length > 0 && room->used + length <= room->size)
		memcpy(room->bytes + room->used, bytes, length);
	room->used += length;
}

#endif
