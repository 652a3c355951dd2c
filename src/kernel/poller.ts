/**
 * One epoll instance for every raw descriptor that archon watches, itself one handle of libuv's loop:
 * a thousand pipes cost a thousand kernel entries and one callback per batch.
 */
import {epollControl, epollCreate, epollReady, whenReadable} from './native.ts';

/** Called with the EPOLL* bits that are up. Level-triggered: what is left unread is reported again. */
export type Watcher = (events: number) => void;

export interface Poller {
	watch(fd: number, events: number, watcher: Watcher): void;
	change(fd: number, events: number): void;
	/** Must come before the descriptor is closed. */
	forget(fd: number): void;
	/** Calls back for what is ready by now. */
	poll(): void;
	/** What happens in it is not torn apart (guard.ts); so it is with the callbacks of one batch anyhow. */
	readonly whole: Whole;
}

export type Whole = <T>(act: () => T) => T;

export function createPoller(whole: Whole = act => act()): Poller {
	const epoll = epollCreate();
	if (epoll < 0) throw new Error(`epoll_create1: errno ${-epoll}`);
	const watchers = new Map<number, Watcher>();
	const poll = (): void => whole(() => epollReady(epoll, (fd, events) => watchers.get(fd)?.(events)));
	whenReadable(epoll, poll);
	return {
		poll, whole,
		watch(fd, events, watcher) {
			watchers.set(fd, watcher);
			epollControl(epoll, 1, fd, events);
		},
		change(fd, events) {
			epollControl(epoll, 3, fd, events);
		},
		forget(fd) {
			watchers.delete(fd);
			epollControl(epoll, 2, fd, 0);
		},
	};
}
