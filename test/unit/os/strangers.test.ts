/** Processes that are another's children, while there are no descriptors to watch them by. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {expect, test, vi} from 'vitest';
import type {Poller} from '../../../src/os/poller.ts';
import {watch} from '../../../src/os/reap/strangers.ts';
import {ERRNO, sys} from '../../../src/os/sys.ts';

const later = vi.hoisted(() => [] as (() => void)[]);
vi.mock('../../../src/os/clock.ts', () => ({
	after: (_: number, act: () => void) => void later.push(act), soon: (act: () => void) => void later.push(act),
}));

test('are watched as soon as there are, and told as ended where they have', async () => {
	const child = spawn('sleep', ['1000']);
	const watched: number[] = [];
	const poller: Poller = {whole: act => act(), watch: fd => void watched.push(fd), watchLast() {}, change() {}, forget() {}, poll() {}, catchUp() {}};
	const told: unknown[] = [];
	const open = vi.spyOn(sys, 'pidfdOpen').mockReturnValue(-ERRNO.EMFILE);
	watch(child.pid!, poller, outcome => told.push(outcome));
	later.shift()?.();
	expect([watched, told, later.length]).toEqual([[], [], 1]);
	open.mockReturnValueOnce(77);
	later.shift()?.();
	expect([watched, told, later.length]).toEqual([[77], [], 0]);
	watch(child.pid!, poller, outcome => told.push(outcome));
	child.kill('SIGKILL');
	await once(child, 'exit');
	later.shift()?.();
	expect([told, later.length]).toEqual([[null], 0]);
});
