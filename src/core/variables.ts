/** Expands `${NAME}` and its variants in config text, as docker compose does (compose-spec, "Interpolation"). */
import {err, ok, type Result} from './result.ts';

/** A problem of a text: `why` continues a sentence that begins with the text. */
export interface Fault {
	readonly why: string;
	readonly hint: string | null;
}

/** Variables by name, as archon was started with them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; undefined: it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Looks up variables in an environment. */
export const lookupIn = (environment: Environment): Lookup =>
	name => (Object.hasOwn(environment, name) ? environment[name] : undefined);

/**
 * The text with the values of its variables. `$$` becomes `$`, and a `$` that begins no variable stays. A variable that
 * is not set and has no default is replaced by nothing, and `unset` is called with its name.
 */
export function expand(text: string, lookup: Lookup, unset: (name: string) => void): Result<string, Fault> {
	return expandWithin(text, {lookup, unset}, 0);
}

interface Reading {
	readonly lookup: Lookup;
	readonly unset: (name: string) => void;
}

/** How deep defaults can hold variables with defaults. */
const DEPTH_MAX = 20;

/** The limit of one expanded text, in characters. */
const LENGTH_MAX = 1024 * 1024;

const PLAIN = /\$([A-Za-z_]\w*)/y;
const BRACED = /\$\{([A-Za-z_]\w*)(?:(:?)([-+?])|(?=\}))/y;

function expandWithin(text: string, reading: Reading, depth: number): Result<string, Fault> {
	let expanded = '';
	let at = 0;
	for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
		expanded += text.slice(at, dollar);
		const piece = expandOne(text, dollar, reading, depth);
		if (!piece.ok) return piece;
		expanded += piece.value.content;
		if (expanded.length > LENGTH_MAX) return fault('is longer than 1 MiB with the values of its variables');
		at = piece.value.end;
	}
	return ok(expanded + text.slice(at));
}

/** The expansion of one `$`, and the offset after it. */
interface Piece {
	readonly content: string;
	readonly end: number;
}

function expandOne(text: string, start: number, reading: Reading, depth: number): Result<Piece, Fault> {
	if (text[start + 1] === '$') return ok({content: '$', end: start + 2});
	if (text[start + 1] === '{') return expandBraced(text, start, reading, depth);
	PLAIN.lastIndex = start;
	const name = PLAIN.exec(text)?.[1];
	if (name === undefined) return ok({content: '$', end: start + 1});
	return ok({content: valueOf(name, reading), end: start + 1 + name.length});
}

function expandBraced(text: string, start: number, reading: Reading, depth: number): Result<Piece, Fault> {
	BRACED.lastIndex = start;
	const [head = '', name = '', colon = '', operator = ''] = BRACED.exec(text) ?? [];
	const close = head === '' ? -1 : closeOf(text, start + head.length);
	if (close < 0) return fault('has a "${" that does not begin a ${NAME}', OWN_DOLLAR);
	if (depth > DEPTH_MAX) return fault('has defaults that are nested too deeply');
	const end = close + 1;
	if (operator === '') return ok({content: valueOf(name, reading), end});
	const value = reading.lookup(name);
	const isSet = value !== undefined && (colon === '' || value !== '');
	if (isSet && operator !== '+') return ok({content: value, end});
	if (!isSet && operator === '+') return ok({content: '', end});
	const word = expandWithin(text.slice(start + head.length, close), reading, depth + 1);
	if (!word.ok) return word;
	if (operator !== '?') return ok({content: word.value, end});
	// The text is shown without the values of its variables, which may be secrets.
	const written = text.slice(start + head.length, close);
	return fault(`needs ${name}, which is ${value === '' ? 'empty' : 'not set'}${written && `: ${written}`}`);
}

const OWN_DOLLAR = 'write $$ for a literal $';

/** The note about a variable of a config that is not set. */
export const UNSET = `not set, and replaced by nothing (${OWN_DOLLAR})`;

const BRACE = /\}|(?<=\$)\{/g;

/** The index of the brace that closes the one before `from`; -1: it is not closed. */
function closeOf(text: string, from: number): number {
	let open = 1;
	BRACE.lastIndex = from;
	for (let brace = BRACE.exec(text); brace; brace = BRACE.exec(text)) {
		open += brace[0] === '}' ? -1 : 1;
		if (open === 0) return brace.index;
	}
	return -1;
}

function valueOf(name: string, {lookup, unset}: Reading): string {
	const value = lookup(name);
	if (value === undefined) unset(name);
	return value ?? '';
}

const fault = (why: string, hint: string | null = null): Result<never, Fault> => err({why, hint});
