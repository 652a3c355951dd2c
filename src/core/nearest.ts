/** Finds what a person may have meant by a word that is not known. */

/** The known word that is the fewest typing mistakes away, if few enough; the first of several. */
export function nearest(word: string, known: Iterable<string>): string | null {
	let best: string | null = null;
	// Never all of its letters: then it is another word.
	let least = Math.min(Math.max(1, Math.floor(word.length / 3)), word.length - 1);
	const typed = word.toLowerCase();
	for (const candidate of known) {
		if (Math.abs(candidate.length - word.length) > least) continue;
		const count = mistakes(typed, candidate.toLowerCase());
		if (count > least || (best !== null && count === least)) continue;
		best = candidate;
		least = count;
	}
	return best;
}

/** Letters missing, added, wrong, or swapped with the next one (optimal string alignment distance). */
function mistakes(a: string, b: string): number {
	let earlier: number[] = [];
	let previous = Array.from({length: b.length + 1}, (_, column) => column);
	for (let row = 1; row <= a.length; row += 1) {
		const current = [row];
		for (let column = 1; column <= b.length; column += 1) {
			const same = a[row - 1] === b[column - 1];
			const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			current.push(Math.min(
				previous[column]! + 1,
				current[column - 1]! + 1,
				previous[column - 1]! + (same ? 0 : 1),
				swapped ? earlier[column - 2]! + 1 : Infinity,
			));
		}
		earlier = previous;
		previous = current;
	}
	return previous[b.length]!;
}
