/** When a start or a storm is over, the memory that only it needed is given back. */
import type {Millis} from '../core/time.ts';
import {after, now} from './clock.ts';
import {sys} from './sys.ts';

export interface MemoryTrimmer {
	/** Something happened. */
	stir(): void;
}

/** Nothing happened for so long: it is over. */
const QUIET: Millis = 1000;

/** Fewer events are not worth the page faults of the next. */
const MANY = 200;

/** Waits for the start to be over, and then sleeps until there is a storm. */
export function createMemoryTrimmer(): MemoryTrimmer {
	let stirs = 0;
	let last = now();
	let isWaiting = false;
	wait(QUIET);
	return {
		stir() {
			last = now();
			if (++stirs >= MANY && !isWaiting) wait(QUIET);
		},
	};

	function wait(millis: Millis): void {
		isWaiting = true;
		after(millis, () => {
			const left = last + QUIET - now();
			if (left > 0) return wait(left);
			isWaiting = false;
			stirs = 0;
			sys.collectGarbage();
			sys.releaseFilePages();
		});
	}
}
