/**
 * archon's event loop (the reactor pattern): callbacks for descriptors that are ready, for times that have come, and
 * for the next turn. There is one, and PID 1 does nothing outside of it. Nothing polls: without a time to wait for it
 * sleeps until the kernel has something to tell.
 */
import type {Instant, Millis} from '../core/time.ts';
import {pid} from './identity.ts';
import {EPOLLIN, sys} from './sys.ts';

/** Called with the EPOLL* bits that are up. Level-triggered: what is left unread is told again. */
export type Watcher = (events: number) => void;

interface Timer {
	readonly at: Instant;
	callback: (() => void) | null;
}

/** Descriptors that are looked at in one turn; the rest is told in the next. */
const BATCH = 256;
/** Batches of other descriptors for which clients wait at most, where each is full. */
const ROUNDS = 16;
/** epoll_wait(2) counts in 31 bits. */
const LONGEST: Millis = 2 ** 31 - 1;

const ready = new Int32Array(2 * BATCH);
const nothing = new Int32Array(0);
const watchers = new Map<number, Watcher>();
let next: (() => void)[] = [];
let epoll = -1;
/** What is heard after all else has its own, which stands in the other for all of it. */
const last = new Set<number>();
let epollOfLast = -1;
let doesLastWait = false;
let whole = (act: () => void): void => act();
let onBug = (error: unknown): void => {
	throw error;
};

function descriptor(): number {
	if (epoll < 0) epoll = sys.epollCreate();
	if (epoll < 0) throw new Error(`epoll_create1: errno ${-epoll}`);
	return epoll;
}

/** Calls back whenever the descriptor is ready, until `forget`. */
export function watch(fd: number, events: number, watcher: Watcher): void {
	watchers.set(fd, watcher);
	sys.epollControl(descriptor(), 1, fd, events);
}

/**
 * The same for clients: in each turn they are heard after all else, so that nothing they are told is older than what
 * archon could know by then; and not by `poll`, which is called in the middle of what they may be told of.
 */
export function watchLast(fd: number, events: number, watcher: Watcher): void {
	if (epollOfLast < 0) {
		epollOfLast = sys.epollCreate();
		if (epollOfLast < 0) throw new Error(`epoll_create1: errno ${-epollOfLast}`);
		watch(epollOfLast, EPOLLIN, () => {
			doesLastWait = true;
		});
	}
	watchers.set(fd, watcher);
	last.add(fd);
	sys.epollControl(epollOfLast, 1, fd, events);
}

const epollOf = (fd: number): number => (last.has(fd) ? epollOfLast : descriptor());

export function changeInterest(fd: number, events: number): void {
	sys.epollControl(epollOf(fd), 3, fd, events);
}

/** Must come before the descriptor is closed. */
export function forget(fd: number): void {
	watchers.delete(fd);
	sys.epollControl(epollOf(fd), 2, fd, 0);
	last.delete(fd);
}

/** Calls back in the next turn. */
export function soon(callback: () => void): void {
	next.push(callback);
}

/** Calls back once after so long, unless the result is called before; never, where that is Infinity. */
export function after(millis: Millis, callback: () => void): () => void {
	if (millis === Infinity) return () => {};
	const timer: Timer = {at: sys.now() + millis, callback};
	add(timer);
	return () => {
		timer.callback = null;
	};
}

/** Hears what a callback throws, which is a bug of archon's. */
export function onUncaught(callback: (error: unknown) => void): void {
	onBug = callback;
	sys.onRejection(callback);
}

/** What keeps together what a ready descriptor leads to. */
export function holdTogether(act: (act: () => void) => void): void {
	whole = act;
}

/** For a process that is a copy of this one: it watches nothing of what this one does, and waits for nothing. */
export function startOver(): void {
	if (epoll >= 0) sys.close(epoll);
	epoll = -1;
	watchers.clear();
	next = [];
	timers.length = 0;
}

/** Runs the event loop for ever. */
export const run = (): void => sys.run(() => turn(LONGEST));

/** One turn, which waits for no longer than so. */
export function turn(longest: Millis): void {
	const callbacks = next;
	next = [];
	// What they have left to promises is done between two turns, and would wait as long as this one sleeps.
	let hasCalled = callbacks.length > 0;
	for (const callback of callbacks) attempt(callback);
	const now = sys.now();
	for (let timer = timers[0]; timer && timer.at <= now; timer = timers[0]) {
		removeFirst();
		if (!timer.callback) continue;
		hasCalled = true;
		attempt(timer.callback);
	}
	// The time of a timer that was cancelled is no reason to wake up.
	while (timers[0]?.callback === null) removeFirst();
	const rest = hasCalled || next.length > 0 ? 0 : (timers[0]?.at ?? Infinity) - sys.now();
	const count = hear(descriptor(), Math.min(longest, Math.max(0, Math.ceil(rest))));
	if (!doesLastWait) return;
	if (count === BATCH) pollAll();
	doesLastWait = false;
	hear(epollOfLast, 0);
}

/** Calls back for the descriptors that are ready by now, but for those that are heard last. */
export function poll(): void {
	hear(descriptor(), 0);
}

function pollAll(): void {
	for (let rounds = ROUNDS; hear(descriptor(), 0) === BATCH && rounds > 1; rounds--);
}

/**
 * For who has just read what a client says: whatever could be seen in the machine before it said so is known afterwards.
 * It may have seen a process dead for which SIGCHLD is still to be sent: the kernel does both under a lock (`exit_notify`),
 * for which wait(2) waits, even for a process that is nobody's child, as archon itself is.
 */
export function catchUp(): void {
	sys.waitPid(pid, nothing, true);
	pollAll();
}

/** How many were ready within so long. */
function hear(epoll: number, millis: Millis): number {
	const count = sys.epollWait(epoll, Math.min(LONGEST, millis), ready);
	if (count <= 0) return 0;
	// A callback may poll as well, and then the list is another one.
	const batch = count === 1 ? ready.slice(0, 2) : ready.slice(0, 2 * count);
	// A callback may close a descriptor, and another one have its number: what was heard is not about that.
	const meant: (Watcher | undefined)[] = [];
	for (let i = 0; i < batch.length; i += 2) meant.push(watchers.get(batch[i] ?? -1));
	for (const [index, watcher] of meant.entries()) {
		const [fd = -1, events = 0] = [batch[2 * index], batch[2 * index + 1]];
		if (watcher && watchers.get(fd) === watcher) attempt(() => whole(() => watcher(events)));
	}
	return count;
}

/** One callback that throws takes no other with it. */
function attempt(callback: () => void): void {
	try {
		callback();
	} catch (error) {
		onBug(error);
	}
}

// ── Timers ── A binary heap, the earliest first; who gives one up leaves it there.

const timers: Timer[] = [];

function add(timer: Timer): void {
	let at = timers.push(timer) - 1;
	while (at > 0) {
		const parent = (at - 1) >> 1;
		const above = timers[parent];
		if (!above || above.at <= timer.at) break;
		timers[at] = above;
		at = parent;
	}
	timers[at] = timer;
}

function removeFirst(): void {
	const last = timers.pop();
	if (!last || timers.length === 0) return;
	let at = 0;
	for (;;) {
		const [left, right] = [2 * at + 1, 2 * at + 2];
		const child = (timers[right]?.at ?? Infinity) < (timers[left]?.at ?? Infinity) ? right : left;
		const below = timers[child];
		if (!below || below.at >= last.at) break;
		timers[at] = below;
		at = child;
	}
	timers[at] = last;
}
