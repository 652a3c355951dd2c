/** Tokens, by which clients of a network are known: what they look like, and how two are compared. */

/** More than anyone tries out, and few enough that a comparison costs little. */
const [LEAST, MOST] = [16, 256];

/** Tokens of one file: the old one and the new one hold side by side while a token is exchanged. */
const TOKENS_MAX = 8;

/** Printable ASCII without what a record would have to quote. */
const TOKEN = /^[!#-+\--[\]-~]{16,256}$/;

/** Bytes of a file of tokens. */
export const TOKEN_FILE_MAX = 4096;

/** The tokens of a file, one a line; or what is wrong with it, in words that never hold a part of one. */
export function tokensIn(text: string): readonly string[] | string {
	const lines = text.split('\n').map(line => line.trim()).filter(line => line !== '');
	if (lines.length === 0) return 'holds no token';
	if (lines.length > TOKENS_MAX) return `holds more than ${TOKENS_MAX} lines, each of which is a token`;
	const wrong = lines.findIndex(line => !TOKEN.test(line));
	if (wrong < 0) return lines;
	const what = `${LEAST} to ${MOST} letters, digits and other signs, without spaces, commas, quotes and backslashes`;
	return `line ${wrong + 1} is no token: ${what}`;
}

/** Whether two texts are the same; it takes as long for any two. */
export function isSame(one: string, other: string): boolean {
	let difference = one.length ^ other.length;
	// Behind the end of a text there is NaN, which counts as 0.
	for (let i = 0; i < MOST; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
	return difference === 0;
}
