/**
 * What of the state outlives archon (`state_dir`): when it is written. That is soon after something has changed, and never
 * more often than once a second.
 */
import type {Feature} from '../../core/feature.ts';
import {pidOf} from '../../core/status.ts';
import {type Instant, type Millis, NEVER} from '../../core/time.ts';
import type {Change} from '../../core/turn.ts';

/** The feature's part of the state. */
export interface Keeping {
	/** Whether anything is kept. */
	readonly isKept: boolean;
	/** When it is written next; NEVER: as nothing has changed. */
	readonly due: Instant;
	/** When it was written last. */
	readonly written: Instant;
}

/** What is to be known of what is kept. */
export interface AboutKept {
	readonly path: string;
	/** When it was written last, in milliseconds since 1970; null: it was not yet. */
	readonly writtenAt: number | null;
	/** Why nothing can be written; null: nothing is wrong. */
	readonly trouble: string | null;
}

/** From one time that it is written to the next. */
const PERIOD: Millis = 1000;

/** There is a `state_dir`. */
export const KEPT: Keeping = {isKept: true, due: NEVER, written: 0};

export const keeping: Feature<Keeping> = {
	name: 'state',
	initial: {isKept: false, due: NEVER, written: 0},
	changed: (own, change, {now}) => (own.isKept && own.due === NEVER && isOther(change) ? soon(own, now) : own),
	reconfigured: (own, {now}) => (own.isKept && own.due === NEVER ? soon(own, now) : own),
	settled: (own, {now, isJudged}) => (isJudged && own.isKept && own.due === NEVER ? soon(own, now) : own),
	nextDeadline: ({due}) => due,
	due(own, view) {
		view.emit({kind: 'persist'});
		return {...own, due: NEVER, written: view.now};
	},
};

const soon = (own: Keeping, now: Instant): Keeping => ({...own, due: Math.max(now, own.written + PERIOD)});

/** Whether what is kept of a service is another thing now; probes and deadlines are not. */
const isOther = ({before, after}: Change): boolean =>
	before.phase.kind !== after.phase.kind || before.starts !== after.starts || pidOf(before.phase) !== pidOf(after.phase);
