/** archon as docker's own init: the one file, mounted into an image that has no C library, as `docker run --init` does it. */
import {expect, it} from 'vitest';
import {type Boot, boot, runOnce} from './harness.ts';
import {DOCKER_INIT} from './places.ts';

/** `docker run --init` mounts the daemon's init-path and puts it before the command. */
const init = (...command: readonly string[]): Boot => ({
	image: 'bare', mounts: {'/sbin/docker-init': DOCKER_INIT}, entrypoint: ['/sbin/docker-init'], command: ['--', ...command],
});

it.each([
	['exits with 0', ['sh', '-c', 'tr "\\0" " " < /proc/1/cmdline; cat /proc/1/comm'], 0, /^\/sbin\/docker-init -- sh -c .* docker-init\n$/],
	['fails', ['sh', '-c', 'exit 7'], 7, /^$/],
	['is killed', ['sh', '-c', 'kill -KILL $$'], 137, /^$/],
	['is nowhere', ['nosuch'], 127, /^\[FATAL tini \(\d+\)\] exec nosuch failed: No such file or directory\n$/],
])('ends as a command that %s', async (_, command, status, said) => {
	expect(await runOnce(init(...command))).toEqual({status, log: expect.stringMatching(said)});
});

it('works for any user, without capabilities, on a read-only root', async () => {
	const locked: Boot = {...init('sh', '-c', 'id -u; exit 3'), user: '12345', readOnly: true, powerless: true};
	expect(await runOnce(locked)).toEqual({status: 3, log: '12345\n'});
});

it('passes docker stop on', async () => {
	await using box = await boot(init('sh', '-c', 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'));
	await box.says(/ready/);
	expect(await box.stop()).toBe(3);
});

it('reaps orphans', async () => {
	await using box = await boot(init('sh', '-c', '/characters/orphans 500; sleep 1000000'));
	await box.says(/500 orphans made/);
	await expect.poll(() => box.sh('cat /proc/[0-9]*/stat | grep -c " Z " || true')).toBe('0\n');
});
