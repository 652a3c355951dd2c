/** What PID 1 makes of what the helper for rules says: actions where they are some, and nothing of anything else. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {endOf, readAsked, readKept, readReport, readTried, readWants} from '../../../../src/features/rules/core/asks.ts';
import {rulePaths} from '../../../../src/features/rules/core/paths.ts';

const BOUNDS = {runAs: null};

const asked = (acts: unknown, fields: unknown = {event: 'exited', service: 'web', code: 3}): ReturnType<typeof readAsked> =>
	readAsked(JSON.stringify({rule: 'r', fields, acts}), BOUNDS);

test('actions, with what commands find in their environment', () => {
	expect(asked([['restart', 'a', 'b'], ['signal', 'HUP', 'web'], ['run', 'text', 'echo "a b" c'], ['run', 'words', 'echo', 'a b'], ['alert', 'x']])).toEqual({
		rule: 'r', event: 'exited', service: 'web', refused: [], depends: [], variables: {ARCHON_EVENT: 'exited', ARCHON_EXIT_CODE: '3'},
		actions: [
			{kind: 'restart', names: ['a', 'b']}, {kind: 'signal', signal: 1, names: ['web']},
			{kind: 'run', command: ['echo', 'a b', 'c'], timeout: 60_000, bounds: BOUNDS},
			{kind: 'run', command: ['echo', 'a b'], timeout: 60_000, bounds: BOUNDS},
			{kind: 'alert', text: 'x'},
		],
	});
});

test('dependencies are fields of a request, without what was not said', () => {
	expect(asked([['depend', 'web', 'port:80', 'exit', 'signal:HUP', ''], ['depend', 'web', 'db', '', '', 'start'], ['depend']])?.depends).toEqual([
		['web', 'port:80', 'archon.on=exit', 'archon.do=signal:HUP'], ['web', 'db', 'archon.order=start'], ['', ''],
	]);
});

test.each([
	[[['signal', 'LOUD', 'web']], 'LOUD is no signal'],
	[[['run', 'text', 'echo "a']], 'archon.run: a double quote is not closed'],
	[[['run', 'text', ' ']], 'archon.run: there is no command'],
	[[['shutdown']], 'shutdown is no action'],
	[['restart'], 'what it asks for is not a list of texts'],
	[[[1]], 'what it asks for is not a list of texts'],
])('%j is refused in words', (acts, why) => {
	expect(asked(acts)).toMatchObject({actions: [], refused: [why]});
});

test('what is too much is left out', () => {
	const many = asked(Array.from({length: 100}, () => ['alert', 'x'.repeat(5000)]));
	expect(many?.actions).toHaveLength(64);
	expect(many?.refused).toEqual(['more than 64 actions for one event']);
	expect(JSON.stringify(many?.actions[0]).length).toBeLessThan(2100);
	expect(asked([['alert', 'x']], {event: 'log', line: 'y'.repeat(9000)})?.variables['ARCHON_LINE']).toHaveLength(2000);
});

test('who broke out of a script forges no lines of the log, and has no more kept than a rule may', () => {
	const text = JSON.stringify({rule: `r\nforged\x1b[2J${'x'.repeat(500)}`, fields: {event: 'a\nb'}, acts: [['signal', '9\nforged'], ['x\ny']]});
	const {rule, event, refused} = readAsked(text, BOUNDS)!;
	expect([rule.length, event, refused]).toEqual([200, 'a b', ['9 forged is no signal', 'x y is no action']]);
	expect(rule).toMatch(/^r forged \[2Jx+$/);
	expect([readKept(JSON.stringify(['k'.repeat(1025), 'string', ''])), readKept(JSON.stringify(['k', 'string', 'x'.repeat(1025)]))]).toEqual([null, null]);
});

test('whatever it says, nothing is thrown', () => {
	const readers = [readKept, readReport, readTried, readWants];
	fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => {
		for (const read of readers) read(text);
		readAsked(text, BOUNDS);
	}), {numRuns: 300});
	for (const text of ['', '{', 'null', '[]', '{"rule": 1}', '{"rule": "a", "fields": [], "acts": []}']) expect(readAsked(text, BOUNDS)).toBeNull();
	expect([readKept('["a", "string", "b"]'), readKept('["a"]'), readKept('["a", "b", "c", "d"]'), readKept('1')]).toEqual([['a', 'string', 'b'], null, null, null]);
	expect(readWants('{"last": 7, "kinds": ["exited"]}')).toEqual({last: 7, kinds: new Set(['exited'])});
	expect(readWants('nothing')).toEqual({last: 0, kinds: null});
});

test('how a process has ended', () => {
	expect(endOf(null, '')).toEqual({code: null, signal: null});
	expect(endOf(3, 'exit status 3')).toEqual({code: 3, signal: null});
	expect(endOf(137, 'killed by SIGKILL')).toEqual({code: null, signal: 'KILL'});
	// It has said so itself.
	expect(endOf(137, 'exit status 137')).toEqual({code: 137, signal: null});
});

test('a path with * means files in the order of their names, and no hidden ones', () => {
	const list = (folder: string) => (folder === '/r' ? {ok: true as const, value: ['b.lua', '.c.lua', 'a.lua', 'a.txt']} : {ok: false as const, error: 'no'});
	expect(rulePaths('/r/*.lua', list)).toEqual({ok: true, value: ['/r/a.lua', '/r/b.lua']});
	expect(rulePaths('/r/.*', list)).toEqual({ok: true, value: ['/r/.c.lua']});
	expect(rulePaths('/r/x.lua', list)).toEqual({ok: true, value: ['/r/x.lua']});
	expect(rulePaths('/s/*', list)).toEqual({ok: false, error: 'no'});
});
