/**
 * Nothing runs and nothing will start by itself: that is told once, and the container ends where its config says so
 * (`shutdown.when_idle`).
 */
import {endOf, failureStatus} from '../../core/blame.ts';
import type {Feature} from '../../core/feature.ts';
import {earliest, entries} from '../../core/service-table.ts';
import {unmetNeeds} from '../../core/status.ts';
import {NEVER} from '../../core/time.ts';
import {isLiving, type State} from '../../core/state.ts';
import type {Entry} from '../../core/entry.ts';
import type {WhenIdle} from '../../core/config.ts';

/** So many services are named in one line. */
const NAMED = 3;

export interface Idle {
	/** Nothing ran and nothing would start by itself, and that was told. */
	readonly isTold: boolean;
}

export const idle: Feature<Idle> = {
	name: 'idle',
	initial: {isTold: false},
	// What somebody runs at a prompt is no news of what the container is for.
	changed: (own, {before, after}) =>
		(own.isTold && isLiving(after) && !isLiving(before) && after.service.origin !== 'run' ? {isTold: false} : own),
	reconfigured: () => ({isTold: false}),
	settled(own, view) {
		const {state} = view;
		const {stage, living, held, table, settings: {whenIdle}} = state;
		// Whatever will start by itself has a deadline.
		if (own.isTold || stage.kind !== 'running' || living !== held || earliest(table) !== NEVER) return own;
		const {why, failed, isKept} = aboutIdleness(state);
		const ends = whenIdle === 'always' || (whenIdle === 'failed' && failed !== null);
		if (ends && !isKept) view.raise({kind: 'shutdown', status: failed ? failureStatus(failed) : 0, why});
		else view.emit({kind: 'say', level: 'warn', text: `${why}; ${hint(isKept, whenIdle)}`});
		return {isTold: true};
	},
};

const hint = (isKept: boolean, whenIdle: WhenIdle): string => {
	const orAlways = isKept || whenIdle === 'never' ? '' : ' or shutdown.when_idle: always';
	return `start a service with archonctl start NAME, or stop archon with SIGTERM${orAlways}`;
};

interface Idleness {
	readonly why: string;
	/** The one that failed last; null: none has. */
	readonly failed: Entry | null;
	/** An operator has stopped something, and the container with it is his. */
	readonly isKept: boolean;
}

/** All services at rest, in one look; it is taken once each time that the last of them came to rest. */
function aboutIdleness(state: State): Idleness {
	const ranks: readonly string[][] = [[], [], []];
	let failed: Entry | null = null;
	let isKept = false;
	for (const entry of entries(state.table)) {
		const {service: {name, origin}, desired, since, phase} = entry;
		// What clients started for themselves, and archon for itself, is not what the container is for.
		if (origin === 'run' || origin === 'daemon' || origin === 'helper') continue;
		isKept ||= desired === 'stop';
		const hasFailed = phase.kind === 'down' && phase.cause === 'failed';
		if (hasFailed && (failed === null || since >= failed.since)) failed = entry;
		const [rank, text] = hasFailed ? [0, endOf(entry)]
			: phase.kind === 'waiting' ? [1, `${name} is waiting for ${unmetNeeds(state, entry)}`] : [2, endOf(entry)];
		ranks[rank]?.push(text);
	}
	const all = ranks.flat();
	const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
	const reasons = all.length > 0 ? all.slice(0, NAMED).join(', ') + more : 'there are no services';
	return {why: `no service is running or about to start: ${reasons}`, failed, isKept};
}
