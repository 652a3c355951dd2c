/** What follows when a process ended by itself: start it again and after which pause, or leave it. */
import type {DownCause, Entry, Instant, Millis, Outcome, RestartPolicy, Run} from './model.ts';

export type Verdict =
	| {readonly kind: 'again'; readonly ends: readonly Instant[]; readonly delay: Millis}
	| {readonly kind: 'rest'; readonly cause: DownCause};

export const isSuccess = (outcome: Outcome): boolean => outcome.kind === 'code' && outcome.code === 0;

/** 126 and 127 say that a program could not be executed (sh(1)); no restart mends that. */
const isHopeless = (outcome: Outcome): boolean =>
	outcome.kind === 'code' && (outcome.code === 126 || outcome.code === 127);

/** The verdict on a process that ended, or (outcome null) could not be made for a reason that may pass. */
export function judge({service, ends}: Entry, outcome: Outcome | null, now: Instant, dice: number): Verdict {
	const isOneshot = service.type === 'oneshot';
	const {restart} = service;
	const success = outcome !== null && isSuccess(outcome);
	if (isOneshot && success) return {kind: 'rest', cause: 'completed'};
	if (restart.policy === 'no') return {kind: 'rest', cause: outcome && !isOneshot ? 'exited' : 'failed'};
	if (restart.policy === 'on-failure' && success) return {kind: 'rest', cause: 'exited'};
	if (outcome && isHopeless(outcome)) return {kind: 'rest', cause: 'failed'};
	const recent = [...ends.filter(end => end > now - restart.window), now];
	if (recent.length > restart.attempts) return {kind: 'rest', cause: 'failed'};
	return {kind: 'again', ends: recent.slice(-HISTORY), delay: pause(restart, recent.length, dice)};
}

/** Ends remembered where the attempts are unlimited: enough for any pause to reach its maximum. */
const HISTORY = 64;

/** The pause before the `nth` restart within the window: none, then exponential up to the maximum. */
export function pause({delay, factor, maxDelay, jitter}: RestartPolicy, nth: number, dice: number): Millis {
	if (nth <= 1) return 0;
	const exact = Math.min(maxDelay, delay * factor ** (nth - 2));
	return exact * (1 + jitter * (2 * dice - 1));
}

/** A number in [0, 1) that depends on the seed and the run alone (a 32-bit mix after splitmix). */
export function roll(seed: number, run: Run): number {
	let x = (seed ^ Math.imul(run, 0x9e3779b9)) | 0;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
