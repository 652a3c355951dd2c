/** What comes from the client's stdin goes to the command, no faster than it is taken. */
import {newBytes} from '../../os/bytes.ts';
import {forget, watch} from '../../os/reactor.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, sys} from '../../os/sys.ts';
import {isPollable} from './pollable.ts';

export interface Input {
	/** Begins to read, or goes on. */
	start(): void;
	/** What comes from here on is left where it is. */
	stop(): void;
	/** For good: the command sees the end, as far as this is what holds it open. */
	close(): void;
}

export interface InputListener {
	/** Hears what was read, once it is written or has to wait: a terminal drops what a program has written when such a key comes (NOFLSH). */
	read?(bytes: Uint8Array): void;
	/** All is written, and nothing more will come. */
	ended(): void;
}

const READ = 4096;

/** `from` is not read before `start`. `to` never blocks, and is watched by others as well. */
export function createInput(from: number, to: number, listener: InputListener): Input {
	const buffer = newBytes(READ);
	const canWait = isPollable(from);
	const room = sys.anotherFd(to);
	let pending = buffer.subarray(0, 0);
	let unheard = pending;
	let [isOn, isOver, isWaiting, isWatched] = [false, false, false, false];

	const hear = (): void => {
		const wanted = isOn && !isOver && !isWaiting && canWait;
		if (wanted === isWatched) return;
		isWatched = wanted;
		if (wanted) watch(from, EPOLLIN, read);
		else forget(from);
	};
	const whenRoom = (then: () => void): void => {
		isWaiting = true;
		hear();
		watch(room, EPOLLOUT, () => {
			forget(room);
			isWaiting = false;
			then();
		});
	};
	const goOn = (): void => {
		hear();
		// Files and devices are always ready: one piece in each turn of the loop.
		if (!canWait && isOn && !isOver && !isWaiting) whenRoom(read);
	};
	const read = (): void => {
		if (!isOn || isOver || isWaiting) return;
		const count = sys.read(from, buffer);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return goOn();
		if (count > 0) {
			pending = buffer.subarray(0, count);
			unheard = pending;
			return write();
		}
		isOver = true;
		hear();
		listener.ended();
	};
	const tell = (): void => {
		const bytes = unheard;
		unheard = buffer.subarray(0, 0);
		if (bytes.length > 0) listener.read?.(bytes);
	};
	const write = (): void => {
		while (pending.length > 0) {
			const count = sys.write(to, pending);
			if (count === -ERRNO.EAGAIN) {
				whenRoom(write);
				return tell();
			}
			if (count === -ERRNO.EINTR) continue;
			// The command has closed its stdin, which is no end of its own.
			if (count < 0) isOver = true;
			pending = pending.subarray(count < 0 ? pending.length : count);
		}
		tell();
		goOn();
	};
	return {
		start() {
			isOn = true;
			goOn();
		},
		stop() {
			isOn = false;
			hear();
		},
		close() {
			[isOn, isOver] = [false, true];
			hear();
			if (isWaiting) forget(room);
			isWaiting = true;
			sys.close(room);
		},
	};
}
