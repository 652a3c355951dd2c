/** The client's end of the control socket for programs that do more than one thing at a time: it never waits. */
import {ok, type Result} from '../../core/result.ts';
import {newBytes} from '../bytes.ts';
import {close, read} from '../descriptors.ts';
import type {Poller} from '../poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, SOCK_NONBLOCK, sys} from '../sys.ts';
import {dial} from './client.ts';

export interface Stream {
	/** Sends bytes, now or as soon as there is room. */
	send(bytes: Uint8Array): void;
	/** Nothing is heard of it after this. */
	close(): void;
}

export interface StreamListener {
	/** The bytes may be overwritten after this returns. */
	data(bytes: Uint8Array): void;
	/** The other end is gone. The stream is closed. */
	ended(): void;
}

const buffer = newBytes(64 * 1024);

/** `isNamed` as for `connect`. */
export function openStream(poller: Poller, path: string, isNamed: boolean, listener: StreamListener): Result<Stream, string> {
	const dialled = dial(path, isNamed, SOCK_NONBLOCK);
	return dialled.ok ? ok(streamOn(poller, dialled.value, listener)) : dialled;
}

/** The same on a connection that is there, which never blocks and belongs to the stream from here on. */
export function streamOn(poller: Poller, fd: number, listener: StreamListener): Stream {
	let queue: Uint8Array[] = [];
	let isOpen = true;

	const shut = (): void => {
		if (!isOpen) return;
		isOpen = false;
		queue = [];
		poller.forget(fd);
		close(fd);
	};
	/** What cannot be sent any more is heard of by reading. */
	const flush = (): void => {
		while (queue.length > 0) {
			const [first = newBytes(0)] = queue;
			const count = sys.send(fd, first, [], 0);
			if (count === -ERRNO.EINTR) continue;
			if (count === -ERRNO.EAGAIN) break;
			if (count < 0) queue = [];
			else if (count < first.length) queue[0] = first.subarray(count);
			else queue.shift();
		}
		poller.change(fd, queue.length > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	};
	poller.watch(fd, EPOLLIN, events => {
		if (events & EPOLLOUT) flush();
		if ((events & ~EPOLLOUT) === 0) return;
		const count = read(fd, buffer);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count > 0) return listener.data(buffer.subarray(0, count));
		shut();
		listener.ended();
	});
	return {
		send(bytes) {
			if (!isOpen) return;
			queue.push(bytes);
			if (queue.length === 1) flush();
		},
		close: shut,
	};
}
