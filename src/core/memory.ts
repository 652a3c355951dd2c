/**
 * The state as text and back: what one life of archon writes down so that the next can go on. Each entry is
 * two records, for what its service is changes seldom, and where it is in its life often. Both say only what is not as
 * in a standard that is written as well, once: services are many, and most of each is as of all others.
 */
import {EMPTY, entries as all, type Book, restoreFree, write} from './book.ts';
import {service as standardService} from './defaults.ts';
import type {Entry, Exec, Id, Season, Service} from './model.ts';
import {isAlive} from './model.ts';
import {countAwaited, newcomer, type Settings, type State} from './state.ts';

/** The parts of a state that are written one by one. */
export interface Parts {
	readonly whole: string;
	/** Of what bodies and lives say nothing. */
	readonly standard: string;
	/** What a service is: its config and its edges. */
	readonly bodies: ReadonlyMap<Id, string>;
	/** Where it is in its life. */
	readonly lives: ReadonlyMap<Id, string>;
}

type Edges = Pick<Entry, 'needs' | 'dependents'>;
type Life = Omit<Entry, keyof Edges | 'service' | 'id'>;

/** A service, without how its process is made. */
type Rest = Omit<Service, 'exec'>;

interface Standard {
	readonly service: Rest;
	readonly exec: Exec;
	readonly edges: Edges;
	readonly life: Life;
}

/** A body as it is written. */
type Body = Partial<Edges> & {readonly service: Partial<Rest> & {readonly exec: Partial<Exec>}};

/** A service that says no more than it must, with a process. */
const STANDARD = ((): Standard => {
	const {id, needs, dependents, service: {exec, ...service}, ...life} = newcomer(0, standardService('', ['']));
	return {service, exec, edges: {needs, dependents}, life: {...life, starts: 1, leaving: false}};
})();

const unlikeRest = comparing(STANDARD.service);
const unlikeExec = comparing(STANDARD.exec);
const unlikeEdges = comparing(STANDARD.edges);
const unlikeLife = comparing(STANDARD.life);

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
	readonly season: Season;
	readonly runs: number;
	readonly isIdle: boolean;
	readonly bucket: State['bucket'];
	readonly guests: readonly Id[];
	readonly hasArrived: boolean;
}

/** What of a state is neither an entry nor told from them. */
export function writeWhole({settings, season, runs, isIdle, bucket, guests, hasArrived}: State): string {
	const whole: Whole = {settings, season, runs, isIdle, bucket, guests: [...guests.values()], hasArrived};
	return JSON.stringify(whole);
}

export const writeStandard = (): string => JSON.stringify(STANDARD);

export function writeBody(entry: Entry): string {
	const {service} = entry;
	const body: Body = {...unlikeEdges(entry), service: {...unlikeRest(service), exec: unlikeExec(service.exec)}};
	return JSON.stringify(body);
}

export const writeLife = (entry: Entry): string => JSON.stringify(unlikeLife(entry));

/** Whether the body that was written of the one is good for the other as well. */
export const hasSameBody = (one: Entry, other: Entry): boolean =>
	one.service === other.service && one.needs === other.needs && one.dependents === other.dependents;

export function writeAll(state: State): Parts {
	const list = [...all(state.book)];
	return {
		whole: writeWhole(state),
		standard: writeStandard(),
		bodies: new Map(list.map(entry => [entry.id, writeBody(entry)])),
		lives: new Map(list.map(entry => [entry.id, writeLife(entry)])),
	};
}

/** The state of which these are the parts; null if they are not the parts of one. */
export function readAll({whole, standard, bodies, lives}: Parts): State | null {
	try {
		const {settings, season, runs, isIdle, bucket, guests, hasArrived} = parse<Whole>(whole);
		const usual = parse<Standard>(standard);
		const list = [...lives].map(([id, text]): Entry => {
			const {service, ...edges} = parse<Body>(bodies.get(id) ?? 'null');
			const exec = {...usual.exec, ...service.exec};
			return {
				...usual.life, ...parse<Partial<Life>>(text), ...usual.edges, ...edges, service: {...usual.service, ...service, exec}, id,
			};
		});
		const book = list.sort((a, b) => a.id - b.id).reduce<Book>(write, EMPTY);
		const isGuest = new Set(guests);
		const named = (entries: readonly Entry[]): ReadonlyMap<string, Id> => new Map(entries.map(({id, service}) => [service.name, id]));
		return {
			settings, season, runs, isIdle, bucket, hasArrived,
			book: restoreFree(book),
			names: named(list.filter(({id}) => !isGuest.has(id))),
			guests: named(list.filter(({id}) => isGuest.has(id))),
			living: list.filter(({phase}) => isAlive(phase)).length,
			awaited: countAwaited(book),
			held: list.filter(({phase}) => phase.kind === 'done').length,
		};
	} catch {
		return null;
	}
}

/** Where JSON writes null for what never ends, and null itself is never meant. */
export const ENDLESS: ReadonlySet<string> = new Set([
	'deadline', 'sayAt', 'steadyAt', 'watchdogAt', 'next', 'grace', 'timeout', 'startTimeout', 'shutdownGrace', 'sweepGrace', 'attempts',
	'window', 'resetAfter', 'maxDelay', 'soft', 'hard', 'maxSize', 'maxAge', 'interval', 'startPeriod', 'startInterval', 'perSecond', 'level',
]);

/** Text that `JSON.stringify` made of data of the model, as that data. */
export const parse = <T>(text: string): T =>
	JSON.parse(text, (key, value: unknown) => (value === null && ENDLESS.has(key) ? Infinity : value)) as T;
