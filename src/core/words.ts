/**
 * Splits a line into words by the quoting rules of a POSIX shell (XCU 2.2). Nothing else of a shell is done: there are no
 * variables, globs, pipes or comments, and `$`, `*`, `;` and `|` are ordinary characters.
 */
import {err, ok, type Result} from './result.ts';

/** The characters that a backslash escapes within double quotes; before all others it is itself (POSIX XCU 2.2.3). */
const ESCAPABLE = '"\\$`';

/** The words of `text`; an empty list if it is blank. The error says which quote is not closed. */
export function splitWords(text: string): Result<string[], string> {
	const words: string[] = [];
	// Null between words: `''` is a word of no characters.
	let word: string | null = null;
	let at = 0;
	while (at < text.length) {
		const char = text.charAt(at);
		if (char === '\'') {
			const end = text.indexOf('\'', at + 1);
			if (end < 0) return err('a single quote is not closed');
			word = (word ?? '') + text.slice(at + 1, end);
			at = end + 1;
		} else if (char === '"') {
			const quoted = readDoubleQuoted(text, at + 1);
			if (quoted === null) return err('a double quote is not closed');
			word = (word ?? '') + quoted.text;
			at = quoted.end;
		} else if (char === '\\') {
			if (at + 1 === text.length) return err('nothing follows the last backslash');
			const escaped = text.charAt(at + 1);
			// A backslash and a newline continue the line.
			if (escaped !== '\n') word = (word ?? '') + escaped;
			at += 2;
		} else if (char === ' ' || char === '\t' || char === '\n') {
			if (word !== null) words.push(word);
			word = null;
			at += 1;
		} else {
			word = (word ?? '') + char;
			at += 1;
		}
	}
	if (word !== null) words.push(word);
	return ok(words);
}

/** The text from `start`, after the opening quote; `end` is after the closing one. Null: the quote is not closed. */
function readDoubleQuoted(
	text: string,
	start: number,
): {readonly text: string; readonly end: number} | null {
	let content = '';
	for (let at = start; at < text.length; at += 1) {
		const char = text.charAt(at);
		if (char === '"') return {text: content, end: at + 1};
		const next = text.charAt(at + 1);
		if (char === '\\' && next === '\n') {
			at += 1;
		} else if (char === '\\' && next !== '' && ESCAPABLE.includes(next)) {
			content += next;
			at += 1;
		} else {
			content += char;
		}
	}
	return null;
}
