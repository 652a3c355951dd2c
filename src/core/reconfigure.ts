/** A new config compared with the one in force: which services are added, removed, restarted or updated. */
import {isEqual} from './equal.ts';
import type {Event} from './event.ts';
import {partOf, tellOfConfig} from './features.ts';
import type {Id} from './ids.ts';
import {listed} from './listed.ts';
import {freeId, read, type ServiceTable, write} from './service-table.ts';
import type {Exec, Output, PlacedFile, Service} from './service.ts';
import {connect, isRoot, isToRun, newEntry, NO_RIVALS} from './state.ts';
import {statusNameOf} from './status.ts';
import {type Turn} from './turn.ts';
import {isAlive, type Phase, type Up} from './phase.ts';
import {decisionOf, type Rulings, withRuling} from './wanted.ts';
import {type Instant, NEVER} from './time.ts';
import {initialProbes} from '../features/health/core.ts';
import {monitor} from '../features/monitor/core/feature.ts';
import {rollback} from '../features/rollback/core/feature.ts';
import type {Edge, Entry} from './entry.ts';
import {byNeed} from './by-need.ts';

const depending = byNeed(() => import('../features/deps/core/deps.ts'));

/** What a new config means for the services, by name. */
export interface Change {
	readonly added: readonly string[];
	readonly removed: readonly string[];
	/** Their process would be started differently: they stop, and start again. */
	readonly restarted: readonly string[];
	/** Their processes keep running under the new settings. */
	readonly updated: readonly string[];
	readonly kept: readonly string[];
}

/** Sorts the services of two configs by what the change means for them. */
export function compare(before: readonly Service[], after: readonly Service[]): Change {
	const old = new Map(before.map(service => [service.name, service]));
	const fresh = new Set(after.map(({name}) => name));
	const change = {added: [] as string[], removed: [] as string[], restarted: [] as string[], updated: [] as string[], kept: [] as string[]};
	for (const service of after) {
		const was = old.get(service.name);
		if (!was) change.added.push(service.name);
		else if (!isMadeAlike(was, service)) change.restarted.push(service.name);
		else if (!isRelogged(was, service) && isEqual(rulesOf(was), rulesOf(service))) change.kept.push(service.name);
		else change.updated.push(service.name);
	}
	change.removed.push(...before.flatMap(({name}) => (fresh.has(name) ? [] : [name])));
	return change;
}

/** `1 added (web), 2 removed (a, b), 5 unchanged`; `settings`: keys of the whole that have changed. */
export function describe({added, removed, restarted, updated, kept}: Change, settings: readonly string[] = []): string {
	const parts = ([['added', added], ['removed', removed], ['restarted', restarted], ['updated', updated]] as const)
		.flatMap(([word, names]) => (names.length > 0 ? [`${names.length} ${word} (${listed(names)})`] : []));
	const own = settings.length > 0 ? `; also changed: ${settings.join(', ')}` : '';
	return [...parts, `${kept.length} unchanged`].join(', ') + own;
}

/** An entry with a new definition of its service. If its process would be started differently, it is restarted, or tried again. */
export function renew(entry: Entry, service: Service, now: Instant): Entry {
	const {service: before, phase, retired} = entry;
	const kept: Entry = {...entry, retired: false, stop: service.stop, phase: renewPhase(entry, service, now)};
	if (isMadeAlike(before, service) && !retired) {
		const {output: was, sourced} = before.exec;
		const {output} = service.exec;
		const same: Entry = {...kept, service: {...service, exec: {...service.exec, sourced, output: was.kind === output.kind ? output : was}}};
		// What it was skipped for may hold by now, or be asked no more.
		if (phase.kind === 'down' && phase.cause === 'skipped') return {...same, phase: {kind: 'down', cause: 'new'}, blame: null};
		// It was started to tell in another way that it is ready.
		const isMistaken = (phase.kind === 'spawning' || phase.kind === 'starting')
			&& !isEqual(readyOf(before), readyOf(service));
		return {...same, restartPending: entry.restartPending || isMistaken};
	}
	if (isAlive(phase)) return {...kept, service, restartPending: phase.kind !== 'stopping'};
	return {...kept, service, phase: {kind: 'down', cause: 'new'}, ends: [], blame: null};
}

/** What an action has stopped is the config's again where that says something else of it. */
const rulingsAfter = ({service, rulings: before}: Entry, after: Service, rulings: Rulings): Rulings =>
	(before.action && !isDefinedAlike(service, after) ? withRuling(rulings, 'action', null) : rulings);

const readyOf = ({ready, startPeriod}: Service): unknown => [ready, startPeriod];

/** What has been begun goes on as the new definition says. */
function renewPhase({phase, since, stalled, service: {startTimeout, health, watchdog}}: Entry, service: Service, now: Instant): Phase {
	if (phase.kind === 'starting') {
		const deadline = startTimeout === service.startTimeout ? phase.deadline : since + stalled + service.startTimeout;
		return {...phase, deadline, probes: service.ready?.kind === 'probe' ? phase.probes : null};
	}
	if (phase.kind !== 'up') return phase;
	const up: Up = watchdog !== null && service.watchdog === null ? {...phase, watchdog: null, watchdogAt: NEVER} : phase;
	if (!service.health) return health ? {...up, health: 'none', probes: null} : up;
	if (!health || !phase.probes) return {...up, health: 'starting', probes: initialProbes(now)};
	const next = phase.probes.next === NEVER ? NEVER : Math.min(phase.probes.next, now + service.health.interval);
	return health.interval === service.health.interval ? up : {...up, probes: {...phase.probes, next}};
}

/** Whether the renewed entry is to be started again, or tried again. */
function isStartedBy(before: Entry, {restartPending, phase, service}: Entry): boolean {
	if (phase.kind === 'stopping') return restartPending || before.retired || !isMadeAlike(before.service, service);
	return restartPending || (phase !== before.phase && phase.kind === 'down');
}

/** Whether both definitions start the same process. */
function isMadeAlike(one: Service, other: Service): boolean {
	return one.type === other.type && isEqual(makingOf(one), makingOf(other))
		&& hasSameVariables(one.exec, other.exec) && leadsAlike(one.exec.output, other.exec.output);
}

/**
 * Whether a service is defined as before by its own keys: what it has from keys of the whole may differ, as groups and variables, and
 * where its lines go.
 */
function isDefinedAlike(one: Service, other: Service): boolean {
	return isEqual(definitionOf(one), definitionOf(other)) && isEqual(making(one), making(other));
}

const definitionOf = ({exec, groups, ...rules}: Service): unknown => rules;
const making = ({exec: {output, sourced, common, ...exec}}: Service): unknown => exec;

/** What has a hand in the process itself. */
const makingOf = (
	{forks, ports, isBound, sockets, fdStoreMax, exec: {output, sources, sourced, common, environment, clean, keepsRuntime, ...exec}}: Service,
): unknown => [
	exec, forks, ports, isBound, fdStoreMax > 0, sockets.map(({name, listen, type, reuseport}) => [name, listen, type, reuseport]),
];

/** An empty stamp says that not all sources could be read, and so not that they have changed. */
function hasSameVariables(one: Exec, other: Exec): boolean {
	const [before, after] = [one.sourced.stamp, other.sourced.stamp];
	const areSame = isEqual(one.sources, other.sources);
	// The same content in another place is as good, but of commands the stamp knows nothing.
	const areFiles = [...one.sources, ...other.sources].every(({kind}) => kind !== 'command');
	if (areSame ? after !== '' && before !== after : !areFiles || after === '' || before !== after) return false;
	if (one.sources.length > 0) return isEqual(one.common, other.common) && isEqual(one.environment, other.environment);
	return isEqual({...one.common, ...one.environment}, {...other.common, ...other.environment});
}

/** What of a service differs where its own text does not: keys that it has from elsewhere. */
export function reasonsFor(one: Service, other: Service): readonly string[] {
	return [
		...isEqual(one.exec.common, other.exec.common) ? [] : ['environment'],
		...one.exec.sourced.stamp === other.exec.sourced.stamp ? [] : ['env_file'],
		...(['config', 'secret'] as const).flatMap(kind => (isEqual(filesOf(one, kind), filesOf(other, kind)) ? [] : [`${kind}s`])),
		...isEqual(one.exec.output, other.exec.output) ? [] : ['logging'],
		...isEqual(one.needs, other.needs) ? [] : ['depends_on'],
		...isEqual(one.groups, other.groups) ? [] : ['groups'],
	];
}

const filesOf = ({exec: {files}}: Service, kind: PlacedFile['kind']): readonly PlacedFile[] => files.filter(each => each.kind === kind);

/** Whether a process can keep its streams. A change from one service to several does not restart the first (`canWait`). */
function leadsAlike(one: Output, other: Output): boolean {
	const canWait = (output: Output): boolean => 'canWait' in output && output.canWait === true;
	if (one.kind !== other.kind) return canWait(one) && canWait(other);
	return one.kind !== 'files' || isEqual(one, other);
}

/** Whether the lines that archon reads go elsewhere, or in another format. */
function isRelogged({exec: {output: one}}: Service, {exec: {output: other}}: Service): boolean {
	return one.kind === 'lines' && other.kind === 'lines' && !isEqual(one.logging, other.logging);
}

/** What holds for a process that runs already, and for its next start. */
const rulesOf = ({exec: {clean, keepsRuntime}, ...rules}: Service): unknown => [rules, clean, keepsRuntime];

/** What waits for its needs waits for the new ones, from when its wait began. */
function waitFor({phase, since, stalled}: Entry, needs: readonly Edge[]): Phase {
	if (phase.kind !== 'waiting') return phase;
	const left = needs.filter(({id}) => !phase.waived.includes(id));
	return {...phase, deadline: Math.min(NEVER, ...left.map(({timeout}) => since + stalled + timeout))};
}

/**
 * Puts a new config in force. Services are matched by name: those that would be started in the same way keep their
 * process, the others are restarted.
 */
export function reconfigure(
	turn: Turn, {services, shutdownGrace, startRate, whenIdle, manifest, trial, isRollback = false}: Extract<Event, {kind: 'reconfigure'}>,
): void {
	const names = new Map<string, Id>();
	/** In the order in which they start. */
	const started: Id[] = [];
	const retested: Id[] = [];
	let {table} = turn.state;
	for (const service of services) {
		// What a manifest has made is the config's from now on.
		const id = turn.state.names.get(service.name) ?? turn.state.transients.get(service.name) ?? freeId(table);
		names.set(service.name, id);
		if (read(table, id)) continue;
		table = write(table, newEntry(id, service, turn.now));
		started.push(id);
	}
	/** What is asked of each service that was known before, apart from what needs it. */
	const asked = new Map<Id, Entry['desired']>();
	const dropped: Record<Id, Entry['desired']> = {};
	const restored = (isRollback && partOf(turn.state, rollback).dropped) || {};
	for (const service of services) {
		const id = names.get(service.name) ?? -1;
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		const {desired} = entry;
		if (desired === 'auto' || desired === 'needed') asked.set(id, restored[id] ?? 'auto');
		else if (desired === 'due' || isDefinedAlike(entry.service, service)) asked.set(id, desired);
		else dropped[id] = desired;
	}
	const {needs, dependents, rivals, demanded} = connect(services, names, service => {
		const id = names.get(service.name) ?? -1;
		const entry = read(table, id);
		return entry ? isRoot({...entry, service, retired: false, desired: asked.get(id) ?? 'auto'}) : service.autostart;
	});
	// What a manifest has made needs what it needed.
	for (const [name, id] of turn.state.transients) {
		const entry = names.has(name) ? undefined : read(table, id);
		for (const {id: need, ...edge} of entry?.needs ?? []) dependents.get(need)?.push({id, ...edge});
	}
	for (const [name, id] of turn.state.names) {
		const entry = read(table, id);
		if (!entry || names.get(name) === id) continue;
		names.set(name, id);
		// It still stops before its needs, and after its dependents that are removed as well.
		for (const {id: need, ...edge} of entry.needs) dependents.get(need)?.push({id, ...edge});
		// Nor does what conflicts with it start before it has stopped.
		for (const rival of entry.rivals) if (needs.has(rival)) rivals.set(rival, [...rivals.get(rival) ?? [], id]);
		table = write(table, {...entry, retired: true, dependents: entry.dependents.filter(edge => !needs.has(edge.id))});
	}
	for (const service of services) {
		const entry = read(table, names.get(service.name) ?? -1);
		if (!entry) continue;
		const {id} = entry;
		const own = asked.get(id) ?? 'auto';
		const desired = own === 'auto' ? demanded.get(id) ?? own : own;
		const renewed = renew(entry, service, turn.now);
		if (isStartedBy(entry, renewed)) started.push(id);
		if (!isEqual(entry.service.test, service.test)) retested.push(id);
		if (isRelogged(entry.service, renewed.service)) turn.emit({kind: 'logging', id, service: renewed.service});
		const edges = {needs: needs.get(id) ?? [], dependents: dependents.get(id) ?? [], rivals: rivals.get(id) ?? NO_RIVALS};
		const rulings = rulingsAfter(entry, service, renewed.rulings);
		const after: Entry = {...renewed, ...edges, phase: waitFor(renewed, edges.needs), desired, rulings};
		table = write(table, after);
		// It was unhealthy, and nothing says so any more.
		if (entry.phase.kind === 'up' && statusNameOf(entry) !== statusNameOf(after)) turn.emit({kind: 'changed', before: entry, after});
	}
	const settings = {...turn.state.settings, shutdownGrace, startRate, whenIdle, hasManifest: Boolean(manifest)};
	const transients = new Map([...turn.state.transients].filter(([name]) => !names.has(name)));
	turn.state = {...turn.state, settings, names, transients, table: withoutConflicts(services, names, table)};
	if (partOf(turn.state, monitor)) depending().reorder(turn);
	turn.recount();
	tellOfConfig(turn, {started, retested, trial: trial ?? null, isRollback, dropped});
}

/**
 * Of two services that conflict from now on and are both to run, the one that runs stays, or else the one that comes first; the
 * other one is stopped. The config lets none of them start with archon, so that an operator has started one.
 */
function withoutConflicts(services: readonly Service[], names: ReadonlyMap<string, Id>, table: ServiceTable): ServiceTable {
	let after = table;
	for (const {name} of services) {
		const entry = read(after, names.get(name) ?? -1);
		for (const id of entry?.rivals ?? []) {
			const [one, other] = [read(after, entry?.id ?? -1), read(after, id)];
			if (!one || !other || !isToRun(one) || !isToRun(other)) continue;
			const loser = isAlive(other.phase) && !isAlive(one.phase) ? one : other;
			if (!decisionOf(loser)) after = write(after, {...loser, desired: 'stop'});
			// A ruling stays what it is: it waits for the end of the other one.
			else if (isAlive(loser.phase)) after = write(after, {...loser, restartPending: true});
		}
	}
	return after;
}
