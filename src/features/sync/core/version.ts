/** Versions of releases: names that a folder can have, and which of two is newer. */

/** One name, which neither a shell nor a URL makes something else of. */
export const isVersion = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}$/.test(text) && !/\.(tmp|bad)$/.test(text);

/** Digits are one piece, and all else up to the next digit. */
const piecesOf = (text: string): readonly string[] => text.match(/\d+|[^\d]+/g) ?? [];

/**
 * Below 0 where `one` is older than `other`: piece by piece, numbers as numbers and the rest as text; where all are equal that
 * one of them has, the longer is newer. So 1.9 < 1.10 < 1.10.1, and 2026-09-01 < 2026-10-01.
 */
export function compareVersions(one: string, other: string): number {
	const [ours, theirs] = [piecesOf(one), piecesOf(other)];
	for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
		const [a, b] = [ours[i], theirs[i]];
		if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
		const compared = comparePieces(a, b);
		if (compared !== 0) return compared;
	}
	return 0;
}

function comparePieces(a: string, b: string): number {
	const [isNumber, isOther] = [/^\d/.test(a), /^\d/.test(b)];
	if (!isNumber || !isOther) return isNumber === isOther ? compareTexts(a, b) : isNumber ? 1 : -1;
	// They may have more digits than a number keeps.
	const [digits, others] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
	return digits.length - others.length || compareTexts(digits, others);
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
