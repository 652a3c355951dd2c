/** What translators of foreign formats build configs in archon's own format with. */
import type {Place} from '../problems.ts';
import type {Entry, List, Mapping, Scalar, Value} from '../values.ts';

/** A text that means itself: neither a variable nor a placeholder of archon's. */
export const literal = (at: Place, text: string): Scalar => written(at, escaped(text));

/** The text of one that means itself. */
export const escaped = (text: string): string => text.replaceAll('$', '$$$$').replace(/\{(?=(?:instance|index|service|name)\})/g, '\\{');

/** A text as archon's own format has it, with `$NAME` and `{instance}`. */
export const written = ({source, offset}: Place, text: string): Scalar => ({source, offset, kind: 'scalar', text, plain: false});

/** A number, `true`, `on-failure` and the like. */
export const word = ({source, offset}: Place, text: string | number | boolean): Scalar =>
	({source, offset, kind: 'scalar', text: String(text), plain: true});

export const list = ({source, offset}: Place, items: readonly Value[]): List => ({source, offset, kind: 'list', items});

type Values = Readonly<Record<string, Value | undefined>> | ReadonlyMap<string, Value>;

/** A map of what is there: keys whose value is undefined are left out. Each key stands where its value does. */
export function map({source, offset}: Place, values: Values): Mapping {
	const entries: [string, Entry][] = [];
	for (const [name, value] of isMap(values) ? values : Object.entries(values)) if (value) entries.push([name, {key: value, value}]);
	return {source, offset, kind: 'map', entries: new Map(entries)};
}

const isMap = (values: Values): values is ReadonlyMap<string, Value> => values instanceof Map;

/** Maps key by key, lists one after the other, all else replaced. */
export function merge(lower: Value, upper: Value): Value {
	if (lower.kind === 'list' && upper.kind === 'list') return {...upper, items: [...lower.items, ...upper.items]};
	if (lower.kind !== 'map' || upper.kind !== 'map') return upper;
	const entries = new Map(lower.entries);
	for (const [key, entry] of upper.entries) {
		const under = entries.get(key);
		entries.set(key, under ? {...entry, value: merge(under.value, entry.value)} : entry);
	}
	return {...upper, entries};
}
