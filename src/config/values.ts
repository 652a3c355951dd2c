/** What a config text says: maps, lists and scalars, each with its place. */
import type {Place} from './problems.ts';

export type Value = Scalar | List | Mapping;

/** Where a value stands, and what is said of it beside its content. */
interface Written extends Place {
	/** `!reset` and `!override` (compose-spec, "Merge"): what is below it is taken away, or replaced and not merged. */
	readonly tag?: 'reset' | 'override';
}

/** One piece of text. What it means is for its reader: `022` is a umask here and a number there. */
export interface Scalar extends Written {
	readonly kind: 'scalar';
	readonly text: string;
	/** Written without quotes, so that it may be one of YAML's words for nothing. */
	readonly plain: boolean;
	/** Stands for what could not be read: that has been reported, and nothing more is reported about it. */
	readonly isSpoilt?: true;
}

export interface List extends Written {
	readonly kind: 'list';
	readonly items: readonly Value[];
}

export interface Mapping extends Written {
	readonly kind: 'map';
	/** In the order of the text. */
	readonly entries: ReadonlyMap<string, Entry>;
}

/** A key and its value. */
export interface Entry {
	readonly key: Place;
	readonly value: Value;
}

/** Nothing was written: no text, `~` or `null` (YAML 1.2, 10.3.2). */
export const isNothing = (value: Value): boolean =>
	value.kind === 'scalar' && value.plain && NOTHING.has(value.text);

/** The map without keys that have no value, which count as absent; keys with a mistake that has been reported stay. */
export function withoutNothing(map: Mapping): Mapping {
	let found = false;
	for (const {value} of map.entries.values()) found ||= isNothing(value) && !('isSpoilt' in value);
	if (!found) return map;
	return {...map, entries: new Map([...map.entries].filter(([, {value}]) => !isNothing(value) || 'isSpoilt' in value))};
}

/** A key that is written with a value, or with a mistake that has been reported. */
export function writtenAt({entries}: Mapping, name: string): Entry | undefined {
	const entry = entries.get(name);
	return entry && isNothing(entry.value) && !('isSpoilt' in entry.value) ? undefined : entry;
}

const NOTHING: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

/** What a value is, as a word for messages. */
export const kindOf = (value: Value): string =>
	isNothing(value) ? 'empty' : value.kind === 'scalar' ? kindOfScalar(value) : {list: 'a list', map: 'a map'}[value.kind];

const kindOfScalar = ({plain, text}: Scalar): string =>
	(plain && /^-?[0-9.]{1,20}$/.test(text) ? 'a number' : plain && (text === 'true' || text === 'false') ? text : 'text');
