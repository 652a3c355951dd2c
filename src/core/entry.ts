/** All that is known of one service, and its edges to others. */
import type {Id} from './ids.ts';
import type {Outcome, Refusal} from './outcome.ts';
import type {Phase} from './phase.ts';
import type {Need, Service, StopPolicy} from './service.ts';
import type {Instant, Millis} from './time.ts';

/** The operator's word on a service, which outranks the config's. */
export type Desired = 'auto' | 'start' | 'stop';

/** A `Need` with its name looked up; among the dependents of a service it names the dependent. */
export interface Edge extends Omit<Need, 'name'> {
	readonly id: Id;
}

/** All that is known of one service. Only `supervisor.ts` writes new ones, through one door. */
export interface Entry {
	readonly id: Id;
	readonly service: Service;
	readonly needs: readonly Edge[];
	readonly dependents: readonly Edge[];
	readonly phase: Phase;
	/** When the phase began. */
	readonly since: Instant;
	/** For how long of the phase archon did not run. */
	readonly stalled: Millis;
	readonly desired: Desired;
	/** A restart was asked for: end first, then start again. */
	readonly restartPending: boolean;
	/** How it is ended; its service's own policy unless a request said otherwise. */
	readonly stop: StopPolicy;
	/** When it ended by itself and was started again, within the restart window: oldest first. */
	readonly ends: readonly Instant[];
	/** How often a process was made for it. */
	readonly starts: number;
	/** How its last process ended. */
	readonly outcome: Outcome | null;
	/** Why its last process could not be made; null once one could. */
	readonly refusal: Refusal | null;
	/** Why its last run failed, or it was not started, beyond how its process ended: `not ready within 60 s`; null: it did not. */
	readonly blame: string | null;
	/** How its last runs ended: oldest first, and no more than `PAST_MAX`. */
	readonly past: readonly Past[];
	/** What it says of itself (sd_notify(3), STATUS=). */
	readonly statusText: string;
	/** The config names it no more: it ends, and is forgotten. */
	readonly retired: boolean;
	/** It must not live, or not go on living as it does: unwanted, or about to restartPending. Kept by the door. */
	readonly leaving: boolean;
	/** Needs of this service that do not hold now. Kept by the door. */
	readonly unmetNeeds: number;
	/** Hard needs that will not hold by themselves any more: failed for good, or waiting in vain. Kept by the door. */
	readonly failedNeeds: number;
	/** Dependents that live, and not for long. Kept by the door. */
	readonly stoppingDependents: number;
}

/** The end of one run. */
export interface Past {
	readonly at: Instant;
	readonly outcome: Outcome;
	readonly blame: string | null;
}

export const PAST_MAX = 10;
