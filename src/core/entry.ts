/** The state of one service, and its edges to others. */
import type {Id} from './ids.ts';
import type {Outcome, Refusal} from './outcome.ts';
import type {Phase} from './phase.ts';
import type {Need, Service, StopPolicy} from './service.ts';
import type {Instant, Millis} from './time.ts';
import type {Desired, Rulings} from './wanted.ts';
import type {Paces} from '../features/reactions/core/pace.ts';
import type {Timing} from '../features/schedule/core/known.ts';

/** A `Need` with the id instead of the name; in `dependents` it is the id of the dependent. */
export interface Edge extends Omit<Need, 'name'> {
	readonly id: Id;
}

/** The state of one service. Only `Turn.write` changes it, and keeps the counters that others rely on. */
export interface Entry {
	readonly id: Id;
	readonly service: Service;
	readonly needs: readonly Edge[];
	readonly dependents: readonly Edge[];
	/** The services that never run at the same time as this one. */
	readonly rivals: readonly Id[];
	readonly phase: Phase;
	/** When the phase began. */
	readonly since: Instant;
	/** How long archon itself did not run during the phase. */
	readonly stalled: Millis;
	/** What is asked of it, apart from `rulings`. */
	readonly desired: Desired;
	/** What tests, hitlists and manifests say of it; `wanted` decides by these and by what is desired. */
	readonly rulings: Rulings;
	/** When its schedule is due next; null: it has none, or what the clock says is not known yet. */
	readonly timing: Timing | null;
	/** A restart was requested: the service stops, and starts again. */
	readonly restartPending: boolean;
	/** Variables about the failure for which it was started (`on_failure`); null: for none. */
	readonly trigger: Readonly<Record<string, string>> | null;
	/** Of a oneshot: the same of failures that came while it was on its way, each of which starts it once more; oldest first. */
	readonly laterTriggers: readonly Readonly<Record<string, string>>[];
	/** How it is stopped: the service's own policy, unless a request gave another one. */
	readonly stop: StopPolicy;
	/** When its runs ended without a request and it was restarted, within the restart window: oldest first. */
	readonly ends: readonly Instant[];
	/** How often it was started. */
	readonly starts: number;
	/** How its last process ended. */
	readonly outcome: Outcome | null;
	/** Why its last process could not be started; null: it could. */
	readonly refusal: Refusal | null;
	/** Why its last run or start failed, apart from its outcome: `not ready within 60 s`; null: for no such reason. */
	readonly blame: string | null;
	/** How its last runs ended: at most `PAST_MAX`, oldest first. */
	readonly past: readonly Past[];
	/** How far its last start has come, and when. */
	readonly startup: Startup;
	/** Numbers that archon has chosen for its ports and sockets (`port: auto`), by their names. */
	readonly ports: Readonly<Record<string, number>>;
	/** Its own status text (sd_notify(3), STATUS=); empty: it has sent none. */
	readonly statusText: string;
	/** How often actions about it were done lately, by their cause. */
	readonly paces: Paces;
	/** The config no longer has it: it stops, and is removed. */
	readonly retired: boolean;
	/** It has to stop: it is not to run any more, or a restart is pending. Kept by `Turn.write`. */
	readonly leaving: boolean;
	/** How many of its needs are not met. Kept by `Turn.write`. */
	readonly unmetNeeds: number;
	/** How many of its hard needs have failed for good, or wait for one that has. Kept by `Turn.write`. */
	readonly failedNeeds: number;
	/** How many of its dependents are stopping, or have to stop. Kept by `Turn.write`. */
	readonly stoppingDependents: number;
}

/** When it was to start, when its start began, as its needs were met, and when it was ready or had completed; null: not yet. */
export type Startup = readonly [asked: Instant | null, begun: Instant | null, ready: Instant | null];

/** The end of one run. */
export interface Past {
	readonly at: Instant;
	readonly outcome: Outcome;
	readonly blame: string | null;
}

/** How many ends are kept for `archonctl history`. */
export const PAST_MAX = 10;
