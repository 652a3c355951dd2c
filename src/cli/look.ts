/** Whether what is shown may have colours, and what time it is. */
import type {Io} from './command.ts';

export interface Look {
	readonly isColoured: boolean;
	/** In milliseconds since 1970. */
	readonly now: number;
}

/** no-color.org: any value but the empty one turns colours off. */
export const lookOf = ({isTty, env}: Io): Look =>
	({isColoured: isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb', now: Date.now()});
