/** Finds keys by what people call them: `healthcheck.interval`, `services.web.restart.delay`, `ExecStart`. */
import {nearest} from '../core/nearest.ts';
import {err, ok, type Result} from '../core/result.ts';
import {taskmaster} from './formats/taskmaster.ts';
import {bare} from './glossary.ts';
import {SERVICE} from './schema/service.ts';
import {TOP} from './schema/top.ts';
import type {Key, Schema, Shape} from './shape.ts';

/** A key, and where it stands. */
export interface Found {
	/** `services.<name>.healthcheck.interval`. */
	readonly path: string;
	readonly key: Key<unknown>;
}

/** Keys that somebody may mean, and how the word that was asked for leads to them; null: they are called so. */
export interface Meant {
	readonly found: readonly Found[];
	readonly hint: string | null;
}

const ANY = '<name>';

/** Every key of a map, and of those below it. */
function* keysBelow(shape: Shape, path: readonly string[]): Generator<Found> {
	for (const [name, key] of Object.entries(shape.keys)) {
		const own = [...path, name];
		yield {path: own.join('.'), key};
		for (const [below, steps] of mapsBelow(key)) yield* keysBelow(below, [...own, ...steps]);
	}
}

/** The maps that a key may hold, with the steps from it to each: none, or any name. */
export const mapsBelow = ({read}: Key<unknown>): readonly (readonly [shape: Shape, steps: readonly string[]])[] =>
	[...mapsIn(read.accepts(), [])];

function* mapsIn(schema: Schema, steps: readonly string[]): Generator<readonly [Shape, readonly string[]]> {
	const {shape, anyOf = [], items = [], patternProperties = {}, properties = {}, additionalProperties} = schema;
	if (shape) yield [shape, steps];
	for (const each of [...anyOf, ...[items].flat()]) yield* mapsIn(each, steps);
	const named = [...Object.values(patternProperties), ...additionalProperties ? [additionalProperties] : []];
	for (const each of named) yield* mapsIn(each, [...steps, ANY]);
	// Of maps with a few names that are known, as `ulimits`, each holds the same.
	for (const [name, each] of Object.entries(properties)) yield* mapsIn(each, [...steps, name === 'options' ? name : ANY]);
}

const OWN = [...keysBelow(TOP, [])];
const PROGRAMS = [...keysBelow(taskmaster.top, [])];

export function findKeys(path: string): Result<Meant, string> {
	const steps = path.split('.');
	const found = matching(steps[0] === 'programs' ? PROGRAMS : OWN, steps);
	if (found.length > 0) return ok({found, hint: null});
	const [parents, word = ''] = [steps.slice(0, -1), steps.at(-1)];
	const above = parents.length === 0 ? null : findKeys(parents.join('.'));
	const shapes = above?.ok ? above.value.found.flatMap(({key}) => mapsBelow(key).map(([shape]) => shape)) : above ? [] : [SERVICE, TOP];
	const meant = byWord(word, shapes, name => matching(OWN, [...parents, name]));
	if (meant) return meant;
	const others = matching(PROGRAMS, steps);
	if (others.length > 0) return ok({found: others, hint: null});
	if (above && !above.ok) return above;
	const near = nearest(word, shapes.flatMap(({keys}) => Object.keys(keys)));
	const anywhere = near === null ? nearest(word, OWN.map(each => each.path.split('.').at(-1) ?? '')) : [...parents, near].join('.');
	return err(`there is no key ${path}; ${anywhere === null ? 'archon help config lists them all' : `did you mean ${anywhere}?`}`);
}

/** By other spellings, and by what others call it; null: nothing is known of the word. */
function byWord(word: string, shapes: readonly Shape[], find: (name: string) => readonly Found[]): Result<Meant, string> | null {
	for (const {keys, words, foreign, unsupported} of shapes) {
		const spelt = Object.keys(keys).find(name => bare(name) === bare(word));
		const meaning = spelt === undefined ? words().get(bare(word)) : {key: spelt, hint: `archon writes it ${spelt}`};
		if (meaning?.key != null) return ok({found: find(meaning.key), hint: meaning.hint});
		if (meaning) return err(`archon has no ${word}: ${meaning.hint}`);
		if (foreign.has(word)) return err(`${word} is ignored: it concerns the container and not what runs in it`);
		if (unsupported.has(word)) return err(`${word} is a key of compose that archon does not have`);
	}
	return null;
}

/** The keys whose paths end with these steps, as near to the top, or to a service, as there are some. */
function matching(keys: readonly Found[], steps: readonly string[]): readonly Found[] {
	const least = new Map<Key<unknown>, {readonly found: Found; readonly rest: number}>();
	for (const found of keys) {
		const rest = restOf(found.path.replace(/^services\.<name>\.(?=.)/, '').split('.'), steps) ?? restOf(found.path.split('.'), steps);
		if (rest !== null && rest < (least.get(found.key)?.rest ?? Infinity)) least.set(found.key, {found, rest});
	}
	const fewest = Math.min(...[...least.values()].map(({rest}) => rest));
	return [...least.values()].filter(({rest}) => rest === fewest).map(({found}) => found);
}

/** How many steps of a path are before those that were asked for; null: it does not end with them. */
function restOf(path: readonly string[], asked: readonly string[]): number | null {
	let at = path.length;
	for (let index = asked.length - 1; index >= 0; index--) {
		at--;
		// A name may be left out, or be any.
		if (path[at] === ANY && index > 0 && path[at - 1] === asked[index]) at--;
		if (at < 0 || (path[at] !== ANY && path[at] !== asked[index]) || (path[at] === ANY && index === asked.length - 1)) return null;
	}
	return at;
}
