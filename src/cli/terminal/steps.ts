/** The keys that move in lists and texts, as in less and vi. Pure. */

/** How far a key moves where that many rows are visible; null: it does not. */
export function stepOf(key: string, height: number): number | null {
	const page = Math.max(1, height - 1);
	switch (key) {
		case 'up': case 'k': return -1;
		case 'down': case 'j': return 1;
		case 'page-up': case 'ctrl-b': return -page;
		case 'page-down': case 'ctrl-f': return page;
		case 'home': case 'g': return -Infinity;
		case 'end': case 'G': return Infinity;
		default: return null;
	}
}
