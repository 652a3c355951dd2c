/** Programs of a manifest come as services and go: many at once, as each copy of the table of names takes long. */
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import type {Id} from '../../../core/ids.ts';
import {isAlive} from '../../../core/phase.ts';
import {forget} from '../../../core/requests.ts';
import {freeId, read, write} from '../../../core/service-table.ts';
import {newEntry} from '../../../core/state.ts';
import type {Turn} from '../../../core/turn.ts';

/** Adds services of a manifest, which start when it rules so; a name that is taken is left out. */
export function enlist(turn: Turn, {services}: Extract<Event, {kind: 'enlist'}>): void {
	const transients = new Map(turn.state.transients);
	let {table} = turn.state;
	for (const service of services) {
		if (transients.has(service.name) || turn.state.names.has(service.name)) continue;
		const id = freeId(table);
		table = write(table, newEntry(id, service, turn.now));
		transients.set(service.name, id);
	}
	turn.state = {...turn.state, table, transients};
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
