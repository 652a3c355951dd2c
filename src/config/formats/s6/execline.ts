/** The language of execline scripts: words, quotes and blocks (execlineb, "Syntax of an execlineb script"). */
import type {Place, Report, Source} from '../../problems.ts';

/** A word, or a block in braces. */
export type Term = Word | Block;

export interface Word extends Place {
	readonly text: string;
	/** Of a word in a shell's double quotes: the variables in it, as in `${PORT:-80}`. */
	readonly variables?: readonly string[];
}

export interface Block extends Place {
	readonly terms: readonly Term[];
}

export const isBlock = (term: Term | undefined): term is Block => term !== undefined && 'terms' in term;

/** How deep blocks may lie in each other. */
const DEPTH_MAX = 100;

const ESCAPES: Readonly<Record<string, string>> = {a: '\x07', b: '\b', t: '\t', n: '\n', v: '\v', f: '\f', r: '\r'};

/** The terms of a script, from `offset` on; null if it is not one, which is reported. */
export function readExecline(source: Source, offset: number, report: Report): readonly Term[] | null {
	const {text} = source;
	const open: {readonly terms: Term[]; readonly offset: number}[] = [{terms: [], offset}];
	const refuse = (offset: number, why: string): null => {
		report({source, offset}, why);
		return null;
	};
	let at = offset;
	while (at < text.length) {
		const character = text[at] ?? '';
		if (/\s/.test(character)) {
			at += 1;
		} else if (character === '#') {
			const end = text.indexOf('\n', at);
			at = end < 0 ? text.length : end;
		} else {
			const word = readWord(text, at);
			if ('refused' in word) return refuse(word.refused, word.why);
			const [terms, start] = [open.at(-1)?.terms ?? [], at];
			at = word.end;
			if (word.isBare && word.text === '{') {
				if (open.length > DEPTH_MAX) return refuse(start, `blocks are more than ${DEPTH_MAX} deep`);
				open.push({terms: [], offset: start});
			} else if (word.isBare && word.text === '}') {
				const block = open.length > 1 ? open.pop() : undefined;
				if (!block) return refuse(start, 'a block is closed that was not opened');
				open.at(-1)?.terms.push({source, ...block});
			} else {
				terms.push({source, offset: start, text: word.text});
			}
		}
	}
	const [outer, unclosed] = open;
	return unclosed ? refuse(unclosed.offset, 'a block is not closed') : outer?.terms ?? [];
}

interface Read {
	readonly text: string;
	readonly end: number;
	/** Without quotes and escapes. */
	readonly isBare: boolean;
}

function readWord(text: string, start: number): Read | {readonly refused: number; readonly why: string} {
	const parts: string[] = [];
	let [at, isQuoted, isBare] = [start, false, true];
	for (; at < text.length; at++) {
		const character = text[at] ?? '';
		if (character === '"') {
			[isQuoted, isBare] = [!isQuoted, false];
		} else if (character === '\\') {
			isBare = false;
			const escape = readEscape(text, at + 1, isQuoted);
			if (!escape) return {refused: at, why: 'a number in quotes is that of no character'};
			parts.push(escape.text);
			at = escape.last;
		} else if (!isQuoted && /\s/.test(character)) {
			break;
		} else {
			parts.push(character);
		}
	}
	return isQuoted ? {refused: start, why: 'a quote is not closed'} : {text: parts.join(''), end: at, isBare};
}

/** In quotes letters and numbers stand for characters; `last`: where the escape ends. Null: a number stands for none. */
function readEscape(text: string, at: number, isQuoted: boolean): {readonly text: string; readonly last: number} | null {
	const character = text[at] ?? '';
	if (!isQuoted) return {text: character, last: at};
	if (character === '\n') return {text: '', last: at};
	if (!/\d/.test(character)) return {text: ESCAPES[character] ?? character, last: at};
	const [whole, hexadecimal, octal, decimal] = /^(?:0x([0-9A-Fa-f]{1,2})|0([0-7]{1,3})|([1-9]\d{0,2}))/.exec(text.slice(at, at + 4)) ?? [];
	const code = Number.parseInt(hexadecimal ?? octal ?? decimal ?? '', hexadecimal !== undefined ? 16 : octal !== undefined ? 8 : 10);
	if (whole === undefined || code > 255) return null;
	return {text: code < 128 ? String.fromCharCode(code) : BYTE, last: at + whole.length - 1};
}

/** Stands for a byte that is no character by itself. */
export const BYTE = '\ufffd';
