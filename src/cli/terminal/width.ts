/** How many cells of a terminal a character takes, and where a text may be parted. Pure. */

/** Cells of a code point, as wcwidth(3) has it; 0 for what is combined with the character before it, and for controls. */
export function widthOf(code: number): 0 | 1 | 2 {
	if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : 1;
	if (isWide(code)) return 2;
	const character = String.fromCodePoint(code);
	if (COMBINING.test(character)) return 0;
	return code >= 0x231a && EMOJI.test(character) && !(code >= 0x1f1e6 && code <= 0x1f1ff) ? 2 : 1;
}

/** Marks, joiners and other formats, and the parts of Korean syllables that stand below or behind others. */
const COMBINING = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
const EMOJI = /\p{Emoji_Presentation}/u;

/** Ranges of wide characters (Unicode, East Asian Width W and F), without the emoji among narrow ones. */
const WIDE: readonly (readonly [from: number, to: number])[] = [
	[0x1100, 0x115f], [0x2329, 0x232a], [0x2e80, 0x3029], [0x302e, 0x303e], [0x3041, 0x3098], [0x309b, 0x4dbf], [0x4e00, 0xa4cf],
	[0xa960, 0xa97c], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe10, 0xfe19], [0xfe30, 0xfe6f], [0xff01, 0xff60], [0xffe0, 0xffe6],
	[0x16fe0, 0x18dff], [0x1aff0, 0x1b2ff], [0x1f200, 0x1f2ff], [0x20000, 0x3fffd],
];

function isWide(code: number): boolean {
	if (code < 0x1100) return false;
	for (const [from, to] of WIDE) {
		if (code <= to) return code >= from;
	}
	return false;
}

/** Cells of a text without controls. */
export function textWidth(text: string): number {
	if (PLAIN.test(text)) return text.length;
	let width = 0;
	for (const character of text) width += widthOf(character.codePointAt(0) ?? 0);
	return width;
}

const PLAIN = /^[ -~]*$/;

/**
 * Where the character that begins at a place ends, with all that is combined with it: the next place that a cursor may
 * stand at. What terminals without a notion of clusters show as several has the sum of their widths.
 */
export function clusterEnd(text: string, at: number): number {
	// As nearly all are.
	if (text.charCodeAt(at) < 0x300 && !(text.charCodeAt(at + 1) >= 0x300)) return Math.min(at + 1, text.length);
	let end = at;
	/** The one before joins with whatever follows it. */
	let isJoined = false;
	for (const character of text.slice(at, at + CLUSTER_MAX)) {
		const code = character.codePointAt(0) ?? 0;
		const isFirst = end === at;
		if (!isFirst && !isJoined && (widthOf(code) > 0 || code < 0xa0) && !(code >= 0x1f3fb && code <= 0x1f3ff)) break;
		isJoined = code === JOINER;
		end += character.length;
	}
	return Math.min(end, text.length);
}

/** U+200D. */
const JOINER = 0x200d;
/** Text may have marks without end. */
const CLUSTER_MAX = 64;

/** The places between the clusters of a text, both its ends among them. */
export function clusterPlaces(text: string): readonly number[] {
	const places = [0];
	for (let at = 0; at < text.length;) {
		at = clusterEnd(text, at);
		places.push(at);
	}
	return places;
}
