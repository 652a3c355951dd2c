/** Finds the known word that a person may have meant by an unknown one. */

/** Longer words are not compared, as the cost grows with the square of the length. */
const LENGTH_MAX = 64;

/** How many known words are compared at most. */
const KNOWN_MAX = 2000;

/** The known word that is the fewest typing mistakes away, if few enough, the first of several; else the only one that it is a part of. */
export function nearest(word: string, known: Iterable<string>): string | null {
	if (word.length > LENGTH_MAX) return null;
	let best: string | null = null;
	// Fewer than all of its letters, else it would be another word.
	let least = Math.min(Math.max(1, Math.floor(word.length / 3)), word.length - 1);
	const typed = word.toLowerCase();
	let left = KNOWN_MAX;
	for (const candidate of known) {
		if (left-- === 0) break;
		if (Math.abs(candidate.length - word.length) > least) continue;
		// It must be better than the best so far.
		const count = mistakes(typed, candidate.toLowerCase(), best === null ? least : least - 1);
		if (count === null || !isNearInParts(typed, candidate.toLowerCase(), count)) continue;
		best = candidate;
		least = count;
	}
	return best ?? wholeOf(typed, known);
}

/** A shorter part says little: many words have it. */
const PART_MIN = 4;

/** The only word that has another one between its separators, as `service_healthy` has `healthy`. */
function wholeOf(typed: string, known: Iterable<string>): string | null {
	if (typed.length < PART_MIN) return null;
	let found: string | null = null;
	let left = KNOWN_MAX;
	for (const candidate of known) {
		if (left-- === 0) break;
		if (candidate.length <= typed.length || !candidate.toLowerCase().split(PARTS).includes(typed)) continue;
		if (found !== null) return null;
		found = candidate;
	}
	return found;
}

/** Whether each part is near: `stop_timeout` looks much like `start_timeout`, but is its opposite. */
function isNearInParts(typed: string, candidate: string, count: number): boolean {
	const [some, others] = [typed.split(PARTS), candidate.split(PARTS)];
	// A missing or additional separator is a mistake of its own, beside which few others are likely.
	if (some.length !== others.length) return count <= Math.max(1, Math.floor(typed.length / 6));
	return some.every((part, index) => mistakes(part, others[index]!, Math.max(1, Math.floor(part.length / 3))) !== null);
}

const PARTS = /[-_.]/;

/** Letters missing, added, wrong, or swapped with the next one (optimal string alignment distance); null: more than `most`. */
function mistakes(a: string, b: string, most: number): number | null {
	if (a === b) return most < 0 ? null : 0;
	const shorter = Math.min(a.length, b.length);
	let start = 0;
	while (start < shorter && a[start] === b[start]) start += 1;
	let same = 0;
	while (same < shorter - start && a[a.length - 1 - same] === b[b.length - 1 - same]) same += 1;
	return distance(a.slice(start, a.length - same), b.slice(start, b.length - same), most);
}

function distance(a: string, b: string, most: number): number | null {
	let earlier: number[] = [];
	let previous = Array.from({length: b.length + 1}, (_, column) => column);
	for (let row = 1; row <= a.length; row += 1) {
		const current = [row];
		let fewest = row;
		for (let column = 1; column <= b.length; column += 1) {
			const same = a[row - 1] === b[column - 1];
			const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			const count = Math.min(
				previous[column]! + 1,
				current[column - 1]! + 1,
				previous[column - 1]! + (same ? 0 : 1),
				swapped ? earlier[column - 2]! + 1 : Infinity,
			);
			current.push(count);
			fewest = Math.min(fewest, count);
		}
		// A swap reaches back by two rows and costs one.
		if (fewest > most + 1) return null;
		earlier = previous;
		previous = current;
	}
	const count = previous[b.length]!;
	return count <= most ? count : null;
}
