/** What the shell remembers. */
import {expect, test} from 'vitest';
import {HISTORY_MAX, isKept, linesOf, remember} from '../../../../src/cli/shell/history.ts';

test.each([
	'status web', 'logs -f', 'run -- sh -c "echo hi"', '-H tcp://host:1 --token-file /run/token status', 'config --show-secrets', 'stop authd', 'run -e PASSWORD_FILE=/x -- true',
])('%j is kept', line => {
	expect(isKept(line)).toBe(true);
});

test.each([
	' status', '', '   ', 'run -e DB_PASSWORD=x -- true', 'run --env API_TOKEN=x -- true', 'run -ePASSWORD=x -- y', 'run -- curl --password x', 'run -- env secret=x y',
	'run -- curl https://me:pass@host/', 'a; run -- x --token=y', 'one\ntwo', 'x'.repeat(5000),
])('%j is not', line => {
	expect(isKept(line)).toBe(false);
});

test('a line that comes twice in a row is one, and the number of lines is bounded', () => {
	expect(remember(['a'], 'a')).toEqual(['a']);
	expect(remember(['a'], 'b')).toEqual(['a', 'b']);
	let history: readonly string[] = [];
	for (let i = 0; i < HISTORY_MAX + 10; i++) history = remember(history, `line ${i}`);
	expect([history.length, history[0]]).toEqual([HISTORY_MAX, 'line 10']);
});

test('a file that others made is no harm', () => {
	expect(linesOf('a\n\n\x1b[2Jb\nc\td\ne\n')).toEqual(['a', 'e']);
	expect(linesOf('x\n'.repeat(3000)).length).toBe(HISTORY_MAX);
});
