/** What the core keeps about services that start with their first connection. */
import type {Id} from '../../../core/ids.ts';
import type {Instant} from '../../../core/time.ts';

/** The key of this part of the state. */
export const NAME = 'sockets';

/** The feature's part of the state. */
export interface Listening {
	/** Whether a service has sockets, or descriptors that are kept. */
	readonly isHeld: boolean;
	/** Services that start with their first connection. */
	readonly lazy: readonly Id[];
	/** Those of them for whose next connection archon waits. */
	readonly armed: readonly Id[];
	/** By such a service: how many starts connections may still ask for at once, and since when that counts. */
	readonly allowances: Readonly<Record<Id, {readonly left: number; readonly at: Instant}>>;
	/** Services that connections have started too often, and until when no connection does; null: none has. */
	readonly resting: Readonly<Record<Id, Instant>> | null;
}
