/*
 * The executable: the engine, the functions of the seam, and archon's own modules, which are in it as bytecode.
 *
 * It loads the module `main.js` and then does what it is told: `run` gives it a turn of archon's loop, which it calls
 * for ever, and between turns the promises that are due.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zstd.h>
#include "call-engine.h"
#include "functions.h"
#include "heap.h"
#include "host.h"

#define SYSTEM_FAILED 111
#define JS_STACK (1 << 20)

/* RFC 8878, 3.1.1. */
static const uint8_t ZSTD_FRAME[] = {0x28, 0xb5, 0x2f, 0xfd};

static JSContext *context;
static JSValue turn, on_rejection; /* no functions until they are given */

#ifdef ARCHON_RUNS_FILES
/* For tests: `engine FILE ARGUMENTS…` runs a file of JavaScript in the place of archon's modules, which can also die. */
const struct embedded EMBEDDED[] = {{0}};
const struct dictionary DICTIONARY;
struct loaded LOADED[1];

static JSValue host_die(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	const char *how = count > 0 ? JS_ToCString(context, arguments[0]) : NULL;
	if (how)
		die(how);
	JS_FreeCString(context, how);
	return JS_UNDEFINED;
}
#endif

static const struct embedded *find(const char *name)
{
	for (const struct embedded *each = EMBEDDED; each->name; each++) {
		if (strcmp(each->name, name) == 0)
			return each;
	}
	return NULL;
}

/* The bytes of a file, unpacked if need be: `own` is what is to be freed then. */
struct content {
	const uint8_t *bytes;
	size_t size;
	uint8_t *own;
};

/* Kept for one turn, as a config may need a dozen modules; between turns it would be memory for nothing. */
static ZSTD_DCtx *unpacking;

static struct content open_embedded(const struct embedded *file)
{
	size_t size = file->end - file->start;
	struct content content = {file->start, size, NULL};
	if (size < sizeof ZSTD_FRAME || memcmp(file->start, ZSTD_FRAME, sizeof ZSTD_FRAME) != 0)
		return content;
	content.size = ZSTD_getFrameContentSize(file->start, size);
	content.bytes = content.own = malloc(content.size);
	if (!unpacking)
		unpacking = ZSTD_createDCtx();
	size_t words = DICTIONARY.end - DICTIONARY.start;
	if (!content.own || !unpacking || ZSTD_isError(ZSTD_decompress_usingDict(
			unpacking, content.own, content.size, file->start, size, DICTIONARY.start, words)))
		content.bytes = NULL;
	return content;
}

#ifdef ARCHON_TELLS_MODULES
/* For tests: a line in the file $ARCHON_MODULES for each module that is loaded, with its bytes. */
static void tell_module(const char *name, size_t size)
{
	const char *path = getenv("ARCHON_MODULES");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (fd < 0)
		return;
	dprintf(fd, "%s %zu\n", name, size);
	close(fd);
}
#endif

/* Those that the engine frees again if one that they import cannot be loaded. */
static struct loaded *fresh;

static JSModuleDef *forget_fresh(void)
{
	for (; fresh; fresh = fresh->before)
		fresh->definition = NULL;
	return NULL;
}

static JSModuleDef *load_module(JSContext *context, const char *name, void *unused)
{
	(void)unused;
	const struct embedded *file = find(name);
	if (!file) {
		JS_ThrowReferenceError(context, "there is no module %s in archon", name);
		return forget_fresh();
	}
	struct content content = open_embedded(file);
	JSValue module = content.bytes ? JS_ReadObject(context, content.bytes, content.size, JS_READ_OBJ_BYTECODE) : JS_ThrowOutOfMemory(context);
	free(content.own);
	if (JS_IsException(module))
		return forget_fresh();
#ifdef ARCHON_TELLS_MODULES
	tell_module(name, content.size);
#endif
	struct loaded *loaded = &LOADED[file - EMBEDDED];
	*loaded = (struct loaded){JS_VALUE_GET_PTR(module), fresh};
	fresh = loaded;
	JS_FreeValue(context, module);
	return loaded->definition;
}

/*
 * What a module exports, which is loaded and evaluated now if it was not before: `import()` without a promise, as no module
 * of archon waits for anything while it is evaluated.
 */
static JSValue host_part(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	const char *name = count > 0 ? JS_ToCString(context, arguments[0]) : NULL;
	const struct embedded *file = name ? find(name) : NULL;
	JSModuleDef *definition = file ? LOADED[file - EMBEDDED].definition : NULL;
	if (name && !definition)
		definition = load_module(context, name, NULL);
	JS_FreeCString(context, name);
	if (!definition)
		return JS_EXCEPTION;
	JSValue module = JS_DupValue(context, JS_MKPTR(JS_TAG_MODULE, definition));
	if (JS_ResolveModule(context, module) < 0) {
		forget_fresh();
		return JS_EXCEPTION;
	}
	fresh = NULL;
	JSValue done = JS_EvalFunction(context, module);
	if (JS_IsException(done))
		return done;
	bool failed = JS_PromiseState(context, done) == JS_PROMISE_REJECTED;
	JSValue failure = failed ? JS_PromiseResult(context, done) : JS_UNDEFINED;
	JS_FreeValue(context, done);
	return failed ? JS_Throw(context, failure) : JS_GetModuleNamespace(context, definition);
}

/* ── What only the engine has ── */

static JSValue host_run(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	turn = count > 0 ? JS_DupValue(context, arguments[0]) : JS_UNDEFINED;
	return JS_UNDEFINED;
}

static JSValue host_on_rejection(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	on_rejection = count > 0 ? JS_DupValue(context, arguments[0]) : JS_UNDEFINED;
	return JS_UNDEFINED;
}

static JSValue host_embedded(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	const char *name = count > 0 ? JS_ToCString(context, arguments[0]) : NULL;
	const struct embedded *file = name ? find(name) : NULL;
	JS_FreeCString(context, name);
	if (!file)
		return JS_UNDEFINED;
	struct content content = open_embedded(file);
	JSValue bytes = content.bytes ? JS_NewUint8ArrayCopy(context, content.bytes, content.size) : JS_ThrowOutOfMemory(context);
	free(content.own);
	return bytes;
}

static JSValue host_collect_garbage(JSContext *context, JSValueConst self, int count, JSValueConst *arguments)
{
	(void)self;
	(void)count;
	(void)arguments;
	JS_RunGC(JS_GetRuntime(context));
	heap_trim();
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry HOST[] = {
	JS_CFUNC_DEF("run", 1, host_run),
	JS_CFUNC_DEF("onRejection", 1, host_on_rejection),
	JS_CFUNC_DEF("embedded", 1, host_embedded),
	JS_CFUNC_DEF("part", 1, host_part),
	JS_CFUNC_DEF("collectGarbage", 0, host_collect_garbage),
#ifdef ARCHON_RUNS_FILES
	JS_CFUNC_DEF("die", 1, host_die),
#endif
};

/* ── What the program does from its start to its end ── */

static _Noreturn void give_up(const char *what)
{
	JSValue error = JS_GetException(context);
	const char *message = JS_ToCString(context, error);
	JSValue trace = JS_GetPropertyStr(context, error, "stack");
	const char *stack = JS_IsString(trace) ? JS_ToCString(context, trace) : "";
	survive(message ? message : "no memory");
	restore_terminal();
	dprintf(STDERR_FILENO, "archon: %s: %s\n%s", what, message ? message : "no memory", stack ? stack : "");
	_exit(SYSTEM_FAILED);
}

static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason, bool is_handled, void *unused)
{
	(void)promise;
	(void)unused;
	if (is_handled || !JS_IsFunction(context, on_rejection))
		return;
	JS_FreeValue(context, JS_Call(context, on_rejection, JS_UNDEFINED, 1, &reason));
}

/*
 * No signal is lost while archon starts: what can be blocked is blocked, and waits until archon reads it; else a PID 1
 * would be deaf to it (pid_namespaces(7)). Any other process may be ended while it starts, and a client must be.
 */
static void hold_signals(void)
{
	static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	uint64_t set = ~0ull;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		set &= ~(1ull << (faults[i] - 1));
	if (getpid() == 1 || left_memory() >= 0)
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, sizeof set);
	signal(SIGPIPE, SIG_IGN);
}

/*
 * A stream that is closed is one that leads nowhere: nothing else ever comes in its place. It is closed again for a program
 * that stands as archon was started.
 */
static void open_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (nothing < 0)
			nothing = open("/", O_PATH | O_CLOEXEC);
		if (nothing >= 0 && nothing != fd) {
			dup3(nothing, fd, O_CLOEXEC);
			close(nothing);
		}
	}
}

/* In bytes: a start makes no garbage that is worth a look for it, which at the engine's 256 KiB would come five times. */
#define FIRST_COLLECTION (4 << 20)

static size_t stack_size(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 2 < JS_STACK)
		return limit.rlim_cur / 2;
	return JS_STACK;
}

static JSContext *new_context(void)
{
	JSRuntime *runtime = JS_NewRuntime2(&HEAP, NULL);
	JSContext *context = runtime ? JS_NewContextRaw(runtime) : NULL;
	if (!context)
		_exit(SYSTEM_FAILED);
	JS_SetMaxStackSize(runtime, stack_size());
	JS_SetGCThreshold(runtime, FIRST_COLLECTION);
	JS_SetModuleLoaderFunc(runtime, NULL, load_module, NULL);
	JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
	JS_AddIntrinsicBaseObjects(context);
	JS_AddIntrinsicDate(context);
#ifdef ARCHON_RUNS_FILES
	JS_AddIntrinsicEval(context);
#endif
	JS_AddIntrinsicRegExpCompiler(context);
	JS_AddIntrinsicRegExp(context);
	JS_AddIntrinsicJSON(context);
	JS_AddIntrinsicMapSet(context);
	JS_AddIntrinsicTypedArrays(context);
	JS_AddIntrinsicPromise(context);
	JS_AddIntrinsicBigInt(context);
	JS_AddIntrinsicWeakRef(context);
	return context;
}

static void run_jobs(void)
{
	JSContext *where;
	int result;
	while ((result = JS_ExecutePendingJob(JS_GetRuntime(context), &where)) > 0)
		fresh = NULL;
	if (result < 0)
		give_up("a bug");
}

#ifdef ARCHON_RUNS_FILES
static JSModuleDef *load_main(char ***argv)
{
	static char text[4 << 20];
	const char *path = (*argv)[1];
	FILE *file = path ? fopen(path, "r") : NULL;
	size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
	remember_arguments(*argv);
	JSValue module = JS_Eval(context, text, length, path ? path : "", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	return JS_IsException(module) ? NULL : JS_VALUE_GET_PTR(module);
}
#else
static JSModuleDef *load_main(char ***argv)
{
	remember_arguments(*argv);
	return load_module(context, MAIN, NULL);
}
#endif

int main(int argc, char **argv)
{
	(void)argc;
	hold_signals();
	open_streams();
	context = new_context();
	turn = on_rejection = JS_UNDEFINED;
	JSValue global = JS_GetGlobalObject(context), native = new_native(context);
	JS_SetPropertyFunctionList(context, native, HOST, sizeof HOST / sizeof *HOST);
	JS_SetPropertyStr(context, global, "native", native);
	JS_FreeValue(context, global);

	JSModuleDef *definition = load_main(&argv);
	if (!definition)
		give_up("cannot start");
	JSValue module = JS_DupValue(context, JS_MKPTR(JS_TAG_MODULE, definition));
	if (JS_ResolveModule(context, module) < 0)
		give_up("cannot start");
	JSValue done = JS_EvalFunction(context, module);
	if (JS_IsException(done))
		give_up("cannot start");
	for (;;) {
		run_jobs();
		if (!JS_IsFunction(context, turn))
			break;
		ZSTD_freeDCtx(unpacking);
		unpacking = NULL;
		JSValue result = JS_Call(context, turn, JS_UNDEFINED, 0, NULL);
		if (JS_IsException(result))
			give_up("a bug in its loop");
		JS_FreeValue(context, result);
	}
	if (JS_PromiseState(context, done) == JS_PROMISE_REJECTED) {
		JS_Throw(context, JS_PromiseResult(context, done));
		give_up("cannot start");
	}
	return 0;
}
