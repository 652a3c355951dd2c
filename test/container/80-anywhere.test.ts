/** Containers that give little: archon keeps two services, answers archonctl and ends with 0 in each. */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {boot, type Boot, type Box, SAYS} from './harness.ts';

const TWO = `
services:
  one: {command: sleep 1000000}
  two: {command: sleep 1000000, depends_on: [one]}
`;

const CONFIG = {config: TWO};

async function lives(how: Partial<Boot>, config: Partial<Boot> = CONFIG, look?: (box: Box) => Promise<void>): Promise<void> {
	await using box = await boot({image: 'plain', ...config, ...how});
	// A look from inside takes a process, which must not be the one that a service is about to have.
	for (const name of ['one', 'two']) await box.says(SAYS.started(name));
	for (const name of ['one', 'two']) expect(await box.comesTo(name, 'running')).toMatchObject({restarts: 0});
	await look?.(box);
	expect(await box.stop(), await box.log()).toBe(0);
	expect(await box.log()).not.toMatch(/a bug in archon|SIGKILL|warn:|error:/);
}

it('runs below the init of docker, and does not mistake itself for it', () => lives({init: true}, CONFIG, async box => {
	expect(await box.sh('cat /proc/1/comm')).toBe('docker-init\n');
}));

it('runs as a user without an entry in /etc/passwd, without rights, where only a tmpfs can be written that executes nothing', () => {
	const file = join(mkdtempSync(join(tmpdir(), 'archon-anywhere-')), 'archon.yaml');
	writeFileSync(file, TWO, {mode: 0o644});
	// A read-only root takes no copy of a config.
	const how = {user: '12345:54321', powerless: true, readOnly: true, tmpfs: ['/tmp'], mounts: {'/etc/archon/archon.yaml': file}};
	return lives(how, {});
});

it('lives in 16 MiB with its services and its client', () => lives({memory: 16 << 20}));

it('needs few processes: four are enough for archon, two services and archonctl', () => lives({pids: 4}));

it('does without what a strict seccomp profile forbids', () =>
	lives({forbidden: ['memfd_create', 'close_range', 'pidfd_open', 'pidfd_getfd', 'io_uring_setup', 'io_uring_enter', 'name_to_handle_at', 'ioprio_set']}));

it('shares its processes with another container, as in a pod, and ends only its own', async () => {
	await using first = await boot({image: 'plain', config: TWO});
	const one = await first.pid('one');
	await lives({pidsOf: first});
	expect(await first.service('one')).toMatchObject({status: 'running', pid: one, restarts: 0});
	expect(await first.stop()).toBe(0);
});
