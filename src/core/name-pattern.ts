/** Patterns for names of services: `*` stands for any text, `?` for any character. */

export const isPattern = (name: string): boolean => /[*?]/.test(name);

/** Whether a name matches a pattern. Backtracks to the last `*` only, so that no pattern takes long, as a RegExp may. */
export function fits(pattern: string, name: string): boolean {
	let [at, star, mark] = [0, -1, 0];
	let from = 0;
	while (from < name.length) {
		const char = pattern[at];
		if (char === '*') {
			[star, mark] = [at, from];
			at += 1;
		} else if (char !== undefined && (char === '?' || char === name[from])) {
			at += 1;
			from += 1;
		} else if (star >= 0) {
			mark += 1;
			[at, from] = [star + 1, mark];
		} else {
			return false;
		}
	}
	return /^\**$/.test(pattern.slice(at));
}
