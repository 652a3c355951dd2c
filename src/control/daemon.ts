/** Archon, as far as requests need it; the machine's side is brought in from outside. */
import type {Event} from '../core/event.ts';
import type {Refusal} from '../core/outcome.ts';
import type {Result} from '../core/result.ts';
import type {Service} from '../core/service.ts';
import type {Instant, Millis} from '../core/time.ts';
import type {Logging, Logs} from '../features/logging/core.ts';
import type {State} from '../core/state.ts';
import type {TreeRow} from './requests/tree/wire.ts';
import type {VersionRow} from './requests/version/wire.ts';

export interface Daemon {
	state(): State;
	/** When it returns, `state()` has heard the event, unless it was called while effects were told. */
	dispatch(event: Event): void;
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
	/** Re-executes archon, from the file at the path or from its own as it is now; calls back only if that cannot be, and why. */
	upgrade(path: string | null, failed: (why: string) => void): void;
	readonly logs: Logs;
	/** Where lines go of services for which nobody says anything else. */
	logging(): Logging;
}
