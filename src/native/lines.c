/* Lines of output: counted, cut, and written with something before each of them. What is done for each byte is here. */
#include <string.h>
#include "call.h"
#include "functions.h"
#include "room.h"

/* `…` in UTF-8: the line goes on. */
static const char GOES_ON[] = "\xe2\x80\xa6\n";
static const char RESET[] = "\x1b[0m";

/* How many bytes are looked at at once. */
typedef uint8_t block __attribute__((vector_size(16)));

static bool is_any(block mask)
{
	uint64_t halves[2];
	memcpy(halves, &mask, sizeof halves);
	return (halves[0] | halves[1]) != 0;
}

/* A control character but a tab, or the first byte of a control character of Unicode. */
static bool is_odd(uint8_t byte)
{
	return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f || byte == 0xc2;
}

/* Whether no line needs a closer look. */
static bool is_plain(const uint8_t *bytes, size_t length)
{
	size_t i = 0;
	for (; i + sizeof(block) <= length; i += sizeof(block)) {
		block each;
		memcpy(&each, bytes + i, sizeof each);
		if (is_any((block)(((each < 0x20) & (each != '\t') & (each != '\n')) | (each == 0x7f) | (each == 0xc2))))
			return false;
	}
	for (; i < length; i++) {
		if (is_odd(bytes[i]))
			return false;
	}
	return true;
}

/* The length of the colour (SGR of ECMA-48) that begins here; 0 where none does. */
static size_t colour_at(const uint8_t *bytes, size_t length)
{
	if (length < 3 || bytes[0] != 0x1b || bytes[1] != '[')
		return 0;
	size_t i = 2;
	while (i < length && ((bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == ';' || bytes[i] == ':'))
		i++;
	return i < length && bytes[i] == 'm' ? i + 1 : 0;
}

/* How many bytes the control character has that begins here; 0 where none does. */
static size_t control_at(const uint8_t *bytes, size_t length)
{
	if (bytes[0] == 0xc2)
		return length > 1 && bytes[1] >= 0x80 && bytes[1] <= 0x9f ? 2 : 0;
	return is_odd(bytes[0]) ? 1 : 0;
}

static void add_written(struct room *room, const uint8_t *control, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < length; i++) {
		if (control[i] == '\r')
			add(room, "\\r", 2);
		else
			add(room, (char[]){'\\', 'x', digits[control[i] >> 4], digits[control[i] & 15]}, 4);
	}
}

/*
 * A line without its newline, and nothing in it that a terminal would act on but colours. Those end with the line, or
 * they would run on into what comes after it; a carriage return at its end does no harm.
 */
static void add_safely(struct room *room, const uint8_t *line, size_t length)
{
	size_t end = length > 0 && line[length - 1] == '\r' ? length - 1 : length, from = 0;
	bool is_coloured = false;
	for (size_t at = 0; at < end;) {
		size_t colour = colour_at(line + at, end - at);
		size_t control = colour ? 0 : control_at(line + at, end - at);
		is_coloured = is_coloured || colour;
		if (control) {
			add(room, line + from, at - from);
			add_written(room, line + at, control);
			from = at + control;
		}
		at += colour ? colour : control ? control : 1;
	}
	add(room, line + from, end - from);
	if (is_coloured)
		add(room, RESET, sizeof RESET - 1);
	add(room, line + end, length - end);
}

/*
 * prefixLines(bytes, prefix, isSafe, out): each line after the prefix; what has no newline goes on. How many bytes that
 * is: where it is more than there is room for, nothing of it counts. `isSafe`: no line can hide or fake another.
 */
void sys_prefixLines(struct call *call)
{
	struct room room = {0};
	size_t length, prefix_length;
	const uint8_t *bytes = arg_memory(call, 0, &length), *prefix = arg_memory(call, 1, &prefix_length);
	room.bytes = arg_memory(call, 3, &room.size);
	bool is_trusted = !arg_flag(call, 2) || is_plain(bytes, length);
	for (size_t at = 0; at < length;) {
		const uint8_t *line = bytes + at, *newline = memchr(line, '\n', length - at);
		size_t size = newline ? (size_t)(newline - line) : length - at;
		add(&room, prefix, prefix_length);
		if (is_trusted || is_plain(line, size))
			add(&room, line, size);
		else
			add_safely(&room, line, size);
		if (newline)
			add(&room, "\n", 1);
		else
			add(&room, GOES_ON, sizeof GOES_ON - 1);
		at += size + 1;
	}
	give_number(call, room.used);
}

/* How many newlines there are. */
void sys_countLines(struct call *call)
{
	size_t length, count = 0;
	const uint8_t *bytes = arg_memory(call, 0, &length), *end = bytes + length;
	while (length > 0 && (bytes = memchr(bytes, '\n', end - bytes))) {
		bytes++;
		count++;
	}
	give_number(call, count);
}

/* endOfLines(bytes, count): where the first `count` lines end; where there are fewer, the last of them. */
void sys_endOfLines(struct call *call)
{
	size_t length, end = 0;
	const uint8_t *bytes = arg_memory(call, 0, &length);
	double left = arg_number(call, 1);
	for (; left >= 1 && end < length; left--) {
		const uint8_t *newline = memchr(bytes + end, '\n', length - end);
		if (!newline)
			break;
		end = newline - bytes + 1;
	}
	give_number(call, end);
}

/* dropReturns(bytes, length): each `\r\n` of the first `length` bytes becomes `\n`, in place; how many bytes are left. */
void sys_dropReturns(struct call *call)
{
	size_t whole, count = 0;
	uint8_t *bytes = arg_memory(call, 0, &whole);
	size_t length = (size_t)arg_number(call, 1);
	length = length < whole ? length : whole;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != '\r' || i + 1 == length || bytes[i + 1] != '\n')
			bytes[count++] = bytes[i];
	}
	give_number(call, count);
}
