/** One-command mode as PID 1: the drop-in for tini. */
import {expect, it} from 'vitest';
import {boot, runOnce} from './harness.ts';

it.each([
	['exits with 0', 'echo fine', {status: 0, log: 'fine\n'}],
	['fails', 'echo bad >&2; exit 7', {status: 7, log: 'bad\n'}],
	['is killed', 'kill -KILL $$', {status: 137, log: ''}],
])('ends as a command that %s, and adds nothing to its output', async (_, script, expected) => {
	expect(await runOnce({image: 'plain', command: ['--', 'sh', '-c', script]})).toEqual(expected);
});

it('passes docker stop on to the command', async () => {
	await using box = await boot({image: 'plain', command: ['sh', '-c', 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done']});
	await box.says(/ready/);
	expect(await box.stop()).toBe(3);
});

it('reaps orphans meanwhile', async () => {
	await using box = await boot({image: 'plain', command: ['--', 'sh', '-c', '/characters/orphans 500; sleep 1000000']});
	await box.says(/500 orphans made/);
	await expect.poll(() => box.sh('cat /proc/[0-9]*/stat | grep -c " Z " || true')).toBe('0\n');
});
