/** Durations as they are written in a config. */
import type {Millis} from '../core/time.ts';

/** As it may be written: `1m30s`, `500ms`. */
export function said(millis: Millis): string {
	if (millis === Infinity) return 'unlimited';
	if (millis > 0 && millis < 1000) return `${Math.round(millis)}ms`;
	const [minutes, seconds] = [Math.floor(millis / 60_000), Math.round((millis % 60_000) / 100) / 10];
	return `${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 || minutes === 0 ? `${seconds}s` : ''}`;
}
