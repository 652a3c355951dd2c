/** What is sent to archon before it can hear, as the executable of images has it, which loads early.c first. */
import {readFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';
import {folder} from './bench.ts';

const library = join(ARCHON, '../native/libarchon-early.so');
const wrapper = ['env', `LD_PRELOAD=${library}`];

test('a PID 1 that is told to end while it still reads its config ends', async () => {
	const config = join(folder, 'config');
	await execa('mkfifo', [config]);
	await using archon = await boot({config: null, args: ['-c', config], wrapper});
	// Opens when archon opens the other end.
	const file = await open(config, 'w');
	archon.signal('SIGTERM');
	await file.writeFile('services: {main: {command: sleep 1000000}}\n');
	await file.close();
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toContain('SIGTERM');
});

test('a PID 1 has room for the descriptors of many services before it has a thread', async () => {
	// A soft limit below the room that is made, as many runtimes set it.
	await using archon = await boot({config: 'services: {main: {command: sleep 1000000}}', wrapper: ['prlimit', '--nofile=1024:4096', ...wrapper]});
	await archon.says(/started main/);
	expect(Number(/^FDSize:\s+(\d+)/m.exec(readFileSync(`/proc/${archon.pid}/status`, 'utf8'))?.[1])).toBeGreaterThanOrEqual(1024);
});

test('a process that is not PID 1 has the mask that it was started with', async () => {
	const {stdout} = await execa('grep', ['SigBlk', '/proc/self/status'], {env: {LD_PRELOAD: library}});
	expect(stdout).toMatch(/\t0{16}$/);
});
