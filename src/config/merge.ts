/**
 * One text laid over another, by one set of rules: further files of `-c` and conf.d, overrides of `include`, and a service
 * over the one that it extends. They are compose's (compose-spec, "Merge"): maps key by key, lists appended where a
 * key says so (`Merge`, in its group), all else replaced. An empty value leaves what is below it; `!reset` takes it
 * away, and `!override` replaces what would be merged.
 */
import {isNothing, type Entry, type Mapping, type Value} from './values.ts';

/** How a key's value is laid over the one below it. */
export type Merge = (lower: Value, upper: Value, rules: Rules) => Value;

export type Merges = Readonly<Record<string, Merge>>;

/** Rules by a service's key, and by a key at the top. */
export interface Rules {
	readonly ofService: (key: string) => Merge | undefined;
	readonly ofTop: (key: string) => Merge | undefined;
}

/** A whole text over another. */
export const overlay = (lower: Value, upper: Value, rules: Rules): Value =>
	overlayMaps(lower, upper, (name, below, above) => {
		if (name === 'services') return overlayMaps(below, above, (_, one, other) => overlayService(one, other, rules));
		return rules.ofTop(name)?.(below, above, rules) ?? overlayValue(below, above);
	});

/** A service over another one. */
export const overlayService = (lower: Value, upper: Value, rules: Rules): Value =>
	overlayMaps(lower, upper, (name, below, above) => rules.ofService(name)?.(below, above, rules) ?? overlayValue(below, above));

/** What no rule is about. */
const overlayValue = (lower: Value, upper: Value): Value => overlayMaps(lower, upper, (_, below, above) => overlayValue(below, above));

function overlayMaps(lower: Value, upper: Value, overlayKey: (name: string, lower: Value, upper: Value) => Value): Value {
	if (lower.kind !== 'map' || upper.kind !== 'map') return isNothing(upper) ? lower : upper;
	const entries = new Map(lower.entries);
	for (const [name, entry] of upper.entries) {
		const under = entries.get(name)?.value;
		if (isReset(entry.value)) entries.delete(name);
		else if (!under || isReset(under) || entry.value.tag === 'override') entries.set(name, entry);
		else entries.set(name, {key: entry.key, value: overlayKey(name, under, entry.value)});
	}
	return {...upper, entries};
}

const isReset = ({tag}: Value): boolean => tag === 'reset';

/** The value without what is to be taken away: there is nothing below it. */
export function withoutResets(value: Value): Value {
	switch (value.kind) {
		case 'scalar': return value;
		case 'list': return {...value, items: value.items.filter(item => !isReset(item)).map(withoutResets)};
		case 'map': {
			const kept = [...value.entries].filter(([, entry]) => !isReset(entry.value));
			return {...value, entries: new Map(kept.map(([name, entry]) => [name, {...entry, value: withoutResets(entry.value)}]))};
		}
	}
}

/** Replaces all of it, also by nothing. */
export const takenBack: Merge = (_, upper) => upper;

/** Replaces a map or list as a whole. */
export const replaced: Merge = (lower, upper) => (isNothing(upper) ? lower : upper);

/** Appends a list; a single value stands for a list of it. */
export const appended: Merge = (lower, upper) => listOf(upper, [...itemsOf(lower), ...itemsOf(upper)]);

/** The same where what has one name stands only once: the later one, in the place of the earlier. */
export const united = (nameOf: (item: Value) => string | null = textOf): Merge => (lower, upper) => {
	const items: Value[] = [];
	const places = new Map<string, number>();
	for (const item of [...itemsOf(lower), ...itemsOf(upper)]) {
		const name = nameOf(item);
		const place = name === null ? undefined : places.get(name);
		if (place !== undefined) items[place] = item;
		else if (items.push(item) && name !== null) places.set(name, items.length - 1);
	}
	return listOf(upper, items);
};

/** Of a list's item: its text, or that of one of its keys. */
export const textOf = (item: Value, ...keys: readonly string[]): string | null => {
	if (item.kind === 'scalar') return item.text;
	if (item.kind === 'list') return null;
	const named = keys.map(key => item.entries.get(key)?.value).find(each => each !== undefined);
	return named?.kind === 'scalar' ? named.text : null;
};

const itemsOf = (value: Value): readonly Value[] => (value.kind === 'list' ? value.items : isNothing(value) ? [] : [value]);

const listOf = ({source, offset}: Value, items: readonly Value[]): Value => ({kind: 'list', source, offset, items});

/** A map that holds one of several ways, of which another one replaces it. */
export const oneWayOf = (...ways: readonly string[]): Merge => (lower, upper) => {
	if (lower.kind !== 'map' || upper.kind !== 'map' || !ways.some(way => upper.entries.has(way))) return overlayValue(lower, upper);
	return overlayValue({...lower, entries: new Map([...lower.entries].filter(([key]) => !ways.includes(key)))}, upper);
};

/** The same map where a key in it says what all others are about: under another one nothing of it is left. */
export const aboutOne = (key: string): Merge => (lower, upper) => {
	const [below, above] = [lower, upper].map(each => (each.kind === 'map' ? each.entries.get(key)?.value : undefined));
	const isOther = below?.kind === 'scalar' && above?.kind === 'scalar' && below.text !== above.text;
	return isOther ? upper : overlayValue(lower, upper);
};

/** A map by a rule for what each of its keys holds. */
export const eachBy = (merge: Merge): Merge => (lower, upper, rules) =>
	overlayMaps(lower, upper, (_, below, above) => merge(below, above, rules));

/** Variables one by one, whether they are written as a map or as a list. One without a value is one as well. */
export const variables: Merge = (lower, upper) => {
	const [below, above] = [variablesIn(lower), variablesIn(upper)];
	if (!below || !above) return overlayValue(lower, upper);
	return overlayMaps(below, above, (_, under, over) => (over.kind === 'scalar' ? over : overlayValue(under, over)));
};

/** Variables as a map; null where that is not known before they are read. */
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

/** Services by name, with terms or without: a name alone has the terms that compose gives it, over those below. */
export const namedWithTerms: Merge = (lower, upper, rules) => {
	if (lower.kind !== 'map' && upper.kind !== 'map') return united()(lower, upper, rules);
	const [below, above] = [lower, upper].map(withTerms);
	return below && above ? overlayValue(below, above) : replaced(lower, upper, rules);
};

function withTerms(value: Value): Mapping | null {
	if (value.kind === 'map') return value;
	if (value.kind !== 'list') return null;
	const entries = value.items.flatMap((item): (readonly [string, Entry])[] => {
		if (item.kind !== 'scalar') return [];
		const terms = [['condition', 'service_started'], ['required', 'true']] as const;
		const written = terms.map(([key, text]) => [key, {key: item, value: {...item, text, plain: true}}] as const);
		return [[item.text, {key: item, value: {kind: 'map', source: item.source, offset: item.offset, entries: new Map(written)}}]];
	});
	return entries.length === value.items.length ? {...value, kind: 'map', entries: new Map(entries)} : null;
}
