/** The world of Lua that rules run in: what is not there, and what each kind of bomb costs. */
import {beforeEach, describe, expect, test} from 'vitest';
import {PRELUDE} from '../../../../src/helpers/rules/prelude.ts';
import {bytesOf} from '../../../../src/os/bytes.ts';
import {sys} from '../../../../src/os/sys.ts';

const MEMORY = 8 << 20;

const open = (): number => sys.luaOpen(MEMORY, 100, PRELUDE);
const run = (text: string): string => sys.luaRun('@rules.lua', bytesOf(text), false);
const asked = (): unknown => JSON.parse(sys.luaTake());
const call = (name: string, ...texts: readonly string[]): string => sys.luaCall(name, texts.map(text => `${text}\0`).join(''));

beforeEach(() => void expect(open()).toBe(0));

describe('what scripts have', () => {
	test('the language and libraries that reach nothing', () => {
		expect(run('print(("x"):rep(3), math.maxinteger, #utf8.char(8364), table.concat({1, 2}, "-"), 7 // 2, coroutine.isyieldable())')).toBe('+');
		expect(asked()).toEqual([['print', 'xxx\t9223372036854775807\t3\t1-2\t3\tfalse']]);
	});

	test.each(['io', 'os', 'debug', 'load', 'loadfile', 'dofile', 'loadstring', 'require', 'package', 'collectgarbage', 'warn'])(
		'no %s', name => {
			expect(run(`print(type(${name}), type(_G.${name}))`)).toBe('+');
			expect(asked()).toEqual([['print', 'nil\tnil']]);
		},
	);

	test('no bytecode, neither read nor written', () => {
		expect(run('print(type(string.dump))')).toBe('+');
		expect(asked()).toEqual([['print', 'nil']]);
		expect(sys.luaRun('@rules.lua', bytesOf('\x1bLua'), false)).toMatch(/^e.*attempt to load a binary chunk/);
	});

	test('globals of each file for itself', () => {
		expect(run('mine = 1')).toBe('+');
		expect(run('print(mine)')).toBe('+');
		expect(asked()).toEqual([['print', 'nil']]);
	});

	test('errors with the file, the line and a trace', () => {
		expect(run('local function f()\n  error("no")\nend\nf()')).toMatch(/^erules\.lua:2: no\nstack traceback:/);
		expect(run('x = = 1')).toMatch(/^erules\.lua:1: unexpected symbol near '='/);
		expect(sys.luaRun('@rules.lua', bytesOf('error("not run")'), true)).toBe('+');
		expect(run('error({})')).toMatch(/^ean error that is a table/);
		expect(run('error(setmetatable({}, {__tostring = function() return "odd" end}))')).toMatch(/^eodd/);
	});
});

describe('what costs one call, and leaves the state as it was', () => {
	const FOREVER: readonly (readonly [string, string])[] = [
		['a loop', 'while true do end'],
		['a loop that pcall guards', 'while true do pcall(function() while true do end end) end'],
		['pcalls in pcalls', 'local function f() while true do pcall(f) end end f()'],
		['a storm of pcalls', 'while true do pcall(error, "x") end'],
		['a loop in a coroutine', 'coroutine.wrap(function() while true do end end)()'],
		['a loop of coroutines', 'while true do coroutine.resume(coroutine.create(function() while true do end end)) end'],
		['a pattern that goes back and forth', 'string.find(("a"):rep(30), ("a?"):rep(30) .. ("a"):rep(30))'],
		['the same with stars', 'string.find(("a"):rep(5000), ".-.-.-.-.-b")'],
		['the same, guarded', 'while true do pcall(string.find, ("a"):rep(5000), ".-.-.-.-.-b") end'],
		['a comparison that never ends', 'table.sort({3, 2, 1}, function() while true do end end)'],
		['a replacement that never ends', '("x"):gsub(".", function() while true do end end)'],
		['a metamethod that never ends', 'local t = setmetatable({}, {__index = function(t, k) while true do end end}) print(t.x)'],
		['recursion', 'local function f() return f() end f()'],
	];

	test.each(FOREVER)('%s', (_, text) => {
		expect(run('keep = 1')).toBe('+');
		expect(run(text)).toMatch(/^t/);
		expect(run('print("still here")')).toBe('+');
		expect(asked()).toEqual([['print', 'still here']]);
	});

	test.each([
		['a text', 'local s = "x" while true do s = s .. s end'],
		['string.rep', 'local s = ("x"):rep(1 << 40)'],
		['string.rep of 1e9', 'local s = ("x"):rep(1e9)'],
		['a table', 'local t = {} for i = 1, 1e9 do t[i] = i end'],
		['table.concat', 'local t = {} for i = 1, 100 do t[i] = ("x"):rep(1e5) end return #table.concat(t)'],
		['string.format', 'local s = ("x"):rep(3e6) return #string.format("%s%s%s", s, s, s)'],
		['guarded texts', 'while true do pcall(function() local s = "x" while true do s = s .. s end end) end'],
		['coroutines', 'local t = {} while true do t[#t + 1] = coroutine.create(print) end'],
		['deep recursion', 'local function f() return 1 + f() end f()'],
		['gsub', 'return ("x"):rep(1e6):gsub(".", ("y"):rep(100))'],
	])('memory: %s', (_, text) => {
		expect(run(text)).toMatch(/^[emt]/);
		expect(sys.luaUsed()).toBeLessThanOrEqual(MEMORY);
		expect(run('print("still here")')).toBe('+');
		expect(asked()).toEqual([['print', 'still here']]);
	});
});

describe('what is cut off, after which all begins again', () => {
	test.each([
		['string.rep of nothing', '(""):rep(1e18)'],
		['table.move', 'table.move({}, 1, math.maxinteger - 1, 2)'],
		['table.insert', 'table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1)'],
		['a finalizer', 'setmetatable({}, {__gc = function() while true do end end}) for i = 1, 1e6 do local t = {} end'],
		['a handler of errors', 'xpcall(function() while true do end end, function() while true do end end)'],
	])('%s', (_, text) => {
		expect(run(text)).toBe('x');
		expect(sys.luaUsed()).toBe(0);
		expect(run('print(1)')).toBe('x');
		expect(call('event', '1')).toBe('x');
		expect(open()).toBe(0);
		expect(run('print("again")')).toBe('+');
		expect(asked()).toEqual([['print', 'again']]);
	});

	test('too little memory to begin', () => {
		expect(sys.luaOpen(10_000, 100, PRELUDE)).toBeLessThan(0);
		expect(open()).toBe(0);
	});
});

describe('rules', () => {
	const event = (index: number, fields: Readonly<Record<string, string | number | boolean>>): string =>
		call('event', String(index), ...Object.entries(fields).flatMap(([key, value]) => [key, `${(typeof value)[0]}${value}`]));

	test('a rule is told of, and does what it is for', () => {
		expect(run('archon.rule{name = "r", match = "web.*", event = "exited", when = function(e) return e.code ~= 0 end, '
			+ 'action = function(e) archon.restart(e.service) end}')).toBe('+');
		expect(asked()).toEqual([['rule', '1', 'r', 'exited', 'web.*', '', '', '']]);
		expect(event(1, {event: 'exited', service: 'web-1', code: 3})).toBe('+2 0');
		expect(asked()).toEqual([['act', 'restart', 'web-1']]);
		expect(event(1, {event: 'exited', service: 'web-1', code: 0})).toBe('+1 0');
		expect(event(1, {event: 'exited', service: 'a-web-1', code: 3})).toBe('+0 0');
		expect(event(1, {event: 'exited-late', service: 'web', code: 3})).toBe('+0 0');
		expect(asked()).toEqual([]);
	});

	test('a name is matched as it is, also where it means something else in a pattern', () => {
		expect(run('archon.rule{match = "web-1", event = {"failed", "unhealthy"}, action = function(e) archon.alert(e.event) end}')).toBe('+');
		expect(event(1, {event: 'failed', service: 'web-1'})).toBe('+2 0');
		expect(event(1, {event: 'unhealthy', service: 'web-1'})).toBe('+2 0');
		expect(event(1, {event: 'exited', service: 'web-1'})).toBe('+0 0');
	});

	test('lines, timers, and what is kept', () => {
		expect(run('archon.rule{line = "out of memory", action = function(e) archon.set("n", (archon.get("n") or 0) + 1) print(e.line) end}\n'
			+ 'archon.rule{every = "90s", action = function() print(archon.get("n")) end}')).toBe('+');
		expect(asked()).toEqual([['rule', '1', 'rule 1', 'log', '', '', '', ''], ['rule', '2', 'rule 2', 'timer', '', '90000', '', '']]);
		expect(event(1, {event: 'log', service: 'web', line: 'fatal: out of memory!'})).toBe('+2 0');
		expect(asked()).toEqual([['set', 'n', 'integer', '1'], ['print', 'fatal: out of memory!']]);
		expect(call('keep', 'n', 'integer', '41')).toBe('+');
		expect(event(2, {event: 'timer'})).toBe('+2 0');
		expect(asked()).toEqual([['print', '41']]);
	});

	test.each([
		['archon.rule(1)', /archon\.rule takes a table/],
		['archon.rule{event = "x"}', /action is not a function/],
		['archon.rule{action = print}', /does not say which event/],
		['archon.rule{event = "x", action = print, evnt = 1}', /has no evnt/],
		['archon.rule{event = "[", action = print}', /event: malformed pattern/],
		['archon.rule{every = "1", action = print, when = 3}', /when is not a function/],
		['archon.rule{every = "0.5s", action = print}', /every is not between 1s and 30d/],
		['archon.rule{path = "a", action = print}', /path is not absolute/],
		['archon.restart()', /archon\.restart takes names/],
		['archon.restart("a\\nb")', /is not a name/],
		['archon.signal("web")', /neither a name nor a number/],
		['archon.run{}', /takes a command/],
		['archon.run{{}}', /word 1 is not a text/],
		['archon.set("k", {})', /keeps texts, numbers/],
		['archon.log("x", "loud")', /the level is/],
	])('%s is refused at its line', (text, why) => {
		const outcome = run(`\n${text}`);
		expect(outcome).toMatch(why);
		expect(outcome).toMatch(/^erules\.lua:2:/);
	});

	test('commands and signals', () => {
		expect(run('archon.run("echo $HOME") archon.run{"echo", 1} archon.signal("web", "HUP") archon.signal("web", 10)')).toBe('+');
		expect(asked()).toEqual([
			['act', 'run', 'text', 'echo $HOME'], ['act', 'run', 'words', 'echo', '1'], ['act', 'signal', 'HUP', 'web'],
			['act', 'signal', '10', 'web'],
		]);
	});

	test('what is asked for in one call is bounded, and what is printed as well', () => {
		expect(run('for i = 1, 1e5 do archon.alert(("x"):rep(100)) end')).toMatch(/asks for too much at once/);
		expect(sys.luaTake().length).toBeLessThanOrEqual(64 << 10);
		expect(run('archon.rule{event = "x", action = function() for i = 1, 2000 do print(("x"):rep(100)) end end}')).toBe('+');
		sys.luaTake();
		expect(event(1, {event: 'x'})).toMatch(/^\+2 1[0-9]{3}$/);
		expect(sys.luaTake().length).toBeLessThanOrEqual(64 << 10);
	});
});
