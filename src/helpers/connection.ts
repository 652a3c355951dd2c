/** A helper's end of its connection to archon: messages in and out, and the end of the helper when archon's end is gone. */
import {newBytes} from '../os/bytes.ts';
import {decodeMessage, encodeMessage, type Message, MESSAGE_MAX} from '../os/helper-wire.ts';
import {ANCILLARY} from '../os/layouts.ts';
import type {Poller} from '../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, newAncillary, sys} from '../os/sys.ts';

export interface Connection {
	/** It waits for room; few can, for archon asks for each answer. */
	send(kind: string, id?: number, payload?: Uint8Array): void;
	/** How many messages wait for room. */
	waiting(): number;
}

/** Messages that are read at a stretch, before others have their turn. */
const AT_ONCE = 64;

/**
 * `heard`: the payload may be overwritten after it returns; it owns the descriptors that came with the message. `ended`: archon is
 * gone, or has no use for this helper. `room`: no message waits any more.
 */
export function createConnection(
	fd: number, poller: Poller, heard: (message: Message, fds: readonly number[]) => void, ended: () => void,
	room = (): void => {},
): Connection {
	const buffer = newBytes(MESSAGE_MAX);
	const beside = newAncillary();
	const waiting: Uint8Array[] = [];

	function pump(): void {
		for (let message = waiting[0]; message; message = waiting[0]) {
			const count = sys.send(fd, message, [], MSG_DONTWAIT);
			if (count === -ERRNO.EAGAIN) return poller.change(fd, EPOLLIN | EPOLLOUT);
			if (count < 0 && count !== -ERRNO.EINTR) return ended();
			if (count >= 0) waiting.shift();
		}
	}

	poller.watch(fd, EPOLLIN, events => {
		if (events & EPOLLOUT) {
			poller.change(fd, EPOLLIN);
			pump();
			if (waiting.length === 0) room();
		}
		for (let left = AT_ONCE; left > 0; left--) {
			const count = sys.receive(fd, buffer, beside);
			if (count === -ERRNO.EAGAIN) return;
			if (count === -ERRNO.EINTR) continue;
			if (count <= 0) return ended();
			const message = decodeMessage(buffer.subarray(0, count));
			const passed = beside[ANCILLARY.count] ?? 0;
			if (message) heard(message, [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + passed)]);
		}
	});
	return {
		send(kind, id, payload) {
			waiting.push(encodeMessage(kind, id, payload));
			if (waiting.length === 1) pump();
		},
		waiting: () => waiting.length,
	};
}
