/** What is kept of a service's schedule: when it is due, and what became of its last runs. */
import {type Instant, NEVER} from '../../../core/time.ts';

/** Milliseconds since 1970, as a clock on the wall has them. */
export type WallTime = number;

/** What is known of a service's schedule. */
export interface Timing {
	/** When it is due next, its jitter included. */
	readonly at: Instant;
	/** The time that its expression names for that; null: it comes at intervals. */
	readonly due: WallTime | null;
	/** What was due until then is done with. */
	readonly since: WallTime;
	/** The schedule that this was computed for. */
	readonly of: string;
	/** When its last run was begun; null: none was. */
	readonly ran: WallTime | null;
	/** How many runs did not come, as it was too late for them, or as one was under way. */
	readonly left: number;
	/** Why the last of them did not come; empty: the last one came. */
	readonly why: string;
}

/** Before it is known when it is due. */
export const UNPLANNED: Omit<Timing, 'of' | 'since'> = {at: NEVER, due: null, ran: null, left: 0, why: ''};
