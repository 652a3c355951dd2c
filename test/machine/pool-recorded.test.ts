/** What zeus's own worker and client write, byte by byte: played to our master, both get what they got from theirs. */
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {pool} from './pools.ts';

const characters = join(import.meta.dirname, '../characters/pool');
const PLAN = {boot: {mid: {echo: ['e'], hang: null}, broken: {never: []}}};
const COMMAND = `python3 ${join(characters, 'recorded_worker.py')}`;

/** All that the client was written on its connection, and what came on both streams. */
async function ask(socket: string, ...words: readonly string[]): Promise<readonly [said: string, stdout: string, stderr: string]> {
	const {stdout} = await execa('python3', [join(characters, 'recorded_client.py'), socket, 'from stdin', ...words]);
	return JSON.parse(stdout) as [string, string, string];
}

test('bytes of a worker and of a client of zeus are understood, and answered as there', {timeout: 120_000}, async () => {
	await using zeus = await pool({plan: PLAN, command: COMMAND});
	await zeus.ready('mid');
	const [said, stdout, stderr] = await ask(zeus.socket, 'e', 'a b', '', 'c:d');
	expect(said).toMatch(/^\d+\0(9)\0$/);
	// The worker is told the command by its name.
	expect([stdout, stderr]).toEqual(['echo|a b||c:d\nfrom stdin', 'to stderr\n']);
	expect(await ask(zeus.socket, 'never')).toEqual(['0\x001\0', expect.stringContaining('no such thing (RuntimeError)'), '']);
	const [refused] = await ask(zeus.socket, 'nowhere');
	expect(refused).toBe('0\x00127\0');
});

test('its nodes are booted again when they end, and when a file changes that they told', {timeout: 120_000}, async () => {
	await using zeus = await pool({plan: PLAN, command: COMMAND});
	const first = await zeus.ready('mid');
	process.kill(first, 'SIGKILL');
	const second = await zeus.ready('mid', first);
	zeus.write('mid.txt', 'changed');
	await zeus.ready('mid', second);
	expect((await ask(zeus.socket, 'echo'))[0]).toMatch(/^\d+\0(9)\0$/);
});
