/** Where the whole is: from boot over running to the end. */
import type {Instant} from './time.ts';

/** Where the whole is in its life. */
export type Stage =
	| {readonly kind: 'boot'}
	| {readonly kind: 'running'}
	/** Services end: `force` 1 in order, 2 all at once, 3 by SIGKILL. */
	| {
		readonly kind: 'stopping'; readonly force: 1 | 2 | 3; readonly status: number; readonly why: string;
		readonly deadline: Instant;
		/** What grace periods are multiplied by so that all tiers end before the deadline. */
		readonly scale: number;
	}
	/** Whatever is left is ended. */
	| {readonly kind: 'sweeping'; readonly killed: boolean; readonly status: number; readonly why: string; readonly deadline: Instant}
	| {readonly kind: 'over'; readonly status: number};
