/**
 * supervisord's `%(NAME)s`, which is Python's formatting of strings; and what it splits texts with, Python's shlex. Variables that
 * are known only where the config runs stay in the text, between two characters that a config cannot hold.
 */
import {escaped, written} from '../translation.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Environment} from '../../../core/variables.ts';
import type {Place} from '../../problems.ts';
import type {Scalar} from '../../values.ts';

/** A text in which variables may stand. */
export type Text = string;

const [OPEN, CLOSE, NUMBER] = ['\x01', '\x02', '\x03'];

/** The number of an instance, which is archon's `{instance}`. */
export const INSTANCE: Text = NUMBER;

/** What a name stands for; undefined: it is not known. */
export type Names = (name: string) => string | number | undefined;

interface Fault {
	readonly why: string;
	readonly hint: string | null;
}

/** `%(name)` and how it is written: flags, width, precision, and the conversion. */
const FORMAT = /%(?:\(([^()]*)\))?([#0\- +]*)(\d{0,4})(?:\.\d{0,4})?[hlL]?([A-Za-z%])/y;

export function expand(text: string, names: Names): Result<Text, Fault> {
	let expanded = '';
	let at = 0;
	for (;;) {
		const next = text.indexOf('%', at);
		if (next < 0) return ok(expanded + text.slice(at));
		expanded += text.slice(at, next);
		FORMAT.lastIndex = next;
		const [whole = '', name, flags = '', width = '', conversion = ''] = FORMAT.exec(text) ?? [];
		if (conversion === '%') {
			expanded += '%';
		} else {
			const plain = {why: 'has a % that begins no %(NAME)s', hint: 'supervisord wants %% for a plain one'};
			if (whole === '' || name === undefined) return err(plain);
			const value = valueOf(name, names);
			if (value === undefined) return err({why: `has %(${name})${conversion}, which supervisord does not know here`, hint: null});
			const put = format(value, flags, Number(width), conversion);
			if (put === null) return err({why: `has ${whole}, which is not how this is written`, hint: `write %(${name})s`});
			expanded += put;
		}
		at = next + whole.length;
	}
}

function valueOf(name: string, names: Names): string | number | undefined {
	const known = names(name);
	if (known !== undefined) return known;
	if (name === 'host_node_name') return `${OPEN}HOSTNAME${CLOSE}`;
	const variable = /^ENV_([A-Za-z_]\w*)$/.exec(name)?.[1];
	return variable === undefined ? undefined : `${OPEN}${variable}${CLOSE}`;
}

/** Null: that is no way to write it; archon's `{instance}` is written as it is only. */
function format(value: string | number, flags: string, width: number, conversion: string): string | null {
	if (conversion === 's' || conversion === 'r' || conversion === 'a') {
		const text = conversion !== 's' && typeof value === 'string' ? `'${value}'` : String(value);
		return flags.includes('-') ? text.padEnd(width) : text.padStart(width);
	}
	if (value === INSTANCE && 'diu'.includes(conversion) && width === 0) return value;
	if (typeof value !== 'number' || !'diu'.includes(conversion)) return null;
	const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
	const digits = String(Math.abs(value));
	if (flags.includes('-')) return (sign + digits).padEnd(width);
	return flags.includes('0') ? sign + digits.padStart(width - sign.length, '0') : (sign + digits).padStart(width);
}

/** Whether no variable is in it. */
export const isFixed = (text: Text): boolean => !/[\x01\x03]/.test(text);

/** The text with the variables that there are now; null, and which one there is not. */
export function resolve(text: Text, environment: Environment): Result<string, string> {
	const missing = variablesIn(text).find(name => environment[name] === undefined);
	return missing === undefined ? ok(text.replace(VARIABLE, (_, name: string) => environment[name] ?? '')) : err(missing);
}

const VARIABLE = /\x01(\w+)\x02/g;

export const variablesIn = (text: Text): readonly string[] => [...text.matchAll(VARIABLE)].map(([, name = '']) => name);

/** As archon's own format has it. */
export const scalar = (at: Place, text: Text): Scalar =>
	written(at, escaped(text).replace(VARIABLE, '${$1}').replaceAll(NUMBER, '{instance}'));

/** The words of a command, as shlex.split has them; or what is wrong. */
export function splitCommand(text: Text): Result<readonly Text[], string> {
	const words: string[] = [];
	let word: string | null = null;
	for (let at = 0; at < text.length; at++) {
		const char = text.charAt(at);
		if (char === '\'' || char === '"') {
			const [end, quoted] = readQuoted(text, at, char);
			if (end < 0) return err('a quote is not closed (to supervisord, a ; after a blank begins a comment)');
			word = (word ?? '') + quoted;
			at = end;
		} else if (char === '\\') {
			at += 1;
			if (at === text.length) return err('nothing follows the last backslash');
			word = (word ?? '') + text.charAt(at);
		} else if (/[ \t\r\n]/.test(char)) {
			if (word !== null) words.push(word);
			word = null;
		} else {
			word = (word ?? '') + char;
		}
	}
	if (word !== null) words.push(word);
	return ok(words);
}

/** Where the quotes end, or -1, and what is between them; within double ones only they and backslashes are escaped. */
function readQuoted(text: string, start: number, quote: string): readonly [end: number, text: string] {
	let content = '';
	for (let at = start + 1; at < text.length; at++) {
		const char = text.charAt(at);
		if (char === quote) return [at, content];
		if (char === '\\' && quote === '"' && /["\\]/.test(text.charAt(at + 1))) content += text.charAt(++at);
		else content += char;
	}
	return [-1, ''];
}

/** `KEY=value,KEY="a, b"` as supervisord reads it: tokens of shlex in threes, and one between them. */
export function splitPairs(text: Text): Result<ReadonlyMap<string, Text>, string> {
	const tokens = tokensOf(text);
	if (!tokens.ok) return tokens;
	const pairs = new Map<string, string>();
	for (let at = 0; at < tokens.value.length; at += 4) {
		const [name = '', sign, value] = tokens.value.slice(at, at + 3);
		if (sign !== '=' || value === undefined) return err('is not KEY="value",KEY="value"');
		pairs.set(name, value.replace(/^['"]+|['"]+$/g, ''));
	}
	return ok(pairs);
}

const WORD = /[A-Za-z0-9_/.+\-():\x01-\x03]/;

/** shlex.shlex, which is no POSIX shell: quotes within a word are letters, and all signs are words of their own. */
function tokensOf(text: Text): Result<readonly string[], string> {
	const tokens: string[] = [];
	for (let at = 0; at < text.length;) {
		const char = text.charAt(at);
		if (/[ \t\r\n]/.test(char)) {
			at += 1;
		} else if (char === '#') {
			const end = text.indexOf('\n', at);
			at = end < 0 ? text.length : end + 1;
		} else if (char === '\'' || char === '"') {
			const end = text.indexOf(char, at + 1);
			if (end < 0) return err('has a quote that is not closed');
			tokens.push(text.slice(at, end + 1));
			at = end + 1;
		} else if (WORD.test(char)) {
			let token = '';
			while (at < text.length && !/[ \t\r\n]/.test(text.charAt(at))) {
				const next = text.charAt(at);
				if (next === '#') {
					const end = text.indexOf('\n', at);
					at = end < 0 ? text.length : end + 1;
				} else if (WORD.test(next) || next === '\'' || next === '"') {
					token += next;
					at += 1;
				} else {
					break;
				}
			}
			tokens.push(token);
		} else {
			tokens.push(char);
			at += 1;
		}
	}
	return ok(tokens);
}
