/* Text between UTF-16 and bytes, as call.h says. */
#ifndef TEXT_H
#define TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are UTF-8 throughout, and whether they are ASCII. */
bool is_utf8(const uint8_t *bytes, size_t length);
bool is_ascii(const uint8_t *bytes, size_t length);

/* `units` has room for one unit for each byte. `keep`: what is not UTF-8 is kept as lone surrogates, else it is U+FFFD. */
size_t utf8_to_utf16(const uint8_t *bytes, size_t length, uint16_t *units, bool keep);

/* `bytes` has room for three bytes for each unit. `keep`: U+DC80 to U+DCFF are the bytes that they were, else U+FFFD. */
size_t utf16_to_utf8(const uint16_t *units, size_t length, uint8_t *bytes, bool keep);

#endif
