/** Durations as text. */
import type {Millis} from './time.ts';

/** `0.25 s`, `3.1 s`, `60 s`, `5 min`. */
export function duration(millis: Millis): string {
	if (millis >= 120_000) return `${Math.round(millis / 60_000)} min`;
	const seconds = millis / 1000;
	return `${Number(seconds.toFixed(seconds < 1 ? 2 : 1))} s`;
}
