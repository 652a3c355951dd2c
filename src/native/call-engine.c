/* The calls of call.h on QuickJS: `native`, the object with all functions of the seam. */
#include "call-engine.h"
#include <stdlib.h>
#include <string.h>
#include "call.h"
#include "text.h"

#define TEXTS_MAX 8

struct call {
	JSContext *context;
	int count;
	JSValueConst *arguments;
	JSValue result;
	uint32_t listed;
	/* To be given back when the call is over: texts of the engine, and copies. */
	int texts, copies;
	const char *text[TEXTS_MAX];
	char *copy[TEXTS_MAX];
};

static JSValueConst argument(struct call *call, int index)
{
	return index < call->count ? call->arguments[index] : JS_UNDEFINED;
}

double arg_number(struct call *call, int index)
{
	double number = 0;
	JSValueConst value = argument(call, index);
	if (JS_IsNumber(value))
		JS_ToFloat64(call->context, &number, value);
	return number;
}

bool arg_flag(struct call *call, int index)
{
	return JS_ToBool(call->context, argument(call, index)) > 0;
}

/* The engine writes lone surrogates as three bytes; those that stand for bytes become these. */
static const char *without_surrogates(struct call *call, const char *text, size_t *length)
{
	const char *surrogate = memchr(text, 0xed, *length);
	if (!surrogate)
		return text;
	char *copy = malloc(*length + 1);
	if (!copy)
		return text;
	size_t count = 0;
	for (size_t i = 0; i < *length; i++) {
		const uint8_t *at = (const uint8_t *)text + i;
		bool is_surrogate = at[0] == 0xed && i + 2 < *length && at[1] >= 0xa0;
		if (!is_surrogate) {
			copy[count++] = text[i];
			continue;
		}
		uint32_t unit = 0xd000 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f);
		if (unit >= 0xdc80 && unit <= 0xdcff)
			copy[count++] = unit & 0xff;
		else {
			memcpy(copy + count, "\xef\xbf\xbd", 3);
			count += 3;
		}
		i += 2;
	}
	copy[count] = 0;
	*length = count;
	call->copy[call->copies++] = copy;
	return copy;
}

const char *arg_text(struct call *call, int index, size_t *length)
{
	*length = 0;
	JSValueConst value = argument(call, index);
	if (!JS_IsString(value) || call->texts == TEXTS_MAX)
		return "";
	const char *text = JS_ToCStringLen(call->context, length, value);
	if (!text)
		return "";
	call->text[call->texts++] = text;
	return without_surrogates(call, text, length);
}

static void *memory_of(JSContext *context, JSValueConst value, size_t *length)
{
	*length = 0;
	if (JS_GetTypedArrayType(value) < 0)
		return NULL;
	size_t offset, size, whole;
	JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, length, &size);
	if (JS_IsException(buffer)) {
		JS_FreeValue(context, JS_GetException(context));
		return NULL;
	}
	uint8_t *memory = JS_GetArrayBuffer(context, &whole, buffer);
	JS_FreeValue(context, buffer);
	return memory ? memory + offset : NULL;
}

void *arg_memory(struct call *call, int index, size_t *length)
{
	return memory_of(call->context, argument(call, index), length);
}

static size_t length_of(JSContext *context, JSValueConst list)
{
	int64_t length = 0;
	if (!JS_IsArray(list) || JS_GetLength(context, list, &length) < 0)
		return 0;
	return length;
}

size_t arg_numbers(struct call *call, int index, double *numbers, size_t most)
{
	JSValueConst list = argument(call, index);
	size_t count = length_of(call->context, list);
	count = count < most ? count : most;
	for (size_t i = 0; i < count; i++) {
		JSValue value = JS_GetPropertyUint32(call->context, list, i);
		numbers[i] = 0;
		JS_ToFloat64(call->context, &numbers[i], value);
		JS_FreeValue(call->context, value);
	}
	return count;
}

size_t arg_pieces(struct call *call, int index, struct piece *pieces, size_t most)
{
	JSValueConst list = argument(call, index);
	size_t count = length_of(call->context, list);
	count = count < most ? count : most;
	for (size_t i = 0; i < count; i++) {
		JSValue value = JS_GetPropertyUint32(call->context, list, i);
		pieces[i].bytes = memory_of(call->context, value, &pieces[i].length);
		JS_FreeValue(call->context, value);
	}
	return count;
}

static void give(struct call *call, JSValue value)
{
	JS_FreeValue(call->context, call->result);
	call->result = value;
}

void give_number(struct call *call, double number)
{
	give(call, JS_NewNumber(call->context, number));
}

void give_flag(struct call *call, bool flag)
{
	give(call, JS_NewBool(call->context, flag));
}

static JSValue new_text(JSContext *context, const char *bytes, size_t length)
{
	if (is_utf8((const uint8_t *)bytes, length))
		return JS_NewStringLen(context, bytes, length);
	uint16_t *units = malloc(length * sizeof *units);
	if (!units)
		return JS_ThrowOutOfMemory(context);
	JSValue text = JS_NewStringUTF16(context, units, utf8_to_utf16((const uint8_t *)bytes, length, units, true));
	free(units);
	return text;
}

void give_text(struct call *call, const char *bytes, size_t length)
{
	give(call, new_text(call->context, bytes, length));
}

void give_latin1(struct call *call, const uint8_t *bytes, size_t length)
{
	if (is_ascii(bytes, length))
		return give(call, JS_NewStringLen(call->context, (const char *)bytes, length));
	/* As UTF-8 the engine makes it a string of single bytes again. */
	uint8_t *wide = malloc(length * 2);
	if (!wide)
		return give(call, JS_ThrowOutOfMemory(call->context));
	size_t count = 0;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] >= 0x80)
			wide[count++] = 0xc0 | bytes[i] >> 6;
		wide[count++] = bytes[i] >= 0x80 ? 0x80 | (bytes[i] & 0x3f) : bytes[i];
	}
	give(call, JS_NewStringLen(call->context, (const char *)wide, count));
	free(wide);
}

void give_utf16(struct call *call, const uint16_t *units, size_t length)
{
	give(call, JS_NewStringUTF16(call->context, units, length));
}

void give_bytes(struct call *call, const void *bytes, size_t length)
{
	give(call, JS_NewUint8ArrayCopy(call->context, bytes, length));
}

void give_memory(struct call *call, void *memory, size_t length)
{
	give(call, JS_NewUint8Array(call->context, memory, length, NULL, NULL, false));
}

void give_numbers(struct call *call, const double *numbers, size_t count)
{
	JSValue list = JS_NewArray(call->context);
	for (size_t i = 0; i < count; i++)
		JS_SetPropertyUint32(call->context, list, i, JS_NewNumber(call->context, numbers[i]));
	give(call, list);
}

void give_list(struct call *call)
{
	call->listed = 0;
	give(call, JS_NewArray(call->context));
}

void add_text(struct call *call, const char *bytes, size_t length)
{
	JS_SetPropertyUint32(call->context, call->result, call->listed++, new_text(call->context, bytes, length));
}

static JSValue dispatch(JSContext *context, JSValueConst self, int count, JSValueConst *arguments, int index)
{
	(void)self;
	struct call call = {.context = context, .count = count, .arguments = arguments, .result = JS_UNDEFINED};
	FUNCTIONS[index].body(&call);
	for (int i = 0; i < call.copies; i++)
		free(call.copy[i]);
	for (int i = 0; i < call.texts; i++)
		JS_FreeCString(context, call.text[i]);
	/* There was no memory for an argument or a part of the result: what is left of it is not what it says. */
	if (JS_HasException(context)) {
		JS_FreeValue(context, call.result);
		return JS_EXCEPTION;
	}
	return call.result;
}

JSValue new_native(JSContext *context)
{
	JSValue native = JS_NewObject(context);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		const struct function *function = &FUNCTIONS[i];
		JSCFunctionType body = {.generic_magic = dispatch};
		JSValue value = JS_NewCFunction2(context, body.generic, function->name, 0, JS_CFUNC_generic_magic, i);
		JS_SetPropertyStr(context, native, function->name, value);
	}
	return native;
}
