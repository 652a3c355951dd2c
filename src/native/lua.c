/*
 * Lua for the rules of users: one state in a process of its own (archon.rules), whose memory is counted and whose time is
 * bounded. Nothing in it can read a file, run a program or see archon: what scripts ask for is written down, and taken by
 * TypeScript after the call (src/helpers/rules.ts).
 *
 * Time is that of the processor, so that a busy machine ends no script. When it is up, a hook raises an error, at each
 * instruction from then on, which `pcall` does not outlive; patterns look at the same flag. What heeds neither, as a loop
 * of the library in C, is cut off after the same time again by a jump out of the handler of the signal: then the state is
 * lost with all that it held, and another one must be opened.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include "call.h"
#include "functions.h"

/* What one call may ask for, and say. */
#define TAKEN_MAX (64 << 10)
/* Of what is told of a failure. */
#define TRACE_MAX 2000
/* Instructions between two looks at the time. */
#define LOOK 1000

/* Each piece of memory that the state has, so that all of it can be had back. */
struct piece_of_lua { struct piece_of_lua *before, *after; size_t size, unused; };

static struct piece_of_lua pieces = {&pieces, &pieces, 0, 0};
static size_t used, most;
static lua_State *state;

/* In lstrlib.c an error is due as soon as this is set. */
volatile int lua_is_overdue;
static volatile sig_atomic_t is_running, is_allocating, is_cut;
static sigjmp_buf out;
static pid_t thread;
static double deadline;

static char taken[TAKEN_MAX];
static size_t taken_length;

/* ── Memory ── */

static void drop(struct piece_of_lua *piece)
{
	piece->before->after = piece->after;
	piece->after->before = piece->before;
	used -= piece->size;
	free(piece);
}

static void *resize(struct piece_of_lua *piece, size_t size)
{
	size_t had = piece ? piece->size : 0;
	if (size > had && size - had > most - used)
		return NULL;
	struct piece_of_lua *made = realloc(piece, sizeof *made + size);
	if (!made)
		return NULL;
	if (!piece) {
		made->before = &pieces;
		made->after = pieces.after;
	}
	made->before->after = made->after->before = made;
	made->size = size;
	used += size - had;
	return made + 1;
}

/* The jump out of the handler waits until memory is whole again. */
static void *allocate(void *unused, void *old, size_t had, size_t size)
{
	(void)unused;
	(void)had;
	struct piece_of_lua *piece = old ? (struct piece_of_lua *)old - 1 : NULL;
	void *given = NULL;
	is_allocating = 1;
	if (size > 0)
		given = resize(piece, size);
	else if (piece)
		drop(piece);
	is_allocating = 0;
	if (is_cut && is_running)
		siglongjmp(out, 1);
	return given;
}

static void forget(void)
{
	state = NULL;
	while (pieces.after != &pieces)
		drop(pieces.after);
}

/* ── Time ── */

static void on_time(int signal)
{
	/* Under Node any thread may get it. */
	if ((pid_t)syscall(SYS_gettid) != thread) {
		syscall(SYS_tgkill, getpid(), thread, signal);
		return;
	}
	if (!is_running)
		return;
	if (!lua_is_overdue) {
		lua_is_overdue = 1;
		return;
	}
	is_cut = 1;
	if (!is_allocating)
		siglongjmp(out, 1);
}

static void set_timer(double millis)
{
	struct timeval time = {(time_t)(millis / 1000), (suseconds_t)(millis * 1000) % 1000000};
	setitimer(ITIMER_PROF, &(struct itimerval){time, time}, NULL);
}

static void look(lua_State *L, lua_Debug *unused)
{
	(void)unused;
	if (!lua_is_overdue)
		return;
	lua_sethook(L, look, LUA_MASKCOUNT, 1);
	luaL_where(L, 0);
	lua_pushliteral(L, "it takes too long");
	lua_concat(L, 2);
	lua_error(L);
}

/* ── What scripts ask for: a list of lists of texts, as JSON ── */

static void put(const char *bytes, size_t length, bool *fits)
{
	*fits = *fits && length <= TAKEN_MAX - 2 - taken_length;
	if (*fits)
		memcpy(taken + taken_length, bytes, length);
	taken_length += *fits ? length : 0;
}

static void put_text(const char *text, size_t length, bool *fits)
{
	put("\"", 1, fits);
	for (size_t i = 0; i < length && *fits; i++) {
		unsigned char byte = text[i];
		char escaped[8];
		if (byte >= 0x20 && byte != '"' && byte != '\\')
			put(text + i, 1, fits);
		else
			put(escaped, snprintf(escaped, sizeof escaped, "\\u%04x", byte), fits);
	}
	put("\"", 1, fits);
}

/* ask(text…): whether there was room for it. */
static int ask(lua_State *L)
{
	int count = lua_gettop(L);
	size_t before = taken_length;
	bool fits = true;
	put(before == 0 ? "[[" : ",[", 2, &fits);
	for (int i = 1; i <= count && fits; i++) {
		size_t length;
		const char *text = luaL_checklstring(L, i, &length);
		if (i > 1)
			put(",", 1, &fits);
		put_text(text, length, &fits);
	}
	put("]", 1, &fits);
	if (!fits)
		taken_length = before;
	lua_pushboolean(L, fits);
	return 1;
}

/* luaTake(): what was asked for since it was called last. */
void sys_luaTake(struct call *call)
{
	if (taken_length == 0)
		return give_text(call, "[]", 2);
	taken[taken_length] = ']';
	give_text(call, taken, taken_length + 1);
	taken_length = 0;
}

/* ── Calls ── */

static int trace(lua_State *L)
{
	const char *words = lua_tostring(L, 1);
	if (words == NULL && !luaL_callmeta(L, 1, "__tostring"))
		lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1));
	else if (words)
		lua_pushvalue(L, 1);
	words = lua_tostring(L, -1);
	luaL_traceback(L, L, words ? words : "an error without words", 1);
	return 1;
}

static void stop(void)
{
	is_running = is_allocating = 0;
	set_timer(0);
}

static void start(void)
{
	lua_is_overdue = is_cut = 0;
	thread = syscall(SYS_gettid);
	lua_sethook(state, look, LUA_MASKCOUNT, LOOK);
	is_running = 1;
	set_timer(deadline);
}

/* A call of what is on the stack, within the bounds: 0, or what Lua says of a failure; -1: it was cut off, and the state is gone. */
static int run(int arguments)
{
	int base = lua_gettop(state) - arguments;
	lua_pushcfunction(state, trace);
	lua_insert(state, base);
	/* With the mask of signals. */
	if (sigsetjmp(out, 1)) {
		stop();
		forget();
		return -1;
	}
	start();
	int result = lua_pcall(state, arguments, 1, base);
	/* After this the handler does nothing. */
	stop();
	return result;
}

/* What a bomb has left is let go of, as far as its finalizers have an end. */
static void clean(void)
{
	lua_settop(state, 0);
	if (sigsetjmp(out, 1)) {
		stop();
		return forget();
	}
	start();
	lua_gc(state, LUA_GCCOLLECT);
	stop();
}

/* What came of a call: `+` and what it gave; or `t` time, `m` memory, `x` cut off, `e` any other error, and its words. */
static void give_outcome(struct call *call, int result)
{
	char words[TRACE_MAX + 1];
	size_t length = 0;
	const char *text = result >= 0 ? lua_tolstring(state, -1, &length) : NULL;
	bool failed = result != LUA_OK || lua_is_overdue;
	words[0] = !failed ? '+' : result < 0 ? 'x' : lua_is_overdue ? 't' : result == LUA_ERRMEM ? 'm' : 'e';
	length = !text ? 0 : length < TRACE_MAX ? length : TRACE_MAX;
	memcpy(words + 1, text ? text : "", length);
	if (state && failed)
		clean();
	lua_is_overdue = 0;
	give_text(call, words, length + 1);
}

/* What needs files, programs or the inside of Lua is not there, and what makes code of text. */
static const char *const GONE[] = {"collectgarbage", "dofile", "load", "loadfile", "print", "warn", NULL};
static const luaL_Reg LIBRARIES[] = {
	{LUA_GNAME, luaopen_base}, {LUA_COLIBNAME, luaopen_coroutine}, {LUA_TABLIBNAME, luaopen_table},
	{LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8}, {NULL, NULL},
};

struct task { const char *name, *text; size_t length; };

static const struct task *task_of(lua_State *L)
{
	return lua_touserdata(L, -1);
}

static void load_text(lua_State *L, const struct task *task)
{
	if (luaL_loadbufferx(L, task->text, task->length, task->name, "t") != LUA_OK)
		lua_error(L);
}

/* Gives the table of what TypeScript calls. */
static int begin(lua_State *L)
{
	const struct task *task = task_of(L);
	for (const luaL_Reg *library = LIBRARIES; library->func; library++) {
		luaL_requiref(L, library->name, library->func, 1);
		lua_pop(L, 1);
	}
	for (const char *const *name = GONE; *name; name++) {
		lua_pushnil(L);
		lua_setglobal(L, *name);
	}
	lua_getglobal(L, LUA_STRLIBNAME);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	load_text(L, task);
	lua_pushcfunction(L, ask);
	lua_call(L, 1, 1);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &state);
	return 1;
}

static int parse(lua_State *L)
{
	load_text(L, task_of(L));
	lua_pushliteral(L, "");
	return 1;
}

/* Runs a file, which has globals of its own before those of all. */
static int execute(lua_State *L)
{
	load_text(L, task_of(L));
	lua_newtable(L);
	lua_newtable(L);
	lua_pushglobaltable(L);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_setupvalue(L, -2, 1);
	lua_call(L, 0, 0);
	lua_pushliteral(L, "");
	return 1;
}

/* Calls a function of the table with texts, which end with NUL each. */
static int call_by_name(lua_State *L)
{
	const struct task *task = task_of(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state);
	lua_getfield(L, -1, task->name);
	int count = 0;
	for (size_t at = 0; at < task->length; count++) {
		size_t length = strnlen(task->text + at, task->length - at);
		luaL_checkstack(L, 1, "texts");
		lua_pushlstring(L, task->text + at, length);
		at += length + 1;
	}
	lua_call(L, count, 1);
	return 1;
}

/* A task within the bounds; see `run`. */
static int perform(lua_CFunction function, const struct task *task)
{
	lua_settop(state, 0);
	lua_pushcfunction(state, function);
	lua_pushlightuserdata(state, (void *)task);
	return run(1);
}

/* luaOpen(memory, deadline, prelude): a state, instead of the one that there is. -ENOMEM: that does not suffice. */
void sys_luaOpen(struct call *call)
{
	struct task task = {.name = "=archon"};
	forget();
	taken_length = 0;
	most = (size_t)arg_number(call, 0);
	deadline = arg_number(call, 1);
	task.text = arg_text(call, 2, &task.length);
	sigaction(SIGPROF, &(struct sigaction){.sa_handler = on_time, .sa_flags = SA_RESTART}, NULL);
	state = lua_newstate(allocate, NULL);
	if (!state)
		return give_number(call, -ENOMEM);
	if (perform(begin, &task) == LUA_OK && lua_istable(state, -1)) {
		lua_settop(state, 0);
		return give_number(call, 0);
	}
	forget();
	give_number(call, -ENOMEM);
}

static void give_performed(struct call *call, lua_CFunction function, const struct task *task)
{
	if (state)
		give_outcome(call, perform(function, task));
	else
		give_text(call, "x", 1);
}

/* luaRun(name, text, parse): runs a file, or only reads it. The name as Lua wants it: `@` and a path. */
void sys_luaRun(struct call *call)
{
	size_t length;
	struct task task = {.name = arg_text(call, 0, &length)};
	task.text = arg_memory(call, 1, &task.length);
	if (!task.text)
		task.text = "";
	give_performed(call, arg_flag(call, 2) ? parse : execute, &task);
}

/* luaCall(function, texts): calls a function of the prelude with texts, each with a NUL at its end. */
void sys_luaCall(struct call *call)
{
	size_t length;
	struct task task = {.name = arg_text(call, 0, &length)};
	task.text = arg_text(call, 1, &task.length);
	give_performed(call, call_by_name, &task);
}

/* luaUsed(): bytes of memory. */
void sys_luaUsed(struct call *call)
{
	give_number(call, used);
}
