/** Sets of UTF-16 code units, and which code units a pattern cannot tell apart. */

/** A set: the code units, ascending, at which membership changes; what is below the first one is not in it. */
export type Characters = readonly number[];

/** What ends a line (ECMA-262, 12.3); `.` is all but these. */
export const NEWLINES: Characters = [0x0a, 0x0b, 0x0d, 0x0e, 0x2028, 0x202a];
export const DIGITS: Characters = [0x30, 0x3a];
export const WORD: Characters = [0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b];
export const SPACES: Characters = [
	0x09, 0x0e, 0x20, 0x21, 0xa0, 0xa1, 0x1680, 0x1681, 0x2000, 0x200b, 0x2028, 0x202a, 0x202f, 0x2030, 0x205f, 0x2060,
	0x3000, 0x3001, 0xfeff, 0xff00,
];

/** The code units `from` to `to`, both included. */
export const range = (from: number, to: number): Characters => [from, to + 1];

export const complement = (set: Characters): Characters => (set[0] === 0 ? set.slice(1) : [0, ...set]);

export function has(set: Characters, code: number): boolean {
	let isIn = false;
	for (const at of set) {
		if (at > code) break;
		isIn = !isIn;
	}
	return isIn;
}

export function union(sets: readonly Characters[]): Characters {
	// Where two ranges meet, the one begins before the other ends: they are one range.
	const steps = sets.flatMap(set => set.map((at, index) => ({at, by: index % 2 === 0 ? 1 : -1})));
	steps.sort((one, other) => one.at - other.at || other.by - one.by);
	const all: number[] = [];
	let depth = 0;
	for (const {at, by} of steps) {
		if (depth === 0 || depth + by === 0) all.push(at);
		depth += by;
	}
	return all;
}

/** The set with both cases of each ASCII letter in it. No other character has one of these as its other case. */
export function inBothCases(set: Characters): Characters {
	const others: Characters[] = [];
	for (let upper = 0x41; upper <= 0x5a; upper++) {
		const lower = upper + 0x20;
		if (has(set, upper) !== has(set, lower)) others.push(range(upper, upper), range(lower, lower));
	}
	return union([set, ...others]);
}

/** The letters of a pattern: each stands for all code units that are in the same ones of its sets. */
export interface Alphabet {
	/** By letter and by number of a set, 1 where the one is in the other. */
	readonly members: readonly Uint8Array[];
	/** By letter, one code unit that it stands for. */
	readonly samples: readonly number[];
	/** By code unit below 128, its letter. */
	readonly ascii: Uint16Array;
	/** The letter of any code unit. */
	letterOf(code: number): number;
}

export function alphabetOf(sets: readonly Characters[]): Alphabet {
	const changes = new Map<number, number[]>([[0, []]]);
	for (const [number, set] of sets.entries()) {
		for (const at of set) {
			const here = changes.get(at);
			if (here) here.push(number);
			else changes.set(at, [number]);
		}
	}
	const starts = [...changes.keys()].sort((one, other) => one - other);
	const here = new Uint8Array(sets.length);
	const known = new Map<string, number>();
	const [members, samples]: [Uint8Array[], number[]] = [[], []];
	const letters = starts.map(start => {
		for (const number of changes.get(start) ?? []) here[number]! ^= 1;
		const key = here.join('');
		const letter = known.get(key) ?? known.size;
		if (letter < known.size) return letter;
		known.set(key, letter);
		members.push(here.slice());
		samples.push(start);
		return letter;
	});
	const ascii = new Uint16Array(128);
	for (const [index, start] of starts.entries()) ascii.fill(letters[index]!, start);
	return {
		members, samples, ascii,
		letterOf(code) {
			let [low, high] = [0, starts.length];
			while (high - low > 1) {
				const middle = (low + high) >> 1;
				if (starts[middle]! <= code) low = middle;
				else high = middle;
			}
			return letters[low]!;
		},
	};
}
