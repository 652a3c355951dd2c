/** What the lists say of services, as rulings; and what would start and stop by them. Pure. */
import {exec, LOGGING, service} from '../../../core/defaults.ts';
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import {dirname} from '../../../core/path.ts';
import {isAlive} from '../../../core/phase.ts';
import type {Service} from '../../../core/service.ts';
import {entryOf, find, isToRun, type State} from '../../../core/state.ts';
import {RELEASE, runsBelow} from '../../../core/sync.ts';
import type {Millis} from '../../../core/time.ts';
import type {Decider, Ruling} from '../../../core/wanted.ts';
import {forService, type Logging} from '../../logging/core.ts';
import type {Item} from './list.ts';

/** Both lists, as they were read. */
export interface Lists {
	/** The file of each, for messages. */
	readonly files: {readonly manifest: string; readonly hitlist: string};
	readonly manifest: readonly Item[];
	readonly hitlist: readonly Item[];
}

/** How long a program must run until it is there: one that ends before was not started. */
const START_PERIOD: Millis = 1000;

/** The service of a program that the config says nothing of. `pulled`: the folder of archon.sync, or null. */
export function serviceFor(name: string, path: string, logging: Logging = LOGGING, pulled: string | null = null): Service {
	const made = service(name, [path]);
	return {
		...made, origin: 'manifest', needs: pulled !== null && runsBelow(pulled, made) ? [RELEASE] : [],
		autostart: false, startPeriod: START_PERIOD,
		exec: {...exec([path]), cwd: dirname(path), output: {kind: 'lines', logging: forService(logging, name), canWait: true}},
	};
}

/** What decides over one service by lists, and where it says so. */
export type Ruled = Extract<Event, {kind: 'rule'}>['rulings'][number];

/** The entries of a name: a service of the config may have several instances. */
export function entriesOf(state: State, name: string): readonly Entry[] {
	const single = find(state, name);
	if (single) return single.retired ? [] : [single];
	const instances: Entry[] = [];
	for (let entry = find(state, `${name}:0`); entry; entry = find(state, `${name}:${instances.length}`)) {
		if (entry.retired) break;
		instances.push(entry);
	}
	return instances;
}

/** Whether a client or archon itself has a service of the name, over which no list decides. */
const isForeign = ({service: {origin}}: Entry): boolean => origin !== 'config' && origin !== 'manifest';

/** What is to be made of some lines of the manifest: services, and lines for which there can be none. */
export interface Enlisting {
	readonly services: readonly Service[];
	readonly problems: readonly {readonly line: number; readonly why: string}[];
}

/** The programs among these that are to become services. */
export function enlisting(state: State, items: readonly Item[], logging: Logging, pulled: string | null): Enlisting {
	const services: Service[] = [];
	const problems: {line: number; why: string}[] = [];
	for (const {line, name, path} of items) {
		if (name === null) continue;
		const [entry] = entriesOf(state, name);
		if (entry && isForeign(entry)) problems.push({line, why: `${name} was started by a client, and is left alone`});
		// One that is being removed is in the way until it has stopped.
		if (entry || find(state, name)) continue;
		if (path === null) problems.push({line, why: `${name} has no path, and the config has no such service`});
		else services.push(serviceFor(name, path, logging, pulled));
	}
	return {services, problems};
}

/** What some lines say that was not said before. */
export function rulings(state: State, items: readonly Item[], decider: Decider, file: string): readonly Ruled[] {
	return items.flatMap(({line, name, path}) => (name === null ? [] : entriesOf(state, name)).flatMap((entry): readonly Ruled[] => {
		if (isForeign(entry)) return [];
		// Its service ends and is forgotten, and then there is one of the new path.
		const runs = decider === 'manifest' && !hasMoved(entry, path);
		const why = `${file}:${line}`;
		const before = entry.rulings[decider];
		return before?.runs === runs && before.why === why ? [] : [{id: entry.id, ruling: {runs, why}}];
	}));
}

/** Whether the manifest has another path for a service that was made from it. */
const hasMoved = ({service: {origin, exec}}: Entry, path: string | null): boolean =>
	origin === 'manifest' && path !== null && exec.argv[0] !== path;

/** The lines of the manifest whose program the hitlist names by its path. */
export function hitByPath({manifest, hitlist}: Pick<Lists, 'manifest' | 'hitlist'>): readonly Item[] {
	const lines = new Map(hitlist.flatMap(({line, path}) => (path === null ? [] : [[path, line] as const])));
	if (lines.size === 0) return [];
	return manifest.flatMap(item => {
		const line = item.path === null ? undefined : lines.get(item.path);
		return line === undefined ? [] : [{...item, line}];
	});
}

/** What is left of a list that does not have the service any more; undefined: nothing changes. `names`: of services and their instances. */
export function ended(entry: Entry, decider: Decider, names: ReadonlySet<string>, file: string): Ruled | undefined {
	const before: Ruling | undefined = entry.rulings[decider];
	if (!before || names.has(baseOf(entry.service.name))) return undefined;
	if (decider !== 'manifest') return {id: entry.id, ruling: null};
	return before.runs ? {id: entry.id, ruling: {runs: false, why: file}} : undefined;
}

/** The name without the number of an instance. */
export const baseOf = (name: string): string => name.split(':', 1)[0] ?? name;

/** What would start and stop, by name. */
export interface Outlook {
	readonly start: readonly string[];
	readonly stop: readonly string[];
}

/** What the lists would make of the services as they are. */
export function outlook(state: State, lists: Lists, all: Iterable<Entry>): Outlook {
	const hit = new Set([...lists.hitlist.flatMap(({name}) => name ?? []), ...hitByPath(lists).flatMap(({name}) => name ?? [])]);
	const listed = new Set(lists.manifest.flatMap(({name}) => name ?? []));
	const start: string[] = [];
	const stop: string[] = [];
	for (const {name, path} of lists.manifest) {
		if (name === null || hit.has(name)) continue;
		const found = entriesOf(state, name);
		if (found.length === 0 && path !== null) start.push(name);
		for (const entry of found) if (!isForeign(entry) && isAbsent(entry) && wouldRun(entry)) start.push(entry.service.name);
	}
	for (const entry of all) {
		const name = baseOf(entry.service.name);
		if (isForeign(entry) || !isAlive(entry.phase) || entry.desired === 'start') continue;
		const {manifest, test} = entry.rulings;
		if (hit.has(name) || (!listed.has(name) && manifest?.runs && !test)) stop.push(entry.service.name);
	}
	return {start, stop};
}

const isAbsent = ({phase}: Entry): boolean =>
	phase.kind !== 'up' && phase.kind !== 'done' && !(phase.kind === 'down' && (phase.cause === 'completed' || phase.cause === 'skipped'));

/** Whether it would run if the manifest said so, and the hitlist nothing. */
function wouldRun(entry: Entry): boolean {
	const {hitlist, ...others} = entry.rulings;
	return isToRun({...entry, rulings: {...others, manifest: {runs: true, why: '', at: 0}}});
}

/** The entries of a state, one by one, so that who goes through them can rest in between. */
export function* each(state: () => State): Generator<Entry> {
	for (let id = 0; id < state().table.places; id++) {
		const entry = entryOf(state(), id);
		if (entry) yield entry;
	}
}
