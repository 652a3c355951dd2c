/** Where a service is in its life: the phases, and what belongs to each. */
import type {Id, Run} from './ids.ts';
import type {Outcome} from './outcome.ts';
import {type Instant, type Millis, NEVER} from './time.ts';

/** Where a service is in its life. What belongs to a phase rides inside and is gone with it. */
export type Phase =
	| {readonly kind: 'down'; readonly cause: DownCause}
	| Waiting
	| Spawning
	| Starting
	| Up
	| Stopping
	/** A oneshot that has completed and is to be undone when it is stopped: as good as up, without a process. */
	| {readonly kind: 'done'}
	| {readonly kind: 'backoff'; readonly deadline: Instant};

/** Wanted, and needs do not hold yet. */
export interface Waiting {
	readonly kind: 'waiting';
	/** When the first of the needs that do not hold has been waited for long enough. */
	readonly deadline: Instant;
	/** Needs that are waited for no longer. */
	readonly waived: readonly Id[];
	/** A hard need, or one of that, has failed for good: nothing but a person's word ends this wait. */
	readonly isBlocked: boolean;
}

/** Where every wait begins that may last; one for all, for they are many. */
export const WAITING: Waiting = {kind: 'waiting', deadline: NEVER, waived: [], isBlocked: false};

/** Its process is about to be made. */
export interface Spawning {
	readonly kind: 'spawning';
	readonly run: Run;
	/** Its commands `pre_start` are under way, and the process comes after them. */
	readonly isHooked: boolean;
	/** From there its start timeout counts; NEVER: from its process on. */
	readonly deadline: Instant;
}

/** A oneshot at its work, or a daemon that is not ready yet. */
export interface Starting {
	readonly kind: 'starting';
	readonly run: Run;
	readonly pid: number;
	/** Its commands `post_start` have not all ended yet. */
	readonly isHooked: boolean;
	/** It has not said yet that it is ready, and has not run for its start period. */
	readonly isUnready: boolean;
	/** Late then, and ended. */
	readonly deadline: Instant;
	/** Has run for its start period then; NEVER where something else says that it is ready. */
	readonly steadyAt: Instant;
	readonly probes: ProbeState | null;
}

/** A daemon that serves, as far as is known. */
export interface Up {
	readonly kind: 'up';
	readonly run: Run;
	readonly pid: number;
	/** False while it says that it reads its config anew (sd_notify(3), RELOADING=1). */
	readonly isReady: boolean;
	/** `none` where nobody looks. */
	readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
	readonly probes: ProbeState | null;
	/** It must have said WATCHDOG=1 by then. */
	readonly watchdogAt: Instant;
	/** How often it must; null: it need not. */
	readonly watchdog: Millis | null;
}

/** Probes of one run so far: one at a time. */
export interface ProbeState {
	/** When to look next; NEVER while a look is under way. */
	readonly next: Instant;
	/** In a row. */
	readonly failures: number;
	readonly successes: number;
	/** What the last look found. */
	readonly detail: string;
}

/**
 * On the way down: a stop signal was sent, or the process ended and left others behind.
 * `outcome` is null while the process lives; then only what it left behind is awaited.
 */
export interface Stopping {
	readonly kind: 'stopping';
	readonly run: Run;
	readonly pid: number;
	/** Whether somebody asked for this end, or it came of itself. */
	readonly isRequested: boolean;
	/** Why archon ends it although nobody asked: `not ready within 60 s`. Then the end is a failure, whatever it is. */
	readonly blame: string | null;
	/** It had been up. */
	readonly wasUp: boolean;
	/** Its commands `pre_stop` are under way, and the stop signal comes after them. */
	readonly isHooked: boolean;
	readonly outcome: Outcome | null;
	/** SIGKILL then; after SIGKILL, no longer waited for then. */
	readonly deadline: Instant;
	readonly killed: boolean;
	/** The share of its grace period that a shutdown has time for, also for what comes after the end; else 1. */
	readonly scale: number;
	/** All of it has ended, and these last commands are under way; `result`: what they are told of the end. */
	readonly finish: {readonly hook: 'post_stop' | 'down'; readonly result: string} | null;
}

/** Whether a process exists, or is about to, that belongs to the service; or it is to be undone before it is at rest. */
export const isAlive = ({kind}: Phase): boolean =>
	kind === 'spawning' || kind === 'starting' || kind === 'up' || kind === 'stopping' || kind === 'done';

/**
 * `new`: not started yet. `stopped`: ended on request, however. `completed`: a oneshot that succeeded.
 * `exited`: a daemon that ended well by itself, and its policy leaves it so. `failed`: any other end that is
 * not followed by a start, or no start at all. All but the first two stay until a person starts the service again.
 */
export type DownCause = 'new' | 'stopped' | 'completed' | 'exited' | 'failed';
