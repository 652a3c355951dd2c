/** What the core keeps of a manifest, and how its passes are counted in words. */
import type {State} from '../../../core/state.ts';
import type {Instant, Millis} from '../../../core/time.ts';

/** One attempt to start all that is missing. */
export interface Pass {
	/** From 1. */
	readonly number: number;
	readonly began: Instant;
	/** What is on its way then counts as missing all the same. */
	readonly deadline: Instant;
	/** How many services are on their way. */
	readonly pending: number;
	/** How many were missing before the first pass. */
	readonly missing: number;
}

export interface Kept {
	readonly every: Millis;
	readonly maxPasses: number;
	/** When the files are read again. */
	readonly next: Instant;
	/** The one under way. */
	readonly pass: Pass | null;
	/** When services of programs that were listed once are forgotten, if they are at rest. */
	readonly clearAt: Instant;
	/** What was said last of programs that are missing; empty: none is. */
	readonly told: string;
	/** A trigger waits for the passes. */
	readonly isTriggered: boolean;
	/** The earliest of all that is waited for. */
	readonly dueAt: Instant;
}

/** `1 pass`, `2 passes`. */
export const countOf = (passes: number): string => `${passes} ${passes === 1 ? 'pass' : 'passes'}`;

/** By which the state knows it. */
export const NAME = 'manifest';

/** Whether the config has a manifest of which it is not known yet what it says: what is to run is not all there. */
export const isUnread = ({settings: {hasManifest}, slices}: Pick<State, 'settings' | 'slices'>): boolean =>
	hasManifest === true && ((slices[NAME] as Kept | null)?.every ?? Infinity) === Infinity;
