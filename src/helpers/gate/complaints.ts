/** What the helper says of clients, on stderr and so in the log: no more than a log can bear, whatever they do. */
import type {Instant, Millis} from '../../core/time.ts';

export interface Complaints {
	say(text: string): void;
	/** A client of the address was refused, the `count`th time in a row. */
	count(address: string, count: number, what: string): void;
}

/** Lines in so long; what comes beyond is counted. */
const [LINES_MAX, PERIOD]: readonly [number, Millis] = [20, 60_000];

export function createComplaints(now: () => Instant, write: (text: string) => void): Complaints {
	let began = -Infinity;
	let lines = 0;
	let kept = 0;

	function say(text: string): void {
		const at = now();
		if (at - began > PERIOD) {
			if (kept > 0) write(`${kept} more clients were refused`);
			[began, lines, kept] = [at, 0, 0];
		}
		if (lines >= LINES_MAX) {
			kept += 1;
			return;
		}
		lines += 1;
		write(text);
	}
	return {
		say,
		count(address, count, what) {
			// The 1st, 2nd, 4th, 8th, …
			if ((count & (count - 1)) === 0) say(`a client at ${address} was refused: it has ${what}${count > 1 ? ` (${count} times)` : ''}`);
		},
	};
}
