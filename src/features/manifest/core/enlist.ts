/** Programs of a manifest come as services and go: many at once, as each copy of the table of names takes long. */
import type {Edge, Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import type {Id} from '../../../core/ids.ts';
import {isAlive} from '../../../core/phase.ts';
import {forget} from '../../../core/requests.ts';
import {freeId, read, write} from '../../../core/service-table.ts';
import {entryOf, find, holds, isFailedNeed, newEntry, type State} from '../../../core/state.ts';
import type {Turn} from '../../../core/turn.ts';

/** Adds services of a manifest, which start when it rules so; a name that is taken is left out. */
export function enlist(turn: Turn, {services}: Extract<Event, {kind: 'enlist'}>): void {
	const transients = new Map(turn.state.transients);
	const dependents = new Map<Id, Edge[]>();
	let {table} = turn.state;
	for (const service of services) {
		if (transients.has(service.name) || turn.state.names.has(service.name)) continue;
		const id = freeId(table);
		const needs = service.needs.flatMap(({name, ...edge}): Edge[] => {
			const need = find(turn.state, name);
			return need ? [{id: need.id, ...edge}] : [];
		});
		table = write(table, bound(turn.state, newEntry(id, service, turn.now), needs));
		for (const {id: need, ...edge} of needs) {
			const others = dependents.get(need);
			if (others) others.push({id, ...edge});
			else dependents.set(need, [{id, ...edge}]);
		}
		transients.set(service.name, id);
	}
	for (const [id, edges] of dependents) {
		const need = read(table, id);
		if (need) table = write(table, {...need, dependents: [...need.dependents, ...edges]});
	}
	turn.state = {...turn.state, table, transients};
}

/** A new entry with what it needs. */
function bound(state: State, entry: Entry, needs: readonly Edge[]): Entry {
	if (needs.length === 0) return entry;
	const count = (is: (need: Entry, edge: Edge) => boolean): number => needs.filter(edge => {
		const need = entryOf(state, edge.id);
		return need !== undefined && is(need, edge);
	}).length;
	return {...entry, needs, unmetNeeds: count((need, edge) => !holds(need, edge)), failedNeeds: count(isFailedNeed)};
}

/** Forgets services of a manifest that are at rest. */
export function delist(turn: Turn, {ids}: Extract<Event, {kind: 'delist'}>): void {
	const resting = ids.flatMap((id: Id): Entry[] => {
		const entry = read(turn.state.table, id);
		return entry?.service.origin === 'manifest' && !isAlive(entry.phase) ? [entry] : [];
	});
	const transients = new Map(turn.state.transients);
	for (const {service: {name}} of resting) transients.delete(name);
	turn.state = {...turn.state, transients};
	for (const entry of resting) forget(turn, entry);
}
