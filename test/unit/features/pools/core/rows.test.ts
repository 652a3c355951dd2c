/** Changes of nodes as lines: which line of an error tells, and that no text of a worker breaks one. */
import {expect, test} from 'vitest';
import {changeLine, type NodeRow, reasonOf, simpleLine} from '../../../../../src/features/pools/core/rows.ts';

const row = (more: Partial<NodeRow>): NodeRow =>
	({node: 'test_env', parent: 'boot', status: 'ready', pid: 71, why: null, since: Date.UTC(2026, 0, 2, 3, 4, 5, 6), ...more});

test('a change is one line with the time, the node, its status, its pid and why', () => {
	expect(changeLine(row({}))).toBe('2026-01-02T03:04:05.006Z test_env ready 71');
	expect(changeLine(row({status: 'waiting', pid: null}))).toBe('2026-01-02T03:04:05.006Z test_env waiting -');
	expect(changeLine(row({status: 'crashed', pid: null, why: 'boom\x1b[2J\nmore'}))).toBe('2026-01-02T03:04:05.006Z test_env crashed - boom\\x1b[2J');
});

test.each([
	['Traceback (most recent call last):\n  File "a.py", line 1\n    x\nSyntaxError: invalid syntax\n\n', 'SyntaxError: invalid syntax'],
	['a.rb:1: syntax error (SyntaxError)\n\tfrom b.rb:3\n', 'a.rb:1: syntax error (SyntaxError)'],
	['\n\n  PHP Fatal error\n', 'PHP Fatal error'],
	['', ''], ['\n \n', ''], ['x'.repeat(100_000), 'x'.repeat(500)],
])('of %j the telling line is %j', (why, line) => expect(reasonOf(why)).toBe(line));

test('with --simple-status each change is as zeus has it', () => {
	const words = (['waiting', 'booting', 'ready', 'crashed'] as const).map(status => simpleLine(row({status})));
	expect(words).toEqual(['unbooted', 'booted', 'ready', 'crashed'].map(word => `environment: test_env status: ${word}`));
});
