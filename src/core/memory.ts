/**
 * The state as text and back: what one life of archon writes down so that the next can go on. Each entry is
 * two records, for what its service is changes seldom, and where it is in its life often.
 */
import {EMPTY, entries as all, type Book, restoreFree, write} from './book.ts';
import type {Entry, Id, Season} from './model.ts';
import {isAlive} from './model.ts';
import {countAwaited, type Settings, type State} from './state.ts';

/** The parts of a state that are written one by one. */
export interface Parts {
	readonly whole: string;
	/** What a service is: its config and its edges. */
	readonly bodies: ReadonlyMap<Id, string>;
	/** Where it is in its life. */
	readonly lives: ReadonlyMap<Id, string>;
}

type Body = Pick<Entry, 'service' | 'needs' | 'dependents'>;
type Life = Omit<Entry, keyof Body>;

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

export const writeBody = ({service, needs, dependents}: Entry): string => JSON.stringify({service, needs, dependents} satisfies Body);

export function writeLife({service, needs, dependents, ...life}: Entry): string {
	return JSON.stringify(life satisfies Life);
}

/** Whether the body that was written of the one is good for the other as well. */
export const hasSameBody = (one: Entry, other: Entry): boolean =>
	one.service === other.service && one.needs === other.needs && one.dependents === other.dependents;

export function writeAll(state: State): Parts {
	const list = [...all(state.book)];
	return {
		whole: writeWhole(state),
		bodies: new Map(list.map(entry => [entry.id, writeBody(entry)])),
		lives: new Map(list.map(entry => [entry.id, writeLife(entry)])),
	};
}

/** The state of which these are the parts; null if they are not the parts of one. */
export function readAll({whole, bodies, lives}: Parts): State | null {
	try {
		const {settings, season, runs, isIdle, bucket, guests, hasArrived} = parse<Whole>(whole);
		const list = [...lives].map(([id, text]): Entry => {
			// A life before this one may not have known how to stall.
			const {stalled = 0, ...life} = parse<Life>(text);
			return {...life, stalled, ...parse<Body>(bodies.get(id) ?? 'null'), id};
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
