/** What operators and clients ask of single services, apart from starts and restarts. */
import {yieldTo} from './demand.ts';
import type {Edge, Entry} from './entry.ts';
import type {Event} from './event.ts';
import type {Id} from './ids.ts';
import {isAlive} from './phase.ts';
import {erase, freeId, read, write} from './service-table.ts';
import type {Service} from './service.ts';
import {find, holds, isAwaited, isFailedNeed, isRoot, isWanted, newEntry} from './state.ts';
import {type Turn} from './turn.ts';
import {withRuling} from './wanted.ts';

/** Stops services and keeps them stopped; `policy` replaces their own for this time. */
export function stop(turn: Turn, {ids, policy}: Extract<Event, {kind: 'stop'}>): void {
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (entry) turn.write({...entry, desired: 'stop', restartPending: false, stop: policy ?? entry.service.stop});
	}
}

/**
 * Gives the decision back to deciders and the config: what is to run and an operator has stopped starts, what is not to run stops, and
 * what has ended by itself stays as it is. Neither says anything of what clients have made, nor of removed services.
 */
export function auto(turn: Turn, ids: readonly Id[]): void {
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (!entry || (turn.state.names.get(entry.service.name) !== id && entry.service.origin !== 'manifest')) continue;
		if (entry.desired === 'due') continue;
		const desired = entry.service.autostart || !isNeeded(turn, entry) ? 'auto' : 'needed';
		const decided: Entry = {...entry, desired, rulings: withRuling(entry.rulings, 'action', null), stop: entry.service.stop};
		const {phase} = entry;
		const isHeld = phase.kind === 'down' && (phase.cause === 'stopped' || phase.cause === 'new');
		if (!isHeld || !isWanted(decided, turn.state.stage)) {
			turn.write(decided);
			continue;
		}
		for (const rival of entry.rivals) yieldTo(turn, rival);
		turn.awaitNeeds({...decided, ends: [], restartPending: false, blame: null, trigger: null});
	}
}

/** Whether a service that starts by itself, or is to run, needs it, or needs one that does. */
function isNeeded(turn: Turn, entry: Entry): boolean {
	const seen = new Set([entry]);
	for (const {dependents} of seen) {
		for (const {id, strength} of dependents) {
			const dependent = strength === 'order' ? undefined : read(turn.state.table, id);
			if (dependent && isRoot(dependent)) return true;
			if (dependent) seen.add(dependent);
		}
	}
	return false;
}

/** Sends a signal to a running service. */
export function signal(turn: Turn, {id, signal}: Extract<Event, {kind: 'signal'}>): void {
	const {phase, service} = read(turn.state.table, id) ?? {};
	if (!phase || !service || !('pid' in phase) || (phase.kind === 'stopping' && phase.outcome)) return;
	turn.emit({kind: 'signal', run: phase.run, pid: phase.pid, signal, to: service.stopTo});
}

/** Tells running services to reload their config, by their `reload` signal or command. */
export function reload(turn: Turn, ids: readonly Id[]): void {
	for (const id of ids) {
		const {phase, service} = read(turn.state.table, id) ?? {};
		if (!service?.reload || (phase?.kind !== 'up' && phase?.kind !== 'starting')) continue;
		const {run, pid} = phase;
		const {reload, startTimeout: timeout} = service;
		if ('signal' in reload) turn.emit({kind: 'signal', run, pid, signal: reload.signal, to: service.stopTo});
		else turn.emit({kind: 'hook', id, run, service, hook: 'reload', commands: [reload.command], timeout, environment: {}});
	}
}

/** Adds a transient service, which starts at once; of one from a manifest the manifest decides. */
export function add(turn: Turn, service: Service): void {
	if (find(turn.state, service.name)) throw new Error(`name is taken: ${service.name}`);
	const id = freeId(turn.state.table);
	const fresh = newEntry(id, service, turn.now);
	const entry: Entry = service.origin === 'manifest' ? fresh : {...fresh, leaving: false, desired: 'start'};
	turn.state = {
		...turn.state,
		table: write(turn.state.table, entry),
		transients: new Map(turn.state.transients).set(service.name, id),
		awaited: turn.state.awaited + Number(isAwaited(entry)),
	};
	turn.examine(id);
}

/** Removes a transient service that is at rest. */
export function remove(turn: Turn, id: Id): void {
	const entry = read(turn.state.table, id);
	if (!entry || isAlive(entry.phase) || turn.state.transients.get(entry.service.name) !== id) return;
	forget(turn, entry);
}

/** Removes an entry and all edges to it. */
export function forget(turn: Turn, entry: Entry): void {
	const {id, service: {name}, needs, dependents} = entry;
	const table = erase(turn.state.table, id);
	turn.state = {...turn.state, awaited: turn.state.awaited - Number(isAwaited(entry))};
	// Transient services come and go; the others are removed by a new config only.
	if (turn.state.transients.get(name) === id) turn.state = {...turn.state, table, transients: without(turn.state.transients, name)};
	else if (turn.state.names.get(name) === id) turn.state = {...turn.state, table, names: without(turn.state.names, name)};
	else turn.state = {...turn.state, table};
	// Its id may be another service's soon, so that no edge may refer to it.
	const isOther = (edge: Edge): boolean => edge.id !== id;
	for (const edge of needs) {
		const need = read(turn.state.table, edge.id);
		if (need) turn.put({...need, dependents: need.dependents.filter(isOther)});
	}
	for (const edge of dependents) {
		const dependent = read(turn.state.table, edge.id);
		const unmetNeeds = (dependent?.unmetNeeds ?? 0) - (holds(entry, edge) ? 0 : 1);
		const failedNeeds = (dependent?.failedNeeds ?? 0) - (isFailedNeed(entry, edge) ? 1 : 0);
		if (dependent) turn.put({...dependent, needs: dependent.needs.filter(isOther), unmetNeeds, failedNeeds});
	}
	for (const rival of entry.rivals) {
		const other = read(turn.state.table, rival);
		if (other) turn.put({...other, rivals: other.rivals.filter(each => each !== id)});
	}
	turn.emit({kind: 'forgotten', entry});
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
	const rest = new Map(map);
	rest.delete(key);
	return rest;
}
