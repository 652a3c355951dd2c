/** What a config text says: maps, lists and scalars, each with its place; and one text over another. */
import type {Place} from './problems.ts';

export type Value = Scalar | List | Mapping;

/** One piece of text. What it means is for its reader: `022` is a umask here and a number there. */
export interface Scalar extends Place {
	readonly kind: 'scalar';
	readonly text: string;
	/** Written without quotes, so that it may be one of YAML's words for nothing. */
	readonly plain: boolean;
	/** Stands for what could not be read: that has been reported, and nothing more is reported about it. */
	readonly isSpoilt?: true;
}

export interface List extends Place {
	readonly kind: 'list';
	readonly items: readonly Value[];
}

export interface Mapping extends Place {
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
	isNothing(value) ? 'empty' : {scalar: 'text', list: 'a list', map: 'a map'}[value.kind];

/** Of a key that holds a map: the keys in it of which the map has one only. */
export type Ways = ReadonlyMap<string, readonly string[]>;

/**
 * `upper` laid over `lower`, as a later file over an earlier one: maps key by key, all else replaced, and one of a key's
 * `ways` by another. An empty value leaves a map as it is, so that a key with all of its content commented out does no harm.
 */
export function overlay(lower: Value, upper: Value, ways: Ways): Value {
	if (lower.kind !== 'map') return upper;
	if (upper.kind !== 'map') return isNothing(upper) ? lower : upper;
	const entries = new Map(lower.entries);
	for (const [name, entry] of upper.entries) {
		const under = entries.get(name);
		entries.set(name, under ? {key: entry.key, value: overlayKey(name, under.value, entry.value, ways)} : entry);
	}
	return {...upper, entries};
}

function overlayKey(name: string, lower: Value, upper: Value, ways: Ways): Value {
	if (name === 'environment') {
		const [below, above] = [variablesIn(lower), variablesIn(upper)];
		return below && above ? overlay(below, above, ways) : overlay(lower, upper, ways);
	}
	const own = ways.get(name);
	if (!own || lower.kind !== 'map' || upper.kind !== 'map' || !own.some(way => upper.entries.has(way))) return overlay(lower, upper, ways);
	return overlay({...lower, entries: new Map([...lower.entries].filter(([key]) => !own.includes(key)))}, upper, ways);
}

/** Variables as a map, whichever way they are written; null where that is not known before they are read. */
function variablesIn(value: Value): Mapping | null {
	if (value.kind === 'map') return value;
	if (value.kind !== 'list') return null;
	const entries = new Map<string, Entry>();
	for (const item of value.items) {
		const [, name = '', assigned = null] = (item.kind === 'scalar' && /^([^=$]+)(?:=([^]*))?$/.exec(item.text)) || [];
		if (name === '' || item.kind !== 'scalar') return null;
		entries.set(name, {key: item, value: {...item, text: assigned ?? '', plain: assigned === null}});
	}
	return {...value, kind: 'map', entries};
}
