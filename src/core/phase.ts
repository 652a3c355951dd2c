/** The phases of a service, and the data that belongs to each. */
import type {Id, Run} from './ids.ts';
import type {Outcome} from './outcome.ts';
import {type Instant, type Millis, NEVER} from './time.ts';

/** The phase of a service. Its data, deadlines among them, is gone with the phase. */
export type Phase =
	| {readonly kind: 'down'; readonly cause: DownCause}
	| Waiting
	| Spawning
	| Starting
	| Up
	| Stopping
	/** A oneshot that has completed and has `down` commands: it counts as up, without a process, until it is stopped. */
	| {readonly kind: 'done'}
	| {readonly kind: 'backoff'; readonly deadline: Instant};

/** The service is to run, and not all of its needs are met. */
export interface Waiting {
	readonly kind: 'waiting';
	/** When the first of the unmet needs times out. */
	readonly deadline: Instant;
	/** Needs that have timed out and are not waited for any more. */
	readonly waived: readonly Id[];
	/** A direct or indirect hard need has failed for good: only an operator can end this wait. */
	readonly isBlocked: boolean;
}

/** A wait without a deadline; one object for all, as there are many. */
export const WAITING: Waiting = {kind: 'waiting', deadline: NEVER, waived: [], isBlocked: false};

/** Its process is about to be started. */
export interface Spawning {
	readonly kind: 'spawning';
	readonly run: Run;
	/** Its start conditions (`only_if`) are examined; all else comes after that. */
	readonly isConditional: boolean;
	/** Its `pre_start` commands run; its process is started after them. */
	readonly isHooked: boolean;
	/** When the start timeout ends; NEVER: it begins with the process. */
	readonly deadline: Instant;
}

/** A oneshot that does its work, or a daemon that is not ready yet. */
export interface Starting {
	readonly kind: 'starting';
	readonly run: Run;
	readonly pid: number;
	/** Its `post_start` commands still run. */
	readonly isHooked: boolean;
	/** It has not reported that it is ready, nor run for its start period. */
	readonly isUnready: boolean;
	/** Of a service that forks: its first process is still to exit, or has, and the main one is looked for. */
	readonly handover: 'exit' | 'main' | null;
	/** When the start timeout ends, and archon stops it. */
	readonly deadline: Instant;
	/** When it has run for its start period; NEVER: its `ready` decides. */
	readonly steadyAt: Instant;
	readonly probes: ProbeState | null;
}

/** A daemon that is ready. */
export interface Up {
	readonly kind: 'up';
	readonly run: Run;
	readonly pid: number;
	/** False while it reloads its config (sd_notify(3), RELOADING=1). */
	readonly isReady: boolean;
	/** `none`: it has no health check. */
	readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
	readonly probes: ProbeState | null;
	/** When the watchdog expires unless WATCHDOG=1 comes before. */
	readonly watchdogAt: Instant;
	/** The watchdog interval; null: there is no watchdog. */
	readonly watchdog: Millis | null;
}

/** The probes of one run so far; only one runs at a time. */
export interface ProbeState {
	/** When the next probe begins; NEVER while one runs. */
	readonly next: Instant;
	/** Consecutive ones. */
	readonly failures: number;
	readonly successes: number;
	/** The result of the last probe as text: `HTTP 503 Service Unavailable`. */
	readonly detail: string;
}

/**
 * A stop signal was sent, or the main process has ended and other processes of the run remain. `outcome` is null while
 * the main process runs.
 */
export interface Stopping {
	readonly kind: 'stopping';
	readonly run: Run;
	readonly pid: number;
	/** Whether the stop was requested: by an operator, a restart, a new config or a shutdown. */
	readonly isRequested: boolean;
	/** Why archon stops it without a request: `not ready within 60 s`. Then the run has failed, whatever its exit status. */
	readonly blame: string | null;
	/** Whether it had been up. */
	readonly wasUp: boolean;
	/** Its `pre_stop` commands run; the stop signal is sent after them. */
	readonly isHooked: boolean;
	readonly outcome: Outcome | null;
	/** When SIGKILL is sent; after SIGKILL, when the remaining processes are not waited for any more. */
	readonly deadline: Instant;
	readonly killed: boolean;
	/** The factor, at most 1, by which a shutdown shortens its grace period, and that of `post_stop`. */
	readonly scale: number;
	/** All its processes have ended, and these commands run; `result` is their $SERVICE_RESULT (systemd.exec(5)). */
	readonly finish: {readonly hook: 'post_stop' | 'down'; readonly result: string} | null;
}

/** Whether the service has a process or is about to have one, or has `down` commands to run before it is at rest. */
export const isAlive = ({kind}: Phase): boolean =>
	kind === 'spawning' || kind === 'starting' || kind === 'up' || kind === 'stopping' || kind === 'done';

/**
 * `new`: not started yet. `stopped`: stopped on request. `completed`: a oneshot that succeeded. `exited`: a daemon that
 * exited successfully, and its restart policy does not start it again. `failed`: any other end without a restart, or a
 * failed start. `skipped`: its start conditions did not hold. The last four stay until an operator starts the service again.
 */
export type DownCause = 'new' | 'stopped' | 'completed' | 'exited' | 'failed' | 'skipped';

/** Whether the process of a service waits for its start conditions or its `pre_start` commands. */
export const isPreparing = ({isConditional, isHooked}: Spawning): boolean => isConditional || isHooked;
