/**
 * The state of the whole, and what follows from it: which services are to run, which needs are met, what has failed.
 * `supervisor.ts` changes it.
 */
import type {Rules} from './config.ts';
import type {Edge, Entry} from './entry.ts';
import {POOL_PROGRAM} from './helper-roles.ts';
import type {Id, Run} from './ids.ts';
import {isAlive, type Phase} from './phase.ts';
import {entries as all, read, type ServiceTable} from './service-table.ts';
import type {Condition, Service} from './service.ts';
import type {Stage} from './stage.ts';
import type {Instant, Millis} from './time.ts';
import {NO_PACES} from '../features/reactions/core/pace.ts';
import {NO_RULINGS, RUNNING, type Rulings, type Subject, UNASKED, wanted} from './wanted.ts';

/** What the core needs to know beside the services. */
export interface Settings extends Rules {
	/** How long the remaining processes may take to end after the last service. */
	readonly sweepGrace: Millis;
	/** The seed of the jitter; the same seed and events give the same effects. */
	readonly seed: number;
	/** Whether lists decide, which may not have been read yet (features/manifest). */
	readonly hasManifest?: boolean;
}

/** The state of the whole; immutable. */
export interface State {
	readonly settings: Settings;
	readonly stage: Stage;
	readonly table: ServiceTable;
	/** The names of the config's services. */
	readonly names: ReadonlyMap<string, Id>;
	/** The names of transient services; they are few, and the map is copied with each change. */
	readonly transients: ReadonlyMap<string, Id>;
	/** Runs given out so far. */
	readonly runs: Run;
	/** How many services have a process or are about to have one, or are `done`; helpers are not counted. */
	readonly living: number;
	/** How many of these are `done`. */
	readonly held: number;
	/** How many services are to run and are not up yet. */
	readonly awaited: number;
	/** The parts of the features, by name (features.ts). */
	readonly slices: Readonly<Record<string, unknown>>;
	/** The token bucket of the restart rate limit: its level at an instant. */
	readonly bucket: {readonly level: number; readonly at: Instant};
}

/** Whether it is to run, but is neither up and healthy nor completed; also after it has failed for good. */
export function isAwaited(entry: Subject & Pick<Entry, 'service' | 'phase'>): boolean {
	const {phase} = entry;
	if (isHelper(entry)) return false;
	if (phase.kind === 'down' && (phase.cause === 'completed' || phase.cause === 'exited' || phase.cause === 'skipped')) return false;
	return phase.kind !== 'done' && !isWell(phase) && isToRun(entry);
}

export const countAwaited = (table: ServiceTable): number => [...all(table)].filter(isAwaited).length;

const isWell = (phase: Phase): boolean =>
	phase.kind === 'up' && phase.isReady && (phase.health === 'none' || phase.health === 'healthy');

/** The entry of a service by its name. */
export const find = (state: State, name: string): Entry | undefined => {
	const id = state.names.get(name) ?? state.transients.get(name);
	return id === undefined ? undefined : read(state.table, id);
};

/** The service of a client that has a name, so that no config can have it; what a manifest has made becomes the config's. */
export function namesake(state: State, name: string): Entry | undefined {
	const id = state.transients.get(name);
	const entry = id === undefined ? undefined : read(state.table, id);
	return entry?.service.origin === 'manifest' ? undefined : entry;
}

/** The entry of a service by its id. */
export const entryOf = (state: State, id: Id): Entry | undefined => read(state.table, id);

/** Every entry, the config's first and in its order. */
export const entries = (state: State): Iterable<Entry> => all(state.table);

/** Whether a need lets its dependent start: its condition is met, or it is not hard and at rest. */
export const holds = (entry: Entry, {condition, strength}: Pick<Edge, 'condition' | 'strength'>): boolean =>
	meets(entry, condition) || (strength !== 'hard' && isSettled(entry));

/** Whether a service meets a condition (compose-spec `depends_on`). */
export function meets({phase, leaving, service}: Entry, condition: Condition): boolean {
	if (phase.kind === 'down') return phase.cause === 'completed' || (phase.cause === 'skipped' && service.onlyIf?.otherwise !== 'unmet');
	if (phase.kind === 'done') return !leaving;
	switch (condition) {
		case 'service_completed_successfully': return false;
		case 'service_started': return !leaving && isRunning(phase);
		case 'service_healthy': return !leaving && isWell(phase);
	}
}

/** Whether it is down, and not about to start. */
const isSettled = ({phase, leaving}: Entry): boolean =>
	phase.kind === 'down' && (leaving || (phase.cause !== 'new' && phase.cause !== 'stopped'));

/**
 * Whether it has failed for good, exited, or was skipped with `otherwise: unmet`, or waits for a hard need that has: only an
 * operator can change that.
 */
export function hasFailedForGood({phase, service}: Entry): boolean {
	if (phase.kind !== 'down') return phase.kind === 'waiting' && phase.isBlocked;
	return phase.cause === 'failed' || phase.cause === 'exited' || (phase.cause === 'skipped' && service.onlyIf?.otherwise === 'unmet');
}

/** Whether a need keeps its dependent from starting until an operator acts. */
export const isFailedNeed = (entry: Entry, {strength}: Pick<Edge, 'strength'>): boolean => strength === 'hard' && hasFailedForGood(entry);

/** Whether it is alive, and stopping or about to. */
export const isGoingDown = ({phase, leaving}: Entry): boolean => phase.kind === 'stopping' || (leaving && isAlive(phase));

export const isRunning = ({kind}: Phase): boolean => kind === 'starting' || kind === 'up';

export const isUnderWay = (phase: Phase): boolean => phase.kind === 'spawning' || phase.kind === 'done' || isRunning(phase);

/** Whether it does work of archon's own, and so is nothing that the container is for. */
export const isHelper = ({service: {origin}}: Pick<Entry, 'service'>): boolean => origin === 'helper';

/** Whether it is a pool: a service whose process is the pool's master. */
export const isPool = ({service: {exec: {isArchon, argv}}}: Pick<Entry, 'service'>): boolean => isArchon && argv[0] === POOL_PROGRAM;

/** Whether it has a process, or is about to, that a shutdown ends before the sweep. */
export const isLiving = (entry: Pick<Entry, 'phase' | 'service'>): boolean => isAlive(entry.phase) && !isHelper(entry);

/** Whether a service is to run. */
export const isWanted = (entry: Subject, stage: Stage): boolean => wanted(entry, stage).runs;

/** The same without regard to a shutdown. */
export const isToRun = (entry: Subject): boolean => wanted(entry, RUNNING).runs;

/** Whether what it needs is needed: it is to run by itself, or it starts with archon and an operator has stopped it. */
export const isRoot = (entry: Subject): boolean =>
	(entry.desired === 'stop' ? entry.service.autostart : entry.desired !== 'needed' && isToRun(entry));

interface Connections {
	readonly needs: ReadonlyMap<Id, readonly Edge[]>;
	readonly dependents: ReadonlyMap<Id, Edge[]>;
	/** Of services that conflict with others; each is the other's. */
	readonly rivals: Map<Id, readonly Id[]>;
	/** Services with `autostart: false` that start because others need them. */
	readonly demanded: ReadonlyMap<Id, 'needed'>;
}

/** The edges between the services of a config, both ways; `isRoot`: whether what a service needs is needed. */
export function connect(
	services: readonly Service[], names: ReadonlyMap<string, Id>, isRoot: (service: Service) => boolean,
): Connections {
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
	// Needs come before their dependents, so that one pass in reverse order finds all that start for others.
	const lazy = new Set(services.filter(({autostart}) => !autostart).map(({name}) => idOf(name)));
	const demanded = new Map<Id, 'needed'>();
	for (const service of services.toReversed()) {
		const id = idOf(service.name);
		if (!isRoot(service) && !demanded.has(id)) continue;
		for (const need of needs.get(id) ?? []) if (need.strength !== 'order' && lazy.has(need.id)) demanded.set(need.id, 'needed');
	}
	return {needs, dependents, rivals: rivalsAmong(services, idOf), demanded};
}

function rivalsAmong(services: readonly Service[], idOf: (name: string) => Id): Map<Id, readonly Id[]> {
	const rivals = new Map<Id, Set<Id>>();
	const add = (id: Id, other: Id): void => {
		const known = rivals.get(id);
		if (known) known.add(other);
		else rivals.set(id, new Set([other]));
	};
	for (const {name, conflicts} of services) {
		for (const other of conflicts) {
			add(idOf(name), idOf(other));
			add(idOf(other), idOf(name));
		}
	}
	return new Map([...rivals].map(([id, others]) => [id, [...others]]));
}

/** The services that conflict with one and have a process, or are about to have one. */
export const livingRivals = (table: ServiceTable, {rivals}: Pick<Entry, 'rivals'>): readonly Entry[] => rivals.flatMap(id => {
	const rival = read(table, id);
	return rival && isAlive(rival.phase) ? [rival] : [];
});

/** How long the phase has lasted while archon itself ran. What people are shown is `since`. */
export const elapsed = ({since, stalled}: Pick<Entry, 'since' | 'stalled'>, now: Instant): Millis => now - since - stalled;

/** One object for all, as most entries have none. */
export const NO_RIVALS: Entry['rivals'] = [];
const NO_TRIGGERS: Entry['laterTriggers'] = [];

const NO_NUMBERS: Entry['ports'] = {};
const UNSTARTED: Entry['startup'] = [null, null, null];

/** It does not start before its test has answered. */
const unasked = (at: Instant): Rulings => ({test: {runs: false, why: UNASKED, isOpen: true, at}});

/** The entry of a service that has not been started; `since`: when it came to be known. */
export const newEntry = (id: Id, service: Service, since: Instant): Entry => ({
	id, service, needs: [], dependents: [], rivals: NO_RIVALS, phase: {kind: 'down', cause: 'new'}, since, stalled: 0,
	desired: 'auto', timing: null, rulings: service.test ? unasked(since) : NO_RULINGS,
	restartPending: false, trigger: null, laterTriggers: NO_TRIGGERS,
	stop: service.stop, ends: [], starts: 0, outcome: null, refusal: null, blame: null, past: [], startup: UNSTARTED, statusText: '',
	ports: NO_NUMBERS, paces: NO_PACES, retired: false, leaving: true, unmetNeeds: 0, failedNeeds: 0, stoppingDependents: 0,
});
