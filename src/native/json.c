/* Lines of output as JSON (RFC 8259): each in an object of its own, quoted, or as it is where it is an object already. */
#include <stdlib.h>
#include <string.h>
#include "call.h"
#include "functions.h"
#include "room.h"
#include "text.h"

/* What is nested deeper is text. */
#define DEPTH_MAX 512

static const uint8_t *after_space(const uint8_t *at, const uint8_t *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static bool is_hex(const uint8_t *at)
{
	return (*at >= '0' && *at <= '9') || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'f');
}

/* ── Each of these gives the place after what begins here; NULL where it does not. ── */

static const uint8_t *after_string(const uint8_t *at, const uint8_t *end)
{
	if (at == end || *at++ != '"')
		return NULL;
	while (at < end && *at != '"') {
		if (*at < 0x20)
			return NULL;
		if (*at++ != '\\')
			continue;
		if (at == end || !strchr("\"\\/bfnrtu", *at) || *at == 0)
			return NULL;
		if (*at++ != 'u')
			continue;
		if (end - at < 4 || !is_hex(at) || !is_hex(at + 1) || !is_hex(at + 2) || !is_hex(at + 3))
			return NULL;
		at += 4;
	}
	return at < end ? at + 1 : NULL;
}

static const uint8_t *after_digits(const uint8_t *at, const uint8_t *end)
{
	if (!is_digit(at, end))
		return NULL;
	while (is_digit(at, end))
		at++;
	return at;
}

static const uint8_t *after_number(const uint8_t *at, const uint8_t *end)
{
	if (at < end && *at == '-')
		at++;
	at = at < end && *at == '0' ? at + 1 : after_digits(at, end);
	if (at && at < end && *at == '.')
		at = after_digits(at + 1, end);
	if (at && at < end && (*at | 0x20) == 'e') {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = after_digits(at, end);
	}
	return at;
}

static const uint8_t *after_scalar(const uint8_t *at, const uint8_t *end)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);
		if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0)
			return at + length;
	}
	return at < end && *at == '"' ? after_string(at, end) : after_number(at, end);
}

/* The place of the value, behind the key and the colon of a member. */
static const uint8_t *after_key(const uint8_t *at, const uint8_t *end)
{
	at = after_string(after_space(at, end), end);
	if (!at)
		return NULL;
	at = after_space(at, end);
	return at < end && *at == ':' ? at + 1 : NULL;
}

/* Whether it is one value and nothing more. */
static bool is_value(const uint8_t *at, const uint8_t *end)
{
	uint8_t closing[DEPTH_MAX];
	int depth = 0;
	for (;;) {
		at = after_space(at, end);
		bool is_opened = at < end && (*at == '{' || *at == '[');
		if (is_opened) {
			if (depth == DEPTH_MAX)
				return false;
			closing[depth++] = *at == '{' ? '}' : ']';
			at = after_space(at + 1, end);
		} else if (!(at = after_scalar(at, end))) {
			return false;
		}
		/* What was opened may be empty; behind a value may come ends, and then a comma or nothing. */
		bool is_over = !is_opened;
		while (depth > 0 && (at = after_space(at, end)) < end && *at == closing[depth - 1]) {
			depth--;
			at++;
			is_over = true;
		}
		if (is_over && depth == 0)
			return after_space(at, end) == end;
		if (is_over && (at == end || *at++ != ','))
			return false;
		if (closing[depth - 1] == '}' && !(at = after_key(at, end)))
			return false;
	}
}

static void add_quoted(struct room *room, const uint8_t *line, size_t length)
{
	static const char digits[] = "0123456789abcdef", letters[] = "btn.fr";
	size_t from = 0;
	add(room, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = line[i];
		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		add(room, line + from, i - from);
		from = i + 1;
		if (byte >= 0x20)
			add(room, (uint8_t[]){'\\', byte}, 2);
		else if (byte >= '\b' && byte <= '\r' && byte != '\v')
			add(room, (char[]){'\\', letters[byte - '\b']}, 2);
		else
			add(room, (char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
	}
	add(room, line + from, length - from);
	add(room, "\"", 1);
}

static void add_message(struct room *room, const uint8_t *line, size_t length)
{
	if (length == 0 || *line != '{' || !is_value(line, line + length))
		return add_quoted(room, line, length);
	while (line[length - 1] != '}')
		length--;
	add(room, line, length);
}

/* A copy in which what is not UTF-8 is U+FFFD; NULL: there is no memory. */
static uint8_t *mended(const uint8_t *bytes, size_t *length)
{
	uint16_t *units = malloc(*length * sizeof *units);
	uint8_t *copy = units ? malloc(*length * 3) : NULL;
	if (copy)
		*length = utf16_to_utf8(units, utf8_to_utf16(bytes, *length, units, false), copy, false);
	free(units);
	return copy;
}

/*
 * jsonLines(bytes, head, tail, out): each line as a value of JSON between the two; the last may have no newline. How many
 * bytes that is: where it is more than there is room for, nothing of it counts.
 */
void sys_jsonLines(struct call *call)
{
	struct room room = {0};
	size_t length, head_length, tail_length;
	const uint8_t *bytes = arg_memory(call, 0, &length);
	const uint8_t *head = arg_memory(call, 1, &head_length), *tail = arg_memory(call, 2, &tail_length);
	room.bytes = arg_memory(call, 3, &room.size);
	uint8_t *copy = is_ascii(bytes, length) || is_utf8(bytes, length) ? NULL : mended(bytes, &length);
	bytes = copy ? copy : bytes;
	for (size_t at = 0; at < length;) {
		const uint8_t *line = bytes + at, *newline = memchr(line, '\n', length - at);
		size_t size = newline ? (size_t)(newline - line) : length - at;
		add(&room, head, head_length);
		add_message(&room, line, size);
		add(&room, tail, tail_length);
		at += size + 1;
	}
	free(copy);
	give_number(call, room.used);
}
