/** Archon, as far as requests need it; the kernel's side is brought in from outside. */
import type {Event, Instant, Logging, Logs, Result} from '../core/model.ts';
import type {State} from '../core/state.ts';
import type {TreeRow, VersionRow} from './protocol.ts';

export interface Host {
	state(): State;
	/** When it returns, `state()` has heard the event, unless it was called while effects were told. */
	hear(event: Event): void;
	/** All processes below archon, as the machine has them now. */
	tree(): readonly TreeRow[];
	/** In milliseconds since 1970. */
	wallClock(instant: Instant): number;
	/** Reads the config anew and puts it in force; what has become of it, or all that is wrong with it. Nothing is lost then. */
	reload(): Result<string, string>;
	readonly ownUid: number;
	readonly version: VersionRow;
	/** Executes archon anew, from the file at the path or from its own as it is now; calls back only if that cannot be, and why. */
	upgrade(path: string | null, failed: (why: string) => void): void;
	readonly logs: Logs;
	/** Where lines go of services for which nobody says anything else. */
	logging(): Logging;
}
