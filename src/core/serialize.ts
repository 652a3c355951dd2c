/**
 * The state as text and back: what one life of archon writes down so that the next can go on. Each entry is
 * two records, for what its service is changes seldom, and where it is in its life often. Both say only what is not as
 * in a standard that is written as well, once: services are many, and most of each is as of all others.
 */
import {EMPTY, entries as all, type ServiceTable, restoreFree, write} from './service-table.ts';
import {service as standardService} from './defaults.ts';
import type {Entry} from './entry.ts';
import type {Id} from './ids.ts';
import type {Exec, Service} from './service.ts';
import type {Stage} from './stage.ts';
import {isAlive} from './phase.ts';
import {initialSlices} from './features.ts';
import {countAwaited, newEntry, type Settings, type State} from './state.ts';

/** The parts of a state that are written one by one. */
export interface Parts {
	readonly whole: string;
	/** Of what bodies and lives say nothing. */
	readonly standard: string;
	/** What a service is: its config and its edges. */
	readonly bodies: ReadonlyMap<Id, string>;
	/** Where it is in its life. */
	readonly progress: ReadonlyMap<Id, string>;
}

type Edges = Pick<Entry, 'needs' | 'dependents'>;
type Progress = Omit<Entry, keyof Edges | 'service' | 'id'>;

/** A service, without how its process is made. */
type Rest = Omit<Service, 'exec'>;

interface Standard {
	readonly service: Rest;
	readonly exec: Exec;
	readonly edges: Edges;
	readonly progress: Progress;
}

/** A body as it is written. */
type Body = Partial<Edges> & {readonly service: Partial<Rest> & {readonly exec: Partial<Exec>}};

/** A service that says no more than it must, with a process. */
const STANDARD = ((): Standard => {
	const {id, needs, dependents, service: {exec, ...service}, ...life} = newEntry(0, standardService('', ['']));
	return {service, exec, edges: {needs, dependents}, progress: {...life, starts: 1, leaving: false}};
})();

const unlikeRest = comparing(STANDARD.service);
const unlikeExec = comparing(STANDARD.exec);
const unlikeEdges = comparing(STANDARD.edges);
const unlikeProgress = comparing(STANDARD.progress);

/** Tells what of a value is not as in the standard. Services share their parts, so that what was the same before is known again. */
function comparing<T extends object>(standard: T): (value: T) => Partial<T> {
	const keys = Object.keys(standard) as (keyof T)[];
	const same = {...standard};
	return value => {
		const unlike: Partial<T> = {};
		for (const key of keys) {
			const part = value[key];
			if (part === same[key]) continue;
			if (isSame(part, standard[key])) same[key] = part;
			else unlike[key] = part;
		}
		return unlike;
	};
}

function isSame(one: unknown, other: unknown): boolean {
	if (one === other) return true;
	if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
	const [left, right] = [Object.entries(one), Object.entries(other)];
	return Array.isArray(one) === Array.isArray(other) && left.length === right.length
		&& left.every(([key, value], i) => key === right[i]?.[0] && isSame(value, right[i]?.[1]));
}

interface Whole {
	readonly settings: Settings;
	readonly stage: Stage;
	readonly runs: number;
	readonly bucket: State['bucket'];
	readonly transients: readonly Id[];
	readonly slices: State['slices'];
}

/** What of a state is neither an entry nor told from them. */
export function writeWhole({settings, stage, runs, bucket, transients, slices}: State): string {
	const whole: Whole = {settings, stage, runs, bucket, transients: [...transients.values()], slices};
	return stringify(whole);
}

export const writeStandard = (): string => stringify(STANDARD);

export function writeBody(entry: Entry): string {
	const {service} = entry;
	const body: Body = {...unlikeEdges(entry), service: {...unlikeRest(service), exec: unlikeExec(service.exec)}};
	return stringify(body);
}

export const writeProgress = (entry: Entry): string => stringify(unlikeProgress(entry));

/** Whether the body that was written of the one is good for the other as well. */
export const hasSameBody = (one: Entry, other: Entry): boolean =>
	one.service === other.service && one.needs === other.needs && one.dependents === other.dependents;

export function writeAll(state: State): Parts {
	const list = [...all(state.table)];
	return {
		whole: writeWhole(state),
		standard: writeStandard(),
		bodies: new Map(list.map(entry => [entry.id, writeBody(entry)])),
		progress: new Map(list.map(entry => [entry.id, writeProgress(entry)])),
	};
}

/** The state of which these are the parts; null if they are not the parts of one. */
export function readAll({whole, standard, bodies, progress}: Parts): State | null {
	try {
		const {settings, stage, runs, bucket, transients, slices} = parse<Whole>(whole);
		const usual = parse<Standard>(standard);
		const list = [...progress].map(([id, text]): Entry => {
			const {service, ...edges} = parse<Body>(bodies.get(id) ?? 'null');
			const exec = {...usual.exec, ...service.exec};
			return {
				...usual.progress, ...parse<Partial<Progress>>(text), ...usual.edges, ...edges, service: {...usual.service, ...service, exec}, id,
			};
		});
		const table = list.sort((a, b) => a.id - b.id).reduce<ServiceTable>(write, EMPTY);
		const isGuest = new Set(transients);
		const named = (entries: readonly Entry[]): ReadonlyMap<string, Id> => new Map(entries.map(({id, service}) => [service.name, id]));
		return {
			settings, stage, runs, bucket, slices: {...initialSlices(), ...slices},
			table: restoreFree(table),
			names: named(list.filter(({id}) => !isGuest.has(id))),
			transients: named(list.filter(({id}) => isGuest.has(id))),
			living: list.filter(({phase}) => isAlive(phase)).length,
			awaited: countAwaited(table),
			held: list.filter(({phase}) => phase.kind === 'done').length,
		};
	} catch {
		return null;
	}
}

/**
 * JSON that keeps numbers without end: no JSON number is infinite, but one that is too large to be anything else is read
 * as that everywhere. A NUL is in no text of a config.
 */
const [ENDLESS, TOO_LARGE] = ['\0endless', '1e999'];
const WRITTEN = JSON.stringify(ENDLESS);

export function stringify(value: unknown): string {
	const text = JSON.stringify(value, (_, each: unknown) => (each === Infinity ? ENDLESS : each));
	return text.includes(WRITTEN) ? text.replaceAll(WRITTEN, TOO_LARGE) : text;
}

/** Text that `stringify` made of data, as that data. */
export const parse = <T>(text: string): T => JSON.parse(text) as T;
