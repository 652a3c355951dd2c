/** Durations as people type them as arguments: `5s`, `1m30s`, `500ms`; a bare number is seconds. */

const UNITS: Readonly<Record<string, number>> = {d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1};

/** In milliseconds; null if the text is not a duration. */
export function durationOf(text: string): number | null {
	return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : spanOf(text);
}

/** The same, with units only. */
export function spanOf(text: string): number | null {
	if (!/^(\d+(\.\d+)?(d|h|ms|m|s))+$/.test(text)) return null;
	let millis = 0;
	for (const [, count, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) millis += Number(count) * (UNITS[unit] ?? 0);
	return Math.round(millis);
}
