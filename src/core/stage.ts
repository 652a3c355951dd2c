/** The stages of archon as a whole: boot, running, stopping, sweeping, over. */
import type {Instant} from './time.ts';

/** The stage of archon as a whole. `reboots`: it begins again in the same process and container when all has ended. */
export type Stage =
	| {readonly kind: 'boot'}
	| {readonly kind: 'running'}
	/** The services stop: `force` 1 in order, 2 all at once, 3 by SIGKILL. */
	| {
		readonly kind: 'stopping'; readonly force: 1 | 2 | 3; readonly status: number; readonly why: string;
		readonly deadline: Instant;
		/** The factor, at most 1, that makes the longest chain of grace periods fit before the deadline. */
		readonly scale: number; readonly reboots?: true;
	}
	/** No service runs any more, and the remaining processes are ended. */
	| {
		readonly kind: 'sweeping'; readonly killed: boolean; readonly status: number; readonly why: string; readonly deadline: Instant;
		readonly reboots?: true;
	}
	| {readonly kind: 'over'; readonly status: number; readonly reboots?: true};
