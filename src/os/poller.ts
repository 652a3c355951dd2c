/** The descriptors that archon watches; what one of them leads to is not torn apart by a signal (reexec.ts). */
import {catchUp, changeInterest, forget, holdTogether, poll, watch, watchLast, type Watcher} from './reactor.ts';

export interface Poller {
	/** Level-triggered: what is left unread is told again. */
	watch(fd: number, events: number, watcher: Watcher): void;
	/** The same for a client, which is heard when all else is known that could be: `poll` leaves it alone. */
	watchLast(fd: number, events: number, watcher: Watcher): void;
	change(fd: number, events: number): void;
	/** Must come before the descriptor is closed. */
	forget(fd: number): void;
	/** Calls back for what is ready by now. */
	poll(): void;
	/** For who has just read what a client says: whatever could be seen before it said so is known afterwards. */
	catchUp(): void;
	/** What happens in it is not torn apart. */
	readonly whole: Whole;
}

export type Whole = <T>(act: () => T) => T;

export function createPoller(whole: Whole = act => act()): Poller {
	holdTogether(whole);
	return {watch, watchLast, change: changeInterest, forget, whole, poll, catchUp};
}
