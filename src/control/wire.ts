/**
 * What a request is on the wire: its verb, arguments, options, rows and reply, who may ask it, and whether it may be sent
 * twice. The decoder, the client and docs/reference/protocol.md go by these descriptions. Pure.
 */
import type {Role} from '../core/access.ts';
import {nearest} from '../core/nearest.ts';
import {err, ok, type Result} from '../core/result.ts';
import {clip} from './records.ts';

export type {Role};

/** What all decoded requests have. */
export interface Decoded {
	readonly kind: string;
	/** Whether three descriptors come with it, for its standard streams. */
	readonly takesStreams?: boolean;
	/** Whether one descriptor comes with it. */
	readonly takesDescriptor?: boolean;
}

/** A description of one verb, and the way from its fields to a request. */
export interface Wire<R extends Decoded> {
	readonly verb: string;
	/** What the asker needs. */
	readonly role: Role;
	/**
	 * Whether the role for some services suffices, and the handler keeps to those (`Call.scope`). Else the role must be for all:
	 * what is asked concerns archon as a whole.
	 */
	readonly isScoped?: true;
	/** Whether a client that does not know if its request was read may send it again. */
	readonly isRepeatable: boolean;
	readonly args: Args;
	/** What may follow the arguments as `archon.<name>=<value>`. */
	readonly options?: Options<object>;
	decode(fields: readonly string[]): Result<R, string>;
}

/** A row in both directions. */
export interface Rows<Row> {
	readonly encode: (row: Row) => readonly string[];
	readonly decode: (fields: readonly string[]) => Row;
}

// ── The page ─────────────────────────────────────────────────────────────────────────────────────

/** What docs/reference/protocol.md says of the verbs of one file. No program uses it: the build leaves it out, unless it has a spread. */
export type Pages = Readonly<Record<string, Page>>;

export interface Page {
	/** One line, a verb first. */
	readonly help: string;
	/** Which rows the answer has before its reply. */
	readonly rows: readonly RowForm[];
	/** The last record of the answer, and when it comes. */
	readonly reply: string;
	/** Requests, each with its answer. */
	readonly examples: readonly Example[];
}

export type Example = readonly [request: string, ...answer: string[]];

/** A kind of row: `columns` has the name and the meaning of each field, in order. */
export interface RowForm<Row = Readonly<Record<string, unknown>>> {
	/** The first field of rows of this kind, where an answer has several kinds. */
	readonly kind?: string;
	readonly means: string;
	readonly columns: Readonly<Record<keyof Row & string, string>>;
}

// ── Values ───────────────────────────────────────────────────────────────────────────────────────

/** What one field or the value of one option may be. */
export interface Type<T> {
	/** For messages: `an absolute path`. */
	readonly takes: string;
	/** What the page adds to `takes`. */
	readonly bounds?: string;
	/** null: not a value of this type. */
	readonly read: (text: string) => T | null;
}

const anyText = (text: string): string | null => text === '' ? null : text;

export const NAME: Type<string> = {takes: 'a name', read: anyText};
export const PATTERN: Type<string> = {takes: 'a name, a pattern with * and ?, or all', bounds: 'at most 16 patterns', read: anyText};
export const PATH: Type<string> = {takes: 'an absolute path', read: text => text.startsWith('/') ? text : null};

// ── Arguments ────────────────────────────────────────────────────────────────────────────────────

/** One argument, or several of the same type, and what is made of them. */
export interface Argument<Value> {
	readonly name: string;
	readonly type: Type<unknown>;
	readonly least: number;
	readonly most: number;
	/** The error says what is wrong with the fields, of which there are at least `least` and at most `most`. */
	readonly read: (fields: readonly string[]) => Result<Value, string>;
}

export type Args = Readonly<Record<string, Argument<unknown>>>;
type Values<A extends Args> = {readonly [K in keyof A]: A[K] extends Argument<infer Value> ? Value : never};

/** More names than any request needs, and few enough that PID 1 is not kept from its work. */
export const MAX_NAMES = 1000;

export const one = <T>(name: string, type: Type<T>): Argument<T> => ({
	name, type, least: 1, most: 1,
	read: ([text = '']) => text === '' ? err(`${name} missing`) : readValue(type, text),
});

/** May be left out. */
export const optional = <T>(name: string, type: Type<T>): Argument<T | null> => ({
	name, type, least: 0, most: 1,
	read: ([text]) => text === undefined ? ok(null) : readValue(type, text),
});

/** May be left out or empty. */
export const orEmpty = <T>(name: string, type: Type<T>): Argument<T | null> => ({
	...optional(name, type),
	read: ([text = '']) => text === '' ? ok(null) : readValue(type, text),
});

/** As many as there are, up to `MAX_NAMES`. */
export const many = <T>(name: string, type: Type<T>, least: 0 | 1): Argument<readonly T[]> => ({
	name, type, least, most: MAX_NAMES,
	read(fields) {
		const values: T[] = [];
		for (const [index, field] of fields.entries()) {
			if (field === '') return err(`${name} ${index + 1} is empty`);
			const value = readValue(type, field);
			if (!value.ok) return value;
			values.push(value.value);
		}
		return ok(values);
	},
});

function readValue<T>({takes, read}: Type<T>, text: string): Result<T, string> {
	const value = read(text);
	return value === null ? err(`${clip(text, 64)} is not ${takes}`) : ok(value);
}

/** The values of the arguments: each takes the fields that it needs, and the first that can takes the others. */
export function decodeArgs<A extends Args>(args: A, fields: readonly string[]): Result<Values<A>, string> {
	const list = Object.entries(args);
	let spare = fields.length;
	for (const [, {name, least}] of list) {
		if (spare < least) return err(`${name} missing`);
		spare -= least;
	}
	const values: Record<string, unknown> = {};
	let at = 0;
	for (const [key, {least, most, read}] of list) {
		const count = Math.min(most, least + spare);
		const value = read(fields.slice(at, at + count));
		if (!value.ok) return value;
		values[key] = value.value;
		at += count;
		spare -= count - least;
	}
	if (spare > 0) return err(tooMany(list.map(([, argument]) => argument)));
	return ok(values as Values<A>);
}

function tooMany(args: readonly Argument<unknown>[]): string {
	if (args.length === 0) return 'takes no fields';
	if (args.some(({most}) => most > 1)) return `more than ${MAX_NAMES} names`;
	const names = args.map(({name}) => name);
	return args.length === 1 ? `takes one ${names.join()}` : `takes no more than ${args.length} fields: ${names.join(', ')}`;
}

/** The description of a request whose fields are nothing but its arguments. */
export function wire<K extends string, A extends Args>(
	kind: K, args: A, about: Omit<Wire<Decoded>, 'args' | 'decode' | 'options'>,
): Wire<Request<K, A>> {
	return {
		...about, args,
		decode(fields) {
			const values = decodeArgs(args, fields);
			return values.ok ? ok({kind, ...values.value}) : values;
		},
	};
}

type Request<K extends string, A extends Args> = Decoded & {readonly kind: K} & Values<A>;

/** The request that a description decodes. */
export type RequestOf<W> = W extends Wire<infer R> ? R : never;

/** How a request is written: `StopDaemon,<name or pid>[,<signal>][,<seconds>]`. */
export const formOf = ({verb, args, options = {}}: Pick<Wire<Decoded>, 'verb' | 'args' | 'options'>): string => [
	verb,
	...Object.values(args).map(({name, least, most}) => {
		const field = `,<${name}>${most > 1 ? '…' : ''}`;
		return least === 0 ? `[${field}]` : field;
	}),
	...Object.keys(options).length > 0 ? ['[,<option>…]'] : [],
].join('');

// ── Options ──────────────────────────────────────────────────────────────────────────────────────

/** An option: what its value chooses. */
export interface Option<Chosen> extends Type<Partial<Chosen>> {
	readonly help: string;
}

/** By name. Each name has a dot, so that it cannot be that of an environment variable. */
export type Options<Chosen> = Readonly<Record<`archon.${string}`, Option<Chosen>>>;

export function decodeOption<Chosen>(options: Options<Chosen>, key: string, value: string): Result<Partial<Chosen>, string> {
	const option = new Map<string, Option<Chosen>>(Object.entries(options)).get(key);
	if (!option) {
		const names = Object.keys(options);
		return err(`unknown option ${clip(key, 64)}; did you mean ${nearest(key, names) ?? names.join(' or ')}?`);
	}
	const choice = option.read(value);
	return choice ? ok(choice) : err(`${key} takes ${option.takes}`);
}

/** The values of the arguments, and what the options among the fields choose: every option has a `=`, and no other field has one. */
export function decodeChoices<A extends Args, Chosen>(
	args: A, options: Options<Chosen>, defaults: Chosen, fields: readonly string[],
): Result<Values<A> & Chosen, string> {
	let choices = defaults;
	const others: string[] = [];
	for (const field of fields) {
		const split = field.indexOf('=');
		if (split < 0) {
			others.push(field);
			continue;
		}
		const choice = decodeOption(options, field.slice(0, split), field.slice(split + 1));
		if (!choice.ok) return choice;
		choices = {...choices, ...choice.value};
	}
	const values = decodeArgs(args, others);
	return values.ok ? ok({...values.value, ...choices}) : values;
}
