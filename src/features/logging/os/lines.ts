/** Where bytes are cut into lines: blocks of whole lines, and pieces of lines that are too long. */

/** Calls for `[from, to)`: whole lines with their newlines, or a piece of a line that goes on after it. */
export type Cut = (from: number, to: number, isPiece: boolean) => void;

const NEWLINE = 10;

/**
 * Cuts the first `length` bytes; where what is left begins, which is less than `maxLine` bytes and has no newline.
 * One look for each `maxLine` bytes and not for each line: what fits into a window whole is not too long.
 */
export function cutLines(bytes: Uint8Array, length: number, maxLine: number, cut: Cut): number {
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
function wholeCharacters(bytes: Uint8Array, from: number, to: number): number {
	let end = to;
	while (end > from && to - end < 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
	return end > from && to - end < 4 ? end : to;
}

/** The whole lines that fit into `most` bytes, of lines that lie in several pieces; null: not one fits. */
export function linesThatFit(pieces: readonly Uint8Array[], most: number): readonly Uint8Array[] | null {
	let end = 0;
	let start = 0;
	for (const piece of pieces) {
		if (start >= most) break;
		const newline = piece.lastIndexOf(NEWLINE, Math.min(most - start, piece.length) - 1);
		if (newline >= 0) end = start + newline + 1;
		start += piece.length;
	}
	return end === 0 ? null : firstBytes(pieces, end);
}

/** The first line with its newline; all of the pieces where they have no newline. */
export function firstLine(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
	let start = 0;
	for (const piece of pieces) {
		const newline = piece.indexOf(NEWLINE);
		if (newline >= 0) return firstBytes(pieces, start + newline + 1);
		start += piece.length;
	}
	return pieces;
}

export function firstBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
	let left = count;
	return pieces.flatMap(piece => {
		const part = piece.subarray(0, Math.max(0, left));
		left -= piece.length;
		return part.length > 0 ? [part] : [];
	});
}
