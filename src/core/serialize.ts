/**
 * Writes the state as text and reads it back, so that the next instance of archon can continue. Each entry is two
 * records: its definition, which seldom changes, and its progress, which often does. Both hold only what differs from a
 * standard entry, which is written once: there are many services, and most of each is like all others.
 */
import {EMPTY, entries as all, read, type ServiceTable, restoreFree, write} from './service-table.ts';
import {service as standardService} from './defaults.ts';
import type {Entry} from './entry.ts';
import type {Id} from './ids.ts';
import type {Exec, Service} from './service.ts';
import type {Stage} from './stage.ts';
import {initialSlices} from './features.ts';
import {countAwaited, isLiving, newEntry, type Settings, type State} from './state.ts';

/** The parts of a state that are written one by one. */
export interface Parts {
	readonly whole: string;
	/** The standard entry, with all that bodies and progress leave out. */
	readonly standard: string;
	/** The definition of each service: its config and its edges. */
	readonly bodies: ReadonlyMap<Id, string>;
	/** The phase of each service, and all else that changes. */
	readonly progress: ReadonlyMap<Id, string>;
}

type Edges = Pick<Entry, 'needs' | 'dependents' | 'rivals'>;
type Progress = Omit<Entry, keyof Edges | 'service' | 'id'>;

/** A service without `exec`. */
type Rest = Omit<Service, 'exec'>;

interface Standard {
	readonly service: Rest;
	readonly exec: Exec;
	readonly edges: Edges;
	readonly progress: Progress;
}

/** A definition as it is written. */
type Body = Partial<Edges> & {readonly service: Partial<Rest> & {readonly exec: Partial<Exec>}};

/** A service with nothing but defaults, that has been started. */
const STANDARD = ((): Standard => {
	const {id, needs, dependents, rivals, service: {exec, ...service}, ...progress} = newEntry(0, standardService('', ['']), 0);
	return {service, exec, edges: {needs, dependents, rivals}, progress: {...progress, starts: 1, leaving: false}};
})();

const unlikeRest = comparing(STANDARD.service);
const unlikeExec = comparing(STANDARD.exec);
const unlikeEdges = comparing(STANDARD.edges);
const unlikeProgress = comparing(STANDARD.progress);

/**
 * Returns a function that picks what of a value differs from the standard. Services share parts, and so the last equal
 * part is remembered by identity.
 */
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
	if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((each, i) => isSame(each, other[i]));
	// Phases of two kinds, which most are that are compared.
	if (valueOf(one, 'kind') !== valueOf(other, 'kind') || Array.isArray(other)) return false;
	const [left, right] = [Object.keys(one), Object.keys(other)];
	return left.length === right.length && left.every((key, i) => key === right[i] && isSame(valueOf(one, key), valueOf(other, key)));
}

const valueOf = (object: object, key: string): unknown => (object as Readonly<Record<string, unknown>>)[key];

interface Whole {
	readonly settings: Settings;
	readonly stage: Stage;
	readonly runs: number;
	readonly bucket: State['bucket'];
	readonly transients: readonly Id[];
	readonly slices: State['slices'];
}

/** The part of the state that is neither an entry nor follows from the entries. */
export function writeWhole({settings, stage, runs, bucket, transients, slices, table}: State): string {
	const whole: Whole = {settings, stage, runs, bucket, transients: fewOf(transients, table), slices};
	return stringify(whole);
}

/** The last that was asked for: these change seldom, and the whole is written often. */
let [known, few]: [State['transients'] | null, readonly Id[]] = [null, []];

/** Of transient services those that are not known by their origin, as the many of a manifest are. */
function fewOf(transients: State['transients'], table: ServiceTable): readonly Id[] {
	if (transients !== known) {
		few = [...transients.values()].filter(id => read(table, id)?.service.origin !== 'manifest');
		known = transients;
	}
	return few;
}

export const writeStandard = (): string => stringify(STANDARD);

export function writeBody(entry: Entry): string {
	const {service} = entry;
	const body: Body = {...unlikeEdges(entry), service: {...unlikeRest(service), exec: unlikeExec(service.exec)}};
	return stringify(body);
}

export const writeProgress = (entry: Entry): string => stringify(unlikeProgress(entry));

/** Whether both entries have the same definition. */
export const hasSameBody = (one: Entry, other: Entry): boolean =>
	one.service === other.service && one.needs === other.needs && one.dependents === other.dependents && one.rivals === other.rivals;

export function writeAll(state: State): Parts {
	const list = [...all(state.table)];
	return {
		whole: writeWhole(state),
		standard: writeStandard(),
		bodies: new Map(list.map(entry => [entry.id, writeBody(entry)])),
		progress: new Map(list.map(entry => [entry.id, writeProgress(entry)])),
	};
}

/** The state from its parts; null: they are damaged or incomplete. */
export function readAll({whole, standard, bodies, progress}: Parts): State | null {
	try {
		const {settings, stage, runs, bucket, transients, slices} = parse<Whole>(whole);
		const written = parse<Standard>(standard);
		// An older archon does not know of all that there is now.
		const usual = {
			service: {...STANDARD.service, ...written.service}, exec: {...STANDARD.exec, ...written.exec},
			edges: {...STANDARD.edges, ...written.edges}, progress: {...STANDARD.progress, ...written.progress},
		};
		const list = [...progress].map(([id, text]): Entry => {
			const {service, ...edges} = parse<Body>(bodies.get(id) ?? 'null');
			const exec = {...usual.exec, ...service.exec};
			return {
				...usual.progress, ...parse<Partial<Progress>>(text), ...usual.edges, ...edges, service: {...usual.service, ...service, exec}, id,
			};
		});
		const table = list.sort((a, b) => a.id - b.id).reduce<ServiceTable>(write, EMPTY);
		const isTransient = new Set([...transients, ...list.flatMap(({id, service}) => (service.origin === 'manifest' ? [id] : []))]);
		const named = (entries: readonly Entry[]): ReadonlyMap<string, Id> => new Map(entries.map(({id, service}) => [service.name, id]));
		return {
			settings, stage, runs, bucket, slices: {...initialSlices(), ...slices},
			table: restoreFree(table),
			names: named(list.filter(({id}) => !isTransient.has(id))),
			transients: named(list.filter(({id}) => isTransient.has(id))),
			living: list.filter(isLiving).length,
			awaited: countAwaited(table),
			held: list.filter(({phase}) => phase.kind === 'done').length,
		};
	} catch {
		return null;
	}
}

/**
 * JSON with Infinity: it is written as a number that is too large and that every JSON parser reads as Infinity. The
 * placeholder has a NUL, which no text of a config contains.
 */
const [INFINITY, TOO_LARGE] = ['\0infinity', '1e999'];
const WRITTEN = JSON.stringify(INFINITY);

export function stringify(value: unknown): string {
	const text = JSON.stringify(value, (_, each: unknown) => (each === Infinity ? INFINITY : each));
	return text.includes(WRITTEN) ? text.replaceAll(WRITTEN, TOO_LARGE) : text;
}

/** The data from text of `stringify`. */
export const parse = <T>(text: string): T => JSON.parse(text) as T;
