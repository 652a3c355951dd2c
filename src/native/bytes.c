/* Bytes as text, and text as bytes. */
#include <stdlib.h>
#include <string.h>
#include "call.h"
#include "functions.h"
#include "text.h"

/* The part of the memory at `index` between the two numbers behind it; all of it where they are missing. */
static uint8_t *part(struct call *call, size_t *length, int last_index)
{
	size_t whole;
	uint8_t *bytes = arg_memory(call, 0, &whole);
	size_t from = (size_t)arg_number(call, last_index - 1), to = (size_t)arg_number(call, last_index);
	to = to < whole ? to : whole;
	*length = from < to ? to - from : 0;
	return bytes + (from < to ? from : 0);
}

/* What is not UTF-8 is U+FFFD, or kept (call.h). */
void sys_decodeUtf8(struct call *call)
{
	size_t length;
	const uint8_t *bytes = part(call, &length, 2);
	if (is_utf8(bytes, length))
		return give_text(call, (const char *)bytes, length);
	uint16_t *units = malloc(length * sizeof *units);
	if (units)
		give_utf16(call, units, utf8_to_utf16(bytes, length, units, arg_flag(call, 3)));
	free(units);
}

void sys_isUtf8(struct call *call)
{
	size_t length;
	const uint8_t *bytes = part(call, &length, 2);
	give_flag(call, is_utf8(bytes, length));
}

void sys_decodeLatin1(struct call *call)
{
	size_t length;
	const uint8_t *bytes = part(call, &length, 2);
	give_latin1(call, bytes, length);
}

void sys_encodeUtf8(struct call *call)
{
	size_t length;
	const char *text = arg_text(call, 0, &length);
	give_bytes(call, text, length);
}

/* By FNV-1a of 64 bits, of which a number holds 52. */
void sys_hashText(struct call *call)
{
	size_t length;
	const uint8_t *bytes = (const uint8_t *)arg_text(call, 0, &length);
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	give_number(call, (double)(hash >> 12));
}

/* Into memory, from a place on: how many bytes, or -ENOSPC where not all have room. */
void sys_writeUtf8(struct call *call)
{
	size_t length, whole, at = (size_t)arg_number(call, 2);
	const char *text = arg_text(call, 0, &length);
	uint8_t *bytes = arg_memory(call, 1, &whole);
	if (at > whole || length > whole - at)
		return give_number(call, -ENOSPC);
	memcpy(bytes + at, text, length);
	give_number(call, length);
}

/* One character is one byte, U+0000 to U+00FF. */
void sys_writeLatin1(struct call *call)
{
	size_t length, whole, at = (size_t)arg_number(call, 2), count = 0;
	const uint8_t *text = (const uint8_t *)arg_text(call, 0, &length);
	uint8_t *bytes = arg_memory(call, 1, &whole);
	for (size_t i = 0; i < length; i++, count++) {
		if (at + count >= whole)
			return give_number(call, -ENOSPC);
		bool is_wide = (text[i] & 0xfc) == 0xc0 && i + 1 < length;
		bytes[at + count] = is_wide ? (text[i] & 3) << 6 | (text[i + 1] & 0x3f) : text[i];
		i += is_wide;
	}
	give_number(call, count);
}
