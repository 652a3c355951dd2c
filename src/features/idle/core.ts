/**
 * No service is running or about to start: a line says so once, and the container ends if the config wants it
 * (`shutdown.when_idle`).
 */
import {endOf, failureStatus} from '../../core/blame.ts';
import {listed} from '../../core/listed.ts';
import type {Feature} from '../../core/feature.ts';
import {HELPER_PREFIX} from '../../core/helper-roles.ts';
import {earliest, entries} from '../../core/service-table.ts';
import {unmetNeeds} from '../../core/status.ts';
import {NEVER} from '../../core/time.ts';
import {entryOf, find, isLiving, type State} from '../../core/state.ts';
import type {Entry} from '../../core/entry.ts';
import type {Id} from '../../core/ids.ts';
import type {WhenIdle} from '../../core/config.ts';
import {decisionOf} from '../../core/wanted.ts';
import {isUnread} from '../manifest/core/kept.ts';
import {awaitsPort} from '../ports/core/feature.ts';
import {isAsking} from '../run-test/core/part.ts';
import {isPlanning} from '../schedule/core/feature.ts';
import {isListening} from '../sockets/core/feature.ts';

/** How many services are named in the line. */
const NAMED = 3;

/** The feature's part of the state. */
export interface Idle {
	/** Whether the line was logged since a service last ran. */
	readonly isLogged: boolean;
	/** The service for which the container stays; undefined: there is no such service. */
	readonly keeper?: Id;
}

export const idle: Feature<Idle> = {
	name: 'idle',
	initial: {isLogged: false},
	// Commands of `archonctl run` do not count.
	changed: (own, {before, after}) =>
		(own.isLogged && isLiving(after) && !isLiving(before) && after.service.origin !== 'run' ? {isLogged: false} : own),
	reconfigured: () => ({isLogged: false}),
	settled(own, view) {
		const {state, isAtRest} = view;
		const {stage, living, held, table, settings: {whenIdle}} = state;
		// A service that is about to start has a deadline.
		if (!isAtRest) return own;
		if (stage.kind !== 'running' || living !== held || earliest(table) !== NEVER || isAsking(state) || isPlanning(state)) return own;
		if (awaitsRelease(state) || isUnread(state) || awaitsPort(state) || isListening(state)) return own;
		if (own.isLogged && (own.keeper === undefined || keeps(entryOf(state, own.keeper)))) return own;
		const {why, failed, keeper} = aboutIdleness(state);
		const isKept = keeper !== undefined;
		const ends = whenIdle === 'always' || (whenIdle === 'failed' && failed !== null);
		if (ends && !isKept) view.raise({kind: 'shutdown', status: failed ? failureStatus(failed) : 0, why, cause: null});
		else if (!own.isLogged) view.emit({kind: 'say', level: 'warn', text: `${why}; ${hint(isKept, whenIdle)}`});
		return {isLogged: true, ...isKept && {keeper}};
	},
};

/** Whether services wait for the first release that is pulled from a master: they start as soon as it is there. */
function awaitsRelease(state: State): boolean {
	const helper = find(state, `${HELPER_PREFIX}sync`);
	return helper !== undefined && helper.dependents.length > 0 && (helper.phase.kind === 'spawning' || helper.phase.kind === 'starting');
}

/** Whether the container stays for a service: an operator has stopped it, or a ruling, and neither may last. */
const keeps = (entry: Entry | undefined): boolean =>
	entry !== undefined && (entry.desired === 'stop' || decisionOf(entry)?.ruling.runs === false);

/** What an operator can do. */
const hint = (isKept: boolean, whenIdle: WhenIdle): string => {
	const orAlways = isKept || whenIdle === 'never' ? '' : ' or shutdown.when_idle: always';
	return `start a service with archonctl start NAME, or stop archon with SIGTERM${orAlways}`;
};

interface Idleness {
	readonly why: string;
	/** The service that failed last; null: no service has failed. */
	readonly failed: Entry | null;
	readonly keeper: Id | undefined;
}

/** Why no service runs. It goes through all services, but only once each time that the last one comes to rest. */
function aboutIdleness(state: State): Idleness {
	const ranks: readonly string[][] = [[], [], []];
	let failed: Entry | null = null;
	let keeper: Id | undefined;
	for (const entry of entries(state.table)) {
		const {service: {name, origin}, since, phase} = entry;
		// Neither transient services nor archon's own helpers count.
		if (origin === 'run' || origin === 'daemon' || origin === 'helper') continue;
		if (keeper === undefined && keeps(entry)) keeper = entry.id;
		const hasFailed = phase.kind === 'down' && phase.cause === 'failed';
		if (hasFailed && (failed === null || since >= failed.since)) failed = entry;
		const [rank, text] = hasFailed ? [0, endOf(entry)]
			: phase.kind === 'waiting' ? [1, `${name} is waiting for ${unmetNeeds(state, entry)}`] : [2, endOf(entry)];
		ranks[rank]?.push(text);
	}
	const all = ranks.flat();
	const reasons = all.length > 0 ? listed(all, NAMED) : 'there are no services';
	return {why: `no service is running or about to start: ${reasons}`, failed, keeper};
}
