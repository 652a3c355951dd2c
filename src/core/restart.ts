/** What follows when a run ended by itself: start it again and after which pause, or leave it. */
import type {Entry} from './entry.ts';
import type {Run} from './ids.ts';
import type {Outcome} from './outcome.ts';
import type {DownCause, Stopping} from './phase.ts';
import type {Ends, RestartPolicy} from './service.ts';
import {signalName} from './signal-numbers.ts';
import type {Instant, Millis} from './time.ts';

export type Decision =
	| {readonly kind: 'again'; readonly ends: readonly Instant[]; readonly delay: Millis}
	| {readonly kind: 'rest'; readonly cause: DownCause};

/** The end of a run that nobody asked for. */
export interface End {
	/** Null: the process could not be made, for a reason that may pass. */
	readonly outcome: Outcome | null;
	/** Why it counts as a failure whatever the outcome; null: the outcome decides. */
	readonly blame: string | null;
	readonly wasUp: boolean;
}

export const matches = ({codes, signals}: Ends, outcome: Outcome): boolean =>
	outcome.kind === 'code' ? codes.includes(outcome.code) : signals.includes(outcome.signal);

export function decide({service: {type, restart}, ends}: Entry, end: End, now: Instant, random: number): Decision {
	const {outcome, blame, wasUp} = end;
	const isOneshot = type === 'oneshot';
	const isSuccess = outcome !== null && blame === null && matches(restart.success, outcome);
	if (isOneshot && isSuccess) return {kind: 'rest', cause: 'completed'};
	const isForced = outcome !== null && matches(restart.force, outcome);
	// supervisord tries a start that failed again, whatever its autorestart says.
	const isFailedStart = restart.counts === 'starts' && !wasUp;
	if (!isForced && !isFailedStart) {
		// The policy says only whether it is started again; whether it has failed, the end itself.
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

/** systemd.exec(5), $SERVICE_RESULT: how a run came out, in one word. What was asked for is a success unless it took SIGKILL. */
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

/** Ends remembered where the attempts are unlimited: enough for any pause to reach its maximum. */
const HISTORY = 64;

/** The pause before the `nth` restart within the window. */
export function backoffDelay({growth, delay, factor, maxDelay, jitter}: RestartPolicy, nth: number, random: number): Millis {
	if (growth === 'linear') return Math.min(maxDelay, delay * nth);
	if (nth <= 1) return 0;
	const exact = Math.min(maxDelay, delay * factor ** (nth - 2));
	return exact * (1 + jitter * (2 * random - 1));
}

/** A number in [0, 1) that depends on the seed and the run alone (a 32-bit mix after splitmix). */
export function jitterOf(seed: number, run: Run): number {
	let x = (seed ^ Math.imul(run, 0x9e3779b9)) | 0;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
