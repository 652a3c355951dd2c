/** Where bytes are cut into lines: blocks of whole lines, and pieces of lines that are too long. */

/** Calls for `[from, to)`: whole lines with their newlines, or a piece of a line that goes on after it. */
export type Cut = (from: number, to: number, isPiece: boolean) => void;

const NEWLINE = 10;

/**
 * Cuts the first `length` bytes; where what is left begins, which is less than `maxLine` bytes and has no newline.
 * One look for each `maxLine` bytes and not for each line: what fits into a window whole is not too long.
 */
export function cutLines(bytes: Buffer, length: number, maxLine: number, cut: Cut): number {
	let begin = 0;
	let at = 0;
	while (length - at > maxLine) {
		const newline = bytes.lastIndexOf(NEWLINE, at + maxLine);
		if (newline >= at) {
			at = newline + 1;
			continue;
		}
		if (at > begin) cut(begin, at, false);
		begin = wholeCharacters(bytes, at, at + maxLine);
		cut(at, begin, true);
		at = begin;
	}
	const last = length > at ? bytes.lastIndexOf(NEWLINE, length - 1) : -1;
	if (last >= at) at = last + 1;
	if (at > begin) cut(begin, at, false);
	return at;
}

/** The end of a piece, moved back so that it cuts no UTF-8 character in two. */
function wholeCharacters(bytes: Buffer, from: number, to: number): number {
	let end = to;
	while (end > from && to - end < 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
	return end > from && to - end < 4 ? end : to;
}

/** How many lines there are in whole lines. */
export function countLines(bytes: Buffer): number {
	let count = 0;
	for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
	return count;
}
