/** Long output on a real terminal goes to a pager; short output, and what is no terminal, does without. */
import {execaSync} from 'execa';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {onTerminal} from './terminal.ts';

const CTL = join(dirname(ARCHON), 'archonctl');
const PAGER = 'sed s/^/paged:/';

test('what is longer than the screen is paged, and nothing of it is missing', async () => {
	await using terminal = onTerminal([CTL, 'help'], {rows: 10, columns: 130, env: {PAGER}});
	expect(await terminal.ended()).toBe(0);
	const plain = execaSync(CTL, ['help']).stdout.split('\n');
	expect(terminal.all().map(line => line.trimEnd())).toEqual(plain.map(line => `paged:${line}`));
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, number]>([
	['what fits', ['help', 'version'], {PAGER}, 40], ['--no-pager', ['--no-pager', 'help'], {PAGER}, 10], ['an empty $ARCHON_PAGER', ['help'], {PAGER, ARCHON_PAGER: ''}, 10],
	['a dumb terminal', ['help'], {PAGER, TERM: 'dumb'}, 10], ['--json', ['help', '--json'], {PAGER}, 10],
])('%s is not paged', async (_, args, env, rows) => {
	await using terminal = onTerminal([CTL, ...args], {rows, columns: 130, env});
	expect(await terminal.ended()).toBe(0);
	expect(terminal.written()).not.toContain('paged:');
	expect(terminal.all().length).toBeGreaterThan(5);
});

test('a person who leaves the pager early is not told of it', async () => {
	await using terminal = onTerminal([CTL, 'help'], {rows: 10, columns: 130, env: {PAGER: 'head -n 3'}});
	expect(await terminal.ended()).toBe(0);
	expect(terminal.all().filter(line => line !== '')).toHaveLength(2);
	expect(terminal.written()).not.toMatch(/archonctl:/);
});
