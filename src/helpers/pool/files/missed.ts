/** Files that were written between the time a node began to load and the time that it told of them. Pure. */
import type {Millis} from '../../../core/time.ts';

export interface Missed {
	/**
	 * Whether the node is to boot again for it; `tired`: it was, three times in a row, and now is not. All times in milliseconds since
	 * 1970; `written` is 0 where there is no such file.
	 */
	judge(node: string, path: string, written: number, since: number, now: number): 'yes' | 'no' | 'tired';
}

/** A file that is written at each boot of its node so often in a row is made by the boot. */
const MISSED_MAX = 3;
/** As many as a pool watches: with fewer, a boot that writes more of them would never be known for it. */
const PATHS_MAX = 100_000;
/** Times of files are behind the clock by up to a tick of the kernel, and never ahead. */
const TICK: Millis = 10;

export function createMissed(): Missed {
	/** How often in a row. */
	const counts = new Map<string, number>();
	return {
		judge(node, path, written, since, now) {
			// A time that is yet to come says nothing.
			const isLate = written > since && written <= now + TICK;
			// As it is of nearly all files.
			if (!isLate && counts.size === 0) return 'no';
			const key = `${node} ${path}`;
			if (!isLate) {
				counts.delete(key);
				return 'no';
			}
			const count = counts.get(key) ?? 0;
			if (count > MISSED_MAX) return 'no';
			if (count === 0 && counts.size >= PATHS_MAX) counts.clear();
			counts.set(key, count + 1);
			return count === MISSED_MAX ? 'tired' : 'yes';
		},
	};
}
