/*
 * One call of TypeScript into C: its arguments, and its result. The functions of the seam (src/os/sys.ts) are written
 * against this header only, so that the very same code serves the executable (call-engine.c, on QuickJS) and the tests
 * that run under Node (call-node.c, Node-API).
 *
 * Text is UTF-16 on the other side and bytes on this one. Bytes that are not UTF-8 become lone surrogates, U+DC80 to
 * U+DCFF, and those become the same bytes again: what came from the kernel goes back as it was.
 */
#ifndef CALL_H
#define CALL_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;

/* ── Arguments. One that is missing or of another kind is 0, false, or empty. ── */

double arg_number(struct call *call, int index);
bool arg_flag(struct call *call, int index);
/* Ends with a NUL that `length` does not count; valid until the call returns. */
const char *arg_text(struct call *call, int index, size_t *length);
/* The memory of a Uint8Array, Int32Array or Float64Array, in place; `length` is in bytes. */
void *arg_memory(struct call *call, int index, size_t *length);
/* The numbers of an array; how many, but no more than `most`. */
size_t arg_numbers(struct call *call, int index, double *numbers, size_t most);
/* Each element of an array of Uint8Arrays; how many, but no more than `most`. */
struct piece { uint8_t *bytes; size_t length; };
size_t arg_pieces(struct call *call, int index, struct piece *pieces, size_t most);

/* What is no number that fits is 0. */
static inline int arg_int(struct call *call, int index)
{
	double number = arg_number(call, index);
	return number >= INT32_MIN && number <= INT32_MAX ? (int)number : 0;
}

static inline const char *arg_path(struct call *call, int index)
{
	size_t length;
	return arg_text(call, index, &length);
}

/* ── The result: the last one given; undefined where nothing is given. ── */

void give_number(struct call *call, double number);
void give_flag(struct call *call, bool flag);
void give_text(struct call *call, const char *bytes, size_t length);
/* One byte is one character. */
void give_latin1(struct call *call, const uint8_t *bytes, size_t length);
/* As a decoder of UTF-8 has it: what is not UTF-8 becomes U+FFFD. */
void give_utf16(struct call *call, const uint16_t *units, size_t length);
/* A copy. */
void give_bytes(struct call *call, const void *bytes, size_t length);
/* The memory itself, which must outlive the program. */
void give_memory(struct call *call, void *memory, size_t length);
void give_numbers(struct call *call, const double *numbers, size_t count);
/* Begins a list of texts, and adds to it. */
void give_list(struct call *call);
void add_text(struct call *call, const char *bytes, size_t length);

/* What a system call returned; -errno where that is -1. */
static inline void give_result(struct call *call, long result)
{
	give_number(call, result == -1 ? -errno : (double)result);
}

/* ── The functions, by name. ── */

struct function {
	const char *name;
	void (*body)(struct call *call);
};

extern const struct function FUNCTIONS[];
extern const size_t FUNCTION_COUNT;

#endif
