/** Moments as people type them: how long ago, a date with or without a time, or seconds since 1970. */
import {spanOf} from './duration.ts';

/** In milliseconds since 1970; null if the text is not a moment. A time without a zone is in the user's zone. */
export function momentOf(text: string, now: number): number | null {
	const span = spanOf(text);
	if (span !== null) return Math.max(0, Math.round(now - span));
	if (/^\d{9,11}(\.\d{1,9})?$/.test(text)) return Math.round(Number(text) * 1000);
	const [, date, time = '00:00', zone = ''] =
		/^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
	const at = Date.parse(`${date}T${time}${zone}`);
	return Number.isNaN(at) ? null : Math.max(0, at);
}
