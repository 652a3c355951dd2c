/** Bytes between a client and archon, both ways; neither is read faster than the other takes them. */
import {newBytes} from './bytes.ts';
import {close} from './descriptors.ts';
import type {Poller} from './poller.ts';
import {soon} from './reactor.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, isFile, newStat, sys} from './sys.ts';

export interface SpliceParts {
	readonly poller: Poller;
	/** The client's descriptors, which may be the same. */
	readonly input: number;
	readonly output: number;
	/** A stream socket to archon. */
	readonly archon: number;
	/** What the client has said already. */
	readonly first: Uint8Array;
	/** The client says no more; it still gets answers. */
	readonly ended: () => void;
	/** Archon has said all and the client has it, or one of them is gone. All descriptors are closed. */
	readonly over: () => void;
}

/** One way. */
interface Way {
	readonly from: number;
	readonly to: number;
	/** What the reader has not taken yet. */
	rest: Uint8Array;
	hasEnded: boolean;
}

/** Read at a stretch; then others have their turn. */
const BATCH = 16 << 10;
const scratch = newBytes(BATCH);
const NOTHING = newBytes(0);

/** Never waits where the descriptors do not. The result ends it, as `over` would be told. */
export function splice({poller, input, output, archon, first, ended, over}: SpliceParts): () => void {
	const there: Way = {from: input, to: archon, rest: first, hasEnded: false};
	const back: Way = {from: archon, to: output, rest: NOTHING, hasEnded: false};
	const interests = new Map<number, number>();
	const about = newStat();
	// A file is always ready, and nothing tells so (epoll_ctl(2), EPERM).
	const isFromFile = sys.fstat(input, about) === 0 && isFile(about);
	let isOver = false;

	function end(): void {
		if (isOver) return;
		isOver = true;
		for (const fd of interests.keys()) poller.forget(fd);
		for (const fd of new Set([input, output, archon])) close(fd);
		over();
	}

	/** Writes what is left; false: it is not all out. */
	function flush(way: Way): boolean {
		while (way.rest.length > 0 && !isOver) {
			const count = sys.write(way.to, way.rest);
			if (count === -ERRNO.EINTR) continue;
			if (count === -ERRNO.EAGAIN) return false;
			if (count < 0) {
				end();
				return false;
			}
			way.rest = way.rest.subarray(count);
		}
		return !isOver;
	}

	function pump(way: Way): void {
		if (!flush(way)) return;
		if (!way.hasEnded) {
			const count = sys.read(way.from, scratch);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			if (count < 0) return end();
			way.hasEnded = count === 0;
			way.rest = scratch.subarray(0, count);
			const isOut = flush(way);
			// The buffer is used again.
			way.rest = way.rest.slice();
			if (!isOut) return;
		}
		if (!way.hasEnded) return;
		if (way === back) return end();
		sys.shutdownWrite(archon);
		ended();
	}

	function adjust(): void {
		if (isOver) return;
		const wanted = new Map<number, number>();
		for (const {from, to, rest, hasEnded} of [there, back]) {
			if (rest.length > 0) wanted.set(to, (wanted.get(to) ?? 0) | EPOLLOUT);
			else if (!hasEnded && !(isFromFile && from === input)) wanted.set(from, (wanted.get(from) ?? 0) | EPOLLIN);
		}
		// That nothing is wanted of the client's output must not hide that its reader is gone.
		if (!wanted.has(output)) wanted.set(output, 0);
		for (const fd of [...interests.keys()]) {
			if (wanted.has(fd)) continue;
			interests.delete(fd);
			poller.forget(fd);
		}
		for (const [fd, events] of wanted) {
			const before = interests.get(fd);
			if (before === undefined) poller.watch(fd, events, told => heard(fd, told));
			else if (before !== events) poller.change(fd, events);
			interests.set(fd, events);
		}
	}

	function heard(fd: number, events: number): void {
		const [isReadable, isWritable] = [there.from === fd && (interests.get(fd) ?? 0) & EPOLLIN, (interests.get(fd) ?? 0) & EPOLLOUT];
		if (isWritable) pump(there.to === fd ? there : back);
		if (isReadable && !isOver) pump(there);
		if (fd === archon && !isOver && (interests.get(fd) ?? 0) & EPOLLIN) pump(back);
		// Its reader is gone, and nothing else would tell.
		if (fd === output && !isOver && (events & (EPOLLIN | EPOLLOUT)) === 0 && !isReadable && !isWritable) return end();
		adjust();
		if (isWritable) readOn();
	}

	function readOn(): void {
		if (!isFromFile || isOver || there.hasEnded || there.rest.length > 0) return;
		soon(() => {
			pump(there);
			adjust();
			readOn();
		});
	}

	pump(there);
	adjust();
	readOn();
	return end;
}
