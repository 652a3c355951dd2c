/** What a command writes goes to a stream of the client's, no faster than that takes it. */
import {newBytes} from '../../os/bytes.ts';
import {changeInterest, forget, soon, watch} from '../../os/reactor.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, O, sys} from '../../os/sys.ts';
import {isPollable} from './pollable.ts';

export interface Output {
	/** Begins to read. */
	start(): void;
	/** Calls back once all that can be read by now is written. */
	drain(done: () => void): void;
}

const READ = 64 * 1024;
/** What a pipe with room for something takes without waiting (PIPE_BUF of pipe(7)). */
const PIECE = 4096;
/** A command that is over has no more than that in the kernel; what writes on is not the command. */
const LEFT_MAX = 1 << 20;

/** `broken`: it has no reader any more. */
export function createOutput(from: number, to: number, broken: () => void): Output {
	const buffer = newBytes(READ);
	const canWait = isPollable(to);
	const sink = canWait && sys.isTerminal(to) ? own(to) : to;
	let pending = buffer.subarray(0, 0);
	let [isBegun, isOver, left] = [false, false, LEFT_MAX];
	let drained: (() => void) | null = null;

	const stop = (): void => {
		if (isOver) return;
		isOver = true;
		forget(from);
	};
	const look = (): void => {
		if (drained === null || pending.length > 0 || !(isOver || left <= 0)) return;
		const done = drained;
		drained = null;
		soon(done);
	};
	const read = (): void => {
		if (isOver || pending.length > 0) return;
		const count = sys.read(from, buffer);
		if (count > 0) {
			pending = buffer.subarray(0, count);
			if (drained !== null) left -= count;
			if (!canWait) return write(pending.length);
			changeInterest(from, 0);
			watch(sink, EPOLLOUT, () => write(PIECE));
			return;
		}
		if (count === -ERRNO.EINTR) return;
		// All that the command wrote has come where it has ended.
		if (count === -ERRNO.EAGAIN && drained === null) return;
		stop();
		look();
	};
	/** As many bytes at once. */
	const write = (most: number): void => {
		while (pending.length > 0) {
			const count = sys.write(sink, pending.subarray(0, most));
			if (count === -ERRNO.EAGAIN) return;
			if (count === -ERRNO.EINTR) continue;
			if (count < 0) {
				pending = pending.subarray(pending.length);
				stop();
				broken();
			} else {
				pending = pending.subarray(count);
			}
			if (canWait && pending.length > 0 && sink === to) return;
		}
		if (canWait) forget(sink);
		if (!isOver && canWait) changeInterest(from, EPOLLIN);
		if (drained !== null) read();
		look();
	};
	const start = (): void => {
		if (!isBegun) watch(from, EPOLLIN, read);
		isBegun = true;
	};
	return {
		start,
		drain(done) {
			drained = done;
			start();
			read();
			look();
		},
	};
}

/** The same terminal as an open file of its own, which never blocks; as it is, where it cannot be opened. */
function own(fd: number): number {
	const opened = sys.open(`/proc/self/fd/${fd}`, O.WRONLY | O.NONBLOCK | O.NOCTTY, 0);
	return opened < 0 ? fd : opened;
}
