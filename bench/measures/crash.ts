/**
 * From SIGKILL to one service until its successor says that it runs. One at a time: a supervisor that wakes up for the next
 * crash would otherwise restart the one before.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {signal} from '../processes.ts';
import {lastOf, now} from '../witness.ts';
import type {World} from '../world.ts';

export const CRASH_ROWS = ['crash', 'crash-p99'] as const;

/** Fewer crashes than archon takes for a storm. */
const most = ({choice}: Kit): number => (choice.isQuick ? 15 : 30);
/** For these milliseconds at most, where a supervisor is slow. */
const span = ({choice}: Kit): number => (choice.isQuick ? 4000 : 8000);

/** Between a restart and the next crash, in milliseconds. */
const GAP = 20;
const PATIENCE = 5000;

export async function measureCrash(kit: Kit, {witness, job, services, isOver}: World): Promise<Found> {
	const [born, processes, end] = [lastOf(witness.signs, 'born'), services(), now() + span(kit)];
	const times: number[] = [];
	for (let turn = 0; turn < most(kit) && now() < end; turn++) {
		// Never the same twice, and all over the list.
		const index = Math.floor((turn * job.count) / most(kit));
		const victim = processes.get(born.get(index)?.pid ?? 0)?.pid;
		const [killed, known] = [now(), witness.signs.length];
		if (victim === undefined || !signal(victim, 'SIGKILL')) return refuse(CRASH_ROWS, `service ${index} did not stay`);
		const successor = () => witness.signs.slice(known).find(sign => sign.kind === 'born' && sign.index === index && sign.at > killed);
		const isBack = await witness.until(() => successor() !== undefined, PATIENCE, isOver);
		if (!isBack) return refuse(CRASH_ROWS, isOver() ? 'PID 1 ended' : `service ${index} did not come back within ${PATIENCE / 1000} s`);
		times.push((successor()?.at ?? NaN) - killed);
		await sleep(GAP);
	}
	return {...NOTHING, samples: {'crash': times, 'crash-p99': times}};
}
