/** Archon, as far as requests need it; the machine's side is brought in from outside. */
import type {Event, Instant, Logging, Logs, Millis, Refusal, Result, Service} from '../core/model.ts';
import type {State} from '../core/state.ts';
import type {TreeRow, VersionRow} from './protocol.ts';

export interface Host {
	state(): State;
	/** When it returns, `state()` has heard the event, unless it was called while effects were told. */
	hear(event: Event): void;
	/** All processes below archon, as the machine has them now. */
	tree(): readonly TreeRow[];
	/** Calls back in the next turn of the loop, when no effects are told. */
	soon(callback: () => void): void;
	/** Calls back once after so long. */
	after(millis: Millis, callback: () => void): void;
	/** In milliseconds since 1970. */
	wallClock(instant: Instant): number;
	/**
	 * Reads the config anew and puts it in force, now or soon; tells what has become of it, or all that is wrong with it.
	 * Nothing is lost then.
	 */
	reload(done: (result: Result<string, string>) => void): void;
	/** Tells, now or soon, why the files of variables of a service cannot be read now; null: they can. */
	examine(service: Service, told: (why: Refusal | null) => void): void;
	readonly ownUid: number;
	readonly version: VersionRow;
	/** Executes archon anew, from the file at the path or from its own as it is now; calls back only if that cannot be, and why. */
	upgrade(path: string | null, failed: (why: string) => void): void;
	readonly logs: Logs;
	/** Where lines go of services for which nobody says anything else. */
	logging(): Logging;
}
