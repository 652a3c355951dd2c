/** What one instance of archon tells the next is believed only of archon itself: a variable that somebody else has set changes nothing. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-handoff-'));
const write = (name: string, text: string): string => {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
};
const BAD = write('bad.yaml', 'services: {a: {comand: sleep 1}}\n');

/** Executes a program with a memfd at descriptor 5 that looks like what a life of archon has left, but for its owner. */
const FORGED = write('forged.py', `import os, struct, sys
fd = os.memfd_create("archon")
os.truncate(fd, 1 << 20)
os.pwrite(fd, struct.pack("<IiIIQQ", 0x326f6861, os.getpid() + 1, 3, 0, 0, 1 << 20), 0)
os.dup2(fd, 5)
os.execvp(sys.argv[1], sys.argv[1:])
`);

/** What somebody may set, and how archon is executed then. */
const SET: readonly (readonly [what: string, value: string, ...wrapper: string[]])[] = [
	['nothing', ''],
	['a word', 'yes'],
	['a stream', '1'],
	['a number with more behind it', '5x'],
	['a descriptor that is not open', '77'],
	['an open file', '5', 'sh', '-c', 'exec "$@" 5</etc/passwd', 'sh'],
	['memory of another process', '5', 'python3', FORGED],
];

describe.each(SET)('$ARCHON_HANDOFF is %s', (_, value, ...wrapper) => {
	test('a bad config ends archon with 100', async () => {
		const [program = '', ...words] = ['unshare', '--pid', '--fork', '--kill-child', ...wrapper, ARCHON, '-c', BAD];
		const {exitCode, stderr} = await execa(program, words, {env: {ARCHON_HANDOFF: value}, reject: false, stdin: 'ignore', timeout: 20_000});
		expect(exitCode).toBe(100);
		expect(stderr).toMatch(/did you mean "command"/);
	});

	test('a good one is supervised as in a first instance, and the variable is not passed on', async () => {
		await using archon = await boot({
			config: 'services: {a: {command: "sh -c \'env | grep -c HANDOFF; exec sleep 1000000\'"}, b: {command: sleep 1000000}}', env: {ARCHON_HANDOFF: value}, wrapper,
		});
		await archon.says(/^a +\| 0$/m);
		await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({a: {status: 'running'}, b: {status: 'running'}});
		expect(archon.log()).not.toMatch(/re-executed/);
		// And it still goes on from its own.
		archon.signal('SIGSEGV');
		await archon.says(/re-executed: 2 services keep running/);
	});
});

test('archonctl with such a variable is ended by a signal as every client is', async () => {
	await using archon = await boot({config: 'services: {a: {command: sleep 1000000}}'});
	await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({a: {status: 'running'}});
	const client = execa(join(ARCHON, '../archonctl'), ['logs', '-f', 'archon'], {env: {ARCHON_HANDOFF: '5', ARCHON_SOCKET: archon.socket}, reject: false, stdin: 'ignore'});
	await new Promise(resolve => client.stdout?.once('data', resolve));
	client.kill('SIGTERM');
	expect((await client).signal).toBe('SIGTERM');
});
