/** What the executable and the image tree tell of a config's keys. */
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const root = join(import.meta.dirname, '../..');
const archon = (...args: readonly string[]) => execa(ARCHON, args, {reject: false, stdin: 'ignore'});

test('archon schema prints what the repository and the image tree have', async () => {
	const {exitCode, stdout} = await archon('schema');
	expect(exitCode).toBe(0);
	expect(`${stdout}\n` === readFileSync(join(root, 'docs/archon.schema.json'), 'utf8')).toBe(true);
	expect(`${stdout}\n` === readFileSync(join(dirname(ARCHON), 'rootfs/usr/share/archon/archon.schema.json'), 'utf8')).toBe(true);
});

test('the image tree has archon.yaml(5)', () => {
	const page = readFileSync(join(dirname(ARCHON), 'rootfs/usr/share/man/man5/archon.yaml.5'), 'utf8');
	expect(page).toMatch(/^\.TH ARCHON\.YAML 5 "" "archon \d+\.\d+\.\d+"$/m);
});

test.each([
	[['healthcheck.interval'], 0, /^services\.<name>\.healthcheck\.interval: duration/],
	[['ExecStart'], 0, /^ExecStart: archon calls it command\n/],
	[['helthcheck'], 100, /^archon: there is no key helthcheck; did you mean healthcheck\?$/],
	[['a', 'b'], 100, /^usage: archon help config \[KEY\]/],
] as const)('archon help config %j', async (args, status, said) => {
	const {exitCode, stdout, stderr} = await archon('help', 'config', ...args);
	expect([exitCode, status === 0 ? stdout : stderr]).toEqual([status, expect.stringMatching(said)]);
});

test('archon help config tells every key', async () => {
	const {stdout} = await archon('help', 'config');
	expect(stdout).toMatch(/^services\.<name>:$/m);
	expect(stdout.split('\n').length).toBeGreaterThan(200);
});
