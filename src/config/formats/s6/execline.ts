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
			if (word === null) return refuse(at, 'a quote is not closed');
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

/** `isBare`: without quotes and escapes. Null: a quote is not closed. */
function readWord(text: string, start: number): {readonly text: string; readonly end: number; readonly isBare: boolean} | null {
	const parts: string[] = [];
	let [at, isQuoted, isBare] = [start, false, true];
	for (; at < text.length; at++) {
		const character = text[at] ?? '';
		if (character === '"') {
			[isQuoted, isBare] = [!isQuoted, false];
		} else if (character === '\\') {
			isBare = false;
			const escape = readEscape(text, at + 1, isQuoted);
			parts.push(escape.text);
			at = escape.last;
		} else if (!isQuoted && /\s/.test(character)) {
			break;
		} else {
			parts.push(character);
		}
	}
	return isQuoted ? null : {text: parts.join(''), end: at, isBare};
}

/** In quotes letters and numbers stand for characters; `last`: where the escape ends. */
function readEscape(text: string, at: number, isQuoted: boolean): {readonly text: string; readonly last: number} {
	const character = text[at] ?? '';
	if (character === '\n') return {text: '', last: at};
	if (!isQuoted) return {text: character, last: at};
	const [, hexadecimal, decimal] = /^(?:0x([0-9A-Fa-f]{2})|(\d{1,3}))/.exec(text.slice(at, at + 4)) ?? [];
	if (hexadecimal !== undefined) return {text: String.fromCharCode(Number.parseInt(hexadecimal, 16)), last: at + 3};
	if (decimal !== undefined) return {text: String.fromCharCode(Number(decimal)), last: at + decimal.length - 1};
	return {text: ESCAPES[character] ?? character, last: at};
}
