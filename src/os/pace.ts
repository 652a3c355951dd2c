/**
 * Work that can wait a moment, a little of it at each turn of the event loop: hundreds of probes that are due
 * at once keep no signal waiting.
 */
import {soon} from './clock.ts';

/** Does the job soon, in a turn of its own. */
export type Pace = (job: () => void) => void;

/** Making a process takes half a millisecond. */
const JOBS_PER_TURN = 4;

export function createPace(): Pace {
	const jobs: (() => void)[] = [];
	let isComing = false;

	function turn(): void {
		isComing = false;
		for (let i = 0; i < JOBS_PER_TURN; i++) {
			const job = jobs.shift();
			// Before the job: one that throws takes no other with it.
			if (jobs.length > 0) come();
			job?.();
		}
	}

	function come(): void {
		if (isComing) return;
		isComing = true;
		soon(turn);
	}

	return job => {
		jobs.push(job);
		come();
	};
}
