/** What can be said of one key beside its help: its default and an example, as values. */
import {readFast} from './yaml/fast.ts';
import {readYaml} from './yaml/full.ts';
import {REQUIRED, type Context, type Key, type Schema, type Shape} from './shape.ts';
import type {Source} from './problems.ts';
import {isNothing, type Value} from './values.ts';

/** A value as JSON has it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | {readonly [name: string]: JsonValue};

/** The default as it would be written; undefined where it is told in words. */
export function defaultOf({read, fallback, initial}: Key<unknown>): Value | undefined {
	if (initial === null) return undefined;
	const written: Value = {source: SOURCE, offset: 0, kind: 'scalar', text: fallback, plain: true};
	return JSON.stringify(judged(read, written)) === JSON.stringify(initial) ? written : undefined;
}

/** What a reader makes of a value; undefined if it is not content with it. */
export function judged<T>(
	read: (value: Value, context: Context) => T | undefined, value: Value, environment: Context['environment'] = null,
): T | undefined {
	let isGood = true;
	const context: Context = {
		path: '', environment,
		report() {
			isGood = false;
		},
		note() {},
	};
	const made = read(value, context);
	return isGood ? made : undefined;
}

/** How a key may be written; undefined where neither the key nor its reader has an example. */
export function exampleOf(key: Key<unknown>): Value | undefined {
	if (key.example !== undefined) return yamlOf(key.example);
	const example = exampleIn(key.read.accepts(), key.fallback);
	return example === undefined ? defaultOf(key) : fromJson(example);
}

/** Not what the default is: that would show nothing. */
function exampleIn(schema: Schema, fallback: string): JsonValue | undefined {
	const {examples = [], enum: words = [], type, minimum, anyOf = [], shape, items, patternProperties, additionalProperties} = schema;
	const other = [...examples as readonly JsonValue[], ...words].find(each => String(each) !== fallback);
	if (other !== undefined) return other;
	if (type === 'boolean' || (Array.isArray(type) && type[0] === 'boolean')) return fallback !== 'true';
	for (const each of anyOf) {
		const found = exampleIn(each, fallback);
		if (found !== undefined) return found;
	}
	if (shape) return exampleOfMap(shape);
	if (items && 'type' in items) return inList(exampleIn(items, fallback));
	const inMap = Object.values(patternProperties ?? {})[0] ?? (additionalProperties || undefined);
	return inMap ? withName(exampleIn(inMap, fallback)) : minimum;
}

const inList = (example: JsonValue | undefined): JsonValue | undefined => (example === undefined ? undefined : [example]);
const withName = (example: JsonValue | undefined): JsonValue | undefined => (example === undefined ? undefined : {name: example});

/** With what it must have, or with the first key that it may have. */
function exampleOfMap({keys}: Shape): JsonValue | undefined {
	const all = Object.entries(keys);
	const required = all.filter(([, {fallback}]) => fallback === REQUIRED);
	const shown = (required.length > 0 ? required : all.slice(0, 1)).map(([name, key]) => [name, exampleOf(key)] as const);
	return Object.fromEntries(shown.flatMap(([name, value]) => (value ? [[name, toJson(value)]] : [])));
}

const SOURCE: Source = {file: '', text: ''};

/** The value of a text that is known to be YAML. */
export function yamlOf(text: string): Value {
	const source = {file: '', text};
	const value = readFast(source) ?? readYaml(source, (_place, message) => {
		throw new Error(`${text}: ${message}`);
	});
	if (!value) throw new Error(`${text}: is no YAML`);
	return value;
}

export function fromJson(json: JsonValue): Value {
	const place = {source: SOURCE, offset: 0};
	if (json === null) return {...place, kind: 'scalar', text: '', plain: true};
	if (isList(json)) return {...place, kind: 'list', items: json.map(fromJson)};
	if (typeof json === 'object') {
		const entries = Object.entries(json).map(([name, value]) => [name, {key: place, value: fromJson(value)}] as const);
		return {...place, kind: 'map', entries: new Map(entries)};
	}
	const plain: Value = {...place, kind: 'scalar', text: String(json), plain: true};
	return toJson(plain) === json ? plain : {...plain, plain: false};
}

const isList = (json: JsonValue): json is readonly JsonValue[] => Array.isArray(json);

/** As programs read it that know YAML's core schema (YAML 1.2, 10.3.2), less its numbers of other bases. */
export function toJson(value: Value): JsonValue {
	if (value.kind === 'list') return value.items.map(toJson);
	if (value.kind === 'map') return Object.fromEntries([...value.entries].map(([name, entry]) => [name, toJson(entry.value)]));
	if (isNothing(value)) return null;
	if (!value.plain) return value.text;
	if (/^(true|false)$/i.test(value.text)) return value.text.toLowerCase() === 'true';
	return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(value.text) ? Number(value.text) : value.text;
}

/** A help's words as a sentence. */
export const sentence = (words: string): string => `${/^[a-z]+ /.test(words) ? words.charAt(0).toUpperCase() + words.slice(1) : words}.`;
