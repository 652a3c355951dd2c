/** What the supervisor's own processes do while nothing happens. */
import {setTimeout as sleep} from 'node:timers/promises';
import {type Found, NOTHING} from '../findings.ts';
import {activityOf} from '../processes.ts';
import {now} from '../witness.ts';
import type {World} from '../world.ts';

export const IDLE_ROWS = ['switches', 'cpu'] as const;

const SPAN = 10_000;

export async function measureIdle(world: World): Promise<Found> {
	const pids = world.supervising();
	const [before, began] = [activityOf(pids), now()];
	await sleep(SPAN);
	const [after, seconds] = [activityOf(pids), (now() - began) / 1000];
	let [switches, cpu] = [0, 0];
	for (const [task, {switches: times, cpu: spent}] of after) {
		// A thread that was not there before has done all of it since.
		switches += times - (before.get(task)?.switches ?? 0);
		cpu += spent - (before.get(task)?.cpu ?? 0);
	}
	return {...NOTHING, samples: {switches: [switches / seconds], cpu: [cpu / seconds]}};
}
