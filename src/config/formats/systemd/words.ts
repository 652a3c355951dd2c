/** Command lines of systemd.service(5): their words, prefixes and variables. */
import type {Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, literal} from '../translation.ts';

/** One command of an `Exec…=` line. */
export interface ExecLine {
	readonly words: readonly string[];
	/** `-`: a failure does not count. */
	readonly mayFail: boolean;
	/** `+`, `!`, `!!`: runs as root. */
	readonly isPrivileged: boolean;
	/** `:`: a `$` has no meaning. */
	readonly isLiteral: boolean;
	/** `@`: the second word is what the program sees as its own name. */
	readonly alias: string | null;
}

/** Quotes and escapes as systemd reads them; null if a quote is not closed. */
export function splitQuoted(text: string): string[] | null {
	const words: string[] = [];
	let word: string | null = null;
	let quote = '';
	for (let at = 0; at < text.length; at++) {
		const char = text.charAt(at);
		if (char === '\\') {
			const [taken, meant] = unescape(text, at);
			word = (word ?? '') + meant;
			at += taken - 1;
		} else if (quote !== '') {
			if (char === quote) quote = '';
			else word += char;
		} else if (char === '"' || char === '\'') {
			quote = char;
			word ??= '';
		} else if (/\s/.test(char)) {
			if (word !== null) words.push(word);
			word = null;
		} else {
			word = (word ?? '') + char;
		}
	}
	if (word !== null) words.push(word);
	return quote === '' ? words : null;
}

const ESCAPES: Readonly<Record<string, string>> = {
	'a': '\x07', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '"': '"', '\'': '\'', 's': ' ', ';': ';', ' ': ' ',
};

/** How many characters an escape has, and what it stands for; an unknown one stands for itself. */
function unescape(text: string, at: number): readonly [taken: number, meant: string] {
	const [whole, hex, octal] = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3}))/.exec(text.slice(at, at + 4)) ?? [];
	if (whole !== undefined) return [whole.length, String.fromCharCode(hex === undefined ? parseInt(octal ?? '', 8) : parseInt(hex, 16))];
	const char = text.charAt(at + 1);
	return [2, ESCAPES[char] ?? `\\${char}`];
}

/** The commands of one line; those of a oneshot may be several, with a lone `;` between them. Null: a quote is not closed. */
export function readExec(text: string): readonly ExecLine[] | null {
	const words = splitQuoted(text);
	if (!words) return null;
	const commands: string[][] = [[]];
	for (const word of words) {
		if (word === ';') commands.push([]);
		else commands.at(-1)?.push(word);
	}
	return commands.filter(({length}) => length > 0).map(([first = '', ...rest]) => {
		const [prefix = ''] = /^[-@:+!|]*/.exec(first) ?? [];
		const [alias = null, ...others] = prefix.includes('@') ? rest : [null, ...rest];
		return {
			words: [first.slice(prefix.length), ...others.filter(word => word !== null)], alias,
			mayFail: prefix.includes('-'), isPrivileged: /[+!]/.test(prefix), isLiteral: prefix.includes(':'),
		};
	});
}

/** `known`: variables whose value is sure; null: no variable is, and a shell looks at all of them. */
export function toCommand(at: Place, {words, mayFail, isLiteral}: ExecLine, known: ReadonlyMap<string, string> | null): Value {
	const plain = isLiteral ? words : plainWords(words, known);
	if (plain && !mayFail) return list(at, plain.map(word => literal(at, word)));
	const line = plain ? plain.map(word => quoteForShell(word)).join(' ') : words.map(shellWord).join(' ');
	const script = mayFail ? `${plain ? '' : 'set -f; '}${line} || :` : `set -f; exec ${line}`;
	return list(at, ['/bin/sh', '-c', script].map(word => literal(at, word)));
}

/** Several commands as one, which ends with the first that fails. */
export const toSequence = (at: Place, lines: readonly ExecLine[]): Value => list(at, [
	'/bin/sh', '-c', `set -f; ${lines.map(({words, mayFail, isLiteral}) => {
		const line = words.map(word => (isLiteral ? quoteForShell(word) : shellWord(word))).join(' ');
		return mayFail ? `{ ${line} || :; }` : line;
	}).join(' && ')}`,
].map(word => literal(at, word)));

const ALONE = /^\$([A-Za-z_]\w*)$/;
const INSIDE = /\$\$|\$\{([A-Za-z_]\w*)\}/g;

/** The words with their variables put in; null if that is for a shell to do. */
function plainWords(words: readonly string[], known: ReadonlyMap<string, string> | null): readonly string[] | null {
	const plain: string[] = [];
	for (const word of words) {
		const alone = ALONE.exec(word)?.[1];
		const names = alone === undefined ? [...word.matchAll(INSIDE)].flatMap(([, name]) => name ?? []) : [alone];
		if (names.length > 0 && (!known || names.some(name => !known.has(name)))) return null;
		if (alone === undefined) plain.push(word.replace(INSIDE, (_, name?: string) => (name === undefined ? '$' : known?.get(name) ?? '')));
		else for (const each of splitQuoted(known?.get(alone) ?? '') ?? []) plain.push(each);
	}
	return plain;
}

/** A word for `sh`, in which a variable that is a word of its own is split, and all others are not. */
const shellWord = (word: string): string => (ALONE.test(word) ? word : quoteForShell(word, true));

function quoteForShell(word: string, hasVariables = false): string {
	if (/^[\w@%+=:,./-]+$/.test(word)) return word;
	if (!hasVariables || word.search(INSIDE) < 0) return `'${word.replaceAll('\'', '\'\\\'\'')}'`;
	const parts = word.split(/(\$\$|\$\{[A-Za-z_]\w*\})/);
	return `"${parts.map(part => (part === '$$' ? '\\$' : /^\$\{/.test(part) ? part : part.replaceAll(/["\\$`]/g, '\\$&'))).join('')}"`;
}
