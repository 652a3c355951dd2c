/** A line → the commands in it, as sh(1) parts it into words: quotes, backslashes, `;`, comments. Pure. */
import {err, ok, type Result} from '../../core/result.ts';

export interface Parsed {
	readonly commands: readonly (readonly string[])[];
	/** The word that the line ends in, for completion: where it begins, and what it says so far. Empty: a new one begins. */
	readonly last: {readonly from: number; readonly value: string};
	/** Words of the last command before that one. */
	readonly before: readonly string[];
	/** The line is not complete: a quote is open, or it ends with a backslash. */
	readonly isOpen: boolean;
	/** The first thing that a shell would do and this one does not. */
	readonly refused: string | null;
}

const OPERATORS: ReadonlySet<string> = new Set(['|', '&', '<', '>', '(', ')', '`']);

export function parse(line: string): Parsed {
	const commands: string[][] = [];
	let words: string[] = [];
	let word = '';
	let from = 0;
	let isWord = false;
	let quote: '"' | '\'' | null = null;
	let isOpen = false;
	let refused: string | null = null;

	const endWord = (): void => {
		if (isWord) words.push(word);
		[word, isWord] = ['', false];
	};
	const endCommand = (): void => {
		endWord();
		if (words.length > 0) commands.push(words);
		words = [];
	};
	const add = (text: string, at: number): void => {
		if (!isWord) from = at;
		word += text;
		isWord = true;
	};
	for (let i = 0; i < line.length; i++) {
		const sign = line[i] ?? '';
		if (quote === '\'') {
			if (sign === quote) quote = null;
			else word += sign;
		} else if (sign === '\\') {
			const next = line[i + 1];
			if (next === undefined) isOpen = true;
			else if (quote === '"' && !'"\\$`\n'.includes(next)) word += sign + next;
			else if (next !== '\n') add(next, i);
			i += 1;
		} else if (quote === '"') {
			if (sign === quote) quote = null;
			else word += sign;
		} else if (sign === '"' || sign === '\'') {
			add('', i);
			quote = sign;
		} else if (sign === ' ' || sign === '\t') {
			endWord();
		} else if (sign === ';' || sign === '\n') {
			endCommand();
		} else if (sign === '#' && !isWord) {
			const end = line.indexOf('\n', i);
			i = end < 0 ? line.length : end - 1;
		} else {
			if (OPERATORS.has(sign)) refused ??= sign;
			add(sign, i);
		}
	}
	const last = {from: isWord ? from : line.length, value: word};
	const before = words;
	isOpen ||= quote !== null;
	words = [...words];
	endCommand();
	return {commands, last, before, isOpen, refused};
}

/** The commands of a line that is complete. */
export function commandsOf(line: string): Result<readonly (readonly string[])[], string> {
	const {commands, refused} = parse(line);
	if (refused === null) return ok(commands);
	return err(`${refused} is not known here, unlike in sh: put it in quotes where it is meant as text`);
}

/** Whether Enter is to carry a line out. */
export const isWhole = (line: string): boolean => !parse(line).isOpen;

/** A word as it must be typed. */
export function quoted(word: string): string {
	if (word !== '' && !/[^\w@%+=:,./~*?[\]{}!-]/u.test(word) && !word.startsWith('#')) return word;
	return `'${word.replaceAll('\'', '\'\\\'\'')}'`;
}
