/*
 * A tool of the build: compiles modules to bytecode. `compile FOLDER OUT NAME…`: each NAME is a module in FOLDER and
 * becomes OUT/NAME. Lines are kept, so that the trace of an error names them; the source is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

static const char *folder;

static char *slurp(const char *name, size_t *length)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	if (!file || fseek(file, 0, SEEK_END) < 0)
		return NULL;
	*length = ftell(file);
	rewind(file);
	char *text = calloc(1, *length + 1);
	if (text && fread(text, 1, *length, file) != *length)
		text = NULL;
	fclose(file);
	return text;
}

static JSValue compile(JSContext *context, const char *name)
{
	size_t length;
	char *text = slurp(name, &length);
	if (!text)
		return JS_ThrowReferenceError(context, "cannot read %s", name);
	JSValue module = JS_Eval(context, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	free(text);
	return module;
}

static JSModuleDef *load(JSContext *context, const char *name, void *unused)
{
	(void)unused;
	JSValue module = compile(context, name);
	return JS_IsException(module) ? NULL : JS_VALUE_GET_PTR(module);
}

static int fail(JSContext *context, const char *name)
{
	JSValue error = JS_GetException(context);
	JSValue stack = JS_GetPropertyStr(context, error, "stack");
	fprintf(stderr, "%s: %s\n%s", name, JS_ToCString(context, error), JS_ToCString(context, stack));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	folder = argv[1];
	for (int i = 3; i < argc; i++) {
		JSRuntime *runtime = JS_NewRuntime();
		JSContext *context = JS_NewContext(runtime);
		JS_SetModuleLoaderFunc(runtime, NULL, load, NULL);
		JSValue module = compile(context, argv[i]);
		size_t length = 0;
		uint8_t *bytes = NULL;
		if (!JS_IsException(module))
			bytes = JS_WriteObject(context, &length, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
		if (!bytes)
			return fail(context, argv[i]);
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", argv[2], argv[i]);
		FILE *out = fopen(path, "w");
		if (!out || fwrite(bytes, 1, length, out) != length || fclose(out) != 0)
			return fprintf(stderr, "cannot write %s\n", path), 1;
	}
	return 0;
}
