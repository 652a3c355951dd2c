/** The executable that has its C library with it in one file, by the name of archon: what its first steps see to. */
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';
import {folder} from './bench.ts';

/** Puts the one file in archon's place; `before` is done first. */
const capsule = (before = ':'): readonly string[] =>
	['bash', '-c', `${before}; shift; exec -a archon ${join(ARCHON, '../docker-init')} "$@"`, 'bash'];

test('it starts and is executed anew where all low descriptors are taken, by whomever', async () => {
	const services = Array.from({length: 30}, (_, i) => `  s${i}: {command: sleep 1000000}\n`).join('');
	const wrapper = capsule('for ((fd = 3; fd < 83; fd++)); do eval "exec $fd</dev/null"; done');
	await using archon = await boot({config: `services:\n${services}`, wrapper});
	await archon.says(/started s29/);
	const before = await archon.status();
	archon.signal('SIGSEGV');
	await archon.says(/executed anew: 30 services go on/);
	const after = await archon.status();
	for (const [name, {pid}] of Object.entries(before)) expect(after[name]).toMatchObject({status: 'running', pid, restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('a PID 1 that is told to end before it can hear ends', async () => {
	const config = join(folder, 'config');
	await execa('mkfifo', [config]);
	await using archon = await boot({config: null, args: ['-c', config], wrapper: capsule()});
	// Opens when archon opens the other end.
	const file = await open(config, 'w');
	archon.signal('SIGTERM');
	await file.writeFile('services: {main: {command: sleep 1000000}}\n');
	await file.close();
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toContain('SIGTERM');
});
