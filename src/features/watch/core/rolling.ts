/** Services that are restarted one after the other, each ready before the next. Pure. */
import type {Entry} from '../../../core/entry.ts';
import {isToRun} from '../../../core/state.ts';
import {lastEnd} from '../../../core/status.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import {hasCome} from '../../rollback/core/trial.ts';

/** What is to be restarted, and what is being restarted. */
export interface Rolling {
	/** By name, in order. */
	readonly queue: readonly string[];
	readonly current: {readonly name: string; readonly starts: number; readonly until: Instant} | null;
}

export const AT_REST: Rolling = {queue: [], current: null};

/** How long one may take to be ready again. */
export const PATIENCE: Millis = 300_000;

/** What is done now. */
export interface Move {
	readonly after: Rolling;
	/** The name of the one that is restarted now; null: none is. */
	readonly restarts: string | null;
	/** Why those that are left are not restarted; null: there is no reason. */
	readonly stuck: {readonly name: string; readonly why: string; readonly left: readonly string[]} | null;
}

/** These need to be restarted as well; the one under way may have been too early. */
export const enqueue = (rolling: Rolling, names: readonly string[]): Rolling =>
	({...rolling, queue: [...new Set([...rolling.queue, ...names])].filter(name => name !== rolling.current?.name)});

/** Goes on, where that can be: something has changed, or time has passed. */
export function advance({queue, current}: Rolling, entryOf: (name: string) => Entry | undefined, now: Instant): Move {
	const entry = current && entryOf(current.name);
	if (current && entry && isToRun(entry) && !hasCome(entry, current.starts)) {
		const why = failureOf(entry, current.starts) ?? (now >= current.until ? 'it is not ready in time' : null);
		if (why === null) return {after: {queue, current}, restarts: null, stuck: null};
		return {after: AT_REST, restarts: null, stuck: {name: current.name, why, left: queue}};
	}
	for (const [index, name] of queue.entries()) {
		const each = entryOf(name);
		// What does not run begins with the new files whenever it does.
		if (!each || each.phase.kind !== 'up' || each.leaving) continue;
		const next = {name, starts: each.starts, until: now + PATIENCE};
		return {after: {queue: queue.slice(index + 1), current: next}, restarts: name, stuck: null};
	}
	return {after: AT_REST, restarts: null, stuck: null};
}

/** When `advance` is to be called although nothing has changed. */
export const deadlineOf = ({current}: Rolling): Instant => current?.until ?? NEVER;

/** Why its new run is no good; null: that is not known. */
function failureOf(entry: Entry, starts: number): string | null {
	const {phase} = entry;
	if (phase.kind === 'down' && phase.cause === 'failed') return lastEnd(entry);
	if (entry.starts <= starts) return null;
	if (phase.kind === 'up' && phase.health === 'unhealthy') return 'it is unhealthy';
	return phase.kind === 'backoff' ? lastEnd(entry) : null;
}
