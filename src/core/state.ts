/**
 * The state of the whole, and what can be told from it: who is there, who is wanted, which needs hold, when
 * to look next. How it changes is `supervisor.ts`'s business.
 */
import type {Rules} from './config.ts';
import type {Edge, Entry} from './entry.ts';
import type {Id, Run} from './ids.ts';
import {isAlive, type Phase} from './phase.ts';
import {entries as all, read, type ServiceTable} from './service-table.ts';
import type {Condition, Service} from './service.ts';
import type {Stage} from './stage.ts';
import type {Instant, Millis} from './time.ts';

export interface Settings extends Rules {
	/** How long processes that belong to no service may take to end. */
	readonly sweepGrace: Millis;
	/** What jitter is drawn from; the same seed and events give the same effects. */
	readonly seed: number;
}

export interface State {
	readonly settings: Settings;
	readonly stage: Stage;
	readonly table: ServiceTable;
	/** The names of the config's services. */
	readonly names: ReadonlyMap<string, Id>;
	/** The names of services made at run time; few, and copied when one comes or goes. */
	readonly transients: ReadonlyMap<string, Id>;
	/** Runs given out so far. */
	readonly runs: Run;
	/** Entries with a process, or about to have one. */
	readonly living: number;
	/** Of these, oneshots that have completed and are to be undone. */
	readonly held: number;
	/** Entries that are to run and are not there yet. */
	readonly awaited: number;
	/** What features know, each under its name (features.ts). */
	readonly slices: Readonly<Record<string, unknown>>;
	/** Restarts that may be made at once, as of an instant. */
	readonly bucket: {readonly level: number; readonly at: Instant};
}

/** It is to run, and is neither up and well nor done with its work; also where it has failed for good. */
export function isAwaited(entry: Wanted & Pick<Entry, 'phase'>): boolean {
	const {phase} = entry;
	if (phase.kind === 'down' && (phase.cause === 'completed' || phase.cause === 'exited')) return false;
	return phase.kind !== 'done' && !isWell(phase) && isToRun(entry);
}

export const countAwaited = (table: ServiceTable): number => [...all(table)].filter(isAwaited).length;

const isWell = (phase: Phase): boolean =>
	phase.kind === 'up' && phase.isReady && (phase.health === 'none' || phase.health === 'healthy');

export const find = (state: State, name: string): Entry | undefined => {
	const id = state.names.get(name) ?? state.transients.get(name);
	return id === undefined ? undefined : read(state.table, id);
};

export const entryOf = (state: State, id: Id): Entry | undefined => read(state.table, id);

/** Every entry, the config's first and in its order. */
export const entries = (state: State): Iterable<Entry> => all(state.table);

/** Whether a need does not hold its dependent back: its condition is met, or it is not hard and will not be. */
export const holds = (entry: Entry, {condition, strength}: Pick<Edge, 'condition' | 'strength'>): boolean =>
	meets(entry, condition) || (strength !== 'hard' && isSettled(entry));

export function meets({phase, leaving}: Entry, condition: Condition): boolean {
	if (phase.kind === 'down') return phase.cause === 'completed';
	if (phase.kind === 'done') return !leaving;
	switch (condition) {
		case 'service_completed_successfully': return false;
		case 'service_started': return !leaving && isRunning(phase);
		case 'service_healthy': return !leaving && isWell(phase);
	}
}

/** Down, and not about to start by itself. */
const isSettled = ({phase, leaving}: Entry): boolean =>
	phase.kind === 'down' && (leaving || (phase.cause !== 'new' && phase.cause !== 'stopped'));

/** Will not hold by itself any more: it has come to rest without having completed, or waits for such in vain. */
export const hasFailedForGood = ({phase}: Entry): boolean =>
	phase.kind === 'down' ? phase.cause === 'failed' || phase.cause === 'exited' : phase.kind === 'waiting' && phase.isBlocked;

/** Whether a need will not come by itself any more, and its dependent not without it. */
export const isFailedNeed = (entry: Entry, {strength}: Pick<Edge, 'strength'>): boolean => strength === 'hard' && hasFailedForGood(entry);

/** Lives, and not for long. */
export const isGoingDown = ({phase, leaving}: Entry): boolean => phase.kind === 'stopping' || (leaving && isAlive(phase));

export const isRunning = ({kind}: Phase): boolean => kind === 'starting' || kind === 'up';

export const isUnderWay = (phase: Phase): boolean => phase.kind === 'spawning' || phase.kind === 'done' || isRunning(phase);

/**
 * Should this service run? Rules in order, the first that speaks wins: shutdown, the operator's word,
 * the config.
 */
export const isWanted = (entry: Wanted, stage: Stage): boolean => stage.kind === 'running' && isToRun(entry);

type Wanted = Pick<Entry, 'desired' | 'service' | 'retired'>;

/** The same where no shutdown is under way. */
function isToRun({desired, service, retired}: Wanted): boolean {
	return !retired && (desired === 'auto' ? service.autostart : desired === 'start');
}

interface Connections {
	readonly needs: ReadonlyMap<Id, readonly Edge[]>;
	readonly dependents: ReadonlyMap<Id, Edge[]>;
	/** Services that are started because others need them. */
	readonly demanded: ReadonlyMap<Id, 'start'>;
}

/** The edges between the services of a config, both ways. */
export function connect(services: readonly Service[], names: ReadonlyMap<string, Id>): Connections {
	const idOf = (name: string): Id => {
		const id = names.get(name);
		if (id === undefined) throw new Error(`unknown service: ${name}`);
		return id;
	};
	const needs = new Map<Id, readonly Edge[]>();
	const dependents = new Map<Id, Edge[]>(services.map(({name}) => [idOf(name), []]));
	for (const service of services) {
		const id = idOf(service.name);
		const own = service.needs.map(({name, ...edge}): Edge => ({id: idOf(name), ...edge}));
		needs.set(id, own);
		for (const {id: need, ...edge} of own) dependents.get(need)?.push({id, ...edge});
	}
	// Needs come before their dependents, so that one way back finds all that are started for others.
	const lazy = new Set(services.filter(({autostart}) => !autostart).map(({name}) => idOf(name)));
	const demanded = new Map<Id, 'start'>();
	for (const {name} of services.toReversed()) {
		const id = idOf(name);
		if (lazy.has(id) && !demanded.has(id)) continue;
		for (const need of needs.get(id) ?? []) if (need.strength !== 'order' && lazy.has(need.id)) demanded.set(need.id, 'start');
	}
	return {needs, dependents, demanded};
}

/** How long the phase has lasted while archon ran. What people are told is `since`. */
export const elapsed = ({since, stalled}: Pick<Entry, 'since' | 'stalled'>, now: Instant): Millis => now - since - stalled;

export const newEntry = (id: Id, service: Service): Entry => ({
	id, service, needs: [], dependents: [], phase: {kind: 'down', cause: 'new'}, since: 0, stalled: 0, desired: 'auto', restartPending: false,
	stop: service.stop, ends: [], starts: 0, outcome: null, refusal: null, blame: null, past: [], statusText: '',
	retired: false, leaving: true, unmetNeeds: 0, failedNeeds: 0, stoppingDependents: 0,
});
