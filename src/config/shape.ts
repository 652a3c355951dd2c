/** Reads a map by a table of its keys: known keys by their readers; all others are reported or ignored. */
import type {Environment} from '../core/variables.ts';
import {nearest} from '../core/nearest.ts';
import {bare, glossary, type Glossary, type Meaning, type Words} from './glossary.ts';
import {quote, type Gather, type Report} from './problems.ts';
import {isNothing, type Entry, type Mapping, type Value} from './values.ts';

/** One key: what a person should know of it, and how it is read. */
export interface Key<T> {
	/** What may be written. */
	readonly form: string;
	/** What holds if nothing is written, in words; `initial` is its value. */
	readonly fallback: string;
	readonly help: string;
	/** As YAML, where what its reader and its default show says too little. */
	readonly example?: string;
	readonly initial: T;
	readonly read: Reader<T>;
	/** Nothing written means something else than that the key is not there. */
	readonly takesNothing?: true;
}

/** The meaning of a value; undefined if it has none, which is then reported. */
export interface Reader<T> {
	(value: Value, context: Context): T | undefined;
	/** What it takes. Made when it is asked for, which at a start is never. */
	readonly accepts: () => Schema;
}

/** A reader: `read`, which is a function of its own, and what it takes. */
export const reader = <T>(accepts: () => Schema, read: (value: Value, context: Context) => T | undefined): Reader<T> =>
	carrying(read, accepts);

/** What `read` is called with stays as it is: this is done for every key at each start. */
export function carrying<F extends object>(read: F, accepts: () => Schema): F & {readonly accepts: () => Schema} {
	const made = read as F & {accepts: () => Schema};
	made.accepts = accepts;
	return made;
}

/**
 * What may be written, in the words of JSON Schema (draft-07). What goes without saying is added where a schema of all is
 * made (json-schema.ts): texts may hold variables, and keys may be empty.
 */
export interface Schema {
	/** What it is called among the definitions, if it is used in several places. */
	readonly name?: string;
	/** A map with the keys of a table, each of which says itself what it takes. */
	readonly shape?: Shape;
	/** A text in which a variable has no meaning. */
	readonly isLiteral?: true;
	readonly type?: SchemaType | readonly SchemaType[];
	readonly enum?: readonly (string | number | boolean | null)[];
	readonly pattern?: string;
	readonly format?: string;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly items?: Schema | readonly Schema[];
	readonly additionalItems?: Schema | false;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly uniqueItems?: boolean;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly patternProperties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema | false;
	readonly required?: readonly string[];
	readonly minProperties?: number;
	readonly maxProperties?: number;
	readonly anyOf?: readonly Schema[];
	readonly allOf?: readonly Schema[];
	readonly not?: Schema;
	readonly description?: string;
	readonly examples?: readonly unknown[];
}

type SchemaType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object';

/** What is being read, and where to report what is wrong with it. */
export interface Context {
	/** The way to the value: `services.web.umask`; empty at the top. */
	readonly path: string;
	readonly report: Report;
	/** For what is no problem and yet worth a line. */
	readonly note: Gather;
	/** The variables that texts may name; null: a `$` has no meaning here. */
	readonly environment: Environment | null;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

export type Settings<K extends Keys> = {
	readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never;
};

/** The keys that a map may have. */
export interface Shape<K extends Keys = Keys> {
	readonly keys: K;
	/** What holds if nothing is written. */
	readonly initial: Settings<K>;
	/** Ignored, with a note. */
	readonly foreign: ReadonlySet<string>;
	/** What is taken of those that are not ignored altogether. */
	readonly foreignAccepts: () => Readonly<Record<string, Schema>>;
	/** Known to people from compose, and refused. */
	readonly unsupported: ReadonlySet<string>;
	/** What others call its keys. */
	readonly words: () => Glossary;
}

/** Keys that a map does not have, and what is made of them. */
interface Strangers {
	readonly foreign?: ReadonlySet<string>;
	readonly foreignAccepts?: () => Readonly<Record<string, Schema>>;
	readonly unsupported?: ReadonlySet<string>;
	readonly words?: () => Words;
}

export function shape<K extends Keys>(
	keys: K, {foreign = NONE, foreignAccepts = () => ({}), unsupported = NONE, words = () => ({})}: Strangers = {},
): Shape<K> {
	const initial = Object.entries(keys).map(([name, key]) => [name, key.initial]);
	return {keys, initial: Object.fromEntries(initial) as Settings<K>, foreign, foreignAccepts, unsupported, words: glossary(words)};
}

const NONE: ReadonlySet<string> = new Set();

/** The `fallback` of a key that must say something. */
export const REQUIRED = 'required';

/** The settings of a map; a key that cannot be read, or says nothing, keeps its default. */
export function readShape<K extends Keys>(shape: Shape<K>, map: Mapping, context: Context): Settings<K> {
	const settings: Record<string, unknown> = {...shape.initial};
	for (const [name, entry] of map.entries) {
		if (Object.hasOwn(shape.keys, name)) {
			const key = shape.keys[name];
			if (isNothing(entry.value) && key?.fallback !== REQUIRED && !key?.takesNothing) continue;
			const value = key?.read(entry.value, within(context, name));
			if (value !== undefined) settings[name] = value;
		} else {
			readStranger(shape, name, entry, context);
		}
	}
	return settings as Settings<K>;
}

/** Noted once for all keys that are ignored. */
export const FOREIGN = 'ignored, as they concern the container and not what runs in it';

function readStranger(shape: Shape, name: string, {key}: Entry, context: Context): void {
	// compose-spec: extensions, for anchors and for other programs.
	if (name.startsWith('x-')) return;
	if (shape.foreign.has(name)) {
		context.note(key, FOREIGN, name);
	} else if (shape.unsupported.has(name)) {
		context.report(key, `${within(context, name).path} is not supported`, `remove it, or call it x-${name}`);
	} else {
		const where = context.path === '' ? '' : ` in ${context.path}`;
		context.report(key, `unknown key ${quote(name)}${where}`, () => meantBy(name, shape)?.hint ?? null);
	}
}

/** What an unknown key may have been meant as: a key of archon in another spelling, a word of another program, or a typing mistake. */
export function meantBy(name: string, {keys, words}: Pick<Shape, 'keys' | 'words'>): Meaning | null {
	const known = Object.keys(keys);
	const spelt = bare(name);
	const key = known.find(each => bare(each) === spelt);
	if (key !== undefined) return {key, hint: `did you mean "${key}"?`};
	const word = words().get(spelt);
	// A word that others have is not taken for a mistyped one of archon's.
	if (word) return word.key === null || known.includes(word.key) ? word : null;
	const near = nearest(name, known);
	return near === null ? null : {key: near, hint: `did you mean "${near}"?`};
}

/** Whether none of the keys is written, and no unknown key whose hint leads to one of them. */
export function isMissing(names: readonly string[], {entries}: Mapping, shape: Pick<Shape, 'keys' | 'words'>): boolean {
	if (names.some(name => entries.has(name))) return false;
	let searches = 0;
	for (const written of entries.keys()) {
		if (Object.hasOwn(shape.keys, written)) continue;
		if (++searches > MEANINGS_MAX) return true;
		if (names.includes(meantBy(written, shape)?.key ?? '')) return false;
	}
	return true;
}

/** How many unknown keys are searched for what they may have been meant as. */
const MEANINGS_MAX = 100;

/** The context of a key, or of an item as in `command[2]`. */
export function within({path, report, note, environment}: Context, step: string | number): Context {
	if (typeof step === 'number') return {path: `${path}[${step}]`, report, note, environment};
	const name = ODD.test(step) ? quote(step) : step;
	return {path: path === '' ? name : `${path}.${name}`, report, note, environment};
}

/** What would not be taken for one step of a path. */
const ODD = /[^\w.-]/;
