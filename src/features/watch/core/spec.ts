/** What of a service is watched, and what is done when it changes. */
import type {Action} from '../../../core/action.ts';
import type {Millis} from '../../../core/time.ts';

/** One item of `watch`. */
export type WatchSpec =
	| {
		readonly kind: 'path';
		/** A file, or a folder with all that is below it. */
		readonly path: string;
		/** Patterns of what counts below a folder; empty: all that is not excluded. */
		readonly include: readonly string[];
		readonly exclude: readonly string[];
		readonly actions: readonly Action[];
		/** How long it must have been left alone. */
		readonly debounce: Millis;
	}
	/** The program and the libraries that its processes have mapped: it is restarted when these are other files, or gone. */
	| {readonly kind: 'libraries'; readonly debounce: Millis};

export type PathWatch = Extract<WatchSpec, {kind: 'path'}>;
