/** Workers and clients of a pool that do it wrong: each is ended and named, none hangs the pool or leaves a descriptor in it. */
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {describe, expect, test} from 'vitest';
import {lives, PATIENCE, pool} from './pools.ts';

const BAD = join(import.meta.dirname, '../characters/pool-worker.py');

const ECHO = 'import sys\ndef echo(): print(*sys.argv[1:])\n';

describe('a worker that', () => {
	test.concurrent.for<[string, string, RegExp]>([
		['writes words where it should pass a descriptor', 'words', /process (\d+) passed no one descriptor as a node/],
		['passes a pipe as a node', 'pipe', /process (\d+) passed what is no socket of a node/],
		['passes ten descriptors at once', 'many', /process (\d+) passed no one descriptor as a node/],
		['says nothing on its socket', 'mute', /process (\d+) did not say which node it is/],
		['says half a message', 'half', /process (\d+) did not say which node it is/],
		['says that it is another process', 'liar', /process (\d+) says that it is process \d+/],
		['passes no pipe for its files', 'unpiped', /process (\d+) passed no pipe for its files/],
		['passes a socket for its files', 'socket-for-pipe', /process (\d+) passed what is no pipe for its files/],
	])('%s is ended, and named', {timeout: PATIENCE}, async ([, kind, line], {expect}) => {
		await using it = await pool({plan: {boot: {}}, command: `python3 ${BAD} ${kind}`});
		const [, pid = ''] = await it.says(line);
		await expect.poll(() => lives(Number(pid)), {timeout: PATIENCE}).toBe(false);
	});

	test.concurrent.each([
		['says what is no message', 'garbage', /boot.*said "/],
		['says a message of 200 KB', 'long', /boot.*too long a message/],
		['passes descriptors for which it was not asked', 'descriptors', /boot.*passed a descriptor for which it was not asked/],
		['never stops talking', 'flood', /boot.*more than anybody can hear/],
		['names a relative path', 'names', /boot.*which is no absolute path/],
		['names a path of 60 KB', 'nameless', /boot.*names files without end/],
		['names a million files', 'features', /loaded 100000 files/],
		['says that it is a node of no plan', 'stranger', /process (\d+) registered as "stranger", which is no node of the plan/],
	])('%s as a node is ended, and named', async (_, kind, line) => {
		await using it = await pool({plan: {boot: {}}, command: `python3 ${BAD} ${kind}`});
		await it.says(line);
		// It passes up to two hundred, and never asks for them back.
		expect(it.descriptors()).toBeLessThan(100);
	}, PATIENCE);

	test.concurrent('crashes with 300 KB of text is shown with no more than 64 KB', async () => {
		await using it = await pool({plan: {boot: {x: []}}, command: `python3 ${BAD} crash`});
		await it.says(/Z boot crashed - e/);
		const {status, stdout} = await it.client('run', 'x');
		expect(status).toBe(1);
		expect(stdout.length).toBeLessThanOrEqual(64 * 1024);
		expect(stdout).toMatch(/^e{60000}/);
	}, PATIENCE);
});

describe('a pool', () => {
	test.each(['silent', 'half', 'garbage', 'long', 'fds', 'gone', 'empty'])('keeps no descriptor of 500 clients that are %s', async kind => {
		await using it = await pool({plan: {boot: {echo: []}}, code: ECHO});
		await it.ready('boot');
		const before = it.descriptors();
		expect((await it.client('bad', '500', kind)).stdout).toBe('done\n');
		expect(await it.client('run', 'echo', 'b')).toEqual({status: 0, stdout: 'b\n', stderr: ''});
		await expect.poll(it.descriptors, {timeout: PATIENCE}).toBeLessThanOrEqual(before);
	}, 2 * PATIENCE);

	test('keeps no descriptor of 1000 commands, and answers 200 clients at once', async () => {
		await using it = await pool({plan: {boot: {app: {echo: []}}}, code: ECHO});
		await it.ready('app');
		const before = it.descriptors();
		for (let round = 0; round < 5; round++) expect((await it.client('many', '200', 'echo')).stdout).toBe('200 200\n');
		await expect.poll(it.descriptors, {timeout: PATIENCE}).toBeLessThanOrEqual(before);
	}, 5 * PATIENCE);

	test('that has no descriptor left waits without a word too many, and goes on', async () => {
		await using it = await pool({plan: {boot: {echo: []}}, code: ECHO});
		await it.ready('boot');
		execFileSync('prlimit', ['--pid', String(it.pid), '--nofile=3:']);
		const begun = it.client('bad', '20', 'silent');
		await it.says(/too many open files/);
		const since = Date.now();
		await setTimeout(2500);
		// A line a second, however late this is.
		expect(it.log().match(/too many open files/g)?.length).toBeLessThan(3 + (Date.now() - since) / 1000);
		execFileSync('prlimit', ['--pid', String(it.pid), '--nofile=1000:']);
		await begun;
		expect(await it.client('run', 'echo', 'b')).toEqual({status: 0, stdout: 'b\n', stderr: ''});
	}, PATIENCE);

	test('is closed to other processes of its user', async () => {
		await using it = await pool({plan: {boot: {}}, uid: 65_534});
		await it.ready('boot');
		// The files of a process that is closed are root's (proc(5)).
		expect(statSync(`/proc/${it.pid}/environ`).uid).toBe(0);
		expect(readFileSync(`/proc/${it.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s/m);
	}, PATIENCE);
});
