/** The monotonic clock, and the one timer of archon: armed at the core's next deadline, or not at all. */
import type {Instant, Millis} from '../core/model.ts';

/** Milliseconds of CLOCK_MONOTONIC, which no change of the date moves (clock_gettime(2)). */
export function now(): Instant {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1000 + nanoseconds / 1e6;
}

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

/** setTimeout(3) counts in 31 bits; a later deadline is approached in steps. */
const LONGEST = 2 ** 31 - 1;

export function createTimer(callback: () => void): Timer {
	let armed: Instant = Infinity;
	let timer: NodeJS.Timeout | undefined;
	return {
		arm(deadline) {
			if (deadline === armed) return;
			clearTimeout(timer);
			armed = deadline;
			if (deadline === Infinity) return;
			timer = setTimeout(() => {
				armed = Infinity;
				callback();
			}, Math.min(LONGEST, Math.max(0, Math.ceil(deadline - now()))));
		},
	};
}

/** Calls back once after so long, unless the result is called before; never where that is longer than can be counted. */
export function after(millis: Millis, callback: () => void): () => void {
	if (millis > LONGEST) return () => {};
	const timer = setTimeout(callback, millis);
	return () => clearTimeout(timer);
}
