/**
 * A writer that never waits: what it is given goes out in order on a thread of libuv's, and a reader
 * that is too slow or gone costs lines, which are counted and told, but never stops archon.
 */
import {write} from 'node:fs';
import {EAGAIN} from './native.ts';

export interface Sink {
	/** Whole lines, as latin1 text: one character is one byte. */
	put(lines: string): void;
	/** Calls back when all is written or hopeless. */
	whenIdle(callback: () => void): void;
}

/** Bytes that may wait for a reader. */
const LIMIT = 1 << 20;
/** After a write that found no room in a descriptor that somebody made non-blocking, in milliseconds. */
const RETRY = 20;

/** `lost` words the line about lines that were dropped. */
export function createSink(fd: number, lost: (count: number) => string): Sink {
	let queue: string[] = [];
	let queued = 0;
	let dropped = 0;
	let isWriting = false;
	let isBroken = false;
	let waiting: (() => void)[] = [];

	function put(lines: string): void {
		if (isBroken) return;
		if (queued + lines.length > LIMIT) {
			dropped += count(lines);
			return;
		}
		queue.push(lines);
		queued += lines.length;
		if (!isWriting) next();
	}

	function next(): void {
		if (queue.length === 0) {
			isWriting = false;
			for (const callback of waiting.splice(0)) callback();
			return;
		}
		isWriting = true;
		const bytes = Buffer.from(queue.join(''), 'latin1');
		queue = [];
		send(bytes, 0);
	}

	function send(bytes: Buffer, from: number): void {
		write(fd, bytes, from, bytes.length - from, null, (error, written) => {
			if (error) return fail(error, bytes, from);
			if (from + written < bytes.length) return send(bytes, from + written);
			queued -= bytes.length;
			report();
			next();
		});
	}

	function fail(error: NodeJS.ErrnoException, bytes: Buffer, from: number): void {
		if (error.errno === -EAGAIN) {
			setTimeout(() => send(bytes, from), RETRY);
			return;
		}
		queued -= bytes.length;
		// Nobody reads any more, ever (EPIPE, EIO, EBADF): there is nobody to tell either.
		isBroken = error.code !== 'ENOSPC' && error.code !== 'EDQUOT' && error.code !== 'EINTR';
		if (isBroken) queue = [];
		else dropped += count(bytes.toString('latin1', from));
		next();
	}

	function report(): void {
		if (dropped === 0 || queued > LIMIT / 2) return;
		const line = lost(dropped);
		dropped = 0;
		queue.push(line);
		queued += line.length;
	}

	return {
		put,
		whenIdle: callback => void (isWriting ? waiting.push(callback) : callback()),
	};
}

function count(lines: string): number {
	let total = 0;
	for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) total++;
	return total;
}
