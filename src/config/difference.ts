/** What differs between two configs, key by key, in their own words. */
import {shownText} from './effective.ts';
import {SERVICE} from './schema/service.ts';
import {TOP} from './schema/top.ts';
import {isNothing, type Mapping, type Value} from './values.ts';

/** One key that says something else. */
export interface Difference {
	/** `healthcheck.interval`, or `environment` with the names of its variables. */
	readonly key: string;
	/** As it is written, or its default (`default` where that has no words); empty where that is long, or may be secret. */
	readonly before: string;
	readonly after: string;
}

/** The keys that hold services, by name. */
const SERVICES: readonly string[] = ['services', 'programs'];

/** Of one service; both trees are made by `expanded`. */
export const serviceDifferences = (before: Value, after: Value, name: string): readonly Difference[] =>
	differences(serviceIn(before, name), serviceIn(after, name), SERVICE.keys);

/** Of all that is no service. */
export function topDifferences(before: Value, after: Value): readonly Difference[] {
	const [one, other] = [before, after].map(tree => (tree.kind === 'map'
		? {...tree, entries: new Map([...tree.entries].filter(([key]) => !SERVICES.includes(key)))} : tree));
	return one && other ? differences(one, other, TOP.keys) : [];
}

function serviceIn(tree: Value, name: string): Value | undefined {
	if (tree.kind !== 'map') return undefined;
	const services = SERVICES.map(key => tree.entries.get(key)?.value).find(each => each?.kind === 'map');
	return services?.kind === 'map' ? services.entries.get(name)?.value : undefined;
}

type Fallbacks = Readonly<Record<string, {readonly fallback: string}>>;

/** How many are told of one service. */
const DIFFERENCES_MAX = 50;
const DEPTH_MAX = 3;

function differences(one: Value | undefined, other: Value | undefined, keys: Fallbacks): readonly Difference[] {
	const found: Difference[] = [];
	compare(one, other, '', keys, 0, found);
	return found;
}

function compare(
	one: Value | undefined, other: Value | undefined, path: string, keys: Fallbacks, depth: number, found: Difference[],
): void {
	if (found.length >= DIFFERENCES_MAX || isSame(one, other)) return;
	const [left, right] = [mapOf(one), mapOf(other)];
	const isWhole = depth >= DEPTH_MAX || !left || !right || (one?.kind !== 'map' && other?.kind !== 'map');
	const key = path.slice(path.lastIndexOf('.') + 1);
	if (key === 'environment' || key === 'env' || key === 'headers') {
		found.push({key: path, before: '', after: left && right ? namesOf(left, right) : ''});
	} else if (isWhole || path === '' && (!one || !other)) {
		const fallback = depth === 1 && Object.hasOwn(keys, key) ? keys[key]?.fallback ?? '' : '';
		found.push({key: path, before: textOf(one, fallback), after: textOf(other, fallback)});
	} else {
		for (const name of new Set([...left.entries.keys(), ...right.entries.keys()])) {
			const step = path === '' ? name : `${path}.${name}`;
			compare(left.entries.get(name)?.value, right.entries.get(name)?.value, step, keys, depth + 1, found);
		}
	}
}

/** What is not there is a map without keys. */
const mapOf = (value: Value | undefined): Mapping | null =>
	(value === undefined || isNothing(value) ? EMPTY : value.kind === 'map' ? value : null);

const EMPTY: Mapping = {source: {file: '', text: ''}, offset: 0, kind: 'map', entries: new Map()};

/** `+A -B ~C`. */
function namesOf({entries: before}: Mapping, {entries: after}: Mapping): string {
	const names = [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
		const [one, other] = [before.get(name)?.value, after.get(name)?.value];
		return isSame(one, other) ? [] : [`${one ? other ? '~' : '-' : '+'}${name}`];
	});
	return names.slice(0, DIFFERENCES_MAX).join(' ');
}

const TEXT_MAX = 80;

/** On one line, if it is short. */
function textOf(value: Value | undefined, fallback: string): string {
	const text = value === undefined || isNothing(value) ? fallback || 'default' : value.kind === 'scalar' ? shownText(value.text)
		: value.kind === 'list' && value.items.every(item => item.kind === 'scalar') ? wordsOf(value.items) : '';
	return text.length <= TEXT_MAX && !text.includes('\n') ? text : '';
}

const wordsOf = (items: readonly Value[]): string =>
	`[${items.map(item => (item.kind === 'scalar' ? shownText(item.text) : '')).join(', ')}]`;

/** Quotes make no difference, unless the text is a word for nothing. */
export function isSame(one: Value | undefined, other: Value | undefined): boolean {
	if (one === undefined || other === undefined) return one === other || isNothing(one ?? other ?? EMPTY);
	if (one.kind === 'scalar') return other.kind === 'scalar' && one.text === other.text && isNothing(one) === isNothing(other);
	if (one.kind === 'list') {
		return other.kind === 'list' && one.items.length === other.items.length && one.items.every((item, i) => isSame(item, other.items[i]));
	}
	return other.kind === 'map' && one.entries.size === other.entries.size
		&& [...one.entries].every(([key, {value}]) => isSame(value, other.entries.get(key)?.value));
}
