/** The log of what was refused: some of it at once, and of the rest how much there was. */
import type {Daemon} from './daemon.ts';

/** How many are logged in a period, and how long that is in milliseconds. */
const [MOST, PERIOD] = [10, 60_000];

export type Refusals = (reason: string) => void;

export function createRefusals({warn, after}: Pick<Daemon, 'warn' | 'after'>): Refusals {
	/** Of the period under way; 0: none is. */
	let count = 0;
	const close = (): void => {
		const unsaid = count - MOST;
		count = 0;
		if (unsaid > 0) warn(`${unsaid} more ${unsaid === 1 ? 'request was' : 'requests were'} refused in the last minute`);
	};
	return reason => {
		if (count === 0) after(PERIOD, close);
		count += 1;
		if (count <= MOST) warn(reason);
	};
}
