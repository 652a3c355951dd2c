/** Names in a sentence. */

/** `a, b and 3 more`. `most`: how many are named. */
export const listed = (names: readonly string[], most = 5): string =>
	names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');
