/** Configs that grow from the table of keys: values that a reader says it takes, and what becomes of them by one mistake. */
import fc from 'fast-check';
import type {JsonValue} from '../../../src/config/key-texts.ts';
import {REQUIRED, type Schema, type Shape} from '../../../src/config/shape.ts';

type Json = JsonValue;
type JsonMap = {readonly [name: string]: Json};

/** Names of what stands by name: services, limits, variables, signals. */
const NAMES = ['web', 'db', 'app'];

/** A value that a schema takes. */
export function valueOf(schema: Schema): fc.Arbitrary<Json> {
	const {shape, anyOf, enum: words, examples = [], type = [], items, minItems = 0, maxItems = 3, properties, patternProperties, additionalProperties} = schema;
	if (shape) return mapOf(shape);
	if (anyOf) return fc.oneof(...anyOf.map(valueOf));
	if (words) return fc.constantFrom(...words);
	const kinds = [type].flat();
	const some: fc.Arbitrary<Json>[] = examples.length > 0 ? [fc.constantFrom(...examples as Json[])] : [];
	if (kinds.includes('string')) some.push(textOf(schema));
	if (kinds.includes('string') && 'minimum' in schema) some.push(numberOf(schema).map(String));
	if (kinds.includes('boolean')) some.push(fc.boolean());
	if (kinds.includes('integer') || kinds.includes('number')) some.push(numberOf(schema));
	if (kinds.includes('null')) some.push(fc.constant(null));
	if (kinds.includes('array') && isTuple(items)) some.push(fc.tuple(...items.map(valueOf)));
	if (kinds.includes('array') && items && !isTuple(items)) some.push(fc.array(valueOf(items), {minLength: minItems, maxLength: Math.min(maxItems, 3)}));
	if (kinds.includes('object')) some.push(namedOf(properties, {...patternProperties, ...additionalProperties && {'': additionalProperties}}));
	return some.length > 0 ? fc.oneof(...some) : fc.constantFrom<Json>('anything', 1, null, [1], {a: 'b'});
}

const isTuple = (items: Schema['items']): items is readonly Schema[] => Array.isArray(items);

function textOf({pattern, minLength = 0}: Schema): fc.Arbitrary<string> {
	if (pattern === undefined) return fc.constantFrom('web', 'db', 'web', 'db', 'x', 'sleep 1', '${X:-web}', '/srv', 'Ünicode', ...minLength === 0 ? [''] : []);
	// fast-check has no texts for what looks ahead.
	if (pattern.includes('(?!')) return fc.constantFrom('workers', 'a/b.c', '..', './a', 'a/../b', 'a//b');
	return fc.stringMatching(new RegExp(pattern)).filter(text => !/[\0\ud800-\udfff]/.test(text) && text.length >= minLength);
}

function numberOf({type, minimum = 0, maximum = 1000}: Schema): fc.Arbitrary<number> {
	const edges = fc.constantFrom(minimum, Math.min(maximum, 2 ** 31));
	const within = fc.integer({min: Math.ceil(minimum), max: Math.min(Math.floor(maximum), 2 ** 31)});
	return [type].flat().includes('number') ? fc.oneof(edges, within, within.map(whole => Math.min(maximum, Math.max(minimum, whole + 0.5)))) : fc.oneof(edges, within);
}

function namedOf(known: Schema['properties'] = {}, named: Readonly<Record<string, Schema>>): fc.Arbitrary<JsonMap> {
	const values = Object.entries(known).map(([name, schema]) => fc.record({name: fc.constant(name), value: valueOf(schema)}));
	for (const [pattern, schema] of Object.entries(named)) {
		const matching = [...NAMES, 'USR1', 'Host', 'web.http', 'failed', 'exited'].filter(name => new RegExp(pattern).test(name));
		if (matching.length > 0) values.push(fc.record({name: fc.constantFrom(...matching), value: valueOf(schema)}));
	}
	return fc.array(fc.oneof(...values), {minLength: 1, maxLength: 2}).map(each => Object.fromEntries(each.map(({name, value}) => [name, value])));
}

/** A map with some keys of a table, and with all that it must have. */
export function mapOf(shape: Shape, most = 3): fc.Arbitrary<JsonMap> {
	const keys = Object.entries(shape.keys).map(([name, key]) => ({name, value: fc.memo(() => valueOf(key.read.accepts())), isRequired: key.fallback === REQUIRED}));
	const entry = ({name, value}: (typeof keys)[number]): fc.Arbitrary<readonly [string, Json]> => value(1).map(value => [name, value] as const);
	const required = fc.tuple(...keys.filter(({isRequired}) => isRequired).map(entry));
	return fc.tuple(required, fc.array(fc.oneof(...keys.map(entry)), {minLength: 1, maxLength: most})).map(([all, some]) => Object.fromEntries([...some, ...all]));
}

/** What stands somewhere where something else should, more or less. */
const STRANGERS: readonly Json[] = [
	null, '', 'x', 'no', 'yes', 'true', '5', '-1', '1.5', '10s', '5$', '$$5', '${N:-3}', '${X:-no}', '$UNSET', '/', 'a b', '0x10', '007', 'unlimited', 'TERM', ':', 'it\'s', '(', '/{x}',
	0, -1, 1, 5, 1.5, 1000, 99_999, 1e9, true, false, [], ['x'], [1, null], [[]], {}, {a: 1}, {'x-a': 1}, {command: 'x'},
];

/** A value with one mistake, or what may be one. */
export const mistaken = (value: Json): fc.Arbitrary<Json> =>
	fc.tuple(fc.constantFrom(...placesIn(value)), fc.constantFrom(...STRANGERS), fc.constantFrom('replace', 'add', 'remove', 'misspell', 'wrap'))
		.map(([place, stranger, how]) => changeAt(value, place, old => {
			if (how === 'wrap') return [old];
			if (how === 'replace' || typeof old !== 'object' || old === null) return stranger;
			if (isList(old)) return how === 'remove' ? old.slice(1) : [...old, stranger];
			const [[first = 'first', content = null] = [], ...rest] = Object.entries(old);
			if (how === 'add') return {...old, stranger};
			return how === 'remove' ? Object.fromEntries(rest) : {...Object.fromEntries(rest), [`${first.slice(0, -1)}_`]: content};
		}));

type Path = readonly (string | number)[];

function placesIn(value: Json): readonly Path[] {
	if (typeof value !== 'object' || value === null) return [[]];
	return [[], ...Object.entries(value).flatMap(([name, each]: [string, Json]) => placesIn(each).map(rest => [name, ...rest]))];
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function changeAt(value: Json, [first, ...rest]: Path, change: (old: Json) => Json): Json {
	if (first === undefined) return change(value);
	if (isList(value)) return value.map((each, index) => (index === Number(first) ? changeAt(each, rest, change) : each));
	const map = value as JsonMap;
	return {...map, [first]: changeAt(map[first] ?? null, rest, change)};
}
