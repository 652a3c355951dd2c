/** Times and sizes as people read them in tables. */

/** How long something has been: `12s`, `3m12s`, `2h05m`, `3d4h`: the two units that matter. */
export function age(millis: number): string {
	const seconds = Math.max(0, Math.floor(millis / 1000));
	const [minutes = 0, hours = 0, days = 0] = [60, 3600, 86_400].map(unit => Math.floor(seconds / unit));
	const two = (number: number): string => String(number).padStart(2, '0');
	if (days > 0) return `${days}d${hours % 24}h`;
	if (hours > 0) return `${hours}h${two(minutes % 60)}m`;
	return minutes > 0 ? `${minutes}m${two(seconds % 60)}s` : `${seconds}s`;
}

/** A ruling and when it was made: `its test said no (exit status 1, 12s ago)`; `at`: in milliseconds since 1970, null: not known. */
export function aged(text: string, at: number | null, now: number): string {
	if (at === null) return text;
	const ago = `${age(now - at)} ago`;
	return text.endsWith(')') ? `${text.slice(0, -1)}, ${ago})` : `${text} (${ago})`;
}

/** How long something took, where parts of a second matter: `0.4ms`, `40ms`, `1.2s`, `3m12s`. */
export function span(millis: number): string {
	if (millis < 999.5) return `${Number(millis.toFixed(millis < 10 ? 1 : 0))}ms`;
	return millis < 60_000 ? `${(millis / 1000).toFixed(1)}s` : age(millis);
}

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];

/** Bytes in units of 1024, as `ls -h` and `systemctl status` write them: `0B`, `512K`, `9.8M`, `1.5G`. */
export function size(bytes: number): string {
	let [value, unit] = [bytes, 0];
	while (value >= 1023.5 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
	return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)}${UNITS[unit]}`;
}
