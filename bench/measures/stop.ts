/** From the request to end until PID 1 is gone, and with it everything else. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {signal} from '../processes.ts';
import {firstOf, now} from '../witness.ts';
import type {World} from '../world.ts';

const PATIENCE = 20_000;

export async function measureStop(kit: Kit, {supervisor: {end}, job, pid, witness}: World): Promise<Found> {
	using watch = spawn(kit.program('deathwatch'), [String(pid)], {
		stdio: ['ignore', 'pipe', 'ignore'], timeout: PATIENCE, killSignal: 'SIGKILL',
	});
	const lines = createInterface(watch.stdout);
	const over = once(watch, 'close');
	let died: number | null = null;
	const isWatching = new Promise<boolean>(resolve => {
		lines.on('line', line => {
			if (line === 'watching') resolve(true);
			else died = Number(line) / 1e6;
		});
		void over.then(() => resolve(false));
	});
	if (!await isWatching) return refuse(['stop'], 'PID 1 ended');
	const asked = now();
	if (end.command) {
		const [program, ...words] = end.command(job);
		await execa(program, words, {reject: false, timeout: PATIENCE, stdin: 'ignore'});
	}
	signal(pid, end.signal);
	await over;
	if (died === null) return refuse(['stop'], `did not end within ${PATIENCE / 1000} s`);
	await witness.until(() => true, 0);
	const farewells = firstOf(witness.signs, 'asked to end').size;
	const notes = farewells === job.count ? [] : [`of ${job.count} services it asked ${farewells} to end; the others were killed with PID 1`];
	return {...NOTHING, samples: {stop: [died - asked]}, notes};
}
