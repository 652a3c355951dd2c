/* Text between UTF-16 and bytes: RFC 3629, with the errors of the WHATWG's Encoding Standard, or kept (call.h). */
#include "text.h"
#include <string.h>
#include "call.h"

bool is_ascii(const uint8_t *bytes, size_t length)
{
	size_t i = 0;
	for (; i + 8 <= length; i += 8) {
		uint64_t word;
		memcpy(&word, bytes + i, 8);
		if (word & 0x8080808080808080ull)
			return false;
	}
	for (; i < length; i++) {
		if (bytes[i] & 0x80)
			return false;
	}
	return true;
}

/* The length of the sequence at `bytes`, and its code point; negative: how many bytes belong to no sequence. */
static int decode(const uint8_t *bytes, size_t left, uint32_t *point)
{
	uint8_t first = bytes[0], low = 0x80, high = 0xbf;
	int more;
	if (first < 0x80) {
		*point = first;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf)
		more = 1, *point = first & 0x1f;
	else if ((first & 0xf0) == 0xe0) {
		more = 2, *point = first & 0x0f;
		low = first == 0xe0 ? 0xa0 : low;
		high = first == 0xed ? 0x9f : high;
	} else if (first >= 0xf0 && first <= 0xf4) {
		more = 3, *point = first & 0x07;
		low = first == 0xf0 ? 0x90 : low;
		high = first == 0xf4 ? 0x8f : high;
	} else
		return -1;
	for (int i = 1; i <= more; i++, low = 0x80, high = 0xbf) {
		if ((size_t)i >= left || bytes[i] < low || bytes[i] > high)
			return -i;
		*point = *point << 6 | (bytes[i] & 0x3f);
	}
	return more + 1;
}

bool is_utf8(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t point;
		int size = decode(bytes + i, length - i, &point);
		if (size < 0)
			return false;
		i += size;
	}
	return true;
}

size_t utf8_to_utf16(const uint8_t *bytes, size_t length, uint16_t *units, bool keep)
{
	size_t count = 0;
	for (size_t i = 0; i < length;) {
		uint32_t point;
		int size = decode(bytes + i, length - i, &point);
		if (size < 0) {
			for (int each = 0; keep && each < -size; each++)
				units[count++] = 0xdc00 + bytes[i + each];
			if (!keep)
				units[count++] = 0xfffd;
			i += -size;
			continue;
		}
		i += size;
		if (point >= 0x10000) {
			units[count++] = 0xd7c0 + (point >> 10);
			units[count++] = 0xdc00 + (point & 0x3ff);
		} else
			units[count++] = point;
	}
	return count;
}

size_t utf16_to_utf8(const uint16_t *units, size_t length, uint8_t *bytes, bool keep)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++) {
		uint32_t point = units[i];
		if (point >= 0xd800 && point < 0xdc00 && i + 1 < length && (units[i + 1] & 0xfc00) == 0xdc00)
			point = 0x10000 + ((point & 0x3ff) << 10 | (units[++i] & 0x3ff));
		else if (keep && point >= 0xdc80 && point <= 0xdcff) {
			bytes[count++] = point & 0xff;
			continue;
		} else if (point >= 0xd800 && point <= 0xdfff)
			point = 0xfffd;
		if (point < 0x80)
			bytes[count++] = point;
		else if (point < 0x800) {
			bytes[count++] = 0xc0 | point >> 6;
			bytes[count++] = 0x80 | (point & 0x3f);
		} else {
			if (point >= 0x10000)
				bytes[count++] = 0xf0 | point >> 18;
			bytes[count++] = point >= 0x10000 ? 0x80 | (point >> 12 & 0x3f) : 0xe0 | point >> 12;
			bytes[count++] = 0x80 | (point >> 6 & 0x3f);
			bytes[count++] = 0x80 | (point & 0x3f);
		}
	}
	return count;
}
