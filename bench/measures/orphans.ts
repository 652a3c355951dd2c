/**
 * How fast PID 1 reaps what others left behind. It is stopped while orphans are made, end, and lie there; the
 * clock runs from SIGCONT until none is left, so that our forking is not measured.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {signal} from '../processes.ts';
import {now} from '../witness.ts';
import type {World} from '../world.ts';

const PATIENCE = 60_000;

/** No more than the kernel has pids for; others want some as well. */
function wanted({choice}: Kit): number {
	const most = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
	return Math.min(choice.isQuick ? 5000 : 20_000, Math.floor(most * 0.7));
}

export async function measureOrphans(kit: Kit, {pid, isOver}: World): Promise<Found> {
	const count = wanted(kit);
	signal(pid, 'SIGSTOP');
	const words = ['--target', String(pid), '--pid', kit.program('orphans'), String(count)];
	using maker = spawn('nsenter', words, {stdio: ['ignore', 'pipe', 'ignore'], timeout: PATIENCE, killSignal: 'SIGKILL'});
	const over = once(maker, 'close');
	let [began, ended, left] = [0, 0, count];
	// The first line says that all lie there, the second how many are left, and when that was.
	createInterface(maker.stdout).on('line', line => {
		if (line === 'ready') {
			began = now();
			signal(pid, 'SIGCONT');
		} else {
			const [rest = NaN, at = NaN] = line.split(' ').map(Number);
			[left, ended] = [rest, at / 1e6];
		}
	});
	await over;
	if (isOver()) return refuse(['orphans'], 'PID 1 ended');
	if (began === 0) return refuse(['orphans'], `${count} orphans could not be made`);
	if (ended === 0 || left === count) return refuse(['orphans'], 'reaps no orphan');
	const seconds = (ended - began) / 1000;
	const notes = left === 0 ? [] : [`some of ${count} orphans were still there after ${Math.round(seconds)} s`];
	return {...NOTHING, samples: {orphans: [(count - left) / seconds]}, notes};
}
