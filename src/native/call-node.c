/* The calls of call.h on Node-API, for tests and debugging: the object with all functions of the seam. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include "call.h"
#include "functions.h"
#include "text.h"

#define ARGUMENTS 8

struct call {
	napi_env env;
	size_t count;
	napi_value arguments[ARGUMENTS];
	napi_value result;
	uint32_t listed;
	int copies;
	void *copy[ARGUMENTS]; /* to be given back when the call is over */
};

static napi_value argument(struct call *call, int index)
{
	return (size_t)index < call->count ? call->arguments[index] : NULL;
}

static double number_of(napi_env env, napi_value value)
{
	double number = 0;
	if (!value || napi_get_value_double(env, value, &number) != napi_ok)
		return 0;
	return number;
}

double arg_number(struct call *call, int index)
{
	return number_of(call->env, argument(call, index));
}

bool arg_flag(struct call *call, int index)
{
	bool flag = false;
	napi_value value = argument(call, index);
	return value && napi_get_value_bool(call->env, value, &flag) == napi_ok && flag;
}

const char *arg_text(struct call *call, int index, size_t *length)
{
	size_t units = 0;
	*length = 0;
	napi_value value = argument(call, index);
	if (!value || napi_get_value_string_utf16(call->env, value, NULL, 0, &units) != napi_ok || call->copies == ARGUMENTS)
		return "";
	char16_t *wide = malloc((units + 1) * sizeof *wide);
	uint8_t *bytes = malloc(units * 3 + 1);
	if (wide && bytes) {
		napi_get_value_string_utf16(call->env, value, wide, units + 1, &units);
		*length = utf16_to_utf8((const uint16_t *)wide, units, bytes, true);
		bytes[*length] = 0;
		call->copy[call->copies++] = bytes;
	}
	free(wide);
	return bytes ? (const char *)bytes : "";
}

static void *memory_of(napi_env env, napi_value value, size_t *length)
{
	bool is_typed = false;
	*length = 0;
	if (!value || napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed)
		return NULL;
	napi_typedarray_type type;
	size_t elements;
	void *memory;
	napi_get_typedarray_info(env, value, &type, &elements, &memory, NULL, NULL);
	*length = elements * (type == napi_float64_array ? 8 : type == napi_int32_array || type == napi_uint32_array ? 4 : 1);
	return memory;
}

void *arg_memory(struct call *call, int index, size_t *length)
{
	return memory_of(call->env, argument(call, index), length);
}

static size_t length_of(napi_env env, napi_value list, size_t most)
{
	bool is_array = false;
	uint32_t length = 0;
	if (list && napi_is_array(env, list, &is_array) == napi_ok && is_array)
		napi_get_array_length(env, list, &length);
	return length < most ? length : most;
}

size_t arg_numbers(struct call *call, int index, double *numbers, size_t most)
{
	napi_value list = argument(call, index), value;
	size_t count = length_of(call->env, list, most);
	for (size_t i = 0; i < count; i++) {
		napi_get_element(call->env, list, i, &value);
		numbers[i] = number_of(call->env, value);
	}
	return count;
}

size_t arg_pieces(struct call *call, int index, struct piece *pieces, size_t most)
{
	napi_value list = argument(call, index), value;
	size_t count = length_of(call->env, list, most);
	for (size_t i = 0; i < count; i++) {
		napi_get_element(call->env, list, i, &value);
		pieces[i].bytes = memory_of(call->env, value, &pieces[i].length);
	}
	return count;
}

void give_number(struct call *call, double number)
{
	napi_create_double(call->env, number, &call->result);
}

void give_flag(struct call *call, bool flag)
{
	napi_get_boolean(call->env, flag, &call->result);
}

static napi_value new_text(napi_env env, const char *bytes, size_t length, bool keep)
{
	napi_value text = NULL;
	uint16_t *units = malloc(length * sizeof *units + 1);
	if (units)
		napi_create_string_utf16(env, (char16_t *)units, utf8_to_utf16((const uint8_t *)bytes, length, units, keep), &text);
	free(units);
	return text;
}

void give_text(struct call *call, const char *bytes, size_t length)
{
	call->result = new_text(call->env, bytes, length, true);
}

void give_latin1(struct call *call, const uint8_t *bytes, size_t length)
{
	napi_create_string_latin1(call->env, (const char *)bytes, length, &call->result);
}

void give_utf16(struct call *call, const uint16_t *units, size_t length)
{
	napi_create_string_utf16(call->env, (const char16_t *)units, length, &call->result);
}

void give_bytes(struct call *call, const void *bytes, size_t length)
{
	napi_value buffer;
	void *memory;
	napi_create_arraybuffer(call->env, length, &memory, &buffer);
	if (length > 0)
		memcpy(memory, bytes, length);
	napi_create_typedarray(call->env, napi_uint8_array, length, buffer, 0, &call->result);
}

void give_memory(struct call *call, void *memory, size_t length)
{
	napi_value buffer;
	napi_create_external_arraybuffer(call->env, memory, length, NULL, NULL, &buffer);
	napi_create_typedarray(call->env, napi_uint8_array, length, buffer, 0, &call->result);
}

void give_numbers(struct call *call, const double *numbers, size_t count)
{
	napi_value number;
	napi_create_array_with_length(call->env, count, &call->result);
	for (size_t i = 0; i < count; i++) {
		napi_create_double(call->env, numbers[i], &number);
		napi_set_element(call->env, call->result, i, number);
	}
}

void give_list(struct call *call)
{
	call->listed = 0;
	napi_create_array(call->env, &call->result);
}

void add_text(struct call *call, const char *bytes, size_t length)
{
	napi_set_element(call->env, call->result, call->listed++, new_text(call->env, bytes, length, true));
}

static napi_value dispatch(napi_env env, napi_callback_info info)
{
	struct call call = {.env = env, .count = ARGUMENTS};
	void *function;
	napi_get_cb_info(env, info, &call.count, call.arguments, NULL, &function);
	((const struct function *)function)->body(&call);
	for (int i = 0; i < call.copies; i++)
		free(call.copy[i]);
	return call.result;
}

/* glibc gives the arguments to every library that it loads. */
static __attribute__((constructor)) void remember(int argc, char **arguments)
{
	(void)argc;
	remember_arguments(arguments);
}

NAPI_MODULE_INIT()
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		napi_value function;
		napi_create_function(env, FUNCTIONS[i].name, NAPI_AUTO_LENGTH, dispatch, (void *)&FUNCTIONS[i], &function);
		napi_set_named_property(env, exports, FUNCTIONS[i].name, function);
	}
	return exports;
}
