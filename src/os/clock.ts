/** The clocks, and the one timer of the core: armed at its next deadline, or not at all. */
import type {Instant} from '../core/time.ts';
import {after} from './reactor.ts';
import {sys} from './sys.ts';

export {after, soon} from './reactor.ts';

/** Milliseconds of CLOCK_MONOTONIC, which no change of the date moves (clock_gettime(2)). */
export const now = (): Instant => sys.now();

/** What the wall clock said at the instant 0; taken once, so that an instant has one time and keeps it. */
let epoch: number | undefined;

/** The wall-clock time of an instant, as milliseconds since 1970. */
export function wallClock(instant: Instant): number {
	epoch ??= Date.now() - now();
	return Math.round(epoch + instant);
}

export interface Timer {
	/** Calls back once, at the deadline or soon after; an earlier word is forgotten. NEVER disarms. */
	arm(deadline: Instant): void;
}

export function createTimer(callback: () => void): Timer {
	let armed: Instant = Infinity;
	let disarm = (): void => {};
	return {
		arm(deadline) {
			if (deadline === armed) return;
			disarm();
			armed = deadline;
			disarm = after(deadline - now(), () => {
				armed = Infinity;
				callback();
			});
		},
	};
}
