/** Reads a map of a foreign format key by key, and tells what of it was not asked for. */
import type {Place, Report} from '../problems.ts';
import {isNothing, kindOf, type Entry, type List, type Mapping, type Scalar, type Value} from '../values.ts';

/** Each key that is asked for is taken; a value of the wrong kind is reported, and is as if it were not there. */
export interface Fields {
	readonly at: Place;
	readonly has: (key: string) => boolean;
	readonly any: (key: string) => Value | undefined;
	readonly text: (key: string) => Scalar | undefined;
	readonly map: (key: string) => Fields | undefined;
	/** A map, or what stands for one in a list of `NAME=value`. */
	readonly variables: (key: string) => ReadonlyMap<string, Scalar> | undefined;
	readonly list: (key: string) => readonly Value[] | undefined;
	/** The maps in a map, by name. */
	readonly maps: (key: string) => ReadonlyMap<string, Fields>;
	/** Whether it says true. */
	readonly flag: (key: string) => boolean;
	/** Keys that were not asked for. */
	readonly left: () => readonly (readonly [key: string, entry: Entry])[];
}

/** `path`: as in messages, `processes.web`. */
export function fieldsOf(map: Mapping, path: string, report: Report): Fields {
	const asked = new Set<string>();
	const at = (key: string): Value | undefined => {
		asked.add(key);
		const value = map.entries.get(key)?.value;
		return value && isNothing(value) ? undefined : value;
	};
	const named = (key: string): string => (path === '' ? key : `${path}.${key}`);
	const refuse = (key: string, value: Value, what: string): undefined =>
		void report(value, `${named(key)} must be ${what}, not ${kindOf(value)}`);
	const scalar = (key: string, value: Value | undefined): Scalar | undefined =>
		(value === undefined || value.kind === 'scalar' ? value : refuse(key, value, 'a single value'));
	const mapping = (key: string, value: Value | undefined): Mapping | undefined =>
		(value === undefined || value.kind === 'map' ? value : refuse(key, value, 'a map'));
	const list = (key: string, value: Value | undefined): List | undefined =>
		(value === undefined || value.kind === 'list' ? value : refuse(key, value, 'a list'));
	return {
		at: map, any: at,
		has: key => at(key) !== undefined,
		text: key => scalar(key, at(key)),
		map(key) {
			const value = mapping(key, at(key));
			return value && fieldsOf(value, named(key), report);
		},
		variables(key) {
			const value = at(key);
			if (value?.kind === 'list') return new Map(value.items.flatMap(item => (item.kind === 'scalar' ? [assignment(item)] : [])));
			const entries = mapping(key, value)?.entries;
			return entries && new Map([...entries].flatMap(([name, {value}]) => {
				const text = scalar(`${key}.${name}`, value);
				return text ? [[name, text] as const] : [];
			}));
		},
		list: key => list(key, at(key))?.items,
		maps(key) {
			const entries = mapping(key, at(key))?.entries ?? new Map<string, Entry>();
			return new Map([...entries].flatMap(([name, {value}]) => {
				const inner = mapping(`${key}.${name}`, value);
				return inner ? [[name, fieldsOf(inner, `${named(key)}.${name}`, report)] as const] : [];
			}));
		},
		flag: key => /^(?:true|yes|on)$/i.test(scalar(key, at(key))?.text ?? ''),
		left: () => [...map.entries].filter(([key]) => !asked.has(key) && !key.startsWith('x-')),
	};
}

function assignment(item: Scalar): readonly [name: string, value: Scalar] {
	const equals = item.text.indexOf('=');
	return equals < 0 ? [item.text, {...item, text: ''}] : [item.text.slice(0, equals), {...item, text: item.text.slice(equals + 1)}];
}
