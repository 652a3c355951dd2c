/** A config against the one before: who is new, who is gone, who must end because it is made differently now. */
import type {CoreConfig} from './config.ts';
import {tell} from './features.ts';
import type {Id} from './ids.ts';
import {freeId, read, write} from './service-table.ts';
import type {Output, Service, Sourced} from './service.ts';
import {connect, newEntry} from './state.ts';
import {type Turn} from './turn.ts';
import {isAlive} from './phase.ts';
import type {Entry} from './entry.ts';

/** The names of services by what a new config means for them. */
export interface Change {
	readonly added: readonly string[];
	readonly removed: readonly string[];
	/** They end, and start as they are now. */
	readonly restarted: readonly string[];
	/** New rules for them are in force at once, and their processes stay. */
	readonly updated: readonly string[];
	readonly kept: readonly string[];
}

export function compare(before: readonly Service[], after: readonly Service[]): Change {
	const old = new Map(before.map(service => [service.name, service]));
	const fresh = new Set(after.map(({name}) => name));
	const change = {added: [] as string[], removed: [] as string[], restarted: [] as string[], updated: [] as string[], kept: [] as string[]};
	for (const service of after) {
		const was = old.get(service.name);
		if (!was) change.added.push(service.name);
		else if (!isMadeAlike(was, service)) change.restarted.push(service.name);
		else if (!isRelogged(was, service) && JSON.stringify(rulesOf(was)) === JSON.stringify(rulesOf(service))) change.kept.push(service.name);
		else change.updated.push(service.name);
	}
	change.removed.push(...before.flatMap(({name}) => (fresh.has(name) ? [] : [name])));
	return change;
}

/** `1 added (web), 2 removed (a, b), 5 kept`. */
export function describe({added, removed, restarted, updated, kept}: Change): string {
	const parts = ([['added', added], ['removed', removed], ['restarted', restarted], ['updated', updated]] as const)
		.flatMap(([word, names]) => (names.length > 0 ? [`${names.length} ${word} (${shorten(names)})`] : []));
	return [...parts, `${kept.length} unchanged`].join(', ');
}

/** An entry under a new form of its service. What had failed may do better now; what runs and is made differently bounces. */
export function renew(entry: Entry, service: Service): Entry {
	const {service: before, phase, retired} = entry;
	const kept: Entry = {...entry, retired: false, stop: service.stop};
	if (isMadeAlike(before, service) && !retired) {
		const {output: was, sourced} = before.exec;
		const {output} = service.exec;
		return {...kept, service: {...service, exec: {...service.exec, sourced, output: was.kind === output.kind ? output : was}}};
	}
	if (isAlive(phase)) return {...kept, service, restartPending: phase.kind !== 'stopping'};
	return {...kept, service, phase: {kind: 'down', cause: 'new'}, ends: [], blame: null};
}

/** Whether a process of the one is as good as one of the other. */
function isMadeAlike(one: Service, other: Service): boolean {
	return one.type === other.type && JSON.stringify(makingOf(one)) === JSON.stringify(makingOf(other))
		&& isSourcedAlike(one.exec.sourced, other.exec.sourced) && leadsAlike(one.exec.output, other.exec.output);
}

const makingOf = ({exec: {output, sourced, ...exec}}: Service): unknown => exec;

/** Where not all files of variables are there now, nobody knows that they will say something else. */
const isSourcedAlike = ({stamp: one}: Sourced, {stamp: other}: Sourced): boolean => other === '' || one === other;

/** Whether a process can keep its streams. That there are more services than before is no reason to end one. */
function leadsAlike(one: Output, other: Output): boolean {
	const canWait = (output: Output): boolean => 'canWait' in output && output.canWait === true;
	if (one.kind !== other.kind) return canWait(one) && canWait(other);
	return one.kind !== 'files' || JSON.stringify(one) === JSON.stringify(other);
}

/** Whether lines that archon reads go elsewhere, or in another way. */
export function isRelogged({exec: {output: one}}: Service, {exec: {output: other}}: Service): boolean {
	return one.kind === 'lines' && other.kind === 'lines' && JSON.stringify(one.logging) !== JSON.stringify(other.logging);
}

const rulesOf = ({exec, ...rules}: Service): unknown => rules;

const SHOWN = 5;

const shorten = (names: readonly string[]): string =>
	names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

/**
 * The config anew, by the names of services: whoever is made as before keeps its process and hears only
 * of new rules for it; others end, and start as they are now.
 */
export function reconfigure(turn: Turn, {services, shutdownGrace, startRate, whenIdle}: CoreConfig): void {
	const names = new Map<string, Id>();
	let {table} = turn.state;
	for (const service of services) {
		const id = turn.state.names.get(service.name) ?? freeId(table);
		names.set(service.name, id);
		if (!read(table, id)) table = write(table, newEntry(id, service));
	}
	const {needs, dependents, demanded} = connect(services, names);
	for (const [name, id] of turn.state.names) {
		const entry = read(table, id);
		if (!entry || names.get(name) === id) continue;
		names.set(name, id);
		// It still ends before what it needed, and after what is retired with it.
		for (const {id: need, ...edge} of entry.needs) dependents.get(need)?.push({id, ...edge});
		table = write(table, {...entry, retired: true, dependents: entry.dependents.filter(edge => !needs.has(edge.id))});
	}
	for (const service of services) {
		const entry = read(table, names.get(service.name) ?? -1);
		if (!entry) continue;
		const {id} = entry;
		const desired = entry.desired === 'auto' ? demanded.get(id) ?? 'auto' : entry.desired;
		const renewed = renew(entry, service);
		if (isRelogged(entry.service, renewed.service)) turn.emit({kind: 'logging', id, service: renewed.service});
		table = write(table, {...renewed, needs: needs.get(id) ?? [], dependents: dependents.get(id) ?? [], desired});
	}
	const settings = {...turn.state.settings, shutdownGrace, startRate, whenIdle};
	turn.state = {...turn.state, settings, names, table};
	turn.recount();
	tell(turn, 'reconfigured');
}
