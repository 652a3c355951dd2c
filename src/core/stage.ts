/** The stages of archon as a whole: boot, running, stopping, sweeping, over. */
import type {Id} from './ids.ts';
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
		/** Not asked for: it has ended with this service, or with all (null). What is done for that is awaited. */
		readonly cause?: Id | null;
	}
	/** No service runs any more, and the remaining processes are ended. */
	| {
		readonly kind: 'sweeping'; readonly killed: boolean; readonly status: number; readonly why: string; readonly deadline: Instant;
		readonly reboots?: true;
	}
	| {readonly kind: 'over'; readonly status: number; readonly reboots?: true};

/** Whether the container ends by itself and in order: the commands that tell of it come to their end first. */
export const awaitsActions = (stage: Stage): boolean => stage.kind === 'stopping' && stage.force === 1 && stage.cause !== undefined;

/** Whether it is the end of this service with which the container ends. */
export const isCause = (stage: Stage, id: Id | null): boolean =>
	stage.kind === 'stopping' && stage.force === 1 && id !== null && stage.cause === id;

export const SHUTTING_DOWN = 'archon is shutting down';

/** Why nothing can be started, in a stage other than `running`. */
export const whyNothingStarts = ({stage}: {readonly stage: Stage}): string =>
	(stage.kind === 'boot' ? 'the boot script is running, and services start when it has ended' : SHUTTING_DOWN);
