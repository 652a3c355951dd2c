/** What follows when a run ended without a request: a restart, after which delay, or none. */
import type {Entry} from './entry.ts';
import type {Run} from './ids.ts';
import type {Outcome} from './outcome.ts';
import type {DownCause, Stopping} from './phase.ts';
import type {Ends, RestartPolicy} from './service.ts';
import {signalName} from './signal-numbers.ts';
import type {Instant, Millis} from './time.ts';

/** `ends`: those that count from now on; `delay`: in milliseconds. */
export type Decision =
	| {readonly kind: 'again'; readonly ends: readonly Instant[]; readonly delay: Millis}
	| {readonly kind: 'rest'; readonly cause: DownCause};

/** The end of a run that was not requested. */
export interface End {
	/** Null: the process could not be started, for a temporary reason. */
	readonly outcome: Outcome | null;
	/** Why it counts as a failure whatever the outcome; null: the outcome decides. */
	readonly blame: string | null;
	readonly wasUp: boolean;
}

/** Whether the outcome is among the given ends. */
export const matches = ({codes, signals}: Ends, outcome: Outcome): boolean =>
	outcome.kind === 'code' ? codes.includes(outcome.code) : signals.includes(outcome.signal);

/** Decides about a restart; `random` (0 to 1) is for the jitter. */
export function decide({service: {type, restart, isLazy}, ends}: Entry, end: End, now: Instant, random: number): Decision {
	const {outcome, blame, wasUp} = end;
	const isOneshot = type === 'oneshot';
	const isSuccess = outcome !== null && blame === null && matches(restart.success, outcome);
	if (isOneshot && isSuccess) return {kind: 'rest', cause: 'completed'};
	const isForced = outcome !== null && matches(restart.force, outcome);
	// supervisord retries a failed start whatever `autorestart` says.
	const isFailedStart = restart.counts === 'starts' && !wasUp;
	if (!isForced && !isFailedStart) {
		// The policy decides whether it is restarted; the outcome decides whether it has failed.
		// The next connection starts it again, which may wait already.
		if (isLazy && isSuccess) return {kind: 'rest', cause: 'exited'};
		if (restart.policy === 'no') return {kind: 'rest', cause: isSuccess ? 'exited' : 'failed'};
		if (restart.policy === 'on-failure' && isSuccess) return {kind: 'rest', cause: 'exited'};
	}
	if (outcome && !isSuccess && matches(restart.fatal, outcome)) return {kind: 'rest', cause: 'failed'};
	if (restart.counts === 'starts' && wasUp) return {kind: 'again', ends: [], delay: 0};
	const recent = [...ends.filter(each => each > now - restart.window), now];
	if (recent.length > restart.attempts) return {kind: 'rest', cause: 'failed'};
	const kept = Number.isFinite(restart.attempts) ? restart.attempts : HISTORY;
	return {kind: 'again', ends: recent.slice(-kept), delay: backoffDelay(restart, recent.length, random)};
}

/** The $SERVICE_RESULT of systemd.exec(5). A requested stop is a success unless it took SIGKILL. */
export function resultOf(
	{isRequested, killed, blame}: Pick<Stopping, 'isRequested' | 'killed' | 'blame'>, outcome: Outcome, success: Ends,
): string {
	if (isRequested) return killed ? 'timeout' : 'success';
	if (outcome.kind === 'signal' && outcome.oom) return 'oom-kill';
	if (blame !== null && /^(watchdog|unhealthy)\b/.test(blame)) return 'watchdog';
	if (blame !== null && /^not (ready|completed) within/.test(blame)) return 'timeout';
	if (blame !== null && blame.startsWith('exited before')) return 'protocol';
	if (blame === null && matches(success, outcome)) return 'success';
	return outcome.kind === 'code' || blame !== null ? 'exit-code' : outcome.core ? 'core-dump' : 'signal';
}

/** The same, $EXIT_CODE and $EXIT_STATUS: `exited` and 3, or `killed` (`dumped`) and TERM. */
export const exitVariables = (outcome: Outcome): {readonly EXIT_CODE: string; readonly EXIT_STATUS: string} => (outcome.kind === 'code'
	? {EXIT_CODE: 'exited', EXIT_STATUS: String(outcome.code)}
	: {EXIT_CODE: outcome.core ? 'dumped' : 'killed', EXIT_STATUS: signalName(outcome.signal).replace(/^SIG/, '')});

/** How many ends are kept where the attempts are unlimited: enough for the delay to reach its maximum. */
const HISTORY = 64;

/** The delay before the nth restart within the window; `random`: 0 to 1. */
export function backoffDelay({growth, delay, factor, maxDelay, jitter}: RestartPolicy, nth: number, random: number): Millis {
	if (growth === 'linear') return Math.min(maxDelay, delay * nth);
	if (growth === 'exponential' && nth <= 1) return 0;
	const exact = growth === 'constant' ? delay : Math.min(maxDelay, delay * factor ** (nth - 2));
	return exact * (1 + jitter * (2 * random - 1));
}

/** A number in [0, 1) that depends on the seed and the run alone (a 32-bit mix after splitmix). */
export function jitterOf(seed: number, run: Run): number {
	let x = (seed ^ Math.imul(run, 0x9e3779b9)) | 0;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
